/// The subject of the mail that brings a report (RFC 9990 §3.5.2):
/// `Report Domain: <policy domain> Submitter: <reporter> [Report-ID: <id>]`, folded anywhere, in any case.
package struct ReportSubject: Hashable, Sendable {
    private static let sizeMax = 4_096
    private static let domainKey = Array("report domain:".utf8)
    private static let submitterKey = Array("submitter:".utf8)
    private static let reportIDKey = Array("report-id:".utf8)

    package let policyDomain: DomainName
    /// The reporter as written: a domain by the RFC.
    package let submitter: String
    /// Without angle brackets; nil if there is none.
    package let reportID: String?

    /// Whether the Report-ID is a `dot-atom`, with `@` and another one behind it or not, as the RFC demands.
    package var hasRegularReportID: Bool {
        guard let reportID else { return false }
        let halves = reportID.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        return halves.count <= 2 && halves.allSatisfy(Self.isDotAtom)
    }

    /// The parts of a `Subject` field's body; nil if it is another subject.
    package init?(_ body: some Sequence<UInt8>) {
        let words = body.prefix(Self.sizeMax + 1).map { ASCII.isFoldingSpace($0) ? 0x20 : $0 }
        guard words.count <= Self.sizeMax else { return nil }
        let text = Array(words.split(separator: 0x20).joined(separator: [0x20]))
        guard text.count >= Self.domainKey.count,
            ASCII.equal(text.prefix(Self.domainKey.count), "report domain:"),
            let submitter = Self.range(of: Self.submitterKey, in: text[Self.domainKey.count...])
        else { return nil }
        let identifier = Self.range(of: Self.reportIDKey, in: text[submitter.upperBound...])
        let domain = Self.trimmed(text[Self.domainKey.count..<submitter.lowerBound])
        let name = Self.trimmed(text[submitter.upperBound..<(identifier?.lowerBound ?? text.endIndex)])
        guard let policyDomain = DomainName(domain), !name.isEmpty else { return nil }
        self.policyDomain = policyDomain
        self.submitter = name
        reportID = identifier.flatMap { Self.identifier(text[$0.upperBound...]) }
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> String {
        let text = text.drop { $0 == 0x20 }
        return String(decoding: text.last == 0x20 ? text.dropLast() : text, as: UTF8.self)
    }

    private static func identifier(_ text: ArraySlice<UInt8>) -> String? {
        var text = text.drop { $0 == 0x20 }.prefix { $0 != 0x20 }
        if text.first == UInt8(ascii: "<"), text.last == UInt8(ascii: ">") { text = text.dropFirst().dropLast() }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }

    /// Where `key` (lower case) stands in `text` at the beginning of a word.
    private static func range(of key: [UInt8], in text: ArraySlice<UInt8>) -> Range<Int>? {
        for start in text.indices where text.endIndex - start >= key.count {
            guard text[start..<start + key.count].lazy.map(ASCII.lowercased).elementsEqual(key) else { continue }
            if start == text.startIndex || text[start - 1] == 0x20 { return start..<start + key.count }
        }
        return nil
    }

    /// RFC 5322 §3.2.3.
    private static func isDotAtom(_ text: some Collection<UInt8>) -> Bool {
        text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.allSatisfy { ASCII.isAlpha($0) || ASCII.isDigit($0) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) }
        }
    }
}
