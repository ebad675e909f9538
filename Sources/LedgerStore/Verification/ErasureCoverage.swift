import Cryptography
import Ledger
import Postgres

/// What was erased among the entries of one range, as the rows beside the entries have it. Whether these rows are those
/// that the lines call for is found out by itself.
struct ErasureCoverage: Sendable {
    /// What was erased of one entry.
    struct Erased: Sendable {
        /// Everybody's values.
        var isWhole = false
        /// The people whose values were.
        var pseudonyms: [UInt128] = []

        var isNothing: Bool { !isWhole && pseudonyms.isEmpty }
    }

    private struct Row: Sendable {
        let range: ClosedRange<Int>
        let pseudonym: UInt128?
    }

    private var blocks: [Int: [Row]] = [:]

    /// Nothing was erased.
    init() {}

    /// Reads the rows that cover entries of `range`, those of erasures since the run began included.
    init(of range: Range<Int>, in ledger: Int64, _ connection: Connection, _ deadline: ContinuousClock.Instant)
        async throws
    {
        let rows = try await connection.query(
            """
            SELECT first_seq, last_seq, pseudonym FROM countersign.erased_ranges
            WHERE ledger_id = \(ledger) AND first_seq >= \(range.lowerBound / SeqRanges.blockSize * SeqRanges.blockSize)
                AND first_seq < \(range.upperBound)
            """, deadline: deadline)
        for row in rows {
            let (first, last) = (
                try row.int(0, clampedTo: Entry.claimedSeqs), try row.int(1, clampedTo: Entry.claimedSeqs)
            )
            let pseudonym = try row.bytesIfPresent(2).flatMap { UInt128(bigEndian: $0.span) }
            blocks[first / SeqRanges.blockSize, default: []].append(
                Row(range: first...max(first, last), pseudonym: pseudonym))
        }
    }

    /// Adds what was erased of a range that crosses the end of no block.
    ///
    /// - Parameter pseudonym: whose values were; nil for everybody's.
    mutating func add(_ range: ClosedRange<Int>, pseudonym: Pseudonym?) {
        blocks[range.lowerBound / SeqRanges.blockSize, default: []].append(
            Row(range: range, pseudonym: pseudonym.flatMap { UInt128(bigEndian: $0.bytes.span) }))
    }

    /// What was erased of the entry at `seq`.
    func erased(at seq: Int) -> Erased {
        var erased = Erased()
        guard !blocks.isEmpty else { return erased }
        for row in blocks[seq / SeqRanges.blockSize] ?? [] where row.range.contains(seq) {
            if let pseudonym = row.pseudonym { erased.pseudonyms.append(pseudonym) } else { erased.isWhole = true }
        }
        return erased
    }
}
