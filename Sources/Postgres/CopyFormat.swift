/// The formats of COPY: the binary one, which is laid out here, and text, which comes and goes as it is.
enum CopyFormat {
    case binary
    case text

    /// The signature `PGCOPY\n\377\r\n\0`, then flags and the length of the header's extension, both zero.
    static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + [UInt8](repeating: 0, count: 8)
    /// A field count of -1 ends the rows.
    static let trailer: [UInt8] = [0xff, 0xff]

    static var broken: PostgresError { PostgresError(.decoding, "a COPY row has another shape") }

    /// Rows of which these are the columns, without the header.
    static func body(of columns: [ColumnValues], rows: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        let size = columns.reduce(2 * rows.count) { size, column in
            size + column.field(rows.upperBound - 1).upperBound - column.field(rows.lowerBound).lowerBound
        }
        bytes.reserveCapacity(size)
        for row in rows {
            bytes.appendBigEndian(Int16(columns.count))
            for column in columns { bytes.append(contentsOf: column.bytes[column.field(row)]) }
        }
        return bytes
    }
}
