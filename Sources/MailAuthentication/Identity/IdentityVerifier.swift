import Cryptography
package import Ledger

/// Checks what the name system says about sender identities: DMARC, SPF for the hosts that send, the keys in use.
package struct IdentityVerifier: Sendable {
    private let resolver: any Resolver
    private let publicSuffixes: PublicSuffixList?
    private let keys = DKIMKeyCache()

    package init(resolver: any Resolver, publicSuffixes: PublicSuffixList?) {
        self.resolver = resolver
        self.publicSuffixes = publicSuffixes
    }

    /// The check of `identity`, as of `time`.
    package func verify(_ identity: SenderIdentity, at time: Timestamp) async -> IdentityVerification {
        let evaluator = DMARCEvaluator(resolver: resolver, publicSuffixes: publicSuffixes)
        let dmarc = await evaluator.evaluate(
            authorDomain: identity.authorDomain,
            identifiers: [.mailFrom(identity.mailFromDomain, .passed), .signature(identity.signingDomain, .passed)])
        var reports: [ReportAuthorization] = []
        if let policy = dmarc.policy {
            reports = await evaluator.authorizations(
                policyDomain: policy.domain, uris: policy.record.aggregateReportURIs)
        }
        let spf = await spfState(of: identity, alignment: dmarc.conclusion.spfAlignment)
        var dkim: [IdentityVerification.DKIMState] = []
        for selector in identity.selectors {
            if let state = await dkimState(selector, identity.signingDomain) { dkim.append(state) }
        }
        let judge = IdentityJudge(identity: identity, dmarc: dmarc, reports: reports, spf: spf, dkim: dkim)
        var seen: Set<Digest> = []
        let sources = [
            dmarc.evidence, reports.flatMap(\.evidence), [spf.evidence], spf.results.flatMap(\.result.evidence),
            dkim.map(\.evidence),
        ]
        let evidence = sources.flatMap { $0 }.filter { seen.insert($0).inserted }
        return IdentityVerification(
            identity: identity, evaluatedAt: time, dmarc: dmarc, reports: reports, spf: spf, dkim: dkim,
            assessment: judge.assessment,
            findings: judge.findings, evidence: evidence)
    }

    private func spfState(
        of identity: SenderIdentity, alignment: DMARCAlignment
    ) async -> IdentityVerification.SPFState {
        let domain = identity.mailFromDomain
        let answer = await resolver.answer(to: Question(domain, .txt))
        let found = Self.record(in: answer)
        var results: [(address: IPAddress, result: SPFResult)] = []
        if found.record != nil {
            let evaluator = SPFEvaluator(resolver: resolver)
            for address in identity.addresses {
                let request = SPFRequest(client: address, helo: domain.text, mailFrom: "postmaster@\(domain)")
                results.append((address, await evaluator.evaluate(request, scope: .mfrom)))
            }
        }
        return IdentityVerification.SPFState(
            domain: domain, record: found.record, fault: found.fault, results: results, alignment: alignment,
            evidence: answer.evidence)
    }

    private static func record(in answer: Answer) -> (record: SPFRecord?, fault: SPFReason?) {
        if let failure = SPFFailure(answer.outcome) { return (nil, .dns(failure)) }
        switch SPFRecord.select(from: answer.texts) {
        case .none: return (nil, .noRecord)
        case .several: return (nil, .multipleRecords)
        case .one(let bytes):
            switch SPFRecord.parse(bytes) {
            case .success(let record): return (record, nil)
            case .failure(let error): return (nil, .syntax(term: error.term))
            }
        }
    }

    /// Nil for a selector that makes no name below the domain.
    private func dkimState(
        _ selector: DomainName, _ domain: DomainName
    ) async -> IdentityVerification.DKIMState? {
        guard let name = domain.prefixed(by: "\(selector)._domainkey") else { return nil }
        let lookup = DKIMKeyLookup(await resolver.answer(to: Question(name, .txt)), keys)
        return IdentityVerification.DKIMState(
            selector: selector, domain: domain, key: lookup.key.flatMap(Self.usable), evidence: lookup.evidence)
    }

    /// A key that verifies the signatures of mail (RFC 6376 §3.6.1, RFC 8301 §3.2).
    private static func usable(_ key: DKIMKey) -> Result<DKIMKey, DKIMReason> {
        switch key.material {
        case .revoked: .failure(.keyRevoked)
        case .unknownType: .failure(.keyTypeMismatch)
        case .rsa(let rsa) where rsa.bits < DKIMKey.rsaBitsMin: .failure(.weakKey)
        case .rsa, .ed25519:
            key.services.contains { $0 == "*" || $0 == "email" } ? .success(key) : .failure(.keyServiceMismatch)
        }
    }
}
