package import Cryptography

/// What a ledger's key signs of a backup (`Format.md`, "Backups"): that its manifest is this one, and so are the files
/// whose digests stand in it.
package enum BackupNote {
    /// The first line. No checkpoint is like it: behind a ledger's name stands a decimal number there.
    package static let format = "countersign/backup/1"

    /// The text of the note.
    ///
    /// - Parameter manifest: the SHA-256 of the manifest's bytes.
    package static func text(manifest: Digest) -> [UInt8] { Array("\(format)\n\(manifest.hex)\n".utf8) }
}
