import Cryptography

/// The way from a leaf, or from a node above it, to the root, as the bits of index and size determine it.
///
/// Up to the level where the way joins that of the last leaf, a node is left or right by its index's bit; from there
/// on the way is the tree's right edge, where only the levels with a left sibling add a hash (RFC 9162 §2.1.3.2).
struct TreePath {
    /// The bits of the node's index: 0 where it is a left child.
    private let index: UInt64
    /// The levels below the right edge.
    private let innerCount: Int

    /// The number of siblings on the way.
    let count: Int

    /// The way from the node that holds the leaf `index` at `level`; requires `index` < `size`.
    init(index: UInt64, size: UInt64, level: Int = 0) {
        self.index = index >> UInt64(level)
        innerCount = UInt64.bitWidth - (self.index ^ ((size - 1) >> UInt64(level))).leadingZeroBitCount
        count = innerCount + (self.index >> UInt64(innerCount)).nonzeroBitCount
    }

    /// The root, from the hash at the start of the way and all siblings.
    func rootAbove(_ hash: Digest, siblings: [Digest]) -> Digest {
        siblings.enumerated().reduce(hash) { hash, sibling in
            isLeft(at: sibling.offset)
                ? TreeHash.node(hash, sibling.element) : TreeHash.node(sibling.element, hash)
        }
    }

    /// The hash of all leaves up to and including the start: only left siblings belong to it.
    func rootOfLeftPart(_ hash: Digest, siblings: [Digest]) -> Digest {
        siblings.enumerated().reduce(hash) { hash, sibling in
            isLeft(at: sibling.offset) ? hash : TreeHash.node(sibling.element, hash)
        }
    }

    private func isLeft(at position: Int) -> Bool {
        position < innerCount && (index >> UInt64(position)).isMultiple(of: 2)
    }
}
