-- Sender identities, their checks, and what the name system said. Everything here but the schedule follows from entries.

-- What the name system said to one question, under the SHA-256 of its canonical JSON. `verification` entries hold the
-- digests, so that a check can be judged again years later.
CREATE TABLE countersign.dns_evidence (
    ledger_id bigint NOT NULL,
    digest    bytea NOT NULL CHECK (octet_length(digest) = 32),
    evidence  text COLLATE "C" NOT NULL CHECK (octet_length(evidence) <= 131072),
    PRIMARY KEY (ledger_id, digest),
    CONSTRAINT digest_follows_from_evidence CHECK (digest = sha256(convert_to(evidence, 'UTF8')))
);

-- The names that mail is sent under, in the form for look-up: an address or a domain.
CREATE TABLE countersign.identities (
    ledger_id     bigint NOT NULL REFERENCES countersign.ledgers,
    identity      text COLLATE "C" NOT NULL,
    settings      text COLLATE "C" NOT NULL, -- canonical JSON, as in the entry that set them
    set_seq       bigint NOT NULL,
    -- The schedule. What it says is no record of anything: a lost row of it is a check too many.
    due_at        timestamptz NOT NULL,
    checked_at    timestamptz,               -- the last check, also one that found nothing new
    claim         bytea CHECK (octet_length(claim) = 16), -- who checks it now, until:
    claimed_until timestamptz,
    PRIMARY KEY (ledger_id, identity)
);
CREATE INDEX identities_due ON countersign.identities (due_at);

-- Which check of an identity was in force when: those that the service made, and no one's claims.
CREATE TABLE countersign.identity_verifications (
    ledger_id  bigint NOT NULL,
    identity   text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL,
    assessment text COLLATE "C" NOT NULL,
    PRIMARY KEY (ledger_id, identity, seq)
);

CREATE FUNCTION countersign.identity_follows_deeds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    said json;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.ledger_id, NEW.identity, NEW.settings, NEW.set_seq)
        = (OLD.ledger_id, OLD.identity, OLD.settings, OLD.set_seq)
    THEN
        RETURN NEW;
    END IF;
    said := deed(NEW.ledger_id, NEW.set_seq, 'policy', 'changed');
    PERFORM require_deed(
        said ->> 'event' = 'identity.set' AND said ->> 'identity' = NEW.identity
            AND (said -> 'settings')::text = NEW.settings
            AND (TG_OP = 'INSERT' OR ((NEW.ledger_id, NEW.identity) = (OLD.ledger_id, OLD.identity)
                AND NEW.set_seq > OLD.set_seq)), 'an identity');
    RETURN NEW;
END
$$;
CREATE TRIGGER follow_deeds BEFORE INSERT OR UPDATE ON countersign.identities
    FOR EACH ROW EXECUTE FUNCTION countersign.identity_follows_deeds();
CREATE TRIGGER refuse_change BEFORE DELETE ON countersign.identities
    FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON countersign.identities
    FOR EACH STATEMENT EXECUTE FUNCTION countersign.refuse_change();

CREATE FUNCTION countersign.verification_follows_deeds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    said json := deed(NEW.ledger_id, NEW.seq, 'verification', NEW.assessment);
BEGIN
    PERFORM require_deed(
        said ->> 'event' = 'identity.verified' AND said ->> 'identity' = NEW.identity, 'the check of an identity');
    RETURN NEW;
END
$$;
CREATE TRIGGER follow_deeds BEFORE INSERT ON countersign.identity_verifications
    FOR EACH ROW EXECUTE FUNCTION countersign.verification_follows_deeds();

DO $$
DECLARE
    append_only text;
BEGIN
    FOREACH append_only IN ARRAY ARRAY['dns_evidence', 'identity_verifications'] LOOP
        EXECUTE format(
            'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON countersign.%I
             FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change()', append_only);
        EXECUTE format(
            'CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON countersign.%I
             FOR EACH STATEMENT EXECUTE FUNCTION countersign.refuse_change()', append_only);
    END LOOP;
END
$$;
