/// Rows for a binary `COPY ... FROM STDIN (FORMAT binary)`, built in one buffer.
///
///     var rows = CopyRows()
///     rows.beginRow(fields: 2)
///     rows.append(seq)
///     rows.append(line)
///
/// A mistake (a wrong number of fields, a text with U+0000) is remembered and thrown by `copyIn`, before anything is
/// sent.
package struct CopyRows: Sendable, CustomStringConvertible, CustomReflectable {
    /// The signature `PGCOPY\n\377\r\n\0`, then flags and the length of the header's extension, both zero.
    static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + [UInt8](repeating: 0, count: 8)
    /// A field count of -1 ends the rows.
    static let trailer: [UInt8] = [0xff, 0xff]

    private(set) var bytes = CopyRows.header
    package private(set) var count = 0
    private var fieldsLeft = 0
    private var firstRefusal: PostgresError?

    package init() {}

    package var isEmpty: Bool { count == 0 }
    package var description: String { "\(count) rows" }
    package var customMirror: Mirror { Mirror(self, children: ["count": count]) }

    /// Why the rows cannot be sent.
    var refusal: PostgresError? {
        firstRefusal ?? (fieldsLeft == 0 ? nil : PostgresError(.usage, "the last COPY row lacks \(fieldsLeft) fields"))
    }

    package mutating func reserveCapacity(bytes count: Int) { bytes.reserveCapacity(count) }

    package mutating func beginRow(fields: Int) {
        if fieldsLeft != 0 { refuse("row \(count - 1) of a COPY lacks \(fieldsLeft) fields") }
        guard fields >= 0, fields <= Int(Int16.max) else { return refuse("a COPY row cannot have \(fields) fields") }
        bytes.appendBigEndian(Int16(fields))
        fieldsLeft = fields
        count += 1
    }

    package mutating func append(_ value: some PostgresEncodable) { appendField(value) }

    // The usual types once more, so that they are compiled for their type and not through a protocol.
    package mutating func append(_ value: Int64) { appendField(value) }
    package mutating func append(_ value: Int32) { appendField(value) }
    package mutating func append(_ value: Int16) { appendField(value) }
    package mutating func append(_ value: Bool) { appendField(value) }
    package mutating func append(_ value: String) { appendField(value) }
    package mutating func append(_ value: [UInt8]) { appendField(value) }
    package mutating func append(_ value: PostgresTimestamp) { appendField(value) }
    package mutating func append(_ value: Int64?) { appendField(value) }
    package mutating func append(_ value: String?) { appendField(value) }
    package mutating func append(_ value: [UInt8]?) { appendField(value) }

    package mutating func appendNull() {
        countField()
        bytes.appendBigEndian(Int32(-1))
    }

    @inline(__always)
    private mutating func appendField(_ value: some PostgresEncodable) {
        countField()
        do throws(PostgresError) { try bytes.appendField(value) } catch { firstRefusal = firstRefusal ?? error }
    }

    /// Appends the value that `column` has at `row`.
    mutating func appendField(of column: ColumnValues, _ row: Int) {
        countField()
        bytes.append(contentsOf: column.bytes[column.field(row)])
    }

    private mutating func countField() {
        if fieldsLeft == 0 { refuse("row \(count - 1) of a COPY has too many fields") }
        fieldsLeft -= 1
    }

    private mutating func refuse(_ reason: String) { refuse(PostgresError(.usage, reason)) }

    /// Remembers why the rows cannot be sent.
    mutating func refuse(_ refusal: PostgresError) { firstRefusal = firstRefusal ?? refusal }
}
