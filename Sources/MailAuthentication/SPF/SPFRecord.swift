/// A record that says which clients may send for a domain (RFC 7208 §4.6.1), checked as a whole.
package struct SPFRecord: Hashable, Sendable {
    /// The first term that breaks the grammar.
    package struct SyntaxError: Error, Hashable, Sendable {
        /// The term as printable ASCII (other bytes as question marks), cut to ``SPFReason/termSizeMax``.
        package let term: String

        init(_ term: some Collection<UInt8>) {
            let shown = term.prefix(SPFReason.termSizeMax).map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
            self.term = String(decoding: shown, as: UTF8.self)
        }
    }

    /// Which of a domain's TXT records is the SPF record.
    package enum Selection: Hashable, Sendable {
        case none
        case one([UInt8])
        case several
    }

    /// The record as it was published.
    package let text: String
    /// All terms, in order.
    package private(set) var terms: [SPFTerm] = []
    /// The directives, in order.
    package private(set) var directives: [SPFDirective] = []
    /// The target of `redirect=`.
    package private(set) var redirect: SPFMacroString?
    /// The target of `exp=`.
    package private(set) var explanation: SPFMacroString?

    private init(text: String) { self.text = text }

    /// Whether the record ends with `all`, so that a redirect is ignored (§6.1).
    package var hasAll: Bool { directives.contains { $0.mechanism == .all } }

    /// Whether there is a client that the record lets send, or may let send by what it leads to.
    var letsSomebodySend: Bool { directives.contains { $0.qualifier == .pass } || redirect != nil && !hasAll }

    /// The SPF record among TXT records, each joined: those that begin with the version, in either case, and a space or
    /// their end behind it (§4.5).
    package static func select(from texts: [[UInt8]]) -> Selection {
        let records = texts.filter(isRecord)
        guard let record = records.first else { return .none }
        return records.count == 1 ? .one(record) : .several
    }

    private static let version = "v=spf1"

    private static func isRecord(_ text: [UInt8]) -> Bool {
        ASCII.equal(text.prefix(version.utf8.count), version)
            && (text.count == version.utf8.count || text[version.utf8.count] == 0x20)
    }

    /// The record in `bytes`, all terms checked before any counts (§4.6).
    package static func parse(_ bytes: [UInt8]) -> Result<SPFRecord, SyntaxError> {
        guard isRecord(bytes) else { return .failure(SyntaxError(bytes)) }
        var record = SPFRecord(text: String(decoding: bytes, as: UTF8.self))
        for text in bytes.dropFirst(version.utf8.count).split(separator: 0x20) {
            guard let term = SPFTerm(text), record.append(term) else { return .failure(SyntaxError(text)) }
        }
        return .success(record)
    }

    /// Adds a term; false for a second `redirect=` or `exp=` (§6).
    private mutating func append(_ term: SPFTerm) -> Bool {
        terms.append(term)
        switch term {
        case .directive(let directive):
            directives.append(directive)
        case .modifier(.redirect(let target)):
            guard redirect == nil else { return false }
            redirect = target
        case .modifier(.explanation(let target)):
            guard explanation == nil else { return false }
            explanation = target
        case .modifier(.unknown):
            break
        }
        return true
    }
}
