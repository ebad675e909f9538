import Checkpoints
import Cryptography
import Ledger
import LedgerStore

/// Who vouches for a backup: each ledger's key signs the manifest, in a note of its own.
struct BackupSignatures {
    static let folderName = "signatures"
    private static let noteSizeMax = SignedNote.sizeMax

    static func fileName(of origin: Origin) -> String { "\(KeyFolder.fileName(of: origin)).note" }

    /// The keys that the caller has from outside.
    let trusted: [NoteKey]
    /// Whether a ledger of which no key is given may come unsigned.
    let acceptsUnsigned: Bool

    /// Refuses the backup unless every ledger in it is vouched for by a key of its own that the caller trusts: by the
    /// one that was current when the backup was taken, or by an earlier one, from which the rotations lead to it.
    ///
    /// - Returns: the ledgers that nobody vouches for, which the caller accepts.
    func check(_ manifest: BackupManifest, _ digest: Digest, in folder: BackupFolder) throws(Complaint) -> [Origin] {
        let notes = try folder.folder(Self.folderName)
        let known = Set(manifest.ledgers.map { Self.fileName(of: $0.origin) })
        guard try notes.names().allSatisfy(known.contains) else {
            throw Complaint("\(notes.path) holds a file that is none of the backup's", next: BackupFolder.next)
        }
        var unsigned: [Origin] = []
        // A ledger that was never begun has nothing in it that could be signed for.
        for state in manifest.ledgers where state.ledger.size > 0 {
            let given = trusted.filter { $0.name == KeyName(state.origin) }
            guard given.isEmpty else {
                try check(state, given, digest, notes)
                continue
            }
            guard acceptsUnsigned else { throw Self.untrusted(state) }
            unsigned.append(state.origin)
        }
        return unsigned
    }

    private static func untrusted(_ state: BackupManifest.LedgerState) -> Complaint {
        guard state.ledger.keys != nil else {
            return Complaint(
                "the backup says that \(state.origin) was made without a key, so nothing says whose it is",
                next: "add --unsigned if you are sure where the backup comes from", status: .usage)
        }
        return Complaint(
            "no key of \(state.origin) was given, so nothing says whose backup this is",
            next: "add --key VKEY or --key @FILE, as `countersign ledger keys` printed it; --unsigned does without",
            status: .usage)
    }

    private func check(
        _ state: BackupManifest.LedgerState, _ given: [NoteKey], _ digest: Digest, _ notes: BackupFolder
    ) throws(Complaint) {
        let origin = state.origin
        guard let keys = state.ledger.keys else {
            throw Complaint(
                "the backup says that \(origin) has no key, and you gave one of it", next: BackupFolder.next)
        }
        guard keys.isVouchedFor(by: given) else {
            throw Complaint(
                "no rotation leads from the given key of \(origin) to the key that signed this backup",
                next: "give the key that was current then, or an earlier one: a later key vouches for no earlier one. "
                    + "If you did, the backup is somebody else's")
        }
        let name = Self.fileName(of: origin)
        guard notes.has(name) else {
            throw Complaint("\(notes.path)/\(name) is missing: \(origin) did not sign", next: BackupFolder.next)
        }
        let bytes = try notes.content(of: name, sizeMax: Self.noteSizeMax)
        guard let note = try? SignedNote(bytes) else {
            throw Complaint("\(notes.path)/\(name) is no signed note", next: BackupFolder.next)
        }
        guard note.text == BackupNote.text(manifest: digest) else {
            throw Complaint(
                "\(origin) signed another manifest than this one: it was changed, or is another backup's",
                next: BackupFolder.next)
        }
        guard note.verify([keys.current]) == .verified([keys.current]) else {
            throw Complaint(
                "\(notes.path)/\(name) is not signed by the key of \(origin) that was current then",
                next: BackupFolder.next)
        }
    }
}
