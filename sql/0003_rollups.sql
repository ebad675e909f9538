-- The way that an entry came in, which no column repeats. A line is canonical JSON: no text in it has a bare quote, and
-- behind the member `reporter` comes none that could hold another of that name; to parse each line would cost a third of
-- what its entry costs Postgres. Of a line that somebody wrote by hand it may be wrong; `verify` names such a line.
CREATE FUNCTION countersign.via(line text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT split_part(split_part(split_part(line, ',"reporter":{', -1), '"via":"', 2), '"', 1) $$;

-- Counts per hour, exact up to the watermark. An absent value is ''.
CREATE TABLE countersign.rollups (
    ledger_id      bigint NOT NULL,
    hour           timestamptz NOT NULL,
    sender         text COLLATE "C" NOT NULL,
    kind           text COLLATE "C" NOT NULL,
    oversight_mode text COLLATE "C" NOT NULL,
    outcome        text COLLATE "C" NOT NULL,
    via            text COLLATE "C" NOT NULL, -- whose word the entries are: reporter.via
    count          bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (ledger_id, hour, sender, kind, oversight_mode, outcome, via)
);

CREATE TABLE countersign.watermarks (
    ledger_id bigint NOT NULL PRIMARY KEY,
    seq       bigint NOT NULL CHECK (seq >= 0) -- entries before it are counted in rollups
);

-- Counts per day in UTC, over all senders: what dashboards ask for costs as little for a year as the hourly counts do for
-- some days. They follow from the hourly counts, change together with them, and are exact up to the same watermark.
CREATE TABLE countersign.daily_rollups (
    ledger_id      bigint NOT NULL,
    day            timestamptz NOT NULL,
    kind           text COLLATE "C" NOT NULL,
    oversight_mode text COLLATE "C" NOT NULL,
    outcome        text COLLATE "C" NOT NULL,
    via            text COLLATE "C" NOT NULL, -- whose word the entries are: reporter.via
    count          bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (ledger_id, day, kind, oversight_mode, outcome, via)
);
