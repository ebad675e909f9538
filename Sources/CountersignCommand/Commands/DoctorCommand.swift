import ArgumentParser

/// `countersign doctor`
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at everything that the ledger leans on, and say what to do about it.",
        discussion: """
            Looks at Postgres and its settings, the schema, roles, rights and triggers, whatever stands in the \
            database and no migration made, the master secret, the signing keys and guards, the journal of erasures, \
            the clocks, the partitions and the disk. Changes nothing. A private Postgres that does not run is started \
            meanwhile.

            With --after-restore, for whoever has restored a backup or failed over: every line is read and held to the \
            newest checkpoint that the guard knows, and to the larger tree that a process had answered, where one \
            halted the ledger for that. A ledger that was halted and holds may go on, which is an entry.

            Examples:
                countersign doctor --data-dir /var/lib/countersign
                countersign doctor --after-restore --data-dir /var/lib/countersign

            Exit status: 0 no check failed, 1 some did, 2 wrong usage, 3 could not run.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var journal: JournalOption
    @OptionGroup var output: OutputOptions
    @Flag(help: "Hold every ledger to its guard, line by line, and let halted ones that hold go on.")
    var afterRestore = false

    private struct Answer: Encodable {
        let verdict: String
        let checks: [CheckResult]
    }

    func run() async throws {
        let location = try database.location()
        let results = try await Interruption.cancelling {
            await Checkup(location, journal.journal(of: location), isAfterRestore: afterRestore).run()
        }
        let failed = results.count { $0.status == .fail }
        if output.isJSON {
            try JSONOutput.print(Answer(verdict: failed == 0 ? "ok" : "fail", checks: results))
        } else {
            for result in results { try Output.standard.write(result.text) }
        }
        guard failed == 0 else { throw ExitCode(ExitStatus.notGood.rawValue) }
    }
}
