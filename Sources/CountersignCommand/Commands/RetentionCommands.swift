import ArgumentParser
import Ledger
import LedgerStore
import Postgres

/// `countersign retention`
struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Erase personal data that is older than your policy.",
        discussion: "Entries and proofs stay for ever; what is sealed beside them need not.",
        subcommands: [RetentionApply.self, RetentionScrub.self])
}

/// `countersign retention apply`
struct RetentionApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Erase the sealed values of all entries that are old enough.",
        discussion: """
            What a legal hold covers stays. Each step is an entry of its own that lists what it erased, so that it may \
            be cut off at any time and repeated. `countersign serve --retention 730d` does the same by itself, every \
            hour.

            Examples:
                countersign retention apply --data-dir /var/lib/countersign --older-than 730d --dry-run
                countersign retention apply --data-dir /var/lib/countersign --older-than 730d
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var journal: JournalOption
    @OptionGroup var output: OutputOptions
    @Option(help: ArgumentHelp("How old an entry must be, such as 730d.", valueName: "duration"))
    var olderThan: TimeSpan
    @Flag(help: "Only count.")
    var dryRun = false

    private struct Answer: Encodable {
        let before: String
        let dry_run: Bool
        let entries: Int
        let held: Int
        let erased_by: [Int]
    }

    func run() async throws {
        let moment = Clock.now() - olderThan.duration
        try await OpenStore.with(database, journal) { open in
            let progress = ProgressBar(unit: "entries", isWanted: !output.isJSON)
            defer { progress.clear() }
            let retention = try await open.store.applyRetention(
                of: try await ledger.find(in: open.store), before: moment, isDryRun: dryRun,
                reporter: OpenStore.reporter, timeout: OpenStore.appendTimeout
            ) { done, last in
                progress.update(done: done, fraction: Double(done) / Double(max(last, 1)))
            }
            progress.clear()
            if output.isJSON {
                return try JSONOutput.print(
                    Answer(
                        before: moment.text, dry_run: dryRun, entries: retention.erasedCount,
                        held: retention.heldCount, erased_by: retention.erasedBy))
            }
            let deed = dryRun ? "would be erased" : "erased"
            try Output.standard.writeLine(
                "sealed values of \(Progress.grouped(retention.erasedCount)) entries \(deed), "
                    + "\(Progress.grouped(retention.heldCount)) held, recorded before \(moment.text)")
        }
    }
}

/// `countersign retention scrub`
struct RetentionScrub: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scrub",
        abstract: "Rewrite the tables that erased values lay in, so that their files hold none of them.",
        discussion: """
            What was erased stays in the files of the database for a while: in dead rows, and in the free space of \
            pages. This rewrites those tables (VACUUM FULL), as their owner. While a table is rewritten, whoever \
            needs it waits, appends too, and it needs as much free disk again: run it when little happens. What the \
            write-ahead log and backups still hold goes with their own ends (ops/runbook.md, "Erasure").

            Example: countersign retention scrub --data-dir /var/lib/countersign
            """)

    private static let timeout = Duration.seconds(60)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let tables: Int
    }

    func run() async throws {
        let location = try database.location()
        try await Interruption.cancelling {
            try await location.whileRunning {
                try await OpenStore.requireReady(location.appTarget)
                let progress = ProgressBar(unit: "tables", isWanted: !output.isJSON)
                defer { progress.clear() }
                let count = try await location.withOwner { connection in
                    try await Scrubbing(connection).run { _, place, count in
                        progress.update(done: place, fraction: Double(place) / Double(max(count, 1)))
                    }
                }
                progress.clear()
                if output.isJSON { return try JSONOutput.print(Answer(tables: count)) }
                try Output.standard.writeLine("rewrote \(count) tables")
            }
        }
    }
}
