import Cryptography
import Ledger
import SeededRandom
import Testing

/// The scanner is held to the reader and the writer: what they give back unchanged it takes, and nothing else.
@Suite struct `The canonical scanner` {
    /// Lines of real entries, and texts that meet each rule of the profile.
    private func samples() throws -> [[UInt8]] {
        let lines = try VectorFile("line.txt").cases.compactMap { $0["line"] }
        let profile = try VectorFile("profile.txt").cases.flatMap { [$0["input"], $0["expect"]].compactMap(\.self) }
        let depths = [15, 16, 17].map { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
        let texts = [
            #"{"a":"\b\t\n\f\r\"\\\u0001\u001f"}"#, #"{"a\n":1,"b":2}"#, #"{"\u0001":1,"a":2}"#, #"{"a\"":1,"a":2}"#,
            #"{"a":1,"a":2}"#, #"{"":{}}"#, #"{"b":[],"a":[]}"#, #"["\u000a"]"#, #"["\u001F"]"#, #"["\u0000"]"#,
            #"["\/"]"#, #"["é😀\#u{7f}"]"#, #"[-1,0,9007199254740991,-9007199254740991]"#, "[9007199254740992]",
            "[-0]", "[01]", "[1.0]", "[1e1]", "[true,false]", "[null]", "[ 1]", "[1,]", "{}", "[]", "1", "", "\"",
        ]
        return (lines + profile + depths + texts).map { Array($0.utf8) }
    }

    private func isCanonical(_ bytes: [UInt8]) -> Bool {
        (try? JSONReader.read(bytes)).map { CanonicalWriter.bytes(of: $0) == bytes } ?? false
    }

    /// What the tokens say, as JSON again.
    private func value(_ scanner: CanonicalScanner, at place: Int, _ bytes: [UInt8]) -> JSONValue {
        let token = scanner.tokens[place]
        let text = { (token: CanonicalScanner.Token) in
            String(decoding: CanonicalScanner.content(of: token, in: bytes.span), as: UTF8.self)
        }
        var next = place + 1
        switch token.kind {
        case .text: return .string(text(token))
        case .bool: return .bool(bytes[token.range.lowerBound] == UInt8(ascii: "t"))
        case .integer: return .integer(CanonicalScanner.number(of: token, in: bytes.span))
        case .array:
            var elements: [JSONValue] = []
            while next < token.next {
                elements.append(value(scanner, at: next, bytes))
                next = scanner.tokens[next].next
            }
            return .array(elements)
        case .object:
            var members: [JSONValue.Member] = []
            while next < token.next {
                members.append(.init(text(scanner.tokens[next]), value(scanner, at: next + 1, bytes)))
                next = scanner.tokens[next + 1].next
            }
            return .object(members)
        }
    }

    private func check(_ bytes: [UInt8], _ scanner: inout CanonicalScanner) -> Bool {
        let isTaken = scanner.scan(bytes.span)
        #expect(isTaken == isCanonical(bytes), "\(String(decoding: bytes, as: UTF8.self))")
        if isTaken { #expect(CanonicalWriter.bytes(of: value(scanner, at: 0, bytes)) == bytes) }
        return isTaken
    }

    @Test func `every sample is judged as reader and writer judge it`() throws {
        var scanner = CanonicalScanner()
        let taken = try samples().filter { check($0, &scanner) }
        #expect(taken.count >= 20)
    }

    @Test func `invalid UTF-8 is refused at every length`() {
        var scanner = CanonicalScanner()
        for bytes: [UInt8] in [
            [0xFF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xEF, 0xBB],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0x00], [0x1F],
            [0xC2, 0x80], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEF, 0xBB, 0xBF], [0xF4, 0x8F, 0xBF, 0xBF],
        ] {
            for padding in 0..<9 {
                let text = [0x22] + [UInt8](repeating: 0x61, count: padding) + bytes + [0x22]
                _ = check(text, &scanner)
            }
        }
    }

    @Test func `20,000 mutations of samples are judged as reader and writer judge them`() throws {
        var generator = SplitMix64()
        var scanner = CanonicalScanner()
        let samples = try samples()
        let interesting = Array("\"\\{}[],:-0129eEtfnu \n/".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC2, 0xE0, 0xED, 0xF4, 0xFF]
        var takenCount = 0
        for _ in 0..<20_000 {
            var bytes = samples[Int.random(in: 0..<samples.count, using: &generator)]
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                let place = Int.random(in: 0...bytes.count, using: &generator)
                let byte = interesting[Int.random(in: 0..<interesting.count, using: &generator)]
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes.insert(byte, at: place)
                case 1 where place < bytes.count: bytes.remove(at: place)
                case 2 where place < bytes.count: bytes[place] = byte
                case 3 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                default:
                    let end = Int.random(in: place...min(place + 12, bytes.count), using: &generator)
                    bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...place, using: &generator))
                }
            }
            if check(bytes, &scanner) { takenCount += 1 }
        }
        #expect(takenCount > 500)
    }

    @Test func `the one spelling of a moment is read, and every other refused`() {
        var generator = SplitMix64()
        for _ in 0..<5_000 {
            let moment = Timestamp(
                microseconds: .random(in: -62_167_219_200_000_000...253_402_300_799_999_999, using: &generator))
            var text = Array(moment.text.utf8)
            #expect(Timestamp(canonical: text.span) == moment)
            text[Int.random(in: 0..<text.count, using: &generator)] = UInt8.random(in: 0x20...0x7E, using: &generator)
            let spelled = String(decoding: text, as: UTF8.self)
            let isCanonical = Timestamp(spelled)?.text == spelled
            #expect((Timestamp(canonical: text.span) != nil) == isCanonical, "\(spelled)")
        }
        for text in ["2026-02-29T00:00:00.000000Z", "2026-11-22T24:00:00.000000Z", "2026-11-22T10:00:00Z", ""] {
            #expect(Timestamp(canonical: Array(text.utf8).span) == nil)
        }
    }
}
