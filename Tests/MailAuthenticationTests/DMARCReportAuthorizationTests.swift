import MailAuthentication
import Testing

@Suite struct `The consent to take reports` {
    private let consent = "_report._dmarc.reports.example"

    private func authorizations(
        _ addresses: String, _ texts: [String: [String]], failing: [String: Answer.Outcome] = [:]
    ) async throws -> (list: [ReportAuthorization], questions: [String]) {
        let zone = try Zones.zone(texts.merging(["_dmarc.acme.example": ["v=DMARC1; p=none; psd=n"]]) { $1 }, failing)
        let record = try #require(DMARCRecord(Array("v=DMARC1; p=none; rua=\(addresses)".utf8)))
        let list = await DMARCEvaluator(resolver: zone, publicSuffixes: nil).authorizations(
            policyDomain: try #require(DomainName("acme.example")), uris: record.aggregateReportURIs)
        return (list, zone.questions.map(\.name.text))
    }

    private func verdict(
        _ addresses: String, _ texts: [String: [String]] = [:], failing: [String: Answer.Outcome] = [:]
    ) async throws -> ReportAuthorization.Verdict? {
        try await authorizations(addresses, texts, failing: failing).list.first?.verdict
    }

    @Test func `an address of the same organisation needs none`() async throws {
        #expect(try await verdict("mailto:a@acme.example") == .internal)
        #expect(try await verdict("mailto:a@mail.acme.example") == .internal)
    }

    @Test func `an address elsewhere needs a record that begins with the version`() async throws {
        let name = "acme.example.\(consent)"
        for text in ["v=DMARC1", "v=DMARC1;", "v=DMARC1; p=none"] {
            let (list, questions) = try await authorizations("mailto:a@reports.example", [name: ["junk", text]])
            #expect(list.first?.verdict == .authorized && list.first?.isExternal == true, "\(text)")
            #expect(questions.last == name)
        }
        for text in ["v=dmarc1", "v=DMARC1x", "p=none", ""] {
            #expect(try await verdict("mailto:a@reports.example", [name: [text]]) == .unauthorized, "\(text)")
        }
        #expect(try await verdict("mailto:a@reports.example") == .unauthorized)
    }

    @Test func `a subdomain that is an organisation of its own is elsewhere`() async throws {
        let own = ["_dmarc.apart.acme.example": ["v=DMARC1; p=none; psd=n"]]
        #expect(try await verdict("mailto:a@apart.acme.example", own) == .unauthorized)
    }

    @Test func `an override within the host is taken, one to another host is no consent`() async throws {
        let name = "acme.example.\(consent)"
        let (list, _) = try await authorizations(
            "mailto:a@reports.example", [name: ["v=DMARC1; rua=mailto:b@reports.example"]])
        #expect(list.first?.verdict == .authorized)
        #expect(list.first?.overrides.map(\.text) == ["mailto:b@reports.example"])
        let elsewhere = [name: ["v=DMARC1; rua=mailto:b@victim.example"]]
        #expect(try await verdict("mailto:a@reports.example", elsewhere) == .overrideElsewhere)
    }

    @Test func `a temporary error is no refusal`() async throws {
        let name = "acme.example.\(consent)"
        #expect(try await verdict("mailto:a@reports.example", failing: [name: .timeout]) == .temperror)
        #expect(
            try await verdict("mailto:a@b.acme.example", failing: ["_dmarc.b.acme.example": .servfail]) == .temperror)
    }

    @Test func `an address without a host takes none`() async throws {
        #expect(try await verdict("urn:x:y") == .noHost)
    }

    @Test func `a record with a thousand addresses costs few questions`() async throws {
        let addresses = (0..<1_000).map { "mailto:a@h\($0).example" }.joined(separator: ",")
        let (list, questions) = try await authorizations(addresses, [:])
        #expect(list.count == DMARCEvaluator.reportURIsMax)
        #expect(questions.count <= DMARCEvaluator.reportURIsMax + TreeWalk.queriesMax)
    }
}
