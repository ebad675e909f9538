import Testing

@testable import CountersignCommand

@Suite struct `Import keys` {
    @Test func `the source of a file is its name`() throws {
        #expect(try ImportKey.source(named: nil, file: "/var/spool/sends.ndjson") == "sends.ndjson")
        #expect(try ImportKey.source(named: "november", file: "sends.ndjson") == "november")
    }

    @Test func `standard input needs a name`() {
        #expect(throws: Complaint.self) { try ImportKey.source(named: nil, file: "-") }
    }

    @Test func `a name that no key could hold is refused`() {
        #expect(throws: Complaint.self) {
            try ImportKey.source(named: String(repeating: "x", count: ImportKey.sourceSizeMax + 1), file: "-")
        }
    }
}
