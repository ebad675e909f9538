import MailAuthentication
import Testing

@Suite struct `An address list` {
    private func list(_ text: String) -> AddressList { AddressList(Array(text.utf8)[...]) }

    /// Display name and address of each mailbox.
    private func mailboxes(_ text: String) -> [String] {
        list(text).mailboxes.map { "\($0.displayName ?? "-")|\($0.address)" }
    }

    private func reasons(_ text: String) -> [UnusableAddress.Reason] { list(text).unusable.map(\.reason) }

    @Test func `the examples of RFC 5322 appendix A are read`() {
        #expect(mailboxes(" John Doe <jdoe@machine.example>") == ["John Doe|jdoe@machine.example"])
        #expect(
            mailboxes(#""Joe Q. Public" <john.q.public@example.com>"#) == ["Joe Q. Public|john.q.public@example.com"])
        #expect(
            mailboxes(#"<boss@nil.test>, "Giant; \"Big\" Box" <sysservices@example.net>"#)
                == ["-|boss@nil.test", #"Giant; "Big" Box|sysservices@example.net"#])
        #expect(
            mailboxes("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>")
                == ["Mary Smith|mary@x.test", "-|jdoe@example.org", "Who?|one@y.test"])
        #expect(
            mailboxes("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>") == ["Pete|pete@silly.test"])
    }

    @Test func `groups name their members`() throws {
        let text = "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;, Undisclosed recipients:;"
        let list = list(text)
        #expect(list.mailboxes.map(\.address) == ["c@a.test", "joe@where.test", "jdoe@one.test"])
        #expect(list.groups.map(\.displayName) == ["A Group", "Undisclosed recipients"])
        #expect(list.groups.map(\.members) == [0..<3, 3..<3])
        #expect(list.findings.isEmpty && list.unusable.isEmpty)
    }

    @Test func `a group that stays open is a finding, and so is what follows a closed one`() {
        #expect(list("Team: a@x.example").findings == [.unclosedGroup])
        #expect(list("Team: a@x.example").groups.map(\.members) == [0..<1])
        #expect(reasons("Team: a@x.example; b@y.example, c@z.example") == [.trailingText])
        #expect(mailboxes("Team: a@x.example; b@y.example, c@z.example") == ["-|a@x.example", "-|c@z.example"])
        #expect(reasons("Team: Inner: a@x.example; ;") == [.nestedGroup, .trailingText])
        #expect(reasons(": a@x.example") == [.groupWithoutName])
    }

    @Test func `obsolete forms are read and named`() {
        #expect(
            list("Joe <@node.test,@x.example:joe@example.org>").mailboxes.map(\.address) == ["joe@example.org"])
        #expect(list("Joe <@node.test,@x.example:joe@example.org>").findings == [.obsoleteRoute])
        #expect(list("john . public @ example . com").mailboxes.map(\.address) == ["john.public@example.com"])
        #expect(list("john . public @ example . com").findings == [.obsoleteSpacing])
        #expect(list(#""john".public@example.com"#).findings == [.obsoleteSpacing])
        #expect(list("john.public @ (x) example.com").findings == [])
        #expect(list("Joe Q. Public <joe@example.com>").findings == [.obsoletePhrase])
        #expect(list("Joe Q. Public <joe@example.com>").mailboxes.first?.displayName == "Joe Q. Public")
        #expect(list("a@x.example,,b@y.example").findings == [.emptyElement])
        #expect(list("a@x.example, ").findings == [.emptyElement])
        #expect(list("G:,;").findings == [.emptyElement])
        #expect(list("").findings == [] && list(" (nobody) ").entries.isEmpty)
    }

    @Test func `local parts keep their case and are quoted where they must be`() {
        #expect(
            mailboxes(#""very.unusual.@.unusual.com"@Example.COM"#) == [#"-|"very.unusual.@.unusual.com"@example.com"#])
        #expect(list(#""jo\e"@example.com"#).mailboxes.first?.localPart == "joe")
        #expect(mailboxes(#""joe"@example.com"#) == ["-|joe@example.com"])
        #expect(mailboxes(#"""@example.com"#) == [#"-|""@example.com"#])
        #expect(mailboxes("Joe+Tag@example.com") == ["-|Joe+Tag@example.com"])
        #expect(list("a..b.@example.com").findings == [.localPartDots])
        #expect(list("a..b.@example.com").mailboxes.first?.address == #""a..b."@example.com"#)
        let long = String(repeating: "a", count: 65)
        #expect(list("\(long)@example.com").findings == [.localPartTooLong])
    }

    @Test func `UTF-8 is kept, and a domain in U-labels becomes A-labels where it can`() {
        let mailbox = list("Jörg <jörg@bücher.example>").mailboxes.first
        #expect(mailbox?.displayName == "Jörg" && mailbox?.localPart == "jörg")
        #expect(mailbox?.domain == DomainName("xn--bcher-kva.example").map { .name($0) })
        #expect(mailbox?.address == "jörg@xn--bcher-kva.example")
        #expect(list("a@b☃cher.example").mailboxes.first?.domain == .internationalized("b☃cher.example"))
        #expect(
            list("=?utf-8?q?J=C3=B6rg?= <a@xn--bcher-kva.example>").mailboxes.first?.displayName
                == "=?utf-8?q?J=C3=B6rg?=")
        #expect(AddressList([0x4A, 0xFF, 0x20] + Array("<a@x.example>".utf8)[...]).findings == [.displayNameBytes])
        #expect(AddressList([0xFF] + Array("@x.example".utf8)[...]).unusable.map(\.reason) == [.notUTF8])
        #expect(AddressList(Array("a@x".utf8) + [0xC3, 0x61][...]).unusable.map(\.reason) == [.notUTF8])
    }

    @Test func `a domain literal is no name`() {
        #expect(list("joe@[192.0.2.1]").mailboxes.first?.domain == .literal("[192.0.2.1]"))
        #expect(list("joe@[IPv6:2001:db8::1 ]").mailboxes.first?.domain == .literal("[IPv6:2001:db8::1]"))
        #expect(reasons("joe@[192.0.2.1") == [.unterminatedDomainLiteral])
        #expect(reasons("joe@[a\\]b]") == [.domainSyntax])
    }

    @Test(arguments: [
        ("user@example.net>", UnusableAddress.Reason.trailingText),
        ("user@example.net(.example.com", .unterminatedComment),
        ("user@example.net <a@b.example>", .trailingText), ("jane@evil.example <jane@good.example>", .trailingText),
        ("<user@example.net", .unclosedAngleBracket), ("<user@example.net> junk", .trailingText),
        ("Jane", .noAtSign), ("<jane>", .noAtSign), ("<>", .emptyAddress), ("@example.net", .localPartSyntax),
        ("two words@example.net", .localPartSyntax), ("<a b@example.net>", .localPartSyntax),
        ("user@", .domainSyntax), ("user@example.net.", .domainSyntax), ("user@example..net", .domainSyntax),
        ("user@-example.net", .domainSyntax), ("user@exam'ple.net", .domainSyntax), ("a@b@example.net", .trailingText),
        ("\"Jane <user@example.net>", .unterminatedQuotedString), ("Jane (x <user@example.net>", .unterminatedComment),
        ("user\u{0}@example.net", .unexpectedByte), ("\"us\u{1}er\"@example.net", .controlByte), (">", .unexpectedByte),
        ("<@a.example user@example.net>", .routeSyntax), ("a@x.example; b@y.example", .trailingText),
        ("\\", .unexpectedByte), ("(\\", .unterminatedComment), ("\"\\", .unterminatedQuotedString),
    ])
    func `what is no address is unusable, with its reason`(_ text: String, _ reason: UnusableAddress.Reason) {
        let list = list(text)
        #expect(list.mailboxes.isEmpty)
        #expect(list.unusable.map(\.reason) == [reason])
        #expect(list.unusable.first?.raw == Array(text.utf8))
    }

    @Test func `a domain that is too long is unusable`() {
        let label = String(repeating: "a", count: 63)
        #expect(mailboxes("a@\(label).example").count == 1)
        #expect(reasons("a@\(label)a.example") == [.domainTooLong])
        #expect(reasons("a@\(label).\(label).\(label).\(label)") == [.domainTooLong])
    }

    @Test func `reading goes on behind the comma, which may stand in quotes and comments`() {
        let text = #"a@x.example, "Doe, Jane" bad (no, not here) oops, b@y.example"#
        #expect(mailboxes(text) == ["-|a@x.example", "-|b@y.example"])
        #expect(
            list(text).unusable.map { String(decoding: $0.raw, as: UTF8.self) } == [
                #""Doe, Jane" bad (no, not here) oops"#
            ])
    }

    @Test func `folds are white space`() {
        #expect(mailboxes("Jane\r\n\tDoe\r\n <jane@\r\n example.com>\r\n ") == ["Jane Doe|jane@example.com"])
        #expect(mailboxes("\"Jane\r\n Doe\" <jane@example.com>") == ["Jane Doe|jane@example.com"])
    }

    @Test(.timeLimit(.minutes(1)))
    func `long and deep inputs are read in time that grows with their size`() {
        #expect(
            list(String(repeating: "(", count: 10_000) + String(repeating: ")", count: 10_000) + "a@x.example")
                .mailboxes.count == 1)
        #expect(reasons(String(repeating: "(", count: 999_999)) == [.unterminatedComment])
        let most = String(repeating: "a@b.c,", count: AddressList.addressesMax)
        #expect(list(most).mailboxes.count == AddressList.addressesMax)
        #expect(list(most + "a@b.c").findings == [.tooManyAddresses])
        for piece in [
            "\"", "<", "a ", ".", "a@", "@,", "a:;", "a@b>,", "[", "\\", "a@[", "\"\"", "<@a,", "()", ";", ":",
        ] {
            let text = String(repeating: piece, count: 200_000 / piece.utf8.count)
            #expect(list(text).entries.count <= AddressList.addressesMax + 1)
        }
        #expect(list(String(repeating: " ", count: AddressList.sizeMax + 1)).findings == [.tooLong])
    }
}
