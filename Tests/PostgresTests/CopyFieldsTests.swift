import Postgres
import PostgresTesting
import Testing

@Suite(.timeLimit(.minutes(2))) struct `Copies of one column` {
    private func fields(_ query: Statement, _ connection: Connection) async throws -> (text: String, count: Int) {
        let (bytes, count) = try await connection.copyOutFields(
            "COPY (\(fragment: query)) TO STDOUT (FORMAT binary)", terminator: UInt8(ascii: "\n"), expecting: 100,
            timeout: .seconds(60))
        return (String(decoding: bytes, as: UTF8.self), count)
    }

    @Test func `fields come in order, each with its end, and NULL is none`() async throws {
        let connection = try await connect()
        let some = try await fields("VALUES ('a'), (NULL), (''), (E'b\\nc'), ('é')", connection)
        #expect(some.text == "a\n\nb\nc\né\n")
        #expect(some.count == 4)
        let none = try await fields("SELECT 'x' WHERE false", connection)
        #expect(none.text.isEmpty && none.count == 0)
    }

    @Test func `a long copy comes whole`() async throws {
        let connection = try await connect()
        let count = 200_000
        let (text, found) = try await fields(
            "SELECT n || repeat('-', n % 300) FROM generate_series(1, \(literal: count)) AS n", connection)
        #expect(found == count)
        var wrong = 0
        for (n, line) in zip(1..., text.utf8.split(separator: UInt8(ascii: "\n"))) {
            let digits = String(n).utf8
            if !line.starts(with: digits) || line.count != digits.count + n % 300 { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test func `what is no column of its own is refused`() async throws {
        let connection = try await connect()
        await #expect(throws: PostgresError(.decoding, "")) { try await fields("SELECT 1, 2", connection) }
        #expect(await !connection.isUsable)
    }

    @Test func `a server that fails in the middle says why, and the connection goes on`() async throws {
        let connection = try await connect()
        await #expect(throws: PostgresError(.server("22012"), "")) {
            try await fields("SELECT 1 / (300000 - n) FROM generate_series(1, 400000) AS n", connection)
        }
        await #expect(throws: PostgresError(.server("42P01"), "")) { try await fields("SELECT * FROM t", connection) }
        await #expect(throws: PostgresError(.usage, "")) { try await fields("SELECT \(1)", connection) }
        #expect(try await fields("SELECT 'x'", connection).text == "x\n")
    }

    @Test func `a server that falls silent is left at the deadline`() async throws {
        let connection = try await connect()
        await #expect(throws: PostgresError(.timedOut, "")) {
            try await connection.copyOutFields(
                "COPY (SELECT pg_sleep(60)) TO STDOUT (FORMAT binary)", terminator: 0, expecting: 0,
                timeout: .milliseconds(200))
        }
        #expect(await !connection.isUsable)
    }
}
