import Cryptography
import Testing

@testable import Ledger

/// Numbers from outside at which arithmetic would end the process.
@Suite struct `Numbers at the edge` {
    /// What is tried at a place that takes at most `max`.
    private static func numbers(_ max: Int) -> [String] {
        let near = [max - 1, max].map(String.init)
        return near + [
            "-1", "0", "1", "255", "256", "2147483648", "9007199254740991", "9007199254740992", "36028797018963967",
            "9223372036854775807", "9223372036854775808", "18446744073709551616", String(repeating: "9", count: 100),
            "",
            "+1", " 1", "1 ", "٣", "0x1", "1e3",
        ]
    }

    @Test(arguments: [0, 1, 255, JSONValue.integerMax, Int.max])
    func `are read up to the largest, and never beyond`(max: Int) {
        for text in Self.numbers(max) + ["\(UInt64(max) + 1)"] {
            let expected = Int(text).flatMap { text.allSatisfy(\.isASCII) && (0...max).contains($0) ? $0 : nil }
            #expect(WholeNumber.read(text, max: max) == (text.hasPrefix("+") ? nil : expected), "\(text)")
        }
        #expect(WholeNumber.read("\(max)", max: max) == max)
        #expect(WholeNumber.read("00", max: max) == nil && WholeNumber.read("01", max: max) == nil)
        #expect(WholeNumber.readPadded("000\(max)".utf8, max: max) == max)
    }

    // MARK: Tiles

    private static let lastIndexes = (0...Tile.levelMax).map { Int.max >> (Tile.height * ($0 + 1)) }

    @Test func `the path that once ended the process names no tile`() {
        #expect(TlogResource.read("acme.example/mail/tile/0/x036/x028/x797/x018/x963/967") == nil)
        #expect(TlogResource.read("acme.example/mail/tile/0/x036/x028/x797/x018/x963/966") != nil)
        #expect(TlogResource.read("acme.example/mail/tile/0/x036/x028/x797/x018/x963/967.p/255") != nil)
    }

    @Test func `a tile is one that a tree can have`() throws {
        for (level, last) in Self.lastIndexes.enumerated() {
            let most = Tile.hashCount(level: level, size: .max)
            for index in [-1, 0, 1, last - 1, last, last + 1, Int.max / 256, Int.max] {
                for width in [-1, 0, 1, 127, 255, 256, 257, Int.max] {
                    guard let tile = Tile(level: level, index: index, width: width) else { continue }
                    #expect(tile.hashes.range.upperBound <= most && tile.hashes.range.count == width)
                    #expect(TlogResource.read("a/\(tile.path)")?.resource == .tile(tile))
                }
            }
            #expect(Tile(level: level, index: last) == nil, "its last hash would be the one too many")
            #expect(Tile(level: level, index: last, width: most % 256) != nil)
        }
        #expect(Tile(level: 8, index: 0) == nil && Tile(level: -1, index: 0) == nil)
    }

    @Test func `every path of a tile is read or refused`() {
        for text in Self.numbers(SeqRanges.blockSize) {
            let digits = String(repeating: "0", count: (3 - text.count % 3) % 3) + text
            let elements = stride(from: 0, to: digits.count, by: 3).map { start in
                String(digits.dropFirst(start).prefix(3))
            }
            let index = (elements.dropLast().map { "x\($0)" } + elements.suffix(1)).joined(separator: "/")
            for level in ["0", "1", "7", "8", "entries", text] {
                for end in ["", ".p/1", ".p/255", ".p/256", ".p/\(text)"] {
                    guard case .tile(let tile)? = TlogResource.read("a/tile/\(level)/\(index)\(end)")?.resource else {
                        continue
                    }
                    #expect(tile.hashes.range.upperBound <= Tile.hashCount(level: tile.level, size: .max))
                }
            }
        }
    }

    // MARK: Trees

    @Test(arguments: [1, 2, 256, JSONValue.integerMax, Int.max - 255, Int.max - 1, Int.max])
    func `a tree of any size that a checkpoint can say is planned`(size: Int) {
        #expect(CompactRange.nodes(size: size).count == size.nonzeroBitCount)
        #expect(Tile.levelCount(size: size) <= 8)
        #expect(Tile.count(level: 0, size: size) == (size - 1) / 256 + 1)
        for level in 0...7 { #expect(Tile.count(level: level, size: size) >= Tile.fullCount(level: level, size: size)) }
        #expect(!TileBuilder.neededHashes(size: size).isEmpty)
        for index in [0, size / 2, size - 1] { #expect(InclusionProof.plan(index: index, size: size) != nil) }
        for from in [1, size / 2 + 1, size] { #expect(ConsistencyProof.plan(from: from, to: size) != nil) }
        for wrong in [-1, 0, size == .max ? -2 : size + 1] {
            #expect(ConsistencyProof.plan(from: wrong, to: size) == nil)
            #expect(InclusionProof.plan(index: wrong == 0 ? -1 : wrong, size: size) == nil)
        }
    }

    @Test(arguments: [UInt64.max, UInt64(Int.max), 1 << 53, 1])
    func `a proof of any numbers has a verdict`(size: UInt64) {
        let root = TreeHash.empty
        for count in [0, 1, 62, 63, 64] {
            let hashes = Array(repeating: root, count: count)
            for number in [0, 1, size / 2, size - 1, size, .max] {
                #expect(
                    InclusionProof(hashes: hashes).verify(leafHash: root, index: number, size: size, root: root)
                        != .included || size == 1)
                let verdict = ConsistencyProof(hashes: hashes).verify(
                    oldSize: number, oldRoot: root, size: size, root: root)
                #expect(verdict != .consistent || number == size)
            }
        }
    }

    @Test(arguments: [Int.max, Int.max - 255, JSONValue.integerMax])
    func `a mirror that lacks a tree of that size says what it lacks`(size: Int) throws {
        let signer = try #require(try NoteVectors.keys()["log"]).signer()
        let text = Array("\(signer.key.name)\n\(size)\n\(Base64.encode(TreeHash.empty.bytes))\n".utf8)
        let note = SignedNote(text: text, signatures: [try #require(signer.sign(text))])
        let trusted = try TrustedCheckpoint(note, log: [signer.key])
        #expect(throws: TilesVerification.Fault.missing(path: "tile/0/000")) {
            try TilesVerification(trusted) { _ in nil }.run()
        }
    }

    // MARK: Moments

    @Test func `moments end where their text does`() {
        let (first, last) = (Timestamp(microseconds: .min), Timestamp(microseconds: .max))
        #expect(first.text == "0000-01-01T00:00:00.000000Z" && last.text == "9999-12-31T23:59:59.999999Z")
        let spans: [Duration] = [
            .zero, .microseconds(1), .seconds(Int64.max), .seconds(-Int64.max), .milliseconds(Int64.max),
        ]
        for moment in [first, Timestamp(microseconds: 0), last] {
            for span in spans {
                #expect((first...last).contains(moment + span) && (first...last).contains(moment - span))
            }
            #expect((first...last).contains(moment.nextDay) && (first...last).contains(moment.hour))
        }
        #expect((Timestamp(microseconds: 0) + .seconds(1.5)).microseconds == 1_500_000)
        #expect((Timestamp(microseconds: 0) - .microseconds(1)).microseconds == -1)
    }
}
