-- What the service may do. Nobody here may change or delete an entry.

GRANT USAGE ON SCHEMA countersign TO countersign_app;
GRANT SELECT ON countersign.migrations TO countersign_app;
GRANT SELECT, INSERT ON
    countersign.heads, countersign.entries, countersign.entry_keys, countersign.disclosures, countersign.keys,
    countersign.subjects, countersign.tiles, countersign.hours, countersign.ledgers, countersign.tokens,
    countersign.rollups, countersign.daily_rollups, countersign.watermarks, countersign.signing_keys,
    countersign.checkpoints, countersign.timestamps, countersign.erased_ranges, countersign.legal_holds,
    countersign.dns_evidence, countersign.identities, countersign.identity_verifications
TO countersign_app;
-- Locking the ledger's row for an append needs the right to update a column of it.
GRANT UPDATE (clock_accepted_until, halted, public_reads) ON countersign.ledgers TO countersign_app;
GRANT EXECUTE ON FUNCTION countersign.ensure_partitions(bigint) TO countersign_app;
GRANT UPDATE (revoked_seq) ON countersign.tokens TO countersign_app;
GRANT UPDATE (count) ON countersign.rollups, countersign.daily_rollups TO countersign_app;
GRANT EXECUTE ON FUNCTION countersign.via(text) TO countersign_app;
GRANT UPDATE (seq) ON countersign.watermarks TO countersign_app;

GRANT UPDATE (note, kept, witnessed), DELETE ON countersign.checkpoints TO countersign_app;
GRANT SELECT, UPDATE (holder, until) ON countersign.leases TO countersign_app;

GRANT UPDATE (released_seq) ON countersign.legal_holds TO countersign_app;
GRANT EXECUTE ON FUNCTION countersign.erase(bigint, bigint, bigint[], text[], bytea[]),
    countersign.forget(bigint, bigint, bytea, bytea), countersign.erase_report_heads(bigint, bytea)
TO countersign_app;

GRANT UPDATE (settings, set_seq, last_seq, due_at, checked_at, claim, claimed_until) ON countersign.identities
TO countersign_app;

-- The service never reads the beginnings of what was rejected, and may not.
GRANT SELECT, INSERT ON countersign.dmarc_report_rows TO countersign_app;
GRANT INSERT, SELECT (ledger_id, seq, upload, outcome, submitter, org_name, report_id, policy_domain, begins, ends,
    records, messages, aligned) ON countersign.dmarc_reports TO countersign_app;
