import Cryptography
import SeededRandom
import Testing

@testable import Ledger

@Suite struct `A plan of hashes to read` {
    static let stored = StoredHashes.large

    @Test func `the siblings of leaf 300 are read in one range on each side of it, the full tile as one hash`() throws {
        let plan = try #require(InclusionProof.plan(index: 300, size: 1000))
        #expect(
            plan.neededHashes == [
                HashRange(level: 0, range: 256..<300), HashRange(level: 0, range: 301..<512),
                HashRange(level: 0, range: 768..<1000),
                HashRange(level: 1, range: 0..<1), HashRange(level: 1, range: 2..<3),
            ])
    }

    @Test func `each range lies within one tile, and none overlaps another`() throws {
        var generator = SplitMix64()
        for _ in 0..<2000 {
            let size = Int.random(in: 1...(.max), using: &generator) >> Int.random(in: 0..<62, using: &generator)
            guard size > 0 else { continue }
            let index = Int.random(in: 0..<size, using: &generator)
            let plans = [
                try #require(InclusionProof.plan(index: index, size: size)),
                try #require(ConsistencyProof.plan(from: index + 1, to: size)),
                CompactRange.plan(size: size),
            ]
            for ranges in plans.map(\.neededHashes) {
                #expect(ranges.allSatisfy { $0.tileIndex == ($0.range.upperBound - 1) / 256 })
                #expect(ranges.allSatisfy { $0.range.upperBound <= Tile.hashCount(level: $0.level, size: size) })
                for (left, right) in zip(ranges, ranges.dropFirst()) where left.level == right.level {
                    #expect(left.range.upperBound <= right.range.lowerBound)
                }
            }
        }
    }

    @Test func `there is none for a leaf or an old tree that the tree does not hold`() {
        #expect(InclusionProof.plan(index: 0, size: 0) == nil)
        #expect(InclusionProof.plan(index: 7, size: 7) == nil)
        #expect(InclusionProof.plan(index: -1, size: 7) == nil)
        #expect(InclusionProof.plan(index: 0, size: -1) == nil)
        #expect(ConsistencyProof.plan(from: 0, to: 7) == nil)
        #expect(ConsistencyProof.plan(from: 8, to: 7) == nil)
        #expect(ConsistencyProof.plan(from: -1, to: 7) == nil)
    }

    @Test func `nothing is read where the proof is empty`() {
        #expect(InclusionProof.plan(index: 0, size: 1)?.neededHashes == [])
        #expect(ConsistencyProof.plan(from: 7, to: 7)?.neededHashes == [])
        #expect(CompactRange.plan(size: 0).neededHashes == [])
    }

    @Test func `an answer that is missing, short or long is named by its range`() throws {
        let plan = try #require(InclusionProof.plan(index: 300, size: 1000))
        let answers = Self.stored.answers(to: plan.neededHashes)
        for range in plan.neededHashes {
            for found in [0, range.range.count - 1, range.range.count + 1] {
                var faulty = answers
                faulty[range] = [Digest](repeating: TreeHash.empty, count: found)
                #expect(throws: MissingHashes(range: range, found: found)) { try plan.hashes(from: faulty) }
            }
            var faulty = answers
            faulty[range] = nil
            #expect(throws: MissingHashes(range: range, found: 0)) { try plan.hashes(from: faulty) }
        }
    }

    @Test func `a builder does not start from hashes that are missing`() {
        var answers = Self.stored.answers(to: TileBuilder.neededHashes(size: 1000))
        answers[HashRange(level: 1, range: 0..<3)] = nil
        #expect(throws: MissingHashes(range: HashRange(level: 1, range: 0..<3), found: 0)) {
            try TileBuilder(size: 1000, from: answers)
        }
    }
}
