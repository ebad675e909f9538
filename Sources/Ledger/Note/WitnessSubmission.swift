/// A checkpoint by a known log, submitted to a witness (C2SP tlog-witness): everything about a request that can be
/// judged without knowing what was cosigned before.
package struct WitnessSubmission: Hashable, Sendable {
    /// What a witness does.
    package enum Decision: Hashable, Sendable {
        /// The note is to be cosigned and stored, where nothing else was stored meanwhile; only then may the
        /// cosignature leave the witness.
        case accepted
        case refused(WitnessRefusal)
    }

    /// How many bytes a cosignature by the longest name needs at most: they must fit below the note.
    private static let cosignatureSizeMax = 512

    package let request: AddCheckpointRequest
    package let checkpoint: Checkpoint
    /// The note with the signatures by known keys of its log, and no others.
    package let note: SignedNote

    package var origin: KeyName { checkpoint.origin }

    /// Reads a request's body.
    ///
    /// - Parameter logs: the keys that are trusted, each for the origin that is its name.
    package init(_ body: [UInt8], logs: [NoteKey]) throws(WitnessRefusal) {
        guard body.count <= AddCheckpointRequest.sizeMax else { throw WitnessRefusal(.tooLarge) }
        let request: AddCheckpointRequest
        do throws(NoteFault) {
            request = try AddCheckpointRequest(body)
            checkpoint = try Checkpoint(ofAnyRoot: request.checkpoint.text)
        } catch {
            throw WitnessRefusal(.unreadable(error))
        }
        self.request = request
        let origin = checkpoint.origin
        let keys = logs.filter { $0.name == origin && $0.kind == .ed25519 }
        guard !keys.isEmpty else { throw WitnessRefusal(.unknownOrigin) }
        guard case .verified(let signers) = request.checkpoint.verify(keys) else {
            throw WitnessRefusal(.notSigned, of: origin)
        }
        // Of several by one key the first was verified.
        let signatures = signers.compactMap { key in
            request.checkpoint.signatures.first { $0.name == key.name && $0.keyID == key.id }
        }
        note = SignedNote(
            text: request.checkpoint.text, signatures: Array(signatures.prefix(SignedNote.signatureCountMax - 1)))
        guard note.bytes.count <= SignedNote.sizeMax - Self.cosignatureSizeMax else {
            throw WitnessRefusal(.unreadable(.tooLarge), of: origin)
        }
        guard request.oldSize <= checkpoint.size else { throw WitnessRefusal(.oldSizeTooLarge, of: origin) }
    }

    /// Judges the submission by the checkpoint that the witness cosigned last for this origin; nil for none.
    package func decide(knowing known: Checkpoint?) -> Decision {
        let (oldSize, proof) = (request.oldSize, request.proof)
        guard oldSize == known?.size ?? 0 else { return refused(.conflict(size: known?.size ?? 0)) }
        guard !checkpoint.hasWrongEmptyRoot else { return refused(.wrongEmptyRoot) }
        // The empty tree is the beginning of every tree.
        guard let known, oldSize > 0 else { return proof.hashes.isEmpty ? .accepted : refused(.proofOfNothing) }
        if oldSize == checkpoint.size, known.root != checkpoint.root { return refused(.inconsistent(.rootsDiffer)) }
        let verdict = proof.verify(
            oldSize: UInt64(oldSize), oldRoot: known.root, size: UInt64(checkpoint.size), root: checkpoint.root)
        return verdict == .consistent ? .accepted : refused(.inconsistent(verdict))
    }

    private func refused(_ reason: WitnessRefusal.Reason) -> Decision {
        .refused(WitnessRefusal(reason, of: origin))
    }
}
