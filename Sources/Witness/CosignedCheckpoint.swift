import Cryptography
import Ledger

/// The last checkpoint that a witness cosigned for a log, as its folder holds it.
struct CosignedCheckpoint {
    let bytes: [UInt8]
    let checkpoint: Checkpoint

    /// Reads a file of the folder. Its own cosignature shows that it is ours and whole.
    init(_ bytes: [UInt8], of id: Digest, by key: NoteKey, path: String) throws(WitnessError) {
        let note: SignedNote
        do throws(NoteFault) {
            note = try SignedNote(bytes)
            checkpoint = try Checkpoint(note.text)
        } catch {
            throw WitnessError(.foreignFile, "\(path) is no cosigned checkpoint: \(error.rawValue)")
        }
        guard note.verify([key]) == .verified([key]) else {
            throw WitnessError(.foreignFile, "\(path) is not cosigned by \(key.name), the key of this witness")
        }
        guard WitnessFolder.id(of: checkpoint.origin) == id else {
            throw WitnessError(.foreignFile, "\(path) is the checkpoint of another log")
        }
        self.bytes = bytes
    }
}
