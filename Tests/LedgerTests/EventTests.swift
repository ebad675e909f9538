import Cryptography
import Ledger
import Testing

@Suite struct `What a producer may say` {
    private func read(_ text: String, via: Reporter.Via = .ingest) throws -> Event {
        try Event.read(try JSONReader.read(Array(text.utf8)), via: via).event
    }

    private func refusal(_ text: String, via: Reporter.Via = .ingest) -> Refusal? {
        do {
            _ = try read(text, via: via)
            return nil
        } catch {
            return error as? Refusal
        }
    }

    @Test func `a Message-ID gets its brackets and a sender its lower-case domain`() throws {
        let event = try read(#"{"kind":"send","outcome":"sent","message_id":"a@b","sender":"Kim@EXAMPLE.org"}"#)
        #expect(event.messageID?.text == "<a@b>")
        #expect(event.sender?.text == "Kim@example.org")
        #expect(event.sender?.lookupForm == "kim@example.org")
    }

    @Test func `every kind takes its own outcomes and no other's`() {
        for kind in Kind.allCases {
            for outcome in Set(Kind.allCases.flatMap(\.outcomes)).sorted() {
                let workflow = #","workflow":{"engine":"inngest","run_id":"r"}"#
                let text = #"{"kind":"\#(kind.rawValue)","outcome":"\#(outcome)"\#(workflow)}"#
                let isAccepted = refusal(text, via: .service) == nil
                #expect(isAccepted == kind.outcomes.contains(outcome), "\(kind) \(outcome)")
            }
        }
    }

    @Test(arguments: [Reporter.Via.ingest, .import, .webhook])
    func `policy and access are the service's own`(via: Reporter.Via) {
        #expect(refusal(#"{"kind":"policy","outcome":"changed"}"#, via: via)?.code == .forbiddenKind)
        #expect(refusal(#"{"kind":"access","outcome":"granted"}"#, via: via)?.code == .forbiddenKind)
        #expect(refusal(#"{"kind":"decision","outcome":"approved"}"#, via: via) == nil)
    }

    @Test func `each fault is refused at its place`() {
        let faults: [(String, Refusal.Code, String)] = [
            (#"[]"#, .invalidMember, ""),
            (#"{"outcome":"sent"}"#, .missingMember, ""),
            (#"{"kind":"sent","outcome":"sent"}"#, .invalidMember, "/kind"),
            (#"{"kind":"send","outcome":"approved"}"#, .invalidMember, "/outcome"),
            (#"{"kind":"send","outcome":"sent","extra":1}"#, .unknownMember, "/extra"),
            (#"{"kind":"send","outcome":"sent","sender":"no-at"}"#, .invalidMember, "/sender"),
            (#"{"kind":"send","outcome":"sent","sender":"a@b☃.example"}"#, .invalidMember, "/sender"),
            (#"{"kind":"send","outcome":"sent","message_id":"a b"}"#, .invalidMember, "/message_id"),
            (#"{"kind":"send","outcome":"sent","actor":{"type":"agent","id":"a@b"}}"#, .invalidMember, "/actor/id"),
            (#"{"kind":"send","outcome":"sent","actor":{"type":"robot","id":"a"}}"#, .invalidMember, "/actor/type"),
            (#"{"kind":"send","outcome":"sent","occurred_at":"yesterday"}"#, .invalidMember, "/occurred_at"),
            (#"{"kind":"send","outcome":"sent","occurred_at":"2026-02-30T00:00:00Z"}"#, .invalidMember, "/occurred_at"),
            (#"{"kind":"send","outcome":"sent","idempotency_key":""}"#, .invalidMember, "/idempotency_key"),
            (#"{"kind":"send","outcome":"sent","personal":{"_sd":1}}"#, .invalidMember, "/personal/_sd"),
            (
                #"{"kind":"send","outcome":"sent","personal":{"recipient":[{"address":"x"}]}}"#, .invalidMember,
                "/personal/recipient/0/address"
            ),
            (#"{"kind":"send","outcome":"sent","personal":{"recipient":[]}}"#, .invalidMember, "/personal/recipient"),
            (#"{"kind":"step_attempt","outcome":"started"}"#, .missingMember, ""),
            (
                #"{"kind":"send","outcome":"sent","workflow":{"engine":"Inngest","run_id":"r"}}"#, .invalidMember,
                "/workflow/engine"
            ),
        ]
        for (text, code, pointer) in faults {
            let refusal = refusal(text)
            #expect(refusal?.code == code, "\(text)")
            #expect(refusal?.pointer == pointer, "\(text)")
        }
    }

    @Test func `a refusal never repeats the value`() throws {
        let secret = "kim-secret@example.test extra"
        let refusal = try #require(self.refusal(#"{"kind":"send","outcome":"sent","sender":"\#(secret)"}"#))
        #expect(!"\(refusal)".contains("kim-secret"))
    }

    @Test func `recipients become a list with roles, and each person counts once`() throws {
        let event = try read(
            #"""
            {"kind":"send","outcome":"sent","personal":{"recipient":["Kim@Example.test",{"address":"kim@example.test",
             "role":"cc"},{"address":"jo@example.test"}],"subject":"Hi"}}
            """#)
        #expect(event.personal.people == ["kim@example.test", "jo@example.test"])
        #expect(event.personal.items.map(\.name) == ["recipient", "subject"])
        #expect(event.personal.items[0].values.count == 3)
    }

    @Test func `recipients come before the author among the people, in whatever order they are told`() throws {
        let event = try read(
            #"{"kind":"inbound","outcome":"received","personal":{"author":"al@x.test","recipient":"bo@x.test"}}"#)
        #expect(event.personal.people == ["bo@x.test", "al@x.test"])
    }

    @Test func `engine fields that often hold addresses are sealed`() throws {
        let event = try read(
            #"""
            {"kind":"send","outcome":"sent","workflow":{"engine":"temporal","run_id":"r","workflow_key":"kim@x.test",
             "trigger":{"event_id":"e-kim","event_name":"invoice/overdue"}}}
            """#)
        let line = try Draft(
            event, origin: try Origin("a.example/b"), reporter: Reporter(id: "t", via: .ingest), random: Random.bytes
        ).line(seq: 0, previous: SHA256.digest("x"), recordedAt: Timestamp(microseconds: 0), subjects: [])
        let text = String(decoding: line, as: UTF8.self)
        #expect(!text.contains("kim"))
        #expect(text.contains(#""trigger":{"event_name":"invoice/overdue"}"#))
        #expect(event.personal.items.map(\.name) == ["trigger_event_id", "workflow_key"])
    }

    @Test func `a line that could pass its limit is refused before it is placed`() throws {
        let event = try read(
            #"{"kind":"send","outcome":"sent","data":{"a":"\#(String(repeating: "x", count: 66_000))"}}"#)
        #expect(throws: Refusal(.tooLarge, "")) {
            try Draft(
                event, origin: try Origin("a.example/b"), reporter: Reporter(id: "t", via: .ingest),
                random: Random.bytes)
        }
    }
}
