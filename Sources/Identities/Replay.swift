import Cryptography
package import Ledger
package import LedgerStore
package import MailAuthentication

/// A recorded check, run again on the evidence that was kept of it.
package struct Replay: Sendable {
    /// The engine that made the entry, and that of this binary: another one may judge otherwise.
    package let recordedEngine: String
    package let engine = VerificationEngine.version
    /// Whether the list of public suffixes is the one of the first check; true where that needed none.
    package let hasSameList: Bool
    /// The facts that the caller of the first check gave, by name: the replay takes his word again.
    package let claimed: [String]
    /// What came out now.
    package let result: JSONValue
    /// Whether that is what was recorded, byte for byte.
    package let isIdentical: Bool
    /// Questions that were not asked the first time.
    package let missing: [Question]
    /// How many of the entry's pieces of evidence the ledger does not keep, or not as they were.
    package let lostCount: Int
}

extension Verifications {
    /// Runs the check that entry `seq` records again, on its evidence.
    ///
    /// - Parameter message: the bytes of the message, for the check of one: the ledger does not keep them.
    /// - Throws: `Refusal` if the entry is no check of the service's, or the message another one; `notFound` if there
    ///   is no such entry or what was sealed in it was erased.
    package func replay(_ seq: Int, message: RawMessage?, in ledger: StoredLedger) async throws -> Replay {
        guard let stored = try await store.entry(of: ledger, seq: seq, disclosures: true) else {
            throw StoreError(.notFound, "the ledger has no entry with this seq")
        }
        let recorded = try RecordedCheck(stored)
        let evidence = try await store.dnsEvidence(recorded.evidence.compactMap { Digest(hex: $0) }, of: ledger)
        let source = KeptEvidence(evidence, at: recorded.time)
        let result = try await run(recorded, message, on: source)
        return Replay(
            recordedEngine: recorded.engine,
            hasSameList: recorded.list == nil || recorded.list == publicSuffixes?.digest.hex,
            claimed: recorded.claimed, result: result,
            isIdentical: CanonicalWriter.bytes(of: result) == CanonicalWriter.bytes(of: recorded.result),
            missing: source.missing, lostCount: recorded.evidence.count - evidence.count)
    }

    private func run(
        _ recorded: RecordedCheck, _ message: RawMessage?, on source: KeptEvidence
    ) async throws -> JSONValue {
        switch recorded.subject {
        case .identity(let identity):
            return await check(identity, on: source, at: recorded.time).result.json
        case .spf(let request, let scope):
            return await SPFEvaluator(resolver: EvaluationResolver(source)).evaluate(request, scope: scope).json
        case .message(let envelope, let rawDigest, let trust):
            guard var message else {
                throw Refusal(
                    .invalidParameter, "the check of a message is repeated on its bytes: send them as message/rfc822")
            }
            guard SHA256.digest(message.bytes).hex == rawDigest else {
                throw Refusal(.invalidParameter, "the body is not the message that was checked: its SHA-256 differs")
            }
            // The same mail may have come with other line ends the first time.
            message.hasRestoredLineEnds = recorded.result["message"]?["line_endings"] != nil
            return await check(message, envelope, on: source, asOf: recorded.time, trust: trust).result.json
        }
    }
}
