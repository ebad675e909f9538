import Cryptography
package import Ledger
import Postgres

/// What a tree is made of, as C2SP tlog-tiles serves it.
extension LedgerStore {
    /// The hashes of a tile, 32 bytes each; nil where the ledger has not so many.
    package func bytes(of tile: Tile, in ledger: StoredLedger) async throws(StoreError) -> [UInt8]? {
        let range = tile.hashes
        let stored = try await read { connection, deadline in
            try await TreeSQL.hashes([range], of: ledger.id, connection, deadline)
        }
        guard let hashes = stored[range], hashes.count == tile.width else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hashes.count * 32)
        for hash in hashes { bytes += hash.bytes }
        return bytes
    }

    /// The entries of a tile of level 0, before each its length in two bytes; nil where the ledger has not so many.
    package func entryBundle(of tile: Tile, in ledger: StoredLedger) async throws(StoreError) -> [UInt8]? {
        let lines = try await lines(of: ledger, in: tile.hashes.range)
        guard lines.count == tile.width else { return nil }
        var bundle: [UInt8] = []
        bundle.reserveCapacity(lines.bytes.count + tile.width)
        var begin = lines.bytes.startIndex
        while let end = lines.bytes[begin...].firstIndex(of: UInt8(ascii: "\n")) {
            let count = end - begin
            bundle += [UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
            bundle += lines.bytes[begin..<end]
            begin = end + 1
        }
        return bundle
    }
}
