import ArgumentParser
import EmbeddedPostgres
import FoundationEssentials
import LedgerStore

/// Where erasures are named outside the database.
struct JournalOption: ParsableArguments {
    @Option(
        name: .customLong("erasure-journal"),
        help: ArgumentHelp(
            "The file that names every erasure, so that a restore erases again.",
            discussion: """
                Default: erasures.jsonl in the data directory, or beside the master key. Keep a copy of it apart from \
                backups of the database. Environment: COUNTERSIGN_ERASURE_JOURNAL.
                """, valueName: "file"))
    var path: String?

    /// The journal of a database; nil where no place is named, nor one for the master key.
    func journal(of location: DatabaseLocation) -> ErasureJournal? {
        let variable = ProcessInfo.processInfo.environment["COUNTERSIGN_ERASURE_JOURNAL"]
        if let path = path ?? variable.flatMap({ $0.isEmpty ? nil : $0 }) { return ErasureJournal(path: path) }
        let folder: [Substring]
        switch location.database {
        case .directory(let directory): folder = [Substring(directory.cluster.directory)]
        case .external(_, nil): return nil
        case .external(_, let key?): folder = key.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        }
        return ErasureJournal(path: (folder + ["erasures.jsonl"]).joined(separator: "/"))
    }
}
