import Compression
import SeededRandom
import Testing

@Suite struct `A ZIP archive` {
    private let content = Array("<feedback/>".utf8)

    private func error(_ members: [Container.Member], comment: [UInt8] = []) -> CompressionError? {
        do throws(CompressionError) {
            _ = try ZipArchive.onlyFile(in: Container.zip(members, comment: comment))
            return nil
        } catch {
            return error
        }
    }

    @Test func `gives its one file, stored or deflated, with a data descriptor or without`() throws {
        #expect(try ZipArchive.onlyFile(in: Container.pythonZip).content == Array(Container.text.utf8))
        #expect(try ZipArchive.onlyFile(in: Container.zip([.init()])).content == content)
        let deflated = Container.Member(data: DeflateWriter.stored(content), method: 8)
        let file = try ZipArchive.onlyFile(in: Container.zip([deflated], comment: Array("by PK\u{5}\u{6}".utf8)))
        #expect(file.content == content)
        #expect(file.name == Array("r.xml".utf8))
    }

    @Test func `may hold directories and what macOS adds`() throws {
        let members = [
            Container.Member(name: "reports/", content: []), .init(name: "reports/r.xml"),
            .init(name: "__MACOSX/reports/._r.xml", content: [1, 2, 3]),
        ]
        #expect(try ZipArchive.onlyFile(in: Container.zip(members)).content == content)
    }

    @Test func `with none or several files is refused`() {
        #expect(error([]) == .noMember)
        #expect(error([.init(name: "d/", content: [])]) == .noMember)
        #expect(error([.init(), .init(name: "s.xml")]) == .multipleMembers)
        #expect(error((0..<65).map { .init(name: "d\($0)/", content: []) }) == .multipleMembers)
    }

    @Test func `that needs what reports do not is refused by name`() {
        #expect(error([.init(flags: 1)]) == .encrypted)
        #expect(error([.init(flags: 1 << 6)]) == .encrypted)
        #expect(error([.init(flags: 1 << 13)]) == .encrypted)
        #expect(error([.init(method: 12)]) == .unsupportedMethod)
        #expect(error([.init(flags: 1 << 5)]) == .unsupportedMethod)
        #expect(error([.init(size: 0xFFFF_FFFF)]) == .zip64)
    }

    @Test func `whose two headers disagree is refused`() {
        #expect(error([.init(localName: "s.xml")]) == .directoryMismatch)
        #expect(error([.init(localSize: 3)]) == .directoryMismatch)
        #expect(error([.init(localSize: 0)]) == .directoryMismatch)
    }

    @Test func `with a wrong sum or size is refused`() {
        #expect(error([.init(checksum: 5)]) == .checksumMismatch)
        #expect(error([.init(size: 3)]) == .sizeMismatch)
        #expect(error([.init(data: DeflateWriter.stored(content) + [0], method: 8)]) == .sizeMismatch)
        #expect(error([.init(data: DeflateWriter.stored(content), method: 8, size: 10)]) == .sizeMismatch)
        #expect(error([.init(data: [0xFF], method: 8)]) == .corrupt)
    }

    @Test func `of several volumes, or with ZIP64 records, is refused`() {
        var bytes = Container.zip([.init()])
        bytes[bytes.count - 18] = 1
        #expect(throws: CompressionError.multipleVolumes) { try ZipArchive.onlyFile(in: bytes) }
        bytes = Container.zip([.init()])
        bytes.insert(contentsOf: [0x50, 0x4B, 6, 7] + [UInt8](repeating: 0, count: 16), at: bytes.count - 22)
        #expect(throws: CompressionError.zip64) { try ZipArchive.onlyFile(in: bytes) }
    }

    @Test func `with something before or behind it is refused`() {
        let bytes = Container.zip([.init()])
        #expect(throws: CompressionError.directoryMismatch) { try ZipArchive.onlyFile(in: [0] + bytes) }
        #expect(throws: CompressionError.directoryMissing) { try ZipArchive.onlyFile(in: bytes + [0]) }
    }

    @Test func `cut short anywhere has no directory`() {
        for count in Container.pythonZip.indices {
            #expect(throws: CompressionError.directoryMissing, "cut at \(count)") {
                try ZipArchive.onlyFile(in: Array(Container.pythonZip.prefix(count)))
            }
        }
    }

    @Test func `that is a bomb is stopped, whatever size it states`() {
        let bomb = DeflateWriter.bomb(repeats: 260_000)
        let member = { (size: Int) in Container.Member(content: [], data: bomb, method: 8, size: size) }
        #expect(error([member(10)]) == .ratioExceeded)
        #expect(error([member(258 * 260_000 + 1)]) == .outputTooLarge)
    }

    @Test func `inside another one is only its bytes`() throws {
        let inner = Container.zip([.init()])
        #expect(try ZipArchive.onlyFile(in: Container.zip([.init(name: "r.zip", content: inner)])).content == inner)
    }
}

@Suite struct `Compressed noise` {
    @Test func `never crashes a reader, and never passes the limits`() {
        var random = SplitMix64()
        let limits = CompressionLimits(inputSizeMax: 10_000, outputSizeMax: 100_000)
        let dense = DeflateWriter.bomb(repeats: 300)
        let seeds = [
            Container.pythonGzip, Container.pythonZip, Container.gzip([], deflated: dense),
            Container.zip([.init(content: [], data: dense, method: 8, size: 258 * 300 + 1)]),
            Container.zip([.init(name: "d/", content: []), .init()]),
        ]
        for round in 0..<10_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert([0, 0xFF, 0x50].randomElement(using: &random) ?? 0, at: index)
                case 2 where bytes.count > 1: bytes.remove(at: index)
                default: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
                }
            }
            let gzip = try? Gzip.inflate(bytes, limits: limits)
            let zip = try? ZipArchive.onlyFile(in: bytes, limits: limits)
            #expect((gzip?.content.count ?? 0) <= limits.outputSizeMax)
            #expect((zip?.content.count ?? 0) <= limits.outputSizeMax)
        }
    }
}
