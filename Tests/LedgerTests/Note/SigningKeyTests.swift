import Cryptography
import SeededRandom
import Testing

@testable import Ledger

@Suite struct `A signing key` {
    private func line(_ seed: String, _ key: NoteKey) -> String {
        let secret = Base64.encode([key.kind.rawValue] + (Hex.decode(seed) ?? []))
        return "PRIVATE+KEY+\(key.name)+\(key.idText)+\(secret)"
    }

    @Test func `is written as it is read, and signs as the key of the vectors`() throws {
        let text = Array("acme.example/mail\n".utf8)
        for (name, vector) in try NoteVectors.keys() where vector.vkey != nil {
            let expected = line(vector.seed, try vector.key())
            let key = try SigningKey(Array(expected.utf8))
            #expect(key.line == expected, "\(name)")
            #expect(key.signer.key == (try vector.key()), "\(name)")
            #expect(key.signer.sign(text, time: 7) == (try vector.signer().sign(text, time: 7)), "\(name)")
            let made = try #require(
                SigningKey(name: key.signer.key.name, kind: key.signer.key.kind, seed: Hex.decode(vector.seed) ?? []))
            #expect(made.line == expected, "\(name)")
        }
        let log = try #require(try NoteVectors.keys()["log"])
        #expect(
            line(log.seed, try log.key())
                == "PRIVATE+KEY+acme.example/mail+8c37f04d+AZ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g")
    }

    @Test func `that is none is refused with the reason`() throws {
        let log = try #require(try NoteVectors.keys()["log"])
        let good = line(log.seed, try log.key())
        let cases: [(String, NoteFault)] = [
            ("", .malformedKey), (try log.key().vkey, .malformedKey),
            ("private+key+" + good.dropFirst(12), .malformedKey),
            (good + "\n", .malformedKey), (" " + good, .malformedKey), (String(good.dropLast(2)), .malformedKey),
            (good.replacing("8c37f04d", with: "8C37F04D"), .malformedKey),
            (good.replacing("8c37f04d", with: "8c37f04e"), .wrongKeyID),
            (good.replacing("acme.example/mail", with: "acme.example/other"), .wrongKeyID),
            (good.replacing("acme.example/mail", with: "acme example"), .invalidKeyName),
            (good.replacing("+AZ1h", with: "+Bp1h"), .unknownKeyType),
            (good.replacing("+AZ1h", with: "+BJ1h"), .wrongKeyID),
            (good + String(repeating: "A", count: SigningKey.sizeMax), .tooLarge),
        ]
        for (text, fault) in cases {
            #expect(throws: fault, "\(text)") { try SigningKey(Array(text.utf8)) }
        }
        #expect(SigningKey(name: try KeyName("a".utf8), kind: .cosignature, seed: [1, 2, 3]) == nil)
    }

    @Test func `shows its secret nowhere but in its line`() throws {
        let log = try #require(try NoteVectors.keys()["log"])
        let key = try SigningKey(Array(line(log.seed, try log.key()).utf8))
        var dumped = ""
        dump(key, to: &dumped)
        let secret = try #require(key.line.split(separator: "+").last)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains(secret) && !text.contains("157"), "\(text)")
            #expect(text.contains("acme.example/mail"))
        }
    }

    @Test func `survives 5,000 mutations`() throws {
        let log = try #require(try NoteVectors.keys()["log"])
        let bytes = Array(line(log.seed, try log.key()).utf8)
        var random = SplitMix64()
        for _ in 0..<5_000 {
            var changed = bytes
            changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            guard let key = try? SigningKey(changed) else { continue }
            #expect(Array(key.line.utf8) == changed)
            #expect(key.signer.key == (try log.key()), "the ID holds name and seed together")
        }
    }
}
