-- Sender identities, their checks, and what the name system said. Everything here but the schedule follows from entries.

-- What the name system said to one question, under the SHA-256 of its canonical JSON. `verification` entries hold the
-- digests, so that a check can be judged again years later.
CREATE TABLE countersign.dns_evidence (
    ledger_id bigint NOT NULL,
    digest    bytea NOT NULL CHECK (octet_length(digest) = 32),
    evidence  text COLLATE "C" NOT NULL CHECK (octet_length(evidence) <= 131072),
    PRIMARY KEY (ledger_id, digest)
);

-- The names that mail is sent under, in the form for look-up: an address or a domain.
CREATE TABLE countersign.identities (
    ledger_id     bigint NOT NULL REFERENCES countersign.ledgers,
    identity      text COLLATE "C" NOT NULL,
    settings      text COLLATE "C" NOT NULL, -- canonical JSON, as in the entry that set them
    set_seq       bigint NOT NULL,
    last_seq      bigint,                    -- the last check that made an entry
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
