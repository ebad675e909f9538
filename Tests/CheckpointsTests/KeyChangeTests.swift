import Checkpoints
import Cryptography
import Ledger
import LedgerStore
import Testing

@Suite struct `A signing key` {
    @Test func `hands over to the next, and both sign until the old one is retired`() async throws {
        try await SigningStore.run { test in
            let before = try await test.signer.sign(test.ledger, kept: true)
            let old = try await test.keys()
            let (new, placed) = try await test.folders.rotateKey(
                of: test.ledger, in: test.store, reporter: SigningStore.reporter, deadline: SigningStore.soon)
            #expect(try await test.keys() == old + [new])
            let line = try #require(try await test.store.entry(of: test.ledger, seq: placed.seq, disclosures: false))
                .line
            let data = try #require(try Entry(line: Array(line.utf8)).json["data"])
            #expect(KeyRotation(data: data)?.key == new)
            let both = try await test.signer.sign(test.ledger, kept: true)
            for keys in [old, [new]] { _ = try TrustedCheckpoint(both.note, log: keys) }
            #expect(throws: TrustedCheckpoint.Doubt.self) { try TrustedCheckpoint(before.note, log: [new]) }
            #expect(try await test.folders.retireKeys(of: test.ledger, in: test.store) == old)
            try await test.append()
            let after = try await test.signer.sign(test.ledger, kept: true)
            #expect(after.note.signatures.count == 1)
            #expect(throws: TrustedCheckpoint.Doubt.self) { try TrustedCheckpoint(after.note, log: old) }
            try await test.requireIntact()
        }
    }

    @Test func `is not retired before the new one has signed`() async throws {
        try await SigningStore.run { test in
            _ = try await test.folders.rotateKey(
                of: test.ledger, in: test.store, reporter: SigningStore.reporter, deadline: SigningStore.soon)
            await #expect(throws: SigningFolders.Fault.self) {
                try await test.folders.retireKeys(of: test.ledger, in: test.store)
            }
        }
    }

    @Test func `whose rotation was cut off before its entry is taken up again`() async throws {
        try await SigningStore.run { test in
            let origin = test.ledger.origin
            let held = try #require(try test.folders.keys.keys(of: origin))
            let new = SigningKey(name: KeyName(origin), kind: .ed25519, random: Random.bytes)
            try test.folders.keys.replaceKeys(of: origin, with: [new] + held)
            await #expect(throws: SigningFault.self) { try await test.signer.sign(test.ledger, kept: false) }
            let (key, _) = try await test.folders.rotateKey(
                of: test.ledger, in: test.store, reporter: SigningStore.reporter, deadline: SigningStore.soon)
            #expect(key == new.key)
            _ = try await test.signer.sign(test.ledger, kept: false)
            try await test.requireIntact()
        }
    }

    @Test func `rotation that the old key did not sign is no rotation`() throws {
        let name = KeyName(try Origin("acme.example/mail"))
        let (old, new, thief) = (
            SigningKey(name: name, kind: .ed25519, random: Random.bytes),
            SigningKey(name: name, kind: .ed25519, random: Random.bytes),
            SigningKey(name: name, kind: .ed25519, random: Random.bytes)
        )
        let good = try #require(KeyRotation(from: old.signer, to: new.key)).data
        #expect(KeyRotation(data: .object(good)) != nil)
        let forged = try #require(KeyRotation(from: thief.signer, to: new.key)).data
        let mixed = good.map { member in member.name == "signature" ? forged[3] : member }
        #expect(KeyRotation(data: .object(mixed)) == nil)
    }
}
