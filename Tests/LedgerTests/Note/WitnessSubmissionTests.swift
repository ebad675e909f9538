import Cryptography
import Testing

@testable import Ledger

@Suite struct `A submission to a witness` {
    private func status(_ decision: WitnessSubmission.Decision) -> Int {
        switch decision {
        case .accepted: 200
        case .refused(let refusal): refusal.status
        }
    }

    @Test func `is decided as every generated case says`() throws {
        let vectors = try WitnessVectors()
        #expect(vectors.cases.count == 26)
        for each in vectors.cases {
            let decision = try vectors.decision(Array(each.request.utf8), knowing: each.known_size)
            #expect(each.status.contains(status(decision)), "\(each.what): \(decision)")
            guard let body = each.body else { continue }
            guard case .refused(let refusal) = decision else { return #expect(Bool(false), "\(each.what)") }
            let answer = WitnessAnswer(refusal)
            #expect(answer.body == Array(body.utf8), "\(each.what)")
            #expect(answer.knownSize.map(String.init) == body.dropLast().description, "\(each.what)")
        }
    }

    @Test func `is answered with the generated cosignatures`() throws {
        let vectors = try WitnessVectors()
        for (name, oldSize, time) in [("first", 0, 1_795_341_540), ("add-checkpoint", 3, Int64(1_795_341_600))] {
            let submission = try WitnessSubmission(
                try WitnessVectors.request("\(name).request"), logs: [vectors.log])
            #expect(submission.decide(knowing: try WitnessVectors.known(oldSize)) == .accepted)
            let line = try #require(vectors.witnessSigner.sign(submission.note.text, time: time))
            let answer = WitnessAnswer([line])
            #expect(answer.body == (try WitnessVectors.request("\(name).response")), "\(name)")
            #expect(try answer.signatures() == [line])
            #expect(answer.status == 200)
        }
    }

    @Test func `is looked at in the order of the specification, step by step`() throws {
        let vectors = try WitnessVectors()
        // Each request has the fault of its step and of all later ones.
        let wrongRoot = "acme.example/mail\n0\n\(Base64.encode([UInt8](repeating: 1, count: 32)))\n"
        let signed = try vectors.signed(wrongRoot)
        let stranger = SignedNote(
            text: Array(wrongRoot.replacing("acme", with: "other").utf8), signatures: signed.signatures)
        let unsigned = SignedNote(
            text: signed.text,
            signatures: [try #require(vectors.witnessSigner.sign(signed.text, time: 1))])
        let junk = try vectors.proof(from: 3, to: 7)
        func reason(_ oldSize: Int, _ note: SignedNote, knowing size: Int) throws -> WitnessRefusal.Reason? {
            let request = AddCheckpointRequest(oldSize: oldSize, proof: junk, checkpoint: note)
            guard case .refused(let refusal) = try vectors.decision(request.bytes, knowing: size) else { return nil }
            return refusal.reason
        }
        #expect(
            try vectors.decision([UInt8](repeating: 0x41, count: AddCheckpointRequest.sizeMax + 1), knowing: 3)
                == .refused(WitnessRefusal(.tooLarge)))
        #expect(try vectors.decision([0x41], knowing: 3) == .refused(WitnessRefusal(.unreadable(.missingLine))))
        #expect(try reason(9, stranger, knowing: 3) == .unknownOrigin)
        #expect(try reason(9, unsigned, knowing: 3) == .notSigned)
        #expect(try reason(9, signed, knowing: 3) == .oldSizeTooLarge)
        #expect(try reason(0, signed, knowing: 3) == .conflict(size: 3))
        #expect(try reason(0, signed, knowing: 0) == .wrongEmptyRoot)
        #expect(try reason(0, try WitnessVectors.note(3), knowing: 0) == .proofOfNothing)
    }

    @Test func `that contradicts what was cosigned proves a fork only where nobody else could have sent it`() throws {
        let vectors = try WitnessVectors()
        func refusal(_ what: String) throws -> WitnessRefusal? {
            let each = try #require(vectors.cases.first { $0.what == what }, "\(what)")
            let decision = try vectors.decision(Array(each.request.utf8), knowing: each.known_size)
            guard case .refused(let refusal) = decision else { return nil }
            return refusal
        }
        for what in ["same size, other root: a fork", "size 0 with another root"] {
            #expect(try refusal(what)?.provesFork == true, "\(what)")
        }
        for what in ["proof hash changed", "proof missing", "same size, same root, proof not empty", "unknown origin"] {
            #expect(try refusal(what)?.provesFork == false, "\(what)")
        }
        // A fork is one with a proof beside it, too.
        let fork = try vectors.signed("acme.example/mail\n7\n\(Base64.encode([UInt8](repeating: 1, count: 32)))\n")
        let request = AddCheckpointRequest(oldSize: 7, proof: try vectors.proof(from: 3, to: 7), checkpoint: fork)
        #expect(
            try vectors.decision(request.bytes, knowing: 7)
                == .refused(WitnessRefusal(.inconsistent(.rootsDiffer), of: vectors.log.name)))
    }

    @Test func `keeps the signatures of its log's keys, and no others`() throws {
        let vectors = try WitnessVectors()
        let cosigned = try SignedNote(try Vectors.bytes("c2sp-generated/checkpoint.7.cosigned"))
        let request = AddCheckpointRequest(oldSize: 0, proof: ConsistencyProof(hashes: []), checkpoint: cosigned)
        // A witness's key in the list of logs is a key of no log.
        let submission = try WitnessSubmission(request.bytes, logs: [vectors.log, vectors.witness])
        #expect(submission.note == (try WitnessVectors.note(7)))
        #expect(submission.origin == vectors.log.name)
        #expect(submission.decide(knowing: nil) == .accepted)
    }

    @Test func `from every size to every larger one is accepted, and from any other size is a conflict`() throws {
        let vectors = try WitnessVectors()
        for size in 0...7 {
            for oldSize in 0...size {
                let proof =
                    oldSize == 0 ? ConsistencyProof(hashes: []) : try vectors.proof(from: oldSize, to: size)
                let request = AddCheckpointRequest(
                    oldSize: oldSize, proof: proof, checkpoint: try WitnessVectors.note(size))
                for known in 0...7 {
                    let decision = try vectors.decision(request.bytes, knowing: known)
                    let expected: WitnessSubmission.Decision =
                        known == oldSize
                        ? .accepted : .refused(WitnessRefusal(.conflict(size: known), of: vectors.log.name))
                    #expect(decision == expected, "\(oldSize) to \(size), knowing \(known)")
                }
            }
        }
    }
}
