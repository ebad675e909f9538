import SeededRandom
import Testing

@testable import MailAuthentication

@Suite struct `The XML reader` {
    /// What the document says, one word for each event; or why it is refused.
    private func events(_ bytes: [UInt8], _ limits: XMLReader.Limits = .init()) -> (String, [ReportRepair]) {
        var (said, repairs): (String, [ReportRepair]) = ("", [])
        do throws(ReportRejection) {
            var reader = try XMLReader(bytes, limits: limits)
            while let event = try reader.next() {
                repairs = reader.repairs.repairs
                switch event {
                case .start:
                    let words = reader.attributes.map { attribute in
                        " " + String(decoding: reader.bytes[attribute.name.local], as: UTF8.self) + "="
                            + String(decoding: attribute.value, as: UTF8.self)
                    }
                    let name = String(decoding: reader.bytes[reader.name.local], as: UTF8.self)
                    said += "<" + name + words.joined() + ">"
                case .text: said += String(decoding: reader.piece, as: UTF8.self)
                case .end: said += "/"
                }
            }
            return (said, reader.repairs.repairs)
        } catch {
            return (error.rawValue, repairs)
        }
    }

    private func said(_ text: String) -> String { events(Array(text.utf8)).0 }

    @Test func `gives elements, attributes and texts in order`() {
        #expect(said("<a x='1' y = \"&lt;2\n\"><b/>t<c>u</c ></a>") == "<a x=1 y=<2 ><b>/t<c>u//")
    }

    @Test func `resolves the five entities and character references`() {
        #expect(said("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;</a>") == "<a><>&\"'A😀/")
    }

    @Test func `passes over comments and processing instructions and takes CDATA as text`() {
        #expect(
            said("<?xml version='1.0'?><!-- a --><a>1<!-- <b> -->2<?pi x?><![CDATA[<&]]]]></a> <!-- z -->")
                == "<a>12<&]]/")
    }

    @Test func `strips prefixes and reports the root's namespace`() throws {
        for text in ["<f xmlns='urn:x'/>", "<d:f xmlns:d='urn:x' xmlns='urn:y'/>"] {
            var reader = try XMLReader(Array(text.utf8))
            guard case .start? = try reader.next() else { return #expect(Bool(false)) }
            #expect(reader.isEqual(reader.name.local, "f"))
            #expect(reader.namespace == Array("urn:x".utf8))
        }
    }

    @Test func `reads every encoding that reports come in`() {
        let text = "<a>é€</a>"
        let units = Array(text.utf16)
        let little = units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        let big = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        let declared = { (encoding: String, bytes: [UInt8]) in
            Array("<?xml version='1.0' encoding='\(encoding)'?><a>".utf8) + bytes + Array("</a>".utf8)
        }
        let documents: [([UInt8], String)] = [
            (Array(text.utf8), "é€"), ([0xEF, 0xBB, 0xBF] + Array(text.utf8), "é€"), ([0xFF, 0xFE] + little, "é€"),
            ([0xFE, 0xFF] + big, "é€"), (declared("ISO-8859-1", [0xE9, 0x80]), "é\u{80}"),
            (declared("Windows-1252", [0xE9, 0x80]), "é€"), (declared("US-ASCII", [0x41]), "A"),
        ]
        for (bytes, expected) in documents {
            #expect(events(bytes).0 == "<a>\(expected)/")
            #expect(events(bytes).1.isEmpty)
        }
        #expect(events(declared("EBCDIC-CP-US", [])).0 == "unsupported_encoding")
        #expect(events(declared("UTF-16", [0x41])).1 == [.encodingMismatch])
    }

    @Test func `mends what the field gets wrong, and names it`() {
        let cases: [(String, String, ReportRepair)] = [
            ("junk<a/>", "<a>/", .junkBefore), ("\n<?xml version='1.0'?><a/>", "<a>/", .junkBefore),
            ("<?xml version='1.0'?>text<a/>", "<a>/", .textAfterDeclaration), ("<a/>junk", "<a>/", .junkAfter),
            ("<a/><b/>", "<a>/", .junkAfter), ("<a/><!-- open", "<a>/", .junkAfter),
            ("<a><xs:schema x='1'>t</a>", "<a>t/", .straySchema),
            ("<xs:schema><a/></xs:schema>", "<a>/", .straySchema), ("<a>AT&T</a>", "<a>AT&T/", .bareAmpersand),
            ("<a>\u{1}</a>", "<a>\u{FFFD}/", .invalidCharacters),
        ]
        for (text, expected, repair) in cases {
            let (said, repairs) = events(Array(text.utf8))
            #expect(said == expected, "\(text)")
            #expect(repairs == [repair], "\(text)")
        }
        #expect(events(Array("<a>".utf8) + [0xC3] + Array("</a>".utf8)).1 == [.invalidCharacters])
        #expect(events([0xFF, 0xFE, 0x3C, 0, 0x61, 0, 0x2F, 0, 0x3E, 0, 0x61]).1 == [.invalidCharacters])
    }

    @Test func `refuses by name what cannot be mended`() {
        let cases = [
            "": "not_xml", "text": "not_xml", "<!-- x": "not_xml", "<!DOCTYPE a><a/>": "document_type",
            "<a>&b;</a>": "unknown_entity", "<a>&#0;</a>": "invalid_reference", "<a>&#xD800;</a>": "invalid_reference",
            "<a>&#99999999999999999999;</a>": "invalid_reference", "<a>&#x+41;</a>": "bare",
            "<a": "truncated", "<a>": "truncated", "<a><b></a>": "mismatched_tag", "<a b></a>": "malformed_tag",
            "<a b=1/>": "malformed_tag", "<a b='1'c='2'/>": "malformed_tag", "<a b='1' b='2'/>": "malformed_tag",
            "<1/>": "malformed_tag", "<a><![CDATA[": "truncated", "<a b='": "truncated", "<a/ >": "malformed_tag",
        ]
        for (text, reason) in cases where reason != "bare" { #expect(said(text) == reason, "\(text)") }
        #expect(events(Array("<a>&#x+41;</a>".utf8)).1 == [.bareAmpersand])
    }
}

@Suite struct `Hostile XML` {
    private func rejection(_ text: String) -> ReportRejection? { rejection(Array(text.utf8)) }

    private func rejection(_ bytes: [UInt8]) -> ReportRejection? {
        guard case .rejected(let reason) = AggregateReport.read(bytes) else { return nil }
        return reason
    }

    @Test func `with entities that multiply is refused before any is declared`() {
        let bomb = """
            <?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]>
            <feedback>&lol2;</feedback>
            """
        #expect(rejection(bomb) == .documentType)
        #expect(rejection("<feedback>&lol9;</feedback>") == .unknownEntity)
        #expect(rejection(#"<!DOCTYPE f SYSTEM "file:///etc/passwd"><feedback/>"#) == .documentType)
    }

    @Test func `with FF FF FF FF in an element's name is read on`() {
        let name: [UInt8] = [0x61, 0xFF, 0xFF, 0xFF, 0xFF]
        let bytes = Array("<feedback><".utf8) + name + Array("></".utf8) + name + Array("></feedback>".utf8)
        #expect(rejection(bytes) == .reportIDMissing)
        #expect(rejection([0x3C, 0xFF, 0xFF, 0xFF, 0xFF, 0x3E]) != nil)
    }

    @Test func `that nests or repeats without end is refused at the limit`() {
        #expect(rejection(String(repeating: "<feedback>", count: 100_000)) == .tooDeep)
        let attributes = (0..<100_000).map { " a\($0)='1'" }.joined()
        #expect(rejection("<feedback\(attributes)/>") == .tooManyAttributes)
        #expect(rejection("<" + String(repeating: "a", count: 100_000) + "/>") == .longName)
        var limits = AggregateReport.Limits()
        limits.document.elementCountMax = 1_000
        let many = Array("<feedback>\(String(repeating: "<a/>", count: 1_000))</feedback>".utf8)
        #expect(AggregateReport.read(many, limits: limits) == .rejected(.tooManyElements))
        limits.document.sizeMax = 100
        #expect(AggregateReport.read(many, limits: limits) == .rejected(.documentTooLarge))
    }

    @Test func `that closes nothing takes no longer than its length`() {
        let opening = [
            "<!--", "<?", "<a b='", "<![CDATA[", "<a ", "&", "&#", "<", "]]", "--", "<feedback", "</", "\u{1}",
        ]
        let clock = ContinuousClock()
        for text in opening {
            for prefix in ["", "<feedback>"] {
                let bytes = Array((prefix + String(repeating: text, count: 200_000 / text.utf8.count)).utf8)
                let time = clock.measure { _ = AggregateReport.read(bytes) }
                // Quadratic time would be minutes.
                #expect(time < .seconds(20), "\(prefix)\(text)")
            }
        }
    }

    @Test func `cut at any byte is refused, and never crashes`() {
        let bytes = Array(ReportText.document.utf8)
        for count in bytes.indices { #expect(rejection(Array(bytes.prefix(count))) != nil, "cut at \(count)") }
    }

    @Test func `mutated 10,000 times never crashes the reader`() {
        var random = SplitMix64()
        let seed = Array(ReportText.document.utf8)
        let pieces = ["<", ">", "&", "]]>", "<![CDATA[", "<!--", "-->", "<?", "\"", "&#x10FFFF;", "<xs:schema>", "</"]
        for _ in 0..<10_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: index)
                case 2: bytes.removeSubrange(index..<min(bytes.count, index + 9))
                default: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 40)], at: index)
                }
                if bytes.isEmpty { bytes = [0x3C] }
            }
            let reading = AggregateReport.read(bytes)
            if let report = reading.report { #expect(report.rows.count < 10) }
        }
    }
}
