-- For pgbench: the SQL that GET /v1/entries?message_id= runs (Sources/LedgerStore/Read/EntrySearch.swift).
\set n random(0, :numbers - 1)
\set spread :n % 67108859 * 41475557 % 67108859
SELECT coalesce(max(size), 0) AS size FROM countersign.heads WHERE ledger_id = :ledger \gset
SELECT e.seq, e.leaf_hash, e.line, NULL::text
FROM countersign.entries e
WHERE e.ledger_id = :ledger AND e.seq >= 0 AND e.seq < :size
    AND e.message_id = ANY(ARRAY['<' || :spread || '.' || :n || '@mail.acme.example>'])
ORDER BY e.seq ASC LIMIT 100;
