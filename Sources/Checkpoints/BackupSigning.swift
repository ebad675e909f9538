package import Cryptography
package import Ledger

/// Signatures of ledgers under backups.
extension KeyFolder {
    /// The note by which a ledger's current key signs the manifest of a backup; nil where there is no file with keys of
    /// the ledger here.
    ///
    /// - Parameters:
    ///   - manifest: the SHA-256 of the manifest.
    ///   - key: the key that was current when the backup was taken.
    package func sign(manifest: Digest, as origin: Origin, by key: NoteKey) throws(Fault) -> SignedNote? {
        guard let held = try keys(of: origin) else { return nil }
        let text = BackupNote.text(manifest: manifest)
        // A rotation meanwhile leaves the key in the file until it is retired.
        guard let signature = held.first(where: { $0.key == key })?.signer.sign(text) else {
            throw Fault(
                description: "\(file(of: origin)) does not hold the key that is current in the backup; restore it from "
                    + "your backup of that file, or repeat the command if the key was retired just now")
        }
        return SignedNote(text: text, signatures: [signature])
    }
}
