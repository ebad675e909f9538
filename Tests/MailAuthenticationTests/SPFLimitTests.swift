import MailAuthentication
import Testing

@Suite struct `The limits of SPF` {
    private func terms(_ term: String, _ count: Int) -> String {
        Array(repeating: term, count: count).joined(separator: " ")
    }

    @Test func `let ten terms ask and not eleven`() async throws {
        for (count, result) in [(10, SPFResult.Value.pass), (11, .permerror)] {
            let zone = try SPFZone.make(
                "example.com TXT v=spf1 \(terms("a:x.example", count)) ip4:192.0.2.1 -all", "x.example A 198.51.100.1")
            let found = try await zone.check()
            #expect(found.result == result)
            #expect(found.lookupCount == count)
            #expect((found.reason == .tooManyLookups) == (count == 11))
        }
    }

    @Test func `count over include and redirect`() async throws {
        for (count, result) in [(4, SPFResult.Value.pass), (5, .permerror)] {
            let zone = try SPFZone.make(
                "example.com TXT v=spf1 include:inc.example a:x.example redirect=last.example",
                "inc.example TXT v=spf1 \(terms("a:x.example", 3))", "x.example A 198.51.100.1",
                "last.example TXT v=spf1 \(terms("mx:x.example", count)) +all", "x.example MX x.example")
            let found = try await zone.check()
            #expect(found.result == result)
            #expect(found.lookupCount == 6 + count)
        }
    }

    @Test(arguments: ["redirect=example.com", "include:example.com"])
    func `end a loop`(term: String) async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 \(term)")
        let result = try await zone.check()
        #expect(result.reason == .tooManyLookups)
        #expect(zone.questions.count == 11)
    }

    @Test func `leave terms uncounted that do not ask`() async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 \(terms("ip4:198.51.100.1", 500)) exp=why.example -all")
        #expect(try await zone.check().lookupCount == 0)
    }

    @Test func `let two look-ups be void and not three`() async throws {
        for (count, result) in [(2, SPFResult.Value.pass), (3, .permerror)] {
            let zone = try SPFZone.make("example.com TXT v=spf1 \(terms("a:void.example", count)) ip4:192.0.2.1 -all")
            let found = try await zone.check()
            #expect(found.result == result)
            #expect(found.voidCount == count)
            #expect((found.reason == .tooManyVoids) == (count == 3))
        }
    }

    @Test func `count voids over include and redirect`() async throws {
        let zone = try SPFZone.make(
            "example.com TXT v=spf1 include:inc.example exists:void.example redirect=last.example",
            "inc.example TXT v=spf1 mx:void.example", "last.example TXT v=spf1 ptr +all")
        let result = try await zone.check()
        #expect(result.reason == .tooManyVoids)
        #expect(result.voidCount == 3)
        #expect(result.lookupCount == 5)
    }

    @Test func `do not call a host void that has addresses of the other family`() async throws {
        let zone = try SPFZone.make(
            "example.com TXT v=spf1 \(terms("a:six.example", 4)) ip4:192.0.2.1 -all", "six.example AAAA 2001:db8::1")
        let result = try await zone.check()
        #expect(result.result == .pass)
        #expect(result.voidCount == 0)
    }

    @Test(arguments: ["!servfail", "!timeout"])
    func `are not reached by silence about the other family`(failure: String) async throws {
        let zone = try SPFZone.make(
            "example.com TXT v=spf1 \(terms("a:six.example", 4)) ip4:192.0.2.1 -all", "six.example AAAA \(failure)",
            "six.example MX six.example")
        let result = try await zone.check()
        #expect(result.result == .pass)
        #expect(result.voidCount == 0)
    }

    @Test func `do not count the hosts of an mx, neither as terms nor as voids`() async throws {
        let hosts = (1...10).map { "example.com MX h\($0).example" }
        let zone = try SPFZone.make(["example.com TXT v=spf1 mx ip4:192.0.2.1 -all"] + hosts)
        let result = try await zone.check()
        #expect(result.result == .pass)
        #expect(result.lookupCount == 1)
        #expect(result.voidCount == 0)
    }

    @Test func `let an mx have ten names and not eleven`() async throws {
        for (count, result) in [(10, SPFResult.Value.fail), (11, .permerror)] {
            let hosts = (1...count).map { "example.com MX h\($0).example" }
            let zone = try SPFZone.make(["example.com TXT v=spf1 mx -all"] + hosts)
            let found = try await zone.check()
            #expect(found.result == result)
            #expect((found.reason == .tooManyExchanges) == (count == 11))
        }
    }

    @Test func `look at ten names of a client and ignore the rest`() async throws {
        for (position, result) in [(10, SPFResult.Value.pass), (11, .fail)] {
            var lines = ["example.com TXT v=spf1 ptr -all", "h\(position).example.com A 192.0.2.1"]
            for index in 1...12 {
                lines.append("1.2.0.192.in-addr.arpa PTR h\(index).example.\(index == position ? "com" : "net")")
            }
            let zone = try SPFZone.make(lines)
            #expect(try await zone.check().result == result)
        }
    }
}
