import Cryptography
import Ledger
import Postgres

extension LedgerStore {
    /// The most entries of a page.
    package static let pageMax = 1_000
    /// How far an unselective search reads for one page.
    private static let windowMax = 50_000

    /// One page of the entries that `query` describes. The first page pins the size; a cursor goes on within it.
    ///
    /// - Parameter pinned: the size to pin instead of the present one; no larger.
    package func page(
        of ledger: StoredLedger, _ query: EntryQuery, order: EntryQuery.Order = .ascending, limit: Int,
        cursor text: String? = nil, pinned: Int? = nil, disclosures: Bool
    ) async throws(StoreError) -> EntryPage {
        if ledger.keyFault != nil, !query.recipients.isEmpty || !query.idempotencyKeys.isEmpty {
            throw StoreError(.keyRefused, StoredLedger.keyRefusal)
        }
        let filter = query.digest(keys: ledger.keys)
        let cursor: Cursor? =
            if let text { try Cursor(text, filter: filter, order: order, keys: ledger.keys) } else { nil }
        return try await read { connection, deadline in
            let search = EntrySearch(ledger: ledger, query: query, connection: connection, deadline: deadline)
            let size: Int
            if let known = cursor?.size ?? pinned { size = known } else { size = try await search.currentSize() }
            guard let bounds = try await search.bounds(size: size), let condition = try await search.condition() else {
                return EntryPage(entries: [], size: size, nextCursor: nil)
            }
            var low = bounds.lowerBound
            var high = bounds.upperBound
            if let cursor {
                if order == .ascending { low = max(low, cursor.position) } else { high = min(high, cursor.position) }
            }
            guard low < high else { return EntryPage(entries: [], size: size, nextCursor: nil) }
            var window: Range<Int>
            if query.isSelective {
                window = low..<high
            } else if order == .ascending {
                window = low..<min(high, low + Self.windowMax)
            } else {
                window = max(low, high - Self.windowMax)..<high
            }
            var conditions = [condition]
            if let found = try await search.recipientSeqs(in: window, order: order) {
                window = found.window
                conditions.append("e.seq = ANY(\(found.seqs.map(Int64.init)))")
            }
            let entries = try await search.entries(
                in: window, conditions.joined(by: " AND "), order: order, limit: limit, disclosures: disclosures)
            let position: Int
            let isEnd: Bool
            if order == .ascending {
                position = entries.count == limit ? (entries.last?.seq ?? 0) + 1 : window.upperBound
                isEnd = position >= high
            } else {
                position = entries.count == limit ? entries.last?.seq ?? 0 : window.lowerBound
                isEnd = position <= low
            }
            let next = Cursor(position: position, order: order, size: size)
            return EntryPage(
                entries: entries, size: size,
                nextCursor: isEnd ? nil : next.text(filter: filter, keys: ledger.keys))
        }
    }

    /// The entry at `seq`, or nil.
    package func entry(
        of ledger: StoredLedger, seq: Int, disclosures: Bool
    ) async throws(StoreError) -> StoredEntry? {
        try await read { connection, deadline in
            let search = EntrySearch(
                ledger: ledger, query: EntryQuery(), connection: connection, deadline: deadline)
            return try await search.entries(
                in: seq..<seq + 1, "true", order: .ascending, limit: 1, disclosures: disclosures
            ).first
        }
    }
}
