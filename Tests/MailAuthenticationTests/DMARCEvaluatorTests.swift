import MailAuthentication
import Testing

@Suite struct `A DMARC evaluation` {
    private func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

    private func evaluate(
        _ author: String, _ identifiers: [DMARCIdentifier], _ texts: [String: [String]],
        failing: [String: Answer.Outcome] = [:]
    ) async throws -> (result: DMARCResult, questions: [String]) {
        let zone = try Zones.zone(texts, failing)
        let list = PublicSuffixList(Array("com\nblogspot.com\n".utf8))
        let result = await DMARCEvaluator(resolver: zone, publicSuffixes: list)
            .evaluate(authorDomain: try name(author), identifiers: identifiers)
        return (result, zone.questions.map(\.name.text))
    }

    @Test func `a strict mode passes the same name only, for each mechanism by itself`() async throws {
        let (same, sub) = (try name("example.com"), try name("mail.example.com"))
        for (mode, spf, dkim): (String, DMARCAlignment, DMARCAlignment) in [
            ("adkim=s", .relaxed, .none), ("aspf=s", .none, .relaxed), ("adkim=s; aspf=s", .none, .none),
        ] {
            let zone = ["_dmarc.example.com": ["v=DMARC1; p=reject; \(mode)"]]
            let (below, _) = try await evaluate(
                "example.com", [.mailFrom(sub, .passed), .signature(sub, .passed)], zone)
            #expect(below.conclusion.spfAlignment == spf && below.conclusion.dkimAlignment == dkim, "\(mode)")
            #expect(below.value == (spf == dkim ? .fail : .pass), "\(mode)")
            #expect(below.listConclusion == below.conclusion, "\(mode)")
            let (equal, _) = try await evaluate(
                "example.com", [.mailFrom(same, .passed), .signature(same, .passed)], zone)
            #expect(equal.conclusion.spfAlignment == .strict && equal.conclusion.dkimAlignment == .strict)
        }
    }

    @Test func `no walk is made for an identifier in strict mode, of the same name, or of strangers`() async throws {
        let ids: [DMARCIdentifier] = [
            .signature(try name("a.example.com"), .passed), .signature(try name("example.com"), .passed),
            .mailFrom(try name("x.other.example"), .passed),
        ]
        let (result, questions) = try await evaluate(
            "example.com", ids, ["_dmarc.example.com": ["v=DMARC1; p=none; adkim=s"]])
        #expect(questions == ["_dmarc.example.com", "_dmarc.com"])
        #expect(result.conclusion.dkimAlignment == .strict && result.conclusion.spfAlignment == .none)
        let (none, asked) = try await evaluate("example.com", ids, [:])
        #expect(none.value == .none && none.reason == .noRecord)
        #expect(asked == ["_dmarc.example.com", "_dmarc.com"])
    }

    @Test func `each identifier has a walk of its own`() async throws {
        let zone = [
            "_dmarc.example.com": ["v=DMARC1; p=reject"], "_dmarc.apart.example.com": ["v=DMARC1; p=none; psd=n"],
        ]
        let apart = try name("x.apart.example.com")
        let (result, questions) = try await evaluate("example.com", [.signature(apart, .passed)], zone)
        #expect(result.value == .fail && result.reason == .notAligned)
        #expect(questions.suffix(2) == ["_dmarc.x.apart.example.com", "_dmarc.apart.example.com"])
        #expect(result.listConclusion?.value == .pass && result.discoveryDisagrees)
        #expect(result.evidence.count == questions.count)
    }

    @Test func `no question is asked twice`() async throws {
        let ids = try ["a", "b", "a.b", "a"].map { DMARCIdentifier.signature(try name("\($0).example.com"), .passed) }
        let (result, questions) = try await evaluate("m.example.com", ids, ["_dmarc.example.com": ["v=DMARC1; p=none"]])
        #expect(result.conclusion.dkimAlignment == .relaxed)
        #expect(Set(questions).count == questions.count)
    }

    @Test func `the pass of a foreign signature does not help the failing own one`() async throws {
        let zone = ["_dmarc.example.com": ["v=DMARC1; p=reject"]]
        let (foreign, _) = try await evaluate("example.com", [.signature(try name("evil.example"), .passed)], zone)
        #expect(foreign.value == .fail && foreign.reason == .notAligned)
        let (nothing, _) = try await evaluate("example.com", [], zone)
        #expect(nothing.value == .fail && nothing.reason == .notAuthenticated)
        let (lookalike, _) = try await evaluate("example.com", [.signature(try name("badexample.com"), .passed)], zone)
        #expect(lookalike.value == .fail)
    }

    @Test func `a temporary error that could have been a pass makes a temperror`() async throws {
        let zone = ["_dmarc.example.com": ["v=DMARC1; p=reject"]]
        let (own, foreign) = (try name("a.example.com"), try name("other.example"))
        let (spf, _) = try await evaluate("example.com", [.mailFrom(own, .temporaryError)], zone)
        #expect(spf.value == .temperror && spf.reason == .spfTemporaryError)
        let (dkim, _) = try await evaluate("example.com", [.signature(own, .temporaryError)], zone)
        #expect(dkim.value == .temperror && dkim.reason == .dkimTemporaryError)
        #expect(dkim.conclusion.dkimAlignment == .none)
        let (stranger, _) = try await evaluate("example.com", [.signature(foreign, .temporaryError)], zone)
        #expect(stranger.value == .fail && stranger.reason == .notAuthenticated)
        let (passes, _) = try await evaluate(
            "example.com", [.mailFrom(own, .temporaryError), .signature(own, .passed)], zone)
        #expect(passes.value == .pass && passes.conclusion.spfAlignment == .none)
    }

    @Test func `a walk of an identifier that fails makes a temperror, unless another passes`() async throws {
        let zone = ["_dmarc.example.com": ["v=DMARC1; p=reject"]]
        let failing: [String: Answer.Outcome] = ["_dmarc.a.example.com": .timeout]
        let (a, b) = (try name("a.example.com"), try name("b.example.com"))
        let (alone, _) = try await evaluate("example.com", [.signature(a, .passed)], zone, failing: failing)
        #expect(alone.value == .temperror && alone.reason == .dnsTimeout)
        let (other, _) = try await evaluate(
            "example.com", [.signature(a, .passed), .mailFrom(b, .passed)], zone, failing: failing)
        #expect(other.value == .pass && other.conclusion.dkimAlignment == .none)
    }

    @Test func `a policy that cannot be found out is never a fail`() async throws {
        let (result, _) = try await evaluate(
            "example.com", [], ["_dmarc.com": ["v=DMARC1; p=reject; psd=y"]], failing: ["_dmarc.example.com": .servfail]
        )
        #expect(result.value == .temperror && result.reason == .dnsServerFailure)
        #expect(result.listConclusion?.value == .temperror && !result.discoveryDisagrees)
    }

    @Test func `pct changes nothing`() async throws {
        for pct in [0, 50, 100] {
            let (result, _) = try await evaluate(
                "example.com", [], ["_dmarc.example.com": ["v=DMARC1; p=reject; pct=\(pct)"]])
            #expect(result.value == .fail && result.discovery?.policy?.applied == .reject)
        }
    }

    @Test func `tenants of a shared suffix align by the walk, not by the list`() async throws {
        let (result, _) = try await evaluate(
            "foo.blogspot.com", [.signature(try name("bar.blogspot.com"), .passed)],
            ["_dmarc.blogspot.com": ["v=DMARC1; p=none"]])
        #expect(result.value == .pass && result.listConclusion?.value == DMARCConclusion.Value.none)
        #expect(result.discoveryDisagrees)
    }

    @Test func `walks are bounded, however many signatures a message has`() async throws {
        let ids = try (0..<200).map { DMARCIdentifier.signature(try name("s\($0).a.b.c.d.e.f.example.com"), .passed) }
        let (_, questions) = try await evaluate(
            "example.com", ids,
            ["_dmarc.example.com": ["v=DMARC1; p=none"], "_dmarc.f.example.com": ["v=DMARC1; psd=n"]])
        #expect(questions.count <= (DMARCEvaluator.walksMax + 1) * TreeWalk.queriesMax)
    }

    @Test func `without one author domain there is a permerror that says why`() {
        #expect(DMARCResult.noAuthorDomain.value == .permerror)
        #expect(DMARCResult.noAuthorDomain.reason == .noAuthorDomain)
        #expect(DMARCResult.multipleAuthorDomains.value == .permerror)
        #expect(DMARCResult.multipleAuthorDomains.reason == .multipleAuthorDomains)
        #expect(!DMARCResult.multipleAuthorDomains.discoveryDisagrees)
    }

    @Test func `an evaluation on the same answers is the same`() async throws {
        let zone = ["_dmarc.example.com": ["v=DMARC1; p=reject; t=y"]]
        let ids: [DMARCIdentifier] = [.signature(try name("a.example.com"), .passed)]
        let first = try await evaluate("b.example.com", ids, zone)
        let second = try await evaluate("b.example.com", ids, zone)
        #expect(first.result == second.result && first.questions == second.questions)
    }
}
