import MailAuthentication
import SeededRandom
import Testing

@Suite struct `DMARC under noise` {
    private static let seeds = [
        "v=DMARC1; p=reject; sp=none; np=quarantine; adkim=s; aspf=r; psd=y; t=y",
        "v=DMARC1; p=none; rua=mailto:a@b.example!10m,https://x.example/r; ruf=mailto:c@d.example; fo=1:d:s",
        "v = DMARC1 ; pct=50; rf=afrf; ri=1; x=y;",
    ]

    private func noise(_ text: String, _ random: inout SplitMix64) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let index = Int.random(in: 0..<max(1, bytes.count), using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: min(index, bytes.count))
            case 1 where index < bytes.count: bytes.remove(at: index)
            case 2 where index < bytes.count: bytes[index] = Array(";=:,!% @\t".utf8).randomElement(using: &random) ?? 0
            default: bytes += bytes.prefix(20)
            }
        }
        return bytes
    }

    @Test func `no record crashes the parser, and every record is usable or not`() {
        var random = SplitMix64()
        for round in 0..<10_000 {
            let bytes = noise(Self.seeds[round % Self.seeds.count], &random)
            let record = DMARCRecord(bytes)
            #expect((record != nil) == DMARCRecord.isRecord(bytes))
            guard let record else { continue }
            #expect((record.policy(.np) != nil) == record.isApplicable)
            #expect(Set(record.anomalies).count == record.anomalies.count)
            #expect(record.aggregateReportURIs.allSatisfy { !$0.text.contains("!") && !$0.text.contains(",") })
        }
    }

    @Test func `no zone crashes the evaluator, and its questions are bounded`() async throws {
        var random = SplitMix64()
        let names = ["a.b.c.d.e.f.g.h.example.com", "h.example.com", "example.com", "com"]
        let domains = try names.map { try #require(DomainName($0)) }
        let list = PublicSuffixList(Array("com\n".utf8))
        for round in 0..<2_000 {
            var entries: [Question: TestZone.Entry] = [:]
            for domain in domains where Bool.random(using: &random) {
                let name = try #require(domain.prefixed(by: "_dmarc"))
                let outcome = Answer.Outcome.allCases.randomElement(using: &random) ?? .timeout
                let text = RecordData.text([noise(Self.seeds[round % Self.seeds.count], &random)])
                entries[Question(name, .txt)] = outcome == .answer ? .records([text]) : .failure(outcome)
            }
            let zone = TestZone(entries)
            let author = domains[Int.random(in: 0..<domains.count, using: &random)]
            let identifiers = domains.map {
                DMARCIdentifier.signature($0, Bool.random(using: &random) ? .passed : .temporaryError)
            }
            let result = await DMARCEvaluator(resolver: zone, publicSuffixes: list)
                .evaluate(authorDomain: author, identifiers: identifiers)
            #expect(zone.questions.count <= TreeWalk.queriesMax * (domains.count + 1) + 3)
            #expect(result.value != .permerror)
            #expect((result.value == .pass) == (result.conclusion.dkimAlignment != .none))
            if result.discovery?.walk.failure != nil { #expect(result.value == .temperror) }
        }
    }

    @Test func `a long record is read in time that grows with its size`() throws {
        let tags =
            String(repeating: "x=y;", count: 16_000) + "rua=" + String(repeating: "mailto:a@b.example,", count: 20_000)
        let record = try #require(DMARCRecord(Array("v=DMARC1; p=none; \(tags)".utf8)))
        #expect(record.unknownTags.count == 1 && record.aggregateReportURIs.count == 20_000)
    }
}
