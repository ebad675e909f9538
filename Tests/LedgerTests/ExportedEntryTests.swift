import Cryptography
import Ledger
import Testing

@Suite struct `A line of an export` {
    private let line: [UInt8]
    private let shown: [String]

    init() throws {
        let origin = try Origin("acme.example/mail")
        let text =
            #"{"kind":"send","outcome":"sent","personal":{"recipient":["a@b.example","c@d.example"],"subject":"x"}}"#
        let event = try Event.read(try JSONReader.read(Array(text.utf8)), via: .ingest).event
        let draft = try Draft(
            event, origin: origin, reporter: Reporter(id: "tok_1", via: .ingest), random: Random.bytes)
        line = draft.line(
            seq: 7, previous: origin.genesis, recordedAt: try #require(Timestamp("2026-11-22T10:00:00.123456Z")),
            subjects: [])
        shown = String(decoding: draft.disclosures, as: UTF8.self).split(separator: "~").map(String.init)
    }

    private func object(_ disclosures: [String]) -> [UInt8] {
        CanonicalWriter.bytes(
            of: [
                "disclosures": .array(disclosures.map { .string($0) }),
                "line": .string(String(decoding: line, as: UTF8.self)),
            ])
    }

    @Test func `is the line itself, or has values beside it, in whatever order`() throws {
        let plain = try ExportedEntry(line)
        #expect(plain.line == line && plain.entry.seq == 7)
        #expect(plain.disclosures.isEmpty && plain.missingCount == 3)
        let whole = try ExportedEntry(object(shown.reversed()))
        #expect(whole.line == line)
        #expect(whole.disclosures.map(\.text) == shown && whole.missingCount == 0)
        let part = try ExportedEntry(object([shown[2]]))
        #expect(part.disclosures.map(\.text) == [shown[2]] && part.missingCount == 2)
    }

    @Test func `shows no value that is not the line's own, and none twice`() {
        let name = Disclosure(salt: Random.bytes(16), name: "subject", value: .string("x"))
        for shown in [shown + [name.text], [shown[0], shown[0]], [""], ["~"]] {
            #expect(throws: ExportedEntry.Fault.strangeDisclosure(seq: 7)) { try ExportedEntry(object(shown)) }
        }
    }

    @Test func `is an entry`() {
        for text in ["", "{", "{}", #"{"line":"{}"}"#, #"{"line":7}"#] {
            #expect(throws: ExportedEntry.Fault.notAnEntry) { try ExportedEntry(Array(text.utf8)) }
        }
        #expect(throws: ExportedEntry.Fault.notAnEntry) { try ExportedEntry(line + [UInt8(ascii: " ")]) }
    }
}
