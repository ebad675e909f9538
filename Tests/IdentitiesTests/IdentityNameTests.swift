import Identities
import Ledger
import MailAuthentication
import Testing

@Suite struct `The name of an identity` {
    @Test(arguments: [
        ("Billing@ACME.example", "billing@acme.example", "acme.example"),
        ("ACME.example", "acme.example", "acme.example"),
        ("xn--mller-kva.example", "xn--mller-kva.example", "xn--mller-kva.example"),
        ("MÜLLER.example", "xn--mller-kva.example", "xn--mller-kva.example"),
        ("ΝΙΚΟΣ@müller.example", "νικοσ@xn--mller-kva.example", "xn--mller-kva.example"),
    ])
    func `is an address or a domain in the form for look-up`(given: String, text: String, domain: String) throws {
        let name = try IdentityName(given)
        #expect(name.text == text)
        #expect(name.domain.text == domain)
        #expect((name.address != nil) == given.contains("@"))
    }

    @Test(arguments: [
        "", "acme", "a@acme", "@acme.example", "a b@acme.example", "acme..example", "m☃ller.example", "acme.example.",
    ])
    func `is refused where it names no domain of two labels`(given: String) {
        #expect(throws: Refusal(.invalidMember, "")) { try IdentityName(given) }
    }

    @Test func `has settings that are what they were when they come back`() throws {
        let text = #"{"addresses":["192.0.2.10","2001:db8::1"],"mail_from_domain":"b.acme.example","selectors":["s1"]}"#
        let settings = try IdentitySettings(json: try JSONReader.read(Array(text.utf8)))
        #expect(CanonicalWriter.bytes(of: settings.json) == Array(text.utf8))
    }
}
