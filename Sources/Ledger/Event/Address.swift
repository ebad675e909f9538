/// An email address as the ledger keeps it: the local part as given, the domain in lower-case A-labels (RFC 5321
/// §4.1.2,
/// RFC 5890 §2.3.2.1).
package struct Address: Sendable {
    /// RFC 5321 §4.5.3.1.1.
    private static let localSizeMax = 64
    /// RFC 1035 §2.3.4, without the root's dot.
    private static let domainSizeMax = 253
    private static let labelSizeMax = 63
    /// A path of 256 with its brackets (RFC 5321 §4.5.3.1.3).
    private static let sizeMax = 254

    /// `local@domain`.
    package let text: String
    /// The domain, lower case.
    package let domain: String
    /// The form that addresses are looked up by: also the local part in lower case.
    package let lookupForm: String

    /// The address spelled by `text`, without a display name or angle brackets.
    package init(_ text: String) throws(Refusal) {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else {
            throw Refusal(.invalidMember, "an address is local@domain")
        }
        let local = text[..<at]
        let given = text[text.utf8.index(after: at)...]
        let isLowerCase = given.utf8.allSatisfy { $0 < 0x80 && !UInt8.capitals.contains($0) }
        let domain = isLowerCase ? String(given) : given.lowercased()
        guard text.utf8.count <= Self.sizeMax else {
            throw Refusal(.invalidMember, "an address has at most \(Self.sizeMax) bytes", limit: Self.sizeMax)
        }
        try Self.requireLocal(local)
        try Self.requireDomain(domain)
        self.text = isLowerCase ? text : "\(local)@\(domain)"
        self.domain = domain
        let isLookupForm = self.text.utf8.allSatisfy { $0 < 0x80 && !UInt8.capitals.contains($0) }
        lookupForm = isLookupForm ? self.text : self.text.lowercased()
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

    /// Refuses what is no host name in A-labels; `domain` is in lower case.
    package static func requireDomain(_ domain: String) throws(Refusal) {
        guard domain.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw Refusal(.invalidMember, "a domain is written in A-labels (xn--…)")
        }
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
