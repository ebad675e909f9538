import MailAuthentication
import Testing

@Suite struct `A DMARC record` {
    private func read(_ text: String) -> DMARCRecord? { DMARCRecord(Array(text.utf8)) }

    @Test func `the version comes first and is written in capitals`() {
        for text in ["v=DMARC1", "v=DMARC1;", "v = DMARC1 ; p=none", "V=DMARC1; p=none", "v\t=\tDMARC1\t;p=none"] {
            #expect(read(text) != nil, "\(text)")
        }
        for text in [
            "", "v=", "v=dmarc1; p=none", "v=DMARC1x; p=none", "v=DMARC1 p=none", "p=none; v=DMARC1",
            " v=DMARC1; p=none",
            ";v=DMARC1", "\"v=DMARC1; p=none\"", "v=DMARC2; p=none",
        ] {
            #expect(read(text) == nil, "\(text)")
        }
    }

    @Test func `what is absent has its default`() throws {
        let record = try #require(read("v=DMARC1; p=reject"))
        #expect(record.dkimMode == .relaxed && record.spfMode == .relaxed)
        #expect(record.suffixFlag == .unknown && !record.isTesting)
        #expect(record.policy(.sp) == .reject && record.policy(.np) == .reject)
        #expect(record.policies == [.p: .reject])
        #expect(record.failureOptions.isEmpty && record.aggregateReportURIs.isEmpty)
        #expect(record.anomalies.isEmpty)
    }

    @Test func `each tag is read, names and words in either case, p in any place`() throws {
        let record = try #require(
            read(
                "v=DMARC1;SP = Quarantine ; np=NONE; adkim=S; aspf=s; psd=Y; t=Y; fo=1:D:s; ruf=mailto:f@x.i; P=reject;"
            ))
        #expect(record.policies == [.p: .reject, .sp: .quarantine, .np: DMARCPolicy.none])
        #expect(record.dkimMode == .strict && record.spfMode == .strict)
        #expect(record.suffixFlag == .yes && record.isTesting)
        #expect(record.failureOptions == ["1", "d", "s"])
        #expect(record.failureReportURIs.map(\.text) == ["mailto:f@x.i"])
        #expect(record.anomalies.isEmpty)
    }

    @Test func `np falls back to sp, and sp to p`() throws {
        let record = try #require(read("v=DMARC1; p=reject; sp=quarantine"))
        #expect(record.policy(.p) == .reject)
        #expect(record.policy(.sp) == .quarantine)
        #expect(record.policy(.np) == .quarantine)
    }

    @Test func `a tag that is wrong stays at its default and is named`() throws {
        let wrong: [(String, DMARCAnomaly)] = [
            ("adkim=x", .invalidADKIM), ("aspf=strict", .invalidASPF), ("psd=maybe", .invalidPSD), ("t=1", .invalidT),
            ("fo=0:1; ruf=mailto:a@b.example", .invalidFO), ("fo=d:d; ruf=mailto:a@b.example", .invalidFO),
            ("fo:0", .malformedTag), ("fo=1", .foWithoutRUF), ("x=y", .unknownTag), ("pct=50", .legacyTag),
            ("adkim=", .malformedTag), ("=r", .malformedTag), ("a1=r", .malformedTag),
            ("adkim=\u{E9}", .malformedTag), ("adkim=r\t\tr", .malformedTag), (";aspf=s", .malformedTag),
            ("rua=none", .invalidRUA), ("ruf=mailto:nobody", .invalidRUF),
        ]
        for (tag, anomaly) in wrong {
            let record = try #require(read("v=DMARC1; p=reject; \(tag)"))
            #expect(record.anomalies == [anomaly], "\(tag)")
            #expect(record.policy(.p) == .reject, "\(tag)")
            #expect(record.dkimMode == .relaxed && record.suffixFlag == .unknown && !record.isTesting)
        }
    }

    @Test func `a tag that stands twice makes the whole record invalid`() throws {
        for (tags, names) in [
            ("p=reject; p=none", ["p"]), ("p=reject; V=DMARC1", ["v"]), ("p=none; x=1; X=2", ["x"]),
            (
                "p=reject; rua=mailto:a@b.example; ruf=mailto:a@b.example; rua=mailto:c@b.example; ruf=x; rua=y",
                ["rua", "ruf"]
            ),
        ] {
            let record = try #require(read("v=DMARC1; \(tags)"))
            #expect(!record.isValid && record.anomalies.contains(.duplicateTag), "\(tags)")
            #expect(record.duplicateTags == names, "\(tags)")
        }
        let tags = "abcdefghijkl".map { letter in
            let name = String(repeating: letter, count: 90)
            return "; \(name)=1; \(name)=2"
        }
        let long = try #require(read("v=DMARC1; p=none" + tags.joined()))
        #expect(long.duplicateTags.count == 8 && long.duplicateTags.allSatisfy { $0.count == 63 })
    }

    @Test func `pct, rf and ri are kept apart from what is unknown, and none of them counts`() throws {
        let record = try #require(read("v=DMARC1; p=reject; pct=0; rf=afrf; ri=86400; color=Blue"))
        #expect(record.legacyTags.map(\.name) == ["pct", "rf", "ri"])
        #expect(record.legacyTags.map(\.value) == ["0", "afrf", "86400"])
        #expect(record.unknownTags.map(\.name) == ["color"])
        #expect(record.unknownTags.map(\.value) == ["Blue"])
        #expect(record.policy(.p) == .reject)
        #expect(record.anomalies == [.legacyTag, .unknownTag])
    }

    @Test func `an invalid policy acts as none where reports are asked for, else DMARC does not apply`() throws {
        for (policies, anomaly) in [
            ("p=block", DMARCAnomaly.invalidP), ("adkim=r", .missingP), ("p=reject; sp=block", .invalidSP),
            ("p=reject; np=block", .invalidNP), ("sp=reject", .missingP),
        ] {
            let reporting = try #require(read("v=DMARC1; \(policies); rua=mailto:a@b.example"))
            #expect(
                reporting.policy(.p) == DMARCPolicy.none && reporting.policy(.sp) == DMARCPolicy.none, "\(policies)")
            #expect(reporting.anomalies == [anomaly])
            let silent = try #require(read("v=DMARC1; \(policies); rua=nonsense"))
            #expect(silent.policy(.p) == nil && !silent.isApplicable, "\(policies)")
        }
    }

    @Test func `report addresses keep their case and encoding, and lose a size suffix`() throws {
        let record = try #require(
            read(
                "v=DMARC1;p=none;rua=mailto:A%2cB%21@Example.COM!10M , https://x.io:8443/r?a=1,mailto:c@d.example!9"
            ))
        #expect(
            record.aggregateReportURIs.map(\.text) == [
                "mailto:A%2cB%21@Example.COM", "https://x.io:8443/r?a=1", "mailto:c@d.example",
            ])
        #expect(record.aggregateReportURIs.map(\.host?.text) == ["example.com", "x.io", "d.example"])
        #expect(record.anomalies == [.obsoleteSizeSuffix])
    }

    @Test func `what is no address is dropped and the others stay`() throws {
        for bad in [
            "", "mailto:", "a@b.example", "mailto:a@b.example!x", "mailto:a@b.example!10mm", "mailto:a b@c.example",
            "mailto:a%4@b.example", "mailto:a%4", "1x:y", ":x", "mailto:@b.example", "mailto:a@-b.example",
            "mailto:a@b!",
        ] {
            let record = try #require(read("v=DMARC1; p=none; rua=\(bad),mailto:ok@x.example"))
            #expect(record.aggregateReportURIs.map(\.text) == ["mailto:ok@x.example"], "\(bad)")
            #expect(record.anomalies == [.invalidRUA], "\(bad)")
        }
    }
}
