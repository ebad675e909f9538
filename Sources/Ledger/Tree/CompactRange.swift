package import Cryptography

/// The right edge of a tree: the roots of the perfect subtrees that its leaves fall into, the largest first.
///
/// There is one for each bit that is set in the size. It is all that appending needs: at most 63 hashes stand for any
/// number of leaves, and the root (RFC 6962 §2.1) is folded from them.
package struct CompactRange: Hashable, Sendable {
    /// The number of leaves.
    package private(set) var size: Int
    /// The roots of the perfect subtrees, the largest and leftmost first.
    package private(set) var subtrees: [Digest]

    /// The right edge of the tree without leaves.
    package init() {
        size = 0
        subtrees = []
    }

    /// The right edge of a tree of `size` leaves; nil unless there is one root for each bit set in the size.
    package init?(size: Int, subtrees: [Digest]) {
        guard size >= 0, subtrees.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.subtrees = subtrees
    }

    /// What must be read to rebuild the right edge, and so the root, of a tree of `size` leaves from stored hashes.
    package static func plan(size: Int) -> HashPlan { HashPlan(nodes: nodes(size: size)) }

    /// The right edge of a tree of `size` leaves, from the answers to ``plan(size:)``.
    package init(size: Int, from stored: [HashRange: [Digest]]) throws(MissingHashes) {
        self.size = size
        subtrees = try Self.plan(size: size).hashes(from: stored)
    }

    /// The places of the roots that the right edge of a tree of `size` leaves holds, in the same order.
    package static func nodes(size: Int) -> [SubtreeNode] { SubtreeNode.covering(0..<size) }

    /// The root of the tree.
    package var root: Digest { TreeHash.fold(subtrees) }

    /// Adds a leaf at the right.
    package mutating func append(_ leafHash: Digest) { append(leafHash) { _, _ in } }

    /// Adds a leaf at the right and hands over each perfect subtree that it completes, from the leaf upwards.
    mutating func append(_ leafHash: Digest, completed: (_ node: SubtreeNode, _ hash: Digest) -> Void) {
        var hash = leafHash
        var node = SubtreeNode(level: 0, index: size)
        completed(node, hash)
        while !node.index.isMultiple(of: 2) {
            hash = TreeHash.node(subtrees.removeLast(), hash)
            node = SubtreeNode(level: node.level + 1, index: node.index / 2)
            completed(node, hash)
        }
        subtrees.append(hash)
        size += 1
    }
}
