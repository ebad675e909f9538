-- Counts per day in UTC, over all senders: what dashboards ask for costs as little for a year as the hourly counts do for
-- some days. They follow from the hourly counts, change together with them, and are exact up to the same watermark.

CREATE TABLE countersign.daily_rollups (
    ledger_id      bigint NOT NULL,
    day            timestamptz NOT NULL,
    kind           text COLLATE "C" NOT NULL,
    oversight_mode text COLLATE "C" NOT NULL,
    outcome        text COLLATE "C" NOT NULL,
    count          bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (ledger_id, day, kind, oversight_mode, outcome)
);

-- Whoever counts locks a row of the watermarks first: while this counts, nobody else does.
LOCK TABLE countersign.watermarks IN EXCLUSIVE MODE;
INSERT INTO countersign.daily_rollups (ledger_id, day, kind, oversight_mode, outcome, count)
SELECT ledger_id, date_trunc('day', hour, 'UTC'), kind, oversight_mode, outcome, sum(count)
FROM countersign.rollups GROUP BY 1, 2, 3, 4, 5;

GRANT SELECT, INSERT, UPDATE (count) ON countersign.daily_rollups TO countersign_app;

CREATE VIEW read.daily_counts AS
SELECT l.origin AS ledger, r.day, r.kind, nullif(r.oversight_mode, '') AS oversight_mode, r.outcome, r.count
FROM countersign.daily_rollups r JOIN countersign.ledgers l USING (ledger_id);

GRANT SELECT ON read.daily_counts TO countersign_reader;
