import MailAuthentication
import Testing

@Suite struct `The authors of a message` {
    private func author(_ fields: String...) -> AuthorField {
        AuthorField(RawMessage(Array((fields.map { "From: \($0)\r\n" }.joined() + "\r\nbody").utf8)))
    }

    @Test func `one mailbox gives its domain`() {
        let author = author("Jane Doe <jane@Mail.Example.COM>")
        #expect(author.authorDomain?.text == "mail.example.com")
        #expect(author.mailboxes.map(\.address) == ["jane@mail.example.com"])
        #expect(author.findings.isEmpty && author.fieldCount == 1)
    }

    /// Mistake 3: a comma, an escaped quote or a comment in the display name broke the domain.
    @Test(arguments: [
        #""Doe, Jane" <jane@good.example>"#, #""a\"b" <jane@good.example>"#,
        "Jane (x@evil.example) <jane@good.example>",
        #""jane@evil.example" <jane@good.example>"#, #""<jane@evil.example>" <jane@good.example>"#,
        #""a\\" <jane@good.example>"#, "jane@good.example (<x@evil.example>, y@evil.example)",
        "(\"), (x@evil.example) <jane@good.example>", "<@evil.example:jane@good.example>",
        "Jane\r\n (a (b@evil.example) c)\r\n <jane@good.example>", #""x@evil.example,"@good.example"#,
    ])
    func `the domain is the one in the address, whatever the display name holds`(_ text: String) {
        #expect(author(text).authorDomain?.text == "good.example")
        #expect(author(text).domains.map(\.text) == ["good.example"])
    }

    /// Mistake 2: the first or the last of several authors was taken.
    @Test func `several authors of different domains give no Author Domain, and the finding says why`() {
        for text in ["a@x.example, b@y.example", "a@y.example,<b@x.example>", "G: a@x.example, b@y.example;"] {
            let author = author(text)
            #expect(author.authorDomain == nil)
            #expect(author.findings.contains(.multipleDomains))
            #expect(Set(author.domains.map(\.text)) == ["x.example", "y.example"])
        }
    }

    @Test func `several authors of one domain share it`() {
        let author = author("a@x.example, b@X.example")
        #expect(author.authorDomain?.text == "x.example")
        #expect(author.findings == [.multipleMailboxes])
        #expect(author.mailboxes.count == 2)
    }

    @Test func `several fields give no Author Domain, even if they agree`() {
        let agreeing = author("a@x.example", "a@x.example")
        #expect(agreeing.authorDomain == nil && agreeing.fieldCount == 2)
        #expect(agreeing.findings == [.multipleFields, .multipleMailboxes])
        #expect(author("a@x.example", "b@y.example").findings.contains(.multipleDomains))
        #expect(author("a@x.example", "").findings == [.multipleFields])
    }

    @Test func `no field, and a field without an author, are told apart`() {
        let none = AuthorField(RawMessage(Array("To: a@x.example\r\n\r\n".utf8)))
        #expect(none.findings == [.noField, .noAuthor] && none.authorDomain == nil)
        #expect(author("").findings == [.noAuthor])
        #expect(author("(nobody)").findings == [.noAuthor])
        #expect(author("Undisclosed:;").findings == [.noAuthor, .group, .emptyGroup])
    }

    /// Mistake 4: `user@example.net>` was read as the domain `example.net>`.
    @Test func `an unusable author is a finding, and no other author stands in for it`() {
        let alone = author("user@example.net>")
        #expect(alone.authorDomain == nil && alone.domains.isEmpty)
        #expect(alone.findings == [.noAuthor, .unusableAddress])
        #expect(alone.unusable.map(\.reason) == [.trailingText])
        let together = author("user@example.net>, good@example.com")
        #expect(together.authorDomain == nil)
        #expect(together.domains.map(\.text) == ["example.com"])
        #expect(together.findings == [.unusableAddress])
    }

    /// Mistake 6, where it begins: this domain went into a field of results without quotes.
    @Test func `a domain with the start of a comment never becomes a domain`() {
        #expect(author("user@example.net(.example.com").findings == [.noAuthor, .unusableAddress])
        #expect(author(#"user@"example.net(.example.com""#).findings == [.noAuthor, .unusableAddress])
    }

    @Test func `an Author Domain in U-labels is that of its A-labels`() {
        let author = author("Jörg <jörg@BÜCHER.example>, b@xn--bcher-kva.example")
        #expect(author.authorDomain?.text == "xn--bcher-kva.example")
        #expect(author.findings == [.multipleMailboxes])
    }

    @Test func `what makes no A-labels, or a literal, stands against an Author Domain`() {
        #expect(author("a@b☃cher.example").findings == [.internationalizedDomain])
        #expect(author("a@x.example, b@b☃cher.example").authorDomain == nil)
        #expect(author("a@[192.0.2.1]").findings == [.domainLiteral])
        #expect(author("a@xn--bcher-kva.example").authorDomain?.text == "xn--bcher-kva.example")
    }

    @Test func `obsolete forms are findings that change nothing`() {
        let author = author("<@relay.example:a.@x . example>")
        #expect(author.authorDomain?.text == "x.example")
        #expect(author.findings == [.obsoleteSyntax])
    }

    @Test func `too many authors are a finding, never a choice`() {
        let many = author(String(repeating: "a@x.example, ", count: AuthorField.authorsMax) + "b@y.example")
        #expect(many.mailboxes.count == AuthorField.authorsMax)
        #expect(many.authorDomain == nil && many.findings.contains(.tooLarge))
        let fields = AuthorField(
            fields: (0...AuthorField.fieldsMax).compactMap { _ in
                HeaderField(raw: Array("From: a@x.example\r\n".utf8))
            })
        #expect(fields.fieldCount == 11 && fields.mailboxes.count == 10 && fields.findings.contains(.tooLarge))
    }

    @Test func `the words of findings and reasons are all different`() {
        #expect(Set(AuthorField.Finding.allCases.map(\.rawValue)).count == AuthorField.Finding.allCases.count)
        #expect(UnusableAddress.Reason.allCases.allSatisfy { $0.rawValue.utf8.allSatisfy { $0 != 0x20 } })
    }
}
