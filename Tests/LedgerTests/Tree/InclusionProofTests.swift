import Cryptography
import SeededRandom
import Testing

@testable import Ledger

@Suite struct `An inclusion proof` {
    static let tree = NaiveTree.large
    static let stored = StoredHashes.large

    @Test func `it proves every leaf of every tree up to 70 leaves`() throws {
        for size in 1...70 {
            let root = Self.tree.root(of: 0..<size)
            for index in 0..<size { try Self.checkProven(index: index, size: size, root: root) }
        }
    }

    @Test func `it proves leaves anywhere in trees of up to 70,000 leaves`() throws {
        var generator = SplitMix64()
        for _ in 0..<1500 {
            let size = Int.random(in: 1...70_000, using: &generator)
            let index = Int.random(in: 0..<size, using: &generator)
            try Self.checkProven(index: index, size: size, root: try Self.stored.root(size: size))
        }
    }

    @Test func `its hashes are the siblings that the definition names`() throws {
        for size in 1...70 {
            for index in 0..<size {
                let proof = try #require(try Self.stored.inclusionProof(index: index, size: size))
                #expect(proof.hashes == Self.path(index, 0..<size))
            }
        }
    }

    @Test func `every single changed bit in the proof, the leaf or the root is noticed`() throws {
        var generator = SplitMix64()
        let small = (1...16).flatMap { size in (0..<size).map { (index: $0, size: size) } }
        let large = (0..<4).map { _ in
            let size = Int.random(in: 60_000...70_000, using: &generator)
            return (index: Int.random(in: 0..<size, using: &generator), size: size)
        }
        for (index, size) in small + large {
            let proof = try #require(try Self.stored.inclusionProof(index: index, size: size))
            let statement = try Statement(index: index, size: size)
            for bit in 0..<256 {
                for position in proof.hashes.indices {
                    var hashes = proof.hashes
                    hashes[position] = hashes[position].flipping(bit: bit)
                    if statement.isOtherRoot(InclusionProof(hashes: hashes)) { continue }
                    Issue.record("bit \(bit) of hash \(position), leaf \(index) of \(size)")
                }
                var changed = statement
                changed.leafHash = statement.leafHash.flipping(bit: bit)
                if !changed.isOtherRoot(proof) { Issue.record("bit \(bit) of leaf \(index) of \(size)") }
                changed = statement
                changed.root = statement.root.flipping(bit: bit)
                if !changed.isOtherRoot(proof) { Issue.record("bit \(bit) of the root, leaf \(index) of \(size)") }
            }
        }
    }

    @Test func `it proves its leaf at no other index, and in no other tree`() throws {
        let roots = (0...26).map { Self.tree.root(of: 0..<$0) }
        for size in 1...24 {
            for index in 0..<size {
                var statement = try Statement(index: index, size: size)
                let proof = try #require(try Self.stored.inclusionProof(index: index, size: size))
                for otherSize in 0...26 {
                    for otherIndex in 0...27 where (otherIndex, otherSize) != (index, size) {
                        statement.index = UInt64(otherIndex)
                        statement.size = UInt64(otherSize)
                        statement.root = roots[otherSize]
                        if statement.verdict(proof) != .included { continue }
                        Issue.record("leaf \(index) of \(size) proven as \(otherIndex) of \(otherSize)")
                    }
                }
            }
        }
    }

    @Test func `a hash too few or too many is refused by number, whatever its value`() throws {
        for (index, size) in [(0, 1), (0, 2), (3, 7), (6, 7), (69_999, 70_000)] {
            let statement = try Statement(index: index, size: size)
            let hashes = try #require(try Self.stored.inclusionProof(index: index, size: size)).hashes
            let expected = hashes.count
            for longer in [hashes + [statement.root], [statement.leafHash] + hashes] {
                #expect(statement.verdict(InclusionProof(hashes: longer)) == .tooManyHashes(expected: expected))
            }
            for count in 0..<expected {
                let shorter = InclusionProof(hashes: Array(hashes.prefix(count)))
                #expect(statement.verdict(shorter) == .tooFewHashes(expected: expected))
            }
        }
    }

    @Test func `an index at or beyond the size is refused before anything else`() throws {
        for (index, size) in [(0, 0), (1, 1), (7, 7), (UInt64.max, 7), (.max, .max)] as [(UInt64, UInt64)] {
            let proof = InclusionProof(hashes: [])
            let verdict = proof.verify(leafHash: TreeHash.empty, index: index, size: size, root: TreeHash.empty)
            #expect(verdict == .indexOutsideTree)
        }
    }

    @Test func `the largest tree asks for 64 hashes`() {
        let proof = InclusionProof(hashes: [])
        let verdict = proof.verify(leafHash: TreeHash.empty, index: 0, size: .max, root: TreeHash.empty)
        #expect(verdict == .tooFewHashes(expected: 64))
    }

    private static func checkProven(index: Int, size: Int, root: Digest) throws {
        let proof = try #require(try stored.inclusionProof(index: index, size: size))
        let verdict = proof.verify(
            leafHash: tree.leafHashes[index], index: UInt64(index), size: UInt64(size), root: root)
        #expect(verdict == .included, "leaf \(index) of \(size)")
    }

    /// PATH(m, D[n]) as RFC 6962 §2.1.1 writes it down, for m = `index` and D[n] = `leaves`.
    private static func path(_ index: Int, _ leaves: Range<Int>) -> [Digest] {
        guard leaves.count > 1 else { return [] }
        var split = 1
        while 2 * split < leaves.count { split *= 2 }
        let (left, right) = (leaves.prefix(split), leaves.dropFirst(split))
        return index < right.lowerBound
            ? path(index, left) + [tree.root(of: right)] : path(index, right) + [tree.root(of: left)]
    }

    /// What a proof is asked to prove.
    private struct Statement {
        var leafHash: Digest
        var index: UInt64
        var size: UInt64
        var root: Digest

        init(index: Int, size: Int) throws {
            leafHash = tree.leafHashes[index]
            self.index = UInt64(index)
            self.size = UInt64(size)
            root = try stored.root(size: size)
        }

        func verdict(_ proof: InclusionProof) -> InclusionProof.Verdict {
            proof.verify(leafHash: leafHash, index: index, size: size, root: root)
        }

        func isOtherRoot(_ proof: InclusionProof) -> Bool {
            if case .otherRoot = verdict(proof) { true } else { false }
        }
    }
}
