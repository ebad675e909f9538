import Cryptography
import Ledger

/// Reads sealed values without strings or trees. One reader serves many rows: its buffers stay.
struct DisclosureReader {
    /// What verification asks a disclosure for.
    struct Content {
        let name: [UInt8]
        /// The address in the form for look-up, if it is a person's.
        let address: [UInt8]?

        static let recipient = Array("recipient".utf8)
        static let author = Array("author".utf8)

        var isPerson: Bool { name == Self.recipient || name == Self.author }
    }

    private var bytes: [UInt8] = []
    private var scanner = CanonicalScanner()

    /// The content, as ``Disclosure/content`` reads it; nil if the text is no disclosure of the profile.
    mutating func read(_ text: Span<UInt8>) -> Content? {
        guard Base64URL.decode(text, into: &self.bytes) else { return nil }
        let bytes = bytes
        // JSON that is not in canonical form is content as well: nobody promised otherwise of a disclosure.
        guard scanner.scan(bytes.span) else { return Self.readSlowly(text) }
        let tokens = scanner.tokens
        guard let parts = tokens.first, parts.kind == .array, tokens.count > 3 else { return nil }
        let name = tokens[1].next
        guard name < tokens.count, tokens[name].kind == .text, tokens[name].next < tokens.count else { return nil }
        let value = tokens[name].next
        guard tokens[value].next == parts.next else { return nil }
        let person = Content(name: CanonicalScanner.content(of: tokens[name], in: bytes.span), address: nil)
        guard person.isPerson else { return person }
        let address = tokens[tokens.place(of: "address", at: value, in: bytes.span) ?? value]
        return Content(
            name: person.name, address: address.kind == .text ? address.lookUpForm(in: bytes.span) : nil)
    }

    private static func readSlowly(_ text: Span<UInt8>) -> Content? {
        var ascii: [UInt8] = []
        for index in 0..<text.count { ascii.append(text[index]) }
        guard let content = Disclosure(text: String(decoding: ascii, as: UTF8.self)).content else { return nil }
        let address = (content.value["address"] ?? content.value).text
        return Content(name: Array(content.name.utf8), address: address.map { CaseFolding.folded(Array($0.utf8)) })
    }
}
