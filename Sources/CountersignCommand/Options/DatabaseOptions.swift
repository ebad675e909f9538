import ArgumentParser
import Checkpoints
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
                must be able to become countersign_app, and countersign_owner to migrate. Of the variables of Postgres \
                only these count, only here, and only for what the URL does not say: \
                \(ConnectionEnvironment.counting.joined(separator: ", ")). All others are ignored, by name.
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

    @Option(
        name: .customLong("key-dir"),
        help: ArgumentHelp(
            "The folder with the keys that sign checkpoints (default: keys beside the master key).",
            discussion: "Made with the first ledger; keep a copy. Environment: COUNTERSIGN_KEY_DIR.", valueName: "dir"))
    var keyDirectory: String?

    @Option(
        name: .customLong("guard-dir"),
        help: ArgumentHelp(
            "The folder that remembers what was signed and halted (default: guard beside the master key).",
            discussion: """
                The same one for all who sign. Never restore it together with the database: it is what finds out that \
                a database was set back. Environment: COUNTERSIGN_GUARD_DIR.
                """, valueName: "dir"))
    var guardDirectory: String?

    /// The place that the flags name; where they name none, the place that the environment names.
    func location() throws -> DatabaseLocation {
        let environment = ProcessInfo.processInfo.environment
        let variable = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let isFlagged = dataDirectory != nil || databaseURL != nil
        let directory = dataDirectory ?? (isFlagged ? nil : variable("COUNTERSIGN_DATA_DIR"))
        let url = databaseURL ?? (isFlagged ? nil : variable("COUNTERSIGN_DATABASE_URL"))
        let key = masterKey ?? variable("COUNTERSIGN_MASTER_KEY")
        let keys = keyDirectory ?? variable("COUNTERSIGN_KEY_DIR")
        let guards = guardDirectory ?? variable("COUNTERSIGN_GUARD_DIR")
        switch (directory, url) {
        case (let directory?, nil):
            let place = DataDirectory(try Cluster(directory: directory), masterKey: key)
            let folders = SigningFolders(beside: place.masterKeyPath, keys: keys, guards: guards)
            IgnoredVariables.tellOnce(isExternal: false)
            return DatabaseLocation(.directory(place), signing: folders)
        case (nil, let url?):
            let folders = SigningFolders(beside: key, keys: keys, guards: guards)
            IgnoredVariables.tellOnce(isExternal: true)
            let target = try ConnectionTarget(url, completedBy: .ofProcess)
            return DatabaseLocation(.external(target, masterKey: key), signing: folders)
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

extension SigningFolders {
    /// The folders that were named, and for what was not named those beside the file of the master secret; nil where
    /// there is no such file either.
    fileprivate init?(beside masterKey: String?, keys: String?, guards: String?) {
        let folder = masterKey.map { path in
            let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            return parts.isEmpty ? "." : parts.joined(separator: "/")
        }
        guard let keys = keys ?? folder.map({ "\($0)/keys" }), let guards = guards ?? folder.map({ "\($0)/guard" })
        else { return nil }
        self.init(keys: KeyFolder(keys), guards: GuardFolder(guards))
    }
}
