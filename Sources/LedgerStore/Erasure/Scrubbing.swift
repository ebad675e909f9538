import Ledger
package import Postgres

/// Rewrites the tables that erased values lay in. A deleted row stays in its file until VACUUM, and its bytes stay in
/// the page even then, until something is written over them; a rewritten table has none of them.
package struct Scrubbing: Sendable {
    private static let timeout = Duration.seconds(24 * 3_600)
    /// How long a table waits for its readers and writers to let go; meanwhile, those that come later wait as well.
    private static let lockTimeout = "10s"

    private let connection: Connection

    /// - Parameter connection: as a role that may become `countersign_owner`.
    package init(_ connection: Connection) { self.connection = connection }

    /// Rewrites them one after the other. While one is rewritten nobody reads or writes it: of the partitions of
    /// entries, only the newest is written to.
    ///
    /// - Parameter progress: called before each with its name, its place and how many there are.
    /// - Returns: how many tables were rewritten.
    package func run(progress: (_ table: String, _ place: Int, _ count: Int) -> Void) async throws -> Int {
        for statement: Statement in [
            "SET ROLE countersign_owner", "SET lock_timeout = \(literal: Self.lockTimeout)",
            "SET statement_timeout = 0",
        ] {
            _ = try await connection.query(statement, deadline: .now + Self.timeout)
        }
        let tables = try await tables()
        for (place, table) in tables.enumerated() {
            progress(table, place, tables.count)
            _ = try await connection.query(
                "VACUUM (FULL) countersign.\(identifier: table)", deadline: .now + Self.timeout)
        }
        return tables.count
    }

    /// Partitions of sealed values from which some were erased, and the tables of people and of rejected reports.
    private func tables() async throws -> [String] {
        let parts = try await connection.query(
            "SELECT DISTINCT first_seq / countersign.partition_width() FROM countersign.erased_ranges ORDER BY 1",
            deadline: .now + Self.timeout
        ).map { try $0.int(0, in: Entry.seqs) }
        return parts.map { part in
            let digits = String(part)
            return "disclosures_p" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        } + ["subjects", "dmarc_reports"]
    }
}
