import Cryptography

@testable import Ledger

/// What the store would hold of a tree: its leaf hashes, and for each full tile its root.
struct StoredHashes {
    /// What the store would hold of ``NaiveTree/large``.
    static let large = StoredHashes(.large)

    /// The hashes of each tile level.
    private let levels: [[Digest]]

    init(_ tree: NaiveTree) {
        var levels = [tree.leafHashes]
        var leavesPerHash = Tile.fullWidth
        while leavesPerHash <= tree.leafHashes.count {
            let count = tree.leafHashes.count / leavesPerHash
            levels.append((0..<count).map { tree.root(of: $0 * leavesPerHash..<($0 + 1) * leavesPerHash) })
            leavesPerHash *= Tile.fullWidth
        }
        self.levels = levels
    }

    /// The answer to a plan. Traps on a range that the tree does not have.
    func answers(to ranges: [HashRange]) -> [HashRange: [Digest]] {
        Dictionary(uniqueKeysWithValues: ranges.map { ($0, Array(levels[$0.level][$0.range])) })
    }
}

extension StoredHashes {
    func inclusionProof(index: Int, size: Int) throws -> InclusionProof? {
        guard let plan = InclusionProof.plan(index: index, size: size) else { return nil }
        return InclusionProof(hashes: try plan.hashes(from: answers(to: plan.neededHashes)))
    }

    func consistencyProof(from oldSize: Int, to size: Int) throws -> ConsistencyProof? {
        guard let plan = ConsistencyProof.plan(from: oldSize, to: size) else { return nil }
        return ConsistencyProof(hashes: try plan.hashes(from: answers(to: plan.neededHashes)))
    }

    func root(size: Int) throws -> Digest {
        try CompactRange(size: size, from: answers(to: CompactRange.plan(size: size).neededHashes)).root
    }
}

extension Digest {
    /// The digest with one bit, 0 to 255, turned over.
    func flipping(bit: Int) -> Digest {
        var bytes = self.bytes
        bytes[bit / 8] ^= 1 << (bit % 8)
        guard let flipped = Digest(bytes) else { preconditionFailure("32 bytes make a digest") }
        return flipped
    }
}
