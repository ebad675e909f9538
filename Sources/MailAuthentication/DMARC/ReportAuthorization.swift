package import Cryptography

/// Whether reports about a domain may go to an address elsewhere (RFC 9990, "Verifying External Destinations").
///
/// Otherwise anyone could have the reports of the world sent to a victim.
package struct ReportAuthorization: Hashable, Sendable {
    package enum Verdict: String, Sendable, Hashable, CaseIterable {
        /// The host belongs to the organisation whose record names it: no consent is needed.
        case `internal`
        case authorized
        /// The host does not say that it takes these reports.
        case unauthorized
        /// The host's consent points to another host, which is no consent.
        case overrideElsewhere = "override_elsewhere"
        /// The URI names no host.
        case noHost = "no_host"
        /// There is no saying. It is not a refusal.
        case temperror
    }

    package let uri: DMARCReportURI
    package let verdict: Verdict
    /// The addresses of the same host that take the reports instead, where the consent names some.
    package let overrides: [DMARCReportURI]
    /// The evidence of all answers, in the order of the questions.
    package let evidence: [Digest]

    /// Whether the address lies outside of the organisation; nil where that is not known.
    package var isExternal: Bool? {
        switch verdict {
        case .internal: false
        case .authorized, .unauthorized, .overrideElsewhere: true
        case .noHost, .temperror: nil
        }
    }
}

extension DMARCEvaluator {
    /// So many addresses of a record are asked about: it may hold thousands.
    package static let reportURIsMax = 16

    /// Whether each of the first ``reportURIsMax`` addresses may have reports about `policyDomain`, where the record
    /// stands.
    package func authorizations(
        policyDomain: DomainName, uris: [DMARCReportURI]
    ) async -> [ReportAuthorization] {
        var shared = DMARCQueries(resolver)
        let uris = uris.prefix(Self.reportURIsMax)
        // The walk of the policy's own domain, made once: each address then goes on from a copy of its answers.
        if uris.contains(where: { $0.host != nil && $0.host != policyDomain }) {
            _ = await TreeWalk(from: policyDomain, &shared)
        }
        var authorizations: [ReportAuthorization] = []
        for uri in uris {
            var queries = shared
            let (verdict, overrides) = await judge(policyDomain, uri, &queries)
            authorizations.append(
                ReportAuthorization(uri: uri, verdict: verdict, overrides: overrides, evidence: queries.evidence))
        }
        return authorizations
    }

    private func judge(
        _ policyDomain: DomainName, _ uri: DMARCReportURI, _ queries: inout DMARCQueries
    ) async -> (ReportAuthorization.Verdict, overrides: [DMARCReportURI]) {
        guard let host = uri.host else { return (.noHost, []) }
        guard host != policyDomain else { return (.internal, []) }
        let own = await TreeWalk(from: policyDomain, &queries)
        guard let organizationalDomain = own.organizationalDomain else { return (.temperror, []) }
        // As with alignment, a host outside cannot have the same Organizational Domain: no walk is needed.
        if host.isWithin(organizationalDomain) {
            let walk = await TreeWalk(from: host, &queries)
            guard let other = walk.organizationalDomain else { return (.temperror, []) }
            if other == organizationalDomain { return (.internal, []) }
        }
        guard let name = host.prefixed(by: "\(policyDomain)._report._dmarc") else { return (.unauthorized, []) }
        let answer = await queries.answer(to: Question(name, .txt))
        guard !answer.isTemporaryError else { return (.temperror, []) }
        let records = answer.texts.compactMap { DMARCRecord($0) }.filter(\.isValid)
        guard !records.isEmpty else { return (.unauthorized, []) }
        let overrides = records.flatMap(\.aggregateReportURIs)
        guard overrides.allSatisfy({ $0.host == host }) else { return (.overrideElsewhere, []) }
        return (.authorized, overrides)
    }
}
