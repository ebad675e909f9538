package import Cryptography

/// Grows a tree leaf by leaf and gives each tile once, at the leaf that completes it.
///
/// Holds the compact range and the hashes of the partial tile of each level: at most 255 hashes for each eight binary
/// levels. A value: keep the old one until what the new one stands for is durable.
package struct TileBuilder: Hashable, Sendable {
    /// The right edge of the tree.
    package private(set) var compactRange: CompactRange
    /// For each tile level, the hashes that are not part of a full tile yet.
    private var pending: [[Digest]]

    /// The number of leaves.
    package var size: Int { compactRange.size }

    /// The root of the tree.
    package var root: Digest { compactRange.root }

    /// The builder of the tree without leaves.
    package init() {
        compactRange = CompactRange()
        pending = []
    }

    /// The stored hashes from which a builder for a tree of `size` leaves starts: those of the partial tiles.
    package static func neededHashes(size: Int) -> [HashRange] { Tile.partial(size: size).map(\.hashes) }

    /// The builder of a tree of `size` leaves.
    ///
    /// `stored` answers each range of ``neededHashes(size:)``.
    package init(size: Int, from stored: [HashRange: [Digest]]) throws(MissingHashes) {
        var pending = [[Digest]](repeating: [], count: Tile.levelCount(size: size))
        for range in Self.neededHashes(size: size) {
            pending[range.level] = try range.hashes(from: stored)
        }
        compactRange = try CompactRange(size: size, from: stored)
        self.pending = pending
    }

    /// Adds a leaf at the right; gives the tiles that it completes, from level 0 up: nearly always none.
    package mutating func append(_ leafHash: Digest) -> [CompletedTile] {
        var tiles: [CompletedTile] = []
        append(leafHash, completed: &tiles)
        return tiles
    }

    /// Adds leaves at the right; gives the tiles that they complete, in the order of completion.
    package mutating func append(contentsOf leafHashes: some Sequence<Digest>) -> [CompletedTile] {
        var tiles: [CompletedTile] = []
        for leafHash in leafHashes { append(leafHash, completed: &tiles) }
        return tiles
    }

    private mutating func append(_ leafHash: Digest, completed tiles: inout [CompletedTile]) {
        // The root of a full tile is the perfect subtree eight levels up, which the compact range computes anyway.
        compactRange.append(leafHash) { node, hash in
            let (level, height) = node.level.quotientAndRemainder(dividingBy: Tile.height)
            guard height == 0 else { return }
            if level > 0 {
                tiles.append(
                    CompletedTile(level: level - 1, index: node.index, hashes: pending[level - 1], root: hash))
                pending[level - 1].removeAll(keepingCapacity: true)
            }
            if level == pending.count { pending.append([]) }
            pending[level].append(hash)
        }
    }
}
