/// A regular expression of Postgres that finds an address in bytes as `encode(..., 'escape')` writes them: in any case
/// of its letters, with its accents composed or apart, its domain in A-labels or in U-labels.
///
/// It is for bytes of others that the service may not read. Matched without regard to the case of ASCII letters.
package struct AddressPattern: Sendable {
    package let text: String

    package init(_ address: Address) {
        let originals = Self.originals
        let spellings = address.spellings.map { Self.pattern(of: CaseFolding.folded($0), originals) }
        text = spellings.joined(separator: "|")
    }

    /// What folds to one, two or three characters: the characters themselves, by their folded form.
    private static var originals: [String: [String]] {
        var originals: [String: [String]] = [:]
        for scalar in (UInt32(0x80)...0x1_FFFF).lazy.compactMap(Unicode.Scalar.init)
        where scalar.properties.changesWhenCaseFolded {
            originals[CaseFolding.folded(String(scalar)), default: []].append(String(scalar))
        }
        return originals
    }

    private static func pattern(of folded: String, _ originals: [String: [String]]) -> String {
        var pattern = ""
        var rest = Array(folded.unicodeScalars)[...]
        while !rest.isEmpty {
            // `ss` may have been one `ß`: the longest that one character can have become comes first.
            let count = (1...min(3, rest.count)).last { originals[text(rest.prefix($0))] != nil } ?? 1
            let characters = rest.prefix(count)
            let alone = characters.map { choice([String($0)] + (originals[String($0)] ?? [])) }.joined()
            let together = count > 1 ? originals[text(characters)] ?? [] : []
            pattern += together.isEmpty ? alone : "(?:\(alone)|\(choice(together)))"
            rest = rest.dropFirst(count)
        }
        return pattern
    }

    private static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// One of these texts, composed or decomposed.
    private static func choice(_ texts: [String]) -> String {
        var forms: [String] = []
        for text in texts.flatMap({ [$0, CaseFolding.decomposed($0)] }).map(escaped) where !forms.contains(text) {
            forms.append(text)
        }
        return forms.count == 1 ? forms[0] : "(?:\(forms.joined(separator: "|")))"
    }

    /// The text as `encode` writes it, taken literally.
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                String(UnicodeScalar(byte))
            case 0x80...: #"\\"# + String(byte, radix: 8)
            default: #"\"# + String(UnicodeScalar(byte))
            }
        }.joined()
    }
}
