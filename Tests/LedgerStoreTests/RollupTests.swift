import Ledger
import Postgres
import PostgresTesting
import Testing

@testable import LedgerStore

@Suite struct `Rollups that lag` {
    @Test func `what a short-lived instance has appended is counted before it ends`() async throws {
        try await TestStore.run { test in
            // A ledger that the first instance knows nothing of, and so will not count.
            let origin = try Origin("acme.example/made-by-a-command")
            var ledgerID: Int64 = 0
            try await test.withSecondInstance { other in
                ledgerID = try await other.store.createLedger(
                    origin, reporter: Reporter(id: "command", via: .operator), deadline: TestStore.soon
                ).ledger.id
            }
            let reader = try await Connection.open(
                TestCluster.shared.target(database: test.target.database ?? ""), deadline: TestStore.soon)
            let counted = try await reader.query(
                "SELECT seq FROM countersign.watermarks WHERE ledger_id = \(ledgerID)", deadline: TestStore.soon)
            await reader.close()
            #expect(try counted.one().int(0, in: Entry.seqs) == 1)
        }
    }
}
