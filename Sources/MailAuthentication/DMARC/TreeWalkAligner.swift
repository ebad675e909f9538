/// Aligns identifiers by the tree walk, with a walk of its own for each that needs one (RFC 9989 §4.10.2).
struct TreeWalkAligner {
    /// So many identifiers get a walk; one beyond them is not aligned, unless its domain is the author's. A message has
    /// one MAIL FROM identity, and so many signatures are verified.
    static let walksMax = 1 + DKIMVerifier.signatureCountMax

    private let authorDomain: DomainName
    private let organizationalDomain: DomainName?
    private let record: DMARCRecord
    private var walks: [DomainName: TreeWalk] = [:]

    init(discovery: DMARCDiscovery, record: DMARCRecord) {
        authorDomain = discovery.authorDomain
        organizationalDomain = discovery.organizationalDomain
        self.record = record
    }

    mutating func finding(
        _ identifier: DMARCIdentifier, _ queries: inout DMARCQueries
    ) async -> AlignmentFinding {
        if identifier.domain == authorDomain { return AlignmentFinding(identifier, .strict) }
        // Strict mode ends here: it must never reach the comparison of organisations.
        guard record.mode(for: identifier.mechanism) == .relaxed else { return AlignmentFinding(identifier, .none) }
        // An Organizational Domain is the name itself or above it. So a name outside of the author's organisation can
        // not have the same one, and a stranger's signature costs no question.
        guard let organizationalDomain, identifier.domain.isWithin(organizationalDomain),
            let walk = await walk(from: identifier.domain, &queries)
        else { return AlignmentFinding(identifier, .none) }
        let isAligned = walk.organizationalDomain == organizationalDomain
        return AlignmentFinding(identifier, isAligned ? .relaxed : .none, failure: walk.failure)
    }

    private mutating func walk(from domain: DomainName, _ queries: inout DMARCQueries) async -> TreeWalk? {
        if let known = walks[domain] { return known }
        guard walks.count < Self.walksMax else { return nil }
        let walk = await TreeWalk(from: domain, &queries)
        walks[domain] = walk
        return walk
    }
}
