package import Cryptography

/// A private key under its name: it signs notes (C2SP signed-note) as a ledger, or cosigns them as a witness.
package struct NoteSigner: Sendable {
    /// The key that verifies what is signed.
    package let key: NoteKey
    private let privateKey: Ed25519PrivateKey

    package init(name: KeyName, kind: NoteKey.Kind, privateKey: Ed25519PrivateKey) {
        guard let key = NoteKey(name: name, kind: kind, publicKey: privateKey.publicKey) else {
            preconditionFailure("a public key of Ed25519 has 32 bytes")
        }
        self.key = key
        self.privateKey = privateKey
    }

    /// The signature below `text`; nil only when there is no memory.
    ///
    /// - Parameter time: seconds since 1970, of a cosignature; the other kind has none.
    package func sign(_ text: [UInt8], time: Int64 = 0) -> SignedNote.Signature? {
        let bytes: [UInt8]?
        switch key.kind {
        case .ed25519: bytes = privateKey.signature(of: text)
        case .cosignature:
            bytes = privateKey.signature(of: Cosignature.message(text, time: time)).map {
                Cosignature(time: time, signature: $0).bytes
            }
        }
        return bytes.map { SignedNote.Signature(name: key.name, keyID: key.id, bytes: $0) }
    }
}
