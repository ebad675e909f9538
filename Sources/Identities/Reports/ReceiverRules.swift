package import MailAuthentication

/// By which rules a report is attributed to a receiver: which domains belong together, and whom the operator trusts.
package struct ReceiverRules: Sendable {
    private let publicSuffixes: PublicSuffixList?
    private let senders: [DomainName]

    /// - Parameters:
    ///   - publicSuffixes: tells organisations apart; without it every name is an organisation of its own.
    ///   - senders: domains whose mail may carry reports of others, such as those of a forwarder; what lies below them
    ///     may too.
    package init(publicSuffixes: PublicSuffixList?, senders: [DomainName] = []) {
        self.publicSuffixes = publicSuffixes
        self.senders = senders
    }

    /// The Organizational Domain by the list (RFC 7489 §3.2). Not by the tree walk of RFC 9989: a report that comes
    /// again must be the same report also when the name system is silent, and tenants of a shared suffix are not one
    /// organisation.
    func organization(of domain: DomainName) -> DomainName {
        publicSuffixes?.organizationalDomain(of: domain) ?? domain
    }

    /// Whether mail of `domain` may carry anybody's reports.
    func isListed(_ domain: DomainName) -> Bool { senders.contains { domain.isWithin($0) } }
}
