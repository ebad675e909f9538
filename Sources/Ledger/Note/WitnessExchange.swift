/// One checkpoint on its way through one witness (C2SP tlog-witness): what to send, and what the answer means.
///
/// It sends nothing itself. The caller sends ``request(proving:)``, hands the answer to
/// ``take(_:time:toleranceSeconds:)``, and does so once more where the outcome is `again`.
package struct WitnessExchange: Sendable {
    /// What an answer means.
    package enum Outcome: Hashable, Sendable {
        /// The witness's line, verified: it belongs below the checkpoint.
        case cosigned(SignedNote.Signature, Cosignature)
        /// The witness is at another size, which ``oldSize`` now has: ask once more, at once.
        case again
        /// The witness has cosigned a larger tree, which we have signed as well: this checkpoint comes too late.
        case overtaken(size: Int)
        /// The witness has cosigned a larger tree than any that we know to have signed: somebody else signs with our
        /// key, or we have lost commits. Nothing may be signed any more until a person has looked.
        case rollback(size: Int)
        /// The witness holds our checkpoint to contradict an earlier one: by 422, or by 409 without a size, as
        /// transparency-dev's does for another root of the same size.
        case inconsistent(status: Int)
        /// Another no, which the same request would get again.
        case refused(status: Int)
        /// The same request may get another answer later. A witness that finds our signature wrong may say 500, too.
        case unavailable(status: Int)
        /// An answer that is none; see ``Fault``.
        case worthless(Fault)
    }

    /// What is wrong with an answer that says that all went well.
    package enum Fault: Hashable, Sendable {
        case unreadable(NoteFault)
        /// There are signatures, but none by the witness's key.
        case noKnownSignature
        /// A line under the witness's name and key is not by it.
        case wrongSignature
        /// Seconds since 1970 of a cosignature that says no time, or one that has not come yet.
        case wrongTime(Int64)
        /// The witness says again, after it was asked from its own size, that it is at another.
        case undecided(size: Int)
    }

    /// Of the checkpoint, without anybody else's signatures.
    package let checkpoint: Checkpoint
    /// The size from which the witness is asked.
    package private(set) var oldSize: Int
    private let note: SignedNote
    private let witness: NoteKey
    private let signedSize: Int
    private var mayAskAgain = true

    /// - Parameters:
    ///   - note: the checkpoint with our signature, which the caller has made or verified.
    ///   - witness: the witness's key.
    ///   - lastKnownSize: what the witness is known to have cosigned last; 0 for nothing.
    ///   - signedSize: the largest tree known to be signed, where it is larger than the checkpoint's.
    /// - Returns: nil where the witness is known to be further than the checkpoint: there is nothing to ask.
    package init?(
        _ note: SignedNote, witness: NoteKey, lastKnownSize: Int, signedSize: Int = 0
    ) throws(NoteFault) {
        checkpoint = try Checkpoint(note.text)
        guard lastKnownSize <= checkpoint.size else { return nil }
        self.note = note
        self.witness = witness
        self.signedSize = max(signedSize, checkpoint.size)
        oldSize = lastKnownSize
    }

    /// The request to send.
    ///
    /// - Parameter prove: the consistency proof between two sizes, the older one at least 1; not asked for where none
    ///   is needed.
    nonisolated(nonsending) package func request<Failure: Error>(
        proving prove: (_ oldSize: Int, _ size: Int) async throws(Failure) -> ConsistencyProof
    ) async throws(Failure) -> AddCheckpointRequest {
        let isProofNeeded = oldSize > 0 && oldSize < checkpoint.size
        let proof = isProofNeeded ? try await prove(oldSize, checkpoint.size) : ConsistencyProof(hashes: [])
        return AddCheckpointRequest(oldSize: oldSize, proof: proof, checkpoint: note)
    }

    /// Says what an answer means.
    ///
    /// - Parameters:
    ///   - time: the present, in seconds since 1970.
    ///   - toleranceSeconds: how far the witness's clock may be ahead of ours.
    package mutating func take(_ answer: WitnessAnswer, time: Int64, toleranceSeconds: Int64) -> Outcome {
        switch answer.status {
        case 200: return cosigned(answer, time: time, toleranceSeconds: toleranceSeconds)
        case 409: return conflict(answer)
        case 422: return .inconsistent(status: 422)
        case 429, 500...599: return .unavailable(status: answer.status)
        default: return .refused(status: answer.status)
        }
    }

    private func cosigned(_ answer: WitnessAnswer, time: Int64, toleranceSeconds: Int64) -> Outcome {
        let signatures: [SignedNote.Signature]
        do throws(NoteFault) {
            signatures = try answer.signatures()
        } catch {
            return .worthless(.unreadable(error))
        }
        switch SignedNote(text: note.text, signatures: signatures).verify([witness]) {
        case .noKnownKey: return .worthless(.noKnownSignature)
        case .wrongSignature: return .worthless(.wrongSignature)
        case .verified: break
        }
        // The first under the key is the one that was verified.
        guard let signature = signatures.first(where: { $0.name == witness.name && $0.keyID == witness.id }),
            let cosignature = Cosignature(signature.bytes)
        else { return .worthless(.noKnownSignature) }
        let (latest, isForever) = time.addingReportingOverflow(toleranceSeconds)
        guard cosignature.time > 0, isForever || cosignature.time <= latest else {
            return .worthless(.wrongTime(cosignature.time))
        }
        return .cosigned(signature, cosignature)
    }

    private mutating func conflict(_ answer: WitnessAnswer) -> Outcome {
        guard let size = answer.knownSize else { return .inconsistent(status: 409) }
        guard size <= signedSize else { return .rollback(size: size) }
        guard size <= checkpoint.size else { return .overtaken(size: size) }
        guard mayAskAgain else { return .worthless(.undecided(size: size)) }
        mayAskAgain = false
        oldSize = size
        return .again
    }
}
