/// The place of a tile: up to 256 consecutive hashes of one level of the tree (C2SP tlog-tiles).
///
/// Level 0 holds leaf hashes; level L + 1 holds the root of each *full* tile of level L, so one tile level is eight
/// binary levels. A partial tile is a prefix of the full one and is never hashed upwards.
///
/// There are only tiles that a tree of at most 2^63 - 1 leaves can have, so what is reckoned with one cannot overflow.
package struct Tile: Hashable, Sendable {
    /// Hashes in a full tile.
    package static let fullWidth = 256
    /// Binary levels in one tile level: 2^8 = 256.
    package static let height = 8
    /// The highest level that a tree of 2^63 - 1 leaves has.
    package static let levelMax = 7

    /// The tile level; 0 holds leaf hashes.
    package let level: Int
    /// How many tiles of the same level lie left of this one.
    package let index: Int
    /// The number of hashes: 256 in a full tile, 1 to 255 in a partial one.
    package let width: Int

    /// A tile whose place comes from outside; nil unless there can be a tree that has it.
    package init?(level: Int, index: Int, width: Int = Tile.fullWidth) {
        guard (0...Self.levelMax).contains(level), index >= 0, (1...Self.fullWidth).contains(width) else { return nil }
        let (start, isTooFar) = index.multipliedReportingOverflow(by: Self.fullWidth)
        let (end, endsTooFar) = start.addingReportingOverflow(width)
        guard !isTooFar, !endsTooFar, end <= Self.hashCount(level: level, size: Checkpoint.sizeMax) else { return nil }
        self.init(in: level, at: index, width: width)
    }

    /// A tile that a tree is known to have.
    init(in level: Int, at index: Int, width: Int = Tile.fullWidth) {
        self.level = level
        self.index = index
        self.width = width
    }

    /// Whether all its hashes are there, so that it never changes again.
    package var isFull: Bool { width == Self.fullWidth }

    /// The hashes of its level that it holds.
    package var hashes: HashRange {
        let start = index * Self.fullWidth
        return HashRange(level: level, range: start..<start + width)
    }

    /// The path below a ledger's prefix, as in `tile/0/x001/x234/067` and `tile/0/x001/x234/067.p/12`.
    package var path: String { "tile/\(level)/\(indexPath)" }

    /// The path of the bundle that holds the entries of a tile of level 0, as in `tile/entries/x001/x234/067.p/12`.
    package var entriesPath: String { "tile/entries/\(indexPath)" }

    private var indexPath: String {
        var path = Self.threeDigits(index % 1000)
        var rest = index / 1000
        while rest > 0 {
            path = "x\(Self.threeDigits(rest % 1000))/\(path)"
            rest /= 1000
        }
        return isFull ? path : "\(path).p/\(width)"
    }

    /// How many elements the index has in a path.
    var elementCount: Int { max(1, (String(index).count + 2) / 3) }

    private static func threeDigits(_ number: Int) -> String { String(String(1000 + number).dropFirst()) }

    /// The number of tiles, the last of which may be partial, that a tree of `size` leaves has at a tile level.
    static func count(level: Int, size: Int) -> Int {
        let (full, rest) = hashCount(level: level, size: size).quotientAndRemainder(dividingBy: fullWidth)
        return full + (rest > 0 ? 1 : 0)
    }

    /// The number of hashes that a tree of `size` leaves has at a tile level.
    package static func hashCount(level: Int, size: Int) -> Int { size >> (height * level) }

    /// The number of full tiles that a tree of `size` leaves has at a tile level.
    package static func fullCount(level: Int, size: Int) -> Int { size >> (height * (level + 1)) }

    /// The number of tile levels at which a tree of `size` leaves has any hash.
    package static func levelCount(size: Int) -> Int {
        (Int.bitWidth - size.leadingZeroBitCount + height - 1) / height
    }

    /// The last tile of each level of a tree of `size` leaves, from level 0 up, if it is partial.
    package static func partial(size: Int) -> [Tile] {
        (0..<levelCount(size: size)).compactMap { level in
            let (index, width) = hashCount(level: level, size: size).quotientAndRemainder(dividingBy: fullWidth)
            return width == 0 ? nil : Tile(in: level, at: index, width: width)
        }
    }

    /// The full tiles of a tree of `size` leaves that one of `oldSize` leaves did not have, from level 0 up.
    package static func completed(from oldSize: Int = 0, to size: Int) -> [Tile] {
        (0..<levelCount(size: size)).flatMap { level in
            (fullCount(level: level, size: oldSize)..<fullCount(level: level, size: size)).map {
                Tile(in: level, at: $0)
            }
        }
    }
}
