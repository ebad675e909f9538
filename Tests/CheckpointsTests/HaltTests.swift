import Checkpoints
import FoundationEssentials
import Ledger
import LedgerStore
import Postgres
import Testing

@Suite struct `A guard folder` {
    /// Takes everything from `size` on away, without a trace, and keeps it aside.
    private func setBack(_ test: SigningStore, to size: Int) async throws {
        try await test.asSuperuser(
            "CREATE TABLE public.heads AS SELECT * FROM countersign.heads WHERE size > \(literal: size)",
            "CREATE TABLE public.entries AS SELECT * FROM countersign.entries WHERE seq >= \(literal: size)",
            "DELETE FROM countersign.heads WHERE size > \(literal: size)",
            "DELETE FROM countersign.entries WHERE seq >= \(literal: size)",
            "DELETE FROM countersign.checkpoints WHERE size > \(literal: size)")
    }

    /// Appends so many entries, each committed by itself.
    private func appendEach(_ count: Int, to test: SigningStore) async throws {
        for _ in 0..<count { try await test.append() }
    }

    private func putBack(_ test: SigningStore) async throws {
        try await test.asSuperuser(
            "INSERT INTO countersign.heads SELECT * FROM public.heads",
            "INSERT INTO countersign.entries SELECT * FROM public.entries",
            "DROP TABLE public.heads, public.entries")
    }

    /// The halt as only the database knows it goes, as with a copy of the database that was never halted.
    private func forgetInDatabase(_ test: SigningStore) async throws {
        try await test.asSuperuser(
            "UPDATE countersign.ledgers SET halted = NULL, halted_size = NULL, halted_root = NULL")
    }

    @Test func `holds the first append of a process that has answered nothing`() async throws {
        try await SigningStore.run { test in
            try await appendEach(9, to: test)
            let signed = try await test.signer.sign(test.ledger, kept: false).checkpoint
            try await setBack(test, to: 4)
            try await test.withAnotherProcess { other async throws in
                await #expect(throws: StoreError(.halted, "")) { try await other.append() }
                #expect(try await other.store.head(of: other.ledger).size == 4, "no line was written")
                let reason = "the database has 4 entries, and the guard a signed checkpoint of 10"
                #expect(try await other.store.halt(of: other.ledger) == Halt(reason, expecting: signed))
            }
            #expect(test.folders.guards.halt(of: test.ledger.origin)?.expected == signed)
        }
    }

    @Test func `holds the first append over each new connection to what others have signed`() async throws {
        try await SigningStore.run { test in
            try await appendEach(3, to: test)
            try await test.withAnotherProcess { other async throws in
                try await appendEach(3, to: other)
                _ = try await other.signer.sign(other.ledger, kept: false)
                try await setBack(test, to: 4)
                // Exactly what this process answered is there: only the guard knows of more.
                try await test.asSuperuser(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'countersign append'
                    """)
                await #expect(throws: StoreError(.halted, "")) { try await test.append() }
                #expect(try await test.store.head(of: test.ledger).size == 4, "no line was written")
                #expect(try await test.store.halt(of: test.ledger)?.expected.size == 7)
            }
        }
    }

    @Test func `finds another history of the signed size`() async throws {
        try await SigningStore.run { test in
            try await appendEach(3, to: test)
            _ = try await test.signer.sign(test.ledger, kept: false)
            try await setBack(test, to: 2)
            let unfenced = LedgerStore(
                target: test.restrictedTarget, master: .success(test.master), observer: test.observations,
                lookPause: .seconds(3_600), clock: SigningStore.now)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { await unfenced.run() }
                let item = AppendUnit.Item(
                    try Draft(
                        Event(kind: .send, outcome: "sent"), origin: test.ledger.origin,
                        reporter: SigningStore.reporter, random: { [UInt8](repeating: 7, count: $0) }),
                    keys: test.ledger.keys)
                let unit = AppendUnit([item, item, item])
                _ = try await unfenced.append(unit, to: test.ledger, deadline: SigningStore.soon)
                tasks.cancelAll()
            }
            try await test.withAnotherProcess { other async throws in
                await #expect(throws: StoreError(.halted, "")) { try await other.append() }
                let reason = try await other.store.haltReason(of: other.ledger)
                #expect(reason == "the tree of 4 entries is not the one that was signed")
            }
        }
    }

    @Test func `keeps a ledger halted when its database goes back once more, until it holds again`() async throws {
        try await SigningStore.run { test in
            try await appendEach(3, to: test)
            _ = try await test.signer.sign(test.ledger, kept: false)
            try await appendEach(3, to: test)
            let head = try await test.store.head(of: test.ledger)
            try await setBack(test, to: 5)
            await #expect(throws: StoreError(.halted, "")) { try await test.append() }
            try await forgetInDatabase(test)
            try await test.withAnotherProcess { other async throws in
                await #expect(throws: StoreError(.halted, "")) { try await other.append() }
                #expect(try await other.store.head(of: other.ledger).size == 5)
                await #expect(throws: SigningFault.self) { try await other.signer.sign(other.ledger, kept: false) }
            }
            let check = RestoreCheck(store: test.store, guards: test.folders.guards)
            let answered = Checkpoint(origin: test.ledger.origin, size: 7, root: head.root)
            #expect(try await check.check(test.ledger) == .behind(answered, size: 5))
            #expect(try await check.expected(of: test.ledger).map(\.size) == [4, 7])

            try await putBack(test)
            try await forgetInDatabase(test)
            #expect(try await check.check(test.ledger) == .grown(answered, size: 7))
            // The database that was failed away from is known for what it is, though nothing stands in it.
            #expect(try await test.store.haltReason(of: test.ledger)?.hasPrefix("the database has 5 entries") == true)
            _ = try await test.store.resume(
                test.ledger, heldTo: answered, reporter: SigningStore.reporter, timeout: .seconds(20))
            #expect(try await test.store.halt(of: test.ledger) == nil)
            #expect(try await test.append().map(\.seq) == [8])
            _ = try await test.signer.sign(test.ledger, kept: false)
            try await test.requireIntact()
        }
    }

    @Test func `whose file of a halt cannot be read halts all the same`() async throws {
        try await SigningStore.run { test in
            let file = test.folders.guards.haltFile(of: test.ledger.origin)
            try Data("something else".utf8).write(to: URL(filePath: file))
            try await test.withAnotherProcess { other async throws in
                await #expect(throws: StoreError(.halted, "")) { try await other.append() }
            }
            #expect(try await test.store.haltReason(of: test.ledger)?.contains(file) == true)
        }
    }
}
