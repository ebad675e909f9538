import Ledger
import Testing

@testable import MailAuthentication

@Suite struct `A check of an identity` {
    private static let key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

    private func verify(
        _ texts: [String: [String]], failing: [String: Answer.Outcome] = [:], mailFrom: String? = nil,
        signing: String? = nil, selectors: [String] = ["s1"], addresses: [String] = ["192.0.2.10"]
    ) async throws -> IdentityVerification {
        var entries: [Question: TestZone.Entry] = [:]
        for (name, records) in texts {
            entries[Question(try #require(DomainName(name)), .txt)] =
                .records(records.map { .text([Array($0.utf8)]) })
        }
        for (name, outcome) in failing {
            entries[Question(try #require(DomainName(name)), .txt)] = .failure(outcome)
        }
        let identity = SenderIdentity(
            authorDomain: try #require(DomainName("acme.example")), mailFromDomain: mailFrom.flatMap { DomainName($0) },
            signingDomain: signing.flatMap { DomainName($0) }, selectors: selectors.compactMap { DomainName($0) },
            addresses: addresses.compactMap { IPAddress(text: $0) })
        return await IdentityVerifier(resolver: TestZone(entries), publicSuffixes: nil).verify(
            identity, at: Timestamp(microseconds: 0))
    }

    private func zone(
        dmarc: String? = "v=DMARC1; p=reject", spf: String? = "v=spf1 ip4:192.0.2.0/24 -all", dkim: String? = key
    ) -> [String: [String]] {
        [
            "_dmarc.acme.example": dmarc.map { [$0] } ?? [], "acme.example": spf.map { [$0] } ?? [],
            "s1._domainkey.acme.example": dkim.map { [$0] } ?? [],
        ].filter { !$0.value.isEmpty }
    }

    @Test func `is protected when the policy is enforced and a mechanism is ready and aligned`() async throws {
        let whole = try await verify(zone())
        #expect(whole.assessment == .protected)
        #expect(whole.findings.isEmpty)
        #expect(ProviderRule.allCases.allSatisfy { $0.lack(in: whole) == nil })
        let withoutSPF = try await verify(zone(spf: nil))
        #expect(withoutSPF.assessment == .protected)
        #expect(withoutSPF.findings.map(\.code) == [.spfNoRecord])
        #expect(ProviderRule.gmailBulk.lack(in: withoutSPF) == .spfMissing)
    }

    @Test(arguments: [
        ("v=DMARC1; p=none", IdentityFinding.Code.dmarcNone), ("v=DMARC1; p=reject; t=y", .dmarcTesting),
    ])
    func `only monitors while the policy is none or tested`(record: String, code: IdentityFinding.Code) async throws {
        let verification = try await verify(zone(dmarc: record))
        #expect(verification.assessment == .monitoring)
        #expect(verification.findings.map(\.code) == [code])
    }

    @Test func `is unprotected without a record`() async throws {
        let verification = try await verify(zone(dmarc: nil))
        #expect(verification.assessment == .unprotected)
        #expect(verification.findings.map(\.code) == [.dmarcNoRecord])
    }

    @Test func `is misconfigured where something is broken`() async throws {
        var two = zone()
        two["_dmarc.acme.example"] = ["v=DMARC1; p=reject", "v=DMARC1; p=none"]
        let broken: [([String: [String]], IdentityFinding.Code)] = [
            (two, .dmarcMultipleRecords), (zone(dmarc: "v=DMARC1; p=refuse"), .dmarcNotApplicable),
            (zone(spf: "v=spf1 ip4:192.0.2.300 -all"), .spfBroken), (zone(dkim: nil), .dkimNoKey),
            (zone(dkim: "v=DKIM1; p="), .dkimNoKey), (zone(dkim: "v=DKIM1; p=!"), .dkimNoKey),
        ]
        for (texts, code) in broken {
            let verification = try await verify(texts)
            #expect(verification.assessment == .misconfigured, "\(code)")
            #expect(verification.findings.contains { $0.code == code && $0.severity == .error }, "\(code)")
        }
    }

    @Test func `is misconfigured where its own policy would refuse its own mail`() async throws {
        var texts = zone()
        texts["relay.test"] = ["v=spf1 ip4:192.0.2.0/24 -all"]
        texts["s1._domainkey.relay.test"] = [Self.key]
        let verification = try await verify(texts, mailFrom: "relay.test", signing: "relay.test")
        #expect(verification.assessment == .misconfigured)
        #expect(Set(verification.findings.map(\.code)) == [.spfNotAligned, .dkimNotAligned, .nothingAligned])
        #expect(ProviderRule.yahoo.lack(in: verification) == .notAligned)
    }

    @Test func `is misconfigured where nobody may send and no signature is planned`() async throws {
        let nobody = try await verify(zone(spf: "v=spf1 -all", dkim: nil), selectors: [], addresses: [])
        #expect(nobody.assessment == .misconfigured)
        let somebody = try await verify(zone(dkim: nil), selectors: [], addresses: [])
        #expect(somebody.assessment == .protected)
    }

    @Test func `is neither better nor worse for a name server that is silent`() async throws {
        for outcome in [Answer.Outcome.timeout, .servfail, .refused, .networkError, .bogus] {
            let dmarc = try await verify(zone(), failing: ["_dmarc.acme.example": outcome])
            #expect(dmarc.assessment == .indeterminate)
            let both = try await verify(
                zone(), failing: ["acme.example": outcome, "s1._domainkey.acme.example": outcome])
            #expect(both.assessment == .indeterminate)
            // The other may be broken, and would then be misconfigured.
            let one = try await verify(zone(), failing: ["acme.example": outcome])
            #expect(one.assessment == .indeterminate)
            #expect(one.findings.map(\.code) == [.spfUnanswered])
        }
    }

    @Test func `names each host that the record does not know`() async throws {
        let verification = try await verify(zone(), addresses: ["192.0.2.10", "198.51.100.7"])
        #expect(verification.findings.map(\.code) == [.spfAddress])
        #expect(verification.findings.first?.subject == "198.51.100.7")
        #expect(verification.assessment == .protected)
    }

    @Test func `is written as canonical JSON whose findings have a section and a remedy`() async throws {
        let verification = try await verify(zone(dmarc: nil, spf: nil, dkim: nil))
        let bytes = CanonicalWriter.bytes(of: verification.json)
        #expect(CanonicalWriter.bytes(of: try JSONReader.read(bytes)) == bytes)
        for code in IdentityFinding.Code.allCases {
            let finding = IdentityFinding(code, "acme.example", detail: "detail")
            #expect(finding.reference.hasPrefix("RFC "))
            #expect(finding.text.count > 40 && finding.text.hasSuffix("."), "\(code)")
        }
    }
}
