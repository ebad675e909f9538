import Cryptography

/// Consecutive hashes of one tile level, as they are stored: leaf hashes at level 0, above it the roots of the full
/// tiles of the level below.
package struct HashRange: Hashable, Sendable {
    /// The tile level.
    package let level: Int
    /// The positions among the hashes of that level.
    package let range: Range<Int>

    package init(level: Int, range: Range<Int>) {
        self.level = level
        self.range = range
    }

    /// The hashes from which a perfect subtree is computed: those 2^(k % 8) of tile level k / 8 below it, for a
    /// subtree of binary level k.
    package init(below node: SubtreeNode) {
        let (level, height) = node.level.quotientAndRemainder(dividingBy: Tile.height)
        self.init(level: level, range: (node.index << height)..<((node.index + 1) << height))
    }

    /// The index of the tile of the same level that the hashes lie in; no range of a plan reaches into a second one.
    package var tileIndex: Int { range.lowerBound / Tile.fullWidth }

    func contains(_ other: HashRange) -> Bool {
        level == other.level && range.lowerBound <= other.range.lowerBound && other.range.upperBound <= range.upperBound
    }

    /// The answer to this range, which must hold as many hashes as were asked for.
    func hashes(from stored: [HashRange: [Digest]]) throws(MissingHashes) -> [Digest] {
        let hashes = stored[self] ?? []
        guard hashes.count == range.count else { throw MissingHashes(range: self, found: hashes.count) }
        return hashes
    }
}
