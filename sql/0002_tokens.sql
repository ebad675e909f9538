-- Bearer tokens. Each row follows from an access/granted entry and, once revoked, from an access/revoked one.
CREATE TABLE countersign.tokens (
    ledger_id      bigint NOT NULL REFERENCES countersign.ledgers,
    token_id       text COLLATE "C" NOT NULL,
    hash           bytea NOT NULL CHECK (octet_length(hash) = 32),
    name           text COLLATE "C" NOT NULL,
    scopes         text[] COLLATE "C" NOT NULL,
    expires_at     timestamptz,
    producer       text COLLATE "C" NOT NULL, -- whose idempotency keys it uses: tokens of one producer share them
    granted_by     text COLLATE "C" NOT NULL, -- the reporter of the entry that granted it: a token, or `cli`
    rotates        text COLLATE "C",          -- the token that this one succeeds
    bindings       text COLLATE "C",          -- canonical JSON: what its entries must say; absent: anything
    trusts_reports boolean NOT NULL,          -- the DMARC reports that it brings count
    granted_seq    bigint NOT NULL,
    revoked_seq    bigint,
    PRIMARY KEY (ledger_id, token_id)
);
CREATE UNIQUE INDEX tokens_hash ON countersign.tokens (ledger_id, hash);

CREATE FUNCTION countersign.token_follows_deeds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    said json;
BEGIN
    IF TG_OP = 'INSERT' THEN
        said := deed(NEW.ledger_id, NEW.granted_seq, 'access', 'granted');
        PERFORM require_deed(
            said ->> 'event' = 'token.granted' AND said ->> 'token_id' = NEW.token_id
                AND said ->> 'hash' = encode(NEW.hash, 'hex') AND said ->> 'name' = NEW.name
                AND ARRAY(SELECT json_array_elements_text(said -> 'scopes')) = NEW.scopes
                AND (said ->> 'expires_at')::timestamptz IS NOT DISTINCT FROM NEW.expires_at
                AND coalesce(said ->> 'producer', NEW.token_id) = NEW.producer
                AND said ->> 'rotates' IS NOT DISTINCT FROM NEW.rotates
                AND (said -> 'bindings')::text IS NOT DISTINCT FROM NEW.bindings
                AND coalesce((said ->> 'trusts_reports')::boolean, false) = NEW.trusts_reports
                AND NEW.granted_by = (
                    SELECT line::json -> 'reporter' ->> 'id' FROM entries
                    WHERE ledger_id = NEW.ledger_id AND seq = NEW.granted_seq)
                AND NEW.revoked_seq IS NULL, 'a token');
    ELSE
        said := deed(NEW.ledger_id, NEW.revoked_seq, 'access', 'revoked');
        PERFORM require_deed(
            said ->> 'event' = 'token.revoked' AND said ->> 'token_id' = NEW.token_id AND OLD.revoked_seq IS NULL
                AND to_jsonb(NEW) - 'revoked_seq' = to_jsonb(OLD) - 'revoked_seq', 'the end of a token');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER follow_deeds BEFORE INSERT OR UPDATE ON countersign.tokens
    FOR EACH ROW EXECUTE FUNCTION countersign.token_follows_deeds();
CREATE TRIGGER refuse_change BEFORE DELETE ON countersign.tokens
    FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON countersign.tokens
    FOR EACH STATEMENT EXECUTE FUNCTION countersign.refuse_change();
