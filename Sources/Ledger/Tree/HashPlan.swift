package import Cryptography

/// What must be read from the store to hash some runs of leaves, and how the hashes are then put together.
///
/// In two steps, so that this module needs no store: read the ``neededHashes``, then call ``hashes(from:)``. A perfect
/// subtree of binary level k is hashed from 2^(k % 8) stored hashes of tile level k / 8; an incomplete run, which only
/// occurs at the right edge, is folded from several perfect subtrees.
package struct HashPlan: Hashable, Sendable {
    /// The stored hashes to read, each range within one tile, without overlap, by level and position.
    package let neededHashes: [HashRange]
    /// For each run of leaves, the perfect subtrees that it consists of, the largest first.
    private let runs: [[SubtreeNode]]

    /// Plans the hash of each run. A run must be a node of the tree, or its right edge: see
    /// ``SubtreeNode/covering(_:)``.
    init(runs: [Range<Int>]) {
        self.init(runs: runs.map(SubtreeNode.covering))
    }

    /// Plans the hash of each perfect subtree by itself.
    init(nodes: [SubtreeNode]) {
        self.init(runs: nodes.map { [$0] })
    }

    private init(runs: [[SubtreeNode]]) {
        self.runs = runs
        neededHashes = Self.joined(runs.flatMap { $0.map(HashRange.init(below:)) })
    }

    /// The hash of each run, computed from the answers to ``neededHashes``.
    package func hashes(from stored: [HashRange: [Digest]]) throws(MissingHashes) -> [Digest] {
        var hashes: [Digest] = []
        hashes.reserveCapacity(runs.count)
        for run in runs {
            var subtrees: [Digest] = []
            for node in run { subtrees.append(try hash(of: node, from: stored)) }
            hashes.append(TreeHash.fold(subtrees))
        }
        return hashes
    }

    private func hash(of node: SubtreeNode, from stored: [HashRange: [Digest]]) throws(MissingHashes) -> Digest {
        let below = HashRange(below: node)
        let needed = neededHashes.first { $0.contains(below) } ?? below
        let start = below.range.lowerBound - needed.range.lowerBound
        return TreeHash.root(of: try needed.hashes(from: stored)[start..<start + below.range.count])
    }

    /// The same hashes in as few ranges as there can be without one that reaches into a second tile.
    private static func joined(_ ranges: [HashRange]) -> [HashRange] {
        let sorted = ranges.sorted { ($0.level, $0.range.lowerBound) < ($1.level, $1.range.lowerBound) }
        return sorted.reduce(into: []) { joined, next in
            guard let last = joined.last, last.level == next.level, last.tileIndex == next.tileIndex,
                last.range.upperBound == next.range.lowerBound
            else {
                joined.append(next)
                return
            }
            let range = last.range.lowerBound..<next.range.upperBound
            joined[joined.count - 1] = HashRange(level: next.level, range: range)
        }
    }
}
