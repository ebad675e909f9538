/// How an export is written; the raw value is also the ending of its file's name.
package enum ExportFormat: String, CaseIterable, Sendable {
    /// The canonical lines, byte for byte, LF after each.
    case jsonl
    case csv

    var mediaType: String {
        switch self {
        case .jsonl: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8; header=present"
        }
    }
}
