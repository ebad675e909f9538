-- What people and dashboards read: each role the ledgers that it was given, and no other.

-- Which roles read which ledgers: `countersign reader create` writes it. A role in no row, countersign_reader itself
-- included, reads none.
CREATE TABLE countersign.readers (
    ledger_id bigint NOT NULL REFERENCES countersign.ledgers,
    role_name name NOT NULL,
    PRIMARY KEY (ledger_id, role_name)
);
CREATE INDEX readers_role_name ON countersign.readers (role_name, ledger_id);

-- In each view the ledgers of the reading role come first, looked up once, as an array that the index scans begin with:
-- every index begins with ledger_id. A security barrier lets no condition of a query see a row before that, except those
-- that tell nobody anything, such as equality.

CREATE SCHEMA read;

CREATE VIEW read.entries WITH (security_barrier) AS
SELECT l.origin AS ledger, e.seq, e.recorded_at, e.occurred_at, e.kind, e.outcome, e.oversight_mode, e.message_id,
    e.sender, split_part(e.sender, '@', 2) AS sender_domain, e.actor, e.run_id,
    e.line::json -> 'reporter' ->> 'id' AS reporter, e.line::json -> 'reporter' ->> 'via' AS via,
    encode(e.leaf_hash, 'hex') AS leaf_hash, e.line::json AS line
FROM countersign.entries e JOIN countersign.ledgers l USING (ledger_id)
WHERE e.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

-- The last entry of a ledger is one place, looked up by itself: joined as tables, a planner may read every entry of every
-- ledger to find it.
CREATE VIEW read.ledgers WITH (security_barrier) AS
SELECT l.origin AS ledger, h.size, encode(h.root, 'hex') AS root, e.recorded_at AS last_recorded_at
FROM countersign.ledgers l
CROSS JOIN LATERAL (
    SELECT size, root FROM countersign.heads WHERE ledger_id = l.ledger_id ORDER BY size DESC LIMIT 1
) h
LEFT JOIN LATERAL (
    SELECT recorded_at FROM countersign.entries WHERE ledger_id = l.ledger_id AND seq = h.size - 1 LIMIT 1
) e ON true
WHERE l.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

CREATE VIEW read.hourly_counts WITH (security_barrier) AS
SELECT l.origin AS ledger, r.hour, nullif(r.sender, '') AS sender, r.kind,
    nullif(r.oversight_mode, '') AS oversight_mode, r.outcome, r.via, r.count
FROM countersign.rollups r JOIN countersign.ledgers l USING (ledger_id)
WHERE r.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

CREATE VIEW read.daily_counts WITH (security_barrier) AS
SELECT l.origin AS ledger, r.day, r.kind, nullif(r.oversight_mode, '') AS oversight_mode, r.outcome, r.via, r.count
FROM countersign.daily_rollups r JOIN countersign.ledgers l USING (ledger_id)
WHERE r.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

CREATE VIEW read.checkpoints WITH (security_barrier) AS
SELECT l.origin AS ledger, c.size, c.signed_at, c.note
FROM countersign.checkpoints c JOIN countersign.ledgers l USING (ledger_id)
WHERE c.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

CREATE VIEW read.erased_ranges WITH (security_barrier) AS
SELECT l.origin AS ledger, r.first_seq, r.last_seq, r.erased_by
FROM countersign.erased_ranges r JOIN countersign.ledgers l USING (ledger_id)
WHERE r.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

CREATE VIEW read.legal_holds WITH (security_barrier) AS
SELECT l.origin AS ledger, h.hold_id, h.message_id, h.first_seq, h.last_seq, h.reference, h.held_seq, h.released_seq
FROM countersign.legal_holds h JOIN countersign.ledgers l USING (ledger_id)
WHERE h.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

CREATE VIEW read.identities WITH (security_barrier) AS
SELECT l.origin AS ledger, i.identity, i.settings::json AS settings, v.assessment, v.seq AS verification_seq, i.checked_at
FROM countersign.identities i
JOIN countersign.ledgers l USING (ledger_id)
LEFT JOIN LATERAL (
    SELECT seq, assessment FROM countersign.identity_verifications
    WHERE ledger_id = i.ledger_id AND identity = i.identity ORDER BY seq DESC LIMIT 1
) v ON true
WHERE i.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

CREATE VIEW read.dns_evidence WITH (security_barrier) AS
SELECT l.origin AS ledger, encode(d.digest, 'hex') AS digest, d.evidence::json AS evidence
FROM countersign.dns_evidence d JOIN countersign.ledgers l USING (ledger_id)
WHERE d.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

-- Of the versions of a report (the same `report`) one counts at most: that with trust `carrier` or `listed` and the
-- least seq, else that with any other trust than `unverified` and the least seq.
-- A moment of a report may lie beyond what a timestamp can say; it then becomes the last one that can be written.
CREATE VIEW read.dmarc_reports WITH (security_barrier) AS
SELECT l.origin AS ledger, r.seq, r.outcome, r.trust, r.receiver, r.receiver_claimed,
    encode(r.report, 'hex') AS report, r.org_name, r.report_id, r.policy_domain,
    to_timestamp(least(r.begins, 253402300799)) AS begins, to_timestamp(least(r.ends, 253402300799)) AS ends,
    r.records, r.messages, r.aligned
FROM countersign.dmarc_reports r JOIN countersign.ledgers l USING (ledger_id)
WHERE r.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

CREATE VIEW read.dmarc_report_rows WITH (security_barrier) AS
SELECT l.origin AS ledger, r.seq, w.row, r.trust, r.receiver, encode(r.report, 'hex') AS report, r.policy_domain,
    to_timestamp(least(r.begins, 253402300799)) AS begins, w.source_ip, w.source_text, w.count, w.disposition, w.dkim,
    w.spf, coalesce(w.dkim = 'pass', false) OR coalesce(w.spf = 'pass', false) AS aligned, w.header_from,
    w.envelope_from, w.envelope_to, w.auth_results::json AS auth_results, w.reasons::json AS reasons
FROM countersign.dmarc_reports r
JOIN countersign.ledgers l USING (ledger_id)
JOIN countersign.dmarc_report_rows w ON w.ledger_id = r.ledger_id AND w.upload = r.upload
WHERE r.ledger_id = ANY (ARRAY(SELECT ledger_id FROM countersign.readers WHERE role_name = current_user));

GRANT USAGE ON SCHEMA read TO countersign_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA read TO countersign_reader;
