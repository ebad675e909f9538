import Cryptography
import SeededRandom
import Testing

@testable import Ledger

@Suite struct `A consistency proof` {
    static let tree = NaiveTree.large
    static let stored = StoredHashes.large

    @Test func `it proves every tree up to 70 leaves to begin with each smaller one`() throws {
        for size in 1...70 {
            for oldSize in 1...size { try Self.checkProven(from: oldSize, to: size) }
        }
    }

    @Test func `it proves pairs of trees of up to 70,000 leaves`() throws {
        var generator = SplitMix64()
        for _ in 0..<1500 {
            let size = Int.random(in: 1...70_000, using: &generator)
            try Self.checkProven(from: Int.random(in: 1...size, using: &generator), to: size)
        }
    }

    @Test func `its hashes are the nodes that the definition names`() throws {
        for size in 1...70 {
            for oldSize in 1...size {
                let proof = try #require(try Self.stored.consistencyProof(from: oldSize, to: size))
                #expect(proof.hashes == Self.subproof(oldSize, 0..<size, oldTreeIsKnown: true))
            }
        }
    }

    @Test func `every single changed bit in the proof or a root is noticed`() throws {
        var generator = SplitMix64()
        let small = (2...16).flatMap { size in (1..<size).map { (oldSize: $0, size: size) } }
        let large = (0..<4).map { _ in
            let size = Int.random(in: 60_000...70_000, using: &generator)
            return (oldSize: Int.random(in: 1..<size, using: &generator), size: size)
        }
        for (oldSize, size) in small + large {
            let proof = try #require(try Self.stored.consistencyProof(from: oldSize, to: size))
            let statement = try Statement(oldSize: oldSize, size: size)
            for bit in 0..<256 {
                for position in proof.hashes.indices {
                    var hashes = proof.hashes
                    hashes[position] = hashes[position].flipping(bit: bit)
                    if statement.isOtherRoot(ConsistencyProof(hashes: hashes)) { continue }
                    Issue.record("bit \(bit) of hash \(position), \(oldSize) to \(size)")
                }
                var changed = statement
                changed.oldRoot = statement.oldRoot.flipping(bit: bit)
                if !changed.isOtherRoot(proof) { Issue.record("bit \(bit) of the old root, \(oldSize) to \(size)") }
                changed = statement
                changed.root = statement.root.flipping(bit: bit)
                if !changed.isOtherRoot(proof) { Issue.record("bit \(bit) of the root, \(oldSize) to \(size)") }
            }
        }
    }

    @Test func `it proves no other pair of trees`() throws {
        for size in 2...20 {
            for oldSize in 1..<size {
                let proof = try #require(try Self.stored.consistencyProof(from: oldSize, to: size))
                for otherSize in 0...22 {
                    for otherOldSize in 0...22 where (otherOldSize, otherSize) != (oldSize, size) {
                        let statement = try Statement(oldSize: otherOldSize, size: otherSize)
                        if statement.verdict(proof) != .consistent { continue }
                        Issue.record("\(oldSize) to \(size) proves \(otherOldSize) to \(otherSize)")
                    }
                }
            }
        }
    }

    @Test func `a rewritten past is named as another old root, a rewritten rest as another new one`() throws {
        let proof = try #require(try Self.stored.consistencyProof(from: 6, to: 11))
        var statement = try Statement(oldSize: 6, size: 11)
        statement.oldRoot = TreeHash.empty
        #expect(statement.verdict(proof) == .otherOldRoot(Self.tree.root(of: 0..<6)))
        statement = try Statement(oldSize: 6, size: 11)
        statement.root = TreeHash.empty
        #expect(statement.verdict(proof) == .otherNewRoot(Self.tree.root(of: 0..<11)))
    }

    @Test func `a hash too few or too many is refused by number, whatever its value`() throws {
        for (oldSize, size) in [(1, 2), (4, 7), (3, 7), (7, 8), (8, 8), (65_536, 70_000), (69_999, 70_000)] {
            let statement = try Statement(oldSize: oldSize, size: size)
            let hashes = try #require(try Self.stored.consistencyProof(from: oldSize, to: size)).hashes
            let expected = hashes.count
            for longer in [hashes + [statement.root], [statement.oldRoot] + hashes] {
                #expect(statement.verdict(ConsistencyProof(hashes: longer)) == .tooManyHashes(expected: expected))
            }
            for count in 0..<expected {
                let shorter = ConsistencyProof(hashes: Array(hashes.prefix(count)))
                #expect(statement.verdict(shorter) == .tooFewHashes(expected: expected))
            }
        }
    }

    @Test func `between equal sizes the roots must be equal`() throws {
        var statement = try Statement(oldSize: 7, size: 7)
        #expect(statement.verdict(ConsistencyProof(hashes: [])) == .consistent)
        statement.root = TreeHash.empty
        #expect(statement.verdict(ConsistencyProof(hashes: [])) == .rootsDiffer)
    }

    @Test func `an old tree that is empty or larger is refused`() throws {
        let none = ConsistencyProof(hashes: [])
        #expect(try Statement(oldSize: 0, size: 7).verdict(none) == .emptyOldTree)
        #expect(try Statement(oldSize: 0, size: 0).verdict(none) == .emptyOldTree)
        #expect(try Statement(oldSize: 8, size: 7).verdict(none) == .oldTreeLarger)
    }

    private static func checkProven(from oldSize: Int, to size: Int) throws {
        let proof = try #require(try stored.consistencyProof(from: oldSize, to: size))
        let statement = try Statement(oldSize: oldSize, size: size)
        #expect(statement.verdict(proof) == .consistent, "\(oldSize) to \(size)")
    }

    /// SUBPROOF(m, D[n], b) as RFC 6962 §2.1.2 writes it down, for m leaves of D[n] = `leaves`, b = `oldTreeIsKnown`.
    private static func subproof(_ oldSize: Int, _ leaves: Range<Int>, oldTreeIsKnown: Bool) -> [Digest] {
        if oldSize == leaves.count { return oldTreeIsKnown ? [] : [tree.root(of: leaves)] }
        var split = 1
        while 2 * split < leaves.count { split *= 2 }
        let (left, right) = (leaves.prefix(split), leaves.dropFirst(split))
        return oldSize <= split
            ? subproof(oldSize, left, oldTreeIsKnown: oldTreeIsKnown) + [tree.root(of: right)]
            : subproof(oldSize - split, right, oldTreeIsKnown: false) + [tree.root(of: left)]
    }

    /// What a proof is asked to prove.
    private struct Statement {
        var oldSize: UInt64
        var oldRoot: Digest
        var size: UInt64
        var root: Digest

        init(oldSize: Int, size: Int) throws {
            self.oldSize = UInt64(oldSize)
            self.size = UInt64(size)
            oldRoot = try stored.root(size: oldSize)
            root = try stored.root(size: size)
        }

        func verdict(_ proof: ConsistencyProof) -> ConsistencyProof.Verdict {
            proof.verify(oldSize: oldSize, oldRoot: oldRoot, size: size, root: root)
        }

        func isOtherRoot(_ proof: ConsistencyProof) -> Bool {
            switch verdict(proof) {
            case .otherOldRoot, .otherNewRoot: true
            default: false
            }
        }
    }
}
