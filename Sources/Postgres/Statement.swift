/// SQL with its parameters. Every `\(value)` of the literal becomes `$1`, `$2`, ... and travels apart from the SQL, so
/// no value can ever be read as SQL:
///
///     let page: Statement = "SELECT seq, line FROM entries WHERE ledger_id = \(ledger) AND seq >= \(first)"
///
/// Statements are built from parts with `\(fragment: other)`, which renumbers the other's parameters. What must be part
/// of the SQL itself is spelled so that it stands out: `\(identifier:)` and `\(literal:)` quote it, `\(unescaped:)`
/// does not.
package struct Statement: ExpressibleByStringInterpolation, Sendable {
    /// The SQL between the parameters: always one more than there are parameters.
    private(set) var texts: [String]
    private(set) var values: ParameterList
    /// Why this statement cannot be sent; it is thrown when somebody tries.
    private(set) var refusal: PostgresError?

    package init(stringLiteral value: String) {
        texts = [value]
        values = ParameterList()
    }

    package init(stringInterpolation: StringInterpolation) { self = stringInterpolation.statement }

    /// The SQL with `$1`, `$2`, ... in place of the parameters.
    package var sql: String {
        var sql = texts[0]
        for (index, text) in texts.dropFirst().enumerated() {
            sql += "$\(index + 1)"
            sql += text
        }
        return sql
    }

    package var parameters: [Parameter] { values.all }

    /// Appends SQL as it stands.
    package mutating func append(unescaped sql: String) {
        let last = texts.count - 1
        // A literal is not copied as long as nothing is added to it.
        if texts[last].isEmpty { texts[last] = sql } else { texts[last] += sql }
    }

    /// Appends a value as the next parameter.
    package mutating func append(_ value: some PostgresEncodable) {
        do throws(PostgresError) {
            try values.append(value)
            texts.append("")
        } catch {
            refusal = refusal ?? error
        }
    }

    /// Appends all values of a column as the next parameter, an array.
    package mutating func append(_ column: ColumnValues) {
        do throws(PostgresError) {
            try values.append(column)
            texts.append("")
        } catch {
            refusal = refusal ?? error
        }
    }

    /// Appends another statement, renumbering its parameters.
    package mutating func append(fragment other: Statement) {
        append(unescaped: other.texts[0])
        texts.append(contentsOf: other.texts.dropFirst())
        values.append(contentsOf: other.values)
        refusal = refusal ?? other.refusal
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var statement: Statement = ""

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) { statement.append(unescaped: literal) }

        package mutating func appendInterpolation(_ value: some PostgresEncodable) { statement.append(value) }

        package mutating func appendInterpolation(fragment: Statement) { statement.append(fragment: fragment) }

        package mutating func appendInterpolation(unescaped sql: String) { statement.append(unescaped: sql) }

        /// A name, in double quotes.
        package mutating func appendInterpolation(identifier: String) {
            statement.append(unescaped: SQLText.identifier(identifier))
        }

        /// A constant, in single quotes, for the commands that take no parameters (COPY, SET, CREATE ...).
        package mutating func appendInterpolation(literal: String) {
            statement.append(unescaped: SQLText.literal(literal))
        }

        /// A negative number goes in parentheses: two minus signs in a row would begin a comment.
        package mutating func appendInterpolation(literal: some FixedWidthInteger) {
            statement.append(unescaped: literal < 0 ? "(\(literal))" : "\(literal)")
        }
    }
}

/// A statement prints its SQL, and never the values of its parameters.
extension Statement: CustomStringConvertible, CustomReflectable {
    package var description: String { sql }
    package var customMirror: Mirror { Mirror(self, children: ["sql": sql]) }
}

extension [Statement] {
    /// The statements as one, with `separator` between them: `filters.joined(by: " AND ")`.
    package func joined(by separator: String) -> Statement {
        var whole: Statement = ""
        for (index, part) in enumerated() {
            if index > 0 { whole.append(unescaped: separator) }
            whole.append(fragment: part)
        }
        return whole
    }
}

/// Quoting for SQL text. A U+0000 is left in: every SQL text is checked for it before it is sent.
enum SQLText {
    static func identifier(_ name: String) -> String { "\"" + doubling("\"", in: name) + "\"" }

    /// With a backslash inside, the `E''` form means the same whatever `standard_conforming_strings` says.
    static func literal(_ text: String) -> String {
        let quoted = doubling("'", in: text)
        return quoted.contains("\\") ? " E'" + doubling("\\", in: quoted) + "'" : "'" + quoted + "'"
    }

    private static func doubling(_ mark: Unicode.Scalar, in text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(scalar)
            if scalar == mark { result.append(scalar) }
        }
        return String(result)
    }
}

/// One parameter in binary format; no bytes mean NULL. It prints its type and length only.
package struct Parameter: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
    package let oid: UInt32
    package let bytes: [UInt8]?

    package init(oid: UInt32, bytes: [UInt8]?) {
        self.oid = oid
        self.bytes = bytes
    }

    package var description: String { "type \(oid), \(bytes.map { "\($0.count) bytes" } ?? "NULL")" }
    package var customMirror: Mirror { Mirror(self, children: ["oid": oid]) }
}

/// The parameters of a statement, encoded one behind the other in one buffer: libpq is given pointers into it.
struct ParameterList: Sendable {
    struct Field {
        let oid: UInt32
        let start: Int
        /// Nil is NULL.
        let length: Int?
    }

    private(set) var bytes: [UInt8] = []
    private(set) var fields: [Field] = []

    var all: [Parameter] {
        fields.map { field in
            Parameter(oid: field.oid, bytes: field.length.map { Array(bytes[field.start..<field.start + $0]) })
        }
    }

    mutating func append<Value: PostgresEncodable>(_ value: Value) throws(PostgresError) {
        guard !value.isNull else { return fields.append(Field(oid: Value.oid, start: bytes.count, length: nil)) }
        try append(oid: Value.oid) { (bytes) throws(PostgresError) in try value.encode(into: &bytes) }
    }

    /// Appends a parameter whose binary form `encode` appends.
    mutating func append(oid: UInt32, _ encode: (inout [UInt8]) throws(PostgresError) -> Void) throws(PostgresError) {
        // The protocol counts parameters in 16 bits.
        guard fields.count < Int(UInt16.max) else { throw PostgresError(.usage, "more than 65535 parameters") }
        let start = bytes.count
        try encode(&bytes)
        guard bytes.count - start <= fieldBytesMax else { throw PostgresError(.usage, "a value is longer than 1 GiB") }
        fields.append(Field(oid: oid, start: start, length: bytes.count - start))
    }

    mutating func append(contentsOf other: ParameterList) {
        for field in other.fields {
            fields.append(Field(oid: field.oid, start: field.start + bytes.count, length: field.length))
        }
        bytes.append(contentsOf: other.bytes)
    }
}
