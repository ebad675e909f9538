import ArgumentParser
import Checkpoints
import Cryptography
import EmbeddedPostgres
import Files
import Ledger
import LedgerStore

/// `countersign backup`
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write a backup of all ledgers that can prove itself when it is restored.",
        discussion: """
            A folder with a dump by pg_dump, and the checkpoints that the dump must contain. The service may go on. A \
            logical dump holds no value that was erased before, fits later releases of Postgres, and carries no page \
            that a disk has spoilt.

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
        let folder: String
        let bytes: Int
        let ledgers: [BackupManifest.Ledger]
    }

    func run() async throws {
        let location = try database.location()
        guard let directory = location.directory else {
            throw Complaint(
                "a Postgres of your own is backed up by its own means",
                next: "use pg_dump or pg_basebackup, and `countersign doctor --after-restore` afterwards",
                status: .usage)
        }
        guard !DataDirectory.exists(folder) else {
            throw Complaint("\(folder) is there already", next: "name a folder that is not", status: .usage)
        }
        try await OpenStore.with(database) { open in
            // Before the dump: whatever it holds, it holds these.
            let ledgers = try await ledgers(open)
            let place = try Folder.makeNew(folder)
            let dump = "\(folder)/\(BackupManifest.dumpName)"
            try Output.error.writeLine("dumping \(ledgers.count) ledgers")
            try await DatabaseDump(of: directory.cluster).write(to: dump)
            let (digest, size) = try FileDigest.sha256(dump)
            let manifest = BackupManifest(
                format: BackupManifest.format, taken_at: Clock.now().text, sha256: digest.hex,
                ledgers: ledgers)
            // Last: a folder without it is no backup.
            try place.replace(BackupManifest.fileName, with: try manifest.bytes)
            try tell(manifest, bytes: size)
        }
    }

    private func ledgers(_ open: OpenStore) async throws -> [BackupManifest.Ledger] {
        let signer = try open.signer()
        var ledgers: [BackupManifest.Ledger] = []
        for ledger in try await open.store.allLedgers() {
            var published = try await open.store.checkpoint(of: ledger)
            if signer.hasKey(of: ledger) { published = try await signer.sign(ledger, kept: true) }
            ledgers.append(
                BackupManifest.Ledger(
                    ledger: ledger.origin.text, size: try await open.store.head(of: ledger).size,
                    checkpoint: published.map { String(decoding: $0.note.bytes, as: UTF8.self) }))
        }
        return ledgers
    }

    private func tell(_ manifest: BackupManifest, bytes: Int) throws {
        if output.isJSON {
            return try JSONOutput.print(Answer(folder: folder, bytes: bytes, ledgers: manifest.ledgers))
        }
        for ledger in manifest.ledgers {
            let signed = ledger.checkpoint == nil ? "not signed" : "with its checkpoint"
            try Output.standard.writeLine("\(ledger.ledger): \(Progress.grouped(ledger.size)) entries, \(signed)")
        }
        try Output.standard.writeLine("\(Progress.grouped(bytes >> 10)) KiB in \(folder)")
        try Output.error.writeLine("keep master.key and the signing keys apart; never back up the guard")
    }
}
