import Testing

@testable import Ledger

@Suite struct `A policy` {
    private func keys(in file: String) throws -> [NoteKey] {
        let all = try NoteVectors.keys()
        let known = try all.filter { $0.key != "stranger" }.map { try $0.value.key() }
        guard case .verified(let keys) = try SignedNote(try Vectors.bytes("c2sp-generated/\(file)")).verify(known)
        else {
            return []
        }
        return keys
    }

    @Test func `of two of three witnesses is met by two`() throws {
        let policy = try TlogPolicy(try Vectors.bytes("c2sp-generated/policy"))
        #expect((policy.logs.count, policy.witnesses.count) == (1, 3))
        #expect(policy.isMet(by: try keys(in: "checkpoint.7.cosigned")))
        #expect(!policy.isMet(by: try keys(in: "checkpoint.7.cosigned-1")))
        #expect(!policy.isMet(by: try keys(in: "checkpoint.7")))
        let log = policy.logs[0].key
        #expect(!policy.isMet(by: try keys(in: "checkpoint.7.cosigned").filter { $0 != log }))
    }

    @Test func `without witnesses is met by the log alone`() throws {
        let policy = try TlogPolicy(try Vectors.bytes("c2sp-generated/policy-none"))
        for file in ["checkpoint.7", "checkpoint.7.cosigned-1", "checkpoint.7.cosigned"] {
            #expect(policy.isMet(by: try keys(in: file)))
        }
        #expect(!policy.isMet(by: []))
    }

    @Test func `of groups in groups is met from below`() throws {
        let all = try NoteVectors.keys()
        let vkeys = try ["witness1", "witness2", "witness3"].map { try #require(all[$0]?.vkey) }
        let text = """
            # comment
            witness a \(vkeys[0]) https://a.example
            \twitness b \(vkeys[1])
            group ab all a b

            witness c \(vkeys[2])
            group top any ab c
            quorum top

            """
        let policy = try TlogPolicy(Array(text.utf8))
        let keys = try vkeys.map { try NoteKey(vkey: Array($0.utf8)) }
        #expect(policy.isMet(by: [keys[0], keys[1]]))
        #expect(policy.isMet(by: [keys[2]]))
        #expect(!policy.isMet(by: [keys[0]]))
        #expect(policy.witnesses.map(\.url) == ["https://a.example", nil, nil])
    }

    @Test func `is refused in every generated case, with its line`() throws {
        let cases = try NoteVectors.rejected("policy")
        #expect(cases.count == 21)
        for rejected in cases {
            #expect(throws: TlogPolicy.Fault.self, "\(rejected.what)") { try TlogPolicy(rejected.bytes) }
        }
        let wrong = try #require(throws: TlogPolicy.Fault.self) {
            try TlogPolicy(Array("# a\n\nfoo\nquorum none\n".utf8))
        }
        #expect(wrong == TlogPolicy.Fault(line: 3, reason: "an unknown keyword"))
    }
}
