import Postgres
import PostgresTesting
import Testing

/// A connection to a new database; every test has its own.
func connect() async throws -> Connection {
    try await Connection.open(TestCluster.shared.makeDatabase(), deadline: soon)
}

/// Long enough for anything that is meant to succeed.
var soon: ContinuousClock.Instant { .now + .seconds(60) }

@Suite struct `Queries` {
    @Test func `a value travels as a parameter and comes back`() async throws {
        let connection = try await connect()
        let rows = try await connection.query("SELECT \(Int64(41)) + 1 AS answer, \("x'; --") AS text", deadline: soon)
        let row = try rows.one()
        #expect(try row.int64("answer") == 42)
        #expect(try row.text("text") == "x'; --")
        #expect(rows.columns == ["answer", "text"])
    }
}
