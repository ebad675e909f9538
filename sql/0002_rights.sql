-- What the service and people may do. Nobody here may change or delete an entry.

GRANT USAGE ON SCHEMA countersign TO countersign_app;
GRANT SELECT, INSERT ON
    countersign.heads, countersign.entries, countersign.entry_keys, countersign.disclosures, countersign.keys,
    countersign.subjects, countersign.tiles, countersign.hours, countersign.ledgers, countersign.tokens,
    countersign.rollups, countersign.watermarks
TO countersign_app;
-- Locking the ledger's row for an append needs the right to update a column of it.
GRANT UPDATE (clock_accepted_until) ON countersign.ledgers TO countersign_app;
GRANT UPDATE (revoked_seq) ON countersign.tokens TO countersign_app;
GRANT UPDATE (count) ON countersign.rollups TO countersign_app;
GRANT UPDATE (seq) ON countersign.watermarks TO countersign_app;
GRANT SELECT ON countersign.migrations TO countersign_app;
GRANT EXECUTE ON FUNCTION countersign.ensure_partitions(bigint) TO countersign_app;

-- What people and dashboards read.
CREATE SCHEMA read;

CREATE VIEW read.entries AS
SELECT l.origin AS ledger, e.seq, e.recorded_at, e.occurred_at, e.kind, e.outcome, e.oversight_mode, e.message_id,
    e.sender, split_part(e.sender, '@', 2) AS sender_domain, e.actor, e.run_id, encode(e.leaf_hash, 'hex') AS leaf_hash,
    e.line::json AS line
FROM countersign.entries e JOIN countersign.ledgers l USING (ledger_id);

CREATE VIEW read.ledgers AS
SELECT l.origin AS ledger, h.size, encode(h.root, 'hex') AS root, e.recorded_at AS last_recorded_at
FROM countersign.ledgers l
CROSS JOIN LATERAL (
    SELECT size, root FROM countersign.heads WHERE ledger_id = l.ledger_id ORDER BY size DESC LIMIT 1
) h
LEFT JOIN countersign.entries e ON e.ledger_id = l.ledger_id AND e.seq = h.size - 1;

CREATE VIEW read.hourly_counts AS
SELECT l.origin AS ledger, r.hour, nullif(r.sender, '') AS sender, r.kind,
    nullif(r.oversight_mode, '') AS oversight_mode, r.outcome, r.count
FROM countersign.rollups r JOIN countersign.ledgers l USING (ledger_id);

GRANT USAGE ON SCHEMA read TO countersign_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA read TO countersign_reader;
