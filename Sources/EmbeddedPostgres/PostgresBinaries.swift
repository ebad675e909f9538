/// The server programs of one Postgres installation.
package struct PostgresBinaries: Sendable, Equatable {
    /// The oldest release that Countersign is built for.
    package static let oldestMajor = 15
    static let required = ["postgres", "initdb", "pg_ctl", "psql"]

    /// The folder that holds them, such as `/usr/lib/postgresql/15/bin`.
    package let directory: String
    /// The release, such as 15.
    package let major: Int

    /// The newest installed release from 15 on, or exactly release `major` where a cluster of that release exists
    /// already.
    package static func find(major: Int? = nil) async throws(EmbeddedPostgresError) -> PostgresBinaries {
        try await PostgresSearch().find(major: major)
    }

    func path(_ program: String) -> String { directory + "/" + program }
}
