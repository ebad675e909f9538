package import Cryptography

/// A receipt: the proof that a line stands in a signed tree (C2SP tlog-proof). The line itself travels beside it.
package struct TlogProof: Hashable, Sendable {
    /// The longest receipt, in bytes.
    package static let sizeMax = 196_608
    /// The most hashes: a tree of 2^63 - 1 leaves is so high.
    package static let hashCountMax = 63
    private static let header = Array("c2sp.org/tlog-proof@v1".utf8)
    private static let extraSizeMax = 65_536

    /// Opaque and authenticated by nobody: nothing may be decided by it. We write none.
    package let extra: [UInt8]?
    /// The place of the leaf, its entry's `seq`.
    package let index: Int
    package let proof: InclusionProof
    /// The note as it was read.
    package let checkpoint: SignedNote

    package init(index: Int, proof: InclusionProof, checkpoint: SignedNote) {
        extra = nil
        self.index = index
        self.proof = proof
        self.checkpoint = checkpoint
    }

    /// Reads a receipt.
    package init(_ bytes: [UInt8]) throws(NoteFault) {
        guard bytes.count <= Self.sizeMax else { throw .tooLarge }
        var lines = NoteLineReader(bytes)
        guard try lines.next().elementsEqual(Self.header) else { throw .unknownFormat }
        var line = try lines.next()
        if line.starts(with: "extra ".utf8) {
            guard line.count <= Self.extraSizeMax, let extra = Base64.decodeLine(line.dropFirst(6)), !extra.isEmpty
            else { throw .unexpectedLine }
            self.extra = extra
            line = try lines.next()
        } else {
            extra = nil
        }
        guard line.starts(with: "index ".utf8) else { throw .unexpectedLine }
        index = try NoteLine.number(line.dropFirst(6), max: Checkpoint.sizeMax)
        proof = InclusionProof(hashes: try lines.hashes(countMax: Self.hashCountMax))
        checkpoint = try SignedNote(Array(lines.rest))
    }

    /// The receipt as it is written.
    package var bytes: [UInt8] {
        var bytes = Self.header + [0x0A]
        if let extra { bytes += Array("extra \(Base64.encode(extra))\n".utf8) }
        bytes += Array("index \(index)\n".utf8)
        for hash in proof.hashes { bytes += Array("\(Base64.encode(hash.bytes))\n".utf8) }
        return bytes + [0x0A] + checkpoint.bytes
    }
}

extension TlogProof {
    /// The step of verification that failed, in their order, or none.
    package enum Verdict: Hashable, Sendable {
        /// The line stands in a tree that the ledger signed.
        case proved(TrustedCheckpoint)
        case checkpoint(TrustedCheckpoint.Doubt)
        case inclusion(InclusionProof.Verdict)
    }

    /// Judges the receipt for the line with this leaf hash.
    ///
    /// - Parameters:
    ///   - log: the ledger's keys, which come from outside; the origin is their name.
    ///   - witnesses: further keys whose signatures are told of.
    ///   - policy: whose signatures are enough.
    package func verify(
        leafHash: Digest, log: [NoteKey], witnesses: [NoteKey] = [], policy: TlogPolicy? = nil
    ) -> Verdict {
        let trusted: TrustedCheckpoint
        do throws(TrustedCheckpoint.Doubt) {
            trusted = try TrustedCheckpoint(checkpoint, log: log, witnesses: witnesses, policy: policy)
        } catch {
            return .checkpoint(error)
        }
        let inclusion = proof.verify(
            leafHash: leafHash, index: UInt64(index), size: UInt64(trusted.checkpoint.size),
            root: trusted.checkpoint.root)
        return inclusion == .included ? .proved(trusted) : .inclusion(inclusion)
    }
}
