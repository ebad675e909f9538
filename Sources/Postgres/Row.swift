/// Names a column of an answer, by position (fastest) or by name: `row.id(0)`, `row.text("line")`.
package enum Column: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, Sendable {
    case index(Int)
    case named(String)

    package init(integerLiteral value: Int) { self = .index(value) }
    package init(stringLiteral value: String) { self = .named(value) }
}

/// One row of an answer. An accessor throws `.decoding` if the column is missing, has another type, or is NULL where
/// the accessor does not end in `IfPresent`.
package struct Row: Sendable {
    let result: QueryResult
    package let index: Int

    /// A number that something is reckoned with; one outside of `range` is refused.
    package func int(_ column: Column, in range: ClosedRange<Int>) throws(PostgresError) -> Int {
        try present(column, intIfPresent(column, in: range))
    }

    /// A number of a row that may say anything; one outside of `range` is read as the nearest one within.
    package func int(_ column: Column, clampedTo range: ClosedRange<Int>) throws(PostgresError) -> Int {
        try present(column, intIfPresent(column, clampedTo: range))
    }

    /// A number that only tells one thing from others: nothing may be reckoned with it.
    package func id(_ column: Column) throws(PostgresError) -> Int64 { try decode(column) }
    package func bool(_ column: Column) throws(PostgresError) -> Bool { try decode(column) }
    package func double(_ column: Column) throws(PostgresError) -> Double { try decode(column) }
    package func text(_ column: Column) throws(PostgresError) -> String { try decode(column) }
    package func bytes(_ column: Column) throws(PostgresError) -> [UInt8] { try decode(column) }
    package func timestamp(_ column: Column) throws(PostgresError) -> PostgresTimestamp { try decode(column) }

    package func intIfPresent(_ column: Column, in range: ClosedRange<Int>) throws(PostgresError) -> Int? {
        guard let number: Int = try decodeIfPresent(column) else { return nil }
        guard range.contains(number) else {
            throw PostgresError(.decoding, "column \(column) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    package func intIfPresent(_ column: Column, clampedTo range: ClosedRange<Int>) throws(PostgresError) -> Int? {
        let number: Int? = try decodeIfPresent(column)
        return number.map { min(max($0, range.lowerBound), range.upperBound) }
    }

    package func idIfPresent(_ column: Column) throws(PostgresError) -> Int64? { try decodeIfPresent(column) }
    package func boolIfPresent(_ column: Column) throws(PostgresError) -> Bool? { try decodeIfPresent(column) }
    package func doubleIfPresent(_ column: Column) throws(PostgresError) -> Double? { try decodeIfPresent(column) }
    package func textIfPresent(_ column: Column) throws(PostgresError) -> String? { try decodeIfPresent(column) }
    package func bytesIfPresent(_ column: Column) throws(PostgresError) -> [UInt8]? { try decodeIfPresent(column) }
    package func addressIfPresent(_ column: Column) throws(PostgresError) -> PostgresAddress? {
        try decodeIfPresent(column)
    }
    package func timestampIfPresent(_ column: Column) throws(PostgresError) -> PostgresTimestamp? {
        try decodeIfPresent(column)
    }

    /// An array whose elements may be NULL.
    package func arrayOfOptionals<Element: PostgresDecodable>(
        _ column: Column, of type: Element.Type
    ) throws(PostgresError) -> [Element?] {
        try present(column, result.value(row: index, column: column) { bytes, _ in decodeArray(bytes, of: type) })
    }

    /// An array without NULLs.
    package func array<Element: PostgresDecodable>(
        _ column: Column, of type: Element.Type
    ) throws(PostgresError) -> [Element] {
        let elements = try arrayOfOptionals(column, of: type)
        let present = elements.compactMap { $0 }
        guard present.count == elements.count else { throw PostgresError(.decoding, "an array holds NULL") }
        return present
    }

    /// True if the column is NULL.
    package func isNull(_ column: Column) throws(PostgresError) -> Bool {
        try result.value(row: index, column: column) { _, _ in false } ?? true
    }

    /// Lends the bytes of a field without a copy, as the server sent them; nil if it is NULL.
    package func withBytesIfPresent<Value>(
        _ column: Column, _ body: (RawSpan) -> Value
    ) throws(PostgresError) -> Value? {
        try result.value(row: index, column: column) { bytes, _ in body(bytes) }
    }

    @inline(__always)
    private func decodeIfPresent<Value: PostgresDecodable>(_ column: Column) throws(PostgresError) -> Value? {
        try result.value(row: index, column: column) { bytes, oid in Value.decode(bytes, oid: oid) }
    }

    @inline(__always)
    private func decode<Value: PostgresDecodable>(_ column: Column) throws(PostgresError) -> Value {
        try present(column, decodeIfPresent(column))
    }

    @inline(__always)
    private func present<Value>(_ column: Column, _ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw PostgresError(.decoding, "column \(column) is NULL") }
        return value
    }
}

extension Column: CustomStringConvertible {
    package var description: String {
        switch self {
        case .index(let index): "\(index)"
        case .named(let name): name
        }
    }
}
