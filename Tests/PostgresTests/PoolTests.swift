import Postgres
import PostgresTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct `The pool` {
    private func makePool(_ size: Int, idleLimit: Duration = .seconds(300)) async throws -> ConnectionPool {
        ConnectionPool(target: try await TestCluster.shared.makeDatabase(), size: size, idleLimit: idleLimit)
    }

    /// Waits for what another task is about to bring about.
    private func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func `no more connections are lent than the pool's size`() async throws {
        let pool = try await makePool(3)
        let lent = Count()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    try await pool.withConnection(deadline: soon) { connection in
                        lent.add(1)
                        try await connection.query("SELECT pg_sleep(0.01)", deadline: soon)
                        lent.add(-1)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(lent.most == 3)
        #expect(pool.occupancy == (lent: 0, idle: 3, waiting: 0))
        await pool.close()
        #expect(pool.occupancy == (lent: 0, idle: 0, waiting: 0))
    }

    @Test func `forty connections can wait for the server at the same time`() async throws {
        let pool = try await makePool(40)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    _ = try await pool.withConnection(deadline: soon) { connection in
                        // Each waits at the server until all are there.
                        try await connection.query(
                            """
                            DO $$ BEGIN
                                PERFORM pg_advisory_lock_shared(1);
                                WHILE (SELECT count(*) FROM pg_locks JOIN pg_database AS d ON d.oid = database
                                    WHERE locktype = 'advisory' AND datname = current_database()) < 40
                                LOOP PERFORM pg_sleep(0.02); END LOOP;
                            END $$
                            """, deadline: soon)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(pool.occupancy == (lent: 0, idle: 40, waiting: 0))
    }

    @Test func `a copy runs on a lent connection, where the borrower runs`() async throws {
        let pool = try await makePool(1)
        var bytes = 0
        try await pool.withConnection(deadline: soon) { connection in
            try await connection.copyOut("COPY (SELECT 'x') TO STDOUT", timeout: .seconds(60)) { bytes += $0.count }
        }
        #expect(bytes == 2)
    }

    @Test func `a connection is kept for the next borrower`() async throws {
        let pool = try await makePool(3)
        var processes: Set<Int32> = []
        for _ in 0..<5 {
            processes.insert(try await pool.withConnection(deadline: soon) { await $0.serverProcessID })
        }
        #expect(processes.count == 1)
    }

    @Test func `waiters are served in the order they came`() async throws {
        let pool = try await makePool(1)
        let served = Count()
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await pool.withConnection(deadline: soon) { _ in
                for n in 0..<10 {
                    group.addTask {
                        try await pool.withConnection(deadline: soon) { _ in #expect(served.add(1) == n + 1) }
                    }
                    try await until { pool.occupancy.waiting == n + 1 }
                }
            }
            try await group.waitForAll()
        }
        #expect(served.most == 10)
    }

    @Test func `a waiter goes away at its deadline, and its place with it`() async throws {
        let pool = try await makePool(1)
        try await pool.withConnection(deadline: soon) { _ in
            let start = ContinuousClock.now
            await #expect(throws: PostgresError(.timedOut, "")) {
                try await pool.withConnection(deadline: .now + .milliseconds(50)) { _ in }
            }
            #expect(ContinuousClock.now - start >= .milliseconds(50))
            #expect(pool.occupancy == (lent: 1, idle: 0, waiting: 0))
        }
        #expect(try await pool.withConnection(deadline: soon) { await $0.isUsable })
    }

    @Test func `a cancelled waiter goes away at once, and its place with it`() async throws {
        let pool = try await makePool(1)
        try await pool.withConnection(deadline: soon) { _ in
            let waiter = Task { try await pool.withConnection(deadline: soon) { _ in } }
            try await until { pool.occupancy.waiting == 1 }
            waiter.cancel()
            await #expect(throws: PostgresError(.cancelled, "")) { try await waiter.value }
            let early = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                try await pool.withConnection(deadline: soon) { _ in }
            }
            await #expect(throws: PostgresError(.cancelled, "")) { try await early.value }
            #expect(pool.occupancy == (lent: 1, idle: 0, waiting: 0))
        }
        #expect(try await pool.withConnection(deadline: soon) { await $0.isUsable })
    }

    @Test func `no slot is lost however waiters are cancelled`() async throws {
        let pool = try await makePool(2)
        await withTaskGroup(of: Void.self) { group in
            for n in 0..<200 {
                group.addTask {
                    let borrower = Task {
                        try await pool.withConnection(deadline: .now + .milliseconds(5 + n % 20)) {
                            try await $0.query("SELECT 1", deadline: soon)
                        }
                    }
                    if n % 3 == 0 {
                        try? await Task.sleep(for: .microseconds(n * 50))
                        borrower.cancel()
                    }
                    _ = await borrower.result
                }
            }
        }
        #expect(pool.occupancy.lent == 0)
        #expect(pool.occupancy.waiting == 0)
        try await pool.withConnection(deadline: soon) { _ in
            try await pool.withConnection(deadline: soon) { try await $0.query("SELECT 1", deadline: soon) }
        }
    }

    @Test func `a broken connection is replaced`() async throws {
        let pool = try await makePool(1)
        await #expect(throws: PostgresError(.timedOut, "")) {
            try await pool.withConnection(deadline: soon) {
                try await $0.query("SELECT pg_sleep(60)", deadline: .now + .milliseconds(500))
            }
        }
        #expect(pool.occupancy == (lent: 0, idle: 0, waiting: 0))
        #expect(try await pool.withConnection(deadline: soon) { await $0.isUsable })
    }

    @Test func `a connection that the server ended while idle is replaced unseen`() async throws {
        let pool = try await makePool(1)
        let process = try await pool.withConnection(deadline: soon) { await $0.serverProcessID }
        try await connect().end(process)
        try await Task.sleep(for: .milliseconds(1100))
        let next = try await pool.withConnection(deadline: soon) { connection in
            try await connection.query("SELECT 1", deadline: soon)
            return await connection.serverProcessID
        }
        #expect(next != process)
    }

    @Test func `a connection left in a transaction is rolled back`() async throws {
        let pool = try await makePool(1)
        let process = try await pool.withConnection(deadline: soon) { connection in
            try await connection.execute(script: "CREATE TABLE t (n int8)", deadline: soon)
            try await connection.pipeline(["BEGIN", "INSERT INTO t VALUES (1)"], deadline: soon)
            return await connection.serverProcessID
        }
        try await pool.withConnection(deadline: soon) { connection in
            #expect(await connection.serverProcessID == process)
            #expect(await !connection.isInTransaction)
            let rows = try await connection.query("SELECT count(*) FROM t", deadline: soon)
            #expect(try rows.one().id(0) == 0)
        }
    }

    @Test func `a server that cannot be reached costs no slot`() async throws {
        let pool = ConnectionPool(
            target: ConnectionTarget(host: "/tmp/no-such-folder", database: "x", user: "x"), size: 1)
        for _ in 0..<3 {
            await #expect(throws: PostgresError(.connectionFailed, "")) {
                try await pool.withConnection(deadline: soon) { _ in }
            }
        }
        #expect(pool.occupancy == (lent: 0, idle: 0, waiting: 0))
    }

    @Test func `idle connections are closed in time`() async throws {
        let pool = try await makePool(2, idleLimit: .milliseconds(40))
        let service = Task { await pool.run() }
        try await pool.withConnection(deadline: soon) { _ in }
        try await until { pool.occupancy.idle == 0 }
        try await pool.withConnection(deadline: soon) { _ in }
        service.cancel()
        await service.value
        await #expect(throws: PostgresError(.closed, "")) { try await pool.withConnection(deadline: soon) { _ in } }
    }

    @Test func `a closed pool refuses its waiters and takes back what is lent`() async throws {
        let pool = try await makePool(1)
        var borrowed: Connection?
        try await pool.withConnection(deadline: soon) { connection in
            borrowed = connection
            let waiter = Task { try await pool.withConnection(deadline: soon) { _ in } }
            try await until { pool.occupancy.waiting == 1 }
            await pool.close()
            await #expect(throws: PostgresError(.closed, "")) { try await waiter.value }
            #expect(try await connection.query("SELECT 1", deadline: soon).count == 1)
        }
        #expect(await borrowed?.isUsable == false)
        #expect(pool.occupancy == (lent: 0, idle: 0, waiting: 0))
    }
}

/// A number that several tasks change, and the most it has been.
private final class Count: Sendable {
    private let now = Atomic(0)
    private let highest = Atomic(0)
    var most: Int { highest.load(ordering: .relaxed) }

    @discardableResult
    func add(_ difference: Int) -> Int {
        let value = now.add(difference, ordering: .relaxed).newValue
        highest.max(value, ordering: .relaxed)
        return value
    }
}
