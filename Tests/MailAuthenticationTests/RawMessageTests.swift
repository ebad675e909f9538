import Testing

@testable import MailAuthentication

@Suite struct `A message` {
    @Test(arguments: [RawMessage.fieldCountMax, RawMessage.fieldCountMax + 1])
    func `has as many header fields as may be, or none at all`(count: Int) {
        let bytes = Array((String(repeating: "X: y\r\n", count: count - 1) + "From: a@acme.example\r\n\r\nb").utf8)
        let message = RawMessage(bytes)
        let isTooMuch = count > RawMessage.fieldCountMax
        #expect(message.hasTooManyFields == isTooMuch)
        #expect(message.fields.count == (isTooMuch ? 0 : count))
        #expect(AuthorField(message).domains.isEmpty == isTooMuch)
        #expect(message.body.elementsEqual("b".utf8))
    }

    @Test(arguments: [
        ("From: a@b\n\nHi\nthere", "From: a@b\r\n\r\nHi\r\nthere", true), ("\n", "\r\n", true),
        ("From: a@b\r\n\r\nHi\n", "From: a@b\r\n\r\nHi\n", false),
        ("From: a@b\n\nHi\r\n", "From: a@b\n\nHi\r\n", false),
        ("From: a@b\n\nHi\rthere\n", "From: a@b\n\nHi\rthere\n", false), ("no line end", "no line end", false),
        ("", "", false),
    ])
    func `has its line ends given back where no line has a CR`(given: String, kept: String, isRestored: Bool) {
        let message = RawMessage(received: Array(given.utf8))
        #expect(message.bytes == Array(kept.utf8))
        #expect(message.hasRestoredLineEnds == isRestored)
        #expect(RawMessage(Array(given.utf8)).bytes == Array(given.utf8))
    }

    @Test(arguments: [1_000, 1_001]) func `is signed over a thousand names at most`(count: Int) throws {
        let names = Array(repeating: "from", count: count).joined(separator: ":")
        let tags = try #require(
            DKIMTagList(Array("v=1; a=rsa-sha256; d=acme.example; s=s1; b=AA==; bh=AA==; h=\(names)".utf8)[...]))
        if count > 1_000 {
            #expect(throws: DKIMReason.headerSyntax) { try DKIMSignature(tags) }
        } else {
            #expect(try DKIMSignature(tags).signedHeaders.count == count)
        }
    }
}
