package import Cryptography

/// The proof that a tree begins with all leaves of an older one (RFC 6962 §2.1.2).
package struct ConsistencyProof: Hashable, Sendable {
    /// The hashes, from the leaves upwards. None between equal sizes; the old root is left out where the old size is a
    /// power of two.
    package let hashes: [Digest]

    package init(hashes: [Digest]) {
        self.hashes = hashes
    }

    /// What must be read to prove a tree of `oldSize` leaves to be the beginning of one of `size`; nil unless
    /// 1 <= `oldSize` <= `size`.
    ///
    /// The plan's hashes are the proof's hashes, in order.
    package static func plan(from oldSize: Int, to size: Int) -> HashPlan? {
        guard 1 <= oldSize, oldSize <= size else { return nil }
        var nodes: [Range<Int>] = []
        var node = 0..<size
        while node.upperBound != oldSize {
            let middle = SubtreeNode.split(node)
            let (left, right) = (node.lowerBound..<middle, middle..<node.upperBound)
            nodes.append(oldSize <= middle ? right : left)
            node = oldSize <= middle ? left : right
        }
        // A node that starts at 0 is the whole old tree, whose root the verifier has.
        if node.lowerBound > 0 { nodes.append(node) }
        return HashPlan(runs: nodes.reversed())
    }
}

extension ConsistencyProof {
    /// What verification found.
    package enum Verdict: Hashable, Sendable {
        /// The new tree begins with all leaves of the old one.
        case consistent
        /// The old tree has no leaves, of which nothing can be proved: the caller's protocol must say what follows.
        case emptyOldTree
        /// The old tree is larger than the new one.
        case oldTreeLarger
        /// The proof is shorter than the sizes demand.
        case tooFewHashes(expected: Int)
        /// The proof is longer than the sizes demand.
        case tooManyHashes(expected: Int)
        /// The sizes are equal and the roots are not.
        case rootsDiffer
        /// The proof leads to another root for the old size.
        case otherOldRoot(Digest)
        /// The proof fits the old root and leads to another new one.
        case otherNewRoot(Digest)
    }

    /// Judges whether the tree of `size` leaves with `root` begins with that of `oldSize` leaves and `oldRoot`
    /// (RFC 9162 §2.1.4.2).
    package func verify(oldSize: UInt64, oldRoot: Digest, size: UInt64, root: Digest) -> Verdict {
        guard oldSize > 0 else { return .emptyOldTree }
        guard oldSize <= size else { return .oldTreeLarger }
        guard oldSize < size else {
            guard hashes.isEmpty else { return .tooManyHashes(expected: 0) }
            return oldRoot == root ? .consistent : .rootsDiffer
        }
        // The way to both roots starts at the largest perfect subtree that ends with the old tree's last leaf.
        let level = oldSize.trailingZeroBitCount
        let startsAtOldRoot = oldSize.nonzeroBitCount == 1
        let path = TreePath(index: oldSize - 1, size: size, level: level)
        let expected = path.count + (startsAtOldRoot ? 0 : 1)
        guard hashes.count >= expected else { return .tooFewHashes(expected: expected) }
        guard hashes.count <= expected else { return .tooManyHashes(expected: expected) }
        let start = startsAtOldRoot ? oldRoot : hashes.first ?? oldRoot
        let siblings = Array(startsAtOldRoot ? hashes[...] : hashes.dropFirst())
        let foundOld = path.rootOfLeftPart(start, siblings: siblings)
        guard foundOld == oldRoot else { return .otherOldRoot(foundOld) }
        let found = path.rootAbove(start, siblings: siblings)
        return found == root ? .consistent : .otherNewRoot(found)
    }
}
