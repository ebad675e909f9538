import Cryptography
package import Ledger
package import LedgerStore
import Postgres

/// The sender identities of a ledger, and the history of their checks.
package struct IdentityRegister: Sendable {
    /// The most identities of a page, and the most checks of a history's.
    package static let pageMax = 1_000

    let store: LedgerStore

    package init(_ store: LedgerStore) { self.store = store }

    /// Makes `name` an identity of the ledger with these settings, by an entry of kind `policy`; its first check is due
    /// at once. Settings that are the present ones change nothing.
    ///
    /// - Returns: the entry that set it, and whether that is new.
    package func set(
        _ name: IdentityName, _ settings: IdentitySettings, in ledger: StoredLedger, reporter: Reporter,
        deadline: ContinuousClock.Instant
    ) async throws -> (seq: Int, isChanged: Bool) {
        let wanted = String(decoding: CanonicalWriter.bytes(of: settings.json), as: UTF8.self)
        while true {
            if let present = try await find(name, in: ledger),
                CanonicalWriter.bytes(of: present.settings.json).elementsEqual(wanted.utf8)
            {
                return (present.setSeq, false)
            }
            do {
                return (
                    try await change(name, settings, wanted, in: ledger, reporter: reporter, deadline: deadline), true
                )
            } catch let error as StoreError where error == Self.isSet {
                // Somebody else was first; what he set is found now.
                continue
            }
        }
    }

    private static let isSet = StoreError(.inProgress, "the identity was set meanwhile; repeat", committed: .no)

    private func change(
        _ name: IdentityName, _ settings: IdentitySettings, _ wanted: String, in ledger: StoredLedger,
        reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> Int {
        let event = Event(
            kind: .policy, outcome: "changed",
            data: [
                .init("event", "identity.set"), .init("identity", .string(name.text)), .init("settings", settings.json),
            ])
        let draft = try Draft(event, origin: ledger.origin, reporter: reporter, random: Random.bytes)
        let isOther = AppendUnit.Guard(
            reading: [.identity(name.text)],
            """
            SELECT FROM countersign.identities
            WHERE ledger_id = \(ledger.id) AND identity = \(name.text) AND settings = \(wanted)
            """
        ) { rows in rows.isEmpty ? nil : Self.isSet }
        let unit = AppendUnit(
            [.init(draft, keys: ledger.keys)], guards: [isOther], changes: [.identity(name.text)]
        ) { placed in
            placed.map { Self.setIdentity(name.text, wanted, of: ledger, at: $0.seq) }
        }
        return try await store.append(unit, to: ledger, deadline: deadline)[0].seq
    }

    /// The row of an identity that the entry at `seq` sets.
    ///
    /// - Parameter settings: canonical JSON.
    static func setIdentity(_ name: String, _ settings: String, of ledger: StoredLedger, at seq: Int) -> Statement {
        """
        INSERT INTO countersign.identities (ledger_id, identity, settings, set_seq, due_at)
        VALUES (\(ledger.id), \(name), \(settings), \(seq), now())
        ON CONFLICT (ledger_id, identity) DO UPDATE SET settings = excluded.settings,
            set_seq = excluded.set_seq, due_at = excluded.due_at, claim = NULL, claimed_until = NULL
        """
    }

    /// The identity of this name, or nil.
    package func find(_ name: IdentityName, in ledger: StoredLedger) async throws(StoreError) -> StoredIdentity? {
        try await identities(of: ledger, "i.identity = \(name.text)", limit: 1).first
    }

    /// The identities behind `name` in the order of their names, at most `limit`.
    package func list(
        of ledger: StoredLedger, after name: String? = nil, limit: Int
    ) async throws(StoreError) -> [StoredIdentity] {
        try await identities(of: ledger, name.map { "i.identity > \($0)" } ?? "true", limit: limit)
    }

    private func identities(
        of ledger: StoredLedger, _ condition: Statement, limit: Int
    ) async throws(StoreError) -> [StoredIdentity] {
        try await store.read { connection, deadline in
            let rows = try await connection.query(
                """
                SELECT i.identity, i.settings, i.set_seq, v.seq, v.assessment, i.checked_at
                FROM countersign.identities i
                LEFT JOIN LATERAL (
                    SELECT seq, assessment FROM countersign.identity_verifications
                    WHERE ledger_id = \(ledger.id) AND identity = i.identity ORDER BY seq DESC LIMIT 1
                ) v ON true
                WHERE i.ledger_id = \(ledger.id) AND \(fragment: condition) ORDER BY i.identity LIMIT \(limit)
                """, deadline: deadline)
            return try rows.map(StoredIdentity.init)
        }
    }

    /// The checks of an identity that made an entry, newest first, each with what it changed.
    ///
    /// - Parameters:
    ///   - seq: only checks before this entry.
    ///   - limit: so many at most.
    package func history(
        of name: IdentityName, in ledger: StoredLedger, before seq: Int? = nil, limit: Int
    ) async throws(StoreError) -> [(check: IdentityCheck, changes: [ResultChange])] {
        // One more than wanted: the last one's changes are those from the one before it.
        let checks = try await checks(of: name, in: ledger, before: seq, limit: limit + 1)
        return checks.prefix(limit).enumerated().map { index, check in
            let before = index + 1 < checks.count ? checks[index + 1] : nil
            return (check, before.map { ResultChange.changes(from: $0.result, to: check.result) } ?? [])
        }
    }

    /// The last check of an identity that made an entry, or nil.
    package func lastCheck(
        of name: IdentityName, in ledger: StoredLedger
    ) async throws(StoreError) -> IdentityCheck? {
        try await checks(of: name, in: ledger, before: nil, limit: 1).first
    }

    private func checks(
        of name: IdentityName, in ledger: StoredLedger, before seq: Int?, limit: Int
    ) async throws(StoreError) -> [IdentityCheck] {
        try await store.read { connection, deadline in
            let rows = try await connection.query(
                """
                SELECT e.line
                FROM (
                    SELECT seq FROM countersign.identity_verifications
                    WHERE ledger_id = \(ledger.id) AND identity = \(name.text) AND seq < \(seq ?? Int.max)
                    ORDER BY seq DESC LIMIT \(limit)
                ) v
                CROSS JOIN LATERAL (
                    SELECT line FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = v.seq LIMIT 1
                ) e
                ORDER BY v.seq DESC
                """, deadline: deadline)
            return rows.compactMap { row in
                (try? Entry(line: Array(row.text(0).utf8))).flatMap(IdentityCheck.init)
            }
        }
    }
}

extension StoredIdentity {
    /// Reads `identity, settings, set_seq`, the `seq` and `assessment` of the last check, and `checked_at`.
    init(_ row: Row) throws {
        self.init(
            name: try IdentityName(try row.text(0)),
            settings: try IdentitySettings(json: try JSONReader.read(Array(try row.text(1).utf8))),
            setSeq: try row.int(2, in: Entry.seqs), lastSeq: try row.intIfPresent(3, in: Entry.seqs),
            assessment: try row.textIfPresent(4),
            checkedAt: try row.timestampIfPresent(5).map { Timestamp(microseconds: $0.microseconds) })
    }
}
