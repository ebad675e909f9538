import Cryptography
import Ledger
import Postgres

/// Reads hashes of the tree: of a full tile from its row, otherwise leaf hashes from the entries and those of a higher
/// level from the roots of the full tiles below it.
enum TreeSQL {
    /// The hashes of each range, which lies in one tile; fewer than asked for where the ledger lacks them.
    static func hashes(
        _ ranges: [HashRange], of ledgerID: Int64, _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> [HashRange: [Digest]] {
        var hashes: [HashRange: [Digest]] = [:]
        let tiles = try await connection.pipeline(ranges.map { sliceStatement($0, ledgerID) }, deadline: deadline)
        for (range, rows) in zip(ranges, tiles) {
            if let row = rows.first { hashes[range] = Digest.sequence(in: try row.bytes(0)) }
        }
        let others = ranges.filter { hashes[$0] == nil }
        let answers = try await connection.pipeline(others.map { rowsStatement($0, ledgerID) }, deadline: deadline)
        for (range, rows) in zip(others, answers) { hashes[range] = try digests(rows) }
        return hashes
    }

    private static func digests(_ rows: Rows) throws -> [Digest] {
        var hashes: [Digest] = []
        hashes.reserveCapacity(rows.count)
        for row in rows {
            guard let hash = Digest(try row.bytes(0)) else { break }
            hashes.append(hash)
        }
        return hashes
    }

    /// The hashes as a full tile holds them; no row as long as it is not full.
    private static func sliceStatement(_ range: HashRange, _ ledgerID: Int64) -> Statement {
        let start = range.range.lowerBound - range.tileIndex * Tile.fullWidth
        return """
            SELECT substr(hashes, \(Int32(start * Digest.size + 1)), \(Int32(range.range.count * Digest.size)))
            FROM countersign.tiles
            WHERE ledger_id = \(ledgerID) AND level = \(Int16(range.level)) AND tile_index = \(range.tileIndex)
            """
    }

    private static func rowsStatement(_ range: HashRange, _ ledgerID: Int64) -> Statement {
        if range.level == 0 {
            return """
                SELECT leaf_hash FROM countersign.entries
                WHERE ledger_id = \(ledgerID) AND seq >= \(range.range.lowerBound) AND seq < \(range.range.upperBound)
                ORDER BY seq
                """
        }
        return """
            SELECT root FROM countersign.tiles
            WHERE ledger_id = \(ledgerID) AND level = \(Int16(range.level - 1))
                AND tile_index >= \(range.range.lowerBound) AND tile_index < \(range.range.upperBound)
            ORDER BY tile_index
            """
    }
}
