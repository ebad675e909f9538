import Cryptography

/// A text with signatures below it (C2SP signed-note). Until a known key has verified it, the text is nobody's.
package struct SignedNote: Hashable, Sendable {
    /// One line behind the text.
    package struct Signature: Hashable, Sendable {
        package let name: KeyName
        /// ``NoteKey/id``.
        package let keyID: UInt32
        /// What follows the key ID.
        package let bytes: [UInt8]

        package init(name: KeyName, keyID: UInt32, bytes: [UInt8]) {
            self.name = name
            self.keyID = keyID
            self.bytes = bytes
        }
    }

    /// The longest note, in bytes.
    package static let sizeMax = 65_536
    /// How many signatures a note may have; at least 16 must be accepted.
    package static let signatureCountMax = 64
    /// An em dash and a space.
    private static let mark: [UInt8] = [0xE2, 0x80, 0x94, 0x20]

    /// All that is signed, its last line feed included.
    package let text: [UInt8]
    package let signatures: [Signature]

    package init(text: [UInt8], signatures: [Signature]) {
        self.text = text
        self.signatures = signatures
    }

    /// Reads a note.
    package init(_ bytes: [UInt8]) throws(NoteFault) {
        guard bytes.count <= Self.sizeMax else { throw .tooLarge }
        guard (try? UTF8Span(validating: bytes.span)) != nil, bytes.allSatisfy({ $0 >= 0x20 || $0 == 0x0A }) else {
            throw .forbiddenBytes
        }
        guard bytes.last == 0x0A else { throw .unendedLine }
        // The last empty line parts them: the text may have others.
        guard let end = bytes.indices.dropFirst().last(where: { bytes[$0] == 0x0A && bytes[$0 - 1] == 0x0A }),
            end + 1 < bytes.count
        else { throw .noSignatures }
        text = Array(bytes[..<end])
        let lines = bytes[(end + 1)...].dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
        guard lines.count <= Self.signatureCountMax else { throw .tooManySignatures }
        var signatures: [Signature] = []
        for line in lines { signatures.append(try Self.signature(line)) }
        self.signatures = signatures
    }

    /// Reads one line of a signature, without its line feed.
    package static func signature(_ line: ArraySlice<UInt8>) throws(NoteFault) -> Signature {
        guard line.starts(with: mark) else { throw .malformedSignature }
        let parts = line.dropFirst(mark.count).split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 2, let data = Base64.decodeLine(parts[1]), data.count > 4 else {
            throw .malformedSignature
        }
        return Signature(
            name: try KeyName(parts[0]), keyID: data.prefix(4).reduce(0) { $0 << 8 | UInt32($1) },
            bytes: Array(data.dropFirst(4)))
    }

    /// The note with the signatures under this name alone: a checkpoint as its ledger signed it.
    package func own(_ name: KeyName) -> SignedNote {
        SignedNote(text: text, signatures: signatures.filter { $0.name == name })
    }

    /// The note as it is written.
    package var bytes: [UInt8] { text + [0x0A] + signatures.flatMap(\.line) }
}

extension SignedNote.Signature {
    /// The line, its line feed included.
    package var line: [UInt8] {
        let id = (0..<4).map { UInt8(truncatingIfNeeded: keyID >> UInt32(24 - 8 * $0)) }
        return Array("— \(name) \(Base64.encode(id + bytes))\n".utf8)
    }
}

extension SignedNote {
    /// What verification found.
    package enum Verdict: Hashable, Sendable {
        /// These of the known keys signed the text; none of the others tried to.
        case verified([NoteKey])
        /// No known key signed.
        case noKnownKey
        /// A signature that names this key is not by it: then the others count for nothing either.
        case wrongSignature(NoteKey)
    }

    /// Judges the signatures by known keys. Those of unknown keys, by name or by ID, are passed over; of several by one
    /// key the first counts.
    package func verify(_ known: [NoteKey]) -> Verdict {
        var verified: [NoteKey] = []
        for signature in signatures {
            guard let key = known.first(where: { $0.name == signature.name && $0.id == signature.keyID }),
                !verified.contains(key)
            else { continue }
            guard isRight(signature, by: key) else { return .wrongSignature(key) }
            verified.append(key)
        }
        return verified.isEmpty ? .noKnownKey : .verified(verified)
    }

    private func isRight(_ signature: Signature, by key: NoteKey) -> Bool {
        switch key.kind {
        case .ed25519:
            Ed25519PublicKey(key.publicKey)?.verifies(signature.bytes, of: text) ?? false
        case .cosignature:
            Cosignature(signature.bytes)?.verifies(text, by: key) ?? false
        }
    }
}
