import Postgres
import PostgresTesting
import Testing

@Suite struct `Copies` {
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
        try await connection.copyOut(
            "COPY (SELECT * FROM t ORDER BY n) TO STDOUT (FORMAT binary)", timeout: .seconds(60)
        ) { chunk in
            var reader = CopyReader(chunk)
            while try reader.nextRow() {
                #expect(try reader.int64() == Int64(next))
                #expect(try reader.text() == "row \(next) \\ \n é")
                let bytes = next % 3 == 0 ? nil : [UInt8](repeating: UInt8(next % 256), count: next % 50)
                #expect(try reader.bytesIfPresent() == bytes)
                next += 1
            }
        }
        #expect(next == 100_000)
        #expect(try await connection.query("SELECT count(*) FROM t", deadline: soon).one().int64(0) == 100_000)
    }

    @Test func `a consumer that throws cancels the copy and keeps the connection`() async throws {
        struct Enough: Error {}
        let connection = try await connect()
        var chunks = 0
        await #expect(throws: Enough.self) {
            try await connection.copyOut(
                "COPY (SELECT generate_series(1, 1000000000)) TO STDOUT", timeout: .seconds(60)
            ) { _ in
                chunks += 1
                if chunks == 3 { throw Enough() }
            }
        }
        #expect(chunks == 3)
        #expect(try await connection.query("SELECT 1", deadline: soon).one().int32(0) == 1)
    }
}
