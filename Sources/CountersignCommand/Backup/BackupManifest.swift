import FoundationEssentials

/// What a backup says of itself: `backup.json`, beside the dump.
struct BackupManifest: Codable {
    static let format = "countersign-backup/1"
    static let fileName = "backup.json"
    static let dumpName = "ledgers.dump"

    struct Ledger: Codable {
        let ledger: String
        /// The size of the tree when the backup began; the dump holds at least so much.
        let size: Int
        /// The newest signed checkpoint then, if the ledger has a key here.
        let checkpoint: String?
    }

    let format: String
    let taken_at: String
    /// Of the dump, in hex.
    let sha256: String
    let ledgers: [Ledger]

    /// Reads the manifest of the backup in `folder`.
    static func read(_ folder: String) throws(Complaint) -> BackupManifest {
        let bytes = try CheckpointFile.bytes("\(folder)/\(fileName)", isFound: true)
        guard let manifest = try? JSONDecoder().decode(BackupManifest.self, from: Data(bytes)),
            manifest.format == format
        else { throw Complaint("\(folder)/\(fileName) is not that of a backup", next: "name the folder of a backup") }
        return manifest
    }

    var bytes: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self)) + [0x0A]
        }
    }
}
