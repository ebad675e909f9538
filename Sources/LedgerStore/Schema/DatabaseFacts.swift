import Cryptography
package import Ledger
package import Postgres

/// What a database says about itself: what `countersign doctor` judges. Reading it changes nothing.
package struct DatabaseFacts: Sendable {
    /// One ledger as it stands.
    package struct LedgerState: Sendable {
        package let origin: String
        package let size: Int
        /// Entries before it are counted in the rollups.
        package let watermark: Int?
    }

    /// The tables that the service may add to and never change.
    private static let appendOnlyTables = [
        "entries", "entry_keys", "heads", "tiles", "hours", "keys", "disclosures", "subjects", "erased_ranges",
        "signing_keys", "timestamps", "dns_evidence", "identity_verifications", "dmarc_reports", "dmarc_report_rows",
    ]
    /// The tables of which it may change some columns.
    private static let changedTables = [
        "ledgers", "tokens", "legal_holds", "identities", "checkpoints", "rollups", "daily_rollups", "watermarks",
    ]
    private static let settingNames = [
        "server_version", "server_version_num", "data_checksums", "fsync", "full_page_writes", "synchronous_commit",
        "server_encoding",
    ]

    /// Settings of the server by name.
    package let settings: [String: String]
    package let user: String
    package let isSuperuser: Bool
    /// Which of the three roles exist.
    package let roles: Set<String>
    /// Rights that the user should not have, such as `UPDATE on entries`.
    package let excessiveRights: [String]
    /// Rights that the service needs and the user lacks.
    package let missingRights: [String]
    /// Triggers that are missing or switched off, such as `refuse_change on entries_p000001`.
    package let missingTriggers: [String]
    package let clock: Timestamp
    package let ledgers: [LedgerState]
    /// How many entries of each ledger the partitions have room for.
    package let capacity: Int
    /// Bytes of the database on disk.
    package let sizeBytes: Int

    /// - Parameter connection: as the role that the service works as.
    package static func read(
        _ connection: Connection, deadline: ContinuousClock.Instant
    ) async throws -> DatabaseFacts {
        try await DatabaseFacts(
            connection.pipeline(
                [settingsQuery, userQuery, rolesQuery, rightsQuery, triggersQuery, partitionsQuery, ledgersQuery],
                deadline: deadline))
    }

    private init(_ answers: [Rows]) throws {
        var settings: [String: String] = [:]
        for row in answers[0] { settings[try row.text(0)] = try row.text(1) }
        self.settings = settings
        let user = try answers[1].one()
        self.user = try user.text(0)
        isSuperuser = try user.bool(1)
        clock = Timestamp(try user.timestamp(2))
        sizeBytes = try user.int(3, in: 0...Int.max)
        roles = Set(try answers[2].map { try $0.text(0) })
        var rights: [(right: String, isHeld: Bool, isWanted: Bool)] = []
        for row in answers[3] {
            rights.append(("\(try row.text(1)) on \(try row.text(0))", try row.bool(2), try row.bool(3)))
        }
        excessiveRights = rights.filter { $0.isHeld && !$0.isWanted }.map(\.right)
        missingRights = rights.filter { !$0.isHeld && $0.isWanted }.map(\.right)
        missingTriggers = try answers[4].map { "\(try $0.text(1)) on \(try $0.text(0))" }
        capacity = try answers[5].one().int(0, in: Entry.seqs) * KnownPartitions.width
        ledgers = try answers[6].map { row in
            LedgerState(
                origin: try row.text(0), size: try row.int(1, in: Entry.seqs),
                watermark: try row.intIfPresent(2, in: Entry.seqs))
        }
    }

    private static var settingsQuery: Statement {
        "SELECT name, setting FROM pg_settings WHERE name = ANY(\(settingNames))"
    }

    private static var userQuery: Statement {
        """
        SELECT current_user::text, rolsuper, clock_timestamp(), pg_database_size(current_database())
        FROM pg_roles WHERE rolname = current_user
        """
    }

    private static var rolesQuery: Statement {
        """
        SELECT rolname::text FROM pg_roles
        WHERE rolname IN ('countersign_owner', 'countersign_app', 'countersign_reader')
        """
    }

    private static var rightsQuery: Statement {
        """
        SELECT t.name, p.name,
            CASE
                -- Of some tables only some columns may be read, or written.
                WHEN p.name IN ('SELECT', 'INSERT') OR (p.name = 'UPDATE' AND t.is_append_only)
                    THEN has_any_column_privilege('countersign.' || t.name, p.name)
                ELSE has_table_privilege('countersign.' || t.name, p.name)
            END,
            p.name IN ('SELECT', 'INSERT') OR (p.name = 'DELETE' AND t.name = 'checkpoints')
        FROM (
            SELECT unnest(\(appendOnlyTables)), true UNION ALL SELECT unnest(\(changedTables)), false
        ) t (name, is_append_only), unnest(\(["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"])) p (name)
        UNION ALL
        SELECT oid::regprocedure::text, 'EXECUTE', has_function_privilege(oid, 'EXECUTE'), false FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
            AND proname IN ('lo_create', 'lo_from_bytea', 'lo_put', 'lowrite', 'pg_logical_emit_message')
        ORDER BY 1, 2
        """
    }

    /// The triggers that should be there, each partition's too, without those that are and are switched on.
    private static var triggersQuery: Statement {
        """
        WITH tables AS (
            SELECT c.oid, c.relname::text AS name, coalesce(p.relname, c.relname)::text AS kind
            FROM pg_class c
            LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
            LEFT JOIN pg_class p ON p.oid = i.inhparent
            WHERE c.relnamespace = 'countersign'::regnamespace AND c.relkind IN ('r', 'p')
        ), wanted AS (
            SELECT oid, name, t.trigger
            FROM tables CROSS JOIN (VALUES ('refuse_change'), ('refuse_truncate')) t (trigger)
            WHERE kind = ANY (\([
                "entries", "entry_keys", "heads", "tiles", "hours", "keys", "ledgers", "tokens", "signing_keys",
                "timestamps", "identities", "identity_verifications", "dns_evidence", "dmarc_reports",
                "dmarc_report_rows", "erased_ranges", "legal_holds",
            ]))
            UNION ALL
            SELECT oid, name, 'follow_deeds' FROM tables
            WHERE kind = ANY (\([
                "ledgers", "tokens", "signing_keys", "identities", "identity_verifications", "dmarc_reports",
                "erased_ranges", "legal_holds",
            ]))
            UNION ALL
            SELECT oid, name, 'stay' FROM tables WHERE kind = 'checkpoints'
        )
        SELECT w.name, w.trigger FROM wanted w
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger t WHERE t.tgrelid = w.oid AND t.tgname = w.trigger AND t.tgenabled IN ('O', 'A')
        )
        ORDER BY 1, 2
        """
    }

    private static var partitionsQuery: Statement {
        "SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('countersign.entries')"
    }

    private static var ledgersQuery: Statement {
        """
        SELECT l.origin, coalesce((SELECT max(size) FROM countersign.heads h WHERE h.ledger_id = l.ledger_id), 0),
            (SELECT seq FROM countersign.watermarks w WHERE w.ledger_id = l.ledger_id)
        FROM countersign.ledgers l ORDER BY 1
        """
    }
}
