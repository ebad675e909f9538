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
            A backup is input, and you say whose it must be. With --key, each ledger's key must have signed the \
            manifest: then every row is the one that was there when the backup was taken. An older key serves as well \
            where rotations lead from it to the one that signed; a later one vouches for no earlier one. With \
            --unsigned, a ledger of which you give no key is taken as it comes. What follows from its lines is still \
            proved, and its lines are as far as a guard or a witness knows them. Nothing proves the lines beyond that, \
            nor what no line tells: which database roles may read, when an identity is checked next, whether the \
            ledger was halted, and whose a timestamp is.

            Nothing is made before manifest, signatures and every file have been found right. The rows are then \
            loaded as countersign_owner, by statements of this binary, into tables that its migrations made: nothing \
            in a backup is run. Every line is read and hashed again, and every other row derived from the lines. Then \
            each ledger is held to the checkpoint that the backup names, to the guard, and to what the witnesses have \
            seen. A ledger that is behind, or not as its lines say, is halted: it can be read, and the service will \
            not append to it (`countersign doctor --after-restore` names the ways out).

            Put master.key, the folder of signing keys, the guard and the journal of erasures as they were LAST into \
            place first: by default they are `master.key`, `keys`, `guard` and `erasures.jsonl` in the data directory. \
            What was erased since the backup is erased again.

            Example:
                countersign restore /backups/2026-11-27 --key @ledgers.vkey \\
                    --data-dir /var/lib/countersign --witness-policy policy

            Exit status: 0 restored and up to date, 1 restored and not good, 2 wrong usage, 3 refused or could not run.
            """)

    @Argument(help: "The folder of the backup.")
    var folder: String
    @OptionGroup(title: "Whose backup") var origin: BackupOrigin
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
        let signatures = try origin.signatures()
        let source = try BackupFolder.open(folder)
        let (manifest, digest) = try BackupManifest.read(source)
        let unsigned = try signatures.check(manifest, digest, in: source)
        let witnesses = try assurance.witnesses(observer: QuietObserver())
        let results = try await Interruption.cancelling {
            let tables = try BackupTables(manifest, in: source)
            try await tables.check()
            return try await location.whileRunning(mayCreate: true) {
                try await Preparation(location, observer: QuietObserver()).migrate()
                try await tables.load(into: location)
                return try await OpenStore.with(location, journal.journal(of: location)) { open in
                    let results = try await RestoredLedgers(
                        open, manifest, unsigned: unsigned, trusted: signatures.trusted, witnesses
                    ).results()
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

/// Whose backup it must be.
struct BackupOrigin: ParsableArguments {
    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "The public key of a ledger in the backup; may be repeated, one for each ledger or more.",
            discussion: """
                As `countersign ledger keys` printed it while the ledger was well, or @file with one on each line. The \
                key that was current when the backup was taken, or an earlier one; best the newest that it can have, \
                for a retired key that was stolen since can sign a backup from its own time.
                """, valueName: "vkey"))
    var keys: [String] = []

    @Flag(
        help: ArgumentHelp(
            "Take a ledger of which no key is given as it comes.",
            discussion: "For a ledger that was made without a key, and for a backup that never left your hands."))
    var unsigned = false

    func validate() throws {
        guard !keys.isEmpty || unsigned else {
            throw ValidationError(
                "--key or --unsigned is needed: whose backup is this? `countersign ledger keys` prints the keys of a "
                    + "ledger")
        }
    }

    func signatures() throws(Complaint) -> BackupSignatures {
        BackupSignatures(trusted: try TrustOptions.keys(keys), acceptsUnsigned: unsigned)
    }
}
