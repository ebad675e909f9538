-- The ledger. Every key begins with ledger_id, so that ledgers can be spread over databases. Text is compared as bytes.
-- The line is the truth; every other column of entries and every row of the tables beside it follows from the lines, and
-- `countersign verify` derives it again.

-- The migrator has made the schema and its own table, countersign.migrations.

-- The number of a ledger: the first eight bytes of SHA-256 of its name without the highest bit, and 1 for 0. It follows
-- from the name, so two databases never give a ledger two numbers, and no unique name is needed beside it.
CREATE FUNCTION countersign.ledger_number(origin text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(1, ('x' || encode(substr(sha256(decode(origin, 'escape')), 1, 8), 'hex'))::bit(64)::bigint
        & 9223372036854775807)
$$;

-- One row per ledger. Its row is the lock of an append, which never updates it.
CREATE TABLE countersign.ledgers (
    ledger_id            bigint NOT NULL PRIMARY KEY,
    origin               text COLLATE "C" NOT NULL,
    idempotency_check    bytea NOT NULL CHECK (octet_length(idempotency_check) = 16),
    lookup_check         bytea NOT NULL CHECK (octet_length(lookup_check) = 16),
    -- Up to here an operator accepted that recorded_at stands still because the clock was set back, and the entry that
    -- says so.
    clock_accepted_until timestamptz,
    clock_accepted_seq   bigint,
    -- Why nothing may be appended: what is stored contradicts what was signed or answered. Appends read it under their
    -- lock. The largest tree that the ledger should have had. The entry beside which the last halt was lifted.
    halted               text COLLATE "C" CHECK (octet_length(halted) BETWEEN 1 AND 1000),
    halted_size          bigint CHECK (halted_size > 0),
    halted_root          bytea CHECK (octet_length(halted_root) = 32),
    resumed_seq          bigint,
    -- What may be read without a token: nothing, checkpoints and hashes, or the lines as well. The entry that says so.
    public_reads         text COLLATE "C" NOT NULL DEFAULT 'none' CHECK (public_reads IN ('none', 'hashes', 'entries')),
    published_seq        bigint,
    CONSTRAINT ledger_id_follows_from_origin CHECK (ledger_id = countersign.ledger_number(origin))
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
    level      smallint NOT NULL CHECK (level BETWEEN 0 AND 6),
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

-- The second line of defence: rights come first (0008_rights.sql), and a superuser passes both. A table is append-only,
-- or a row of it stands beside the entry that calls for it and changes only as a later entry says.
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
CREATE TRIGGER refuse_change
    BEFORE DELETE OR UPDATE OF ledger_id, origin, idempotency_check, lookup_check ON countersign.ledgers
    FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change();

-- What a deed says: the `data` of the entry at `place`, where that has this kind and outcome, was made by the service or
-- by its operator, and stands in the chain: under the hash of its line, which names the hash of the entry before it, and
-- among the entries of one commit, which are all there below its head. NULL otherwise.
CREATE FUNCTION countersign.deed(ledger bigint, place bigint, deed_kind text, deed_outcome text) RETURNS json
LANGUAGE plpgsql SET search_path = countersign, pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    said     json;
    name     text;
    previous bytea;
    first    bigint := coalesce(
        (SELECT size FROM heads WHERE ledger_id = ledger AND size <= place ORDER BY size DESC LIMIT 1), 0);
    behind   bigint := (SELECT size FROM heads WHERE ledger_id = ledger AND size > place ORDER BY size LIMIT 1);
BEGIN
    SELECT line::json INTO said FROM entries
    WHERE ledger_id = ledger AND seq = place AND kind = deed_kind AND outcome = deed_outcome
        AND leaf_hash = sha256('\x00'::bytea || convert_to(line, 'UTF8'));
    SELECT origin INTO name FROM ledgers WHERE ledger_id = ledger;
    IF place = 0 THEN
        previous := sha256(convert_to(format(E'countersign/genesis/1\n%s\n', name), 'UTF8'));
    ELSE
        SELECT leaf_hash INTO previous FROM entries WHERE ledger_id = ledger AND seq = place - 1;
    END IF;
    IF said ->> 'ledger' = name AND said ->> 'seq' = place::text AND said ->> 'prev' = encode(previous, 'hex')
        AND said ->> 'kind' = deed_kind AND said ->> 'outcome' = deed_outcome
        AND said -> 'reporter' ->> 'via' IN ('gate', 'service', 'operator')
        AND behind - first = (SELECT count(*) FROM entries WHERE ledger_id = ledger AND seq >= first AND seq < behind)
    THEN
        RETURN said -> 'data';
    END IF;
    RETURN NULL;
END
$$;

-- Refuses what no deed calls for.
CREATE FUNCTION countersign.require_deed(is_said boolean, about text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF is_said IS NOT TRUE THEN
        RAISE EXCEPTION 'no entry of the ledger says so: %', about USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

-- A ledger is halted by anybody who finds it contradicted, the first reason stays, the tree that is expected only grows,
-- and an entry lifts the halt. What is public, and which standstill of the clock was accepted, follow from the last entry that says so.
CREATE FUNCTION countersign.ledger_follows_deeds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    said json;
BEGIN
    IF OLD.halted IS NOT NULL AND NEW.halted IS NULL THEN
        said := deed(NEW.ledger_id, NEW.resumed_seq, 'policy', 'changed');
        PERFORM require_deed(
            said ->> 'event' = 'ledger.resumed' AND NEW.resumed_seq > coalesce(OLD.resumed_seq, -1)
                AND (NEW.halted_size, NEW.halted_root) IS NOT DISTINCT FROM (NULL::bigint, NULL::bytea), 'halted');
    ELSE
        PERFORM require_deed(
            (OLD.halted IS NULL OR NEW.halted = OLD.halted) AND NEW.resumed_seq IS NOT DISTINCT FROM OLD.resumed_seq,
            'halted');
        PERFORM require_deed(
            (NEW.halted_size, NEW.halted_root) IS NOT DISTINCT FROM (OLD.halted_size, OLD.halted_root)
                OR (NEW.halted IS NOT NULL AND NEW.halted_root IS NOT NULL
                    AND NEW.halted_size > coalesce(OLD.halted_size, 0)), 'halted_size');
    END IF;
    IF (NEW.public_reads, NEW.published_seq) IS DISTINCT FROM (OLD.public_reads, OLD.published_seq) THEN
        said := deed(NEW.ledger_id, NEW.published_seq, 'policy', 'changed');
        PERFORM require_deed(
            said ->> 'event' = 'ledger.published' AND said ->> 'level' = NEW.public_reads
                AND NEW.published_seq > coalesce(OLD.published_seq, -1), 'public_reads');
    END IF;
    IF (NEW.clock_accepted_until, NEW.clock_accepted_seq)
        IS DISTINCT FROM (OLD.clock_accepted_until, OLD.clock_accepted_seq)
    THEN
        said := deed(NEW.ledger_id, NEW.clock_accepted_seq, 'policy', 'changed');
        PERFORM require_deed(
            said ->> 'event' = 'clock.accepted' AND NEW.clock_accepted_seq > coalesce(OLD.clock_accepted_seq, -1)
                AND NEW.clock_accepted_until = (
                    SELECT recorded_at FROM entries WHERE ledger_id = NEW.ledger_id AND seq = NEW.clock_accepted_seq),
            'clock_accepted_until');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER follow_deeds BEFORE UPDATE ON countersign.ledgers
    FOR EACH ROW EXECUTE FUNCTION countersign.ledger_follows_deeds();

-- How many entries of each ledger one partition holds: 2^20, a multiple of a tile.
CREATE FUNCTION countersign.partition_width() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 1048576::bigint';

-- Makes the partitions that seq 0 up to and including last_seq need, and returns the names of the new ones: the owner's
-- right. A new table is attached rather than created in place, for attaching does not wait for the sessions that read or
-- append.
CREATE FUNCTION countersign.make_partitions(last_seq bigint) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    width  bigint := partition_width();
    part   bigint;
    parent text;
    child  text;
BEGIN
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

-- The same, lent to the service: for two partitions beyond the last one that holds an entry at most.
CREATE FUNCTION countersign.ensure_partitions(last_seq bigint) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    used  bigint := -1; -- the last partition that holds an entry
    held  boolean;
    child text;
BEGIN
    LOCK TABLE entries IN SHARE UPDATE EXCLUSIVE MODE;
    FOR child IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'entries'::regclass ORDER BY c.relname DESC
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', child) INTO held;
        IF held THEN
            used := split_part(child, '_p', 2)::bigint;
            EXIT;
        END IF;
    END LOOP;
    IF last_seq < 0 OR last_seq / partition_width() > used + 2 THEN
        RAISE EXCEPTION 'no partition for seq % yet', last_seq USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY SELECT make_partitions(last_seq);
END
$$;
SELECT countersign.ensure_partitions(countersign.partition_width());
