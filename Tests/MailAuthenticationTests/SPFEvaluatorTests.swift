import MailAuthentication
import Testing

@Suite struct `A check of SPF` {
    @Test func `says which term matched`() async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 ip4:198.51.100.0/24 ~ip4:192.0.2.0/24 -all")
        let result = try await zone.check()
        #expect(result.result == .softfail)
        #expect(result.reason.text == "matched:ip4")
        #expect(result.matchedTerm == "~ip4:192.0.2.0/24")
        #expect(result.domain == "example.com")
    }

    @Test func `is neutral by default`() async throws {
        let result = try await SPFZone.make("example.com TXT v=spf1 ip4:198.51.100.1").check()
        #expect(result.result == .neutral)
        #expect(result.reason == .default)
    }

    @Test func `without a record is none`() async throws {
        let result = try await SPFZone.make("example.com TXT hello").check()
        #expect(result.result == .none)
        #expect(result.reason == .noRecord)
        #expect(result.evidence.count == 1)
    }

    @Test func `of several records is a permanent error`() async throws {
        let result = try await SPFZone.make("example.com TXT v=spf1 -all", "example.com TXT v=spf1 +all").check()
        #expect(result.result == .permerror)
        #expect(result.reason == .multipleRecords)
    }

    @Test func `joins the strings of a record`() async throws {
        let name = try #require(DomainName("example.com"))
        let strings = ["v=sp", "f1 ip4:192.0.", "2.1 -all"].map { Array($0.utf8) }
        let zone = TestZone([Question(name, .txt): .records([.text(strings)])])
        #expect(try await zone.check().result == .pass)
    }

    @Test(arguments: [
        "user@com", "user@[192.0.2.1]", "user@a..example", "user@example.net(.example.com", "user@exa mple.com",
        "user@", "user@b☃cher.example", "user@\(String(repeating: "x", count: 64)).example",
    ])
    func `of what is no mail domain asks nothing`(mailFrom: String) async throws {
        let zone = try SPFZone.make("com TXT v=spf1 +all")
        let result = try await zone.check("192.0.2.1", mailFrom)
        #expect(result.result == .none)
        #expect(result.reason == .invalidDomain)
        #expect(zone.questions.isEmpty)
    }

    @Test(arguments: ["user@bücher.example", "user@BÜCHER.example", "jörg@xn--bcher-kva.example", ""])
    func `of a domain in U-labels asks at its A-labels, in macros too`(mailFrom: String) async throws {
        let zone = try SPFZone.make(
            "xn--bcher-kva.example TXT v=spf1 exists:%{o}.%{h}.list.example -all",
            "xn--bcher-kva.example.xn--bcher-kva.example.list.example A 127.0.0.2")
        let result = try await zone.check("192.0.2.1", mailFrom, helo: "bücher.example")
        #expect(result.result == .pass && result.domain == "xn--bcher-kva.example")
    }

    @Test func `lets no term match that would hold a local part outside ASCII`() async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 exists:%{l}.example.net a:%{s}.example.net ?all")
        let result = try await zone.check("192.0.2.1", "jörg@example.com")
        #expect(result.result == .neutral && zone.questions.count == 1)
    }

    @Test func `of the null path is that of HELO with the mailbox postmaster`() async throws {
        let zone = try SPFZone.make(
            "mail.example.org TXT v=spf1 exists:%{l}.%{o} -all", "postmaster.mail.example.org A 127.0.0.2")
        let result = try await zone.check("192.0.2.1", "")
        #expect(result.result == .pass)
        #expect(result.scope == .mfrom)
        #expect(result.domain == "mail.example.org")
    }

    @Test func `of HELO is a result of its own scope`() async throws {
        let zone = try SPFZone.make("mail.example.org TXT v=spf1 +all", "example.com TXT v=spf1 -all")
        #expect(try await zone.check(scope: .helo).scope == .helo)
        #expect(try await zone.check(scope: .helo).result == .pass)
        #expect(try await zone.check(scope: .mfrom).result == .fail)
    }

    @Test(arguments: [
        ("timeout", "dns_timeout"), ("servfail", "dns_servfail"), ("refused", "dns_servfail"),
        ("network_error", "dns_servfail"), ("bogus", "dns_bogus"),
    ])
    func `that the name system cannot answer is a temporary error`(outcome: String, reason: String) async throws {
        for line in ["example.com TXT !\(outcome)", "a.example A !\(outcome)", "m.example MX !\(outcome)"] {
            let zone = try SPFZone.make("example.com TXT v=spf1 mx:m.example a:a.example -all", line)
            let result = try await zone.check()
            #expect(result.result == .temperror)
            #expect(result.reason.text == reason)
        }
    }

    @Test func `stops at a match before a name that cannot be asked`() async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 ip4:192.0.2.1 a:a.example", "a.example A !timeout")
        #expect(try await zone.check().result == .pass)
    }

    /// The table of RFC 7208 §5.2.
    @Test(arguments: [
        ("TXT v=spf1 +all", "pass", "matched:include"), ("TXT v=spf1 -all", "neutral", "matched:all"),
        ("TXT v=spf1 ~all", "neutral", "matched:all"), ("TXT v=spf1 ?all", "neutral", "matched:all"),
        ("TXT !timeout", "temperror", "dns_timeout"), ("TXT v=spf1 moo", "permerror", "syntax:moo"),
        ("TXT hello", "permerror", "include_none"), ("A 192.0.2.1", "permerror", "include_none"),
    ])
    func `follows the table for an include`(line: String, result: String, reason: String) async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 include:inc.example ?all", "inc.example \(line)")
        let found = try await zone.check()
        #expect(found.result.rawValue == result)
        #expect(found.reason.text == reason)
    }

    @Test func `may include the same domain twice`() async throws {
        let zone = try SPFZone.make(
            "example.com TXT v=spf1 include:inc.example include:inc.example ip4:192.0.2.1 -all",
            "inc.example TXT v=spf1 ip4:198.51.100.1")
        let result = try await zone.check()
        #expect(result.result == .pass)
        #expect(result.lookupCount == 2)
        #expect(result.evidence.count == 2, "evidence of the same answer stands once")
    }

    @Test func `follows a redirect only if there is no all`() async throws {
        let zone = try SPFZone.make(
            "example.com TXT v=spf1 redirect=last.example", "last.example TXT v=spf1 ~all",
            "closed.example TXT v=spf1 redirect=none.example ?all")
        #expect(try await zone.check().result == .softfail)
        #expect(try await zone.check("192.0.2.1", "user@closed.example").result == .neutral)
    }

    @Test(arguments: ["none.example", "%{h}", "x..example"])
    func `redirected to a domain without record is a permanent error`(target: String) async throws {
        let result = try await SPFZone.make("example.com TXT v=spf1 redirect=\(target)").check(helo: "[]")
        #expect(result.result == .permerror)
        #expect(result.reason == .redirectNone)
    }

    @Test func `tells the two families apart`() async throws {
        let zone = try SPFZone.make(
            "example.com TXT v=spf1 ip6:::ffff:192.0.2.1/96 a:host.example/8//32 -all", "host.example A 192.1.1.1",
            "host.example AAAA 2001:db8::1")
        #expect(try await zone.check("192.0.2.1").matchedTerm == "a:host.example/8//32")
        #expect(try await zone.check("::ffff:192.0.2.1").result == .pass)
        #expect(try await zone.check("2001:db8:ffff::").result == .pass)
        #expect(try await zone.check("2001:db9::").result == .fail)
    }

    @Test func `of exists asks for an A record whatever the client`() async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 exists:x.example -all", "x.example AAAA 2001:db8::1")
        #expect(try await zone.check("2001:db8::1").result == .fail)
    }

    @Test func `of ptr takes only names that lead back`() async throws {
        let zone = try SPFZone.make(
            "example.com TXT v=spf1 ptr -all", "1.2.0.192.in-addr.arpa PTR fake.example.com",
            "fake.example.com A 192.0.2.2", "2.2.0.192.in-addr.arpa PTR fake.example.com",
            "3.2.0.192.in-addr.arpa PTR notexample.com", "notexample.com A 192.0.2.3")
        #expect(try await zone.check("192.0.2.1").result == .fail)
        #expect(try await zone.check("192.0.2.2").result == .pass)
        #expect(try await zone.check("192.0.2.3").result == .fail)
    }

    @Test func `of ptr treats errors as no match`() async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 ptr -all", "1.2.0.192.in-addr.arpa PTR !timeout")
        #expect(try await zone.check().result == .fail)
    }

    @Test func `of mx skips the root, which says that there is no exchanger`() async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 mx -all", "example.com MX .")
        #expect(try await zone.check().result == .fail)
    }
}
