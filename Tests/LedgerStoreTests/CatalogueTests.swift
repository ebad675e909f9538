import FoundationEssentials
import Postgres
import PostgresTesting
import Testing

@testable import LedgerStore

/// What the migrations make is written down in `sql/catalogue.txt`, which `countersign doctor` holds databases to.
///
/// Whoever changes the schema has the file written anew, and reads what has changed in it:
///
///     COUNTERSIGN_CATALOGUE=write swift test --disable-xctest --filter 'The catalogue'
@Suite struct `The catalogue` {
    private static var file: URL {
        var url = URL(filePath: #filePath)
        // CatalogueTests.swift, LedgerStoreTests, Tests.
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.appending(path: "sql/catalogue.txt")
    }

    /// A database that was just migrated, as the role that the service works as.
    private static func migrated<Value: Sendable>(
        _ alter: String = "", _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        var target = try await TestCluster.shared.makeDatabase()
        let owner = try await Connection.open(target, deadline: TestStore.soon)
        _ = try await owner.execute(script: Migration.roles, deadline: TestStore.soon)
        _ = try await Migrator(owner, observer: Observations()).migrate()
        if !alter.isEmpty { _ = try await owner.execute(script: alter, deadline: TestStore.soon) }
        await owner.close()
        target.set("role", to: "countersign_app")
        let connection = try await Connection.open(target, deadline: TestStore.soon)
        let value = try await body(connection)
        await connection.close()
        return value
    }

    private static func catalogue(_ alter: String = "") async throws -> Catalogue {
        try await migrated(alter) { try await Catalogue.read($0, deadline: TestStore.soon) }
    }

    @Test func `the file says what the migrations make`() async throws {
        let text = try await Self.catalogue().text
        if ProcessInfo.processInfo.environment["COUNTERSIGN_CATALOGUE"] == "write" {
            try Data(text.utf8).write(to: Self.file)
        }
        let written = try String(contentsOf: Self.file, encoding: .utf8)
        let (made, known) = (text.split(separator: "\n"), written.split(separator: "\n"))
        let difference = made.difference(from: known)
        #expect(
            difference.isEmpty,
            """
            \(difference.prefix(5)): write the file anew with
            COUNTERSIGN_CATALOGUE=write swift test --disable-xctest --filter 'The catalogue'
            """)
    }

    private static let growth = """
        SET ROLE countersign_owner; SELECT countersign.make_partitions(countersign.partition_width() * 2); RESET ROLE
        """

    @Test func `a database that was just migrated differs in nothing, and neither does one with more partitions`()
        async throws
    {
        #expect(try await Self.catalogue().differences.map(\.reason) == [])
        let grown = try await Self.catalogue(Self.growth)
        #expect(grown.items.contains { $0.name == "countersign.entries_p000002" })
        #expect(grown.differences.map(\.reason) == [])
    }

    @Test func `a partition that is not like the others is named`() async throws {
        let reasons = try await Self.catalogue(
            """
            \(Self.growth);
            DROP TRIGGER refuse_truncate ON countersign.entries_p000002;
            CREATE TABLE countersign.entries_p000007 (LIKE countersign.entries);
            """
        ).differences.map(\.reason)
        #expect(reasons.contains("trigger refuse_truncate on countersign.entries_p000002 is missing"))
        #expect(reasons.contains("table countersign.entries_p000007 that no migration makes"))
    }
}
