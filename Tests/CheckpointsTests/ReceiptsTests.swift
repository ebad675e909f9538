import Checkpoints
import Cryptography
import Ledger
import LedgerStore
import Postgres
import Testing

@Suite struct `The desk that hands out receipts` {
    @Test func `of many at once all prove their entries, under few checkpoints that stay`() async throws {
        try await SigningStore.run { test in
            let receipts = Receipts(store: test.store, rounds: SigningRounds(test.signer))
            let keys = try await test.keys()
            let sizes = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for _ in 0..<40 {
                    tasks.addTask {
                        let placed = try await test.append()
                        let receipt = try #require(try await receipts.receipts(of: test.ledger, placed).first)
                        let read = try TlogProof(receipt.proof.bytes)
                        guard case .proved(let trusted) = read.verify(leafHash: placed[0].leafHash, log: keys) else {
                            Issue.record("the receipt of entry \(placed[0].seq) proves nothing")
                            return 0
                        }
                        #expect(receipt.assurance == .signed)
                        return trusted.checkpoint.size
                    }
                }
                return try await tasks.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(sizes.count < 40)
            for size in sizes { #expect(try await test.store.checkpoint(of: test.ledger, size: size) != nil) }
            try await test.requireIntact()
        }
    }

    @Test func `are had without a signature where a checkpoint covers the entry, and refused where none does`()
        async throws
    {
        try await SigningStore.run { test in
            let receipts = Receipts(store: test.store, rounds: nil)
            try await test.append(2)
            await #expect(throws: StoreError(.notSigned, "")) { try await receipts.receipt(of: test.ledger, seq: 1) }
            _ = try await test.signer.sign(test.ledger, kept: false)
            let receipt = try #require(try await receipts.receipt(of: test.ledger, seq: 1))
            #expect(receipt.proof.index == 1)
            #expect(try await receipts.receipt(of: test.ledger, seq: 9) == nil)
        }
    }

    @Test func `that would not hold are given to nobody`() async throws {
        try await SigningStore.run { test in
            try await test.append(300)
            _ = try await test.signer.sign(test.ledger, kept: false)
            try await test.asSuperuser(
                "UPDATE countersign.tiles SET root = sha256('x'), hashes = set_byte(hashes, 40, 1)")
            let receipts = Receipts(store: test.store, rounds: nil)
            await #expect(throws: StoreError(.internal, "")) { try await receipts.receipt(of: test.ledger, seq: 290) }
        }
    }
}
