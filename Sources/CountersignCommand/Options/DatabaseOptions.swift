import ArgumentParser
import EmbeddedPostgres
import FoundationEssentials
import Postgres

/// Which database a command works on.
struct DatabaseOptions: ParsableArguments {
    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp(
            "A private Postgres with its data, socket and master key lives here.",
            discussion: "Environment: COUNTERSIGN_DATA_DIR.", valueName: "dir"))
    var dataDirectory: String?

    @Option(
        name: .customLong("database-url"),
        help: ArgumentHelp(
            "A Postgres of your own instead, such as postgresql://user@host/countersign.",
            discussion: """
                Environment: COUNTERSIGN_DATABASE_URL, which keeps a password out of the list of processes. The user \
                must be able to become countersign_app, and countersign_owner to migrate.
                """, valueName: "url"))
    var databaseURL: String?

    @Option(
        name: .customLong("master-key"),
        help: ArgumentHelp(
            "The file with the master secret (default: master.key in the data directory).",
            discussion: """
                Needed to append, to recognise repeated keys and to look people up; not to read or to verify. \
                Environment: COUNTERSIGN_MASTER_KEY.
                """, valueName: "file"))
    var masterKey: String?

    /// The place that the flags name; where they name none, the place that the environment names.
    func location() throws -> DatabaseLocation {
        let environment = ProcessInfo.processInfo.environment
        let variable = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let isFlagged = dataDirectory != nil || databaseURL != nil
        let directory = dataDirectory ?? (isFlagged ? nil : variable("COUNTERSIGN_DATA_DIR"))
        let url = databaseURL ?? (isFlagged ? nil : variable("COUNTERSIGN_DATABASE_URL"))
        let key = masterKey ?? variable("COUNTERSIGN_MASTER_KEY")
        switch (directory, url) {
        case (let directory?, nil):
            return .directory(DataDirectory(try Cluster(directory: directory), masterKey: key))
        case (nil, let url?):
            return .external(try ConnectionTarget(url), masterKey: key)
        case (nil, nil):
            throw Complaint(
                "no database was named",
                next: "add --data-dir DIR, or --database-url URL with --master-key FILE; "
                    + "COUNTERSIGN_DATA_DIR in the environment serves as well", status: .usage)
        case (_?, _?):
            throw Complaint(
                "--data-dir and --database-url are both given", next: "leave one of them out", status: .usage)
        }
    }
}
