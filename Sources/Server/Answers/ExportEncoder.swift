import Ledger
import LedgerStore

/// Makes the bytes of one piece of an export.
struct ExportEncoder {
    private let format: ExportFormat
    private let withDisclosures: Bool
    private var lines: [UInt8] = []
    private var csv: CSVWriter

    /// - Parameter isFirst: whether the names of the columns come first, where there are columns.
    init(_ format: ExportFormat, withDisclosures: Bool, isFirst: Bool) {
        self.format = format
        self.withDisclosures = withDisclosures
        csv = CSVWriter(withPersonal: withDisclosures)
        if format == .csv, isFirst { csv.header() }
    }

    /// Adds one entry.
    mutating func append(_ entry: StoredEntry) {
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
                if let erasedBy = entry.erasure { writer.member("erased_by", erasedBy) }
            }
            lines += writer.bytes
            lines.append(UInt8(ascii: "\n"))
        case .jsonl:
            lines += entry.line.utf8
            lines.append(UInt8(ascii: "\n"))
        }
    }

    /// What was made.
    var bytes: [UInt8] {
        switch format {
        case .csv: csv.bytes
        case .jsonl: lines
        }
    }
}
