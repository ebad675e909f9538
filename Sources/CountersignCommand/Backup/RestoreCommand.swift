import ArgumentParser
import Checkpoints
import Cryptography
import EmbeddedPostgres
import Identities
import Ledger
import LedgerStore

/// `countersign restore`
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a backup into a new data directory, and hold it to everything that is known of its ledgers.",
        discussion: """
            Every line is read and hashed again, and every other row derived from the lines. Then each ledger is held \
            to the checkpoint that the backup names, to the guard, and to what the witnesses have seen. A ledger that \
            is behind is halted: it can be read, and the service will not append to it, for that would sign two \
            histories (`countersign doctor --after-restore` names the ways out).

            Put master.key, the folder of signing keys, the guard and the journal of erasures as they were LAST into \
            place first: by default they are `master.key`, `keys`, `guard` and `erasures.jsonl` in the data directory. \
            What was erased since the backup is erased again.

            Example:
                countersign restore /backups/2026-11-27 --data-dir /var/lib/countersign \\
                    --witness-policy policy

            Exit status: 0 restored and up to date, 1 restored and not good, 2 wrong usage, 3 could not run.
            """)

    @Argument(help: "The folder of the backup.")
    var folder: String
    @OptionGroup var database: DatabaseOptions
    @OptionGroup(title: "Assurance") var assurance: AssuranceOptions
    @OptionGroup(title: "Erasure") var journal: JournalOption
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let verdict: String
        let checks: [CheckResult]
    }

    func run() async throws {
        let location = try database.location()
        guard let directory = location.directory else {
            throw Complaint(
                "a backup is restored into a data directory", next: "name a new one with --data-dir", status: .usage)
        }
        guard !directory.hasCluster else {
            throw Complaint(
                "there is a database in \(directory.cluster.directory) already",
                next: "name a new directory, or move the old one away", status: .usage)
        }
        let manifest = try BackupManifest.read(folder)
        let dump = "\(folder)/\(BackupManifest.dumpName)"
        try Output.error.writeLine("checking the dump")
        guard try FileDigest.sha256(dump).digest.hex == manifest.sha256 else {
            throw Complaint("\(dump) is not the one that was backed up", next: "take another copy of the backup")
        }
        let witnesses = try assurance.witnesses(observer: QuietObserver())
        let results = try await Interruption.cancelling {
            try await location.whileRunning(mayCreate: true) {
                try await Preparation(location, observer: QuietObserver()).makeRoles()
                try Output.error.writeLine("restoring")
                try await DatabaseDump(of: directory.cluster).restore(from: dump)
                try await Preparation(location, observer: QuietObserver()).migrate()
                return try await OpenStore.with(location, journal.journal(of: location)) { open in
                    let results = try await RestoredLedgers(open, manifest, witnesses).results()
                    let count = try await open.store.applyJournal(
                        reporter: OpenStore.reporter, timeout: OpenStore.appendTimeout)
                    guard count > 0 else { return results }
                    let again = "erased again in \(count) entries what the backup had brought back"
                    return results + [.ok("erasures", again)]
                }
            }
        }
        let isGood = results.allSatisfy { $0.status == .ok }
        if output.isJSON {
            try JSONOutput.print(Answer(verdict: isGood ? "ok" : "fail", checks: results))
        } else {
            for result in results { try Output.standard.write(result.text) }
        }
        guard isGood else { throw ExitCode(ExitStatus.notGood.rawValue) }
    }
}
