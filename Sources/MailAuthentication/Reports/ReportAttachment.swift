/// The part of a mail that is an aggregate report (RFC 9990 §3.5.2): the one with its media type and name. Whatever
/// else
/// the mail says is ignored.
package struct ReportAttachment: Hashable, Sendable {
    package let mediaType: String
    /// The name as written.
    package let fileName: String?
    /// What the name says, if it follows RFC 9990.
    package let reportName: ReportFileName?
    /// The decoded content: gzip, ZIP or XML, to be told by its first bytes and not by its labels.
    package let content: [UInt8]
    package let repairs: [ReportRepair]

    /// What was found in a mail.
    package enum Finding: Hashable, Sendable {
        case found(ReportAttachment)
        /// There is no such part.
        case absent
        /// There are so many, and nothing tells which is meant.
        case several(Int)
        /// There is none in what ``MIMEWalk`` looks at, and there is more.
        case tooManyParts
    }

    /// How much a part looks like a report, from its labels alone.
    private enum Rank { case regular, irregularName, wrongType }

    /// Finds the report in `message`. A part with type and name goes before one with the type alone.
    package static func find(in message: RawMessage) -> Finding {
        let walk = MIMEWalk(message)
        let candidates = walk.parts.compactMap { part in rank(of: part).map { (part, $0) } }
        for rank in [Rank.regular, .wrongType, .irregularName] {
            let parts = candidates.filter { $0.1 == rank }
            guard let part = parts.first?.0 else { continue }
            return parts.count == 1 ? .found(ReportAttachment(part, rank)) : .several(parts.count)
        }
        return walk.isIncomplete ? .tooManyParts : .absent
    }

    private init(_ part: MIMEPart, _ rank: Rank) {
        let content = part.content
        mediaType = part.mediaType
        fileName = part.fileName
        reportName = part.fileName.flatMap { ReportFileName($0) }
        self.content = content.bytes
        var repairs: [ReportRepair] = []
        if rank == .wrongType { repairs.append(.wrongMediaType) }
        if reportName == nil { repairs.append(.irregularFileName) }
        if content.isBroken { repairs.append(.brokenTransferEncoding) }
        self.repairs = repairs
    }

    /// The media types of reports: RFC 9990's first, then those of the field.
    private static let mediaTypes: Set<String> = [
        "application/gzip", "text/xml", "application/xml", "application/x-gzip", "application/zip",
        "application/x-zip-compressed", "application/octet-stream",
    ]

    /// Nil for a part that is no report.
    private static func rank(of part: MIMEPart) -> Rank? {
        let isNamed = part.fileName.flatMap { ReportFileName($0) } != nil
        guard mediaTypes.contains(part.mediaType) else { return isNamed ? .wrongType : nil }
        if isNamed { return .regular }
        // Octets may be anything: only the endings of a report make them one.
        guard part.mediaType == "application/octet-stream" else { return .irregularName }
        return part.fileName.flatMap { ReportFileName.container(of: $0) } == nil ? nil : .irregularName
    }
}
