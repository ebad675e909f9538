import Postgres
import PostgresTesting
import Testing

@Suite(.timeLimit(.minutes(2))) struct `Copies` {
    @Test func `a hundred thousand rows go in and come out again`() async throws {
        let connection = try await connect()
        try await connection.execute(script: "CREATE TABLE t (n int8, text text, bytes bytea)", deadline: soon)
        var rows = CopyRows()
        for n in 0..<100_000 {
            rows.beginRow(fields: 3)
            rows.append(Int64(n))
            rows.append("row \(n) \\ \n é")
            rows.append(n % 3 == 0 ? nil : [UInt8](repeating: UInt8(n % 256), count: n % 50))
        }
        let answer = try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", rows, deadline: soon)
        #expect(answer.affected == 100_000)
        #expect(answer.command == "COPY")

        var next = 0
        var wrong = 0
        var chunks: [Int] = []
        try await connection.copyOut(
            "COPY (SELECT * FROM t ORDER BY n) TO STDOUT (FORMAT binary)", timeout: .seconds(60)
        ) { chunk in
            chunks.append(chunk.count)
            var reader = CopyReader(chunk)
            while try reader.nextRow() {
                let bytes = next % 3 == 0 ? nil : [UInt8](repeating: UInt8(next % 256), count: next % 50)
                let isRight =
                    try reader.int64() == Int64(next) && reader.text() == "row \(next) \\ \n é"
                    && reader.bytesIfPresent() == bytes
                if !isRight { wrong += 1 }
                next += 1
            }
        }
        #expect(next == 100_000)
        #expect(wrong == 0)
        #expect(chunks.count > 10)
        #expect(chunks.max() ?? 0 < 300_000)
        #expect(try await connection.query("SELECT count(*) FROM t", deadline: soon).one().int64(0) == 100_000)
    }

    @Test func `every type goes in`() async throws {
        let connection = try await connect()
        try await connection.execute(
            script: """
                CREATE TABLE t (a int8, b int4, c int2, d bool, e text, f bytea, g timestamptz, h int8[], i text[])
                """, deadline: soon)
        var rows = CopyRows()
        rows.beginRow(fields: 9)
        rows.append(Int64.min)
        rows.append(Int32.max)
        rows.append(Int16.min)
        rows.append(true)
        rows.append("")
        rows.append([UInt8]())
        rows.append(PostgresTimestamp(microseconds: 1))
        rows.append([1, nil] as [Int64?])
        rows.append(["a", "b"])
        rows.beginRow(fields: 9)
        rows.append(nil as Int64?)
        rows.append(nil as Int32?)
        for _ in 0..<7 { rows.appendNull() }
        try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", rows, deadline: soon)
        let row = try await connection.query("SELECT * FROM t WHERE a IS NOT NULL", deadline: soon).one()
        #expect(try row.int64("a") == .min)
        #expect(try row.int32("b") == .max)
        #expect(try row.int16("c") == .min)
        #expect(try row.bool("d"))
        #expect(try row.text("e") == "")
        #expect(try row.bytes("f") == [])
        #expect(try row.timestamp("g") == PostgresTimestamp(microseconds: 1))
        #expect(try row.arrayOfOptionals("h", of: Int64.self) == [1, nil])
        #expect(try row.array("i", of: String.self) == ["a", "b"])
        let empty = try await connection.query("SELECT * FROM t WHERE a IS NULL", deadline: soon).one()
        #expect(try (0..<9).allSatisfy { try empty.isNull(.index($0)) })
    }

    @Test func `no rows are a copy too`() async throws {
        let connection = try await connect()
        try await connection.execute(script: "CREATE TABLE t (n int8)", deadline: soon)
        let answer = try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", CopyRows(), deadline: soon)
        #expect(answer.affected == 0)
        var rows = 0
        try await connection.copyOut("COPY t TO STDOUT (FORMAT binary)", timeout: .seconds(60)) { chunk in
            var reader = CopyReader(chunk)
            while try reader.nextRow() { rows += 1 }
        }
        #expect(rows == 0)
    }

    @Test func `rows that break a constraint are refused whole, and the connection goes on`() async throws {
        let connection = try await connect()
        try await connection.execute(script: "CREATE TABLE t (n int8 PRIMARY KEY, b bytea)", deadline: soon)
        var rows = CopyRows()
        for _ in 0..<200 {
            rows.beginRow(fields: 2)
            rows.append(Int64(7))
            rows.append([UInt8](repeating: 1, count: 100_000))
        }
        let error = await #expect(throws: PostgresError.self) {
            try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", rows, deadline: soon)
        }
        #expect(error?.code == .server("23505"))
        #expect(error?.isDataFault == true)
        #expect(try await connection.query("SELECT count(*) FROM t", deadline: soon).one().int64(0) == 0)
    }

    @Test func `a copy that is none, or that does not exist, is refused`() async throws {
        let connection = try await connect()
        await #expect(throws: PostgresError(.server("42P01"), "")) {
            try await connection.copyIn("COPY missing FROM STDIN (FORMAT binary)", CopyRows(), deadline: soon)
        }
        await #expect(throws: PostgresError(.server("42P01"), "")) {
            try await connection.copyOut("COPY missing TO STDOUT", timeout: .seconds(60)) { _ in }
        }
        await #expect(throws: PostgresError(.usage, "")) {
            try await connection.copyOut("COPY (SELECT \(1)) TO STDOUT", timeout: .seconds(60)) { _ in }
        }
        #expect(try await connection.query("SELECT 1", deadline: soon).count == 1)
        await #expect(throws: PostgresError(.usage, "")) {
            try await connection.copyIn("SELECT 1", CopyRows(), deadline: soon)
        }
        #expect(await !connection.isUsable)
    }

    @Test func `a row with a wrong number of fields or with U+0000 is refused unsent`() async throws {
        let connection = try await connect()
        var short = CopyRows()
        short.beginRow(fields: 2)
        short.append(Int64(1))
        var long = CopyRows()
        long.beginRow(fields: 1)
        long.append(Int64(1))
        long.append(Int64(2))
        var zero = CopyRows()
        zero.beginRow(fields: 1)
        zero.append("a\0b")
        for rows in [short, long, zero] {
            await #expect(throws: PostgresError(.usage, "")) {
                try await connection.copyIn("COPY missing FROM STDIN (FORMAT binary)", rows, deadline: soon)
            }
        }
        #expect(await connection.isUsable)
    }

    @Test func `a consumer that throws cancels the copy and keeps the connection`() async throws {
        struct Enough: Error {}
        let connection = try await connect()
        for enough in [1, 3] {
            var chunks = 0
            await #expect(throws: Enough.self) {
                try await connection.copyOut(
                    "COPY (SELECT generate_series(1, 1000000000)) TO STDOUT", timeout: .seconds(60)
                ) { _ in
                    chunks += 1
                    if chunks == enough { throw Enough() }
                }
            }
            #expect(chunks == enough)
            #expect(try await connection.query("SELECT 1", deadline: soon).one().int32(0) == 1)
        }
    }

    @Test func `a cancelled task ends its copy`() async throws {
        let connection = try await connect()
        let copy = Task {
            try await connection.copyOut(
                "COPY (SELECT generate_series(1, 1000000000)) TO STDOUT", timeout: .seconds(60)
            ) { _ in unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
        }
        await #expect(throws: CancellationError.self) { try await copy.value }
        #expect(try await connection.query("SELECT 1", deadline: soon).count == 1)
    }

    @Test func `other calls are refused while a copy is under way`() async throws {
        let connection = try await connect()
        var refusals = 0
        try await connection.copyOut("COPY (SELECT 1) TO STDOUT", timeout: .seconds(60)) { _ in
            await #expect(throws: PostgresError(.usage, "")) { try await connection.query("SELECT 1", deadline: soon) }
            refusals += 1
        }
        #expect(refusals == 1)
        #expect(try await connection.query("SELECT 1", deadline: soon).count == 1)
    }

    @Test func `a server that fails in the middle of a copy says why`() async throws {
        let connection = try await connect()
        var bytes = 0
        await #expect(throws: PostgresError(.server("22012"), "")) {
            try await connection.copyOut(
                "COPY (SELECT 1 / (300000 - n) FROM generate_series(1, 400000) AS n) TO STDOUT", timeout: .seconds(60)
            ) { bytes += $0.count }
        }
        #expect(bytes > 0)
        #expect(try await connection.query("SELECT 1", deadline: soon).count == 1)
    }

    @Test func `a server that falls silent in a copy is left at the deadline`() async throws {
        let connection = try await connect()
        await #expect(throws: PostgresError(.timedOut, "")) {
            try await connection.copyOut(
                "COPY (SELECT pg_sleep(60)) TO STDOUT", timeout: .milliseconds(200)
            ) { _ in }
        }
        #expect(await !connection.isUsable)
    }

    @Test func `a copy in that must wait is left at the deadline`() async throws {
        let target = try await TestCluster.shared.makeDatabase()
        let holder = try await Connection.open(target, deadline: soon)
        try await holder.query("CREATE TABLE t (n int8)", deadline: soon)
        try await holder.pipeline(["BEGIN", "LOCK TABLE t"], deadline: soon)
        let connection = try await Connection.open(target, deadline: soon)
        var rows = CopyRows()
        rows.beginRow(fields: 1)
        rows.append(Int64(1))
        await #expect(throws: PostgresError(.timedOut, "")) {
            try await connection.copyIn(
                "COPY t FROM STDIN (FORMAT binary)", rows, deadline: .now + .milliseconds(200))
        }
        #expect(await !connection.isUsable)
    }

    @Test func `a broken chunk is an error, not a crash`() throws {
        for chunk in [[0], [0, 1], [0, 1, 0, 0, 0, 9, 1], [0, 1, 127, 255, 255, 255]] as [[UInt8]] {
            var reader = CopyReader(chunk)
            #expect(throws: PostgresError(.decoding, "")) {
                while try reader.nextRow() { _ = try reader.text() }
            }
        }
        var reader = CopyReader([0, 1, 0, 0, 0, 1, 65])
        #expect(try reader.nextRow())
        #expect(throws: PostgresError(.decoding, "")) { try reader.int64() }
    }
}
