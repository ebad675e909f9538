import Cryptography

/// Evaluates DMARC for a message (RFC 9989), and discovers the policy of a domain.
///
/// Questions are asked once in each evaluation, in a fixed order, so that an evaluation on kept answers repeats the
/// first one exactly.
package struct DMARCEvaluator: Sendable {
    /// So many identifiers get a walk of their own; one beyond them is not aligned, unless its domain is the author's.
    package static let walksMax = TreeWalkAligner.walksMax

    let resolver: any Resolver
    private let publicSuffixes: PublicSuffixList?

    /// An evaluator that also gives the result of RFC 7489 when there is a list.
    package init(resolver: any Resolver, publicSuffixes: PublicSuffixList?) {
        self.resolver = resolver
        self.publicSuffixes = publicSuffixes
    }

    /// The policy of an Author Domain, without a message.
    package func discover(authorDomain: DomainName) async -> DMARCDiscovery {
        var queries = DMARCQueries(resolver)
        return await DMARCDiscovery(authorDomain: authorDomain, list: publicSuffixes, &queries)
    }

    /// The result for a message from `authorDomain`, whose `identifiers` passed or could not be judged.
    package func evaluate(authorDomain: DomainName, identifiers: [DMARCIdentifier]) async -> DMARCResult {
        var queries = DMARCQueries(resolver)
        let discovery = await DMARCDiscovery(authorDomain: authorDomain, list: publicSuffixes, &queries)
        let conclusion = await conclude(discovery, identifiers, &queries)
        return DMARCResult(
            authorDomain: authorDomain, conclusion: conclusion, discovery: discovery,
            listConclusion: listConclusion(discovery, identifiers), evidence: queries.evidence)
    }

    private func conclude(
        _ discovery: DMARCDiscovery, _ identifiers: [DMARCIdentifier], _ queries: inout DMARCQueries
    ) async -> DMARCConclusion {
        switch discovery.applicability {
        case .none(let reason): return DMARCConclusion(.none, reason)
        case .temporaryError(let reason): return DMARCConclusion(.temperror, reason)
        case .applies(let policy):
            var aligner = TreeWalkAligner(discovery: discovery, record: policy.record)
            var findings: [AlignmentFinding] = []
            for identifier in identifiers where identifier.outcome == .passed {
                findings.append(await aligner.finding(identifier, &queries))
            }
            // What could not be judged matters only where nothing passes: then it gets its walk too.
            guard DMARCConclusion(findings).value != .pass else { return DMARCConclusion(findings) }
            for identifier in identifiers where identifier.outcome == .temporaryError {
                findings.append(await aligner.finding(identifier, &queries))
            }
            return DMARCConclusion(findings)
        }
    }

    /// The result by RFC 7489 §3.1, §6.6.2: the same identifiers, aligned by the list.
    private func listConclusion(
        _ discovery: DMARCDiscovery, _ identifiers: [DMARCIdentifier]
    ) -> DMARCConclusion? {
        guard let publicSuffixes, let list = discovery.list else { return nil }
        switch list.applicability {
        case .none(let reason): return DMARCConclusion(.none, reason)
        case .temporaryError(let reason): return DMARCConclusion(.temperror, reason)
        case .applies(let policy):
            let findings = identifiers.map { identifier -> AlignmentFinding in
                if identifier.domain == discovery.authorDomain { return AlignmentFinding(identifier, .strict) }
                let isRelaxed = policy.record.mode(for: identifier.mechanism) == .relaxed
                let organization = publicSuffixes.organizationalDomain(of: identifier.domain)
                let isAligned = isRelaxed && organization == list.organizationalDomain
                return AlignmentFinding(identifier, isAligned ? .relaxed : .none)
            }
            return DMARCConclusion(findings)
        }
    }
}
