/// An email address as the ledger keeps it: the local part as given, the domain in lower-case A-labels (RFC 5321
/// §4.1.2, RFC 5890 §2.3.2.1).
package struct Address: Sendable {
    /// RFC 5321 §4.5.3.1.1; both as given and folded.
    private static let localSizeMax = 64
    /// RFC 1035 §2.3.4, without the root's dot.
    private static let domainSizeMax = 253
    private static let labelSizeMax = 63
    /// A path of 256 with its brackets (RFC 5321 §4.5.3.1.3); as given, with A-labels, and folded.
    private static let sizeMax = 254

    /// `local@domain`.
    package let text: String
    /// The domain, in lower-case A-labels.
    package let domain: String
    /// The one form that addresses are looked up by: the local part folded too (``CaseFolding``).
    package let lookupForm: String

    /// The address spelled by `text`, without a display name or angle brackets. U-labels become A-labels.
    package init(_ text: String) throws(Refusal) {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else {
            throw Refusal(.invalidMember, "an address is local@domain")
        }
        try Self.requireSize(text)
        let local = text[..<at]
        let given = text[text.utf8.index(after: at)...]
        let isPlainDomain = given.utf8.allSatisfy { $0 < 0x80 && !UInt8.capitals.contains($0) }
        try Self.requireLocal(local)
        domain = isPlainDomain ? String(given) : try Self.domain(given)
        if isPlainDomain { try Self.requireDomain(domain) }
        self.text = isPlainDomain ? text : "\(local)@\(domain)"
        try Self.requireSize(self.text)
        guard !self.text.utf8.allSatisfy({ $0 < 0x80 && !UInt8.capitals.contains($0) }) else {
            lookupForm = self.text
            return
        }
        lookupForm = Self.lookupForm(of: self.text)
        guard !local.utf8.allSatisfy({ $0 < 0x80 }) else { return }
        // Composing makes a semicolon of U+037E, and folding can make a text longer.
        try Self.requireSize(lookupForm)
        try Self.requireLocal(lookupForm[..<(lookupForm.lastIndex(of: "@") ?? lookupForm.endIndex)])
    }

    /// The form for look-up of an address that is in A-labels already, such as one that stands in a line.
    package static func lookupForm(of text: String) -> String { CaseFolding.folded(text) }

    /// Whether `text` spells the address, in any letter case, with A-labels or U-labels.
    package func isSpelled(in text: String) -> Bool {
        let text = CaseFolding.folded(Array(text.utf8))
        return spellings.contains { text.contains(CaseFolding.folded(Array($0.utf8))) }
    }

    /// The address as its readers may write it: with A-labels and, where that is another, with U-labels.
    package var spellings: [String] {
        let unicode = ALabels.unicode(domain)
        guard !unicode.utf8.elementsEqual(domain.utf8) else { return [text] }
        return [text, "\(text.dropLast(domain.count))\(unicode)"]
    }

    private static func requireSize(_ text: String) throws(Refusal) {
        guard text.utf8.count <= sizeMax else {
            throw Refusal(.invalidMember, "an address has at most \(sizeMax) bytes", limit: sizeMax)
        }
    }

    private static func requireLocal(_ local: Substring) throws(Refusal) {
        guard !local.isEmpty, local.utf8.count <= localSizeMax else {
            throw Refusal(
                .invalidMember, "the part before '@' has 1 to \(localSizeMax) bytes", limit: localSizeMax)
        }
        let isPlain = local.utf8.allSatisfy { byte in
            switch byte {
            case 0...0x20, 0x7F, UInt8(ascii: "@"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "("),
                UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\""),
                UInt8(ascii: "\\"), UInt8(ascii: "["), UInt8(ascii: "]"):
                false
            default: true
            }
        }
        let isSpaced =
            !local.utf8.allSatisfy { $0 < 0x80 } && local.unicodeScalars.contains(where: \.properties.isWhitespace)
        guard isPlain, !isSpaced else {
            throw Refusal(.invalidMember, "the part before '@' holds white space, quotes or a special character")
        }
    }

    /// The domain that `given` names, in lower-case A-labels.
    package static func domain(_ given: some StringProtocol) throws(Refusal) -> String {
        guard given.utf8.count <= sizeMax, let domain = ALabels.name(given) else {
            throw Refusal(.invalidMember, "a label of the domain is no name in IDNA 2008 (RFC 5891)")
        }
        try requireDomain(domain)
        return domain
    }

    /// Refuses what is no host name in A-labels; `domain` is in lower case.
    private static func requireDomain(_ domain: String) throws(Refusal) {
        var labelSize = 0
        var last = UInt8(ascii: ".")
        var isHostName = true
        for byte in domain.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                labelSize += 1
            case UInt8(ascii: "-"):
                isHostName = isHostName && labelSize > 0
                labelSize += 1
            case UInt8(ascii: "."):
                isHostName = isHostName && labelSize > 0 && last != UInt8(ascii: "-")
                labelSize = 0
            default: isHostName = false
            }
            isHostName = isHostName && labelSize <= labelSizeMax
            last = byte
        }
        isHostName = isHostName && labelSize > 0 && last != UInt8(ascii: "-")
        guard domain.utf8.count <= domainSizeMax, isHostName else {
            throw Refusal(
                .invalidMember, "the domain is not a host name of at most \(domainSizeMax) bytes", limit: domainSizeMax)
        }
    }
}

extension UInt8 {
    /// The capital letters of ASCII.
    static let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
}
