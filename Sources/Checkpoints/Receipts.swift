import Cryptography
import Ledger
package import LedgerStore

/// Hands out receipts: proofs that an entry stands in a tree that the ledger's key has signed.
package struct Receipts: Sendable {
    /// The most entries of one request that get receipts.
    package static let countMax = 100

    private let store: LedgerStore
    private let rounds: SigningRounds?

    /// - Parameter rounds: what signs when a receipt needs it; nil where this instance does not sign.
    package init(store: LedgerStore, rounds: SigningRounds?) {
        self.store = store
        self.rounds = rounds
    }

    /// The receipt of the entry at `seq`; nil where the ledger has no such entry.
    ///
    /// - Throws: `StoreError` `.notSigned` where no checkpoint covers the entry and none can be signed here and now.
    package func receipt(of ledger: StoredLedger, seq: Int) async throws(StoreError) -> Receipt? {
        guard let entry = try await store.entry(of: ledger, seq: seq, disclosures: false) else { return nil }
        return try await receipt(of: ledger, seq: seq, leafHash: entry.leafHash)
    }

    /// The receipts of entries that were appended a moment ago, all under one checkpoint.
    package func receipts(of ledger: StoredLedger, _ places: [Placed]) async throws(StoreError) -> [Receipt] {
        guard let last = places.map(\.seq).max() else { return [] }
        // What was replayed may be covered already; what is new cannot be.
        let published =
            places.allSatisfy(\.replayed)
            ? try await checkpoint(of: ledger, covering: last) : try await sign(ledger, covering: last)
        var receipts: [Receipt] = []
        for place in places {
            receipts.append(try await receipt(of: ledger, seq: place.seq, leafHash: place.leafHash, published))
        }
        return receipts
    }

    private func receipt(
        of ledger: StoredLedger, seq: Int, leafHash: Digest
    ) async throws(StoreError) -> Receipt {
        try await receipt(
            of: ledger, seq: seq, leafHash: leafHash, checkpoint(of: ledger, covering: seq))
    }

    private func receipt(
        of ledger: StoredLedger, seq: Int, leafHash: Digest, _ published: PublishedCheckpoint
    ) async throws(StoreError) -> Receipt {
        let checkpoint = published.checkpoint
        guard let proof = try await store.inclusionProof(of: ledger, seq: seq, size: checkpoint.size),
            proof.verify(
                leafHash: leafHash, index: UInt64(seq), size: UInt64(checkpoint.size), root: checkpoint.root)
                == .included
        else {
            // Nobody is given a receipt that does not hold.
            throw StoreError(.internal, "the stored tree does not lead to the signed root; run `countersign verify`")
        }
        return Receipt(TlogProof(index: seq, proof: proof, checkpoint: published.note), under: published)
    }

    /// A checkpoint that covers the entry, and is kept.
    private func checkpoint(
        of ledger: StoredLedger, covering seq: Int
    ) async throws(StoreError) -> PublishedCheckpoint {
        if let best = try await store.bestCheckpoint(of: ledger, covering: seq) {
            if best.isKept { return best }
            // Otherwise the next one may have pushed it out a moment ago.
            if try await store.keepCheckpoint(of: ledger, size: best.size) { return best }
        }
        return try await sign(ledger, covering: seq)
    }

    private func sign(_ ledger: StoredLedger, covering seq: Int) async throws(StoreError) -> PublishedCheckpoint {
        guard let rounds else { throw StoreError.notSigned("this instance does not sign") }
        do throws(SigningFault) {
            let signed = try await rounds.sign(ledger)
            guard signed.size > seq else { throw SigningFault(.unavailable, "the entry is not committed") }
            return signed
        } catch {
            throw StoreError.notSigned(error.code.rawValue)
        }
    }
}

extension StoreError {
    fileprivate static func notSigned(_ reason: String) -> StoreError {
        StoreError(
            .notSigned, "no signed checkpoint covers the entry yet (\(reason)); ask again in some seconds",
            committed: nil)
    }
}
