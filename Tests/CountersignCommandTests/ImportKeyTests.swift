import Cryptography
import Ledger
import Testing

@testable import CountersignCommand

@Suite struct `Import keys` {
    private let keys: LedgerKeys

    init() throws {
        keys = LedgerKeys(master: .random(), origin: try Origin("acme.example/mail"))
    }

    private func tag(_ key: IdempotencyKey) -> [UInt8] {
        keys.idempotencyTag(of: key, scope: .entries(producer: "import"))
    }

    @Test func `a line without a key is known by its source, number and content`() throws {
        let line = Array(#"{"kind":"send","outcome":"sent"}"#.utf8)
        let key = try ImportKey.key(source: "november", lineNumber: 17, line: line)
        // printf '%s' '{"kind":"send","outcome":"sent"}' | sha256sum
        let spelled = try IdempotencyKey("import:november:17:\(SHA256.digest(line).hex.prefix(16))")
        #expect(tag(key) == tag(spelled))
        #expect(try tag(ImportKey.key(source: "november", lineNumber: 18, line: line)) != tag(key))
        #expect(try tag(ImportKey.key(source: "december", lineNumber: 17, line: line)) != tag(key))
        #expect(try tag(ImportKey.key(source: "november", lineNumber: 17, line: line + [0x20])) != tag(key))
    }

    @Test func `the source of a file is its name`() throws {
        #expect(try ImportKey.source(named: nil, file: "/var/spool/sends.ndjson") == "sends.ndjson")
        #expect(try ImportKey.source(named: "november", file: "sends.ndjson") == "november")
        #expect(try ImportKey.source(named: "november", file: "-") == "november")
    }

    @Test func `standard input needs a name`() {
        #expect(throws: Complaint.self) { try ImportKey.source(named: nil, file: "-") }
    }

    @Test func `the longest source makes a key that is not too long`() throws {
        let longest = String(repeating: "x", count: ImportKey.sourceSizeMax)
        #expect(try ImportKey.source(named: longest, file: "-") == longest)
        _ = try ImportKey.key(source: longest, lineNumber: .max, line: [])
        #expect(throws: Complaint.self) { try ImportKey.source(named: longest + "x", file: "-") }
    }
}
