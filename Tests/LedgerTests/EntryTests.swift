import Cryptography
import Ledger
import Testing

@Suite struct `The line` {
    private func event(_ text: String) throws -> Event {
        try Event.read(try JSONReader.read(Array(text.utf8)), via: .ingest).event
    }

    @Test func `a draft put in its place is a canonical line that reads back`() throws {
        let origin = try Origin("acme.example/mail")
        let event = try event(
            #"""
            {"kind":"send","outcome":"held","message_id":"m1@acme.example","sender":"Billing@ACME.example",
             "oversight_mode":"gated_send","actor":{"type":"agent","id":"bot"},
             "occurred_at":"2026-11-22T10:59:58.1+01:00",
             "data":{"b":[1,true,"\u00e9\ud83d\ude00"],"a":{}},
             "workflow":{"engine":"inngest","run_id":"r1","attempt":0},
             "personal":{"recipient":"kim@example.test","subject":"Hello"}}
            """#)
        let draft = try Draft(
            event, origin: origin, reporter: Reporter(id: "tok_1", via: .ingest), random: Random.bytes)
        let subject = try #require(Pseudonym(Random.bytes(16)))
        let moment = try #require(Timestamp("2026-11-22T10:00:00.123456Z"))
        let line = draft.line(seq: 41, previous: origin.genesis, recordedAt: moment, subjects: [subject])
        let entry = try Entry(line: line)
        #expect(entry.seq == 41)
        #expect(entry.previous == origin.genesis)
        #expect(entry.sender == "Billing@acme.example")
        #expect(entry.occurredAt?.text == "2026-11-22T09:59:58.100000Z")
        #expect(entry.messageID == "<m1@acme.example>")
        #expect(entry.subjects == [subject])
        let disclosures = String(decoding: draft.disclosures, as: UTF8.self).split(separator: "~")
        #expect(entry.sealed.map(\.digest) == disclosures.map { Disclosure(text: String($0)).digest })
        #expect(!String(decoding: line, as: UTF8.self).contains("kim"))
    }
}

@Suite struct `The line vectors` {
    /// Salts and nonces of the vectors: bytes that count up from 0, 16 at a time.
    private final class CountingBytes {
        private var next: UInt8 = 0

        func take(_ count: Int) -> [UInt8] {
            defer { next &+= UInt8(count) }
            return (0..<count).map { next &+ UInt8($0) }
        }
    }

    @Test func `each event becomes the line, the leaf hash and the disclosures of the file`() throws {
        let cases = try VectorFile("line.txt").cases
        #expect(cases.count >= 3)
        let master = try #require(SecretKey((0..<32).map { UInt8($0) }))
        for vector in cases {
            let name = try #require(vector["name"])
            let origin = try Origin(try #require(vector["origin"]))
            let keys = LedgerKeys(master: master, origin: origin)
            let input = try JSONReader.read(Array(try #require(vector["event"]).utf8))
            let (event, key) = try Event.read(input, via: .ingest)
            let random = CountingBytes()
            let draft = try Draft(
                event, origin: origin, reporter: Reporter(id: "tok_vector", via: .ingest),
                idempotencyTag: key.map { keys.idempotencyTag(of: $0, scope: .entries(producer: "onboarding")) },
                random: random.take)
            let subjects = try (vector["subjects"] ?? "").split(separator: " ").map { text in
                try #require(Pseudonym(text: String(text)))
            }
            let previous = vector["prev"].flatMap { Digest(hex: $0) } ?? origin.genesis
            let seq = try #require(vector["seq"].flatMap { Int($0) })
            let recordedAt = try #require(vector["recorded_at"].flatMap { Timestamp($0) })
            let line = draft.line(seq: seq, previous: previous, recordedAt: recordedAt, subjects: subjects)
            #expect(String(decoding: line, as: UTF8.self) == vector["line"], "\(name)")
            #expect(TreeHash.leaf(line).hex == vector["leaf_hash"], "\(name)")
            let disclosures = String(decoding: draft.disclosures, as: UTF8.self)
            #expect(disclosures == vector["disclosures"] ?? "", "\(name)")
        }
    }
}
