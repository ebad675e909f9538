import MailAuthentication
import Testing

@Suite struct `The DKIM vectors` {
    private struct File: Decodable {
        struct Message: Decodable {
            let file: String
            let signatures: [Signature]
        }
        struct Signature: Decodable {
            let d, i, s, a, c: String
            let bits: Int
            let t: Int64?
            let signed_headers: [String]
            let body_hash: String
        }
        struct Case: Decodable {
            let id, name, file: String
            let replace: Replacement?
            let expected: [Verdict]
        }
        struct Replacement: Decodable {
            let find, with: String
        }
        struct Verdict: Decodable, Equatable {
            let result, reason: String
        }
        let messages: [Message]
        let cases: [Case]
    }

    /// Long after the signatures were made; none of them has `x=`.
    private let time: Int64 = 1_795_000_000

    private func verifier() throws -> DKIMVerifier {
        DKIMVerifier(resolver: TestZone(texts: try Vectors.json([String: [String]].self, "dkim/keys.json")))
    }

    @Test func `each case gets its result and its reason`() async throws {
        let file = try Vectors.json(File.self, "dkim/cases.json")
        let verifier = try verifier()
        #expect(file.cases.count >= 15)
        for vector in file.cases {
            var text = String(decoding: try Vectors.bytes("dkim/\(vector.file)"), as: UTF8.self)
            if let replacement = vector.replace {
                let range = try #require(text.firstRange(of: replacement.find))
                text.replaceSubrange(range, with: replacement.with)
            }
            let report = await verifier.verify(RawMessage(Array(text.utf8)), asOf: time)
            let verdicts = report.results.map {
                File.Verdict(result: $0.value.rawValue, reason: $0.reason.rawValue)
            }
            #expect(verdicts == vector.expected, "\(vector.id): \(vector.name)")
        }
    }

    @Test func `each signature tells what its field says`() async throws {
        let file = try Vectors.json(File.self, "dkim/cases.json")
        let verifier = try verifier()
        for vector in file.messages {
            let message = RawMessage(try Vectors.bytes("dkim/\(vector.file)"))
            let report = await verifier.verify(message, asOf: time)
            try #require(report.results.count == vector.signatures.count)
            for (result, expected) in zip(report.results, vector.signatures) {
                #expect(result.domain == expected.d)
                #expect(result.identity == expected.i)
                #expect(result.selector == expected.s)
                #expect(result.algorithm == expected.a)
                #expect(result.canonicalization == expected.c)
                #expect(result.bits == expected.bits)
                #expect(result.timestamp == expected.t)
                #expect(result.signedHeaders == expected.signed_headers)
                #expect(result.bodyHash == expected.body_hash)
                #expect(result.evidence.count == 1)
            }
        }
    }
}
