package import Cryptography

/// The outcome of one check of SPF for one scope (RFC 7208 §2.6), with what it rests on.
package struct SPFResult: Hashable, Sendable {
    /// The words of RFC 7208 §2.6, as RFC 8601 §2.7.2 writes them.
    package enum Value: String, Sendable, Hashable, CaseIterable {
        case none
        case neutral
        case pass
        case fail
        case softfail
        case temperror
        case permerror
    }

    package let scope: SPFScope
    /// The domain that was checked, in lower case; what was given, as it stands, if that is no domain name.
    ///
    /// With ``SPFReason/invalidDomain`` it is attacker's text: quote it wherever it is written.
    package let domain: String
    package let result: Value
    package let reason: SPFReason
    /// The term that matched, as its record writes it; of the first record or of that which a redirect leads to.
    package let matchedTerm: String?
    /// What the domain says to a client that fails (§6.2): printable ASCII from its owner, to be shown as theirs.
    package let explanation: String?
    /// The terms that asked the name system; one over the limit is counted too (§4.6.4).
    package let lookupCount: Int
    /// The terms whose question came back empty; one over the limit is counted too (§4.6.4).
    package let voidCount: Int
    /// The evidence of each answer that was used, in the order of first use.
    package let evidence: [Digest]
}
