-- The ledger. Every key begins with ledger_id, so that ledgers can be spread over databases. Text is compared as bytes.
-- The line is the truth; every other column of entries and every row of the tables beside it follows from the lines, and
-- `countersign verify` derives it again.

-- The migrator has made the schema and its own table, countersign.migrations.

-- One row per ledger. Its row is the lock of an append, which never updates it.
CREATE TABLE countersign.ledgers (
    ledger_id            bigint NOT NULL PRIMARY KEY CHECK (ledger_id > 0),
    origin               text COLLATE "C" NOT NULL UNIQUE,
    idempotency_check    bytea NOT NULL CHECK (octet_length(idempotency_check) = 16),
    lookup_check         bytea NOT NULL CHECK (octet_length(lookup_check) = 16),
    -- Up to here an operator accepted that recorded_at stands still because the clock was set back.
    clock_accepted_until timestamptz,
    -- Why nothing may be appended: what is stored contradicts a checkpoint that was signed. Appends read it under their
    -- lock.
    halted               text COLLATE "C" CHECK (octet_length(halted) BETWEEN 1 AND 1000),
    -- What may be read without a token: nothing, checkpoints and hashes, or the lines as well.
    public_reads         text COLLATE "C" NOT NULL DEFAULT 'none' CHECK (public_reads IN ('none', 'hashes', 'entries'))
);

-- The tree after each commit: insert-only, so that a long snapshot elsewhere never slows appends down.
CREATE TABLE countersign.heads (
    ledger_id bigint NOT NULL REFERENCES countersign.ledgers,
    size      bigint NOT NULL CHECK (size > 0),
    root      bytea NOT NULL CHECK (octet_length(root) = 32),
    PRIMARY KEY (ledger_id, size)
);

CREATE TABLE countersign.entries (
    ledger_id      bigint NOT NULL,
    seq            bigint NOT NULL CHECK (seq >= 0),
    recorded_at    timestamptz NOT NULL,
    occurred_at    timestamptz,
    leaf_hash      bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    kind           text COLLATE "C" NOT NULL,
    outcome        text COLLATE "C" NOT NULL,
    oversight_mode text COLLATE "C",
    message_id     text COLLATE "C",
    sender         text COLLATE "C", -- in lower case: the form for look-up
    actor          text COLLATE "C",
    run_id         text COLLATE "C",
    line           text COLLATE "C" NOT NULL CHECK (octet_length(line) <= 65535),
    PRIMARY KEY (ledger_id, seq)
) PARTITION BY RANGE (seq);

CREATE INDEX entries_message_id ON countersign.entries (ledger_id, message_id, seq) WHERE message_id IS NOT NULL;
CREATE INDEX entries_sender ON countersign.entries (ledger_id, sender, seq) WHERE sender IS NOT NULL;
CREATE INDEX entries_run_id ON countersign.entries (ledger_id, run_id, seq) WHERE run_id IS NOT NULL;

-- Every further key that an entry can be found by: subjects, aliases, links, step attempts.
CREATE TABLE countersign.entry_keys (
    ledger_id bigint NOT NULL,
    name      text COLLATE "C" NOT NULL,
    tag       bytea NOT NULL CHECK (octet_length(tag) = 16),
    seq       bigint NOT NULL,
    PRIMARY KEY (ledger_id, name, tag, seq)
) PARTITION BY RANGE (seq);

-- The sealed values of an entry, in the order of their digests in the line.
CREATE TABLE countersign.disclosures (
    ledger_id   bigint NOT NULL,
    seq         bigint NOT NULL,
    disclosures text COLLATE "C" NOT NULL, -- joined by '~', as RFC 9901 §4 does
    PRIMARY KEY (ledger_id, seq)
) PARTITION BY RANGE (seq);

-- Idempotency keys by their tags; they never expire.
CREATE TABLE countersign.keys (
    ledger_id      bigint NOT NULL,
    tag            bytea NOT NULL CHECK (octet_length(tag) = 16),
    first_seq      bigint NOT NULL,
    count          integer NOT NULL CHECK (count > 0),
    request_tag    bytea CHECK (octet_length(request_tag) = 16), -- absent: the key alone decides, unless
    request_erased boolean NOT NULL DEFAULT false,               -- an erasure took it, or a database that lost it
    PRIMARY KEY (ledger_id, tag)
);

-- Who a pseudonym stands for: only the keyed tag of the address.
CREATE TABLE countersign.subjects (
    ledger_id bigint NOT NULL,
    tag       bytea NOT NULL CHECK (octet_length(tag) = 16),
    pseudonym bytea NOT NULL CHECK (octet_length(pseudonym) = 16),
    PRIMARY KEY (ledger_id, tag)
);

-- Full tiles of 256 hashes, each stored once. The root is the tile's hash on the next level.
CREATE TABLE countersign.tiles (
    ledger_id  bigint NOT NULL,
    level      smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    tile_index bigint NOT NULL CHECK (tile_index >= 0),
    root       bytea NOT NULL CHECK (octet_length(root) = 32),
    hashes     bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (ledger_id, level, tile_index)
);
-- Hashes do not compress, and a slice of an uncompressed value is read without the rest.
ALTER TABLE countersign.tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- The first entry of each hour turns a time into a seq.
CREATE TABLE countersign.hours (
    ledger_id bigint NOT NULL,
    hour      timestamptz NOT NULL,
    first_seq bigint NOT NULL,
    PRIMARY KEY (ledger_id, hour)
);

-- The second line of defence: rights come first, and a superuser passes both.
CREATE FUNCTION countersign.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

DO $$
DECLARE
    append_only text;
BEGIN
    FOREACH append_only IN ARRAY ARRAY['heads', 'entries', 'entry_keys', 'tiles', 'hours'] LOOP
        EXECUTE format(
            'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON countersign.%I
             FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change()', append_only);
    END LOOP;
    FOREACH append_only IN ARRAY ARRAY['ledgers', 'heads', 'entries', 'entry_keys', 'keys', 'tiles', 'hours'] LOOP
        EXECUTE format(
            'CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON countersign.%I
             FOR EACH STATEMENT EXECUTE FUNCTION countersign.refuse_change()', append_only);
    END LOOP;
END
$$;
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OF ledger_id, tag, first_seq, count ON countersign.keys
    FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change();
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OF ledger_id, origin ON countersign.ledgers
    FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change();

-- How many entries of each ledger one partition holds: 2^20, a multiple of a tile.
CREATE FUNCTION countersign.partition_width() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 1048576::bigint';

-- Makes the partitions that seq 0 up to and including last_seq need, and returns the names of the new ones. The owner's
-- right, lent to the service. A new table is attached rather than created in place, for attaching does not wait for the
-- sessions that read or append.
CREATE FUNCTION countersign.ensure_partitions(last_seq bigint) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    width  bigint := partition_width();
    part   bigint;
    parent text;
    child  text;
BEGIN
    IF last_seq < 0 OR last_seq > 1000000000000 THEN
        RAISE EXCEPTION 'no partition for seq %', last_seq;
    END IF;
    LOCK TABLE entries IN SHARE UPDATE EXCLUSIVE MODE; -- one maker at a time
    FOR part IN 0 .. last_seq / width LOOP
        FOREACH parent IN ARRAY ARRAY['entries', 'entry_keys', 'disclosures'] LOOP
            child := format('%s_p%s', parent, lpad(part::text, 6, '0'));
            CONTINUE WHEN to_regclass('countersign.' || child) IS NOT NULL;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
            EXECUTE format(
                'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                parent, child, part * width, (part + 1) * width);
            IF parent <> 'disclosures' THEN
                EXECUTE format(
                    'CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %I
                     FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', child);
            END IF;
            RETURN NEXT child;
        END LOOP;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION countersign.ensure_partitions(bigint) FROM PUBLIC;
SELECT countersign.ensure_partitions(countersign.partition_width());
