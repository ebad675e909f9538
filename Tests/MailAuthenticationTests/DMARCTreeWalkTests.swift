import MailAuthentication
import Testing

@Suite struct `The DNS tree walk` {
    private func discover(
        _ domain: String, _ texts: [String: [String]], failing: [String: Answer.Outcome] = [:],
        list: PublicSuffixList? = nil
    ) async throws -> (discovery: DMARCDiscovery, questions: [String]) {
        let zone = try Zones.zone(texts, failing)
        let evaluator = DMARCEvaluator(resolver: zone, publicSuffixes: list)
        let discovery = await evaluator.discover(authorDomain: try #require(DomainName(domain)))
        return (discovery, zone.questions.map { "\($0.name) \($0.type.name)" })
    }

    @Test func `it asks at each name up to the top-level domain, and never more than eight times`() async throws {
        for count in 1...30 {
            let labels = (1...count).map { "l\($0)" }
            let (discovery, questions) = try await discover(labels.joined(separator: "."), [:])
            let depths = [count] + (count > 1 ? Array((1...min(count - 1, 7)).reversed()) : [])
            #expect(discovery.walk.steps.map(\.domain.labelCount) == depths)
            #expect(questions.count == depths.count && questions.count <= TreeWalk.queriesMax)
            #expect(discovery.organizationalDomain == discovery.authorDomain)
        }
    }

    @Test func `every name is listed with its evidence and whether its record was kept`() async throws {
        let (discovery, _) = try await discover(
            "a.b.example", ["_dmarc.b.example": ["v=DMARC1; p=none", "other"], "_dmarc.example": ["junk"]])
        #expect(
            discovery.walk.steps.map(\.queriedName) == ["_dmarc.a.b.example", "_dmarc.b.example", "_dmarc.example"])
        #expect(discovery.walk.steps.map(\.isKept) == [false, true, false])
        #expect(discovery.evidence == discovery.walk.steps.compactMap(\.evidence))
        #expect(Set(discovery.evidence).count == 3)
    }

    @Test func `a record between author and organisation is neither policy nor organisation`() async throws {
        let (discovery, _) = try await discover(
            "a.b.example.com",
            ["_dmarc.b.example.com": ["v=DMARC1; p=reject"], "_dmarc.example.com": ["v=DMARC1; p=quarantine"]])
        #expect(discovery.organizationalDomain?.text == "example.com")
        #expect(discovery.policy?.domain.text == "example.com")
        #expect(discovery.policy?.tag == .sp)
    }

    @Test func `psd ends the walk at once, with a policy or without`() async throws {
        for record in ["v=DMARC1; psd=n; p=none", "v=DMARC1; psd=n", "v=DMARC1; psd=y", "v=DMARC1; PSD=Y; p=none"] {
            let (discovery, questions) = try await discover(
                "x.a.b.c.d.e", ["_dmarc.b.c.d.e": [record], "_dmarc.e": ["v=DMARC1; p=reject"]])
            #expect(questions == ["_dmarc.x.a.b.c.d.e TXT", "_dmarc.a.b.c.d.e TXT", "_dmarc.b.c.d.e TXT"])
            let isSuffix = record.lowercased().contains("psd=y")
            #expect(discovery.organizationalDomain?.text == (isSuffix ? "a.b.c.d.e" : "b.c.d.e"))
        }
    }

    @Test func `a public suffix that sends mail itself is its own organisation`() async throws {
        let (discovery, _) = try await discover(
            "gov.example",
            ["_dmarc.gov.example": ["v=DMARC1; p=reject; psd=y"], "_dmarc.example": ["v=DMARC1; p=none"]])
        #expect(discovery.organizationalDomain?.text == "gov.example")
        #expect(discovery.policy?.tag == .p)
    }

    @Test func `author comes before organisation, organisation before public suffix`() async throws {
        let suffix = ["_dmarc.example": ["v=DMARC1; p=none; sp=reject; psd=y"]]
        let organization = suffix.merging(["_dmarc.org.example": ["v=DMARC1; p=none; sp=quarantine"]]) { $1 }
        let author = organization.merging(["_dmarc.a.org.example": ["v=DMARC1; p=none; sp=reject"]]) { $1 }
        #expect(try await discover("a.org.example", suffix).discovery.policy?.applied == .reject)
        #expect(try await discover("a.org.example", organization).discovery.policy?.applied == .quarantine)
        #expect(try await discover("a.org.example", author).discovery.policy?.applied == DMARCPolicy.none)
    }

    @Test func `several records at a name are all discarded, and the walk goes on`() async throws {
        let (discovery, _) = try await discover(
            "mail.example.com",
            [
                "_dmarc.mail.example.com": ["v=DMARC1; p=reject", "v=DMARC1; p=quarantine"],
                "_dmarc.example.com": ["v=DMARC1; p=none"],
            ])
        #expect(discovery.policy?.domain.text == "example.com")
        #expect(discovery.anomalies == [.multipleRecords])
        #expect(discovery.walk.steps.map(\.isKept) == [false, true, false])
    }

    @Test func `a record with a tag twice is discarded and named, and the walk goes on`() async throws {
        let records = ["_dmarc.mail.example.com": ["v=DMARC1; p=reject; p=none"]]
        let alone = try await discover("mail.example.com", records).discovery
        #expect(alone.applicability == .none(.noRecord) && alone.anomalies == [.duplicateTag])
        #expect(alone.walk.steps.map(\.duplicateTags) == [["p"], [], []])
        let above = records.merging(["_dmarc.example.com": ["v=DMARC1; p=none; sp=quarantine"]]) { $1 }
        #expect(try await discover("mail.example.com", above).discovery.policy?.applied == .quarantine)
    }

    @Test func `a record that was meant to be one is named`() async throws {
        for text in ["v=dmarc1; p=reject", "p=reject; v=DMARC1", " v=DMARC1; p=none", "v=DMARC1.; p=none"] {
            let (discovery, _) = try await discover("example.com", ["_dmarc.example.com": [text]])
            #expect(discovery.applicability == .none(.noRecord))
            #expect(discovery.anomalies == [.invalidVersion], "\(text)")
        }
    }

    @Test func `a question that is not answered makes the whole a temperror, and ends it`() async throws {
        let records = ["_dmarc.a.example.com": ["v=DMARC1; p=reject"], "_dmarc.example.com": ["v=DMARC1; p=reject"]]
        let reasons: [Answer.Outcome: DMARCReason] = [
            .timeout: .dnsTimeout, .servfail: .dnsServerFailure, .refused: .dnsRefused, .networkError: .dnsNetworkError,
            .bogus: .dnsBogus,
        ]
        for (outcome, reason) in reasons {
            let (discovery, questions) = try await discover(
                "a.example.com", records, failing: ["_dmarc.example.com": outcome])
            #expect(discovery.applicability == .temporaryError(reason))
            #expect(discovery.organizationalDomain == nil && discovery.policy == nil)
            #expect(questions.count == 2)
        }
    }

    @Test func `whether the author exists is asked once, and only where a policy hangs on it`() async throws {
        let with = ["_dmarc.example.com": ["v=DMARC1; p=reject; sp=none; np=quarantine"]]
        let absent = try await discover("sub.example.com", with)
        #expect(absent.discovery.policy?.tag == .np && absent.discovery.authorDomainExists == false)
        #expect(absent.questions.filter { $0.hasSuffix(" A") } == ["sub.example.com A"])
        let there = try await discover("sub.example.com", with, failing: ["sub.example.com": .nodata])
        #expect(there.discovery.policy?.tag == .sp && there.discovery.authorDomainExists == true)
        let unknown = try await discover("sub.example.com", with, failing: ["sub.example.com": .timeout])
        #expect(unknown.discovery.applicability == .temporaryError(.dnsTimeout))
        for text in ["v=DMARC1; p=reject; sp=none", "v=DMARC1; p=reject; sp=none; np=none"] {
            let (discovery, questions) = try await discover("sub.example.com", ["_dmarc.example.com": [text]])
            #expect(discovery.policy?.declared == DMARCPolicy.none && discovery.authorDomainExists == nil)
            #expect(!questions.contains { $0.hasSuffix(" A") })
        }
    }

    @Test func `t lowers each policy by one step`() async throws {
        for (policy, lowered) in [("reject", DMARCPolicy.quarantine), ("quarantine", .none), ("none", .none)] {
            let (discovery, _) = try await discover("x.example", ["_dmarc.x.example": ["v=DMARC1; p=\(policy); t=y"]])
            #expect(discovery.policy?.declared.rawValue == policy)
            #expect(discovery.policy?.applied == lowered)
        }
    }

    @Test func `a name too long for its question has no record, and the walk goes on`() async throws {
        let long = Array(repeating: String(repeating: "a", count: 61), count: 4).joined(separator: ".")
        let (discovery, questions) = try await discover(long, [:])
        #expect(discovery.walk.steps.count == 4 && questions.count == 3)
        #expect(discovery.walk.steps.first?.evidence == nil)
    }

    @Test func `walk and list are compared in organisation and in the policy's place`() async throws {
        let list = try #require(PublicSuffixList(Array("com\nblogspot.com\n".utf8)))
        let tenant = ["_dmarc.blogspot.com": ["v=DMARC1; p=none"]]
        #expect(try await discover("foo.blogspot.com", tenant, list: list).discovery.disagrees)
        let below = ["_dmarc.a.example.com": ["v=DMARC1; p=none"]]
        #expect(try await discover("a.example.com", below, list: list).discovery.disagrees)
        let both = ["_dmarc.example.com": ["v=DMARC1; p=none"]]
        #expect(try await discover("a.example.com", both, list: list).discovery.disagrees == false)
        #expect(try await discover("a.example.com", [:], list: list).discovery.disagrees == false)
        #expect(try await discover("foo.blogspot.com", tenant).discovery.disagrees == false)
    }

    @Test func `by the list, several records end the search`() async throws {
        let list = try #require(PublicSuffixList(Array("com\n".utf8)))
        let (discovery, _) = try await discover(
            "a.example.com",
            [
                "_dmarc.a.example.com": ["v=DMARC1; p=reject", "v=DMARC1; p=none"],
                "_dmarc.example.com": ["v=DMARC1; p=none"],
            ], list: list)
        #expect(discovery.list?.applicability == .none(.noRecord))
        #expect(discovery.list?.listDigest == list.digest)
        #expect(discovery.disagrees)
    }
}

/// Zones of TXT records in which some names fail for every type.
enum Zones {
    static func zone(_ texts: [String: [String]], _ failing: [String: Answer.Outcome] = [:]) throws -> TestZone {
        var entries: [Question: TestZone.Entry] = [:]
        for (name, texts) in texts {
            let name = try #require(DomainName(name))
            entries[Question(name, .txt)] = .records(texts.map { .text([Array($0.utf8)]) })
        }
        for (name, outcome) in failing {
            let name = try #require(DomainName(name))
            for type: RecordType in [.a, .txt] { entries[Question(name, type)] = .failure(outcome) }
        }
        return TestZone(entries)
    }
}
