-- What the service may do. Nobody here may change or delete an entry, and what stands beside entries is written by column:
-- a value that a later entry gives (the end of a token, of a hold) is not there to be inserted. Which entry a row needs is
-- said by the triggers beside its table. ops/roles.md is this page in prose.

GRANT USAGE ON SCHEMA countersign TO countersign_app;
GRANT SELECT ON countersign.migrations TO countersign_app;

-- The entries, and what an append writes with them.
GRANT SELECT, INSERT ON
    countersign.heads, countersign.entries, countersign.entry_keys, countersign.disclosures, countersign.keys,
    countersign.subjects, countersign.tiles, countersign.hours
TO countersign_app;

-- A ledger begins without a halt, and private. Locking its row for an append needs the right to update a column of it.
GRANT SELECT, INSERT (ledger_id, origin, idempotency_check, lookup_check),
    UPDATE (clock_accepted_until, clock_accepted_seq, halted, halted_size, halted_root, resumed_seq, public_reads,
        published_seq)
    ON countersign.ledgers TO countersign_app;

-- What entries call for.
GRANT SELECT, INSERT (ledger_id, token_id, hash, name, scopes, expires_at, producer, granted_by, rotates, bindings,
        trusts_reports, granted_seq), UPDATE (revoked_seq)
    ON countersign.tokens TO countersign_app;
GRANT SELECT, INSERT (ledger_id, hold_id, pseudonym, message_id, first_seq, last_seq, reference, held_seq),
    UPDATE (released_seq)
    ON countersign.legal_holds TO countersign_app;
GRANT SELECT, INSERT ON
    countersign.signing_keys, countersign.erased_ranges, countersign.dns_evidence, countersign.identity_verifications
TO countersign_app;
GRANT SELECT, INSERT (ledger_id, identity, settings, set_seq, due_at),
    UPDATE (settings, set_seq, due_at, checked_at, claim, claimed_until)
    ON countersign.identities TO countersign_app;
-- The service never reads the beginnings of what was rejected, and may not.
GRANT SELECT, INSERT ON countersign.dmarc_report_rows TO countersign_app;
GRANT INSERT, SELECT (ledger_id, seq, upload, outcome, trust, receiver, receiver_claimed, report, org_name, report_id,
    policy_domain, begins, ends, records, messages, aligned, rows_sha256) ON countersign.dmarc_reports TO countersign_app;

-- What can be made again, or is held to the entries by `countersign verify`.
GRANT SELECT, INSERT, UPDATE (count) ON countersign.rollups, countersign.daily_rollups TO countersign_app;
GRANT SELECT, INSERT, UPDATE (seq) ON countersign.watermarks TO countersign_app;
GRANT SELECT, INSERT, UPDATE (note, kept, witnessed), DELETE ON countersign.checkpoints TO countersign_app;
GRANT SELECT, INSERT ON countersign.timestamps TO countersign_app;
GRANT SELECT, UPDATE (holder, until) ON countersign.leases TO countersign_app;

-- Functions with the owner's rights: what they do, they do beside an entry that says so.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA countersign FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    countersign.ledger_number(text), countersign.via(text), countersign.partition_width(),
    countersign.ensure_partitions(bigint),
    countersign.erase(bigint, bigint, bigint[], text[], bytea[]), countersign.forget(bigint, bigint, bytea, bytea),
    countersign.erase_report_heads(bigint, bigint, text)
TO countersign_app;
