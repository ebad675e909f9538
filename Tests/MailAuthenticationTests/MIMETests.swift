import MailAuthentication
import SeededRandom
import Testing

@Suite struct `The parts of a message` {
    static let name = "acme.example!example.com!1700000000!1700086399"

    static func mail(_ header: String, _ body: String) -> RawMessage {
        RawMessage(Array("\(header)\n\n\(body)".replacing("\n", with: "\r\n").utf8))
    }

    static func multipart(_ parts: [String]) -> RawMessage {
        let body = parts.map { "--b\n\($0)\n" }.joined()
        return mail("Content-Type: multipart/mixed; boundary=\"b\"", "preamble\n\(body)--b--\nepilogue")
    }

    private func fileName(_ type: String, _ disposition: String = "") -> String? {
        MIMEWalk(Self.mail("Content-Type: \(type)\nContent-Disposition: \(disposition)", "")).parts.first?.fileName
    }

    private func decoded(_ encoding: TransferEncoding, _ text: String) -> (String, Bool) {
        let decoded = encoding.decode(Array(text.utf8)[...])
        return (String(decoding: decoded.bytes, as: UTF8.self), decoded.isBroken)
    }

    @Test func `are found through multiparts, without preamble and epilogue`() {
        let parts = MIMEWalk(
            Self.multipart(["Content-Type: text/plain\n\none", "\ntwo\n", "Content-Type: TEXT/XML\n\n<a/>"])
        ).parts
        #expect(parts.map(\.mediaType) == ["text/plain", "text/plain", "text/xml"])
        #expect(parts.map { String(decoding: $0.content.bytes, as: UTF8.self) } == ["one", "two\r\n", "<a/>"])
    }

    @Test func `may lack the last delimiter, and a longer boundary is another`() {
        let mail = Self.mail("Content-Type: multipart/mixed; boundary=b", "--b\n\none\n--bb\n--b  \n\ntwo")
        #expect(
            MIMEWalk(mail).parts.map { String(decoding: $0.content.bytes, as: UTF8.self) } == ["one\r\n--bb", "two"])
    }

    @Test func `have names in all the ways that mail writes them`() {
        #expect(fileName("text/xml", "attachment; filename=\"a \\\"b\\\".xml\"") == "a \"b\".xml")
        #expect(fileName("text/xml", "attachment; filename=a!b.xml; size=1") == "a!b.xml")
        #expect(fileName("text/xml; name=t.xml", "attachment") == "t.xml")
        #expect(fileName("text/xml (comment; name=x)\n ;\n name=\"t.xml\"") == "t.xml")
        #expect(fileName("text/xml", "attachment; filename*0=\"a!\"; filename*1=\"b.xml\"") == "a!b.xml")
        #expect(fileName("text/xml", "attachment; filename*=utf-8'en'%C3%A9.xml; filename=e.xml") == "é.xml")
        #expect(fileName("text/xml", "attachment; filename*=iso-8859-1''%E9.xml") == "é.xml")
        #expect(fileName("text/xml", "attachment; filename*0*=utf-8''%C3; filename*1*=%A9; filename*2=.xml") == "é.xml")
        #expect(fileName("text/xml", "attachment; filename=\"\(String(repeating: "a", count: 2_000))\"") == nil)
    }

    @Test func `are decoded by their transfer encoding`() {
        #expect(decoded(.base64, "aGVs\r\nbG8=\r\n") == ("hello", false))
        #expect(decoded(.base64, "aGVsbG8") == ("hello", true))
        #expect(decoded(.base64, "aG*VsbG8=") == ("hello", true))
        #expect(decoded(.base64, "aGVsbG8=\r\n--\r\nfooter") == ("hello", true))
        #expect(decoded(.base64, "aGVsbG8h") == ("hello!", false))
        #expect(decoded(.quotedPrintable, "a=3Db=\r\nc  \r\nd= \r\ne") == ("a=bc\r\nde", false))
        #expect(decoded(.quotedPrintable, "a=zz=") == ("a=zz", true))
    }

    @Test func `nest no deeper and are no more than the limits`() {
        var text = "Content-Type: text/xml\n\nx"
        for depth in 0..<20 {
            text = "Content-Type: multipart/mixed; boundary=b\(depth)\n\n--b\(depth)\n\(text)\n--b\(depth)--"
        }
        let deep = MIMEWalk(RawMessage(Array(text.utf8)))
        #expect(deep.parts.isEmpty)
        #expect(deep.isIncomplete)
        let wide = MIMEWalk(Self.multipart([String](repeating: "\nx", count: 10_000)))
        #expect(wide.parts.count == MIMEWalk.partCountMax - 1)
        #expect(wide.isIncomplete)
    }
}

@Suite struct `The attachment of a report` {
    private func part(_ type: String, _ name: String?, _ content: String = "<feedback/>") -> String {
        let disposition = name.map { "Content-Disposition: attachment; filename=\"\($0)\"\n" } ?? ""
        return "Content-Type: \(type)\n\(disposition)\n\(content)"
    }

    private func found(_ parts: [String]) -> ReportAttachment? {
        guard case .found(let attachment) = ReportAttachment.find(in: `The parts of a message`.multipart(parts)) else {
            return nil
        }
        return attachment
    }

    private let name = `The parts of a message`.name

    @Test func `is found by type and name, whatever else the mail holds`() {
        let regular = found([
            part("text/plain", nil, "unused"), part("application/gzip", "\(name).xml.gz"), part("image/png", "l.png"),
        ])
        #expect(regular?.reportName?.policyDomain.text == "example.com")
        #expect(regular?.repairs == [])
        for type in [
            "application/x-gzip", "application/zip", "application/x-zip-compressed", "text/xml", "application/xml",
        ] {
            #expect(found([part(type, "\(name).xml")])?.mediaType == type)
        }
        #expect(
            found([part("text/xml", nil), part("application/gzip", "\(name).xml.gz")])?.mediaType == "application/gzip")
    }

    @Test func `under a wrong type or name is found with a repair`() {
        #expect(found([part("text/plain", "\(name).xml")])?.repairs == [.wrongMediaType])
        #expect(found([part("application/octet-stream", "report.xml.gz")])?.repairs == [.irregularFileName])
        #expect(found([part("application/octet-stream", "\(name).zip")])?.repairs == [])
        #expect(found([part("application/gzip", nil)])?.repairs == [.irregularFileName])
    }

    @Test func `that is missing or one of several is not guessed`() {
        let two = `The parts of a message`.multipart([
            part("text/xml", "\(name).xml"), part("text/xml", "\(name)!2.xml"),
        ])
        #expect(ReportAttachment.find(in: two) == .several(2))
        let none = `The parts of a message`.multipart([
            part("application/octet-stream", "a.exe"), part("text/html", nil),
        ])
        #expect(ReportAttachment.find(in: none) == .absent)
    }

    @Test func `may be the whole mail`() {
        let mail = `The parts of a message`.mail(
            "Content-Type: application/gzip; name=\"\(name).xml.gz\"\nContent-Transfer-Encoding: base64", "H4s=")
        guard case .found(let attachment) = ReportAttachment.find(in: mail) else { return #expect(Bool(false)) }
        #expect(attachment.content == [0x1F, 0x8B])
    }

    @Test func `has a name with four or five parts`() {
        let named = ReportFileName("\(name)!a1.xml.gz")
        #expect(named?.receiver == "acme.example")
        #expect((named?.begin, named?.end) == (1_700_000_000, 1_700_086_399))
        #expect(named?.unique == "a1")
        #expect(named?.container == .gzip)
        #expect(ReportFileName("!example.com!1!2.xml")?.receiver == "")
        for wrong in [
            "a!b!1.xml", "a!b!1!2!3!4.xml", "a!b!x!2.xml", "a!!1!2.xml", "a!b!1!9999999999999.xml", "a!b!1!2",
            "a!b!-1!2.xml",
        ] {
            #expect(ReportFileName(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `is looked for in 10,000 mutated mails without a crash`() {
        var random = SplitMix64()
        let parts = [part("text/plain", nil), part("application/gzip", "\(name).xml.gz", "H4sIAAAA\nAA==")]
        let seed = `The parts of a message`.multipart(parts).bytes
        let pieces = ["--b\r\n", "--b--", "\r\n\r\n", "; filename*0*=a''%", "(((", "\"", "=", "\\", "boundary=", "\n"]
        for _ in 0..<10_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: index)
                default: bytes.removeSubrange(index..<min(bytes.count, index + 9))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            let walk = MIMEWalk(RawMessage(bytes))
            #expect(walk.parts.count <= MIMEWalk.partCountMax)
            if case .found(let attachment) = ReportAttachment.find(in: RawMessage(bytes)) {
                #expect(attachment.content.count <= bytes.count)
            }
            _ = TransferEncoding.quotedPrintable.decode(bytes[...])
        }
    }
}
