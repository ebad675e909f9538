/// A checkpoint that a ledger's key has signed. There is no other way to one than through the signatures, so whoever
/// holds it need not ask again.
package struct TrustedCheckpoint: Hashable, Sendable {
    package let checkpoint: Checkpoint
    /// The keys that signed, of those that were asked for.
    package let signers: [NoteKey]

    /// Why a note is not trusted.
    package enum Doubt: Error, Hashable, Sendable {
        /// It is no note, or its text no checkpoint.
        case unreadable(NoteFault)
        /// It is of another ledger.
        case otherOrigin(KeyName)
        /// No known key signed it, or a signature that names a known key is not by it.
        case signature(SignedNote.Verdict)
        /// The ledger's own key did not sign, though another did.
        case notSignedByLedger
        /// Too few of the policy's witnesses signed.
        case policyNotMet
    }

    /// Judges a note.
    ///
    /// - Parameters:
    ///   - log: the ledger's keys, which come from outside; the origin is their name.
    ///   - witnesses: further keys whose signatures are told of.
    ///   - policy: whose signatures are enough; its witnesses are told of as well.
    package init(
        _ note: SignedNote, log: [NoteKey], witnesses: [NoteKey] = [], policy: TlogPolicy? = nil
    ) throws(Doubt) {
        let read: Checkpoint
        do throws(NoteFault) {
            read = try Checkpoint(note.text)
        } catch {
            throw .unreadable(error)
        }
        let ofOrigin = log.filter { $0.name == read.origin && $0.kind == .ed25519 }
        guard !ofOrigin.isEmpty else { throw .otherOrigin(read.origin) }
        let others = (witnesses + (policy?.witnesses.map(\.key) ?? [])).filter { !ofOrigin.contains($0) }
        let signed = note.verify(ofOrigin + others)
        guard case .verified(let keys) = signed else { throw .signature(signed) }
        guard keys.contains(where: ofOrigin.contains) else { throw .notSignedByLedger }
        guard policy?.isMet(by: keys) ?? true else { throw .policyNotMet }
        checkpoint = read
        signers = keys
    }
}

extension TrustedCheckpoint {
    /// Judges a note as it was read from a file.
    package init(_ bytes: [UInt8], log: [NoteKey], policy: TlogPolicy? = nil) throws(Doubt) {
        let note: SignedNote
        do throws(NoteFault) {
            note = try SignedNote(bytes)
        } catch {
            throw .unreadable(error)
        }
        try self.init(note, log: log, policy: policy)
    }
}

extension TrustedCheckpoint.Doubt: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let fault): "the checkpoint cannot be read: \(fault.rawValue)"
        case .otherOrigin(let origin): "the checkpoint is of another ledger, \(origin)"
        case .signature(.wrongSignature(let key)): "a signature that names the key \(key.name) is not by it"
        case .signature: "none of the given keys signed the checkpoint"
        case .notSignedByLedger: "the ledger's key did not sign the checkpoint"
        case .policyNotMet: "too few witnesses signed the checkpoint for the policy"
        }
    }
}
