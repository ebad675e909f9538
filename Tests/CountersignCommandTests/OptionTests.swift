import Cryptography
import Ledger
import LedgerStore
import Testing

@testable import CountersignCommand

@Suite struct `Values of flags` {
    private static let root = String(repeating: "0a", count: 32)

    @Test func `an expected tree is a size and a root`() throws {
        let tree = try #require(ExpectedTree(argument: "1204:\(Self.root)"))
        #expect(tree.head.size == 1204)
        #expect(tree.head.root.hex == Self.root)
    }

    @Test(arguments: [
        "", "12", "12:", ":\(root)", "-1:\(root)", "+1:\(root)", "0:\(root)", "1:\(root)0", "1:2:\(root)",
    ])
    func `anything else is no expected tree`(text: String) {
        #expect(ExpectedTree(argument: text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0),
        ("audit.acme.example:443", "audit.acme.example", 443),
    ])
    func `an address is a host and a port`(text: String, host: String, port: Int) throws {
        let address = try #require(ListenAddress(argument: text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.description == text)
    }

    @Test(arguments: ["nonsense", "::1:80", ":80", "host:", "host:http", "host:65536", "host:-1", "a b:80"])
    func `anything else is no address`(text: String) {
        #expect(ListenAddress(argument: text) == nil)
    }

    @Test(arguments: [
        ("500ms", 500), ("10s", 10_000), ("5m", 300_000), ("12h", 43_200_000), ("2w", 1_209_600_000),
        ("36525d", 3_155_760_000_000),
    ])
    func `a duration has a unit`(text: String, milliseconds: Int64) {
        #expect(TimeSpan(argument: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: ["10", "0s", "-1s", "1.5h", "s", "10 s", "99999999999999999999d", "36526d", "5218w"])
    func `anything else is no duration`(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }

    @Test func `a default is shown in its own unit`() {
        #expect(TimeSpan(seconds: 366 * 86_400).defaultValueDescription == "366d")
        #expect(TimeSpan(seconds: 30).defaultValueDescription == "30s")
    }

    @Test func `a token ends when it was told to`() throws {
        let now = try #require(Timestamp("2026-11-22T10:00:00Z"))
        #expect(try Expiry(at: nil, in: nil, now: now).moment == nil)
        #expect(
            try Expiry(at: nil, in: TimeSpan(argument: "90d"), now: now).moment?.text == "2027-02-20T10:00:00.000000Z")
        #expect(try Expiry(at: "2026-11-23T00:00:00Z", in: nil, now: now).moment?.text == "2026-11-23T00:00:00.000000Z")
        #expect(throws: Complaint.self) { try Expiry(at: "2026-11-21T00:00:00Z", in: nil, now: now) }
        #expect(throws: Complaint.self) { try Expiry(at: "tomorrow", in: nil, now: now) }
        #expect(throws: Complaint.self) { try Expiry(at: "9999-12-31T00:00:00Z", in: nil, now: now) }
        #expect(throws: Complaint.self) {
            try Expiry(at: "2026-11-23T00:00:00Z", in: TimeSpan(argument: "1d"), now: now)
        }
    }
}

@Suite struct `The command line as the kernel keeps it` {
    @Test func `every word counts, an empty one too`() {
        #expect(Arguments.words(of: Array("countersign\0verify\0\0--json\0".utf8)) == ["verify", "", "--json"])
        #expect(Arguments.words(of: Array("countersign\0".utf8)).isEmpty)
        #expect(Arguments.words(of: []).isEmpty)
    }
}
