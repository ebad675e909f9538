import ArgumentParser
import Checkpoints
import Cryptography
import EmbeddedPostgres
import Ledger
import LedgerStore

/// `countersign backup`
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write a backup of all ledgers that can prove itself when it is restored.",
        discussion: """
            A folder with the rows of each table as a file, a manifest of these files, and the signature of each \
            ledger under the manifest. The service may go on: all of it is one moment. No value is in it that was \
            erased before, and no page that a disk has spoilt, and every Postgres from 15 on takes it. Nothing in it \
            can be run. It is neither compressed nor encrypted, which whatever carries it away can do.

            Keep what `countersign ledger keys` prints, apart from the backups: `restore` wants such a key, or the \
            backup could be anybody's.

            NOT in it, and to be kept apart from it: the master key and the signing keys, without which nothing can be \
            appended or signed; and the guard, which is what finds out that a backup is old.

            A Postgres of your own (--database-url) is backed up by its own means; `countersign doctor \
            --after-restore` judges what comes back.

            Example: countersign backup /backups/2026-11-27 --data-dir /var/lib/countersign
            """)

    @Argument(help: "The folder to make.")
    var folder: String
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        struct State: Encodable {
            let ledger: String
            let size: Int
            let root: String
            /// Whether the ledger's key signed the backup.
            let signed: Bool
        }

        let folder: String
        let bytes: Int
        let manifest: String
        let ledgers: [State]
    }

    func run() async throws {
        let location = try database.location()
        guard location.directory != nil else {
            throw Complaint(
                "a Postgres of your own is backed up by its own means",
                next: "use pg_dump or pg_basebackup, and `countersign doctor --after-restore` afterwards",
                status: .usage)
        }
        guard !DataDirectory.exists(folder) else {
            throw Complaint("\(folder) is there already", next: "name a folder that is not", status: .usage)
        }
        try await OpenStore.with(database) { open in
            // Before the snapshot: whatever it holds, it holds these.
            let checkpoints = try await checkpoints(open)
            let target = try BackupFolder.make(folder)
            let manifest = try await open.location.withOwner { connection in
                try await copied(try await BackupSnapshot(connection), checkpoints, to: target)
            }
            let bytes = manifest.bytes
            let digest = SHA256.digest(bytes)
            let signers = try sign(manifest, digest, with: open.location.requireSigning().keys, in: target)
            // Last: a folder without it is no backup.
            try target.write(bytes, to: BackupFolder.manifestName)
            try tell(manifest, digest, signers)
        }
    }

    /// The newest checkpoint of each ledger, by its name.
    private func checkpoints(_ open: OpenStore) async throws -> [String: SignedNote] {
        let signer = try open.signer()
        var notes: [String: SignedNote] = [:]
        for ledger in try await open.store.allLedgers() {
            var published = try await open.store.checkpoint(of: ledger)
            if signer.hasKey(of: ledger) { published = try await signer.sign(ledger, kept: true) }
            notes[ledger.origin.text] = published?.note
        }
        return notes
    }

    private func copied(
        _ snapshot: BackupSnapshot, _ checkpoints: [String: SignedNote], to target: BackupFolder
    ) async throws -> BackupManifest {
        let ledgers = try await snapshot.ledgers()
        let folder = try target.makeFolder(TableFile.folderName)
        let bar = ProgressBar(unit: "rows")
        defer { bar.clear() }
        var tables: [TableFile] = []
        var done = 0
        for table in BackupTable.all {
            let file = try await TableFile.write(table, of: snapshot, to: folder) { rows in
                bar.update(done: done + rows, fraction: nil)
            }
            done += file.rows
            tables.append(file)
        }
        return BackupManifest(
            takenAt: Clock.now(), postgres: await snapshot.serverVersion(), migrations: BackupManifest.Step.own,
            ledgers: ledgers.map { .init(ledger: $0, checkpoint: checkpoints[$0.origin.text]) }, tables: tables)
    }

    /// Has each ledger whose key is here sign the manifest.
    ///
    /// - Returns: the names of those that did.
    private func sign(
        _ manifest: BackupManifest, _ digest: Digest, with keys: KeyFolder, in target: BackupFolder
    ) throws -> Set<String> {
        let folder = try target.makeFolder(BackupSignatures.folderName)
        var signers: Set<String> = []
        for state in manifest.ledgers {
            guard let key = state.ledger.keys?.current,
                let note = try keys.sign(manifest: digest, as: state.origin, by: key)
            else { continue }
            try folder.write(note.bytes, to: BackupSignatures.fileName(of: state.origin))
            signers.insert(state.origin.text)
        }
        return signers
    }

    private func tell(_ manifest: BackupManifest, _ digest: Digest, _ signers: Set<String>) throws {
        let bytes = manifest.tables.reduce(0) { $0 + $1.bytes }
        let ledgers = manifest.ledgers.map { state in
            Answer.State(
                ledger: state.origin.text, size: state.ledger.size, root: state.ledger.root.hex,
                signed: signers.contains(state.origin.text))
        }
        if output.isJSON {
            return try JSONOutput.print(Answer(folder: folder, bytes: bytes, manifest: digest.hex, ledgers: ledgers))
        }
        for ledger in ledgers {
            let signed = ledger.signed ? "signed by its key" : "NOT SIGNED: its key is not here"
            try Output.standard.writeLine("\(ledger.ledger): \(Progress.grouped(ledger.size)) entries, \(signed)")
        }
        try Output.standard.writeLine("\(Progress.grouped(bytes >> 10)) KiB in \(folder)")
        try Output.error.writeLine(
            "keep master.key, the signing keys and what `countersign ledger keys` prints apart; never back up the "
                + "guard")
    }
}
