import MailAuthentication
import Testing

@Suite struct `The DMARC vectors` {
    struct File: Decodable { let cases: [DMARCCase] }

    @Test func `each case has the result that the file says, a disputed one is reported`() async throws {
        let cases = try Vectors.json(File.self, "dmarc/cases.json").cases
        let list = try #require(PublicSuffixList(try Vectors.bytes(PublicSuffixListFile.path)))
        #expect(cases.count >= 43)
        for vector in cases {
            let zone = try vector.testZone()
            let evaluator = DMARCEvaluator(resolver: zone, publicSuffixes: list)
            let result = await evaluator.evaluate(
                authorDomain: try vector.domain(of: vector.from), identifiers: try vector.identifiers())
            if let question = vector.disputed {
                print("disputed (\(question)): \(vector.id) \(vector.expected.result), here \(result.value)")
            } else {
                try check(result, vector)
            }
        }
    }

    private func check(_ result: DMARCResult, _ vector: DMARCCase) throws {
        let (expected, id) = (vector.expected, Comment(rawValue: vector.id))
        let discovery = try #require(result.discovery)
        #expect(result.value.rawValue == expected.result, id)
        #expect(discovery.organizationalDomain?.text == expected.org_domain, id)
        #expect(discovery.policy?.domain.text == expected.policy_domain, id)
        #expect(discovery.policy?.declared.rawValue == expected.declared_policy, id)
        #expect(discovery.policy?.applied.rawValue == expected.applied_policy, id)
        if let aligned = expected.spf_aligned { #expect((result.conclusion.spfAlignment != .none) == aligned, id) }
        if let aligned = expected.dkim_aligned { #expect((result.conclusion.dkimAlignment != .none) == aligned, id) }
        #expect(Set(discovery.anomalies.map(\.rawValue)).isSuperset(of: expected.anomalies), id)
        if let other = expected.psl_result { #expect(result.listConclusion?.value.rawValue == other, id) }
        if let queries = expected.queries { #expect(discovery.walk.steps.map(\.queriedName) == queries, id) }
        if let rua = expected.rua { #expect(discovery.policy?.record.aggregateReportURIs.map(\.text) == rua, id) }
    }
}
