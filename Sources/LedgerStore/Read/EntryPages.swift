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
            let window: Range<Int>
            if query.isSelective {
                window = low..<high
            } else if order == .ascending {
                window = low..<min(high, low + Self.windowMax)
            } else {
                window = max(low, high - Self.windowMax)..<high
            }
            let entries = try await search.entries(
                in: window, condition, order: order, limit: limit, disclosures: disclosures)
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

/// The SQL of one search within one ledger.
struct EntrySearch {
    let ledger: StoredLedger
    let query: EntryQuery
    let connection: Connection
    let deadline: ContinuousClock.Instant

    /// The size of the newest head.
    func currentSize() async throws -> Int {
        try await connection.query(
            "SELECT coalesce(max(size), 0) FROM countersign.heads WHERE ledger_id = \(ledger.id)", deadline: deadline
        ).one().int(0)
    }

    /// The range of `seq` that the times of the query allow within `size`; nil if it is empty.
    ///
    /// `recorded_at` never goes back, so a time is a place; the table of hours brings the search within an hour of it.
    func bounds(size: Int) async throws -> Range<Int>? {
        var low = 0
        var high = size
        if let from = query.from {
            low = try await firstSeq(atOrAfter: from.hour) ?? size
        }
        if let to = query.to {
            let isFullHour = to.hour == to
            let next = isFullHour ? to : Timestamp(microseconds: to.hour.microseconds + Timestamp.microsecondsPerHour)
            high = min(size, try await firstSeq(atOrAfter: next) ?? size)
        }
        return low < high ? low..<high : nil
    }

    private func firstSeq(atOrAfter hour: Timestamp) async throws -> Int? {
        try await connection.query(
            """
            SELECT first_seq FROM countersign.hours
            WHERE ledger_id = \(ledger.id) AND hour >= \(PostgresTimestamp(hour)) ORDER BY hour LIMIT 1
            """, deadline: deadline
        ).first?.int(0)
    }

    /// The filters as SQL; nil if nothing can match.
    func condition() async throws -> Statement? {
        var parts: [Statement] = []
        if !query.messageIDs.isEmpty { parts.append("e.message_id = ANY(\(query.messageIDs.map(\.text)))") }
        if !query.senders.isEmpty { parts.append("e.sender = ANY(\(query.senders))") }
        if !query.senderDomains.isEmpty {
            parts.append("split_part(e.sender, '@', 2) = ANY(\(query.senderDomains))")
        }
        if !query.kinds.isEmpty { parts.append("e.kind = ANY(\(query.kinds))") }
        if !query.oversightModes.isEmpty { parts.append("e.oversight_mode = ANY(\(query.oversightModes))") }
        if !query.outcomes.isEmpty { parts.append("e.outcome = ANY(\(query.outcomes))") }
        if !query.runIDs.isEmpty { parts.append("e.run_id = ANY(\(query.runIDs))") }
        if !query.actors.isEmpty { parts.append("e.actor = ANY(\(query.actors))") }
        if let from = query.from { parts.append("e.recorded_at >= \(PostgresTimestamp(from))") }
        if let to = query.to { parts.append("e.recorded_at < \(PostgresTimestamp(to))") }
        if !query.recipients.isEmpty {
            guard let recipients = try await recipients() else { return nil }
            parts.append(recipients)
        }
        if !query.idempotencyKeys.isEmpty {
            guard let keyed = try await keyed() else { return nil }
            parts.append(keyed)
        }
        return parts.isEmpty ? "true" : parts.joined(by: " AND ")
    }

    private func recipients() async throws -> Statement? {
        let tags = query.recipients.map(ledger.keys.subjectTag)
        let rows = try await connection.query(
            "SELECT pseudonym FROM countersign.subjects WHERE ledger_id = \(ledger.id) AND tag = ANY(\(tags))",
            deadline: deadline)
        guard !rows.isEmpty else { return nil }
        let pseudonyms = try rows.map { try $0.bytes(0) }
        return """
            e.seq IN (
                SELECT k.seq FROM countersign.entry_keys k
                WHERE k.ledger_id = \(ledger.id) AND k.name = 'subject' AND k.tag = ANY(\(pseudonyms))
            )
            """
    }

    private func keyed() async throws -> Statement? {
        let tags = query.idempotencyKeys.map { ledger.keys.idempotencyTag(of: $0, scope: .entries) }
        let rows = try await connection.query(
            "SELECT first_seq, count FROM countersign.keys WHERE ledger_id = \(ledger.id) AND tag = ANY(\(tags))",
            deadline: deadline)
        guard !rows.isEmpty else { return nil }
        let ranges = try rows.map { row -> Statement in
            let first = try row.int(0)
            return "(e.seq >= \(first) AND e.seq < \(first + Int(try row.int32(1))))"
        }
        return "(\(fragment: ranges.joined(by: " OR ")))"
    }

    /// The matching entries of `window`, at most `limit`.
    func entries(
        in window: Range<Int>, _ condition: Statement, order: EntryQuery.Order, limit: Int, disclosures: Bool
    ) async throws -> [StoredEntry] {
        let direction = order == .ascending ? "ASC" : "DESC"
        let sealed: Statement = disclosures ? "d.disclosures" : "NULL::text"
        let join: Statement =
            disclosures
            ? "LEFT JOIN countersign.disclosures d ON d.ledger_id = e.ledger_id AND d.seq = e.seq" : ""
        let rows = try await connection.query(
            """
            SELECT e.seq, e.leaf_hash, e.line, \(fragment: sealed)
            FROM countersign.entries e \(fragment: join)
            WHERE e.ledger_id = \(ledger.id) AND e.seq >= \(window.lowerBound) AND e.seq < \(window.upperBound)
                AND \(fragment: condition)
            ORDER BY e.seq \(unescaped: direction) LIMIT \(limit)
            """, deadline: deadline)
        return try rows.map { row in try StoredEntry(row) }
    }
}

extension StoredEntry {
    /// Reads `seq, leaf_hash, line, disclosures`.
    init(_ row: Row) throws {
        guard let leafHash = Digest(try row.bytes(1)) else {
            throw PostgresError(.decoding, "a leaf hash has another length than 32 bytes")
        }
        let texts = try row.textIfPresent(3)?.split(separator: "~") ?? []
        self.init(
            seq: try row.int(0), leafHash: leafHash, line: try row.text(2),
            disclosures: texts.map { Disclosure(text: String($0)) })
    }
}
