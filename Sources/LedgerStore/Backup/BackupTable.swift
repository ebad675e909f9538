/// A table that a backup carries: one file of rows in Postgres' text form of COPY, which every release reads alike.
///
/// The list is the schema's counterpart: `BackupTests` holds it to the catalogue, so that a table or a column about
/// which nobody has decided is found.
package struct BackupTable: Sendable {
    package let name: String
    /// In the order of the fields of a row.
    package let columns: [String]
    /// Columns that are made again, or begin empty.
    package let leftOut: [String]

    private init(_ name: String, _ columns: String, leftOut: [String] = []) {
        self.name = name
        self.columns = columns.split(separator: " ").map { String($0) }
        self.leftOut = leftOut
    }

    /// All of them, in the order in which they are loaded: what others refer to comes first.
    package static let all = [
        BackupTable(
            "ledgers",
            """
            ledger_id origin idempotency_check lookup_check clock_accepted_until clock_accepted_seq halted halted_size \
            halted_root resumed_seq public_reads published_seq
            """),
        BackupTable("heads", "ledger_id size root"),
        BackupTable(
            "entries",
            """
            ledger_id seq recorded_at occurred_at leaf_hash kind outcome oversight_mode message_id sender actor \
            run_id line
            """),
        BackupTable("entry_keys", "ledger_id name tag seq"),
        BackupTable("disclosures", "ledger_id seq disclosures"),
        BackupTable("keys", "ledger_id tag first_seq count request_tag request_erased"),
        BackupTable("subjects", "ledger_id tag pseudonym"),
        BackupTable("tiles", "ledger_id level tile_index root hashes"),
        BackupTable("hours", "ledger_id hour first_seq"),
        BackupTable(
            "tokens",
            """
            ledger_id token_id hash name scopes expires_at producer granted_by rotates bindings trusts_reports \
            granted_seq revoked_seq
            """),
        BackupTable("rollups", "ledger_id hour sender kind oversight_mode outcome via count"),
        BackupTable("watermarks", "ledger_id seq"),
        BackupTable("daily_rollups", "ledger_id day kind oversight_mode outcome via count"),
        BackupTable("signing_keys", "ledger_id seq vkey"),
        BackupTable("checkpoints", "ledger_id size note signed_at kept witnessed"),
        BackupTable("timestamps", "ledger_id size token stamped_at"),
        BackupTable("erased_ranges", "ledger_id first_seq last_seq erased_by pseudonym"),
        BackupTable(
            "legal_holds",
            "ledger_id hold_id pseudonym message_id first_seq last_seq reference held_seq released_seq"),
        BackupTable("dns_evidence", "ledger_id digest evidence"),
        // Who checks an identity now is nobody once the database is another one.
        BackupTable(
            "identities", "ledger_id identity settings set_seq due_at checked_at",
            leftOut: ["claim", "claimed_until"]),
        BackupTable("identity_verifications", "ledger_id identity seq assessment"),
        BackupTable(
            "dmarc_report_rows",
            """
            ledger_id upload row source_ip source_text count disposition dkim spf header_from envelope_from \
            envelope_to auth_results reasons signers
            """),
        BackupTable(
            "dmarc_reports",
            """
            ledger_id seq upload outcome trust receiver receiver_claimed report org_name report_id policy_domain \
            begins ends records messages aligned rows_sha256 head
            """),
        // Roles belong to the cluster: a row whose role is not there shows nobody anything.
        BackupTable("readers", "ledger_id role_name"),
    ]

    /// Tables that no backup carries. The migrations make `migrations` again, and `leases` say who works at this
    /// moment.
    package static let leftOut = ["leases", "migrations"]

    /// The columns as SQL names them.
    var columnList: String { columns.map { "\"\($0)\"" }.joined(separator: ", ") }
}
