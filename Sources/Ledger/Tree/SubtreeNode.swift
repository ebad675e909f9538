/// The place of a perfect subtree: 2^`level` leaves from leaf `index` * 2^`level` on.
///
/// Level 0 are the leaves. The hash at such a place never changes once the tree holds all its leaves.
package struct SubtreeNode: Hashable, Sendable {
    /// The height: binary levels above the leaves.
    package let level: Int
    /// How many nodes of the same level lie left of this one.
    package let index: Int

    package init(level: Int, index: Int) {
        self.level = level
        self.index = index
    }

    /// The indexes of the leaves below.
    package var leaves: Range<Int> { (index << level)..<((index + 1) << level) }

    /// The perfect subtrees that `leaves` consists of, from left to right.
    ///
    /// For a range that starts at a multiple of a power of two not below its length, as every node of a tree does, the
    /// largest comes first, and ``TreeHash/fold(_:)`` gives the hash of the range.
    static func covering(_ leaves: Range<Int>) -> [SubtreeNode] {
        var nodes: [SubtreeNode] = []
        var start = leaves.lowerBound
        while start < leaves.upperBound {
            let fitting = Int.bitWidth - 1 - (leaves.upperBound - start).leadingZeroBitCount
            let level = min(start.trailingZeroBitCount, fitting)
            nodes.append(SubtreeNode(level: level, index: start >> level))
            start += 1 << level
        }
        return nodes
    }

    /// Where MTH (RFC 6962 §2.1) splits a run of two or more leaves: after the largest power of two smaller than its
    /// length.
    static func split(_ leaves: Range<Int>) -> Int {
        leaves.lowerBound + (1 << (Int.bitWidth - 1 - (leaves.count - 1).leadingZeroBitCount))
    }
}
