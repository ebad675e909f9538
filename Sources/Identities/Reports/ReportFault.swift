package import Compression
package import MailAuthentication

/// Why what came in is no report that could be read: a closed list, whose codes are kept with the rejection.
package enum ReportFault: Error, Hashable, Sendable {
    case document(ReportRejection)
    case compression(CompressionError)
    /// The mail has no part that is a report.
    case noReport
    /// The mail has several parts that may be the report, and nothing tells which is meant.
    case severalReports
    /// The mail has more parts than are looked at, and no report among those.
    case tooManyParts

    package var code: String {
        switch self {
        case .document(let reason): reason.rawValue
        case .compression(let reason): "compression_\(reason.rawValue)"
        case .noReport: "no_report"
        case .severalReports: "several_reports"
        case .tooManyParts: "too_many_parts"
        }
    }
}
