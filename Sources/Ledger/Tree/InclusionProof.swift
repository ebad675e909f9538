package import Cryptography

/// The audit path of a leaf (RFC 6962 §2.1.1): the hashes with which a leaf hash becomes the root.
///
/// The sibling of the leaf comes first, the child of the root last, as in a C2SP tlog-proof.
package struct InclusionProof: Hashable, Sendable {
    /// The hashes, from the leaf upwards.
    package let hashes: [Digest]

    package init(hashes: [Digest]) {
        self.hashes = hashes
    }

    /// What must be read to prove the leaf `index` of a tree of `size` leaves; nil unless the tree has that leaf.
    ///
    /// The plan's hashes are the proof's hashes, in order.
    package static func plan(index: Int, size: Int) -> HashPlan? {
        guard 0 <= index, index < size else { return nil }
        var siblings: [Range<Int>] = []
        var node = 0..<size
        while node.count > 1 {
            let middle = SubtreeNode.split(node)
            let (left, right) = (node.lowerBound..<middle, middle..<node.upperBound)
            siblings.append(index < middle ? right : left)
            node = index < middle ? left : right
        }
        return HashPlan(runs: siblings.reversed())
    }
}

extension InclusionProof {
    /// What verification found.
    package enum Verdict: Hashable, Sendable {
        /// The leaf is at that index of the tree with that root.
        case included
        /// A tree of that size has no leaf at that index.
        case indexOutsideTree
        /// The proof is shorter than index and size demand.
        case tooFewHashes(expected: Int)
        /// The proof is longer than index and size demand.
        case tooManyHashes(expected: Int)
        /// The proof leads to another root: the leaf, its index, the proof or the root is not the tree's.
        case otherRoot(Digest)
    }

    /// Judges whether `leafHash` is at `index` of the tree of `size` leaves with `root` (RFC 9162 §2.1.3.2).
    ///
    /// Size and root must come from one trusted checkpoint. The proof ties the leaf and its index to the root; another
    /// size that gives the way the same turns is not noticed.
    package func verify(leafHash: Digest, index: UInt64, size: UInt64, root: Digest) -> Verdict {
        guard index < size else { return .indexOutsideTree }
        let path = TreePath(index: index, size: size)
        guard hashes.count >= path.count else { return .tooFewHashes(expected: path.count) }
        guard hashes.count <= path.count else { return .tooManyHashes(expected: path.count) }
        let found = path.rootAbove(leafHash, siblings: hashes)
        return found == root ? .included : .otherRoot(found)
    }
}
