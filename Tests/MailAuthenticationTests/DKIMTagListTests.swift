import Testing

@testable import MailAuthentication

/// RFC 6376 §3.2.
@Suite struct `The tag list` {
    private func read(_ text: String) -> [String: String]? {
        DKIMTagList(Array(text.utf8)[...]).map { list in
            Dictionary(uniqueKeysWithValues: list.tags.map { ($0.name, String(decoding: $0.value, as: UTF8.self)) })
        }
    }

    @Test func `names and values are parted with white space around them`() {
        #expect(read("v=1; a = x ;\r\n\tb=c d") == ["v": "1", "a": "x", "b": "c d"])
        #expect(read(" v\t=\r\n 1 ;") == ["v": "1"])
        #expect(read("a=;b=") == ["a": "", "b": ""])
        #expect(read("a=b=c==") == ["a": "b=c=="])
        #expect(read("a_1=x; \r\n ") == ["a_1": "x"])
    }

    @Test func `names keep their case`() { #expect(read("A=1;a=2") == ["A": "1", "a": "2"]) }

    @Test func `broken syntax breaks the whole list`() {
        for text in [
            "", " ", ";", "a", "=b", "a=1;;b=2", ";a=1", "a=1;;", "1a=x", "a b=x", "a-b=x", "a=\u{1}", "a=\u{7f}",
        ] {
            #expect(read(text) == nil, "\(text.debugDescription)")
        }
    }

    @Test func `a name that stands twice breaks the whole list`() { #expect(read("a=1;b=2;a=1") == nil) }

    @Test func `the extent of a value reaches from the equals sign to the semicolon`() throws {
        let text = "a=1; b= \r\n xyz \r\n ;c=2"
        let bytes = Array(text.utf8)
        let extent = try #require(DKIMTagList(bytes[...])?["b"]?.extent)
        #expect(String(decoding: bytes[extent], as: UTF8.self) == " \r\n xyz \r\n ")
    }

    @Test func `many tags are read in linear time`() {
        let text = (0..<50_000).map { "a\($0)=x" }.joined(separator: ";")
        #expect(DKIMTagList(Array(text.utf8)[...])?.tags.count == 50_000)
    }

    @Test func `a number that does not fit is the largest`() throws {
        let list = try #require(DKIMTagList(Array("l=\(String(repeating: "9", count: 76));m=9x;n=;o=+1".utf8)[...]))
        #expect(list["l"]?.number(digitsMax: 76, clampedTo: .max) == .max)
        #expect(list["l"]?.number(digitsMax: 76, clampedTo: 12) == 12)
        #expect(list["l"]?.number(digitsMax: 75, clampedTo: .max) == nil)
        for name in ["m", "n", "o"] { #expect(list[name]?.number(digitsMax: 76, clampedTo: .max) == nil) }
    }

    @Test func `quoted-printable loses its white space and decodes its digits`() {
        let decode = { (text: String) in
            DKIMQuotedPrintable.decode(Array(text.utf8)[...]).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(decode("a=3Bb=20\r\n c=3d") == "a;b c=")
        #expect(decode("a=3") == nil)
        #expect(decode("a=zz") == nil)
    }
}
