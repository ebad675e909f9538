import Cryptography
package import Ledger

/// Checks a message: SPF where its envelope is known, every DKIM signature, and DMARC for its author.
package struct MessageVerifier: Sendable {
    private let resolver: any Resolver
    private let publicSuffixes: PublicSuffixList?
    private let keys: DKIMKeyCache
    private let trust: AuthenticationResultsTrust

    /// - Parameters:
    ///   - keys: parsed keys, shared by the verifiers of a service.
    ///   - trust: whose `Authentication-Results` are believed; they stay claims.
    package init(
        resolver: any Resolver, publicSuffixes: PublicSuffixList?, keys: DKIMKeyCache,
        trust: AuthenticationResultsTrust = AuthenticationResultsTrust([])
    ) {
        self.trust = trust
        self.resolver = resolver
        self.publicSuffixes = publicSuffixes
        self.keys = keys
    }

    /// The check of `message`; signatures are judged as of `time`.
    package func verify(
        _ message: RawMessage, _ envelope: MessageEnvelope, asOf time: Timestamp
    ) async -> MessageVerification {
        let author = AuthorField(message)
        let spf = await spfResults(envelope)
        let dkim = await DKIMVerifier(resolver: resolver, keys: keys).verify(
            message, asOf: time.microseconds / 1_000_000)
        let dmarc = await dmarcResult(author, spf, dkim)
        return MessageVerification(
            rawDigest: SHA256.digest(message.bytes), size: message.bytes.count,
            hasRestoredLineEnds: message.hasRestoredLineEnds, messageID: MessageIDField(message).id, asOf: time,
            author: author, spf: spf, dkim: dkim, dmarc: dmarc,
            claims: trust.claims(in: message),
            hasUnsubscribe: !message.fields(named: "list-unsubscribe").isEmpty,
            hasOneClick: Self.hasOneClick(message))
    }

    /// MAIL FROM first: it is the one that DMARC looks at. With the null path it stands for `postmaster@<HELO>`.
    private func spfResults(_ envelope: MessageEnvelope) async -> [SPFResult] {
        guard let client = envelope.client else { return [] }
        let evaluator = SPFEvaluator(resolver: resolver)
        var results: [SPFResult] = []
        let request = SPFRequest(client: client, helo: envelope.helo ?? "", mailFrom: envelope.mailFrom ?? "")
        if envelope.mailFrom != nil { results.append(await evaluator.evaluate(request, scope: .mfrom)) }
        if envelope.helo != nil { results.append(await evaluator.evaluate(request, scope: .helo)) }
        return results
    }

    private func dmarcResult(_ author: AuthorField, _ spf: [SPFResult], _ dkim: DKIMReport) async -> DMARCResult {
        guard let domain = author.authorDomain else {
            return author.domains.count > 1 ? .multipleAuthorDomains : .noAuthorDomain
        }
        var identifiers: [DMARCIdentifier] = []
        for result in spf where result.scope == .mfrom {
            guard let name = DomainName(result.domain) else { continue }
            switch result.result {
            case .pass: identifiers.append(.mailFrom(name, .passed))
            case .temperror: identifiers.append(.mailFrom(name, .temporaryError))
            case .none, .neutral, .fail, .softfail, .permerror: break
            }
        }
        for result in dkim.results {
            guard let name = result.domain.flatMap({ DomainName($0) }) else { continue }
            switch result.value {
            case .pass: identifiers.append(.signature(name, .passed))
            case .temperror: identifiers.append(.signature(name, .temporaryError))
            case .none, .fail, .policy, .neutral, .permerror: break
            }
        }
        return await DMARCEvaluator(resolver: resolver, publicSuffixes: publicSuffixes).evaluate(
            authorDomain: domain, identifiers: identifiers)
    }

    /// RFC 8058 §3.1: the one value, without regard to white space around it.
    private static func hasOneClick(_ message: RawMessage) -> Bool {
        let fields = message.fields(named: "list-unsubscribe-post")
        guard fields.count == 1, let field = fields.first else { return false }
        return ASCII.equal(field.body.filter { !ASCII.isFoldingSpace($0) }, "List-Unsubscribe=One-Click")
    }
}
