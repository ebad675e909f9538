import Cryptography
import Ledger
import Postgres

/// What is checked once, after all entries: rows that follow from no entry, and the tables that summarise.
extension Verifier {
    /// Takes note of the rollups as they stand before the verification begins; gives their watermark.
    mutating func loadRollups() async throws -> Int? {
        let answers = try await connection.pipeline(
            [
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                "SELECT seq FROM countersign.watermarks WHERE ledger_id = \(ledger.id)",
                """
                SELECT hour, sender, kind, oversight_mode, outcome, via, count FROM countersign.rollups
                WHERE ledger_id = \(ledger.id)
                """,
                """
                SELECT day, ''::text, kind, oversight_mode, outcome, via, count FROM countersign.daily_rollups
                WHERE ledger_id = \(ledger.id)
                """,
                "COMMIT",
            ], deadline: deadline)
        for row in answers[2] {
            let key = try rollupKey(row)
            expectations.rollups[key.code(expectations.codes)] = .init(
                key: key, stored: try row.int(6, clampedTo: Entry.claimedSeqs))
        }
        for row in answers[3] {
            expectations.storedDailyRollups[try rollupKey(row)] = try row.int(6, clampedTo: Entry.claimedSeqs)
        }
        return try answers[1].first?.int(0, clampedTo: Entry.claimedSeqs)
    }

    private func rollupKey(_ row: Row) throws -> RollupKey {
        RollupKey(
            hour: Timestamp(try row.timestamp(0)), sender: try row.text(1), kind: try row.text(2),
            oversightMode: try row.text(3), outcome: try row.text(4), via: try row.text(5))
    }

    /// - Parameter watermark: that of the rollups.
    mutating func checkWhole(watermark: Int?) async throws {
        try await checkLedgerRow()
        try await checkMigrations()
        for size in expectations.heads.keys.sorted() {
            report.add(Finding(.head, table: "heads", "the head of size \(size) could not be compared"))
        }
        guard options.since == 0 else { return }
        checkRollups(watermark)
        try await checkHours()
        try await checkTokens()
        try await checkIdentities()
        try await checkReports()
        try await checkSigningKeys()
        try await checkErasures()
        try await checkHolds()
        try await checkOrphans()
    }

    private mutating func checkRollups(_ watermark: Int?) {
        guard let watermark else {
            report.add(Finding(.watermark, table: "watermarks", "the watermark is missing"))
            return
        }
        guard (0...report.size).contains(watermark) else {
            report.add(Finding(.watermark, table: "watermarks", "the watermark lies beyond the entries"))
            return
        }
        let wrong = expectations.rollups.values.filter { $0.remaining != 0 }.map(\.key)
        reportWrong(wrong, table: "rollups", "hour")
        let (stored, expected) = (expectations.storedDailyRollups, expectations.expectedDailyRollups)
        let wrongDays = Set(stored.keys).union(expected.keys).filter { stored[$0] != expected[$0] }
        reportWrong(Array(wrongDays), table: "daily_rollups", "day")
    }

    private mutating func reportWrong(_ wrong: [RollupKey], table: String, _ span: String) {
        for key in wrong.sorted(by: { $0.hour < $1.hour }) {
            report.add(
                Finding(
                    .rollup, table: table,
                    "the count of \(key.kind)/\(key.outcome) in the \(span) \(key.hour.text) differs from the entries "
                        + "up to the watermark"))
        }
    }

    private mutating func checkHours() async throws {
        let rows = try await connection.query(
            """
            SELECT hour, first_seq FROM countersign.hours
            WHERE ledger_id = \(ledger.id) AND first_seq < \(report.size) ORDER BY hour
            """, deadline: deadline)
        var stored: [Timestamp: Int] = [:]
        for row in rows { stored[Timestamp(try row.timestamp(0))] = try row.int(1, clampedTo: Entry.claimedSeqs) }
        for (hour, firstSeq) in expectations.hours where stored.removeValue(forKey: hour) != firstSeq {
            report.add(
                Finding(
                    .hour, seq: firstSeq, table: "hours", "the hour \(hour.text) does not point to its first entry"))
        }
        for hour in stored.keys.sorted() {
            report.add(Finding(.orphan, table: "hours", "no entry lies in the hour \(hour.text)"))
        }
    }

    private mutating func checkTokens() async throws {
        let rows = try await connection.query(
            """
            SELECT \(fragment: TokenRow.columns) FROM countersign.tokens
            WHERE ledger_id = \(ledger.id) AND granted_seq < \(report.size)
            """, deadline: deadline)
        var expected = expectations.tokens
        for row in rows {
            var stored = try TokenRow(row)
            // Revoked after the size was pinned: the entry that says so was not read.
            if let revoked = stored.revokedSeq, revoked >= report.size { stored.revokedSeq = nil }
            let id = stored.id
            guard let promised = expected.removeValue(forKey: id) else {
                report.add(Finding(.orphan, table: "tokens", "no entry granted the token \(id)"))
                continue
            }
            if stored != promised {
                report.add(
                    Finding(
                        .token, seq: promised.grantedSeq, table: "tokens",
                        "the token \(id) differs from what its entries granted"))
            }
        }
        for (id, token) in expected.sorted(by: { $0.value.grantedSeq < $1.value.grantedSeq }) {
            report.add(Finding(.token, seq: token.grantedSeq, table: "tokens", "the token \(id) is missing"))
        }
    }

    private mutating func checkLedgerRow() async throws {
        let row = try await connection.query(
            """
            SELECT origin, idempotency_check, lookup_check, clock_accepted_until, clock_accepted_seq, public_reads,
                published_seq, resumed_seq
            FROM countersign.ledgers WHERE ledger_id = \(ledger.id)
            """, deadline: deadline
        ).first
        guard let row, try row.text(0) == ledger.origin.text else {
            report.add(Finding(.ledger, table: "ledgers", "the ledger's row is missing or names another ledger"))
            return
        }
        for (column, purpose) in [(1, LedgerKeys.Purpose.idempotency), (2, .lookup)]
        where try ledger.hasSecret && row.bytes(.index(column)) != ledger.keys.checkValue(of: purpose) {
            report.add(
                Finding(
                    .ledger, table: "ledgers",
                    "the check value of the \(purpose.rawValue) key is not that of the master secret"))
        }
        if options.since == 0 { try checkWhatLedgerFollows(row) }
    }

    /// What the row says because an entry does. What an entry has set after the size was pinned was not read.
    private mutating func checkWhatLedgerFollows(_ row: Row) throws {
        let accepted = try (
            row.timestampIfPresent(3).map(Timestamp.init), row.intIfPresent(4, clampedTo: Entry.claimedSeqs)
        )
        let expected = expectations.clockAccepted
        if accepted.1 ?? -1 < report.size, accepted != (expected?.until, expected?.seq) {
            report.add(
                Finding(.ledger, table: "ledgers", "clock_accepted_until is not what an operator accepted last"))
        }
        let published = try (row.text(5), row.intIfPresent(6, clampedTo: Entry.claimedSeqs))
        let level = expectations.published?.level ?? .none
        if published.1 ?? -1 < report.size, published != (level.rawValue, expectations.published?.seq) {
            report.add(Finding(.ledger, table: "ledgers", "public_reads is not what was set last"))
        }
        if let resumed = try row.intIfPresent(7, clampedTo: Entry.claimedSeqs), resumed < report.size,
            !expectations.resumed.contains(resumed)
        {
            report.add(Finding(.ledger, table: "ledgers", "no entry lets the ledger go on where resumed_seq says"))
        }
    }

    private mutating func checkMigrations() async throws {
        let applied = try await Migrator.status(connection, deadline: deadline)
        let known = Migration.all
        let isSame =
            applied.count == known.count
            && zip(applied, known).allSatisfy { stored, migration in
                stored.version == migration.version && stored.checksum == migration.checksum.bytes
                    && stored.name == migration.name
            }
        if !isSame {
            report.add(Finding(.migration, table: "migrations", "the applied migrations are not this binary's"))
        }
    }

    /// Rows that follow from no entry. What must exist was found; so a surplus is counted, and only then searched.
    private mutating func checkOrphans() async throws {
        let newestSize = Self.newestSize(of: ledger.id)
        try await reportOrphans(in: "entries", "k.seq >= (\(fragment: newestSize))")
        try await reportOrphans(in: "disclosures", "k.seq >= (\(fragment: newestSize)) OR k.seq < 0")
        try await reportOrphans(in: "hours", "k.first_seq >= (\(fragment: newestSize))")
        try await reportOrphans(
            in: "ledgers",
            "greatest(k.clock_accepted_seq, k.published_seq, k.resumed_seq) >= (\(fragment: newestSize))")
        try await reportOrphans(in: "tokens", "greatest(k.granted_seq, k.revoked_seq) >= (\(fragment: newestSize))")
        try await reportOrphans(in: "signing_keys", "k.seq >= (\(fragment: newestSize))")
        try await reportOrphans(in: "checkpoints", "k.size > (\(fragment: newestSize))")
        try await reportOrphans(
            in: "timestamps",
            """
            NOT EXISTS (SELECT FROM countersign.checkpoints c WHERE c.ledger_id = \(ledger.id) AND c.size = k.size)
            """)
        try await reportOrphans(in: "identities", "k.set_seq >= (\(fragment: newestSize))")
        try await reportOrphans(in: "identity_verifications", "k.seq >= (\(fragment: newestSize))")
        try await reportOrphans(in: "dmarc_reports", "k.seq >= (\(fragment: newestSize)) OR k.seq < 0")
        try await reportOrphans(in: "erased_ranges", "k.erased_by >= (\(fragment: newestSize))")
        try await reportOrphans(in: "legal_holds", "greatest(k.held_seq, k.released_seq) >= (\(fragment: newestSize))")
        try await reportOrphans(
            in: "tiles", "k.tile_index >= (\(fragment: newestSize)) >> (8 * (k.level + 1))")
        if !subjects.isAccountedFor {
            try await reportOrphans(
                in: "subjects",
                """
                (
                    SELECT true FROM countersign.entry_keys e
                    WHERE e.ledger_id = \(ledger.id) AND e.name = 'subject' AND e.tag = k.pseudonym LIMIT 1
                ) IS NULL
                """)
        }
        // Where every entry could be read, each disclosure was met beside its entry.
        if expectations.entryCount < report.size { try await reportSurplusDisclosures() }
    }

    /// How many entries the ledger has by now.
    static func newestSize(of ledger: Int64) -> Statement {
        "SELECT coalesce(max(size), 0) FROM countersign.heads WHERE ledger_id = \(ledger)"
    }

    private mutating func reportOrphans(in table: String, _ condition: Statement) async throws {
        let rows = try await connection.query(
            """
            SELECT count(*) FROM countersign.\(unescaped: table) k
            WHERE k.ledger_id = \(ledger.id) AND (\(fragment: condition))
            """, deadline: deadline)
        let count = try rows.one().int(0, clampedTo: Entry.claimedSeqs)
        guard count > 0 else { return }
        report.add(Finding(.orphan, table: table, "\(count) rows follow from no entry"))
    }

    private mutating func reportSurplusDisclosures() async throws {
        let rows = try await connection.query(
            """
            SELECT count(*) FROM countersign.disclosures
            WHERE ledger_id = \(ledger.id) AND seq >= 0 AND seq < \(report.size)
            """, deadline: deadline)
        let count = try rows.one().int(0, clampedTo: Entry.claimedSeqs)
        let expected = expectations.sealedCount
        guard count > expected else { return }
        report.add(
            Finding(.orphan, table: "disclosures", "\(count - expected) rows more than the entries call for"))
    }
}
