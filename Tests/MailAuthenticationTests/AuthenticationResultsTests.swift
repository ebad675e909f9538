import MailAuthentication
import Testing

@Suite struct `A field of authentication results` {
    private func read(_ text: String) -> Result<AuthenticationResultsReading, AuthenticationResultsRefusal> {
        AuthenticationResultsReading.read(Array(text.utf8)[...])
    }

    private func refusal(_ text: String) -> AuthenticationResultsRefusal? {
        guard case .failure(let refusal) = read(text) else { return nil }
        return refusal
    }

    private func results(_ text: String) throws -> [AuthenticationResults.MethodResult] {
        try read(text).get().content.results
    }

    @Test func `method, version, result, reason and properties are told apart`() throws {
        let reading = try read(
            #" mx.example 1 ; DKIM/2 = Pass reason = "good; (really) \"so\"" Header.D=Example.com header.i=@m.example"#
        ).get()
        let result = try #require(reading.content.results.first)
        #expect(reading.deviations.isEmpty && reading.content.authservID == "mx.example")
        #expect(result.method == "dkim" && result.methodVersion == 2 && result.result == "pass")
        #expect(result.reason == #"good; (really) "so""#)
        #expect(result.values("header", "d") == ["Example.com"])
        #expect(result.values("header", "i") == ["@m.example"])
    }

    @Test func `an address is a value without quotes, and its local part may be quoted`() throws {
        for (text, value) in [
            ("a@x.example", "a@x.example"), ("a=b/c@x.example", "a=b/c@x.example"),
            (#""a b"@x.example"#, #""a b"@x.example"#), (#""ab"@x.example"#, "ab@x.example"),
            ("jörg@bücher.example", "jörg@bücher.example"), (#""""#, ""),
        ] {
            let reading = try read("mx.example; spf=pass smtp.mailfrom=\(text)").get()
            #expect(reading.content.results.first?.values("smtp", "mailfrom") == [value])
            #expect(reading.deviations.isEmpty, "\(text)")
        }
    }

    /// Mistake 19: "dmarc" matched as "arc".
    @Test func `methods are whole words`() throws {
        let methods = try results("mx.example; dmarc=pass; arc=none; x-dkim=fail; dkim-atps=neutral").map(\.method)
        #expect(methods == ["dmarc", "arc", "x-dkim", "dkim-atps"])
    }

    @Test(arguments: [
        ("spf=pass smtp.mailfrom=x.example", AuthenticationResultsDeviation.missingAuthservID),
        ("mx.example", .noResults), ("mx.example;", .noResults), ("mx.example; none;", .emptyResult),
        ("mx.example;; spf=pass", .emptyResult), ("mx.example; spf=pass;", .emptyResult),
        ("mx.example/job17; spf=pass", .unquotedValue), ("mx.example; dkim=pass header.b=a/b+c==", .unquotedValue),
        ("mx.example; iprev=pass policy.iprev=2001:db8::1", .unquotedValue),
        ("mx.example; spf=pass smtp.mailfrom=<a@x.example>", .unquotedValue),
        ("mx.example; spf=pass smtp.mailfrom=", .emptyValue),
        ("mx.example; dmarc=pass action=none", .propertyWithoutType),
        ("mx.example; spf=pass smtp.helo=x.example reason=late", .misplacedReason),
        ("mx.example; spf=pass reason=a reason=b", .misplacedReason), ("mx.example; x_y=pass", .keyword),
        ("mx.example; x=pass policy.a.b=c", .keyword), (#"mx.example; x=pass reason="a"policy.b=c"#, .missingSpace),
    ])
    func `forms that are seen in the field are read and named`(
        _ text: String, _ deviation: AuthenticationResultsDeviation
    ) throws {
        #expect(try read(text).get().deviations.contains(deviation))
    }

    @Test(arguments: [
        ("", AuthenticationResultsRefusal.empty), (" (only a comment)\r\n ", .empty), (";", .syntax),
        ("; spf=pass", .syntax),
        (#"""; spf=pass"#, .syntax), ("mx.example foo; spf=pass", .syntax),
        ("mx.example 2; spf=pass", .unsupportedVersion),
        ("mx.example 99999999999999999999; spf=pass", .unsupportedVersion), ("mx.example 1 1; none", .syntax),
        ("mx.example; spf", .syntax), ("mx.example; =pass", .syntax), ("mx.example; spf=", .syntax),
        ("mx.example; none; spf=pass", .syntax), ("mx.example; spf=pass; none", .syntax),
        ("mx.example; spf=pass smtp.=x", .syntax), ("mx.example; spf=pass smtp.mailfrom", .syntax),
        ("mx.example; spf=pass (open", .unterminatedComment),
        (#"mx.example; spf=pass reason="open"#, .unterminatedQuotedString),
        ("mx.example; spf=pass )", .syntax), ("mx.example; spf/=pass", .syntax), ("mx.example; dkim/x=pass", .syntax),
        ("mx.example; spf=pass reason=\"a\u{1}\"", .controlByte),
        ("mx.example; spf=pass reason=\"a\\\r\"", .controlByte),
        ("mx.example; spf=pass\u{0} smtp.mailfrom=x", .syntax), (#"mx.example; x=pass policy.a=b"c""#, .syntax),
    ])
    func `what fits no form is refused with a reason`(_ text: String, _ expected: AuthenticationResultsRefusal) {
        #expect(refusal(text) == expected)
    }

    @Test func `bytes outside UTF-8 are refused in values and passed over in comments`() throws {
        let start = Array("mx.example; spf=pass ".utf8)
        let bad = AuthenticationResultsReading.read((start + Array("reason=".utf8) + [0xFF])[...])
        #expect(bad == .failure(.notUTF8))
        let commented = AuthenticationResultsReading.read((start + [0x28, 0xFF, 0x29])[...])
        #expect(try commented.get().deviations.isEmpty)
    }

    @Test(.timeLimit(.minutes(1)))
    func `limits hold, and time grows with the size`() throws {
        let most = "mx.example" + String(repeating: ";a=b", count: AuthenticationResults.resultsMax)
        #expect(try results(most).count == AuthenticationResults.resultsMax)
        #expect(refusal(most + ";a=b") == .tooManyResults)
        let properties = "mx.example; a=b" + String(repeating: " c.d=e", count: AuthenticationResults.propertiesMax)
        #expect(try results(properties).first?.properties.count == AuthenticationResults.propertiesMax)
        #expect(refusal(properties + " c.d=e") == .tooManyResults)
        let deep = String(repeating: "(", count: 10_000) + String(repeating: ")", count: 10_000)
        #expect(try results("mx.example \(deep); a=b").count == 1)
        for piece in ["(", ";", "\"", "a=", "\\", "=", "a ", "a=b c=d ", ";none"] {
            let text = "mx;a=b" + String(repeating: piece, count: AuthenticationResults.sizeMax / piece.utf8.count)
            #expect(refusal(text) == .tooLong || text.utf8.count <= AuthenticationResults.sizeMax)
            _ = read(String(text.utf8.prefix(AuthenticationResults.sizeMax)) ?? "")
        }
    }
}
