import ArgumentParser
import Ledger
import LedgerStore

/// `countersign retention`
struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Erase personal data that is older than your policy.",
        discussion: "Entries and proofs stay for ever; what is sealed beside them need not.",
        subcommands: [RetentionApply.self])
}

/// `countersign retention apply`
struct RetentionApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Erase the sealed values of all entries that are old enough.",
        discussion: """
            What a legal hold covers stays. Each step is an entry of its own that lists what it erased, so that it may \
            be cut off at any time and repeated. Run it by a timer, once a day.

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
        let moment = Timestamp(microseconds: Clock.now().microseconds - olderThan.microseconds)
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
