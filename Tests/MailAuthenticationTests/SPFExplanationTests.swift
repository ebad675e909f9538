import MailAuthentication
import Testing

@Suite struct `An explanation of SPF` {
    private func explanation(_ lines: String..., mailFrom: String = "user@example.com") async throws -> String? {
        let zone = try SPFZone.make(["example.com TXT v=spf1 -all exp=why.%{d}"] + lines)
        let result = try await zone.check("192.0.2.1", mailFrom)
        #expect(result.result == .fail)
        #expect(result.lookupCount == 0)
        #expect(result.voidCount == 0)
        return result.explanation
    }

    @Test func `is the text that the domain publishes`() async throws {
        #expect(try await explanation("why.example.com TXT No mail from %{i}.") == "No mail from 192.0.2.1.")
    }

    @Test(arguments: ["TXT !timeout", "TXT The %{x}-files", "TXT 100%", "TXT tschüß", "A 192.0.2.1"])
    func `is absent wherever something is wrong with it`(line: String) async throws {
        #expect(try await explanation("why.example.com \(line)") == nil)
    }

    @Test func `is absent if there are two`() async throws {
        #expect(try await explanation("why.example.com TXT one", "why.example.com TXT two") == nil)
    }

    @Test func `never carries a line end of the mailbox into a reply`() async throws {
        let path = "a\r\n250 ok@example.com"
        #expect(try await explanation("why.example.com TXT Hello %{l}", mailFrom: path) == nil)
        #expect(try await explanation("why.example.com TXT Hello %{L}", mailFrom: path) == "Hello a%0D%0A250%20ok")
    }

    @Test func `that gets too long is dropped`() async throws {
        let text = String(repeating: "%{d}", count: 200)
        #expect(try await explanation("why.example.com TXT \(text)") == nil)
    }

    @Test func `is that of the redirect's target, and never of an include`() async throws {
        let zone = try SPFZone.make(
            "example.com TXT v=spf1 include:inc.example redirect=last.example exp=first.example",
            "inc.example TXT v=spf1 -all exp=inc-why.example", "inc-why.example TXT include",
            "last.example TXT v=spf1 -all exp=%{d1}-why.example", "example-why.example TXT last %{d}",
            "first.example TXT first")
        #expect(try await zone.check().explanation == "last last.example")
    }

    @Test func `belongs to a fail only`() async throws {
        let zone = try SPFZone.make("example.com TXT v=spf1 ~all exp=why.example", "why.example TXT why")
        #expect(try await zone.check().explanation == nil)
        #expect(zone.questions.count == 1)
    }
}
