import Compression
import SeededRandom
import Testing

@Suite struct `A gzip file` {
    private let text = Array(Container.text.utf8)

    @Test func `gives its content and its name`() throws {
        let file = try Gzip.inflate(Container.pythonGzip)
        #expect(file.content == text)
        #expect(file.name == Array("r.xml".utf8))
        #expect(try Gzip.inflate(Container.gzip(text)).content == text)
    }

    @Test func `may hold nothing`() throws {
        #expect(try Gzip.inflate(Container.gzip([])).content.isEmpty)
    }

    @Test func `may have every optional part of the header`() throws {
        let extra: [UInt8] = [3, 0, 1, 2, 3] + Array("n\0c\0".utf8)
        #expect(try Gzip.inflate(Container.gzip(text, flags: 0b11100, extra: extra)).name == Array("n".utf8))
        let head: [UInt8] = [0x1F, 0x8B, 8, 0b10, 0, 0, 0, 0, 0, 3]
        let sum = Int(Checksum.crc32(head.span)) & 0xFFFF
        #expect(try Gzip.inflate(Container.gzip(text, flags: 0b10, extra: Container.little(sum, 2))).content == text)
        let wrong = Container.gzip(text, flags: 0b10, extra: Container.little(sum ^ 1, 2))
        #expect(throws: CompressionError.badHeader) { try Gzip.inflate(wrong) }
    }

    @Test func `cut short anywhere is named as truncated`() {
        for count in Container.pythonGzip.indices {
            #expect(throws: CompressionError.truncated, "cut at \(count)") {
                try Gzip.inflate(Array(Container.pythonGzip.prefix(count)))
            }
        }
    }

    @Test func `with a wrong sum, size, method or flag is refused by name`() {
        let cases: [([UInt8], CompressionError)] = [
            (Container.gzip(text, checksum: 1), .checksumMismatch),
            (Array(Container.gzip(text).dropLast(4)) + [9, 9, 9, 9], .sizeMismatch),
            (Container.gzip(text, flags: 0b1000_0000), .badHeader),
            ([0x1F, 0x8B, 7] + Container.gzip(text).dropFirst(3), .unsupportedMethod),
            (Container.gzip(text, deflated: [0xFF, 0xFF]), .corrupt),
            (Container.gzip(text) + Container.gzip(text), .multipleMembers),
            (Container.gzip(text) + Array("x".utf8), .trailingData),
        ]
        for (bytes, error) in cases { #expect(throws: error) { try Gzip.inflate(bytes) } }
    }

    @Test func `may be followed by padding`() throws {
        #expect(try Gzip.inflate(Container.gzip(text) + [0, 0, 0x0D, 0x0A]).content == text)
    }

    @Test func `that is a bomb is stopped early, by ratio and by size`() throws {
        // 65 kB that would be 67 MB.
        let bomb = DeflateWriter.bomb(repeats: 260_000)
        #expect(bomb.count < 70_000)
        let file = Container.gzip([], deflated: bomb)
        #expect(throws: CompressionError.ratioExceeded) { try Gzip.inflate(file) }
        #expect(throws: CompressionError.outputTooLarge) {
            try Gzip.inflate(file, limits: CompressionLimits(ratioMax: 2_000))
        }
        #expect(throws: CompressionError.inputTooLarge) {
            try Gzip.inflate(file, limits: CompressionLimits(inputSizeMax: 1_000))
        }
    }

    @Test func `may be dense as long as it is small`() throws {
        let dense = DeflateWriter.bomb(repeats: 200)
        #expect(try Deflate.inflate(dense.span).content == [UInt8](repeating: 0, count: 258 * 200 + 1))
    }

    @Test func `inside another one is only its bytes`() throws {
        let inner = Container.gzip(text)
        #expect(try Gzip.inflate(Container.gzip(inner)).content == inner)
    }

    @Test func `larger than a chunk comes out whole`() throws {
        var random = SplitMix64()
        let content = (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(try Gzip.inflate(Container.gzip(content)).content == content)
    }
}
