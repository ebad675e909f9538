import MailAuthentication
import Testing

/// Macros are seen through the names that a check asks for and through the explanation.
@Suite struct `A macro of SPF` {
    /// The text that `macro` gives in an explanation.
    private func shown(
        _ macro: String, client: String = "192.0.2.3", mailFrom: String = "strong-bad@email.example.com"
    ) async throws -> String? {
        let zone = try SPFZone.make(
            "email.example.com TXT v=spf1 -all exp=why.example", "why.example TXT \(macro)",
            "3.2.0.192.in-addr.arpa PTR mx.example.org", "mx.example.org A 192.0.2.3")
        return try await zone.check(client, mailFrom).explanation
    }

    /// The table of RFC 7208 §7.4.
    @Test(arguments: [
        ("%{s}", "strong-bad@email.example.com"), ("%{o}", "email.example.com"), ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"), ("%{d3}", "email.example.com"), ("%{d2}", "example.com"), ("%{d1}", "com"),
        ("%{dr}", "com.example.email"), ("%{d2r}", "example.email"), ("%{l}", "strong-bad"), ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"), ("%{lr-}", "bad.strong"), ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%{p}", "mx.example.org"), ("%{p2}", "example.org"), ("%{h}", "mail.example.org"), ("%{c}", "192.0.2.3"),
        ("%{r}", "mx.example.net"), ("%{t}", "1700000000"), ("%%%_%-", "% %20"), ("%{D2R}", "example.email"),
        ("no. end.", "no. end."), ("%{S}", "strong-bad%40email.example.com"),
    ])
    func `stands for what the table of the RFC says`(macro: String, text: String) async throws {
        #expect(try await shown(macro) == text)
    }

    @Test func `writes IPv6 as half bytes, and readable for people`() async throws {
        let text = try await shown("%{c} %{ir}.%{v}", client: "2001:db8::cb01")
        let digits = "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2"
        #expect(text == "2001:db8::cb01 \(digits).ip6")
    }

    @Test func `in capitals escapes what a URL reserves`() async throws {
        let text = try await shown("%{L}", mailFrom: "a b&c~d-e_f.g=\"@\"@email.example.com")
        #expect(text == "a%20b%26c~d-e_f.g%3D%22%40%22")
    }

    @Test func `keeps empty parts`() async throws {
        #expect(try await shown("%{l-}", mailFrom: "a--b-@email.example.com") == "a..b.")
    }

    @Test func `means the current domain inside include and redirect, and the sender's stays`() async throws {
        let zone = try SPFZone.make(
            "example.com TXT v=spf1 include:inner.example redirect=last.example",
            "inner.example TXT v=spf1 exists:%{d}.%{o}.x.example", "last.example TXT v=spf1 exists:%{d}.%{o}.y.example")
        _ = try await zone.check()
        let asked = zone.questions.filter { $0.type == .a }.map(\.name.text)
        #expect(asked == ["inner.example.example.com.x.example", "last.example.example.com.y.example"])
    }

    @Test func `makes a target of mx too`() async throws {
        let zone = try SPFZone.make(
            "example.com TXT v=spf1 mx:%{o} -all", "example.com MX a.example", "a.example A 192.0.2.1")
        #expect(try await zone.check().result == .pass)
    }

    @Test func `that makes a name too long loses labels from the left`() async throws {
        let mailbox = Array(repeating: "abcdefg", count: 40).joined(separator: ".")
        let zone = try SPFZone.make("example.com TXT v=spf1 exists:%{l}.example.org -all")
        _ = try await zone.check("192.0.2.1", "\(mailbox)@example.com")
        let name = try #require(zone.questions.last?.name.text)
        #expect(name == Array(repeating: "abcdefg", count: 30).joined(separator: ".") + ".example.org")
    }

    @Test(arguments: [
        ("example.com", "example.com"), ("x.example.com", "x.example.com"), ("other.org", "other.org"), ("", "unknown"),
    ])
    func `p prefers the domain, then a name below it, then any`(best: String, shown: String) async throws {
        let names = ["other.org", "x.example.com", "example.com"]
        let known = names.prefix { $0 != best } + [best]
        var lines = ["example.com TXT v=spf1 exists:%{p}.check.example -all"]
        for name in known where !best.isEmpty {
            lines += ["1.2.0.192.in-addr.arpa PTR \(name)", "\(name) A 192.0.2.1"]
        }
        let zone = try SPFZone.make(lines)
        _ = try await zone.check()
        #expect(zone.questions.last?.name.text == "\(shown).check.example")
    }

    @Test func `of a huge HELO is cut`() async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 exists:\(String(repeating: "%{h}", count: 10_000)) -all")
        let result = try await zone.check(helo: String(repeating: "x.", count: 500_000))
        #expect(result.result == .fail)
    }
}
