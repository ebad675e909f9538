import Ledger
import SeededRandom
import Testing

@Suite struct `The JSON profile` {
    @Test func `each vector is read and written as the file says`() throws {
        let cases = try VectorFile("profile.txt").cases
        #expect(cases.count >= 28)
        for vector in cases {
            let name = try #require(vector["name"])
            let input = Array(try #require(vector["input"]).utf8)
            let expected = try #require(vector["expect"])
            if expected == "refused" {
                #expect(throws: Refusal(.malformedJSON, ""), "\(name)") { try JSONReader.read(input) }
            } else {
                let written = CanonicalWriter.bytes(of: try JSONReader.read(input))
                #expect(written == Array(expected.utf8), "\(name)")
            }
        }
    }

    @Test func `invalid UTF-8 and a byte order mark are refused`() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0xEF, 0xBB, 0xBF, 0x7B, 0x7D],
            [0x22, 0x00, 0x22],
        ] {
            #expect(throws: Refusal(.malformedJSON, "")) { try JSONReader.read(bytes) }
        }
    }

    @Test func `null means absent for the named members at the top, and nowhere else`() throws {
        let nullable: Set = ["step_id"]
        let read = { (text: String) throws -> String in
            let json = try JSONReader.read(Array(text.utf8), nullable: nullable)
            return String(decoding: CanonicalWriter.bytes(of: json), as: UTF8.self)
        }
        #expect(try read(#"{"step_id":null,"a":1}"#) == #"{"a":1}"#)
        #expect(try read(#"[{"step_id":null}]"#) == "[{}]")
        #expect(throws: Refusal(.malformedJSON, "")) { try read(#"{"a":{"step_id":null}}"#) }
        #expect(throws: Refusal(.malformedJSON, "")) { try read(#"{"other":null}"#) }
    }

    @Test func `what is written reads back as the same bytes for random values`() throws {
        var generator = SplitMix64()
        for _ in 0..<2_000 {
            let value = JSONValue.random(using: &generator, depth: 0)
            let written = CanonicalWriter.bytes(of: value)
            #expect(CanonicalWriter.bytes(of: try JSONReader.read(written)) == written)
        }
    }

    @Test func `a refusal names the place`() throws {
        do {
            _ = try JSONReader.read(Array(#"{"a":[1,{"b":1.5}]}"#.utf8))
            Issue.record("the float was accepted")
        } catch let refusal {
            #expect(refusal.pointer == "/a/1/b")
        }
    }
}

extension JSONValue {
    fileprivate static func random(using generator: inout SplitMix64, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth < 4 ? 6 : 4), using: &generator) {
        case 0: .bool(.random(using: &generator))
        case 1: .integer(.random(in: -integerMax...integerMax, using: &generator))
        case 2, 3: .string(text(using: &generator))
        case 4:
            .array(
                (0..<Int.random(in: 0..<4, using: &generator)).map { _ in random(using: &generator, depth: depth + 1) })
        default:
            .object(
                (0..<Int.random(in: 0..<5, using: &generator)).map { index in
                    Member(
                        "m\(Int.random(in: 0..<100, using: &generator)).\(index)",
                        random(using: &generator, depth: depth + 1))
                })
        }
    }

    private static func text(using generator: inout SplitMix64) -> String {
        let ranges: [ClosedRange<UInt32>] = [
            0x01...0x1F, 0x20...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0x10000...0x10FFFF,
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0..<12, using: &generator) {
            let range = ranges[Int.random(in: 0..<ranges.count, using: &generator)]
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
