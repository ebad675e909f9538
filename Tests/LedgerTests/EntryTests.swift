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
             "oversight_mode":"gated_send","actor":{"type":"agent","id":"bot"},"occurred_at":"2026-11-22T10:59:58.1+01:00",
             "data":{"b":[1,true,"\u00e9\ud83d\ude00"],"a":{}},"workflow":{"engine":"inngest","run_id":"r1","attempt":0},
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
        #expect(entry.sealed.map(\.digest) == draft.disclosures.map(\.digest))
        #expect(!String(decoding: line, as: UTF8.self).contains("kim"))
    }
}
