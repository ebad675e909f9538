package import Cryptography

/// What DMARC says of an Author Domain, whatever the message: found by the tree walk of RFC 9989, and for comparison by
/// the Public Suffix List as RFC 7489 has it.
package struct DMARCDiscovery: Hashable, Sendable {
    package let authorDomain: DomainName
    /// The tree walk from the Author Domain, question by question.
    package let walk: TreeWalk
    package let applicability: DMARCApplicability
    /// Whether the Author Domain exists, where a policy hung on it (RFC 9989 A.4); else nil.
    package let authorDomainExists: Bool?
    /// The same by the list; nil where no list was given.
    package let list: ListDiscovery?
    /// The evidence of all answers, in the order of the questions.
    package let evidence: [Digest]

    /// The Organizational Domain; nil if the walk broke off.
    package var organizationalDomain: DomainName? { walk.organizationalDomain }
    /// The record that applies and its policy; nil if none does.
    package var policy: AppliedPolicy? { applicability.policy }

    /// What is odd about the records of the walk, each code once.
    package var anomalies: [DMARCAnomaly] {
        let found = Set(walk.steps.flatMap(\.anomalies))
        return DMARCAnomaly.allCases.filter(found.contains)
    }

    /// Whether walk and list differ in the Organizational Domain or in where the policy comes from.
    ///
    /// False where neither finds a policy, and where one of them could not be finished.
    package var disagrees: Bool {
        guard let list, let organizationalDomain, policy != nil || list.policy != nil else { return false }
        if case .temporaryError = list.applicability { return false }
        if case .temporaryError = applicability { return false }
        return organizationalDomain != list.organizationalDomain || policy?.domain != list.policy?.domain
    }

    init(authorDomain: DomainName, list: PublicSuffixList?, _ queries: inout DMARCQueries) async {
        self.authorDomain = authorDomain
        walk = await TreeWalk(from: authorDomain, &queries)
        (applicability, authorDomainExists) = await Self.applicability(of: walk, &queries)
        if let list {
            self.list = await ListDiscovery(authorDomain: authorDomain, list: list, &queries)
        } else {
            self.list = nil
        }
        evidence = queries.evidence
    }

    private static func applicability(
        of walk: TreeWalk, _ queries: inout DMARCQueries
    ) async -> (DMARCApplicability, exists: Bool?) {
        if let failure = walk.failure { return (.temporaryError(failure), nil) }
        guard let (domain, record) = walk.policyRecord else { return (.none(.noRecord), nil) }
        guard record.isApplicable else { return (.none(.recordNotApplicable), nil) }
        var tag = domain == walk.start ? DMARCRecord.PolicyTag.p : .sp
        var exists: Bool?
        // Whether the Author Domain exists is asked only where the policy hangs on it.
        if tag == .sp, record.policy(.np) != record.policy(.sp) {
            let answer = await queries.answer(to: Question(walk.start, .a))
            if let failure = DMARCReason(answer.outcome) { return (.temporaryError(failure), nil) }
            // Only NXDOMAIN means that it does not: NODATA is said of a name that is there (RFC 8020, RFC 9989 A.4).
            exists = answer.outcome != .nxdomain
            if answer.outcome == .nxdomain { tag = .np }
        }
        guard let declared = record.policy(tag) else { return (.none(.recordNotApplicable), exists) }
        let applied = record.isTesting ? declared.lowered : declared
        let policy = AppliedPolicy(domain: domain, record: record, tag: tag, declared: declared, applied: applied)
        return (.applies(policy), exists)
    }
}
