-- For pgbench, below lines that draw a span, `from` to `to` in microseconds: the SQL that
-- GET /v1/entries?sender=&from=&to= runs (Sources/LedgerStore/Read/EntrySearch.swift and EntrySearch+Span.swift).
\set sender random(0, 199)
WITH RECURSIVE head (size) AS MATERIALIZED (
    SELECT coalesce(max(size), 0) FROM countersign.heads WHERE ledger_id = :ledger
), search (is_end, moment, low, high) AS (
    SELECT m.is_end, m.moment,
        least(head.size, coalesce((
            SELECT first_seq FROM countersign.hours WHERE ledger_id = :ledger AND hour <= m.moment
            ORDER BY hour DESC LIMIT 1), 0)),
        least(head.size, coalesce((
            SELECT first_seq FROM countersign.hours WHERE ledger_id = :ledger AND hour >= m.moment
            ORDER BY hour LIMIT 1), head.size))
    FROM head CROSS JOIN (
        VALUES (false, to_timestamp(:from / 1e6)), (true, to_timestamp(:to / 1e6))
    ) AS m (is_end, moment)
    UNION ALL
    SELECT s.is_end, s.moment,
        CASE WHEN e.recorded_at < s.moment THEN (s.low + s.high) / 2 + 1 ELSE s.low END,
        CASE WHEN e.recorded_at < s.moment THEN s.high ELSE (s.low + s.high) / 2 END
    FROM search s CROSS JOIN LATERAL (
        SELECT recorded_at FROM countersign.entries
        WHERE ledger_id = :ledger AND seq = (s.low + s.high) / 2 LIMIT 1
    ) e
    WHERE s.high - s.low > 256
), span (size, low, high) AS MATERIALIZED (
    SELECT size, coalesce((SELECT max(low) FROM search WHERE NOT is_end), 0),
        coalesce((SELECT min(high) FROM search WHERE is_end), size)
    FROM head
)
SELECT span.size, span.low, span.high, e.seq, e.leaf_hash, e.line, NULL::text
FROM span LEFT JOIN LATERAL (
    SELECT found.seq, found.leaf_hash, found.line
    FROM unnest(ARRAY['agent' || :sender || '@acme.example']) AS key (value) CROSS JOIN LATERAL (
        SELECT e.seq, e.leaf_hash, e.line FROM countersign.entries e
        WHERE e.ledger_id = :ledger AND e.sender = key.value AND e.seq >= span.low
            AND (e.sender, e.seq) < (key.value, span.high)
            AND (e.sender = ANY(ARRAY['agent' || :sender || '@acme.example'])) IS TRUE
            AND (e.recorded_at >= to_timestamp(:from / 1e6)) IS TRUE
            AND (e.recorded_at < to_timestamp(:to / 1e6)) IS TRUE
        ORDER BY e.seq ASC LIMIT 100
    ) found
    ORDER BY found.seq ASC LIMIT 100
) e ON true
ORDER BY e.seq ASC;
