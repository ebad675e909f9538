import Postgres
import PostgresTesting
import Testing

@Suite struct `Pipelines` {
    @Test func `answers come back in the order of the statements`() async throws {
        let connection = try await connect()
        let answers = try await connection.pipeline((0..<100).map { "SELECT \(Int64($0)) AS n" }, deadline: soon)
        #expect(try answers.map { try $0.one().id("n") } == Array(0..<100))
    }

    @Test func `an empty pipeline has no answers`() async throws {
        let connection = try await connect()
        #expect(try await connection.pipeline([], deadline: soon).isEmpty)
    }

    @Test func `the first error names its statement, and nothing after it runs`() async throws {
        let connection = try await connect()
        try await connection.execute(script: "CREATE TABLE t (n int8 PRIMARY KEY)", deadline: soon)
        let error = try await #require(throws: PostgresError.self) {
            try await connection.pipeline(
                [
                    "BEGIN", "INSERT INTO t VALUES (\(1))", "INSERT INTO t VALUES (\(1))",
                    "INSERT INTO t VALUES (\(2))", "COMMIT",
                ], deadline: soon)
        }
        #expect(error.code == .server("23505"))
        #expect(error.statementIndex == 2)
        #expect(error.isDataFault)
        #expect(error.constraint == "t_pkey")
        #expect(error.table == "t")
        #expect(await connection.isInTransaction)
        try await connection.rollback(deadline: soon)
        #expect(await !connection.isInTransaction)
        #expect(try await connection.query("SELECT count(*) FROM t", deadline: soon).one().id(0) == 0)
    }

    @Test func `outside a transaction block a pipeline is a transaction by itself`() async throws {
        let connection = try await connect()
        try await connection.execute(script: "CREATE TABLE t (n int8 PRIMARY KEY)", deadline: soon)
        let error = try await #require(throws: PostgresError.self) {
            try await connection.pipeline(
                ["INSERT INTO t VALUES (\(1))", "SELECT 1 / \(Int64(0))", "SELECT 1"], deadline: soon)
        }
        #expect(error.code == .server("22012"))
        #expect(error.statementIndex == 1)
        #expect(try await connection.query("SELECT count(*) FROM t", deadline: soon).one().id(0) == 0)
    }

    @Test func `a statement that cannot be prepared fails at its place and can be corrected`() async throws {
        let connection = try await connect()
        let error = try await #require(throws: PostgresError.self) {
            try await connection.pipeline(["SELECT 1", "SELECT * FROM missing", "SELECT 2"], deadline: soon)
        }
        #expect(error.code == .server("42P01"))
        #expect(error.statementIndex == 1)
        let answers = try await connection.pipeline(
            ["SELECT 1", "CREATE TABLE missing (n int8)", "SELECT * FROM missing", "SELECT 2"], deadline: soon)
        #expect(answers.count == 4)
        #expect(try answers[3].one().id(0) == 2)
    }

    @Test func `five megabytes in each direction do not block one another`() async throws {
        let connection = try await connect()
        let texts = (0..<6).map { String(repeating: "\($0)", count: 5_000_000) }
        let answers = try await connection.pipeline(texts.map { "SELECT \($0) AS text" }, deadline: soon)
        for (text, answer) in zip(texts, answers) { #expect(try answer.one().text("text") == text) }
    }

    @Test func `a deferred constraint that fails at the commit is an error of no statement`() async throws {
        let connection = try await connect()
        try await connection.execute(
            script: "CREATE TABLE t (n int8 UNIQUE DEFERRABLE INITIALLY DEFERRED)", deadline: soon)
        let error = try await #require(throws: PostgresError.self) {
            try await connection.pipeline(
                ["INSERT INTO t VALUES (\(1))", "INSERT INTO t VALUES (\(1))"], deadline: soon)
        }
        #expect(error.code == .server("23505"))
        #expect(error.statementIndex == nil)
        #expect(try await connection.query("SELECT count(*) FROM t", deadline: soon).one().id(0) == 0)
    }

    @Test func `a warning is kept beside the answer it belongs to`() async throws {
        let connection = try await connect()
        let answers = try await connection.pipeline(["SELECT 1", "COMMIT", "SELECT 2"], deadline: soon)
        #expect(answers.map(\.hasWarning) == [false, true, false])
        #expect(answers[1].notices.first?.sqlState == "25P01")
        #expect(answers[1].command == "COMMIT")
    }

    @Test func `a warning of the commit belongs to COMMIT, or without one to the last answer`() async throws {
        let connection = try await connect()
        try await connection.execute(
            script: """
                CREATE TABLE t (n int8);
                CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE WARNING 'at the commit'; RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION warn()
                """, deadline: soon)
        let explicit = try await connection.pipeline(
            ["BEGIN", "INSERT INTO t VALUES (1)", "COMMIT"], deadline: soon)
        #expect(explicit.map(\.hasWarning) == [false, false, true])
        let implicit = try await connection.pipeline(["INSERT INTO t VALUES (1)", "SELECT 1"], deadline: soon)
        #expect(implicit.map(\.hasWarning) == [false, true])
        #expect(implicit[1].notices.first?.message == "at the commit")
        #expect(try implicit[1].one().id(0) == 1)
    }

    @Test func `a server that does not read is left at the deadline`() async throws {
        let connection = try await connect()
        let large = String(repeating: "x", count: 5_000_000)
        await #expect(throws: PostgresError(.timedOut, "")) {
            try await connection.pipeline(
                ["SELECT pg_sleep(60)", "SELECT \(large)", "SELECT \(large)"], deadline: .now + .milliseconds(300))
        }
        #expect(await !connection.isUsable)
    }
}
