import Postgres
import PostgresTesting
import Testing

@Suite struct `Statements` {
    @Test func `every value becomes a numbered parameter`() {
        let statement: Statement = "SELECT * FROM t WHERE a = \(Int64(1)) AND b = \("x") AND c = \(nil as Bool?)"
        #expect(statement.sql == "SELECT * FROM t WHERE a = $1 AND b = $2 AND c = $3")
        #expect(
            statement.parameters == [
                Parameter(oid: 20, bytes: [0, 0, 0, 0, 0, 0, 0, 1]), Parameter(oid: 25, bytes: [0x78]),
                Parameter(oid: 16, bytes: nil),
            ])
    }

    @Test func `fragments are renumbered where they are put`() {
        let filter: Statement = "kind IN (\("send"), \("decision"))"
        let page: Statement = "seq >= \(Int64(10))"
        let none: Statement = "true"
        let filters = [page, none, filter, page].joined(by: " AND ")
        let whole: Statement = "SELECT \(1) WHERE \(fragment: filters) LIMIT \(Int64(5))"
        #expect(
            whole.sql == "SELECT $1 WHERE seq >= $2 AND true AND kind IN ($3, $4) AND seq >= $5 LIMIT $6")
        #expect(whole.parameters.map(\.oid) == [20, 20, 25, 25, 20, 20])
        #expect(whole.parameters[3].bytes == Array("decision".utf8))
    }

    @Test func `no statements joined are an empty one`() {
        #expect(([] as [Statement]).joined(by: " AND ").sql == "")
    }

    @Test func `what is spelled as SQL is quoted unless it is called unescaped`() {
        let statement: Statement =
            "SET \(identifier: "a\"b") TO \(literal: "it's") \(literal: "a\\'b") \(literal: -5) \(unescaped: "DEFAULT")"
        #expect(statement.sql == #"SET "a""b" TO 'it''s'  E'a\\''b' (-5) DEFAULT"#)
        #expect(statement.parameters.isEmpty)
    }

    @Test(arguments: [
        "'; DROP TABLE victim; --", "\\'; DROP TABLE victim; --", "$1", "$$; DROP TABLE victim; $$", "\u{2019}; DROP",
        "a\\", "\\\\'", "''", "\"; DROP TABLE victim; --",
    ])
    func `no value is ever read as SQL`(attack: String) async throws {
        let connection = try await connect()
        try await connection.execute(script: "CREATE TABLE victim (t text)", deadline: soon)
        for strings in ["on", "off"] {
            try await connection.execute(
                script: "SET standard_conforming_strings = \(strings); SET escape_string_warning = off", deadline: soon)
            let row = try await connection.query(
                "SELECT \(attack), \(literal: attack), 1 AS \(identifier: attack)", deadline: soon
            ).one()
            #expect(try row.text(0) == attack)
            #expect(try row.text(1) == attack)
            #expect(try row.id(.named(attack)) == 1)
        }
        #expect(try await connection.query("SELECT count(*) FROM victim", deadline: soon).one().id(0) == 0)
    }

    @Test func `a text with U+0000 is refused before anything is sent`() async throws {
        let connection = try await connect()
        let refused = PostgresError(.usage, "")
        await #expect(throws: refused) { try await connection.query("SELECT \("a\0b")", deadline: soon) }
        await #expect(throws: refused) { try await connection.query("SELECT \(["a\0b"])", deadline: soon) }
        await #expect(throws: refused) { try await connection.query("SELECT \(literal: "a\0b")", deadline: soon) }
        await #expect(throws: refused) { try await connection.query("SELECT 1 -- \0", deadline: soon) }
        await #expect(throws: refused) { try await connection.execute(script: "SELECT 1 -- \0", deadline: soon) }
        let error = await #expect(throws: PostgresError.self) {
            try await connection.pipeline(["SELECT 1", "SELECT \("a\0b")"], deadline: soon)
        }
        #expect(error?.code == .usage)
        #expect(error?.statementIndex == 1)
        #expect(await connection.isUsable)
        #expect(try await connection.query("SELECT 1", deadline: soon).count == 1)
    }

    @Test func `neither a statement nor its parameters nor rows to copy print their values`() {
        let statement: Statement = "SELECT \("s3cret")"
        var column = ColumnValues(of: String.self)
        column.append("s3cret")
        for value in [statement, statement.parameters, column] as [Any] {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] {
                #expect(!text.contains("s3cret") && !text.contains("115, 51"))
            }
        }
        #expect("\(statement)" == "SELECT $1")
    }

    @Test func `too many parameters are refused before anything is sent`() async throws {
        let connection = try await connect()
        let many = [Statement](repeating: "\(Int16(1))", count: 65_536).joined(by: ",")
        await #expect(throws: PostgresError(.usage, "")) {
            try await connection.query("SELECT count(*) FROM (VALUES (\(fragment: many))) AS v", deadline: soon)
        }
        #expect(await connection.isUsable)
    }
}
