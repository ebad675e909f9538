import MailAuthentication
import SeededRandom
import Testing

@Suite struct Punycodes {
    /// Samples of RFC 3492 §7.1.
    private static let samples: [(unicode: [UInt32], ascii: String)] = [
        (
            [
                0x0644, 0x064A, 0x0647, 0x0645, 0x0627, 0x0628, 0x062A, 0x0643, 0x0644, 0x0645, 0x0648, 0x0634, 0x0639,
                0x0631, 0x0628, 0x064A, 0x061F,
            ], "egbpdaj6bu4bxfgehfvwxn"
        ),
        ([0x4ED6, 0x4EEC, 0x4E3A, 0x4EC0, 0x4E48, 0x4E0D, 0x8BF4, 0x4E2D, 0x6587], "ihqwcrb4cv8a8dqg056pqjye"),
        (
            [
                0x0050, 0x0072, 0x006F, 0x010D, 0x0070, 0x0072, 0x006F, 0x0073, 0x0074, 0x011B, 0x006E, 0x0065, 0x006D,
                0x006C, 0x0075, 0x0076, 0x00ED, 0x010D, 0x0065, 0x0073, 0x006B, 0x0079,
            ], "Proprostnemluvesky-uyb24dma41a"
        ),
        ([0x0033, 0x5E74, 0x0042, 0x7D44, 0x91D1, 0x516B, 0x5148, 0x751F], "3B-ww4c5e180e575a65lsy2b"),
        ([0x002D, 0x003E, 0x0020, 0x0024, 0x0031, 0x002E, 0x0030, 0x0030, 0x0020, 0x003C, 0x002D], "-> $1.00 <--"),
    ]

    @Test func `the samples of RFC 3492 are written and read`() throws {
        for sample in Self.samples {
            let scalars = sample.unicode.compactMap { Unicode.Scalar($0) }
            #expect(Punycode.encode(scalars) == Array(sample.ascii.utf8))
            #expect(Punycode.decode(Array(sample.ascii.utf8)) == scalars)
        }
    }

    @Test func `a label gets its prefix only when it needs one`() {
        #expect(Punycode.asciiLabel("Example") == "example")
        #expect(Punycode.asciiLabel("公司") == "xn--55qx5d")
        #expect(Punycode.asciiLabel("bücher") == "xn--bcher-kva")
    }

    @Test func `a label that gets too long is refused`() {
        #expect(Punycode.asciiLabel(String(repeating: "a", count: 63)) != nil)
        #expect(Punycode.asciiLabel(String(repeating: "a", count: 64)) == nil)
        #expect(Punycode.asciiLabel(String(repeating: "a", count: 57) + "ü") == nil)
        #expect(Punycode.asciiLabel(String(repeating: "中", count: 64)) == nil)
    }

    @Test func `what is no Punycode is refused: an overflow, a cut number, a surrogate, other bytes`() {
        for text in ["99999999", "a-9999999999", "z", "*", "a-ü", "0000000z"] {
            #expect(Punycode.decode(Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test func `random labels come back from both directions`() {
        var random = SplitMix64()
        for _ in 0..<10_000 {
            let scalars = (0..<Int.random(in: 0...20, using: &random)).compactMap { _ in
                Unicode.Scalar(
                    UInt32.random(in: 0x20...0x10FFFF, using: &random) >> UInt32.random(in: 0...13, using: &random))
            }
            if let text = Punycode.encode(scalars) { #expect(Punycode.decode(text) == scalars) }
            let noise = (0..<Int.random(in: 0...63, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random) & 0x7F
            }
            if let decoded = Punycode.decode(noise) { #expect(decoded.count <= noise.count) }
        }
    }
}
