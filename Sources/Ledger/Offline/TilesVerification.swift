import Cryptography

/// Holds a static copy of a ledger (C2SP tlog-tiles) to a checkpoint: every entry against its tile, every tile against
/// the one above it, and the top against the signed root.
package struct TilesVerification {
    /// What is wrong, by the path of the file.
    package enum Fault: Error, Hashable, Sendable {
        case missing(path: String)
        /// Another length than the tile's width calls for.
        case wrongLength(path: String)
        /// Too few entries, too many, or something behind the last.
        case malformedBundle(path: String)
        /// An entry is not the one whose hash its tile holds.
        case otherEntry(index: Int)
        /// A tile is not the one whose root the level above holds.
        case otherTile(path: String)
        /// The tiles fit each other, and yet this is not the tree that was signed.
        case otherTree(size: Int)
    }

    private let checkpoint: Checkpoint
    private let read: (String) -> [UInt8]?

    /// - Parameter read: the content of a file below the ledger's prefix, such as `tile/0/x001/x234/067`; nil where
    ///   there is none.
    package init(_ trusted: TrustedCheckpoint, read: @escaping (String) -> [UInt8]?) {
        checkpoint = trusted.checkpoint
        self.read = read
    }

    /// Reads everything that the checkpoint's size calls for.
    ///
    /// - Parameter progress: called now and then with the number of entries done.
    package func run(progress: (Int) -> Void = { _ in }) throws(Fault) {
        var tree = CompactRange()
        // The roots of full tiles, level by level, until the next level's tile has been compared with them.
        var roots: [[Digest]] = [[]]
        for index in 0..<Tile.count(level: 0, size: checkpoint.size) {
            let start = index * Tile.fullWidth
            let tile = Tile(in: 0, at: index, width: min(Tile.fullWidth, checkpoint.size - start))
            let hashes = try hashes(of: tile)
            try check(try entries(of: tile), against: hashes, from: start)
            for hash in hashes { tree.append(hash) }
            if tile.isFull { try close(tile, TreeHash.root(of: hashes), &roots) }
            progress(start + tile.width)
        }
        for level in 1..<max(2, Tile.levelCount(size: checkpoint.size)) {
            let width = Tile.hashCount(level: level, size: checkpoint.size) % Tile.fullWidth
            guard width > 0, roots.indices.contains(level - 1) else { continue }
            let index = Tile.fullCount(level: level, size: checkpoint.size)
            let tile = Tile(in: level, at: index, width: width)
            guard try hashes(of: tile) == roots[level - 1] else { throw .otherTile(path: tile.path) }
        }
        guard tree.root == checkpoint.root else { throw .otherTree(size: checkpoint.size) }
    }

    /// Notes the root of a full tile for the level above, whose own tile is compared once it is full.
    private func close(_ tile: Tile, _ root: Digest, _ roots: inout [[Digest]]) throws(Fault) {
        if roots.count == tile.level { roots.append([]) }
        roots[tile.level].append(root)
        guard roots[tile.level].count == Tile.fullWidth else { return }
        let above = Tile(in: tile.level + 1, at: tile.index / Tile.fullWidth)
        guard try hashes(of: above) == roots[tile.level] else { throw .otherTile(path: above.path) }
        let rootAbove = TreeHash.root(of: roots[tile.level])
        roots[tile.level] = []
        try close(above, rootAbove, &roots)
    }

    private func hashes(of tile: Tile) throws(Fault) -> [Digest] {
        guard let bytes = read(tile.path) else { throw .missing(path: tile.path) }
        guard bytes.count == tile.width * Digest.size, let hashes = Digest.sequence(in: bytes) else {
            throw .wrongLength(path: tile.path)
        }
        return hashes
    }

    private func entries(of tile: Tile) throws(Fault) -> [ArraySlice<UInt8>] {
        guard let bytes = read(tile.entriesPath) else { throw .missing(path: tile.entriesPath) }
        var entries: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while let high = rest.popFirst() {
            guard let low = rest.popFirst() else { throw .malformedBundle(path: tile.entriesPath) }
            let count = Int(high) << 8 | Int(low)
            guard rest.count >= count, entries.count < tile.width else {
                throw .malformedBundle(path: tile.entriesPath)
            }
            entries.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        guard entries.count == tile.width else { throw .malformedBundle(path: tile.entriesPath) }
        return entries
    }

    private func check(_ entries: [ArraySlice<UInt8>], against hashes: [Digest], from start: Int) throws(Fault) {
        for (offset, entry) in entries.enumerated() where TreeHash.leaf(Array(entry)) != hashes[offset] {
            throw .otherEntry(index: start + offset)
        }
    }
}

extension TilesVerification.Fault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let path): "\(path) is missing"
        case .wrongLength(let path): "\(path) has not the length of its hashes"
        case .malformedBundle(let path): "\(path) holds other entries than its place calls for"
        case .otherEntry(let index): "entry \(index) is not the one whose hash its tile holds"
        case .otherTile(let path): "\(path) does not hold the roots of the tiles below it"
        case .otherTree(let size): "the tiles of \(size) entries do not make the tree that was signed"
        }
    }
}
