import Cryptography
package import Ledger
import Postgres

extension LedgerStore {
    /// Places a legal hold: an `access/held` entry and the row that it describes, in one transaction. A person whom the
    /// ledger has not met gets a pseudonym, so that what comes later is held as well.
    package func hold(
        _ subject: LegalHold.Subject, reason: String, reference: String, in ledger: StoredLedger, reporter: Reporter,
        deadline: ContinuousClock.Instant
    ) async throws -> (id: String, placed: Placed) {
        try AdministrativeText.require(reference, most: LegalHold.referenceSizeMax, at: "reference")
        try AdministrativeText.require(reason, most: LegalHold.reasonSizeMax, at: "reason")
        let id = "hold_" + Base64URL.encode(Random.bytes(16))
        var data: [JSONValue.Member] = [
            .init("event", "hold.placed"), .init("hold_id", .string(id)), .init("reference", .string(reference)),
        ]
        var people: [String] = []
        // A row of pseudonym, message_id, first_seq, last_seq
        let scope: Statement
        switch subject {
        case .person(let address):
            people = [address.lookupForm]
            guard !address.isSpelled(in: reference) else {
                throw Refusal(
                    .invalidMember, "this text stays in clear for ever, so it must not spell the address",
                    at: ["reference"])
            }
            let tag = ledger.keys.subjectTag(of: address.lookupForm)
            scope = """
                SELECT pseudonym, NULL::text, NULL::bigint, NULL::bigint FROM countersign.subjects
                WHERE ledger_id = \(ledger.id) AND tag = \(tag)
                """
        case .message(let message):
            scope = "VALUES (NULL::bytea, \(message.text), NULL::bigint, NULL::bigint)"
            data.append(.init("message_id", .string(message.text)))
        case .entries(let range):
            guard Entry.seqs.contains(range.lowerBound), Entry.seqs.contains(range.upperBound) else {
                throw Refusal(
                    .invalidMember, "a place is \(Entry.seqs.lowerBound) to \(Entry.seqs.upperBound)", at: ["to_seq"])
            }
            scope = "VALUES (NULL::bytea, NULL::text, \(range.lowerBound), \(range.upperBound))"
            data += [.init("from_seq", .integer(range.lowerBound)), .init("to_seq", .integer(range.upperBound))]
        }
        var personal = PersonalData()
        personal.set("reason", .string(reason))
        let draft = try Draft(
            Event(kind: .access, outcome: "held", data: data, personal: personal), origin: ledger.origin,
            reporter: reporter, random: Random.bytes)
        let unit = AppendUnit([.init(draft, about: people, keys: ledger.keys)], changes: [.hold(id)]) { placed in
            placed.map { place in
                Self.insertHold(id, on: scope, reference: reference, of: ledger.id, at: place.seq)
            }
        }
        return (id, try await append(unit, to: ledger, deadline: deadline)[0])
    }

    /// Releases a hold: an `access/released` entry and the mark in its row. Releasing it again is not found.
    package func releaseHold(
        id: String, in ledger: StoredLedger, reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> Placed {
        let draft = try Draft(
            Event(
                kind: .access, outcome: "released",
                data: [.init("event", "hold.released"), .init("hold_id", .string(id))]),
            origin: ledger.origin, reporter: reporter, random: Random.bytes)
        let isLive = AppendUnit.Guard(
            reading: [.hold(id)],
            """
            SELECT FROM countersign.legal_holds
            WHERE ledger_id = \(ledger.id) AND hold_id = \(id) AND released_seq IS NULL
            """
        ) { rows in
            rows.isEmpty ? StoreError(.notFound, "there is no such hold that could be released", committed: .no) : nil
        }
        let unit = AppendUnit([.init(draft, keys: ledger.keys)], guards: [isLive], changes: [.hold(id)]) { placed in
            placed.map { Self.releaseHold(id, of: ledger.id, at: $0.seq) }
        }
        return try await append(unit, to: ledger, deadline: deadline)[0]
    }

    /// The row of a hold that the entry at `seq` places.
    ///
    /// - Parameter scope: gives a row of the pseudonym, the Message-ID, and the first and the last entry: one of the
    ///   three, else NULL.
    static func insertHold(
        _ id: String, on scope: Statement, reference: String, of ledgerID: Int64, at seq: Int
    ) -> Statement {
        """
        INSERT INTO countersign.legal_holds
            (ledger_id, hold_id, pseudonym, message_id, first_seq, last_seq, reference, held_seq)
        SELECT \(ledgerID), \(id), s.pseudonym, s.message_id, s.first_seq, s.last_seq, \(reference), \(seq)
        FROM (\(fragment: scope)) AS s (pseudonym, message_id, first_seq, last_seq)
        """
    }

    /// The mark in the row of a hold that the entry at `seq` releases.
    static func releaseHold(_ id: String, of ledgerID: Int64, at seq: Int) -> Statement {
        """
        UPDATE countersign.legal_holds SET released_seq = \(seq) WHERE ledger_id = \(ledgerID) AND hold_id = \(id)
        """
    }

    /// All holds of the ledger, oldest first, released ones too.
    package func holds(of ledger: StoredLedger) async throws(StoreError) -> [LegalHold] {
        try await read { connection, deadline in
            try await Self.holds(of: ledger, "true", connection, deadline)
        }
    }

    /// The holds that are in force, in the order of their ids.
    static func liveHolds(
        of ledger: StoredLedger, _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> [LegalHold] {
        try await holds(of: ledger, "h.released_seq IS NULL", connection, deadline).sorted {
            $0.id.utf8.lexicographicallyPrecedes($1.id.utf8)
        }
    }

    private static func holds(
        of ledger: StoredLedger, _ condition: Statement, _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> [LegalHold] {
        let rows = try await connection.query(
            """
            SELECT h.hold_id, h.pseudonym, h.message_id, h.first_seq, h.last_seq, h.reference, h.held_seq,
                p.recorded_at, r.recorded_at
            FROM countersign.legal_holds h
            CROSS JOIN LATERAL (
                SELECT recorded_at FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = h.held_seq LIMIT 1
            ) p
            LEFT JOIN LATERAL (
                SELECT recorded_at FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = h.released_seq
                LIMIT 1
            ) r ON true
            WHERE h.ledger_id = \(ledger.id) AND \(fragment: condition) ORDER BY h.held_seq
            """, deadline: deadline)
        return try rows.map { row in
            LegalHold(
                id: try row.text(0), scope: try scope(row), reference: try row.text(5),
                seq: try row.int(6, in: Entry.seqs),
                heldAt: Timestamp(try row.timestamp(7)),
                releasedAt: try row.timestampIfPresent(8).map(Timestamp.init))
        }
    }

    private static func scope(_ row: Row) throws -> LegalHold.Scope {
        if let pseudonym = try row.bytesIfPresent(1).flatMap({ Pseudonym($0) }) { return .person(pseudonym) }
        if let message = try row.textIfPresent(2) { return .message(message) }
        let (first, last) = (try row.int(3, in: Entry.seqs), try row.int(4, in: Entry.seqs))
        return .entries(first...max(first, last))
    }
}
