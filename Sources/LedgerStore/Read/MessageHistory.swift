package import Ledger
import Postgres

extension LedgerStore {
    /// The most entries of one message's life that are shown at once.
    package static let historyMax = 1_000
    private static let aliasesMax = 16

    /// The life of one message in order: every entry that carries its Message-ID, links to it, knows it by an alias, or
    /// observes a step attempt of the run and step that handled it, or tells how that run ended.
    ///
    /// - Returns: at most `historyMax` entries, and whether there are more.
    package func history(
        of message: MessageID, in ledger: StoredLedger, disclosures: Bool
    ) async throws(StoreError) -> (entries: [StoredEntry], isTruncated: Bool) {
        try await read { connection, deadline in
            let search = EntrySearch(
                ledger: ledger, query: EntryQuery(), connection: connection, deadline: deadline)
            let size = try await search.currentSize()
            let ids = try await self.ids(of: message, ledger, connection, deadline)
            let links = ids.map { LookupKey(link: $0, relation: "message").tag }
            let aliases = [LookupKey(alias: message.text)?.tag ?? []]
            // Attempts are found through the runs and steps of the message's own entries, of which there are few.
            let entries = try await search.entries(
                in: 0..<size,
                """
                e.seq IN (
                    SELECT m.seq FROM countersign.entries m
                    WHERE m.ledger_id = \(ledger.id) AND m.message_id = ANY(\(ids))
                    UNION
                    SELECT k.seq FROM countersign.entry_keys k
                    WHERE k.ledger_id = \(ledger.id) AND k.name = 'link' AND k.tag = ANY(\(links))
                    UNION
                    SELECT k.seq FROM countersign.entry_keys k
                    WHERE k.ledger_id = \(ledger.id) AND k.name = 'alias' AND k.tag = ANY(\(aliases))
                    UNION
                    SELECT a.seq FROM (
                        SELECT DISTINCT m.run_id, m.line::json->'workflow'->>'step_id' AS step_id
                        FROM countersign.entries m
                        WHERE m.ledger_id = \(ledger.id) AND m.message_id = ANY(\(ids)) AND m.run_id IS NOT NULL
                    ) s
                    JOIN countersign.entries a ON a.ledger_id = \(ledger.id) AND a.run_id = s.run_id
                        AND (a.kind = 'run_outcome' OR a.kind = 'step_attempt'
                            AND coalesce(a.line::json->'workflow'->>'step_id', s.step_id) = s.step_id)
                )
                """, order: .ascending, limit: Self.historyMax + 1, disclosures: disclosures)
            return (Array(entries.prefix(Self.historyMax)), entries.count > Self.historyMax)
        }
    }

    /// The message's own id, and the ids of the entries that name it as an alias.
    private func ids(
        of message: MessageID, _ ledger: StoredLedger, _ connection: Connection,
        _ deadline: ContinuousClock.Instant
    ) async throws -> [String] {
        guard let alias = LookupKey(alias: message.text) else { return [message.text] }
        let rows = try await connection.query(
            """
            SELECT DISTINCT e.message_id
            FROM countersign.entry_keys k JOIN countersign.entries e USING (ledger_id, seq)
            WHERE k.ledger_id = \(ledger.id) AND k.name = 'alias' AND k.tag = \(alias.tag)
                AND e.message_id IS NOT NULL
            LIMIT \(Self.aliasesMax)
            """, deadline: deadline)
        return try [message.text] + rows.map { try $0.text(0) }.filter { !$0.utf8.elementsEqual(message.text.utf8) }
    }
}
