/// One address of a person or a program (RFC 5322 §3.4, with UTF-8 by RFC 6532).
package struct Mailbox: Hashable, Sendable {
    /// What stands behind the at-sign.
    package enum Domain: Hashable, Sendable {
        /// A host name in A-labels, whatever it was written in: what authentication can work on.
        case name(DomainName)
        /// A name with octets outside ASCII that makes no A-labels (RFC 5891), as it was written: not compared.
        case internationalized(String)
        /// An address literal with its brackets (RFC 5321 §4.1.3). It names no domain.
        case literal(String)

        /// The domain as an address writes it.
        package var text: String {
            switch self {
            case .name(let name): name.text
            case .internationalized(let text), .literal(let text): text
            }
        }
    }

    /// The longest local part, in octets (RFC 5321 §4.5.3.1.1). A longer one is a finding.
    package static let localPartSizeMax = 64

    /// The name before the angle brackets, for people: without quotes, backslashes and comments, white space as one
    /// space, encoded words as they stand. Nil if there is none. It proves nothing.
    package let displayName: String?
    /// The local part, without quotes and backslashes; its case matters (RFC 5321 §2.4).
    package let localPart: String
    package let domain: Domain

    package init(displayName: String?, localPart: String, domain: Domain) {
        self.displayName = displayName
        self.localPart = localPart
        self.domain = domain
    }

    /// The addr-spec: the local part is quoted where it is no dot-atom (RFC 5322 §3.4.1).
    package var address: String { "\(Self.written(localPart))@\(domain.text)" }

    /// A local part as an address writes it.
    static func written(_ localPart: String) -> String {
        let atoms = localPart.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard !atoms.allSatisfy({ !$0.isEmpty && $0.allSatisfy(ASCII.isAtomText) }) else { return localPart }
        return QuotedString.written(localPart)
    }
}
