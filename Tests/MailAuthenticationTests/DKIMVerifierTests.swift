import Testing

@testable import MailAuthentication

/// RFC 6376 §6.1 with the reasons of the closed list.
@Suite struct `The DKIM verifier` {
    private let time: Int64 = 1_700_000_000
    private let keyName = "s._domainkey.example.com"
    private let message = "From: a@example.com\r\nTo: b@example.net\r\nSubject: Hi\r\n\r\nBody.\r\n"
    private let tags = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s; h=from:to:subject"

    private func report(_ message: [UInt8], records: [String]? = nil) async -> DKIMReport {
        let zone = TestZone(texts: [keyName: records ?? [DKIMSigner.record]])
        return await DKIMVerifier(resolver: zone).verify(RawMessage(message), asOf: time)
    }

    private func result(_ tags: String, records: [String]? = nil) async throws -> DKIMResult {
        let report = await report(DKIMSigner.signed(message, tags: tags), records: records)
        return try #require(report.results.first)
    }

    @Test(arguments: ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed", "relaxed", "simple"])
    func `a signature passes in every canonical form`(form: String) async throws {
        let result = try await result("v=1; a=rsa-sha256; c=\(form); d=example.com; s=s; h=From : TO\r\n : x-none")
        #expect(result.reason == .ok)
        #expect(result.value == .pass)
        #expect(result.signedHeaders == ["from", "to", "x-none"])
        #expect(result.unsignedImportant == ["subject"])
        #expect(result.identity == "@example.com")
        #expect(result.bits == 1_024)
    }

    @Test func `each tag that is missing or broken is header syntax`() async throws {
        let whole = tags + "; bh=AAAA; b=AAAA"
        for name in ["v", "a", "d", "s", "h", "bh", "b"] {
            let rest = whole.split(separator: "; ").filter { !$0.hasPrefix("\(name)=") }.joined(separator: "; ")
            let report = await report(Array("DKIM-Signature: \(rest)\r\n\(message)".utf8))
            #expect(report.results.first?.reason == .headerSyntax, "\(name)")
        }
        for tag in [
            "l=", "l=-1", "l=1x", "t=", "t=1234567890123", "x=1e3", "t=10; x=10", "t=10; x=9", "q=", "q=dns/x", "i=",
            "i=a", "i=a@", "i=a@b..c", "i=a=4", "i=@example.com.", "v=1", "x",
        ] { #expect(try await result("\(tags); \(tag)").reason == .headerSyntax, "\(tag)") }
        for (tag, broken) in [
            ("d=example.com", "d=com"), ("d=example.com", "d=example.com."), ("d=example.com", "d=-a.com"),
            ("d=example.com", "d=b\u{2603}.com"), ("d=example.com", "d="), ("s=s", "s=a b"), ("s=s", "s="),
            ("h=from", "h=:from"), ("h=from", "h=fr om"), ("h=from:to:subject", "h="),
            ("s=s", "s=\(String(repeating: "a.", count: 120))a"),
        ] { #expect(try await result(tags.replacing(tag, with: broken)).reason == .headerSyntax, "\(broken)") }
    }

    @Test(arguments: ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"])
    func `a key is asked for at the A-labels of d= and s=`(domain: String) async throws {
        let tags = tags.replacing("example.com", with: domain).replacing("s=s", with: "s=schlüssel")
        let zone = TestZone(texts: ["xn--schlssel-95a._domainkey.xn--bcher-kva.example": [DKIMSigner.record]])
        for identity in ["", "; i=a@\(domain)", "; i=@mail.bücher.example"] {
            let message = RawMessage(DKIMSigner.signed(message, tags: tags + identity))
            let report = await DKIMVerifier(resolver: zone).verify(message, asOf: time)
            let result = try #require(report.results.first)
            #expect(result.reason == .ok)
            #expect(result.domain == "xn--bcher-kva.example" && result.selector == "xn--schlssel-95a")
            #expect(result.identity?.hasSuffix("xn--bcher-kva.example") == true)
        }
    }

    @Test func `what is unknown is named as it stands`() async throws {
        let version = try await result(tags.replacing("v=1", with: "v=2"))
        #expect(version.reason == .unknownVersion)
        let algorithm = try await result(tags.replacing("rsa-sha256", with: "rsa-sha512"))
        #expect(algorithm.reason == .unknownAlgorithm)
        #expect(algorithm.algorithm == "rsa-sha512")
        #expect(try await result(tags.replacing("rsa-sha256", with: "RSA-SHA256")).reason == .unknownAlgorithm)
        let form = try await result(tags.replacing("relaxed/relaxed", with: "nowsp"))
        #expect(form.reason == .unknownCanonicalization)
        #expect(form.canonicalization == "nowsp")
        #expect(try await result("\(tags); zz=new; q=new:dns/txt").reason == .ok)
    }

    @Test func `a missing c= means simple for both`() async throws {
        let result = try await result(tags.replacing("c=relaxed/relaxed; ", with: ""))
        #expect(result.reason == .ok)
        #expect(result.canonicalization == "simple/simple")
    }

    @Test func `rsa-sha1 is refused before anything is asked`() async throws {
        let result = try await result(tags.replacing("sha256", with: "sha1"))
        #expect(result.reason == .sha1)
        #expect(result.value == .policy)
        #expect(result.evidence.isEmpty)
    }

    @Test func `From must be signed`() async throws {
        #expect(try await result(tags.replacing("from:", with: "")).reason == .fromNotSigned)
    }

    @Test func `the identity is within the domain, and equal to it where the key is strict`() async throws {
        #expect(try await result("\(tags); i=a@example.com").reason == .ok)
        let below = try await result("\(tags); i=\"x@y\"@Sub.example.com")
        #expect(below.reason == .ok)
        #expect(below.identity == "\"x@y\"@Sub.example.com")
        for domain in ["example.net", "notexample.com", "com"] {
            #expect(try await result("\(tags); i=a@\(domain)").reason == .identityMismatch, "\(domain)")
        }
        let strict = [DKIMSigner.record + "; t=s"]
        #expect(try await result("\(tags); i=a@sub.example.com", records: strict).reason == .identityMismatch)
        #expect(try await result("\(tags); i=a@example.com", records: strict).reason == .ok)
    }

    @Test func `x= ends a signature with and without t=`() async throws {
        #expect(try await result("\(tags); x=\(time)").reason == .ok)
        #expect(try await result("\(tags); x=\(time - 1)").reason == .expired)
        let both = try await result("\(tags); t=\(time - 9); x=\(time - 1)")
        #expect(both.reason == .expired)
        #expect(both.timestamp == time - 9)
        #expect(both.expiration == time - 1)
    }

    @Test func `t= may be ahead of our clock by a little`() async throws {
        let latest = time + DKIMVerifier.clockSkewSecondsMax
        #expect(try await result("\(tags); t=\(latest)").reason == .ok)
        #expect(try await result("\(tags); t=\(latest + 1)").reason == .futureTimestamp)
    }

    @Test func `a length limit is never a pass`() async throws {
        let limited = try await result("\(tags); l=4")
        #expect(limited.reason == .bodyLengthLimit)
        #expect(limited.value == .policy)
        #expect(limited.bodyLength == 4)
        #expect(try await result("\(tags); l=7").reason == .bodyLengthLimit)
        #expect(try await result("\(tags); l=8").reason == .bodyHashMismatch)
        #expect(try await result("\(tags); l=\(String(repeating: "9", count: 76))").reason == .bodyHashMismatch)
        let longer = DKIMSigner.signed(message, tags: "\(tags); l=4") + Array("And more.\r\n".utf8)
        #expect(await report(longer).results.first?.reason == .bodyLengthLimit)
    }

    @Test func `a key is refused for each of its reasons`() async throws {
        let ed25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        let weak =
            "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMMUVsrwxC11Fas+X4SJSxZj7N1x4g+fkOjRWdoMtjeRdiwuLb+zfUyO/k2JPqtahs1scdr"
            + "G6xFNYE2Qm0A/SKUCAwEAAQ=="
        let cases: [([String], DKIMReason)] = [
            ([], .keyNotFound),
            (["v=DKIM1; p="], .keyRevoked),
            (["v=DKIM1; p=AAAA"], .keySyntax),
            (["v=spf1 -all"], .keySyntax),
            (["k=ed25519; p=\(ed25519)"], .keyTypeMismatch),
            (["k=rsa2; p=AAAA"], .keyTypeMismatch),
            (["h=sha1; \(DKIMSigner.bareRecord)"], .keyTypeMismatch),
            (["h=sha1:sha256; \(DKIMSigner.bareRecord)"], .ok),
            (["s=tlsrpt; \(DKIMSigner.bareRecord)"], .keyServiceMismatch),
            (["s=x:email; \(DKIMSigner.bareRecord)"], .ok),
            ([weak], .weakKey),
            ([DKIMSigner.record, "v=DKIM1; p="], .multipleKeys),
            (["v=spf1 -all", DKIMSigner.record, "p=AAAA"], .ok),
            (["v=spf1 -all", "p=AAAA"], .keySyntax),
        ]
        for (records, reason) in cases {
            let result = try await result(tags, records: records)
            #expect(result.reason == reason, "\(records)")
            #expect(result.evidence.count == 1)
        }
    }

    @Test func `failures of the name system are temporary`() async throws {
        let name = try #require(DomainName(keyName))
        let signed = RawMessage(DKIMSigner.signed(message, tags: tags))
        let cases: [(Answer.Outcome, DKIMReason)] = [
            (.timeout, .dnsTimeout), (.servfail, .dnsServfail), (.refused, .dnsServfail),
            (.networkError, .dnsServfail), (.bogus, .dnsBogus), (.nodata, .keyNotFound), (.nxdomain, .keyNotFound),
        ]
        for (outcome, reason) in cases {
            let zone = TestZone([Question(name, .txt): .failure(outcome)])
            let report = await DKIMVerifier(resolver: zone).verify(signed, asOf: time)
            #expect(report.results.first?.reason == reason)
        }
    }

    @Test func `a testing key excuses a failure and nothing else`() async throws {
        let testing = [DKIMSigner.record + "; t=y"]
        let good = DKIMSigner.signed(message, tags: tags)
        let passed = try #require(await report(good, records: testing).results.first)
        #expect(passed.reason == .ok)
        #expect(passed.isTesting)
        let failed = try #require(await report(good + [0x61], records: testing).results.first)
        #expect(failed.reason == .testingKey)
        #expect(failed.value == .policy)
        #expect(failed.defect == .bodyHashMismatch)
        #expect(try await result("\(tags); l=1", records: testing).reason == .bodyLengthLimit)
    }

    @Test func `every reason leads to a result`() {
        #expect(DKIMReason.allCases.count == 24)
        #expect(DKIMReason.allCases.filter { $0.value == .pass } == [.ok])
        #expect(!DKIMReason.allCases.contains { $0.value == .none })
    }
}
