import Ledger
import SeededRandom
import Testing

@Suite struct `An address` {
    @Test(arguments: [
        ("ΝΙΚΟΣ@example.org", "νικοσ@example.org"), ("νικος@example.org", "νικοσ@example.org"),
        ("STRASSE@example.org", "strasse@example.org"), ("straße@example.org", "strasse@example.org"),
        ("Jose\u{301}@example.org", "jos\u{e9}@example.org"), ("JOS\u{c9}@example.org", "jos\u{e9}@example.org"),
        ("Kim@BÜCHER.example", "kim@xn--bcher-kva.example"), ("kim@xn--BCHER-kva.example", "kim@xn--bcher-kva.example"),
        ("kim@bu\u{308}cher.example", "kim@xn--bcher-kva.example"), ("KIM@_x.example", "kim@_x.example"),
        ("İ@example.org", "i\u{307}@example.org"), ("I@example.org", "i@example.org"),
    ])
    func `has one form for look-up`(given: String, form: String) throws {
        let address = try Address(given)
        #expect(address.lookupForm.utf8.elementsEqual(form.utf8))
        #expect(try Address(form).lookupForm.utf8.elementsEqual(form.utf8))
        let local = given.prefix { $0 != "@" }
        #expect(address.text.utf8.elementsEqual("\(local)@\(address.domain)".utf8), "the local part stays as given")
        #expect(Address.lookupForm(of: address.text).utf8.elementsEqual(form.utf8))
    }

    @Test(arguments: [
        "a@ü☃.example", "a@ü\u{200d}.example", "a@-ü.example", "a@ü@b.example", "a@℀.example", "a@\u{ad}.example",
        "a@\(String(repeating: "ü", count: 60)).example", "a@ｘｎ－－ü.example", "a@１２\u{0}ü.example", "a@ü .example",
        "a@xn--ü.example",
        // U+037E composes to a semicolon; U+1D160 decomposes to three times its size.
        "a\u{37e}b@example.org", "\(String(repeating: "\u{1d160}", count: 15))@example.org",
        "\(String(repeating: "ü", count: 33))@example.org",
    ])
    func `is refused where its domain makes no A-labels, or its local part no other`(given: String) {
        #expect(throws: Refusal(.invalidMember, "")) { try Address(given) }
    }

    @Test func `of any character has a form that is its own form`() throws {
        var count = 0
        for scalar in (UInt32(0x80)...0x1_FFFF).lazy.compactMap(Unicode.Scalar.init) {
            for given in ["\(scalar)@example.org", "a\(scalar)\u{301}\u{345}@example.org"] {
                guard let address = try? Address(given) else { continue }
                count += 1
                let again = try Address(address.lookupForm)
                #expect(again.lookupForm.utf8.elementsEqual(address.lookupForm.utf8), "\(scalar.value)")
            }
        }
        #expect(count > 200_000)
    }

    @Test func `is found in a text however it is spelled there`() throws {
        let address = try Address("νικος@bücher.example")
        for text in ["to ΝΙΚΟΣ@BÜCHER.EXAMPLE.", "<Νικος@xn--bcher-kva.example>", "νικοσ@bu\u{308}cher.example"] {
            #expect(address.isSpelled(in: text), "\(text)")
        }
        #expect(!address.isSpelled(in: "νικη@bücher.example"))
    }
}

@Suite struct `Domain names in A-labels` {
    @Test(arguments: [
        ("Acme.Example", "acme.example"), ("_dmarc.MÜNCHEN.test", "_dmarc.xn--mnchen-3ya.test"),
        ("faß.example", "xn--fa-hia.example"), ("a。ü.test.", "a.xn--tda.test."), ("_ü.test", "xn--_-eha.test"),
        ("a b.test", "a b.test"), ("", ""),
    ])
    func `convert what is not ASCII, and leave the rest`(given: String, name: String) {
        #expect(ALabels.name(given) == name)
    }

    @Test func `come back as people read them`() {
        #expect(ALabels.unicode("mail.xn--mnchen-3ya.test") == "mail.münchen.test")
        #expect(ALabels.unicode("acme.example") == "acme.example")
        #expect(ALabels.unicode("xn--\u{0}") == "xn--\u{0}")
    }

    @Test func `of whatever bytes are host names or nothing`() {
        var random = SplitMix64()
        for _ in 0..<20_000 {
            let scalars = (0..<Int.random(in: 1...8, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0x80...0x2_FFFF, using: &random))
            }
            let given = String(String.UnicodeScalarView(scalars)) + ".x"
            guard let name = ALabels.name(given), !scalars.isEmpty else { continue }
            #expect(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(scalars)")
            #expect(ALabels.name(name) == name)
        }
    }
}
