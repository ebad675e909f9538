package import Cryptography

/// A full tile with its 256 hashes and its root, which is the hash at `index` of the next level.
package struct CompletedTile: Hashable, Sendable {
    /// Length of the stored form: 256 hashes of 32 bytes.
    package static let sizeBytes = Tile.fullWidth * Digest.size

    /// The tile level; 0 holds leaf hashes.
    package let level: Int
    /// How many tiles of the same level lie left of this one.
    package let index: Int
    /// The 256 hashes.
    package let hashes: [Digest]
    /// MTH (RFC 6962 §2.1) over the hashes.
    package let root: Digest

    /// The place of the tile.
    package var tile: Tile { Tile(in: level, at: index) }

    /// The hashes as they are stored and served: 8,192 bytes (C2SP tlog-tiles).
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.sizeBytes)
        for hash in hashes { hash.append(to: &bytes) }
        return bytes
    }
}
