import Checkpoints
import Cryptography
import FoundationEssentials
import Ledger
import LedgerStore
import Observation
import Postgres
import Testing

@Suite struct `A signer` {
    @Test func `signs what grew, each tree once, and keeps what it signed in the guard`() async throws {
        try await SigningStore.run { test in
            let first = try await test.signer.sign(test.ledger, kept: false)
            #expect(first.size == 1)
            try await test.append(300)
            let second = try await test.signer.sign(test.ledger, kept: true)
            #expect(second.size == 301)
            #expect(try await test.signer.sign(test.ledger, kept: true).note == second.note)
            let head = try await test.store.head(of: test.ledger)
            let trusted = try TrustedCheckpoint(second.note, log: try await test.keys())
            #expect(trusted.checkpoint.root == head.root)
            #expect(try test.folders.guards.record(of: test.ledger.origin)?.note == second.note)
            #expect(try await test.store.checkpoint(of: test.ledger)?.note == second.note)
            #expect(try await test.store.checkpoint(of: test.ledger, size: 1) == nil, "nobody kept it")
            try await test.requireIntact()
        }
    }

    @Test func `is named in entry 0`() async throws {
        try await SigningStore.run { test in
            let line = try #require(try await test.store.entry(of: test.ledger, seq: 0, disclosures: false)).line
            let entry = try Entry(line: Array(line.utf8))
            let key = try test.folders.keys.keys(of: test.ledger.origin)?.first?.key.vkey
            #expect(entry.json["data"]?["key"]?.text == key)
        }
    }

    @Test func `halts a ledger that lost signed entries, and nothing is appended any more`() async throws {
        try await SigningStore.run { test in
            try await test.append(9)
            _ = try await test.signer.sign(test.ledger, kept: false)
            try await test.asSuperuser(
                "DELETE FROM countersign.heads WHERE size > 1", "DELETE FROM countersign.entries WHERE seq > 0")
            await #expect(throws: SigningFault.self) { try await test.signer.sign(test.ledger, kept: false) }
            await #expect(throws: StoreError(.halted, "")) { try await test.append() }
            #expect(test.observations.all.contains { if case .ledgerHalted(_, _) = $0 { true } else { false } })
            let check = RestoreCheck(store: test.store, guards: test.folders.guards)
            guard case .behind(let known, let size) = try await check.check(test.ledger) else {
                Issue.record("not behind")
                return
            }
            #expect((known.size, size) == (10, 1))
        }
    }

    @Test func `halts a ledger whose lines are not those of its head`() async throws {
        try await SigningStore.run { test in
            _ = try await test.signer.sign(test.ledger, kept: false)
            try await test.append(4)
            try await test.asSuperuser(
                "UPDATE countersign.entries SET line = replace(line, 'sent', 'held') WHERE seq = 3")
            do throws(SigningFault) {
                _ = try await test.signer.sign(test.ledger, kept: false)
                Issue.record("it signed")
            } catch {
                #expect(error.code == .halted)
            }
        }
    }

    @Test func `believes no stored hash`() async throws {
        try await SigningStore.run { test in
            _ = try await test.signer.sign(test.ledger, kept: false)
            try await test.append(300)
            // Neither tiles nor leaf hashes are read, so what stands in them changes no signature.
            try await test.asSuperuser(
                "UPDATE countersign.entries SET leaf_hash = sha256('x') WHERE seq = 7",
                "UPDATE countersign.tiles SET root = sha256('x')")
            let signed = try await test.signer.sign(test.ledger, kept: false)
            #expect(try await test.store.head(of: test.ledger).root == signed.checkpoint.root)
        }
    }

    @Test func `finds before anything is served that a database was set back`() async throws {
        try await SigningStore.run { test in
            try await test.append(9)
            _ = try await test.signer.sign(test.ledger, kept: false)
            #expect(try await test.signer.examine(test.ledger)?.size == 10)
            try await test.asSuperuser("UPDATE countersign.heads SET root = sha256('x') WHERE size = 10")
            await #expect(throws: SigningFault.self) { try await test.signer.examine(test.ledger) }
            #expect(try await test.store.haltReason(of: test.ledger) != nil)
        }
    }

    @Test func `lets a halted ledger go on once it holds again, and records that`() async throws {
        try await SigningStore.run { test in
            try await test.append(3)
            let signed = try await test.signer.sign(test.ledger, kept: false)
            try await test.store.halt(test.ledger, "a reason")
            await #expect(throws: StoreError(.halted, "")) { try await test.append() }
            let check = RestoreCheck(store: test.store, guards: test.folders.guards)
            #expect(try await check.check(test.ledger) == .grown(signed.checkpoint, size: 4))
            let placed = try await test.store.resume(
                test.ledger, heldTo: signed.checkpoint, reporter: SigningStore.reporter, timeout: .seconds(20)
            ).placed
            #expect(placed.seq == 4)
            try await test.append()
            try await test.requireIntact()
        }
    }

    @Test func `without the ledger's key, or without a guard, signs nothing`() async throws {
        try await SigningStore.run { test in
            let (key, mark) = (
                test.folders.keys.file(of: test.ledger.origin), test.folders.guards.file(of: test.ledger.origin)
            )
            try FileManager.default.moveItem(atPath: mark, toPath: mark + ".away")
            await #expect(throws: SigningFault.self) { try await test.signer.sign(test.ledger, kept: false) }
            try FileManager.default.moveItem(atPath: mark + ".away", toPath: mark)
            try FileManager.default.removeItem(atPath: key)
            _ = try test.folders.keys.makeKey(of: test.ledger.origin)
            do throws(SigningFault) {
                _ = try await test.signer.sign(test.ledger, kept: false)
                Issue.record("it signed with a key that no entry names")
            } catch {
                #expect(error.code == .keyMissing)
            }
            try FileManager.default.removeItem(atPath: key)
            #expect(!test.signer.hasKey(of: test.ledger))
            #expect(try await test.store.checkpoint(of: test.ledger) == nil)
        }
    }

    @Test func `beside others never signs two histories`() async throws {
        try await SigningStore.run { test in
            try await withThrowingTaskGroup(of: [PublishedCheckpoint].self) { tasks in
                for _ in 0..<4 {
                    tasks.addTask {
                        var signed: [PublishedCheckpoint] = []
                        for _ in 0..<8 {
                            try await test.append(3)
                            signed.append(try await test.signer.sign(test.ledger, kept: true))
                        }
                        return signed
                    }
                }
                var all: [Int: PublishedCheckpoint] = [:]
                for try await signed in tasks {
                    for each in signed {
                        #expect(all.updateValue(each, forKey: each.size)?.note ?? each.note == each.note)
                    }
                }
                for each in all.values {
                    let root = try await test.store.root(of: test.ledger, size: each.size)
                    #expect(root == each.checkpoint.root)
                }
            }
            try await test.requireIntact()
        }
    }
}
