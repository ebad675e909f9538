import LedgerStore
import Postgres
import PostgresTesting
import Testing

@Suite struct `A read whose connection died` {
    @Test func `is done again on another one, as often as there are dead ones`() async throws {
        try await TestStore.run { test in
            try await withThrowingTaskGroup(of: Void.self) { readers in
                for _ in 0..<8 { readers.addTask { _ = try await test.store.head(of: test.ledger) } }
                try await readers.waitForAll()
            }
            let superuser = try await Connection.open(
                TestCluster.shared.target(database: test.target.database ?? ""), deadline: TestStore.soon)
            _ = try await superuser.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'countersign read'
                """, deadline: TestStore.soon)
            await superuser.close()
            #expect(try await test.store.head(of: test.ledger).size == 1)
        }
    }
}
