-- Signed checkpoints: what a stranger holds a ledger to. The keys that sign, and the guard that keeps a signer from
-- signing two histories, stand outside the database; what stands here can be made again or is held to the entries.

-- The keys that sign, as entries name them: that of the first entry, and one for each rotation. The last is the current
-- one.
CREATE TABLE countersign.signing_keys (
    ledger_id bigint NOT NULL REFERENCES countersign.ledgers,
    seq       bigint NOT NULL CHECK (seq >= 0),
    vkey      text COLLATE "C" NOT NULL CHECK (octet_length(vkey) <= 1024),
    PRIMARY KEY (ledger_id, seq)
);

CREATE FUNCTION countersign.signing_key_follows_deeds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    said json := deed(NEW.ledger_id, NEW.seq, 'policy', 'changed');
BEGIN
    PERFORM require_deed(
        said ->> 'key' = NEW.vkey
            AND said ->> 'event' = CASE NEW.seq WHEN 0 THEN 'ledger.created' ELSE 'ledger.key_rotated' END,
        'a signing key');
    RETURN NEW;
END
$$;
CREATE TRIGGER follow_deeds BEFORE INSERT ON countersign.signing_keys
    FOR EACH ROW EXECUTE FUNCTION countersign.signing_key_follows_deeds();

-- Published checkpoints: the newest, the last of each hour, and every one that a receipt, a witness or a timestamp used.
CREATE TABLE countersign.checkpoints (
    ledger_id bigint NOT NULL REFERENCES countersign.ledgers,
    size      bigint NOT NULL CHECK (size > 0),
    note      text COLLATE "C" NOT NULL CHECK (octet_length(note) <= 65536), -- a C2SP signed note
    signed_at timestamptz NOT NULL,
    kept      boolean NOT NULL, -- somebody may ask for it again
    witnessed boolean NOT NULL, -- enough witnesses for the policy of the service have signed it
    PRIMARY KEY (ledger_id, size)
);
CREATE INDEX checkpoints_witnessed ON countersign.checkpoints (ledger_id, size) WHERE witnessed;

-- A checkpoint gets more signatures, is kept from some moment on, and keeps its text. It goes only as the service thins
-- them out: nobody keeps it, and a newer one is of the same hour.
CREATE FUNCTION countersign.checkpoint_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.ledger_id, NEW.size, NEW.signed_at) = (OLD.ledger_id, OLD.size, OLD.signed_at)
            AND split_part(NEW.note, E'\n\n', 1) = split_part(OLD.note, E'\n\n', 1)
            AND NEW.kept >= OLD.kept AND NEW.witnessed >= OLD.witnessed
        THEN
            RETURN NEW;
        END IF;
    ELSIF NOT OLD.kept AND NOT OLD.witnessed AND EXISTS (
        SELECT FROM countersign.checkpoints
        WHERE ledger_id = OLD.ledger_id AND size > OLD.size
            AND date_trunc('hour', signed_at, 'UTC') = date_trunc('hour', OLD.signed_at, 'UTC')
    ) AND NOT EXISTS (
        SELECT FROM countersign.timestamps WHERE ledger_id = OLD.ledger_id AND size = OLD.size
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'a checkpoint that was published stays' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER stay BEFORE UPDATE OR DELETE ON countersign.checkpoints
    FOR EACH ROW EXECUTE FUNCTION countersign.checkpoint_stays();

-- What timestamp authorities said of checkpoints (RFC 3161): a token is over the checkpoint as the ledger signed it,
-- without the signatures of witnesses.
CREATE TABLE countersign.timestamps (
    ledger_id  bigint NOT NULL REFERENCES countersign.ledgers,
    size       bigint NOT NULL CHECK (size > 0),
    token      bytea NOT NULL CHECK (octet_length(token) <= 65536),
    stamped_at timestamptz NOT NULL, -- by the authority's clock
    PRIMARY KEY (ledger_id, size)
);

DO $$
DECLARE
    append_only text;
BEGIN
    FOREACH append_only IN ARRAY ARRAY['signing_keys', 'timestamps'] LOOP
        EXECUTE format(
            'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON countersign.%I
             FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change()', append_only);
    END LOOP;
    FOREACH append_only IN ARRAY ARRAY['signing_keys', 'checkpoints', 'timestamps'] LOOP
        EXECUTE format(
            'CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON countersign.%I
             FOR EACH STATEMENT EXECUTE FUNCTION countersign.refuse_change()', append_only);
    END LOOP;
END
$$;

-- Who does what only one instance need do. A lease spares work; it protects nothing. So nobody has it for long.
CREATE TABLE countersign.leases (
    name   text COLLATE "C" NOT NULL PRIMARY KEY,
    holder text COLLATE "C" NOT NULL,
    until  timestamptz NOT NULL
);
INSERT INTO countersign.leases (name, holder, until)
VALUES ('signing', '', '-infinity'), ('retention', '', '-infinity');

CREATE FUNCTION countersign.lease_is_short() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.until > clock_timestamp() + interval '2 days' THEN
        RAISE EXCEPTION 'a lease holds two days at most' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER is_short BEFORE UPDATE ON countersign.leases
    FOR EACH ROW EXECUTE FUNCTION countersign.lease_is_short();
