import Postgres
import PostgresTesting
import Testing

@Suite struct `The pool` {
    @Test func `no more connections are lent than the pool's size`() async throws {
        let pool = ConnectionPool(target: try await TestCluster.shared.makeDatabase(), size: 3)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    try await pool.withConnection(deadline: soon) { connection in
                        try await connection.query("SELECT pg_sleep(0.01)", deadline: soon)
                        return pool.occupancy.lent + pool.occupancy.idle
                    }
                }
            }
            for try await open in group { #expect(open <= 3) }
        }
        #expect(pool.occupancy == (lent: 0, idle: 3, waiting: 0))
        await pool.close()
    }
}
