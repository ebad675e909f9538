import Postgres
import PostgresTesting
import Testing

@Suite(.timeLimit(.minutes(2))) struct `Copies` {
    @Test func `a hundred thousand rows go in and come out again`() async throws {
        let connection = try await connect()
        try await connection.execute(script: "CREATE TABLE t (n int8, text text, bytes bytea)", deadline: soon)
        var numbers = ColumnValues(of: Int64.self)
        var texts = ColumnValues(of: String.self)
        var bytes = ColumnValues(of: [UInt8].self)
        for n in 0..<100_000 {
            numbers.append(Int64(n))
            texts.append("row \(n) \\ \n é")
            bytes.append(n % 3 == 0 ? nil : [UInt8](repeating: UInt8(n % 256), count: n % 50))
        }
        let answer = try await connection.copyIn(
            "COPY t FROM STDIN (FORMAT binary)", columns: [numbers, texts, bytes], deadline: soon)
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
                    try reader.int(clampedTo: Int.min...Int.max) == next && reader.text() == "row \(next) \\ \n é"
                    && reader.bytesIfPresent() == bytes
                if !isRight { wrong += 1 }
                next += 1
            }
        }
        #expect(next == 100_000)
        #expect(wrong == 0)
        #expect(chunks.count > 10)
        #expect(chunks.max() ?? 0 < 300_000)
        #expect(try await connection.query("SELECT count(*) FROM t", deadline: soon).one().id(0) == 100_000)
    }

    @Test func `text that came out goes in again, in pieces that end anywhere`() async throws {
        let connection = try await connect()
        try await connection.execute(
            script: """
                CREATE TABLE t (n int8, text text);
                INSERT INTO t SELECT n, E'\\t\\n\\\\' || n FROM generate_series(1, 5000) n
                """, deadline: soon)
        var text: [UInt8] = []
        try await connection.copyOut("COPY t TO STDOUT", timeout: .seconds(60)) { text += $0 }
        try await connection.execute(script: "CREATE TABLE u (n int8, text text)", deadline: soon)
        try await connection.beginTextCopyIn("COPY u FROM STDIN", deadline: soon)
        for start in stride(from: 0, to: text.count, by: 777) {
            try await connection.sendText(Array(text[start..<min(start + 777, text.count)]), deadline: soon)
        }
        #expect(try await connection.endCopyIn(deadline: soon).affected == 5000)
        let left = try await connection.query("SELECT count(*) FROM (TABLE t EXCEPT TABLE u) d", deadline: soon)
        #expect(try left.one().id(0) == 0)
        // What is no row is told at the end, and the connection goes on.
        try await connection.beginTextCopyIn("COPY u FROM STDIN", deadline: soon)
        try await connection.sendText(Array("DROP TABLE t;\n".utf8), deadline: soon)
        await #expect(throws: PostgresError.self) { try await connection.endCopyIn(deadline: soon) }
        #expect(try await connection.query("SELECT count(*) FROM u", deadline: soon).one().id(0) == 5000)
    }

    @Test func `every type goes in, by COPY and as arrays`() async throws {
        let connection = try await connect()
        try await connection.execute(
            script: "CREATE TABLE t (a int8, b int4, c int2, d bool, e text, f bytea, g timestamptz)", deadline: soon)
        func column<Value: PostgresScalar>(_ value: Value) -> ColumnValues {
            var column = ColumnValues(of: Value.self)
            column.append(value)
            column.append(nil as Value?)
            return column
        }
        let columns = [
            column(Int64.min), column(Int32.max), column(Int16.min), column(true), column(""), column([UInt8]()),
            column(PostgresTimestamp(microseconds: 1)),
        ]
        var insert: Statement = "INSERT INTO t SELECT * FROM unnest("
        for (index, column) in columns.enumerated() {
            if index > 0 { insert.append(unescaped: ", ") }
            insert.append(column)
        }
        insert.append(unescaped: ")")
        try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", columns: columns, deadline: soon)
        try await connection.query(insert, deadline: soon)
        let rows = try await connection.query("SELECT * FROM t WHERE a IS NOT NULL", deadline: soon)
        #expect(rows.count == 2)
        for row in rows {
            #expect(try row.id("a") == .min)
            #expect(try row.id("b") == Int64(Int32.max))
            #expect(try row.id("c") == Int64(Int16.min))
            #expect(try row.bool("d"))
            #expect(try row.text("e") == "")
            #expect(try row.bytes("f") == [])
            #expect(try row.timestamp("g") == PostgresTimestamp(microseconds: 1))
        }
        let empty = try await connection.query("SELECT * FROM t WHERE a IS NULL", deadline: soon)
        #expect(empty.count == 2)
        for row in empty { #expect(try (0..<7).allSatisfy { try row.isNull(.index($0)) }) }
    }

    @Test func `no rows are a copy too`() async throws {
        let connection = try await connect()
        try await connection.execute(script: "CREATE TABLE t (n int8)", deadline: soon)
        let answer = try await connection.copyIn("COPY t FROM STDIN (FORMAT binary)", columns: [], deadline: soon)
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
        var numbers = ColumnValues(of: Int64.self)
        var bytes = ColumnValues(of: [UInt8].self)
        for _ in 0..<200 {
            numbers.append(Int64(7))
            bytes.append([UInt8](repeating: 1, count: 100_000))
        }
        let columns = [numbers, bytes]
        let error = await #expect(throws: PostgresError.self) {
            try await connection.copyIn(
                "COPY t FROM STDIN (FORMAT binary)", columns: columns, deadline: soon)
        }
        #expect(error?.code == .server("23505"))
        #expect(error?.isDataFault == true)
        #expect(try await connection.query("SELECT count(*) FROM t", deadline: soon).one().id(0) == 0)
    }

    @Test func `a copy that is none, or that does not exist, is refused`() async throws {
        let connection = try await connect()
        await #expect(throws: PostgresError(.server("42P01"), "")) {
            try await connection.copyIn("COPY missing FROM STDIN (FORMAT binary)", columns: [], deadline: soon)
        }
        await #expect(throws: PostgresError(.server("42P01"), "")) {
            try await connection.copyOut("COPY missing TO STDOUT", timeout: .seconds(60)) { _ in }
        }
        await #expect(throws: PostgresError(.usage, "")) {
            try await connection.copyOut("COPY (SELECT \(1)) TO STDOUT", timeout: .seconds(60)) { _ in }
        }
        #expect(try await connection.query("SELECT 1", deadline: soon).count == 1)
        await #expect(throws: PostgresError(.usage, "")) {
            try await connection.copyIn("SELECT 1", columns: [], deadline: soon)
        }
        #expect(await !connection.isUsable)
    }

    @Test func `columns of different lengths and a text with U+0000 are refused unsent`() async throws {
        let connection = try await connect()
        var one = ColumnValues(of: Int64.self)
        one.append(Int64(1))
        var two = one
        two.append(Int64(2))
        var zero = ColumnValues(of: String.self)
        zero.append("a\0b")
        for columns in [[one, two], [two, one], [zero]] {
            await #expect(throws: PostgresError(.usage, "")) {
                try await connection.copyIn(
                    "COPY missing FROM STDIN (FORMAT binary)", columns: columns, deadline: soon)
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
            #expect(try await connection.query("SELECT 1", deadline: soon).one().id(0) == 1)
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
        var numbers = ColumnValues(of: Int64.self)
        numbers.append(Int64(1))
        let columns = [numbers]
        await #expect(throws: PostgresError(.timedOut, "")) {
            try await connection.copyIn(
                "COPY t FROM STDIN (FORMAT binary)", columns: columns, deadline: .now + .milliseconds(200))
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
        #expect(throws: PostgresError(.decoding, "")) { try reader.int(clampedTo: Int.min...Int.max) }
    }
}
