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
            let search = EntrySearch(ledger, connection: connection, deadline: deadline)
            let size = try await Self.size(of: ledger, connection, deadline)
            let ids = try await self.ids(of: message, ledger, connection, deadline)
            let seqs = try await self.seqs(of: ids, message, ledger, size: size, connection, deadline)
            let entries = try await search.entries(
                in: search.span(EntrySearch.Span(size: size, low: 0, high: size)),
                at: seqs.map { $0..<$0 + 1 }, limit: Self.historyMax + 1, disclosures: disclosures
            ).entries
            return (Array(entries.prefix(Self.historyMax)), entries.count > Self.historyMax)
        }
    }

    /// What the entries of kind `send` among `entries` say together, and on whose word.
    package func state(of entries: [Entry], in ledger: StoredLedger) async throws(StoreError) -> MessageState {
        let sends = entries.filter { $0.kind == Kind.send.rawValue }
        let ids = Array(Set(sends.map(\.reporterID)))
        let tokens = try await read { connection, deadline in
            let rows = try await connection.query(
                """
                SELECT token_id, producer, bindings FROM countersign.tokens
                WHERE ledger_id = \(ledger.id) AND token_id = ANY(\(ids))
                """, deadline: deadline)
            return try rows.map { row in
                (try row.text(0), (producer: try row.text(1), try TokenBindings(stored: row.textIfPresent(2))))
            }
        }
        let known = Dictionary(tokens, uniquingKeysWith: { first, _ in first })
        return MessageState(
            sends.map { entry in
                let token = known[entry.reporterID]
                // What came from elsewhere under a token's name has none of its bindings.
                let bindings = [Reporter.Via.ingest, .webhook].map(\.rawValue).contains(entry.via) ? token?.1 : nil
                return MessageState.Statement(
                    entry, word: Self.word(of: entry),
                    producer: token?.producer ?? "\(entry.via) \(entry.reporterID)",
                    isBound: { sender in bindings?.covers(try? Address(sender)) ?? false })
            })
    }

    private static func word(of entry: Entry) -> MessageState.Word {
        switch Reporter.Via(rawValue: entry.via) {
        case .gate: .gate
        case .service, .operator: .service
        case .ingest, .webhook, .import, nil: .claimed
        }
    }

    /// The places of everything that belongs to the message. Each look-up is one of an index by its whole key, so that
    /// no plan can turn it into a walk through the ledger; attempts are found through the runs and steps of the
    /// message's own entries.
    private func seqs(
        of ids: [String], _ message: MessageID, _ ledger: StoredLedger, size: Int, _ connection: Connection,
        _ deadline: ContinuousClock.Instant
    ) async throws -> [Int] {
        let max = Self.historyMax + 1
        let keys = ids.map { (name: "link", tag: LookupKey(link: $0, relation: "message").tag) }
        let alias = LookupKey(alias: message.text).map { [(name: "alias", tag: $0.tag)] } ?? []
        let names = (keys + alias).map(\.name)
        let tags = (keys + alias).map(\.tag)
        let own = try await connection.query(
            """
            SELECT e.seq, e.run_id, e.line::json->'workflow'->>'step_id'
            FROM unnest(\(ids)) AS m (id) CROSS JOIN LATERAL (
                SELECT seq, run_id, line FROM countersign.entries
                WHERE ledger_id = \(ledger.id) AND message_id = m.id AND seq < \(size) ORDER BY seq LIMIT \(max)
            ) e
            """, deadline: deadline)
        let keyed = try await connection.query(
            """
            SELECT k.seq
            FROM unnest(\(names), \(tags)) AS t (name, tag) CROSS JOIN LATERAL (
                SELECT seq FROM countersign.entry_keys
                WHERE ledger_id = \(ledger.id) AND name = t.name AND tag = t.tag AND seq < \(size)
                ORDER BY seq LIMIT \(max)
            ) k
            """, deadline: deadline)
        var seqs = Set(try (Array(own) + Array(keyed)).map { try $0.int(0, in: Entry.seqs) })
        var runs: [(id: String, step: String)] = []
        for row in own {
            guard let run = try row.textIfPresent(1) else { continue }
            let step = try row.textIfPresent(2) ?? ""
            if !runs.contains(where: { $0.id == run && $0.step == step }) { runs.append((run, step)) }
        }
        guard !runs.isEmpty else { return seqs.sorted() }
        let attempts = try await connection.query(
            """
            SELECT a.seq
            FROM unnest(\(runs.map(\.id)), \(runs.map(\.step))) AS r (id, step) CROSS JOIN LATERAL (
                SELECT seq, kind, line FROM countersign.entries
                WHERE ledger_id = \(ledger.id) AND run_id = r.id AND seq < \(size) ORDER BY seq LIMIT \(max)
            ) a
            WHERE a.kind = 'run_outcome'
                OR (a.kind = 'step_attempt' AND coalesce(a.line::json->'workflow'->>'step_id', r.step) = r.step)
            """, deadline: deadline)
        seqs.formUnion(try attempts.map { try $0.int(0, in: Entry.seqs) })
        return Array(seqs.sorted().prefix(max))
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
            FROM countersign.entry_keys k CROSS JOIN LATERAL (
                SELECT message_id FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = k.seq LIMIT 1
            ) e
            WHERE k.ledger_id = \(ledger.id) AND k.name = 'alias' AND k.tag = \(alias.tag)
                AND e.message_id IS NOT NULL
            LIMIT \(Self.aliasesMax)
            """, deadline: deadline)
        return try [message.text] + rows.map { try $0.text(0) }.filter { !$0.utf8.elementsEqual(message.text.utf8) }
    }
}
