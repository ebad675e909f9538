import Ledger
import LedgerStore
import Observation
import Postgres
import PostgresTesting
import Testing

/// A standby that was promoted without all that was answered, or a snapshot that was put back: played by a superuser
/// who takes the end away, without a trace.
@Suite struct `A database that goes back` {
    private static let entry = #"{"kind":"send","outcome":"sent"}"#
    private static let columns = ["heads": "size - 1", "entries": "seq", "entry_keys": "seq", "keys": "first_seq"]

    /// Runs statements that no trigger and no right holds back.
    private func asSuperuser(_ test: TestStore, _ statements: [Statement]) async throws {
        var target = test.target
        target.set("role", to: "none")
        target.set("session_replication_role", to: "replica")
        let connection = try await Connection.open(target, deadline: TestStore.soon)
        for statement in statements { _ = try await connection.query(statement, deadline: TestStore.soon) }
        await connection.close()
    }

    /// Takes everything from `size` on away, and keeps it aside. What counts entries begins anew.
    private func setBack(_ test: TestStore, to size: Int) async throws {
        let moves: [[Statement]] = Self.columns.map { table, column in
            [
                """
                CREATE TABLE public.\(identifier: table) AS
                SELECT * FROM countersign.\(identifier: table) WHERE \(unescaped: column) >= \(literal: size)
                """,
                "DELETE FROM countersign.\(identifier: table) WHERE \(unescaped: column) >= \(literal: size)",
            ]
        }
        try await asSuperuser(
            test,
            moves.flatMap(\.self) + [
                "DELETE FROM countersign.rollups", "DELETE FROM countersign.daily_rollups",
                "UPDATE countersign.watermarks SET seq = 0",
            ])
    }

    private func putBack(_ test: TestStore) async throws {
        try await asSuperuser(
            test,
            Self.columns.keys.map { table in
                "INSERT INTO countersign.\(identifier: table) SELECT * FROM public.\(identifier: table)"
            })
    }

    /// The tree as it is now.
    private func tree(_ test: TestStore) async throws -> Checkpoint {
        let head = try await test.store.head(of: test.ledger)
        return Checkpoint(origin: test.ledger.origin, size: head.size, root: head.root)
    }

    private func expectHalted(_ test: TestStore, _ reason: String, expecting tree: Checkpoint) async throws {
        let size = try await test.store.head(of: test.ledger).size
        await #expect(throws: StoreError(.halted, "")) { try await test.append(Self.entry) }
        #expect(try await test.store.head(of: test.ledger).size == size, "no line was written")
        #expect(try await test.store.halt(of: test.ledger) == Halt(reason, expecting: tree))
        #expect(test.observations.all.contains { if case .ledgerHalted(_, _) = $0 { true } else { false } })
    }

    @Test(arguments: [false, true])
    func `is halted before a line is written, over the old connection and over a new one`(isNew: Bool) async throws {
        try await TestStore.run { test in
            for _ in 0..<6 { try await test.append(Self.entry) }
            let answered = try await tree(test)
            try await setBack(test, to: 4)
            if isNew {
                try await asSuperuser(
                    test,
                    [
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()
                        """
                    ])
            }
            try await expectHalted(
                test, "the database has 4 entries, and 7 were answered by this process", expecting: answered)
            // Whoever comes next is told so by the database.
            try await test.withSecondInstance { other in
                await #expect(throws: StoreError(.halted, "")) { try await other.append(Self.entry) }
            }
            try await putBack(test)
            _ = try await test.store.resume(
                test.ledger, heldTo: answered, reporter: TestStore.operatorReporter, timeout: .seconds(20))
            #expect(try await test.append(Self.entry).map(\.seq) == [8])
        }
    }

    @Test func `and was written to by somebody else since is halted all the same`() async throws {
        try await TestStore.run { test in
            for _ in 0..<6 { try await test.append(Self.entry) }
            let answered = try await tree(test)
            try await setBack(test, to: 4)
            // A process that answered nothing cannot know.
            try await test.withSecondInstance { other in for _ in 0..<5 { try await other.append(Self.entry) } }
            #expect(try await test.store.head(of: test.ledger).size == 9)
            try await expectHalted(
                test, "entry 6 is another one than this process answered", expecting: answered)
        }
    }

    @Test func `by entries of other processes is halted for what those answered as well`() async throws {
        try await TestStore.run { test in
            for _ in 0..<3 { try await test.append(Self.entry) }
            try await test.withSecondInstance(lookPause: .milliseconds(500)) { other in
                for _ in 0..<3 { try await other.append(Self.entry) }
                let answered = try await tree(test)
                try await setBack(test, to: 2)
                await #expect(throws: StoreError(.halted, "")) { try await test.append(Self.entry) }
                // Nobody asks the other one anything; it looks by itself.
                let deadline = TestStore.soon
                while try await test.store.halt(of: test.ledger)?.expected != answered, .now < deadline {
                    try await Task.sleep(for: .milliseconds(200))
                }
                #expect(try await test.store.halt(of: test.ledger)?.expected == answered)
                try await putBack(test)
            }
        }
    }

    @Test func `by a commit without an answer alone goes on, and one that has it does too`() async throws {
        try await TestStore.run(throughProxy: true) { test in
            let proxy = try #require(test.proxy)
            try await test.append(Self.entry)
            for isThere in [false, true] {
                let before = try await tree(test)
                // The answer is lost, and nobody has the time to ask what became of it.
                proxy.cutOnce(.afterCommit, thenRefusing: true)
                let unit = try test.unit([Self.entry])
                let error = await #expect(throws: StoreError.self) {
                    _ = try await test.store.append(unit, to: test.ledger, deadline: .now + .seconds(1))
                }
                #expect(error?.committed == .unknown)
                proxy.admit()
                if !isThere { try await setBack(test, to: before.size) }
                let placed = try await test.append(Self.entry)
                #expect(placed.map(\.seq) == [before.size + (isThere ? 1 : 0)])
                #expect(try await test.store.halt(of: test.ledger) == nil)
            }
        }
    }
}
