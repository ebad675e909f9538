import Ledger
import LedgerStore
import Testing

@testable import Server

@Suite struct `Query parameters` {
    private func refusal(_ query: String, _ body: (inout QueryReader) throws -> Void) -> Refusal? {
        do {
            var reader = try QueryReader(query)
            try body(&reader)
            try reader.requireNothingElse()
            return nil
        } catch {
            return error as? Refusal
        }
    }

    @Test func `are decoded, with plus as a space, and repeated ones mean or`() throws {
        var reader = try QueryReader("run_id=a%2Bb+c&run_id=%E2%82%AC&limit=7&&order=desc")
        #expect(try reader.all("run_id") { $0 } == ["a+b c", "€"])
        #expect(try reader.number("limit", in: 1...10) == 7)
        #expect(try reader.one("order") { $0 } == "desc")
        #expect(try reader.one("cursor") { $0 } == nil)
        try reader.requireNothingElse()
    }

    @Test(arguments: ["%", "%4", "%zz", "%ff", "a%00b"])
    func `that do not decode are refused`(_ value: String) {
        #expect(refusal("actor=\(value)") { _ in } == Refusal(.invalidParameter, ""))
    }

    @Test(arguments: ["-1", "+1", "01", "1.0", "1e3", "", " 1", "11", "0", "99999999999999999999", "0x1", "١"])
    func `that are numbers are strict`(_ value: String) {
        #expect(refusal("limit=\(value)") { _ = try $0.number("limit", in: 1...10) } != nil, "\(value)")
    }

    @Test func `that may stand once are refused twice`() {
        #expect(refusal("limit=1&limit=1") { _ = try $0.number("limit", in: 1...10) } != nil)
    }

    @Test func `that nobody asked for are refused without being repeated`() {
        let refusal = refusal("kim%40customer.example=1") { _ = try $0.number("limit", in: 1...10) }
        #expect(refusal?.reason == "a query parameter is not known here; this path takes limit")
    }

    @Test func `of a refused value are named, and the value is not`() {
        let refusal = refusal("sender=kim%20customer.example") { reader in _ = try EntryFilter(&reader) }
        #expect(refusal?.reason == "the parameter 'sender' is not valid: an address is local@domain")
    }

    @Test func `of one name are at most fifty`() {
        let many = { (count: Int) in [String](repeating: "kind=send", count: count).joined(separator: "&") }
        #expect(refusal(many(50)) { reader in _ = try EntryFilter(&reader) } == nil)
        #expect(refusal(many(51)) { reader in _ = try EntryFilter(&reader) }?.limit == 50)
    }

    @Test func `become a filter in the form in which entries are looked up`() throws {
        var reader = try QueryReader(
            "message_id=a@b&sender=Kim@ACME.example&sender_domain=ACME.example&recipient=Jo@X.example"
                + "&from=2026-11-22T10:00:00Z&kind=send&kind=decision")
        let filter = try EntryFilter(&reader)
        #expect(filter.query.messageIDs.map(\.text) == ["<a@b>"])
        #expect(filter.query.senders == ["kim@acme.example"])
        #expect(filter.query.senderDomains == ["acme.example"])
        #expect(filter.query.recipients == ["jo@x.example"])
        #expect(
            CanonicalWriter.bytes(of: .object(filter.members))
                == Array(
                    """
                    {"from":["2026-11-22T10:00:00.000000Z"],"kind":["send","decision"],"message_id":["<a@b>"],\
                    "recipient":["jo@x.example"],"sender":["kim@acme.example"],"sender_domain":["acme.example"]}
                    """.utf8))
    }

    @Test(arguments: ["kind=sent", "outcome=Sent", "oversight_mode=none", "from=2026-11-22", "to=1969-12-31T00:00:00Z"])
    func `of a closed set or of time are refused beyond it`(_ query: String) {
        #expect(refusal(query) { reader in _ = try EntryFilter(&reader) } != nil)
    }
}
