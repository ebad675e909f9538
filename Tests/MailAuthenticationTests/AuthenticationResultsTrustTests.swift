import MailAuthentication
import Testing

/// Mistake 19: trust that fails open.
@Suite struct `Trust in authentication results` {
    private let trust = AuthenticationResultsTrust(["mx.example", ""])

    private func claims(_ bodies: String...) -> AuthenticationResultsTrust.Claims {
        let header = bodies.map { "Authentication-Results: \($0)\r\n" }.joined()
        return trust.claims(in: RawMessage(Array((header + "From: a@x.example\r\n\r\n").utf8)))
    }

    @Test func `a trusted field below refused and foreign ones is still read`() {
        let claims = claims("mx.example; dkim=pass (open", "evil.example; dkim=pass", "MX.Example; dkim=fail")
        #expect(claims.claims.map(\.position) == [0, 1, 2])
        #expect(claims.claims.map(\.isTrusted) == [false, false, true])
        #expect(claims.claims.map(\.refusal) == [.unterminatedComment, nil, nil])
        #expect(claims.trusted.flatMap(\.results).map(\.result) == ["fail"])
        #expect(claims.claims[1].content?.authservID == "evil.example")
        #expect(claims.claims[0].raw == Array("Authentication-Results: mx.example; dkim=pass (open\r\n".utf8))
    }

    @Test func `all trusted fields are read, not the first alone`() {
        let claims = claims("mx.example; spf=pass", "mx.example; dkim=fail")
        #expect(claims.trusted.flatMap(\.results).map(\.method) == ["spf", "dkim"])
    }

    @Test func `a field without an id is never trusted, not even by an empty id in the list`() {
        let claims = claims("spf=pass smtp.mailfrom=x.example; dkim=pass", #"""; dkim=pass"#, "")
        #expect(claims.claims.allSatisfy { !$0.isTrusted } && claims.trusted.isEmpty)
        #expect(!trust.isTrusted(""))
        #expect(!AuthenticationResultsTrust([]).isTrusted("mx.example"))
    }

    @Test(arguments: [
        "mx.example.evil; dkim=pass", "evil.mx.example; dkim=pass", "mx.example/1; dkim=pass", "mx.example(; dkim=pass",
        "(mx.example) evil.example; dkim=pass", #""mx.example "; dkim=pass"#, "mx.examp\u{212A}le; dkim=pass",
        "mx.example dkim=pass", "mx.example 2; dkim=pass", "mx.example=pass; dkim=pass", "mx.example\u{0}; dkim=pass",
    ])
    func `an id that only looks like a trusted one adds nothing`(_ text: String) {
        #expect(claims(text).trusted.isEmpty)
    }

    @Test(arguments: ["mx.example", #""mx.example""#, "(a) mx.example (b) 1", #""m\x.example""#])
    func `the id may be written in every form of the grammar`(_ id: String) {
        #expect(claims("\(id); dkim=pass").trusted.count == 1)
    }

    @Test func `names of fields are whole and compared without case`() {
        let text =
            "X-Authentication-Results: mx.example; dkim=pass\r\n"
            + "ARC-Authentication-Results: i=1; mx.example; spf=pass\r\n"
            + "authentication-RESULTS : mx.example; arc=pass\r\n\r\nAuthentication-Results: mx.example; dkim=pass\r\n"
        let claims = trust.claims(in: RawMessage(Array(text.utf8)))
        #expect(claims.trusted.flatMap(\.results).map(\.method) == ["arc"])
    }

    @Test func `fields beyond the limit are counted`() {
        let field = "Authentication-Results: mx.example; dkim=pass\r\n"
        let text = String(repeating: field, count: AuthenticationResultsTrust.fieldsMax + 7) + "\r\n"
        let claims = trust.claims(in: RawMessage(Array(text.utf8)))
        #expect(claims.claims.count == AuthenticationResultsTrust.fieldsMax && claims.unreadCount == 7)
    }
}
