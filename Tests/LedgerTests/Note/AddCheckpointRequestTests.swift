import SeededRandom
import Testing

@testable import Ledger

@Suite struct `A request to a witness` {
    @Test func `is written as it is read, ours and that of others`() throws {
        for path in [
            "c2sp-generated/witness/first.request", "c2sp-generated/witness/add-checkpoint.request",
            "c2sp/tlog-witness-add-checkpoint.request",
        ] {
            let bytes = try Vectors.bytes(path)
            #expect(try AddCheckpointRequest(bytes).bytes == bytes, "\(path)")
        }
        let others = try AddCheckpointRequest(try Vectors.bytes("c2sp/tlog-witness-add-checkpoint.request"))
        #expect((others.oldSize, others.proof.hashes.count) == (20_852_014, 4))
        #expect(try Checkpoint(others.checkpoint.text).size == 20_852_163)
    }

    @Test func `of the generated ledger comes out byte for byte`() throws {
        let vectors = try WitnessVectors()
        let request = AddCheckpointRequest(
            oldSize: 3, proof: try vectors.proof(from: 3, to: 7), checkpoint: try WitnessVectors.note(7))
        #expect(request.bytes == (try WitnessVectors.request("add-checkpoint.request")))
        #expect(request.bytes.count <= AddCheckpointRequest.sentSizeMax)
    }

    @Test func `that is none is refused with the reason`() throws {
        let note = String(decoding: try WitnessVectors.note(7).bytes, as: UTF8.self)
        let hash = "J0AIHnXA+ctfqtD8SUwzYwFhTlbUotoZLHj0KT+7j/o=\n"
        let cases: [(String, NoteFault)] = [
            ("", .missingLine), ("old 3", .missingLine), ("old 3\n", .missingLine), ("\n" + note, .unexpectedLine),
            ("Old 3\n\n" + note, .unexpectedLine), ("old  3\n\n" + note, .invalidNumber),
            ("old 3 \n\n" + note, .invalidNumber), ("old -1\n\n" + note, .invalidNumber),
            ("old +1\n\n" + note, .invalidNumber), ("old 03\n\n" + note, .invalidNumber),
            ("old \n\n" + note, .invalidNumber), ("old 9223372036854775808\n\n" + note, .invalidNumber),
            ("old 3\r\n\n" + note, .invalidNumber), ("old 3\n" + hash + note, .invalidHash),
            ("old 3\n" + hash.dropLast(2) + "\n\n" + note, .invalidHash),
            ("old 3\n" + hash.replacing("/o=", with: "/p=") + "\n" + note, .invalidHash),
            ("old 3\n" + String(repeating: hash, count: 64) + "\n" + note, .tooManyHashes),
            ("old 3\n\n", .unendedLine), ("old 3\n\nacme.example/mail\n7\n", .noSignatures),
            ("old 3\n\n" + note + "\n", .noSignatures), ("old 3\n\n" + note.dropLast(), .unendedLine),
            ("old 3\n\n" + note + String(repeating: "x", count: AddCheckpointRequest.sizeMax), .tooLarge),
        ]
        for (text, fault) in cases {
            #expect(throws: fault, "\(text.prefix(60))") { try AddCheckpointRequest(Array(text.utf8)) }
        }
        let most = "old 3\n" + String(repeating: hash, count: 63) + "\n" + note
        #expect(try AddCheckpointRequest(Array(most.utf8)).proof.hashes.count == 63)
    }

    @Test func `survives 5,000 mutations`() throws {
        let bytes = try WitnessVectors.request("add-checkpoint.request")
        let vectors = try WitnessVectors()
        var random = SplitMix64()
        for _ in 0..<5_000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<changed.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: changed[place] = UInt8.random(in: 0...255, using: &random)
                case 1: changed.remove(at: place)
                default: changed.insert([0x0A, 0x20, 0x30, 0x3D].randomElement(using: &random) ?? 0, at: place)
                }
            }
            guard let request = try? AddCheckpointRequest(changed) else { continue }
            #expect(request.bytes == changed)
            guard try vectors.decision(changed, knowing: 3) == .accepted else { continue }
            #expect(request.checkpoint.text == (try WitnessVectors.note(7).text))
            #expect(request.proof == (try vectors.proof(from: 3, to: 7)))
        }
    }
}
