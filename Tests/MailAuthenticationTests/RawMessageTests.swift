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
