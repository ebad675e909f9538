package import Cryptography

/// The DMARC result of one message: by the tree walk of RFC 9989, and beside it by the list of RFC 7489.
package struct DMARCResult: Hashable, Sendable {
    /// Nil where the message has no Author Domain that could be evaluated.
    package let authorDomain: DomainName?
    package let conclusion: DMARCConclusion
    /// The records, the policy and the Organizational Domain; nil without an Author Domain.
    package let discovery: DMARCDiscovery?
    /// The result by RFC 7489; nil where no list was given.
    package let listConclusion: DMARCConclusion?
    /// The evidence of all answers, of the identifiers' walks too, in the order of the questions.
    package let evidence: [Digest]

    package var value: DMARCConclusion.Value { conclusion.value }
    package var reason: DMARCReason { conclusion.reason }
    /// The record that applies and its policy, whatever the result; nil if none does.
    package var policy: AppliedPolicy? { discovery?.policy }

    /// Whether the two ways of discovery lead apart: to another organisation, another record or another result.
    ///
    /// False where one of them ended in an error, for then they cannot be compared.
    package var discoveryDisagrees: Bool {
        guard let discovery, let listConclusion else { return false }
        guard conclusion.value != .temperror, listConclusion.value != .temperror else { return false }
        return discovery.disagrees || conclusion.value != listConclusion.value
    }

    init(
        authorDomain: DomainName?, conclusion: DMARCConclusion, discovery: DMARCDiscovery?,
        listConclusion: DMARCConclusion?, evidence: [Digest]
    ) {
        self.authorDomain = authorDomain
        self.conclusion = conclusion
        self.discovery = discovery
        self.listConclusion = listConclusion
        self.evidence = evidence
    }

    /// The result for a message without a From field, or without a domain in it that can be used.
    ///
    /// RFC 9989 §5.3.1 leaves such mail out of its scope. It is `permerror` here, not `none`: a gate that lets mail
    /// pass whose domain publishes no policy must not let mail pass that hides its author.
    package static let noAuthorDomain = DMARCResult(withoutAuthorDomain: .noAuthorDomain)

    /// The result for a message whose authors have several domains: none of them is picked. `permerror`, as above.
    package static let multipleAuthorDomains = DMARCResult(withoutAuthorDomain: .multipleAuthorDomains)

    private init(withoutAuthorDomain reason: DMARCReason) {
        self.init(
            authorDomain: nil, conclusion: DMARCConclusion(.permerror, reason), discovery: nil, listConclusion: nil,
            evidence: [])
    }
}
