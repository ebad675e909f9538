-- For pgbench, below lines that draw a span, `from` to `to` in microseconds: the SQL that
-- GET /v1/entries?sender=&from=&to= runs (Sources/LedgerStore/Read/EntrySearch.swift). A time becomes the full hour before
-- it, or, at the end of the span, after it.
\set from_hour :from / 3600000000 * 3600
\set to_hour (:to + 3599999999) / 3600000000 * 3600
\set sender random(0, 199)
SELECT coalesce(max(size), 0) AS size FROM countersign.heads WHERE ledger_id = :ledger \gset
SELECT coalesce((SELECT first_seq FROM countersign.hours WHERE ledger_id = :ledger AND hour >= to_timestamp(:from_hour)
    ORDER BY hour LIMIT 1), :size) AS low \gset
SELECT coalesce((SELECT first_seq FROM countersign.hours WHERE ledger_id = :ledger AND hour >= to_timestamp(:to_hour)
    ORDER BY hour LIMIT 1), :size) AS high \gset
SELECT e.seq, e.leaf_hash, e.line, NULL::text
FROM countersign.entries e
WHERE e.ledger_id = :ledger AND e.seq >= :low AND e.seq < :high
    AND e.sender = ANY(ARRAY['agent' || :sender || '@acme.example'])
    AND e.recorded_at >= to_timestamp(:from / 1e6) AND e.recorded_at < to_timestamp(:to / 1e6)
ORDER BY e.seq ASC LIMIT 100;
