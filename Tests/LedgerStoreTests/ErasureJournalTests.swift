import Cryptography
import FoundationEssentials
import Ledger
import Testing

@testable import LedgerStore

@Suite struct `The journal of erasures` {
    private let path = FileManager.default.temporaryDirectory.appending(path: "j-\(Hex.encode(Random.bytes(8))).jsonl")

    private var journal: ErasureJournal { ErasureJournal(path: path.path()) }

    private func record(_ seq: Int) throws -> ErasureRecord {
        let hash = SHA256.digest("\(seq)")
        let json: JSONValue = [
            "blocks": [
                ["first": 1, "first_hash": .string(hash.hex), "last": 3, "last_hash": .string(hash.hex)]
            ], "data": ["legal_basis": "a wish"], "event": "erasure", "leaf_hash": .string(hash.hex),
            "ledger": "acme.example/mail", "seq": .integer(seq),
        ]
        return try #require(ErasureRecord(json))
    }

    @Test func `keeps its lines, for its owner alone`() throws {
        defer { try? FileManager.default.removeItem(at: path) }
        #expect(try journal.lines().isEmpty)
        try journal.append([try record(7), try record(8)])
        try journal.append([try record(9)])
        let lines = try journal.lines()
        #expect(lines.map(\.seq) == [7, 8, 9])
        #expect(lines[0].blocks.map(\.range) == [1...3])
        #expect(CanonicalWriter.bytes(of: lines[1].json) == CanonicalWriter.bytes(of: try record(8).json))
        let attributes = try FileManager.default.attributesOfItem(atPath: path.path())
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `passes over a line that was cut off, and writes the next in its place`() throws {
        defer { try? FileManager.default.removeItem(at: path) }
        try journal.append([try record(7), try record(8)])
        let whole = try Data(contentsOf: path)
        try whole.dropLast(30).write(to: path)
        #expect(try journal.lines().map(\.seq) == [7])
        try journal.append([try record(8)])
        #expect(try Data(contentsOf: path) == whole)
    }

    @Test func `refuses a line that says nothing, and names it`() throws {
        defer { try? FileManager.default.removeItem(at: path) }
        try Data("{}\n".utf8).write(to: path)
        #expect {
            try journal.lines()
        } throws: { error in
            "\(error)".contains("line 1 of") && "\(error)".contains(path.path())
        }
    }
}
