import MailAuthentication
import Testing

@Suite struct `Writing authentication results` {
    private typealias Writer = AuthenticationResultsWriter

    private func content(_ value: String, reason: String? = nil) -> AuthenticationResults {
        let property = AuthenticationResults.Property(type: "header", name: "from", value: value)
        let result = AuthenticationResults.MethodResult(
            method: "dmarc", result: "pass", reason: reason, properties: [property])
        return AuthenticationResults(authservID: "mx.example", results: [result])
    }

    /// The field of `content` read back, with the bytes taken through a message as they would be.
    private func readBack(_ content: AuthenticationResults) throws -> AuthenticationResultsReading {
        let message = RawMessage(try Writer.field(content) + Array("From: a@x.example\r\n\r\n".utf8))
        #expect(message.fields.count == 2 && message.strayLineCount == 0)
        return try AuthenticationResultsReading.read(try #require(message.fields.first).body).get()
    }

    @Test func `the field has its form`() throws {
        let text = String(decoding: try Writer.field(content("example.com", reason: "all is well")), as: UTF8.self)
        #expect(
            text == "Authentication-Results: mx.example;\r\n    dmarc=pass\r\n      reason=\"all is well\"\r\n"
                + "      header.from=example.com\r\n")
        let none = try Writer.field(AuthenticationResults(authservID: "mx.example", results: []))
        #expect(String(decoding: none, as: UTF8.self) == "Authentication-Results: mx.example; none\r\n")
    }

    /// Mistake 6: `example.net(.example.com` went into the field without quotes.
    @Test(arguments: [
        "example.net(.example.com", "example.com; dkim=pass", "a\"b", "a\\", "\\\"", "(", ")", "a b", " a ", "", "\"",
        "a@x.example", "@x.example", "a=b@x.example", "a/b", "2001:db8::1", "\"a b\"@x.example", "jörg@bücher.example",
        "none", "a@b@c", "a,b", "<a@b>", "=?utf-8?q?x?=", "a\u{301}", "x.example.", "a@x.example;", "\\r\\n", "a@-x",
    ])
    func `every value reads back as itself, and nothing else is read`(_ value: String) throws {
        let content = content(value, reason: value)
        let reading = try readBack(content)
        #expect(reading.deviations.isEmpty)
        #expect(reading.content == content)
        #expect(
            reading.content.results.first?.values("header", "from").first.map { Array($0.utf8) } == Array(value.utf8))
    }

    @Test(arguments: [
        "a\r\nSubject: x", "a\nb", "a\rb", "a\u{0}", "a\tb", "a\u{7F}", "a\u{85}b", "a\u{2028}b", "a\u{2029}b",
        "\u{1B}[0m",
    ])
    func `a control or a separator of lines is refused wherever it stands`(_ text: String) {
        #expect(throws: Writer.Refusal.controlByte) { try Writer.field(content(text)) }
        #expect(throws: Writer.Refusal.controlByte) { try Writer.field(content("x", reason: text)) }
        #expect(throws: Writer.Refusal.controlByte) {
            try Writer.field(AuthenticationResults(authservID: text, results: []))
        }
        for result in [
            AuthenticationResults.MethodResult(method: text, result: "pass"),
            AuthenticationResults.MethodResult(method: "spf", result: text),
        ] {
            #expect(throws: Writer.Refusal.keyword) {
                try Writer.field(AuthenticationResults(authservID: "mx.example", results: [result]))
            }
        }
    }

    @Test func `what the grammar has no place for is refused`() {
        #expect(throws: Writer.Refusal.emptyAuthservID) {
            try Writer.field(AuthenticationResults(authservID: "", results: []))
        }
        for word in [
            "", "a b", "Pass", "pass-", "pass;", "a=b", "pass(", "a.b", "ä", String(repeating: "a", count: 64),
        ] {
            let property = AuthenticationResults.Property(type: word, name: "d", value: "x")
            let named = AuthenticationResults.Property(type: "header", name: word, value: "x")
            for property in [property, named] {
                let result = AuthenticationResults.MethodResult(method: "dkim", result: "pass", properties: [property])
                #expect(throws: Writer.Refusal.keyword) {
                    try Writer.field(AuthenticationResults(authservID: "mx.example", results: [result]))
                }
            }
        }
        #expect(throws: Writer.Refusal.tooLong) {
            try Writer.field(content(String(repeating: "a", count: Writer.valueSizeMax + 1)))
        }
        for version in [0, -1, 1_000_000] {
            let result = AuthenticationResults.MethodResult(method: "dkim", methodVersion: version, result: "pass")
            #expect(throws: Writer.Refusal.version) {
                try Writer.field(AuthenticationResults(authservID: "mx.example", results: [result]))
            }
        }
        let results = (0...AuthenticationResults.resultsMax).map { _ in
            AuthenticationResults.MethodResult(method: "spf", result: "pass")
        }
        #expect(throws: Writer.Refusal.tooManyResults) {
            try Writer.field(AuthenticationResults(authservID: "mx.example", results: results))
        }
    }

    @Test func `no line is longer than 998 bytes`() throws {
        let value = String(repeating: "\"", count: Writer.valueSizeMax)
        let result = AuthenticationResults.MethodResult(
            method: String(repeating: "m", count: 63), methodVersion: 999_999,
            result: String(repeating: "r", count: 63),
            reason: value,
            properties: [
                AuthenticationResults.Property(
                    type: String(repeating: "t", count: 63), name: String(repeating: "n", count: 63), value: value)
            ])
        let content = AuthenticationResults(authservID: value, results: [result])
        let lines = try Writer.field(content).split(separator: 0x0A)
        #expect(lines.allSatisfy { $0.count - 1 <= 998 })
        #expect(try readBack(content).content == content)
    }
}
