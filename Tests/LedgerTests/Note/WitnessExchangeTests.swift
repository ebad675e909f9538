import Cryptography
import Testing

@testable import Ledger

@Suite struct `An exchange with a witness` {
    private static let time: Int64 = 1_795_341_600

    private let vectors: WitnessVectors

    init() throws { vectors = try WitnessVectors() }

    private func exchange(_ size: Int = 7, from oldSize: Int = 3, signed: Int = 0) throws -> WitnessExchange {
        try #require(
            try WitnessExchange(
                try WitnessVectors.note(size), witness: vectors.witness, lastKnownSize: oldSize, signedSize: signed))
    }

    private func outcome(
        _ status: Int, _ body: String = "", type: String? = nil, of exchange: inout WitnessExchange
    ) -> WitnessExchange.Outcome {
        exchange.take(
            WitnessAnswer(status: status, contentType: type, body: Array(body.utf8)), time: Self.time,
            toleranceSeconds: 300)
    }

    private func outcome(_ status: Int, _ body: String = "", type: String? = nil) throws -> WitnessExchange.Outcome {
        var exchange = try exchange()
        return outcome(status, body, type: type, of: &exchange)
    }

    private func line(time: Int64, by signer: NoteSigner? = nil, of size: Int = 7) throws -> String {
        let text = try WitnessVectors.note(size).text
        return String(
            decoding: try #require((signer ?? vectors.witnessSigner).sign(text, time: time)).line, as: UTF8.self)
    }

    @Test func `sends the generated requests, and takes the generated answers`() async throws {
        for (name, size, oldSize, time) in [
            ("first", 3, 0, Self.time - 60), ("add-checkpoint", 7, 3, Self.time),
        ] {
            var exchange = try exchange(size, from: oldSize)
            let request = try await exchange.request { try vectors.proof(from: $0, to: $1) }
            #expect(request.bytes == (try WitnessVectors.request("\(name).request")), "\(name)")
            let body = try WitnessVectors.request("\(name).response")
            let outcome = exchange.take(
                WitnessAnswer(status: 200, contentType: nil, body: body), time: Self.time, toleranceSeconds: 0)
            guard case .cosigned(let signature, let cosignature) = outcome else {
                Issue.record("\(name): \(outcome)")
                continue
            }
            #expect(signature.line == body)
            #expect(cosignature.time == time)
        }
    }

    @Test func `asks for no proof where nothing is to be proved`() async throws {
        for (size, oldSize) in [(7, 0), (7, 7), (0, 0)] {
            let exchange = try exchange(size, from: oldSize)
            let request = await exchange.request { _, _ in
                Issue.record("from \(oldSize) to \(size)")
                return ConsistencyProof(hashes: [])
            }
            #expect(request.proof.hashes.isEmpty)
            #expect(request.oldSize == oldSize)
        }
        let known = try WitnessExchange(try WitnessVectors.note(3), witness: vectors.witness, lastKnownSize: 4)
        #expect(known == nil)
    }

    @Test func `takes over one line by the known key, whatever stands beside it`() throws {
        let mine = try line(time: Self.time)
        let others = try line(time: Self.time, by: try #require(try NoteVectors.keys()["witness2"]).signer())
        for body in [mine, others + mine, mine + others, mine + (try line(time: Self.time - 9))] {
            guard case .cosigned(let signature, _) = try outcome(200, body) else {
                Issue.record("\(body)")
                continue
            }
            #expect(String(decoding: signature.line, as: UTF8.self) == mine)
        }
    }

    @Test func `finds an answer worthless that brings no cosignature of this checkpoint`() throws {
        let mine = try line(time: Self.time)
        let others = try line(time: Self.time, by: try #require(try NoteVectors.keys()["witness2"]).signer())
        let cases: [(String, WitnessExchange.Fault)] = [
            ("", .unreadable(.noSignatures)), ("\n", .unreadable(.malformedSignature)),
            ("ok\n", .unreadable(.malformedSignature)), (String(mine.dropLast()), .unreadable(.unendedLine)),
            (mine + "\n", .unreadable(.malformedSignature)), ("\n" + mine, .unreadable(.malformedSignature)),
            // A whole note is no answer: it could bring a text of its own.
            ("other\n\n" + mine, .unreadable(.malformedSignature)),
            (String(repeating: others, count: 65), .unreadable(.tooManySignatures)),
            (String(repeating: "x", count: 70_000), .unreadable(.tooLarge)), (others, .noKnownSignature),
            (try line(time: Self.time, of: 3), .wrongSignature),
            (others + (try line(time: Self.time, of: 3)) + mine, .wrongSignature),
            (try line(time: 0), .wrongTime(0)), (try line(time: Self.time + 301), .wrongTime(Self.time + 301)),
            (try line(time: .max), .wrongTime(.max)),
        ]
        for (body, fault) in cases {
            #expect(try outcome(200, body) == .worthless(fault), "\(body.prefix(80))")
        }
        guard case .cosigned = try outcome(200, try line(time: Self.time + 300)) else {
            return #expect(Bool(false), "a clock may be 300 s ahead")
        }
    }

    @Test func `starts again from the witness's own size, once`() async throws {
        var exchange = try exchange(from: 0)
        #expect(outcome(409, "3\n", type: "text/x.tlog.size", of: &exchange) == .again)
        #expect(exchange.oldSize == 3)
        let request = try await exchange.request { try vectors.proof(from: $0, to: $1) }
        #expect(request.bytes == (try WitnessVectors.request("add-checkpoint.request")))
        #expect(outcome(409, "4\n", type: "text/x.tlog.size", of: &exchange) == .worthless(.undecided(size: 4)))
        // A witness that has lost its state is asked as one that never had any.
        var lost = try self.exchange(from: 3)
        #expect(outcome(409, "0\n", type: "Text/X.tlog.size; charset=utf-8", of: &lost) == .again)
        #expect(lost.oldSize == 0)
        var equal = try self.exchange(from: 3)
        #expect(outcome(409, "7\n", type: "text/x.tlog.size", of: &equal) == .again)
        #expect(equal.oldSize == 7)
    }

    @Test func `raises the alarm where the witness knows a larger tree than was ever signed`() throws {
        let type = "text/x.tlog.size"
        #expect(try outcome(409, "8\n", type: type) == .rollback(size: 8))
        #expect(try outcome(409, "\(Int.max)\n", type: type) == .rollback(size: .max))
        var behind = try exchange(3, from: 0, signed: 7)
        #expect(outcome(409, "7\n", type: type, of: &behind) == .overtaken(size: 7))
        #expect(outcome(409, "8\n", type: type, of: &behind) == .rollback(size: 8))
        // Also where it was asked a second time.
        var again = try exchange(from: 0)
        #expect(outcome(409, "3\n", type: type, of: &again) == .again)
        #expect(outcome(409, "8\n", type: type, of: &again) == .rollback(size: 8))
    }

    @Test func `never takes a size from an answer that does not say that it is one`() throws {
        let type = "text/x.tlog.size"
        for (body, type) in [
            ("8\n", nil), ("8\n", "text/plain"), ("8\n", ""), ("8\n", "text/x.tlog.sizes"), ("8", type), ("08\n", type),
            ("8\n\n", type), (" 8\n", type), ("-8\n", type), ("9223372036854775808\n", type), ("", type), ("\n", type),
            ("x\n", type),
        ] {
            #expect(try outcome(409, body, type: type) == .inconsistent(status: 409), "\(body) as \(type ?? "nothing")")
        }
    }

    @Test func `tells what may be tried again from what would be refused again`() throws {
        for status in [429, 500, 502, 503, 504, 599] {
            #expect(try outcome(status, "8\n") == .unavailable(status: status))
        }
        for status in [100, 201, 204, 301, 302, 400, 401, 403, 404, 405, 413, 418, 600] {
            let answer = try line(time: Self.time)
            #expect(try outcome(status, answer) == .refused(status: status), "\(status)")
        }
        #expect(try outcome(422, "no\n") == .inconsistent(status: 422))
    }

    @Test func `understands what our own witness answers`() throws {
        for each in vectors.cases where each.status != [200] {
            let decision = try vectors.decision(Array(each.request.utf8), knowing: each.known_size)
            guard case .refused(let refusal) = decision else { continue }
            var exchange = try exchange(from: 3)
            let outcome = exchange.take(WitnessAnswer(refusal), time: Self.time, toleranceSeconds: 300)
            switch refusal.status {
            case 409: #expect(outcome == .again, "\(each.what)")
            case 422: #expect(outcome == .inconsistent(status: 422), "\(each.what)")
            default: #expect(outcome == .refused(status: refusal.status), "\(each.what)")
            }
        }
    }
}
