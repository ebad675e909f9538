-- A month of statistics for a ledger of its own, for the hour that a run lasts would flatter: 30 days by the hour, and in
-- each hour as many of the combinations of 200 senders and four outcomes as there would be. That ledger is never verified.
-- What the command that made it has counted already stays.
INSERT INTO countersign.rollups (ledger_id, hour, sender, kind, oversight_mode, outcome, via, count)
SELECT {ledger}, timestamptz '2026-01-01 00:00Z' + hours * interval '1 hour', 'agent' || c % 200 || '@acme.example',
    'send', 'gated_send', (ARRAY['requested', 'held', 'sent', 'delivered'])[1 + c / 200], 'ingest', 1
FROM generate_series(0, 30 * 24 - 1) AS hours, generate_series(0, least(800, {entries} / (30 * 24)) - 1) AS c;
INSERT INTO countersign.daily_rollups (ledger_id, day, kind, oversight_mode, outcome, via, count)
SELECT ledger_id, date_trunc('day', hour, 'UTC'), kind, oversight_mode, outcome, via, sum(count)
FROM countersign.rollups WHERE ledger_id = {ledger} AND kind = 'send' GROUP BY 1, 2, 3, 4, 5, 6;
UPDATE countersign.watermarks SET seq = (SELECT max(size) FROM countersign.heads WHERE ledger_id = {ledger})
WHERE ledger_id = {ledger};
ANALYZE countersign.rollups, countersign.daily_rollups;
