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

    /// The address spelled by `text`, without a display name or angle brackets.
    package init(_ text: String) throws(Refusal) {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else {
            throw Refusal(.invalidMember, "an address is local@domain")
        }
        let local = text[..<at]
        let domain = text[text.index(after: at)...].lowercased()
        guard text.utf8.count <= Self.sizeMax else {
            throw Refusal(.invalidMember, "an address has at most \(Self.sizeMax) bytes", limit: Self.sizeMax)
        }
        try Self.requireLocal(local)
        try Self.requireDomain(domain)
        self.text = "\(local)@\(domain)"
        self.domain = domain
    }

    /// The form that addresses are looked up by: also the local part in lower case.
    package var lookupForm: String { text.lowercased() }

    private static func requireLocal(_ local: Substring) throws(Refusal) {
        guard !local.isEmpty, local.utf8.count <= localSizeMax else {
            throw Refusal(
                .invalidMember, "the part before '@' has 1 to \(localSizeMax) bytes", limit: localSizeMax)
        }
        let isPlain = local.unicodeScalars.allSatisfy { scalar in
            !scalar.properties.isWhitespace && scalar.value > 0x20 && scalar.value != 0x7F
                && !"@<>(),;:\"\\[]".unicodeScalars.contains(scalar)
        }
        guard isPlain else {
            throw Refusal(.invalidMember, "the part before '@' holds white space, quotes or a special character")
        }
    }

    /// Refuses what is no host name in A-labels; `domain` is in lower case.
    package static func requireDomain(_ domain: String) throws(Refusal) {
        guard domain.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw Refusal(.invalidMember, "a domain is written in A-labels (xn--…)")
        }
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        let isLabel = { (label: Substring) in
            !label.isEmpty && label.utf8.count <= labelSizeMax && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                    case UInt8(ascii: "-"), UInt8(ascii: "_"): true
                    default: false
                    }
                }
        }
        guard domain.utf8.count <= domainSizeMax, labels.allSatisfy(isLabel) else {
            throw Refusal(
                .invalidMember, "the domain is not a host name of at most \(domainSizeMax) bytes", limit: domainSizeMax)
        }
    }
}
