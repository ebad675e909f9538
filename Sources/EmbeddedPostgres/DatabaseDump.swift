import Files

/// The private cluster's database as one file, written and read by Postgres' own pg_dump and pg_restore: a logical
/// copy, so it holds no deleted row, fits later releases, and carries no page that a disk has spoilt.
package struct DatabaseDump: Sendable {
    /// What it consists of: the ledgers, and the views for people. Roles belong to the cluster.
    private static let schemas = ["countersign", "read"]
    private static let superuser = "postgres"

    private let cluster: Cluster
    private let binaries: PostgresBinaries
    private let tool: Tool

    /// - Parameter cluster: must be running.
    package init(of cluster: Cluster) async throws(EmbeddedPostgresError) {
        self.cluster = cluster
        binaries = try await PostgresBinaries.find()
        tool = Tool(account: try Account.current())
    }

    /// Writes all of it, in one snapshot, to `path`.
    package func write(to path: String) async throws(EmbeddedPostgresError) {
        try await run(
            "pg_dump",
            ["--format=custom", "--compress=1", "--no-password", "--file=\(path)"]
                + Self.schemas.map { "--schema=\($0)" } + connection)
    }

    /// Puts what `path` holds into the empty database.
    package func restore(from path: String) async throws(EmbeddedPostgresError) {
        try await run("pg_restore", ["--exit-on-error", "--jobs=2", "--no-password"] + connection + [path])
    }

    private var connection: [String] {
        [
            "--host=\(cluster.socketDirectory)", "--port=\(Cluster.port)", "--username=\(Self.superuser)",
            "--dbname=\(Cluster.databaseName)",
        ]
    }

    private func run(_ program: String, _ arguments: [String]) async throws(EmbeddedPostgresError) {
        let outcome = try await tool.run(binaries.path(program), arguments)
        guard outcome.succeeded else {
            throw EmbeddedPostgresError(.toolFailed, "\(program): \(TextFile.lastLines(3, of: outcome.output))")
        }
    }
}
