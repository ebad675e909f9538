-- The last entry of a ledger is one place, looked up by itself: joined as tables, a planner may read every entry of every
-- ledger to find it.

CREATE OR REPLACE VIEW read.ledgers AS
SELECT l.origin AS ledger, h.size, encode(h.root, 'hex') AS root, e.recorded_at AS last_recorded_at
FROM countersign.ledgers l
CROSS JOIN LATERAL (
    SELECT size, root FROM countersign.heads WHERE ledger_id = l.ledger_id ORDER BY size DESC LIMIT 1
) h
LEFT JOIN LATERAL (
    SELECT recorded_at FROM countersign.entries WHERE ledger_id = l.ledger_id AND seq = h.size - 1 LIMIT 1
) e ON true;
