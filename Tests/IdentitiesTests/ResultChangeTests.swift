import Identities
import Ledger
import Testing

@Suite struct `What changed between two checks` {
    private func changes(_ before: JSONValue, _ after: JSONValue) -> [String] {
        ResultChange.changes(from: before, to: after).map(\.path)
    }

    @Test func `is told member by member, with what was there and what is there`() throws {
        let before: JSONValue = ["assessment": "monitoring", "dmarc": ["record": "v=DMARC1; p=none", "adkim": "r"]]
        let after: JSONValue = ["assessment": "protected", "dmarc": ["record": "v=DMARC1; p=reject", "adkim": "r"]]
        #expect(changes(before, after) == ["assessment", "dmarc.record"])
        let record = try #require(ResultChange.changes(from: before, to: after).last)
        #expect(record.before?.text == "v=DMARC1; p=none")
        #expect(record.after?.text == "v=DMARC1; p=reject")
    }

    @Test func `names what came and what went`() throws {
        let changes = ResultChange.changes(from: ["dmarc": ["reason": "no_record"]], to: ["dmarc": ["record": "x"]])
        #expect(changes.map(\.path) == ["dmarc.record", "dmarc.reason"])
        #expect(changes.map { $0.before == nil } == [true, false])
        #expect(changes.map { $0.after == nil } == [false, true])
    }

    @Test func `is nothing where only the moment and the packets differ`() {
        let before: JSONValue = [
            "evaluated_at": "2026-01-01T00:00:00Z",
            "dmarc": ["discovery": [["name": "_dmarc.a.example", "evidence": "1"]]],
        ]
        let after: JSONValue = [
            "evaluated_at": "2026-01-02T00:00:00Z",
            "dmarc": ["discovery": [["name": "_dmarc.a.example", "evidence": "2"]]],
        ]
        #expect(changes(before, after).isEmpty)
    }

    @Test func `takes a list as a whole`() {
        #expect(changes(["dkim": [["s": "s1"]]], ["dkim": [["s": "s1"], ["s": "s2"]]]) == ["dkim"])
    }

    @Test func `tells a bounded number of them`() {
        let many = (0..<1_000).map { JSONValue.Member("m\($0)", .integer($0)) }
        #expect(changes(.object([]), .object(many)).count == ResultChange.countMax)
    }

    @Test func `keeps NFC and NFD apart`() {
        #expect(changes(["a": "\u{E9}"], ["a": "e\u{301}"]) == ["a"])
    }
}
