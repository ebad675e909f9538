import Compression
package import Cryptography
package import MailAuthentication

/// What somebody handed in as a report: XML, the same in gzip or ZIP, or a mail that carries one of them. It is opened
/// and read here, in bounded time and memory, and nothing of it is believed.
package struct IncomingReport: Sendable {
    /// The longest that is read, in bytes.
    package static let sizeMax = 10 * 1024 * 1024

    /// What the one who hands it in says that it is. Whatever is no mail is told by its first bytes.
    package enum Label: Sendable { case mail, octets }

    package enum Container: String, Sendable, CaseIterable { case xml, gzip, zip, mail }

    /// What came of reading it.
    package enum Reading: Sendable {
        /// With what was mended in the mail and in the document.
        case report(AggregateReport, repairs: [ReportRepair])
        case rejected(ReportFault)
    }

    package let bytes: [UInt8]
    /// The SHA-256 of `bytes`.
    package let digest: Digest
    package let container: Container
    /// The mail that carries the report.
    package let mail: RawMessage?
    package let reading: Reading

    /// Opens and reads `bytes`; that takes some seconds for the longest.
    package init(_ bytes: [UInt8], label: Label) {
        self.bytes = bytes
        digest = SHA256.digest(bytes)
        container = Self.container(of: bytes, label)
        mail = container == .mail ? RawMessage(received: bytes) : nil
        do throws(ReportFault) {
            reading = try Self.read(bytes, container, mail)
        } catch {
            reading = .rejected(error)
        }
    }

    /// The mail in `bytes`, if they are one: to be checked before the report in it is opened.
    static func mail(in bytes: [UInt8], label: Label) -> RawMessage? {
        container(of: bytes, label) == .mail ? RawMessage(received: bytes) : nil
    }

    private static func read(
        _ bytes: [UInt8], _ container: Container, _ mail: RawMessage?
    ) throws(ReportFault) -> Reading {
        guard let mail else { return read(try opened(bytes, container), mended: []) }
        switch ReportAttachment.find(in: mail) {
        case .absent: throw .noReport
        case .several: throw .severalReports
        case .tooManyParts: throw .tooManyParts
        case .found(let attachment):
            let content = attachment.content
            return read(try opened(content, Self.container(of: content)), mended: attachment.repairs)
        }
    }

    private static func read(_ xml: [UInt8], mended: [ReportRepair]) -> Reading {
        switch AggregateReport.read(xml) {
        case .accepted(let report): .report(report, repairs: mended)
        case .recovered(let report, let repairs): .report(report, repairs: mended + repairs)
        case .rejected(let reason): .rejected(.document(reason))
        }
    }

    /// The XML in a container.
    private static func opened(_ bytes: [UInt8], _ container: Container) throws(ReportFault) -> [UInt8] {
        let limits = CompressionLimits(inputSizeMax: sizeMax)
        do throws(CompressionError) {
            switch container {
            case .gzip: return try Gzip.inflate(bytes, limits: limits).content
            case .zip: return try ZipArchive.onlyFile(in: bytes, limits: limits).content
            case .xml, .mail: return bytes
            }
        } catch {
            throw .compression(error)
        }
    }

    private static func container(of bytes: [UInt8], _ label: Label) -> Container {
        guard label == .octets else { return .mail }
        let container = Self.container(of: bytes)
        return container == .xml && beginsAsMail(bytes) ? .mail : container
    }

    /// Gzip or ZIP by their first bytes. All else is taken for XML, whose reader says what is wrong.
    private static func container(of bytes: [UInt8]) -> Container {
        if Gzip.isGzip(bytes) { return .gzip }
        return ZipArchive.isZip(bytes) ? .zip : .xml
    }

    /// Whether the first line is a header field (RFC 5322 §2.2): a name of printing ASCII without a colon, and one.
    private static func beginsAsMail(_ bytes: [UInt8]) -> Bool {
        let name = bytes.prefix { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "<") }
        return !name.isEmpty && name.endIndex < bytes.count && bytes[name.endIndex] == UInt8(ascii: ":")
    }
}
