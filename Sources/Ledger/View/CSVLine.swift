/// One record of comma-separated values (RFC 4180).
package enum CSVLine {
    /// What makes a spreadsheet take a cell for a formula.
    private static let formulaStarts: Set<UInt8> = [
        UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D,
    ]

    /// The record with its CR LF. A cell that a spreadsheet would run as a formula gets an apostrophe in front, since an
    /// exported value may come from a stranger.
    package static func bytes(_ cells: [String]) -> [UInt8] {
        var record: [UInt8] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 { record.append(UInt8(ascii: ",")) }
            append(cell, to: &record)
        }
        record += [0x0D, 0x0A]
        return record
    }

    private static func append(_ cell: String, to record: inout [UInt8]) {
        let isFormula = cell.utf8.first.map(formulaStarts.contains) ?? false
        let needsQuotes = cell.utf8.contains { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 0x0A || byte == 0x0D
        }
        if needsQuotes { record.append(UInt8(ascii: "\"")) }
        if isFormula { record.append(UInt8(ascii: "'")) }
        for byte in cell.utf8 {
            if byte == UInt8(ascii: "\"") { record.append(byte) }
            record.append(byte)
        }
        if needsQuotes { record.append(UInt8(ascii: "\"")) }
    }
}
