import Cryptography
import Ledger
import Testing

@Suite struct `The succession of keys` {
    private func key(_ seed: UInt8) throws -> SigningKey {
        try #require(
            SigningKey(
                name: KeyName(Array("acme.example/mail".utf8)), kind: .ed25519,
                seed: [UInt8](repeating: seed, count: 32)))
    }

    @Test func `leads from an earlier key to the current one and never back`() throws {
        let keys = try (1...4).map { try key(UInt8($0)) }
        let rotations = try zip(keys, keys.dropFirst()).map { from, to in
            try #require(KeyRotation(from: from.signer, to: to.key))
        }
        let three = try #require(KeySuccession(first: keys[0].key, rotations: Array(rotations.prefix(2))))
        #expect(three.current == keys[2].key)
        #expect(three.keys == keys.prefix(3).map(\.key))
        for early in keys.prefix(3) { #expect(three.isVouchedFor(by: [early.key])) }
        #expect(!three.isVouchedFor(by: [keys[3].key]))
        #expect(!three.isVouchedFor(by: []))
    }

    @Test func `has no gap and no other order`() throws {
        let keys = try (1...3).map { try key(UInt8($0)) }
        let first = try #require(KeyRotation(from: keys[0].signer, to: keys[1].key))
        let second = try #require(KeyRotation(from: keys[1].signer, to: keys[2].key))
        #expect(KeySuccession(first: keys[0].key, rotations: [second]) == nil)
        #expect(KeySuccession(first: keys[0].key, rotations: [second, first]) == nil)
        #expect(KeySuccession(first: keys[1].key, rotations: [first, second]) == nil)
    }

    @Test func `a backup's note is nothing else that a ledger signs`() throws {
        let text = BackupNote.text(manifest: SHA256.digest("manifest"))
        #expect(throws: NoteFault.self) { try Checkpoint(text) }
        let signature = try #require(try key(1).signer.sign(text))
        #expect(SignedNote(text: text, signatures: [signature]).verify([try key(1).key]) == .verified([try key(1).key]))
    }
}
