package import Cryptography

/// What DMARC says of an Author Domain by RFC 7489 §6.6.3: its own record, else that of its registrable domain by the
/// Public Suffix List. Records are read by the rules of RFC 9989; `np`, `psd`, `t` and `pct` count for nothing.
package struct ListDiscovery: Hashable, Sendable {
    /// The digest of the list.
    package let listDigest: Digest
    package let organizationalDomain: DomainName
    package let applicability: DMARCApplicability

    /// The record that applies and its policy; nil if none does.
    package var policy: AppliedPolicy? { applicability.policy }

    init(authorDomain: DomainName, list: PublicSuffixList, _ queries: inout DMARCQueries) async {
        listDigest = list.digest
        organizationalDomain = list.organizationalDomain(of: authorDomain)
        applicability = await Self.applicability(authorDomain, organizationalDomain, &queries)
    }

    private static func applicability(
        _ authorDomain: DomainName, _ organizationalDomain: DomainName, _ queries: inout DMARCQueries
    ) async -> DMARCApplicability {
        for domain in authorDomain == organizationalDomain ? [authorDomain] : [authorDomain, organizationalDomain] {
            let found = await queries.records(for: domain)
            if let failure = found.failure { return .temporaryError(failure) }
            // Several records end the search here: "policy discovery terminates" (RFC 7489 §6.6.3).
            guard found.records.count < 2 else { return .none(.noRecord) }
            guard let record = found.valid else { continue }
            let tag = domain == authorDomain ? DMARCRecord.PolicyTag.p : .sp
            guard let policy = record.policy(tag) else { return .none(.recordNotApplicable) }
            return .applies(
                AppliedPolicy(domain: domain, record: record, tag: tag, declared: policy, applied: policy))
        }
        return .none(.noRecord)
    }
}
