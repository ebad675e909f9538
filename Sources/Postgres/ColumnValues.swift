/// The values of one column, in order, in Postgres' binary form and each behind its length: what the elements of an
/// array and the fields of COPY rows have in common, so that a batch may still go either way.
///
/// A value that cannot be sent (a text with U+0000) is remembered and thrown when the column is used.
package struct ColumnValues: Sendable {
    let elementOID: UInt32
    let arrayOID: UInt32
    private(set) var bytes: [UInt8] = []
    /// Where each value ends.
    private var ends: [Int] = []
    private(set) var holdsNull = false
    private(set) var refusal: PostgresError?

    /// A column of a type that arrays can have.
    package init<Value: PostgresScalar>(of type: Value.Type) {
        elementOID = Value.oid
        arrayOID = Value.scalarArrayOID
    }

    package var count: Int { ends.count }

    /// The bytes of the value at `row`, with its length before it.
    func field(_ row: Int) -> Range<Int> { (row > 0 ? ends[row - 1] : 0)..<ends[row] }

    package mutating func append(_ value: some PostgresScalar) { appendField(value) }

    package mutating func append(_ value: (some PostgresScalar)?) {
        if let value { appendField(value) } else { appendNull() }
    }

    // The usual types once more, so that they are compiled for their type and not through a protocol.
    package mutating func append(_ value: Int64) { appendField(value) }
    package mutating func append(_ value: Int32) { appendField(value) }
    package mutating func append(_ value: Int16) { appendField(value) }
    package mutating func append(_ value: PostgresTimestamp) { appendField(value) }
    package mutating func append(_ value: String) { appendField(value) }
    package mutating func append(_ value: [UInt8]) { appendField(value) }

    package mutating func append(_ value: PostgresTimestamp?) {
        if let value { appendField(value) } else { appendNull() }
    }

    package mutating func append(_ value: String?) {
        if let value { appendField(value) } else { appendNull() }
    }

    package mutating func append(_ value: [UInt8]?) {
        if let value { appendField(value) } else { appendNull() }
    }

    /// Appends a text that is known to be UTF-8 without U+0000.
    package mutating func append(text: [UInt8]) { appendField(text) }

    package mutating func appendNull() {
        holdsNull = true
        bytes.appendBigEndian(Int32(-1))
        ends.append(bytes.count)
    }

    @inline(__always)
    private mutating func appendField(_ value: some PostgresEncodable) {
        do throws(PostgresError) { try bytes.appendField(value) } catch { refusal = refusal ?? error }
        ends.append(bytes.count)
    }
}

extension ParameterList {
    /// Appends all values of `column` as one array.
    mutating func append(_ column: ColumnValues) throws(PostgresError) {
        if let refusal = column.refusal { throw refusal }
        try append(oid: column.arrayOID) { bytes in
            bytes.appendArrayHeader(count: column.count, holdsNull: column.holdsNull, elementOID: column.elementOID)
            bytes.append(contentsOf: column.bytes)
        }
    }
}

/// A column prints its type and length only.
extension ColumnValues: CustomStringConvertible, CustomReflectable {
    package var description: String { "type \(elementOID), \(count) values" }
    package var customMirror: Mirror { Mirror(self, children: ["count": count]) }
}
