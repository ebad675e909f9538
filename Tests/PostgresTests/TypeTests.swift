import Postgres
import PostgresTesting
import Testing

@Suite struct `Types` {
    @Test func `whole numbers keep their extremes`() async throws {
        let connection = try await connect()
        for n in [Int64.min, -1, 0, 1, .max] {
            #expect(try await connection.query("SELECT \(n)", deadline: soon).one().id(0) == n)
        }
        for n in [Int32.min, -1, 0, .max] {
            let row = try await connection.query("SELECT \(n)", deadline: soon).one()
            #expect(try row.id(0) == Int64(n))
            #expect(try row.int(0, in: Int.min...Int.max) == Int(n))
        }
        for n in [Int16.min, -1, 0, .max] {
            let row = try await connection.query("SELECT \(n)", deadline: soon).one()
            #expect(try row.id(0) == Int64(n))
        }
        #expect(
            try await connection.query("SELECT \(Int.max)", deadline: soon).one().int(0, in: Int.min...Int.max) == .max)
    }

    @Test func `the server sees each value as we meant it`() async throws {
        let connection = try await connect()
        let row = try await connection.query(
            """
            SELECT \(Int64(-7))::text, \(true)::text, \("é")::text, \([UInt8]([0, 255]))::text,
                \(PostgresTimestamp(microseconds: 1_795_341_600_123_456))::text, \(["a,b", nil, "\"", ""])::text,
                \([[UInt8]]([[1], []]))::text, \([Int64]())::text
            """, deadline: soon
        ).one()
        let texts = try (0..<8).map { try row.text(.index($0)) }
        #expect(
            texts == [
                "-7", "true", "é", "\\x00ff", "2026-11-22 10:00:00.123456+00", #"{"a,b",NULL,"\"",""}"#,
                #"{"\\x01","\\x"}"#, "{}",
            ])
    }

    @Test(arguments: ["", "a", "héllo wörld 🎉 ümläut", "'; DROP TABLE t; --", "\\\n\t\"", "\u{fffd}"])
    func `text comes back as it went`(text: String) async throws {
        let connection = try await connect()
        let row = try await connection.query("SELECT \(text), \(text)::name, \(text)::varchar", deadline: soon).one()
        #expect(try row.text(0).utf8.elementsEqual(text.utf8))
        #expect(try row.text(1) == text)
        #expect(try row.text(2) == text)
    }

    @Test func `bytes come back as they went, the empty ones too`() async throws {
        let connection = try await connect()
        for bytes in [[], [0], Array(0...255)] as [[UInt8]] {
            let row = try await connection.query("SELECT \(bytes) AS b", deadline: soon).one()
            #expect(try row.bytes("b") == bytes)
            #expect(try row.withBytesIfPresent("b") { $0.byteCount } == bytes.count)
        }
    }

    @Test func `truth, floating point numbers and single characters are read`() async throws {
        let connection = try await connect()
        let row = try await connection.query(
            "SELECT \(true), \(false), 0.1::float8, 'NaN'::float8, 0.5::float4, 'r'::\"char\", '{\"a\":1}'::json",
            deadline: soon
        ).one()
        #expect(try row.bool(0) == true)
        #expect(try row.bool(1) == false)
        #expect(try row.double(2) == 0.1)
        #expect(try row.double(3).isNaN)
        #expect(try row.double(4) == 0.5)
        #expect(try row.text(5) == "r")
        #expect(try row.text(6) == "{\"a\":1}")
    }

    @Test(arguments: [0, 1, -1, 946_684_800_000_000, 1_795_341_600_123_456, -210_866_803_200_000_000] as [Int64])
    func `a timestamp keeps its microseconds`(microseconds: Int64) async throws {
        let connection = try await connect()
        let time = PostgresTimestamp(microseconds: microseconds)
        let row = try await connection.query(
            "SELECT \(time), (extract(epoch FROM \(time)) * 1000000)::int8", deadline: soon
        ).one()
        #expect(try row.timestamp(0) == time)
        #expect(try row.id(1) == microseconds)
    }

    @Test func `infinite and impossible timestamps are refused`() async throws {
        let connection = try await connect()
        let row = try await connection.query(
            "SELECT 'infinity'::timestamptz, '-infinity'::timestamptz", deadline: soon
        ).one()
        #expect(throws: PostgresError(.decoding, "")) { try row.timestamp(0) }
        #expect(throws: PostgresError(.decoding, "")) { try row.timestampIfPresent(1) }
        await #expect(throws: PostgresError(.usage, "")) {
            try await connection.query("SELECT \(PostgresTimestamp(microseconds: .min))", deadline: soon)
        }
    }

    @Test func `NULL is nil for every type`() async throws {
        let connection = try await connect()
        let row = try await connection.query(
            """
            SELECT \(nil as Int64?), \(nil as Int32?), \(nil as Int16?), \(nil as Bool?), \(nil as String?),
                \(nil as [UInt8]?), \(nil as PostgresTimestamp?), NULL::float8, \(nil as [Int64]?)
            """, deadline: soon
        ).one()
        #expect(try row.idIfPresent(0) == nil)
        #expect(try row.intIfPresent(0, in: Int.min...Int.max) == nil)
        #expect(try row.idIfPresent(1) == nil)
        #expect(try row.idIfPresent(2) == nil)
        #expect(try row.boolIfPresent(3) == nil)
        #expect(try row.textIfPresent(4) == nil)
        #expect(try row.bytesIfPresent(5) == nil)
        #expect(try row.timestampIfPresent(6) == nil)
        #expect(try row.doubleIfPresent(7) == nil)
        #expect(try (0..<9).allSatisfy { try row.isNull(.index($0)) })
        #expect(throws: PostgresError(.decoding, "")) { try row.id(0) }
        #expect(throws: PostgresError(.decoding, "")) { try row.array(8, of: Int64.self) }
    }

    @Test func `arrays come back as they went`() async throws {
        let connection = try await connect()
        let times = [PostgresTimestamp(microseconds: 0), PostgresTimestamp(microseconds: 1)]
        let row = try await connection.query(
            """
            SELECT \([1, -2, 3] as [Int64]), \([1, -2] as [Int32]), \([7] as [Int16]), \([true, false]),
                \(["a", "", "é,\""]), \([[1, 2], []] as [[UInt8]]), \(times), \([] as [String]), \([4, 5])
            """, deadline: soon
        ).one()
        #expect(try row.array(0, of: Int64.self) == [1, -2, 3])
        #expect(try row.array(1, of: Int32.self) == [1, -2])
        #expect(try row.array(2, of: Int16.self) == [7])
        #expect(try row.array(3, of: Bool.self) == [true, false])
        #expect(try row.array(4, of: String.self) == ["a", "", "é,\""])
        #expect(try row.array(5, of: [UInt8].self) == [[1, 2], []])
        #expect(try row.array(6, of: PostgresTimestamp.self) == times)
        #expect(try row.array(7, of: String.self) == [])
        #expect(try row.array(8, of: Int.self) == [4, 5])
    }

    @Test func `arrays may hold NULL`() async throws {
        let connection = try await connect()
        let row = try await connection.query(
            "SELECT \([1, nil, 3] as [Int64?]), \([nil, "b"] as [String?]), \([nil] as [[UInt8]?])", deadline: soon
        ).one()
        #expect(try row.arrayOfOptionals(0, of: Int64.self) == [1, nil, 3])
        #expect(try row.arrayOfOptionals(1, of: String.self) == [nil, "b"])
        #expect(try row.arrayOfOptionals(2, of: [UInt8].self) == [nil])
        #expect(throws: PostgresError(.decoding, "")) { try row.array(0, of: Int64.self) }
    }

    @Test func `arrays with two dimensions or another element type are refused`() async throws {
        let connection = try await connect()
        let row = try await connection.query("SELECT '{{1,2},{3,4}}'::int8[], '{1}'::int8[], 5", deadline: soon).one()
        #expect(throws: PostgresError(.decoding, "")) { try row.array(0, of: Int64.self) }
        #expect(throws: PostgresError(.decoding, "")) { try row.array(1, of: String.self) }
        #expect(throws: PostgresError(.decoding, "")) { try row.array(2, of: Int32.self) }
    }

    @Test func `arrays feed unnest`() async throws {
        let connection = try await connect()
        let rows = try await connection.query(
            "SELECT n, t FROM unnest(\([1, 2] as [Int64]), \(["a", nil])) AS u (n, t) ORDER BY n", deadline: soon)
        #expect(try rows.map { try $0.id("n") } == [1, 2])
        #expect(try rows.map { try $0.textIfPresent("t") } == ["a", nil])
    }

    @Test func `a column of another type, a missing column and a missing row are errors`() async throws {
        let connection = try await connect()
        let rows = try await connection.query("SELECT 1::int8 AS n, 'x' AS t WHERE \(true)", deadline: soon)
        let row = try rows.one()
        let error = #expect(throws: PostgresError.self) { try row.text("n") }
        #expect(error?.code == .decoding)
        #expect(error?.message == "column n of type 20 cannot be read as String")
        #expect(throws: PostgresError(.decoding, "")) { try row.bool("n") }
        #expect(throws: PostgresError(.decoding, "")) { try row.id("N") }
        #expect(throws: PostgresError(.decoding, "")) { try row.id(2) }
        #expect(throws: PostgresError(.decoding, "")) { try row.id(-1) }
        let none = try await connection.query("SELECT 1 WHERE \(false)", deadline: soon)
        #expect(try none.oneIfPresent() == nil ? true : false)
        #expect(throws: PostgresError(.decoding, "")) { try none.one() }
    }

    @Test func `an answer outlives its connection`() async throws {
        let connection = try await connect()
        let rows = try await connection.query("SELECT \("still here")", deadline: soon)
        await connection.close()
        #expect(try rows.one().text(0) == "still here")
        #expect(throws: PostgresError(.decoding, "")) { try rows.one().text(7) }
    }
}
