import HTTPTypes
import Hummingbird
import Identities

/// The media types that a request body may have.
enum MediaType: String {
    case json = "application/json"
    case lines = "application/x-ndjson"

    /// The type of the body of `request`, which must be one of `allowed` and UTF-8.
    init(of request: Request, allowed: [MediaType]) throws(Problem) {
        let parts = (request.headers[.contentType] ?? "").split(separator: ";")
        let name = parts.first.map { Self.trimmed($0).lowercased() } ?? ""
        let charset = parts.dropFirst().map { Self.trimmed($0).lowercased() }.first { $0.hasPrefix("charset=") }
        guard let type = MediaType(rawValue: name), allowed.contains(type),
            charset == nil || charset == "charset=utf-8" || charset == "charset=\"utf-8\""
        else {
            let names = allowed.map(\.rawValue).joined(separator: " or ")
            throw Problem(.unsupportedMediaType, "unsupported_media_type", "the body must be \(names) in UTF-8")
        }
        self = type
    }

    /// Requires the body of `request` to be a mail (RFC 2046 §5.2.1); a charset would say nothing.
    static func requireMessage(_ request: Request) throws(Problem) {
        let name = (request.headers[.contentType] ?? "").split(separator: ";").first.map { trimmed($0).lowercased() }
        guard name == "message/rfc822" else {
            throw Problem(.unsupportedMediaType, "unsupported_media_type", "the body must be message/rfc822")
        }
    }

    /// Under which types reports come, beside that of a mail. What they are is told by their first bytes.
    private static let reports = [
        "application/xml", "text/xml", "application/gzip", "application/x-gzip", "application/zip",
        "application/octet-stream",
    ]

    /// What the body of `request` is said to be: a mail that carries a report, or a report.
    static func reportLabel(of request: Request) throws(Problem) -> IncomingReport.Label {
        let name = (request.headers[.contentType] ?? "").split(separator: ";").first.map { trimmed($0).lowercased() }
        if name == "message/rfc822" { return .mail }
        guard let name, reports.contains(name) else {
            throw Problem(
                .unsupportedMediaType, "unsupported_media_type",
                "the body must be \(reports.joined(separator: ", ")) or message/rfc822")
        }
        return .octets
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
