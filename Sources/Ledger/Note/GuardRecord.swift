import Cryptography

/// What a signer must not forget: the newest checkpoint that it signed, and the right edge of that tree, from which the
/// next one is grown. A file outside the database holds it; who loses that file cannot tell a fork from a growth.
///
///     countersign/guard/1
///     <base64 of a subtree's root>     as many as bits are set in the size, the largest first
///
///     <checkpoint>                     the signed note, to the end of the file
package struct GuardRecord: Hashable, Sendable {
    /// The longest record, in bytes.
    package static let sizeMax = 2 * SignedNote.sizeMax
    private static let header = Array("countersign/guard/1".utf8)

    /// The note as it was signed.
    package let note: SignedNote
    /// What the note says.
    package let checkpoint: Checkpoint
    /// The right edge of its tree.
    package let range: CompactRange

    /// The record of a checkpoint; nil unless the right edge has its size and root.
    package init?(_ note: SignedNote, _ checkpoint: Checkpoint, range: CompactRange) {
        guard range.size == checkpoint.size, range.root == checkpoint.root else { return nil }
        self.note = note
        self.checkpoint = checkpoint
        self.range = range
    }

    /// Reads a record. Whose signature the note has is for the caller to judge.
    package init(_ bytes: [UInt8]) throws(NoteFault) {
        guard bytes.count <= Self.sizeMax else { throw .tooLarge }
        var reader = NoteLineReader(bytes)
        guard try reader.next().elementsEqual(Self.header) else { throw .unknownFormat }
        let subtrees = try reader.hashes(countMax: TlogProof.hashCountMax)
        let note = try SignedNote(Array(reader.rest))
        let checkpoint = try Checkpoint(note.text)
        guard let range = CompactRange(size: checkpoint.size, subtrees: subtrees),
            let record = GuardRecord(note, checkpoint, range: range)
        else { throw .otherTree }
        self = record
    }

    /// The record as it is written.
    package var bytes: [UInt8] {
        var bytes = Self.header + [0x0A]
        for subtree in range.subtrees { bytes += Array("\(Base64.encode(subtree.bytes))\n".utf8) }
        return bytes + [0x0A] + note.bytes
    }
}
