import Cryptography
import Testing

@testable import MailAuthentication

/// The two ways to bring header and body into one form (RFC 6376 §3.4).
@Suite struct `Canonical forms` {
    private func hash(
        _ body: String, _ form: DKIMCanonicalization.Form, sizeMax: Int? = nil, pieces: [Int] = []
    ) -> Digest {
        var hash = DKIMBodyHash(form, sizeMax: sizeMax)
        let bytes = Array(body.utf8)
        var start = 0
        for end in pieces + [bytes.count] {
            hash.update(bytes.span.extracting(start..<end))
            start = end
        }
        return hash.finish().digest
    }

    private func header(_ field: String) -> String {
        guard let field = HeaderField(raw: Array(field.utf8)) else { return "" }
        var bytes: [UInt8] = []
        DKIMHeader.append(field.name, field.body, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `bodies take the form that the RFC says`() {
        // Body, simple, relaxed.
        let bodies = [
            ("", "\r\n", ""),
            ("\r\n", "\r\n", ""),
            ("\r\n\r\n\r\n", "\r\n", ""),
            (" ", " \r\n", ""),
            (" \t\r\n \r\n", " \t\r\n \r\n", ""),
            ("a", "a\r\n", "a\r\n"),
            ("a\r\n", "a\r\n", "a\r\n"),
            ("a\r\n\r\n", "a\r\n", "a\r\n"),
            ("a\r\n ", "a\r\n \r\n", "a\r\n"),
            ("a \t b \t\r\nc", "a \t b \t\r\nc\r\n", "a b\r\nc\r\n"),
            (" a\r\n\r\n\tb\r\n", " a\r\n\r\n\tb\r\n", " a\r\n\r\n b\r\n"),
            // The example of RFC 6376 §3.4.5.
            (" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"),
            // A CR or LF alone ends no line.
            ("a\r\r\n", "a\r\r\n", "a\r\r\n"),
            ("a \r\r\n", "a \r\r\n", "a \r\r\n"),
            ("a\r", "a\r\r\n", "a\r\r\n"),
            ("a\n\n", "a\n\n\r\n", "a\n\n\r\n"),
            ("a\r\n\r", "a\r\n\r\r\n", "a\r\n\r\r\n"),
            ("a \r b \n", "a \r b \n\r\n", "a \r b \n\r\n"),
        ]
        for (body, simple, relaxed) in bodies {
            #expect(hash(body, .simple) == SHA256.digest(simple), "simple of \(body.debugDescription)")
            #expect(hash(body, .relaxed) == SHA256.digest(relaxed), "relaxed of \(body.debugDescription)")
        }
    }

    @Test func `the hash is the same wherever the body is cut`() {
        let body = " \t a  b \r\r\n\r\n \r\n\tc\rd\ne \r\n\r\n  \r\n\r"
        for form in DKIMCanonicalization.Form.allCases {
            for sizeMax in [nil, 0, 1, 7, 1_000] {
                let whole = hash(body, form, sizeMax: sizeMax)
                #expect(hash(body, form, sizeMax: sizeMax, pieces: Array(0..<body.utf8.count)) == whole)
                for first in 0...body.utf8.count {
                    for second in first...body.utf8.count {
                        #expect(hash(body, form, sizeMax: sizeMax, pieces: [first, second]) == whole)
                    }
                }
            }
        }
    }

    @Test func `a length limit counts octets of the canonical body`() {
        #expect(hash("a  b\r\n\r\n", .relaxed, sizeMax: 3) == SHA256.digest("a b"))
        #expect(hash("a  b\r\n\r\n", .simple, sizeMax: 3) == SHA256.digest("a  "))
        #expect(hash("a", .simple, sizeMax: 0) == SHA256.digest(""))
        var hash = DKIMBodyHash(.simple, sizeMax: 4)
        hash.update([0x61].span)
        #expect(!hash.finish().reachesSizeMax)
    }

    @Test(.timeLimit(.minutes(1)), arguments: [" ", "\t", "\r\n", "\r", " \r\n", "\r\r\n", "a "])
    func `ten million bytes of one kind cost no more than others`(unit: String) {
        let bytes = Array(String(repeating: unit, count: 1_000_000 / unit.utf8.count).utf8)
        for form in DKIMCanonicalization.Form.allCases {
            var hash = DKIMBodyHash(form)
            for _ in 0..<10 { hash.update(bytes.span) }
            _ = hash.finish()
        }
    }

    @Test func `a relaxed field has its name in lower case and its white space made even`() {
        #expect(header("A: X\r\n") == "a:X\r\n")
        #expect(header("B : Y\t\r\n\tZ  \r\n") == "b:Y Z\r\n")
        #expect(header("SUBJECT:\r\n \t a\r\n b \r\n") == "subject:a b\r\n")
        #expect(header("Empty:\r\n") == "empty:\r\n")
        #expect(header("Empty: \t \r\n") == "empty:\r\n")
        #expect(header("Cut: end") == "cut:end\r\n")
        #expect(header("Bare: a\n b\n") == "bare:a b\r\n")
        #expect(header("Return: a\rb\r\n c\r\r\n") == "return:a\rb c\r\r\n")
        #expect(header("Eight: \u{e9} \u{1F600}\r\n") == "eight:\u{e9} \u{1F600}\r\n")
    }

    @Test func `a missing c= means simple for both, and one form is for the header`() {
        #expect(DKIMCanonicalization("relaxed")?.text == "relaxed/simple")
        #expect(DKIMCanonicalization("simple/relaxed")?.text == "simple/relaxed")
        for text in ["", "/", "relaxed/", "/simple", "Relaxed", "nowsp", "simple/simple/simple"] {
            #expect(DKIMCanonicalization(text) == nil, "\(text)")
        }
    }
}
