import Cryptography

/// One key of a ledger handing over to the next: the old one signs for the new one, and the entry that says so holds
/// both (`Format.md`). A key that was stolen cannot be rotated away, for the thief can sign a rotation as well.
package struct KeyRotation: Sendable {
    package static let event = "ledger.key_rotated"

    package let previousKey: NoteKey
    package let key: NoteKey
    /// By the previous key, over ``text(origin:key:)``.
    package let signature: [UInt8]

    /// The rotation from `previous` to `key`; nil only when there is no memory.
    package init?(from previous: NoteSigner, to key: NoteKey) {
        guard let signed = previous.sign(Self.text(to: key)) else { return nil }
        previousKey = previous.key
        self.key = key
        signature = signed.bytes
    }

    /// What an entry's `data` says; nil if it is no rotation, or one that the old key did not sign.
    package init?(data: JSONValue) {
        guard data["event"]?.text == Self.event,
            let previous = data["previous_key"]?.text.flatMap({ try? NoteKey(vkey: Array($0.utf8)) }),
            let key = data["key"]?.text.flatMap({ try? NoteKey(vkey: Array($0.utf8)) }), key.name == previous.name,
            let signature = data["signature"]?.text.flatMap({ Base64.decode(Array($0.utf8).span) }),
            Ed25519PublicKey(previous.publicKey)?.verifies(signature, of: Self.text(to: key)) == true
        else { return nil }
        previousKey = previous
        self.key = key
        self.signature = signature
    }

    /// The members of the entry's `data`.
    package var data: [JSONValue.Member] {
        [
            .init("event", .string(Self.event)), .init("key", .string(key.vkey)),
            .init("previous_key", .string(previousKey.vkey)), .init("signature", .string(Base64.encode(signature))),
        ]
    }

    /// What is signed. Its first line keeps it from being taken for a checkpoint.
    private static func text(to key: NoteKey) -> [UInt8] { Array("countersign/rotation/1\n\(key.vkey)\n".utf8) }
}
