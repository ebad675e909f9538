import Glibc
import Postgres
import PostgresTesting
import Testing

@Suite(.timeLimit(.minutes(2))) struct `Failures` {
    @Test func `a deadline cuts a statement off and closes the connection`() async throws {
        let connection = try await connect()
        let start = ContinuousClock.now
        let error = await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT pg_sleep(60)", deadline: .now + .milliseconds(200))
        }
        #expect(error?.code == .timedOut)
        #expect(error?.isAmbiguousCommit == true)
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(await !connection.isUsable)
        let after = await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT 1", deadline: soon)
        }
        #expect(after?.code == .connectionLost)
        #expect(after?.isAmbiguousCommit == false)
    }

    @Test func `a deadline that has passed already sends nothing and closes nothing`() async throws {
        let connection = try await connect()
        let error = await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT 1", deadline: .now - .seconds(1))
        }
        #expect(error?.code == .timedOut)
        #expect(error?.isAmbiguousCommit == false)
        #expect(try await connection.query("SELECT 1", deadline: soon).count == 1)
    }

    @Test func `a server process that is ended during a statement loses the connection`() async throws {
        let target = try await TestCluster.shared.makeDatabase()
        let victim = try await Connection.open(target, deadline: soon)
        let killer = try await Connection.open(target, deadline: soon)
        let process = await victim.serverProcessID
        let sleep = Task { try await victim.query("SELECT pg_sleep(60)", deadline: soon) }
        try await killer.waitUntilActive(process)
        try await killer.query("SELECT pg_terminate_backend(\(process))", deadline: soon)
        let error = await #expect(throws: PostgresError.self) { try await sleep.value }
        #expect(error?.code == .connectionLost)
        #expect(error?.sqlState == "57P01")
        #expect(error?.isAmbiguousCommit == true)
        #expect(await !victim.isUsable)
    }

    @Test func `a server process that is ended between statements loses the connection`() async throws {
        let target = try await TestCluster.shared.makeDatabase()
        let victim = try await Connection.open(target, deadline: soon)
        let killer = try await Connection.open(target, deadline: soon)
        try await killer.end(victim.serverProcessID)
        let error = await #expect(throws: PostgresError.self) {
            try await victim.pipeline(["BEGIN", "SELECT 1", "COMMIT"], deadline: soon)
        }
        #expect(error?.code == .connectionLost)
        #expect(await !victim.isUsable)
    }

    @Test func `a connection sees without a question that the server has ended it`() async throws {
        let target = try await TestCluster.shared.makeDatabase()
        let victim = try await Connection.open(target, deadline: soon)
        let killer = try await Connection.open(target, deadline: soon)
        #expect(await victim.checkAlive())
        try await killer.end(victim.serverProcessID)
        #expect(await !victim.checkAlive())
    }

    @Test func `a lock not given in time is a server error and no more`() async throws {
        let target = try await TestCluster.shared.makeDatabase()
        let holder = try await Connection.open(target, deadline: soon)
        try await holder.execute(script: "CREATE TABLE t (n int8)", deadline: soon)
        try await holder.pipeline(["BEGIN", "LOCK TABLE t"], deadline: soon)
        var impatient = target
        impatient.set("lock_timeout", to: "50ms")
        let connection = try await Connection.open(impatient, deadline: soon)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.pipeline(["BEGIN", "SELECT * FROM t"], deadline: soon)
        }
        #expect(error?.code == .server("55P03"))
        #expect(error?.statementIndex == 1)
        #expect(error?.isDataFault == false)
        #expect(error?.isAmbiguousCommit == false)
        try await connection.rollback(deadline: soon)
        #expect(try await connection.query("SELECT 1", deadline: soon).count == 1)
    }

    @Test func `COPY where no rows can go ends the connection instead of hanging`() async throws {
        let connection = try await connect()
        await #expect(throws: PostgresError(.usage, "")) {
            try await connection.query("COPY (SELECT 1) TO STDOUT", deadline: soon)
        }
        #expect(await !connection.isUsable)
        let other = try await connect()
        await #expect(throws: PostgresError(.usage, "")) {
            try await other.execute(script: "CREATE TABLE t (n int8); COPY t FROM STDIN", deadline: soon)
        }
        #expect(await !other.isUsable)
    }
}

@Suite(.timeLimit(.minutes(2))) struct `Opening` {
    @Test func `no server, no database and no answer are three errors`() async throws {
        let nowhere = ConnectionTarget(host: "/tmp/no-such-folder", database: "x", user: "x")
        await #expect(throws: PostgresError(.connectionFailed, "")) {
            try await Connection.open(nowhere, deadline: soon)
        }
        var missing = try await TestCluster.shared.makeDatabase()
        missing.database = "no_such_database"
        let error = await #expect(throws: PostgresError.self) {
            try await Connection.open(missing, deadline: soon)
        }
        #expect(error?.code == .connectionFailed)
        #expect(error?.message.contains("no_such_database") == true)

        let silence = try SilentServer()
        let silent = ConnectionTarget(host: "127.0.0.1", port: silence.port, database: "x", user: "x")
        await #expect(throws: PostgresError(.timedOut, "")) {
            try await Connection.open(silent, deadline: .now + .milliseconds(200))
        }
    }

    @Test func `a connection string is read in both of its forms`() async throws {
        let folder = try TestCluster.shared.folder
        for text in [
            "host=\(folder) dbname=postgres user=postgres options='-c lock_timeout=3s'",
            "postgresql://postgres@/postgres?host=\(folder)&options=-c%20lock_timeout%3D3s",
        ] {
            var target = try ConnectionTarget(text)
            target.set("statement_timeout", to: "4s")
            #expect(target.user == "postgres")
            let connection = try await Connection.open(target, deadline: soon)
            let row = try await connection.query(
                "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')", deadline: soon
            ).one()
            #expect(try row.text(0) == "3s")
            #expect(try row.text(1) == "4s")
        }
    }

    @Test func `a password never prints itself`() throws {
        var texts: [String] = []
        for target in [
            ConnectionTarget(host: "h", database: "d", user: "u", password: Password("s3cret")),
            try ConnectionTarget("postgresql://u:s3cret@h/d"), try ConnectionTarget("host=h password=s3cret"),
        ] {
            texts += ["\(target)", String(reflecting: target), "\([target])"]
            var dumped = ""
            dump(target, to: &dumped)
            texts.append(dumped)
        }
        var dumped = ""
        dump(Password("s3cret"), to: &dumped)
        texts += [dumped, "\(Password("s3cret"))", String(reflecting: Password("s3cret"))]
        for broken in ["postgresql://u:s3cret@h:port:x/d?nonsense=1", "password=s3cret nonsense", "host='s3cret"] {
            let error = #expect(throws: PostgresError.self) { try ConnectionTarget(broken) }
            #expect(error?.code == .usage)
            texts.append("\(try #require(error))")
        }
        for text in texts { #expect(!text.contains("s3cret")) }
    }
}

@Suite struct `The text of an error` {
    private static let indiscreet: [Statement] = [
        "SELECT \("s3cret \"quoted\" s3cret")::int8", "SELECT \("s3cret")::timestamptz",
        "INSERT INTO t VALUES (\("s3cret"))",
        "INSERT INTO t (t, n) VALUES (\("s3cret"), \(Int64(-1)))", "SELECT \("{\"s3cret\": s3cret}")::json",
        "INSERT INTO short VALUES (\("s3cret s3cret"))",
    ]

    @Test(arguments: indiscreet)
    func `holds no value of a parameter`(statement: Statement) async throws {
        let connection = try await connect()
        try await connection.execute(
            script: """
                CREATE TABLE t (t text PRIMARY KEY, n int8 CHECK (n > 0)); INSERT INTO t VALUES ('s3cret');
                CREATE TABLE short (t varchar(5))
                """, deadline: soon)
        let error = try await #require(throws: PostgresError.self) {
            try await connection.query(statement, deadline: soon)
        }
        #expect(error.isDataFault)
        #expect(!error.message.isEmpty)
        var dumped = ""
        dump(error, to: &dumped)
        for text in [error.description, String(reflecting: error), dumped] { #expect(!text.contains("s3cret")) }
    }

    @Test func `names the constraint, the table and the column`() async throws {
        let connection = try await connect()
        try await connection.execute(
            script: "CREATE TABLE t (n int8 NOT NULL CONSTRAINT positive CHECK (n > 0))", deadline: soon)
        let check = await #expect(throws: PostgresError.self) {
            try await connection.query("INSERT INTO t VALUES (\(Int64(-1)))", deadline: soon)
        }
        #expect(check?.constraint == "positive")
        #expect(check?.table == "t")
        #expect(check?.schema == "public")
        #expect(check?.statementIndex == nil)
        let null = await #expect(throws: PostgresError.self) {
            try await connection.query("INSERT INTO t VALUES (NULL)", deadline: soon)
        }
        #expect(null?.code == .server("23502"))
        #expect(null?.column == "n")
    }
}

extension Connection {
    /// Waits until the server process `process` runs a statement.
    func waitUntilActive(_ process: Int32) async throws {
        while try query(
            "SELECT 1 FROM pg_stat_activity WHERE pid = \(process) AND state = 'active' AND wait_event = 'PgSleep'",
            deadline: soon
        ).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// Ends the server process `process` and waits until it is gone.
    func end(_ process: Int32) throws {
        try query("SELECT pg_terminate_backend(\(process), 60000)", deadline: soon)
    }
}

/// Takes connections and never answers.
final class SilentServer {
    private let socket: Int32
    let port: Int

    init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (listening, socket) = (length, socket)
        let named = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(socket, address, listening) == 0 && listen(socket, 8) == 0
                    && getsockname(socket, address, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(named)
    }

    deinit { close(socket) }
}
