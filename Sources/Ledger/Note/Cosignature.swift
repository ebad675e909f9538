import Cryptography

/// What a witness writes below a checkpoint (C2SP tlog-cosignature): when it was the largest consistent tree that the
/// witness had seen of this origin.
package struct Cosignature: Hashable, Sendable {
    /// Seconds since 1970, not negative.
    package let time: Int64
    /// 64 bytes.
    package let signature: [UInt8]

    package init(time: Int64, signature: [UInt8]) {
        self.time = time
        self.signature = signature
    }

    /// Reads what follows the key ID: eight bytes of time, and the signature. Nil for another length, and for a time
    /// above 2^63 - 1.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 72 else { return nil }
        let time = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let time = Int64(exactly: time) else { return nil }
        self.time = time
        signature = Array(bytes.dropFirst(8))
    }

    /// What follows the key ID.
    package var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: time >> Int64(56 - 8 * $0)) } + signature
    }

    /// What is signed: the time, and the whole text of the note.
    package static func message(_ text: [UInt8], time: Int64) -> [UInt8] {
        Array("cosignature/v1\ntime \(time)\n".utf8) + text
    }

    func verifies(_ text: [UInt8], by key: NoteKey) -> Bool {
        Ed25519PublicKey(key.publicKey)?.verifies(signature, of: Self.message(text, time: time)) ?? false
    }
}
