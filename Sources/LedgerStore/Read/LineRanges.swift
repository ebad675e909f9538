package import Ledger
import Postgres

extension LedgerStore {
    /// The part of the ledger below `size` in which all entries recorded in `[from, to)` lie; few others do.
    package func range(
        of ledger: StoredLedger, from: Timestamp?, to: Timestamp?, size: Int
    ) async throws(StoreError) -> Range<Int> {
        guard from != nil || to != nil else { return 0..<size }
        var query = EntryQuery()
        query.from = from
        query.to = to
        return try await lookUp { [query] connection, deadline in
            let search = EntrySearch(ledger, query, connection: connection, deadline: deadline)
            let span = try await search.spanInNumbers(search.span(size: size, from: nil))
            return span.low..<span.high
        }
    }

    /// The lines of the entries of `range` that were recorded in `[from, to)`, in order, a LF after each, and how many
    /// they are.
    ///
    /// One short transaction, which is over when this returns: whoever reads slowly holds nothing up.
    ///
    /// - Parameter size: about how many bytes they will have.
    package func lines(
        of ledger: StoredLedger, in range: Range<Int>, from: Timestamp? = nil, to: Timestamp? = nil,
        expecting size: Int = 0
    ) async throws(StoreError) -> (bytes: [UInt8], count: Int) {
        // COPY takes no parameters.
        let low: Statement = from.map { "AND recorded_at >= \(literal: $0.text)::timestamptz" } ?? ""
        let high: Statement = to.map { "AND recorded_at < \(literal: $0.text)::timestamptz" } ?? ""
        let copy: Statement = """
            COPY (
                SELECT line FROM countersign.entries
                WHERE ledger_id = \(literal: ledger.id) AND seq >= \(literal: range.lowerBound)
                    AND seq < \(literal: range.upperBound) \(fragment: low) \(fragment: high)
                ORDER BY seq
            ) TO STDOUT (FORMAT binary)
            """
        return try await read { connection, _ in
            try await connection.copyOutFields(
                copy, terminator: UInt8(ascii: "\n"), expecting: size, timeout: Self.readTimeout)
        }
    }
}
