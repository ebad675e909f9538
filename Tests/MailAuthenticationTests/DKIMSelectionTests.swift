import Cryptography
import Testing

@testable import MailAuthentication

/// RFC 6376 §5.4.2 and §3.7, and how several signatures share their work.
@Suite struct `Signed fields` {
    private let time: Int64 = 1_700_000_000
    private let message = "From: a@example.com\r\nTo: b@example.net\r\nSubject: Hi\r\n\r\nBody.\r\n"
    private let tags = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s"

    private func report(_ message: [UInt8], _ zone: TestZone? = nil) async -> DKIMReport {
        let zone = zone ?? TestZone(texts: ["s._domainkey.example.com": [DKIMSigner.record]])
        return await DKIMVerifier(resolver: zone).verify(RawMessage(message), asOf: time)
    }

    /// The reason after `text` was put below the signature, or at the end of the header.
    private func reason(_ list: String, adding text: String, atEnd: Bool = false) async -> DKIMReason? {
        let signed = String(decoding: DKIMSigner.signed(message, tags: "\(tags); h=\(list)"), as: UTF8.self)
        let changed =
            atEnd
            ? signed.replacing("\r\n\r\n", with: "\r\n\(text)\r\n\r\n")
            : signed.replacing("From: a@", with: "\(text)\r\nFrom: a@")
        return await report(Array(changed.utf8)).results.first?.reason
    }

    @Test func `names are taken from the bottom up, each mention once`() throws {
        let text = "A: 1\r\nB: 2\r\na: 3\r\nDKIM-Signature: x\r\nA: 4\r\nDKIM-Signature: y\r\n\r\n"
        let header = DKIMHeader(RawMessage(Array(text.utf8)).fields)
        #expect(header.selection(["a", "b", "a", "c", "b", "a", "a"], excluding: 3) == [4, 1, 2, 0])
        #expect(header.selection(["dkim-signature", "dkim-signature"], excluding: 3) == [5])
        let doubled = DKIMHeader(RawMessage(Array("To: 1\r\nCc: 2\r\nTo: 3\r\nX: 4\r\n\r\n".utf8)).fields)
        #expect(doubled.unsignedImportant(by: ["to", "cc", "cc", "date"]) == ["to"])
        #expect(doubled.unsignedImportant(by: ["to", "to"]) == ["cc"])
    }

    @Test func `a field that h= over-signs cannot be added`() async {
        #expect(await reason("from:from:to", adding: "From: eve@example.org") == .signatureMismatch)
        #expect(await reason("from:to:reply-to", adding: "Reply-To: eve@example.org") == .signatureMismatch)
        #expect(await reason("FROM:From", adding: "X: y") == .ok)
    }

    @Test func `a field that is named once may be added above, and not below`() async {
        #expect(await reason("from:to", adding: "To: eve@example.org") == .ok)
        #expect(await reason("from:to", adding: "To: eve@example.org", atEnd: true) == .signatureMismatch)
    }

    @Test func `a field that was added unsigned is told`() async throws {
        let signed = String(decoding: DKIMSigner.signed(message, tags: "\(tags); h=from:to:subject"), as: UTF8.self)
        #expect(await report(Array(signed.utf8)).results.first?.unsignedImportant == [])
        let changed = signed.replacing("From: a@", with: "From: eve@example.org\r\nFrom: a@")
        let result = try #require(await report(Array(changed.utf8)).results.first)
        #expect(result.reason == .ok)
        #expect(result.unsignedImportant == ["from"])
    }

    @Test func `the value of b= may be folded and stand anywhere`() async {
        let signed = String(decoding: DKIMSigner.signed(message, tags: "\(tags); h=from"), as: UTF8.self)
        let folded = signed.replacing("\r\n b=", with: " b=\r\n\t").replacing("; bh=", with: ";\r\n\t bh=")
        #expect(await report(Array(folded.utf8)).results.first?.reason == .ok)
    }

    @Test func `one-click fields count when one passing signature covers both`() async {
        let list = "List-Unsubscribe: <https://example.com/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        let names = "from:list-unsubscribe:list-unsubscribe-post"
        let covered = DKIMSigner.signed(list + message, tags: "\(tags); h=\(names)")
        #expect(await report(covered).coversUnsubscription)
        #expect(await !report(covered + [0x61]).coversUnsubscription)
        let half = DKIMSigner.signed(list + message, tags: "\(tags); h=from:list-unsubscribe")
        #expect(await !report(half).coversUnsubscription)
        let other = DKIMSigner.signed(list + message, tags: "\(tags); h=from:list-unsubscribe-post")
        #expect(
            await !report(Array(half[..<(half.count - list.utf8.count - message.utf8.count)]) + other)
                .coversUnsubscription)
        let added = String(decoding: covered, as: UTF8.self)
            .replacing("From: a@", with: "List-Unsubscribe: <https://example.org>\r\nFrom: a@")
        #expect(await !report(Array(added.utf8)).coversUnsubscription)
    }

    @Test func `signatures are judged alone, and each key is asked for once`() async {
        let zone = TestZone(texts: ["s._domainkey.example.com": [DKIMSigner.record]])
        let first = DKIMSigner.signed(message, tags: "\(tags); h=from")
        let second = DKIMSigner.signed(String(decoding: first, as: UTF8.self), tags: "\(tags); h=from:subject")
        let third = DKIMSigner.signed(
            String(decoding: second, as: UTF8.self), tags: "\(tags.replacing("s=s", with: "s=none")); h=from")
        let report = await report(third, zone)
        #expect(report.results.map(\.reason) == [.keyNotFound, .ok, .ok])
        #expect(report.results.map(\.index) == [0, 1, 2])
        #expect(zone.questions.count == 2)
    }

    @Test func `signatures beyond the limit are counted and not asked for`() async {
        let fields = (0..<50).map { "DKIM-Signature: \(tags.dropLast())k\($0); h=from; bh=AAAA; b=AAAA\r\n" }
        let zone = TestZone()
        let report = await report(Array((fields.joined() + message).utf8), zone)
        #expect(report.results.count == DKIMVerifier.signatureCountMax)
        #expect(report.omittedCount == 30)
        #expect(zone.questions.count == DKIMVerifier.signatureCountMax)
    }

    @Test func `a key that changes is read anew, whatever was read before`() async {
        let keys = DKIMKeyCache()
        let message = RawMessage(DKIMSigner.signed(message, tags: "\(tags); h=from"))
        for (records, reason) in [
            ([DKIMSigner.record], DKIMReason.ok), (["p="], .keyRevoked), ([DKIMSigner.bareRecord], .ok),
            ([DKIMSigner.record, DKIMSigner.bareRecord], .multipleKeys), ([], .keyNotFound), (["p=A"], .keySyntax),
        ] {
            let zone = TestZone(texts: ["s._domainkey.example.com": records])
            for _ in 0..<2 {
                let report = await DKIMVerifier(resolver: zone, keys: keys).verify(message, asOf: time)
                #expect(report.results.map(\.reason) == [reason])
            }
        }
    }

    @Test func `a message without signature has no result`() async {
        let report = await report(Array(message.utf8))
        #expect(!report.isSigned)
        #expect(report.omittedCount == 0)
    }
}
