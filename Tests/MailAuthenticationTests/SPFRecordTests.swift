import MailAuthentication
import Testing

@Suite struct `A record of SPF` {
    private func record(_ text: String) throws -> SPFRecord { try SPFRecord.parse(Array(text.utf8)).get() }

    private func badTerm(_ text: String) -> String? {
        guard case .failure(let error) = SPFRecord.parse(Array(text.utf8)) else { return nil }
        return error.term
    }

    private func selection(_ texts: String...) -> SPFRecord.Selection {
        SPFRecord.select(from: texts.map { Array($0.utf8) })
    }

    @Test func `is a text that begins with the version and a space or the end`() {
        #expect(selection("v=spf1") == .one(Array("v=spf1".utf8)))
        #expect(selection("hello", "V=SPF1 -all") == .one(Array("V=SPF1 -all".utf8)))
        #expect(selection("v=spf10 -all", "v=spf1-all", "v=spf1\t-all") == .none)
    }

    @Test func `does not begin with a space`() {
        #expect(selection(" v=spf1 -all") == .none)
    }

    @Test func `is alone, even among equals`() {
        #expect(selection("v=spf1 -all", "v=spf1 -all") == .several)
    }

    @Test func `has its terms in order`() throws {
        let record = try record("v=spf1  a:b.example/24//64 ~MX ip6:2001:db8::/32 ?ptr foo=%{d} exp=x.example -all ")
        #expect(record.directives.map(\.text) == ["a:b.example/24//64", "~MX", "ip6:2001:db8::/32", "?ptr", "-all"])
        #expect(record.directives.map(\.mechanism.name) == [.a, .mx, .ip6, .ptr, .all])
        #expect(record.directives.map(\.qualifier) == [.pass, .softfail, .pass, .neutral, .fail])
        #expect(record.terms.count == 7)
        #expect(record.explanation?.text == "x.example")
        #expect(record.redirect == nil)
    }

    @Test func `keeps modifiers that are not known`() throws {
        guard case .modifier(.unknown(let name, let value)) = try record("v=spf1 X-Moo.1=%{d}+1").terms.first else {
            Issue.record("no modifier")
            return
        }
        #expect(name == "x-moo.1")
        #expect(value.text == "%{d}+1")
    }

    @Test(arguments: [
        "all.", "all:x.example", "all/8", "a:", "a/33", "a/032", "a//129", "a/24/64", "a/", "a:192.0.2.1", "a:com",
        "a:com.", "a:x.-example", "a:x.example-", "a:x.example:80", "a:x.example/24x", "ptr/24", "ptr:", "include",
        "include:", "include:x.example/24", "exists", "ip4", "ip4:", "ip4:1.2.3", "ip4:1.2.3.4/33", "ip4:1.2.3.4//8",
        "ip4:1.2.3.04", "ip4:2001:db8::1", "ip6:1.2.3.4", "ip6:2001:db8::1/129", "ip6:2001:db8::1//64", "ip6:1:2:3",
        "redirect=", "redirect:x.example", "+redirect=x.example", "exp=", "exp=-all", "1up=x", "=all", "-", "--all",
        "moo", "foo=%x", "foo=%{z}", "foo=%{c}", "foo=%", "a:%{d0}", "a:%{d", "a:%{}", "a:%{dx}", "a:%{rd}.example",
        "a:%{d}x", "exp=%{r}.example", "a:x\u{7F}.example", "a:ü.example", "a\t-all", "\u{0}",
    ])
    func `with one bad term is refused as a whole, and names the term`(term: String) {
        let shown = String(decoding: term.utf8.map { (0x21...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
        #expect(badTerm("v=spf1 ip4:192.0.2.0/24 \(term) -all") == shown)
    }

    @Test(arguments: [
        "ALL", "a", "a/0", "a/32//128", "a//64", "a:x.example/24", "A:X.Example.", "a:%{d}", "a:%{L1R-+,/_=}.example",
        "a:x:80/y.example", "a:.example", "a:x..example", "a:%{d}.x.e-x", "a:x%%", "ptr:x.example",
        "exists:%{ir}.x.org", "ip4:0.0.0.0/0", "ip6:::1", "ip6:::ffff:192.0.2.1/96", "ip6:1::/0",
        "exp=x.example", "foo=", "a=b", "all=x", "include:%{d999999999999999999999}",
    ])
    func `with each term of the grammar is taken`(term: String) {
        #expect(badTerm("v=spf1 \(term)") == nil)
    }

    @Test(arguments: ["redirect=a.example", "exp=a.example"])
    func `has a redirect and an explanation once at most`(term: String) {
        #expect(badTerm("v=spf1 \(term) \(term)") == term)
    }

    @Test func `quotes no more than 64 characters of a bad term`() {
        #expect(badTerm("v=spf1 \(String(repeating: "x", count: 70_000))")?.count == SPFReason.termSizeMax)
    }
}
