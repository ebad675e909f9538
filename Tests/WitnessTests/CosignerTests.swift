import Cryptography
import FoundationEssentials
import Ledger
import Observation
import Testing

@testable import Witness

@Suite struct `A witness` {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// What is stored is a note that both signed, of this size.
    private func checkStored(_ size: Int) throws {
        let note = try SignedNote(try scratch.stored())
        let keys = [scratch.logSigner.key, scratch.witnessSigner.key]
        #expect(note.verify(keys) == .verified(keys))
        #expect(note.signatures.count == 2)
        #expect(try Checkpoint(note.text).size == size)
    }

    @Test func `cosigns a tree that grows, and remembers it before it answers`() throws {
        let cosigner = try scratch.cosigner()
        #expect(try cosigner.checkpoint(of: scratch.id) == nil)
        for (oldSize, size) in [(0, 3), (3, 7), (7, 7), (7, 150)] {
            scratch.setClock(1_795_341_600 + Int64(size))
            let answer = try cosigner.answer(try scratch.request(from: oldSize, to: size))
            #expect(answer.status == 200)
            let signatures = try answer.signatures()
            let note = SignedNote(text: try scratch.note(size).text, signatures: signatures)
            #expect(note.verify([scratch.witnessSigner.key]) == .verified([scratch.witnessSigner.key]))
            #expect(Cosignature(try #require(signatures.first).bytes)?.time == 1_795_341_600 + Int64(size))
            try checkStored(size)
            #expect(try cosigner.checkpoint(of: scratch.id) == (try scratch.stored()))
            #expect(scratch.told() == [.witnessAnswered(origin: Scratch.origin, status: 200)])
        }
        #expect(try scratch.names() == ["checkpoint", "lock"], "nothing unfinished is left")
    }

    @Test func `that starts again knows what it knew`() throws {
        _ = try scratch.cosigner().answer(try scratch.request(from: 0, to: 7))
        let again = try scratch.cosigner()
        try again.check()
        let answer = try again.answer(try scratch.request(from: 0, to: 9))
        #expect((answer.status, answer.knownSize) == (409, 7))
        #expect(try again.answer(try scratch.request(from: 7, to: 9)).status == 200)
        try checkStored(9)
    }

    @Test func `leaves its state alone where it says no`() throws {
        let cosigner = try scratch.cosigner()
        _ = try cosigner.answer(try scratch.request(from: 0, to: 7))
        let before = try scratch.stored()
        _ = scratch.told()
        let log = Scratch.origin
        let refused: [([UInt8], Int, origin: String?)] = [
            (Array("x".utf8), 400, nil), ([UInt8](repeating: 10, count: AddCheckpointRequest.sizeMax + 1), 413, nil),
            (try scratch.request(from: 0, to: 9), 409, log), (try scratch.request(from: 3, to: 3), 409, log),
            (scratch.request(from: 7, try scratch.note(3)), 400, log),
            (scratch.request(from: 7, try scratch.note(9)), 422, log),
            (scratch.request(from: 0, try scratch.note(9, origin: "other.example/mail")), 404, nil),
        ]
        for (request, status, origin) in refused {
            #expect(try cosigner.answer(request).status == status)
            #expect(scratch.told() == [.witnessAnswered(origin: origin, status: status)])
            #expect(try scratch.stored() == before, "\(status)")
        }
    }

    @Test func `keeps what proves a fork, with both sides of it`() throws {
        let cosigner = try scratch.cosigner()
        _ = try cosigner.answer(try scratch.request(from: 0, to: 7))
        let known = try scratch.stored()
        let fork = try scratch.note(7, salt: 1)
        let request = scratch.request(from: 7, fork)
        _ = scratch.told()
        #expect(try cosigner.answer(request).status == 422)
        #expect(
            scratch.told() == [
                .forkSeen(origin: Scratch.origin), .witnessAnswered(origin: Scratch.origin, status: 422),
            ])
        let name = "\(scratch.path)/\(scratch.id.hex).fork.\(SHA256.digest(fork.text).hex)"
        #expect(FileManager.default.contents(atPath: name + ".request") == Data(request))
        #expect(FileManager.default.contents(atPath: name + ".checkpoint") == Data(known))
        // Another proof for the same text brings nothing new.
        #expect(try cosigner.answer(scratch.request(from: 7, fork, proof: [scratch.id])).status == 422)
        #expect(FileManager.default.contents(atPath: name + ".request") == Data(request))
        #expect(try scratch.names().count == 4)
    }

    @Test func `keeps a bounded number of refused requests, and room for forks beside proofs that fail`() throws {
        let cosigner = try scratch.cosigner()
        _ = try cosigner.answer(try scratch.request(from: 0, to: 7))
        for size in 8..<(8 + LockedLog.evidenceMax + 5) {
            #expect(try cosigner.answer(scratch.request(from: 7, try scratch.note(size))).status == 422)
        }
        func count(_ kind: String) throws -> Int {
            try scratch.names().count { $0.hasPrefix("\(kind).") && $0.hasSuffix(".request") }
        }
        #expect(try count("proof") == LockedLog.evidenceMax)
        #expect(try count("fork") == 0)
        #expect(try cosigner.answer(scratch.request(from: 7, try scratch.note(7, salt: 1))).status == 422)
        #expect(try count("fork") == 1)
        #expect(try count("proof") == LockedLog.evidenceMax)
    }

    @Test func `stops where its memory is torn or not its own, and never takes it for absent`() throws {
        _ = try scratch.cosigner().answer(try scratch.request(from: 0, to: 7))
        let whole = try scratch.stored()
        let other = try Scratch.signer("witness.example/w2", .cosignature, seed: 3)
        let sameName = try Scratch.signer("witness.example/w1", .cosignature, seed: 3)
        let text = try scratch.note(7).text
        func cosigned(_ signer: NoteSigner, _ text: [UInt8]) throws -> [UInt8] {
            SignedNote(
                text: text,
                signatures: [try #require(scratch.logSigner.sign(text)), try #require(signer.sign(text, time: 9))]
            ).bytes
        }
        let fork = try scratch.note(7, salt: 1).text
        let foreign: [[UInt8]] = [
            [], Array(whole.dropLast()), Array(whole.prefix(40)), whole + [0x0A], Array("x\n".utf8),
            [UInt8](repeating: 0, count: whole.count), try scratch.note(7).bytes, try cosigned(other, text),
            try cosigned(sameName, text), try cosigned(scratch.witnessSigner, fork).replacing(fork, with: text),
            try cosigned(scratch.witnessSigner, try scratch.note(7, origin: "other.example/mail").text),
            [UInt8](repeating: 0x41, count: SignedNote.sizeMax + 1),
        ]
        for bytes in foreign {
            _ = scratch.told()
            try scratch.write(bytes)
            let cosigner = try scratch.cosigner()
            let error = WitnessError(.foreignFile, "")
            #expect(throws: error, "\(bytes.count)") { try cosigner.check() }
            #expect(throws: error) { try cosigner.answer(try scratch.request(from: 0, to: 9)) }
            #expect(throws: error) { try cosigner.answer(try scratch.request(from: 7, to: 9)) }
            #expect(throws: error) { try cosigner.checkpoint(of: scratch.id) }
            #expect(try scratch.stored() == bytes, "nothing is written over it")
            #expect(scratch.told().map(\.name) == ["witness_failed", "witness_failed", "witness_failed"])
        }
        try scratch.write(whole)
        #expect(try scratch.cosigner().answer(try scratch.request(from: 7, to: 9)).status == 200)
    }

    @Test func `stops where its memory cannot be read or is no file`() throws {
        _ = try scratch.cosigner().answer(try scratch.request(from: 0, to: 7))
        let whole = try scratch.stored()
        let elsewhere = scratch.path + "/elsewhere"
        try Data(whole).write(to: URL(filePath: elsewhere))
        try FileManager.default.removeItem(atPath: scratch.checkpointPath)
        try FileManager.default.createSymbolicLink(atPath: scratch.checkpointPath, withDestinationPath: elsewhere)
        let error = WitnessError(.foreignFile, "")
        #expect(throws: error) { try scratch.cosigner().answer(try scratch.request(from: 7, to: 9)) }
        try FileManager.default.removeItem(atPath: scratch.checkpointPath)
        try FileManager.default.createDirectory(atPath: scratch.checkpointPath, withIntermediateDirectories: false)
        #expect(throws: error) { try scratch.cosigner().answer(try scratch.request(from: 0, to: 9)) }
    }

    @Test func `takes no folder that others may write to, and makes one for its owner alone`() throws {
        _ = try scratch.cosigner()
        func mode() throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: scratch.path)[.posixPermissions] as? Int
        }
        #expect(try mode() == 0o700)
        for (permissions, isTaken) in [(0o770, false), (0o702, false), (0o755, true)] {
            try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: scratch.path)
            let folder = try? WitnessFolder(scratch.path)
            #expect((folder != nil) == isTaken, "\(permissions)")
        }
    }

    @Test func `starts over what a crash has left unfinished`() throws {
        _ = try scratch.cosigner().answer(try scratch.request(from: 0, to: 7))
        try Data(try scratch.stored().prefix(30)).write(to: URL(filePath: scratch.checkpointPath + ".new"))
        #expect(try scratch.cosigner().answer(try scratch.request(from: 7, to: 9)).status == 200)
        try checkStored(9)
        #expect(try scratch.names() == ["checkpoint", "lock"])
    }

    @Test func `writes nothing that it could not read again`() throws {
        let cosigner = try scratch.cosigner()
        // Extension lines make a note as long as notes may be, and there is no room for a cosignature.
        let head = try scratch.note(7).text
        for (extra, status) in [(SignedNote.sizeMax - 900, 200), (SignedNote.sizeMax - 400, 400)] {
            let text = head + [UInt8](repeating: 0x61, count: extra - head.count) + [0x0A]
            let note = SignedNote(text: text, signatures: [try #require(scratch.logSigner.sign(text))])
            let request = scratch.request(from: status == 200 ? 0 : 7, note)
            #expect(try cosigner.answer(request).status == status)
            try cosigner.check()
        }
    }

    @Test func `does not cosign before 1970, and says so`() throws {
        scratch.setClock(0)
        #expect(throws: WitnessError(.clock, "")) {
            try scratch.cosigner().answer(try scratch.request(from: 0, to: 7))
        }
        #expect(try scratch.names() == ["lock"])
    }
}
