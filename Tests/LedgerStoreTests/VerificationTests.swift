import LedgerStore
import Postgres
import PostgresTesting
import Testing

@Suite struct Verification {
    private func send(_ number: Int) -> String {
        #"""
        {"kind":"send","outcome":"sent","message_id":"<m\#(number)@acme.example>","sender":"billing@acme.example",
         "idempotency_key":"k\#(number)",
         "personal":{"recipient":"p\#(number % 40)@example.test","subject":"No. \#(number)"},
         "data":{"links":[{"id":"l\#(number % 7)","rel":"approval"}]}}
        """#
    }

    /// A session past rights and triggers, as a superuser has it.
    private func tamper(_ test: TestStore, _ statement: Statement) async throws {
        var target = test.target
        target.set("role", to: "none")
        target.set("session_replication_role", to: "replica")
        let connection = try await Connection.open(target, deadline: TestStore.soon)
        try await connection.query(statement, deadline: TestStore.soon)
        await connection.close()
    }

    private func append(_ test: TestStore, _ numbers: Range<Int>) async throws {
        for number in numbers { try await test.append(send(number)) }
    }

    @Test func `a ledger that grows meanwhile is intact, whole and from each size on`() async throws {
        try await TestStore.run { test in
            try await append(test, 0..<60)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await self.append(test, 60..<260) }
                for since in [0, 0, 1, 30, 59, 0] {
                    let report = try await test.store.verify(test.ledger, VerificationOptions(since: since))
                    #expect(report.isIntact, "\(since): \(report.findings)")
                    #expect(report.size >= 60)
                }
                try await tasks.waitForAll()
            }
        }
    }

    @Test(arguments: [("keys", "first_seq", "key"), ("entry_keys", "seq", "entry_key")])
    func `a row that points elsewhere is named by the entry that misses it`(
        table: String, column: String, check: String
    ) async throws {
        try await TestStore.run { test in
            try await append(test, 0..<20)
            let table: Statement = "UPDATE countersign.\(unescaped: table) SET \(unescaped: column) ="
            try await tamper(test, "\(fragment: table) 999 WHERE \(unescaped: column) = 7")
            for (since, isSeen) in [(0, true), (5, true), (8, false)] {
                let report = try await test.store.verify(test.ledger, VerificationOptions(since: since))
                let named = report.findings.filter { $0.check.name == check }
                #expect(!named.isEmpty == isSeen && named.allSatisfy { $0.seq == 7 }, "\(since): \(report.findings)")
                #expect(report.findings.contains { $0.check == .orphan } == (since == 0))
            }
            try await tamper(test, "\(fragment: table) 7 WHERE \(unescaped: column) = 999")
        }
    }
}
