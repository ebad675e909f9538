package import Ledger
package import MailAuthentication

/// The name of a sender identity: an address, or a domain for all addresses of it, in the form for look-up.
package struct IdentityName: Hashable, Sendable {
    package let text: String
    /// The longest name, in characters.
    package static let sizeMax = 320
    /// The Author Domain (RFC 9989 §3.2.2).
    package let domain: DomainName
    /// The address, for an identity that is one.
    package let address: Address?

    /// The identity spelled by `text`: `local@domain`, or a domain of two labels or more. U-labels become A-labels.
    package init(_ text: String) throws(Refusal) {
        if text.utf8.contains(UInt8(ascii: "@")) {
            let address = try Address(text)
            self.address = address
            self.text = address.lookupForm
            domain = try IdentitySettings.hostName(.string(address.domain))
        } else {
            address = nil
            domain = try IdentitySettings.hostName(.string(text))
            self.text = domain.text
        }
    }

    /// The identity that a member of JSON spells.
    package init(json: JSONValue) throws(Refusal) {
        try self.init(try MemberReader.text(json, min: 1, max: Self.sizeMax))
    }

    package static func == (left: IdentityName, right: IdentityName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }
}
