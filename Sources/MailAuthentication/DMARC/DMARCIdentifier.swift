/// A domain that SPF or DKIM vouches for, or might have: what RFC 9989 calls an Authenticated Identifier.
///
/// There is no way to hand in a HELO identity: only MAIL FROM counts (a null path has the domain of
/// `postmaster@<HELO>`). What failed is not handed in at all. Domain and outcome stand in one value, so that the pass
/// of one signature can never be joined to the domain of another.
package struct DMARCIdentifier: Hashable, Sendable {
    package enum Mechanism: String, Sendable, Hashable, CaseIterable {
        case spf, dkim
    }

    package enum Outcome: Sendable, Hashable {
        /// SPF said pass, or the signature verified.
        case passed
        /// There is no saying, for a question to the name system was not answered.
        case temporaryError
    }

    package let mechanism: Mechanism
    package let domain: DomainName
    package let outcome: Outcome

    private init(_ mechanism: Mechanism, _ domain: DomainName, _ outcome: Outcome) {
        self.mechanism = mechanism
        self.domain = domain
        self.outcome = outcome
    }

    /// The domain of the MAIL FROM identity (RFC 7208 §2.4).
    package static func mailFrom(_ domain: DomainName, _ outcome: Outcome) -> DMARCIdentifier {
        DMARCIdentifier(.spf, domain, outcome)
    }

    /// The signing domain of one signature (`d=`, RFC 6376 §3.5).
    package static func signature(_ domain: DomainName, _ outcome: Outcome) -> DMARCIdentifier {
        DMARCIdentifier(.dkim, domain, outcome)
    }
}
