import Compression
import MailAuthentication

/// From whatever a report comes in to its XML, told by the first bytes: what the joining function of the intake will
/// do.
struct ReportDocument {
    let xml: [UInt8]
    /// The repairs of the mail that brought it.
    let repairs: [ReportRepair]

    struct NoReport: Error {
        let finding: ReportAttachment.Finding
    }

    init(_ bytes: [UInt8]) throws {
        if let xml = try Self.opened(bytes) {
            (self.xml, repairs) = (xml, [])
            return
        }
        let finding = ReportAttachment.find(in: RawMessage(bytes))
        guard case .found(let attachment) = finding else { throw NoReport(finding: finding) }
        xml = try Self.opened(attachment.content) ?? attachment.content
        repairs = attachment.repairs
    }

    /// The XML in a container; nil if the bytes are neither one nor XML.
    private static func opened(_ bytes: [UInt8]) throws -> [UInt8]? {
        if Gzip.isGzip(bytes) { return try Gzip.inflate(bytes).content }
        if ZipArchive.isZip(bytes) { return try ZipArchive.onlyFile(in: bytes).content }
        let marks: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xFE, 0xFF]]
        if marks.contains(where: { bytes.starts(with: $0) }) { return bytes }
        let isXML = bytes.first { ![0x20, 0x09, 0x0D, 0x0A].contains($0) } == UInt8(ascii: "<")
        return isXML ? bytes : nil
    }
}
