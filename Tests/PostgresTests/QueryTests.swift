import Postgres
import PostgresTesting
import Testing

/// A connection to a new database; every test has its own.
func connect(_ change: (inout ConnectionTarget) -> Void = { _ in }) async throws -> Connection {
    var target = try await TestCluster.shared.makeDatabase()
    change(&target)
    return try await Connection.open(target, deadline: soon)
}

/// Long enough for anything that is meant to succeed.
var soon: ContinuousClock.Instant { .now + .seconds(60) }

@Suite struct `Queries` {
    @Test func `rows are read by position and by name`() async throws {
        let connection = try await connect()
        let rows = try await connection.query(
            "SELECT n, 'row ' || n AS \"Text\" FROM generate_series(1, \(Int64(3))) AS n", deadline: soon)
        #expect(rows.columns == ["n", "Text"])
        #expect(rows.count == 3)
        #expect(try rows.map { try $0.id(0) } == [1, 2, 3])
        #expect(try rows.map { try $0.text("Text") } == ["row 1", "row 2", "row 3"])
        #expect(rows.command == "SELECT")
    }

    @Test func `a statement says what it did to how many rows`() async throws {
        let connection = try await connect()
        let created = try await connection.query("CREATE TABLE t (n int8)", deadline: soon)
        #expect(created.command == "CREATE")
        #expect(created.isEmpty)
        let inserted = try await connection.query("INSERT INTO t VALUES (1), (2), (3)", deadline: soon)
        #expect(inserted.command == "INSERT")
        #expect(inserted.affected == 3)
        #expect(try await connection.query("", deadline: soon).isEmpty)
    }

    @Test func `COMMIT of a failed transaction says ROLLBACK`() async throws {
        let connection = try await connect()
        try await connection.query("BEGIN", deadline: soon)
        await #expect(throws: PostgresError(.server("22012"), "")) {
            try await connection.query("SELECT 1 / 0", deadline: soon)
        }
        await #expect(throws: PostgresError(.server("25P02"), "")) {
            try await connection.query("SELECT 1", deadline: soon)
        }
        #expect(await connection.isInTransaction)
        #expect(try await connection.query("COMMIT", deadline: soon).command == "ROLLBACK")
        #expect(await !connection.isInTransaction)
        try await connection.rollback(deadline: soon)
    }

    @Test func `notices are kept with the answer, up to a bound, and warnings before others`() async throws {
        let connection = try await connect()
        let rows = try await connection.query(
            """
            CREATE FUNCTION pg_temp.noisy() RETURNS int LANGUAGE plpgsql AS $$
            BEGIN FOR n IN 1..100 LOOP RAISE NOTICE 'n %', n; END LOOP; RAISE WARNING 'last'; RETURN 1; END $$
            """, deadline: soon)
        #expect(rows.notices.isEmpty)
        let noisy = try await connection.query("SELECT pg_temp.noisy()", deadline: soon)
        #expect(noisy.notices.count == 32)
        #expect(noisy.notices.first == Notice(severity: "NOTICE", sqlState: "00000", message: "n 1"))
        #expect(noisy.notices.last == Notice(severity: "WARNING", sqlState: "01000", message: "last"))
        #expect(noisy.hasWarning)
        #expect(try await connection.query("SELECT 1", deadline: soon).notices.isEmpty)
    }

    @Test func `a script runs as one transaction and names the statement that fails`() async throws {
        let connection = try await connect()
        let notices = try await connection.execute(
            script: "CREATE TABLE t (n int8); DROP TABLE IF EXISTS u; INSERT INTO t VALUES (1);", deadline: soon)
        #expect(notices.map(\.severity) == ["NOTICE"])
        let error = await #expect(throws: PostgresError.self) {
            try await connection.execute(
                script: "INSERT INTO t VALUES (2); SELECT * FROM missing; SELECT 1", deadline: soon)
        }
        #expect(error?.code == .server("42P01"))
        #expect(error?.statementIndex == 1)
        #expect(try await connection.query("SELECT count(*) FROM t", deadline: soon).one().id(0) == 1)
        try await connection.execute(script: "", deadline: soon)
    }

    @Test func `settings and the application's name hold from the start`() async throws {
        let connection = try await connect {
            $0.applicationName = "the application"
            $0.set("statement_timeout", to: "71s")
            $0.set("search_path", to: "\"a b\", \"\\c\"")
            $0.set("lock_timeout", to: "1s")
            $0.set("lock_timeout", to: "2s")
        }
        let row = try await connection.query(
            """
            SELECT current_setting('application_name'), current_setting('statement_timeout'),
                current_setting('search_path'), current_setting('lock_timeout')
            """, deadline: soon
        ).one()
        #expect(try (0..<4).map { try row.text(.index($0)) } == ["the application", "71s", "\"a b\", \"\\c\"", "2s"])
        #expect(await connection.reportedSetting("client_encoding") == "UTF8")
        #expect(await connection.serverVersion >= 140_000)
        let process = try await connection.query("SELECT pg_backend_pid()", deadline: soon).one().id(0)
        #expect(await connection.serverProcessID == Int32(process))
    }
}

@Suite struct `The test cluster` {
    @Test func `a database can be a copy of another`() async throws {
        let original = try await TestCluster.shared.makeDatabase()
        let connection = try await Connection.open(original, deadline: soon)
        try await connection.execute(script: "CREATE TABLE t (n int8); INSERT INTO t VALUES (7)", deadline: soon)
        await connection.close()
        let copy = try await Connection.open(
            TestCluster.shared.makeDatabase(copying: original), deadline: soon)
        #expect(try await copy.query("SELECT n FROM t", deadline: soon).one().id("n") == 7)
    }
}

@Suite struct `Prepared statements` {
    private func prepared(_ connection: Connection) async throws -> Int {
        try await connection.query("SELECT count(*) FROM pg_prepared_statements", deadline: soon).one().int(
            0, in: Int.min...Int.max)
    }

    @Test func `the same SQL is prepared once, other types of its parameters once more`() async throws {
        let connection = try await connect()
        let before = try await prepared(connection)
        for n in 0..<5 { try await connection.query("SELECT \(Int64(n))", deadline: soon) }
        #expect(try await prepared(connection) == before + 1)
        try await connection.query("SELECT \("text")", deadline: soon)
        #expect(try await prepared(connection) == before + 2)
        try await connection.pipeline(["SELECT \(Int64(1))", "SELECT 2", "SELECT 2"], deadline: soon)
        #expect(try await prepared(connection) == before + 3)
    }

    @Test func `no more than 256 stay, and each still works`() async throws {
        let connection = try await connect()
        for _ in 0..<2 {
            for n in 0..<300 {
                let row = try await connection.query("SELECT \(unescaped: "\(n)")", deadline: soon).one()
                #expect(try row.id(0) == Int64(n))
            }
        }
        #expect(try await prepared(connection) <= 257)
        let many = try await connection.pipeline((0..<600).map { "SELECT \(unescaped: "\($0)")" }, deadline: soon)
        #expect(try many.map { try $0.one().id(0) } == Array(0..<600))
        #expect(try await prepared(connection) <= 257)
    }

    @Test func `inside a transaction nothing is given up, so nothing can fail by it`() async throws {
        let connection = try await connect()
        for n in 0..<300 { try await connection.query("SELECT \(unescaped: "\(n)")", deadline: soon) }
        try await connection.execute(script: "CREATE TABLE t (n int8)", deadline: soon)
        // Behind our back the server forgets what the next call wants to give up.
        try await connection.execute(script: "BEGIN; DEALLOCATE ALL", deadline: soon)
        try await connection.execute(script: "INSERT INTO t VALUES (1); COMMIT", deadline: soon)
        await #expect(throws: PostgresError(.server("26000"), "")) {
            try await connection.query("SELECT 299", deadline: soon)
        }
        #expect(try await connection.query("SELECT 299", deadline: soon).one().id(0) == 299)
        #expect(try await connection.query("SELECT count(*) FROM t", deadline: soon).one().id(0) == 1)
    }

    @Test func `a statement whose table changed fails once and is then prepared anew`() async throws {
        let connection = try await connect()
        try await connection.execute(script: "CREATE TABLE t (n int8); INSERT INTO t VALUES (1)", deadline: soon)
        try await connection.query("SELECT * FROM t", deadline: soon)
        try await connection.execute(script: "ALTER TABLE t ADD COLUMN m int8", deadline: soon)
        await #expect(throws: PostgresError(.server("0A000"), "")) {
            try await connection.query("SELECT * FROM t", deadline: soon)
        }
        #expect(try await connection.query("SELECT * FROM t", deadline: soon).columns == ["n", "m"])
    }

    @Test func `two spellings of a letter are two statements`() async throws {
        let connection = try await connect()
        for text in ["\u{e9}", "e\u{301}"] {
            let row = try await connection.query("SELECT \(literal: text)", deadline: soon).one()
            #expect(try row.text(0).utf8.elementsEqual(text.utf8))
        }
    }

    @Test func `a pipeline that fails leaves the cache truthful`() async throws {
        let connection = try await connect()
        for _ in 0..<3 {
            let error = await #expect(throws: PostgresError.self) {
                try await connection.pipeline(
                    ["SELECT 11", "SELECT 1 / \(Int64(0))", "SELECT 12", "SELECT broken("], deadline: soon)
            }
            #expect(error?.statementIndex == 1)
        }
        let answers = try await connection.pipeline(["SELECT 12", "SELECT 11"], deadline: soon)
        #expect(try answers.map { try $0.one().id(0) } == [12, 11])
    }
}
