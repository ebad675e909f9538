import Ledger
import Postgres

/// What an `access/erased` entry does beside itself: its ranges, and that what they list goes.
struct ErasureEffects: Sendable {
    let ledger: StoredLedger
    /// The entry.
    let seq: Int
    /// Whose values go; nil for everybody's.
    let pseudonym: Pseudonym?

    /// The ranges that the entry lists, and the end of the values in them.
    ///
    /// - Parameter touched: the entries of `seqs` of which there is something to erase.
    func erase(_ seqs: SeqRanges, _ touched: [Touched]) -> [Statement] {
        guard !seqs.isEmpty else { return [] }
        let blocks = seqs.blocks
        let pseudonym: Statement = self.pseudonym.map { "\($0.bytes)" } ?? "NULL"
        return [
            """
            INSERT INTO countersign.erased_ranges (ledger_id, first_seq, last_seq, erased_by, pseudonym)
            SELECT \(ledger.id), r.first_seq, r.last_seq, \(seq), \(fragment: pseudonym)::bytea
            FROM unnest(\(blocks.map { Int64($0.lowerBound) }), \(blocks.map { Int64($0.upperBound) }))
                AS r (first_seq, last_seq)
            """,
            """
            SELECT countersign.erase(
                \(ledger.id), \(seq), \(touched.map { Int64($0.seq) }), \(touched.map(\.rest)),
                \(touched.compactMap(\.keyTag)))
            """,
        ]
    }

    /// The end of the person's mapping.
    ///
    /// - Parameter tag: the tag of the address; nil where only the pseudonym is known.
    func forget(tag: [UInt8]?) -> [Statement] {
        guard let pseudonym else { return [] }
        let tag: Statement = tag.map { "\($0)" } ?? "NULL"
        return ["SELECT countersign.forget(\(ledger.id), \(seq), \(fragment: tag), \(pseudonym.bytes))"]
    }
}
