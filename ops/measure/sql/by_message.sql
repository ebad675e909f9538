-- For pgbench: the SQL that GET /v1/entries?message_id= runs (Sources/LedgerStore/Read/EntrySearch.swift).
\set n random(0, :numbers - 1)
\set spread :n % 67108859 * 41475557 % 67108859
WITH RECURSIVE head (size) AS MATERIALIZED (
    SELECT coalesce(max(size), 0) FROM countersign.heads WHERE ledger_id = :ledger
), span (size, low, high) AS MATERIALIZED (SELECT size, 0::bigint, size FROM head)
SELECT span.size, span.low, span.high, e.seq, e.leaf_hash, e.line, NULL::text
FROM span LEFT JOIN LATERAL (
    SELECT found.seq, found.leaf_hash, found.line
    FROM unnest(ARRAY['<' || :spread || '.' || :n || '@mail.acme.example>']) AS key (value) CROSS JOIN LATERAL (
        SELECT e.seq, e.leaf_hash, e.line FROM countersign.entries e
        WHERE e.ledger_id = :ledger AND e.message_id = key.value AND e.seq >= span.low
            AND (e.message_id, e.seq) < (key.value, span.high)
            AND (e.message_id = ANY(ARRAY['<' || :spread || '.' || :n || '@mail.acme.example>'])) IS TRUE
        ORDER BY e.seq ASC LIMIT 100
    ) found
    ORDER BY found.seq ASC LIMIT 100
) e ON true
ORDER BY e.seq ASC;
