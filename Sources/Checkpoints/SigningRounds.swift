package import LedgerStore

/// Signs on demand, many callers at once with one signature: who comes while a ledger is being signed waits for the
/// next round, for the one under way may have read the head before the caller's entry was there.
package actor SigningRounds {
    private let signer: CheckpointSigner
    /// Who waits for the next round, by ledger; a ledger is here while a round of it is under way.
    private var waiting: [Int64: [CheckedContinuation<Turn, Never>]] = [:]

    /// What became of who waited.
    private enum Turn {
        /// The round that it waited for is over.
        case over(Result<PublishedCheckpoint, SigningFault>)
        /// The round that it waited for is its own to run.
        case lead
    }

    package init(_ signer: CheckpointSigner) { self.signer = signer }

    /// A published checkpoint that covers all entries committed before the call. It is kept.
    package func sign(_ ledger: StoredLedger) async throws(SigningFault) -> PublishedCheckpoint {
        if waiting[ledger.id] == nil {
            waiting[ledger.id] = []
        } else {
            let turn = await withCheckedContinuation { waiting[ledger.id, default: []].append($0) }
            if case .over(let result) = turn { return try result.get() }
        }
        let others = waiting[ledger.id] ?? []
        waiting[ledger.id] = []
        let result: Result<PublishedCheckpoint, SigningFault>
        do throws(SigningFault) {
            result = .success(try await signer.sign(ledger, kept: true))
        } catch {
            result = .failure(error)
        }
        for other in others { other.resume(returning: .over(result)) }
        if var next = waiting[ledger.id], !next.isEmpty {
            next.removeFirst().resume(returning: .lead)
            waiting[ledger.id] = next
        } else {
            waiting[ledger.id] = nil
        }
        return try result.get()
    }
}
