import Cryptography
import Ledger
import Postgres

extension LedgerStore {
    /// The most entries of a page.
    package static let pageMax = 1_000

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
        // Without a cursor the digest is needed only if there is more to come.
        var filter: [UInt8]?
        var cursor: Cursor?
        if let text {
            let digest = query.digest(keys: ledger.keys)
            cursor = try Cursor(text, filter: digest, order: order, keys: ledger.keys)
            filter = digest
        }
        let found = try await lookUp { [cursor, sizeBefore = size(before: ledger)] connection, deadline in
            let search = EntrySearch(
                ledger, query, order: order, sizeBefore: sizeBefore, connection: connection, deadline: deadline)
            return try await Self.find(search, cursor, pinned: pinned, limit: limit, disclosures: disclosures)
        }
        note(size: found.span.size, of: ledger)
        let next = found.next.map { position in
            Cursor(position: position, order: order, size: found.span.size)
                .text(filter: filter ?? query.digest(keys: ledger.keys), keys: ledger.keys)
        }
        return EntryPage(entries: found.entries, size: found.span.size, nextCursor: next)
    }

    private struct Found: Sendable {
        let entries: [StoredEntry]
        let span: EntrySearch.Span
        /// Where the next page begins; nil after the last.
        let next: Int?
    }

    private static func find(
        _ search: EntrySearch, _ cursor: Cursor?, pinned: Int?, limit: Int, disclosures: Bool
    ) async throws -> Found {
        var span = search.span(size: cursor?.size ?? pinned, from: cursor?.position)
        var places: [Range<Int>]?
        if !search.query.idempotencyKeys.isEmpty { places = try await search.keyedPlaces() }
        var whole: EntrySearch.Span?
        if !search.query.recipients.isEmpty {
            let recipients = try await search.recipientPlaces(in: span)
            places = recipients.places.filter { seq in places?.contains { $0.contains(seq.lowerBound) } ?? true }
            whole = recipients.span
            span = search.span(recipients.seen)
        }
        let found = try await search.entries(in: span, at: places, limit: limit, disclosures: disclosures)
        let isWindowed = !search.query.isSelective
        let (low, high) = (whole?.low ?? found.span.low, whole?.high ?? found.span.high)
        let position: Int
        switch search.order {
        case .ascending:
            let end = isWindowed ? min(high, low + EntrySearch.windowMax) : found.span.high
            position = found.entries.count == limit ? (found.entries.last?.seq ?? 0) + 1 : end
        case .descending:
            let end = isWindowed ? max(low, high - EntrySearch.windowMax) : found.span.low
            position = found.entries.count == limit ? found.entries.last?.seq ?? 0 : end
        }
        let isEnd = search.order == .ascending ? position >= high : position <= low
        return Found(entries: found.entries, span: found.span, next: isEnd ? nil : position)
    }

    /// The entry at `seq`, or nil.
    package func entry(
        of ledger: StoredLedger, seq: Int, disclosures: Bool
    ) async throws(StoreError) -> StoredEntry? {
        try await lookUp { connection, deadline in
            let search = EntrySearch(ledger, connection: connection, deadline: deadline)
            let span = search.span(EntrySearch.Span(size: seq + 1, low: seq, high: seq + 1))
            return try await search.entries(in: span, at: [seq..<seq + 1], limit: 1, disclosures: disclosures)
                .entries.first
        }
    }
}
