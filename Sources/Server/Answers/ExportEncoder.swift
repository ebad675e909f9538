import Ledger
package import LedgerStore

/// Makes the bytes of an export, piece by piece.
package struct ExportEncoder {
    private let format: ExportFormat
    private let withDisclosures: Bool
    private var bytes: [UInt8] = []
    private var csv: CSVWriter

    package init(_ format: ExportFormat, withDisclosures: Bool) {
        self.format = format
        self.withDisclosures = withDisclosures
        csv = CSVWriter(withPersonal: withDisclosures)
        if format == .csv { csv.header() }
    }

    /// Adds one entry.
    package mutating func append(_ entry: StoredEntry) {
        switch format {
        case .csv: csv.row(entry)
        case .jsonl where withDisclosures:
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("line", entry.line)
                writer.name("disclosures")
                writer.array { writer in
                    for disclosure in entry.disclosures { writer.value(disclosure.text) }
                }
            }
            bytes += writer.bytes
            bytes.append(UInt8(ascii: "\n"))
        case .jsonl:
            bytes += entry.line.utf8
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// What was made since the last time.
    package mutating func take() -> [UInt8] {
        switch format {
        case .csv: return csv.take()
        case .jsonl:
            defer { bytes = [] }
            return bytes
        }
    }
}
