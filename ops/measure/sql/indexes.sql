-- What each index of entries costs an append, and what it saves a page. Run it with psql in an empty database that has the
-- roles and the migrations; it fills one ledger with :rows made-up entries, and times COPY into the partitioned table with
-- the indexes as they are, without each, and with the ones that are not there.
--
--     psql -v rows=200000 -f ops/measure/sql/indexes.sql DATABASE

\set ON_ERROR_STOP on
\timing off
SET synchronous_commit = on;
SET client_min_messages = warning;
CREATE TEMP TABLE made AS
SELECT 7::bigint AS ledger_id, i::bigint AS seq, now() + i * interval '1 ms' AS recorded_at, NULL::timestamptz AS occurred_at,
    sha256(i::text::bytea) AS leaf_hash, 'send'::text AS kind, (ARRAY['requested', 'sent', 'delivered'])[1 + i % 3] AS outcome,
    'gated_send'::text AS oversight_mode, '<' || md5((i / 3)::text) || '@acme.example>' AS message_id,
    'sender' || i % 40 || '@acme.example' AS sender, 'agent-' || i % 10 AS actor, md5('run' || i / 6) AS run_id,
    repeat(md5(i::text), 20) AS line
FROM generate_series(0, :rows - 1) AS i;
\copy (SELECT * FROM made) TO '/tmp/countersign-indexes.copy' (FORMAT binary)

CREATE TEMP TABLE timings (variant text, seconds double precision, bytes bigint);
CREATE FUNCTION pg_temp.measure(variant text, change text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz;
BEGIN
    DROP TABLE IF EXISTS variant_entries;
    CREATE TABLE variant_entries (LIKE countersign.entries INCLUDING ALL);
    EXECUTE change;
    began := clock_timestamp();
    COPY variant_entries (ledger_id, seq, recorded_at, occurred_at, leaf_hash, kind, outcome, oversight_mode, message_id,
        sender, actor, run_id, line) FROM '/tmp/countersign-indexes.copy' (FORMAT binary);
    INSERT INTO timings VALUES (
        variant, extract(epoch FROM clock_timestamp() - began), pg_indexes_size('variant_entries'));
    DROP TABLE variant_entries;
END
$$;
CREATE FUNCTION pg_temp.without(named text) RETURNS text LANGUAGE sql AS $$
    SELECT format('DO $d$ DECLARE i regclass; BEGIN SELECT indexrelid::regclass INTO i FROM pg_index
        WHERE indrelid = ''variant_entries''::regclass AND pg_get_indexdef(indexrelid) LIKE ''%%, %s, seq)%%'';
        EXECUTE ''DROP INDEX '' || i; END $d$', named)
$$;

\o /dev/null
SELECT pg_temp.measure(v, c) FROM generate_series(1, 3), (VALUES
    ('as it is', 'SELECT 1'),
    ('without message_id', pg_temp.without('message_id')),
    ('without sender', pg_temp.without('sender')),
    ('without run_id', pg_temp.without('run_id')),
    ('with actor', 'CREATE INDEX ON variant_entries (ledger_id, actor, seq) WHERE actor IS NOT NULL'),
    ('with sender''s domain', 'CREATE INDEX ON variant_entries (ledger_id, split_part(sender, ''@'', 2), seq)'),
    ('with kind and outcome', 'CREATE INDEX ON variant_entries (ledger_id, kind, outcome, seq)')
) AS variants (v, c);
\o
SELECT variant, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::numeric, 2) AS median_seconds,
    round((percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)
        / (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM timings WHERE variant = 'as it is'))::numeric, 2)
        AS ratio,
    round(max(bytes)::numeric / :rows, 1) AS index_bytes_per_entry
FROM timings GROUP BY variant ORDER BY min(ctid);
