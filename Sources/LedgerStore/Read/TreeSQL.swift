import Cryptography
import Ledger
import Postgres

/// Reads hashes of the tree: leaf hashes from the entries, the hashes of a higher level from the roots of the full
/// tiles
/// below it.
enum TreeSQL {
    /// The hashes of one range; fewer than asked for where the ledger lacks them.
    static func hashes(
        _ range: HashRange, of ledgerID: Int64, _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> [Digest] {
        let rows = try await connection.query(statement(range, ledgerID), deadline: deadline)
        var hashes: [Digest] = []
        hashes.reserveCapacity(rows.count)
        for row in rows {
            guard let hash = Digest(try row.bytes(0)) else { break }
            hashes.append(hash)
        }
        return hashes
    }

    private static func statement(_ range: HashRange, _ ledgerID: Int64) -> Statement {
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
