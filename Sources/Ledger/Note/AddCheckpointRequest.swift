import Cryptography

/// What a log asks of a witness (C2SP tlog-witness, `add-checkpoint`): to cosign a checkpoint that continues the last
/// one which the witness has cosigned.
package struct AddCheckpointRequest: Hashable, Sendable {
    /// The longest request that our witness reads, in bytes.
    package static let sizeMax = 131_072
    /// The longest request that every witness reads, in bytes: some take no more.
    package static let sentSizeMax = 16_384
    private static let mark = Array("old ".utf8)

    /// The size of the checkpoint that the witness cosigned last for this origin; 0 for none.
    package let oldSize: Int
    /// From the old size to the new one; without hashes where they are equal, and where the old one is 0.
    package let proof: ConsistencyProof
    package let checkpoint: SignedNote

    package init(oldSize: Int, proof: ConsistencyProof, checkpoint: SignedNote) {
        self.oldSize = oldSize
        self.proof = proof
        self.checkpoint = checkpoint
    }

    /// Reads the body of a request. What the note's text says is not looked at.
    package init(_ bytes: [UInt8]) throws(NoteFault) {
        guard bytes.count <= Self.sizeMax else { throw .tooLarge }
        var lines = NoteLineReader(bytes)
        let first = try lines.next()
        guard first.starts(with: Self.mark) else { throw .unexpectedLine }
        oldSize = try NoteLine.number(first.dropFirst(Self.mark.count), max: Checkpoint.sizeMax)
        proof = ConsistencyProof(hashes: try lines.hashes(countMax: TlogProof.hashCountMax))
        checkpoint = try SignedNote(Array(lines.rest))
    }

    /// The body as it is sent.
    package var bytes: [UInt8] {
        var bytes = Self.mark + Array("\(oldSize)\n".utf8)
        for hash in proof.hashes { bytes += Array("\(Base64.encode(hash.bytes))\n".utf8) }
        return bytes + [0x0A] + checkpoint.bytes
    }
}
