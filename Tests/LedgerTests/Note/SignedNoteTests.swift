import Cryptography
import SeededRandom
import Testing

@testable import Ledger

@Suite struct `A signed note` {
    private func log() throws -> NoteKey { try #require(try NoteVectors.keys()["log"]).key() }

    @Test func `of the generated ledger comes out byte for byte, at every size`() throws {
        let signer = try #require(try NoteVectors.keys()["log"]).signer()
        let leafHashes = try NoteVectors.leafHashes()
        for size in 0...7 {
            let published = try Vectors.bytes("c2sp-generated/checkpoint.\(size)")
            let checkpoint = Checkpoint(
                origin: try Origin("acme.example/mail"), size: size,
                root: TreeHash.root(of: Array(leafHashes.prefix(size))))
            let note = SignedNote(
                text: checkpoint.text, signatures: [try #require(signer.sign(checkpoint.text))])
            #expect(note.bytes == published)
            let read = try SignedNote(published)
            #expect(read.bytes == published)
            #expect(read.verify([try log()]) == .verified([try log()]))
            #expect(try Checkpoint(read.text) == checkpoint)
        }
    }

    @Test func `is cosigned as the generated witnesses do`() throws {
        let keys = try NoteVectors.keys()
        let published = try SignedNote(try Vectors.bytes("c2sp-generated/checkpoint.7.cosigned"))
        let text = try SignedNote(try Vectors.bytes("c2sp-generated/checkpoint.7")).text
        for (index, name) in ["witness1", "witness2"].enumerated() {
            let signer = try #require(keys[name]).signer()
            #expect(signer.sign(text, time: 1_795_341_600 + Int64(index)) == published.signatures[index + 1])
        }
        let witnesses = try ["witness1", "witness2", "witness3"].map { try #require(keys[$0]).key() }
        #expect(published.verify([try log()] + witnesses) == .verified([try log()] + witnesses.prefix(2)))
        #expect(
            try Vectors.bytes("c2sp-generated/witness/signed-message.txt")
                == Cosignature.message(text, time: 1_795_341_600))
    }

    @Test func `of others is read as it was written`() throws {
        let key = try NoteKey(vkey: Array(try #require(try Vectors.lines("c2sp/signed-note.vkey").first).utf8))
        let note = try SignedNote(try Vectors.bytes("c2sp/signed-note.txt"))
        #expect(note.verify([key]) == .verified([key]))
        // The keys of these are not published.
        for name in ["signed-note-two-paragraphs.txt", "tlog-checkpoint.txt"] {
            let bytes = try Vectors.bytes("c2sp/\(name)")
            let note = try SignedNote(bytes)
            #expect(note.bytes == bytes)
            #expect(note.verify([key]) == .noKnownKey)
        }
        #expect(try Checkpoint(SignedNote(try Vectors.bytes("c2sp/tlog-checkpoint.txt")).text).size > 0)
    }

    @Test func `is refused in every generated case`() throws {
        let cases = try NoteVectors.rejected("note") + NoteVectors.rejected("checkpoint")
        #expect(cases.count == 36)
        let expected = KeyName(try Origin("acme.example/mail"))
        for rejected in cases {
            guard let note = try? SignedNote(rejected.bytes), case .verified = note.verify([try log()]),
                let checkpoint = try? Checkpoint(note.text)
            else { continue }
            #expect(checkpoint.origin != expected, "\(rejected.what)")
        }
    }

    @Test func `with any byte changed verifies under no key`() throws {
        let bytes = try Vectors.bytes("c2sp-generated/checkpoint.7")
        for position in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[position] ^= 1 << UInt8(bit)
                guard let note = try? SignedNote(changed) else { continue }
                if case .verified = note.verify([try log()]) { Issue.record("byte \(position), bit \(bit)") }
            }
        }
    }

    @Test func `holds 64 signatures and not one more, and skips those of strangers`() throws {
        let note = try SignedNote(try Vectors.bytes("c2sp-generated/checkpoint.7"))
        let stranger = SignedNote.Signature(
            name: try KeyName("stranger.example".utf8), keyID: 7, bytes: [UInt8](repeating: 1, count: 64))
        let crowded = SignedNote(
            text: note.text, signatures: Array(repeating: stranger, count: 63) + note.signatures)
        #expect(try SignedNote(crowded.bytes).verify([try log()]) == .verified([try log()]))
        let over = SignedNote(text: note.text, signatures: crowded.signatures + [stranger])
        #expect(throws: NoteFault.tooManySignatures) { try SignedNote(over.bytes) }
    }

    @Test func `by a known key that is wrong is worth nothing, whoever else signed`() throws {
        let keys = try NoteVectors.keys()
        let witness = try #require(keys["witness1"]).key()
        var note = try SignedNote(try Vectors.bytes("c2sp-generated/checkpoint.7.cosigned-1"))
        var signatures = note.signatures
        var broken = signatures[1].bytes
        broken[20] ^= 1
        signatures[1] = SignedNote.Signature(name: signatures[1].name, keyID: signatures[1].keyID, bytes: broken)
        note = SignedNote(text: note.text, signatures: signatures)
        #expect(note.verify([try log(), witness]) == .wrongSignature(witness))
        #expect(note.verify([try log()]) == .verified([try log()]))
    }

    @Test func `survives 10,000 mutations`() throws {
        let bytes = try Vectors.bytes("c2sp-generated/checkpoint.7.cosigned")
        var random = SplitMix64()
        for _ in 0..<10_000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<changed.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: changed[place] = UInt8.random(in: 0...255, using: &random)
                case 1: changed.remove(at: place)
                default: changed.insert([0x0A, 0x20, 0x2B, 0xE2].randomElement(using: &random) ?? 0, at: place)
                }
            }
            guard let note = try? SignedNote(changed) else { continue }
            #expect(try SignedNote(note.bytes) == note)
            _ = try? Checkpoint(note.text)
        }
    }
}
