import Cryptography
package import Ledger
package import LedgerStore
package import MailAuthentication

/// Checks of what mail and the name system say: each with its evidence, and recorded where that is wanted.
package struct Verifications: Sendable {
    /// One check and the look-ups that it rests on, in their order.
    package struct Checked<Result: Sendable>: Sendable {
        package let result: Result
        package let evidence: [DNSEvidence]
    }

    /// How long a check may ask: a hostile zone can have many questions that nobody answers. Well below the time of a
    /// claim (``IdentityChecks``).
    private static let timeMax = Duration.seconds(60)

    private let names: any EvidenceSource
    package let publicSuffixes: PublicSuffixList?
    /// Whose `Authentication-Results` the operator trusts; no caller can widen it.
    private let trustedAuthservIDs: [String]
    private let keys: DKIMKeyCache
    let store: LedgerStore
    let clock: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - names: who answers questions to the name system.
    ///   - publicSuffixes: the list that RFC 7489 needs; without it that comparison is left out.
    ///   - trustedAuthservIDs: the hosts whose `Authentication-Results` are marked as trusted; they stay claims.
    package init(
        _ store: LedgerStore, names: any EvidenceSource, publicSuffixes: PublicSuffixList?,
        trustedAuthservIDs: [String] = [], clock: @escaping @Sendable () -> Timestamp
    ) {
        self.trustedAuthservIDs = trustedAuthservIDs
        self.store = store
        self.names = names
        self.publicSuffixes = publicSuffixes
        self.clock = clock
        keys = DKIMKeyCache()
    }

    /// SPF for one client (RFC 7208).
    package func check(_ request: SPFRequest, scope: SPFScope) async -> Checked<SPFResult> {
        let resolver = EvaluationResolver(limitedNames)
        let result = await SPFEvaluator(resolver: resolver).evaluate(request, scope: scope)
        return Checked(result: result, evidence: resolver.evidence)
    }

    /// What the name system says of an identity now.
    package func check(_ identity: SenderIdentity) async -> Checked<IdentityVerification> {
        await check(identity, on: limitedNames, at: clock())
    }

    /// What evidence from `source` says of an identity.
    func check(
        _ identity: SenderIdentity, on source: any EvidenceSource, at time: Timestamp
    ) async -> Checked<IdentityVerification> {
        let resolver = EvaluationResolver(source)
        let result = await IdentityVerifier(resolver: resolver, publicSuffixes: publicSuffixes).verify(
            identity, at: time)
        return Checked(result: result, evidence: resolver.evidence)
    }

    /// SPF, DKIM and DMARC of a message; signatures are judged as of `time`, or now.
    package func check(
        _ message: RawMessage, _ envelope: MessageEnvelope, asOf time: Timestamp? = nil
    ) async -> Checked<MessageVerification> {
        await check(
            message, envelope, on: limitedNames, asOf: time ?? clock(),
            trust: AuthenticationResultsTrust(trustedAuthservIDs))
    }

    func check(
        _ message: RawMessage, _ envelope: MessageEnvelope, on source: any EvidenceSource, asOf time: Timestamp,
        trust: AuthenticationResultsTrust
    ) async -> Checked<MessageVerification> {
        let resolver = EvaluationResolver(source)
        let verifier = MessageVerifier(
            resolver: resolver, publicSuffixes: publicSuffixes, keys: keys, trust: trust)
        // A long body keeps a processor busy: the caller's event loop has other connections.
        let result = await withTaskExecutorPreference(globalConcurrentExecutor) {
            await verifier.verify(message, envelope, asOf: time)
        }
        return Checked(result: result, evidence: resolver.evidence)
    }

    /// What the live name system says, but for evidence that is fresh enough.
    func evidence(keeping kept: [DNSEvidence], dmarcSince: Timestamp, othersSince: Timestamp) -> IdentityEvidence {
        IdentityEvidence(limitedNames, keeping: kept, dmarcSince: dmarcSince, othersSince: othersSince)
    }

    private var limitedNames: LimitedNames { LimitedNames(names, for: Self.timeMax, clock: clock) }
}

/// Recording: an entry of kind `verification`, and the evidence in the same transaction.
extension Verifications {
    /// Records the check of a message.
    ///
    /// - Parameter claimed: the facts that the caller gave, by name (``MessageEnvelope/claimed(withTime:)``).
    package func record(
        _ checked: Checked<MessageVerification>, _ envelope: MessageEnvelope, claimed: [String], phase: Phase,
        in ledger: StoredLedger, reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> Placed {
        let event = try VerificationEvent.message(
            checked.result, envelope, claimed: claimed, phase: phase, trusted: trustedAuthservIDs,
            evidence: checked.evidence, list: publicSuffixes)
        return try await append(event, checked.evidence, to: ledger, reporter: reporter, deadline: deadline)
    }

    /// Records a check by SPF alone.
    package func record(
        _ checked: Checked<SPFResult>, _ request: SPFRequest, message: MessageID?, in ledger: StoredLedger,
        reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> Placed {
        let event = try VerificationEvent.spf(checked.result, request, message: message, evidence: checked.evidence)
        return try await append(event, checked.evidence, to: ledger, reporter: reporter, deadline: deadline)
    }

    private func append(
        _ event: Event, _ evidence: [DNSEvidence], to ledger: StoredLedger, reporter: Reporter,
        deadline: ContinuousClock.Instant
    ) async throws -> Placed {
        let draft = try Draft(event, origin: ledger.origin, reporter: reporter, random: Random.bytes)
        let unit = AppendUnit([.init(draft, keys: ledger.keys)]) { _ in
            LedgerStore.keeping(evidence, of: ledger)
        }
        return try await store.append(unit, to: ledger, deadline: deadline)[0]
    }
}
