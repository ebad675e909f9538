-- Erasure and legal holds. Everything here follows from `access` entries. The service has no right to delete a sealed
-- value or a mapping: it may call functions that do so only beside an `access/erased` entry that lists what goes.

-- The entries whose sealed values were erased, as ranges of seq; each entry that lists some has its own rows. A range
-- is cut where a block of 1,024 entries ends, so the ranges around a seq begin within its block.
CREATE TABLE countersign.erased_ranges (
    ledger_id bigint NOT NULL,
    first_seq bigint NOT NULL CHECK (first_seq >= 0),
    last_seq  bigint NOT NULL,
    erased_by bigint NOT NULL,                            -- the entry that lists them
    pseudonym bytea CHECK (octet_length(pseudonym) = 16), -- whose values; absent: everybody's
    PRIMARY KEY (ledger_id, first_seq, erased_by)
);

-- The bytes of a pseudonym as lines spell it; NULL for none.
CREATE FUNCTION countersign.pseudonym_bytes(spelled text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT decode(translate(spelled, '-_', '+/') || '==', 'base64')
$$;

-- The ranges of one statement are those that their entries list, cut as above. All at once: there may be thousands.
CREATE FUNCTION countersign.ranges_follow_deeds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    erasing record;
    said    json;
BEGIN
    FOR erasing IN SELECT DISTINCT ledger_id, erased_by FROM added LOOP
        said := deed(erasing.ledger_id, erasing.erased_by, 'access', 'erased');
        PERFORM require_deed(
            said IS NOT NULL AND NOT EXISTS (
                SELECT first_seq, last_seq, pseudonym FROM added
                WHERE ledger_id = erasing.ledger_id AND erased_by = erasing.erased_by
                EXCEPT
                SELECT greatest(listed.first_seq, block << 10), least(listed.last_seq, (block << 10) + 1023),
                    pseudonym_bytes(said ->> 'pseudonym')
                FROM (
                    SELECT split_part(range, '-', 1)::bigint AS first_seq,
                        coalesce(nullif(split_part(range, '-', 2), ''), range)::bigint AS last_seq
                    FROM json_array_elements_text(said -> 'seqs') AS range
                ) listed
                CROSS JOIN LATERAL generate_series(listed.first_seq >> 10, listed.last_seq >> 10) AS block
                WHERE listed.last_seq < erasing.erased_by),
            'what was erased');
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER follow_deeds AFTER INSERT ON countersign.erased_ranges REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION countersign.ranges_follow_deeds();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON countersign.erased_ranges
    FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON countersign.erased_ranges
    FOR EACH STATEMENT EXECUTE FUNCTION countersign.refuse_change();

-- What must not be erased: one of a person, a message and a range of entries. Each row follows from an `access/held`
-- entry and, once released, from an `access/released` one.
CREATE TABLE countersign.legal_holds (
    ledger_id    bigint NOT NULL REFERENCES countersign.ledgers,
    hold_id      text COLLATE "C" NOT NULL,
    pseudonym    bytea CHECK (octet_length(pseudonym) = 16),
    message_id   text COLLATE "C",
    first_seq    bigint,
    last_seq     bigint,
    reference    text COLLATE "C" NOT NULL,
    held_seq     bigint NOT NULL,
    released_seq bigint,
    PRIMARY KEY (ledger_id, hold_id)
);

CREATE FUNCTION countersign.hold_follows_deeds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    said json;
BEGIN
    IF TG_OP = 'INSERT' THEN
        said := deed(NEW.ledger_id, NEW.held_seq, 'access', 'held');
        PERFORM require_deed(
            said ->> 'event' = 'hold.placed' AND said ->> 'hold_id' = NEW.hold_id
                AND said ->> 'reference' = NEW.reference AND NEW.released_seq IS NULL
                AND said ->> 'message_id' IS NOT DISTINCT FROM NEW.message_id
                AND (said ->> 'from_seq')::bigint IS NOT DISTINCT FROM NEW.first_seq
                AND (said ->> 'to_seq')::bigint IS NOT DISTINCT FROM NEW.last_seq
                AND (NEW.pseudonym IS NULL) = (coalesce(said ->> 'message_id', said ->> 'from_seq') IS NOT NULL)
                AND (NEW.pseudonym IS NULL OR NEW.pseudonym = (
                    SELECT pseudonym_bytes(line::json -> 'subjects' ->> 0) FROM entries
                    WHERE ledger_id = NEW.ledger_id AND seq = NEW.held_seq)), 'a hold');
    ELSE
        said := deed(NEW.ledger_id, NEW.released_seq, 'access', 'released');
        PERFORM require_deed(
            said ->> 'event' = 'hold.released' AND said ->> 'hold_id' = NEW.hold_id AND OLD.released_seq IS NULL
                AND to_jsonb(NEW) - 'released_seq' = to_jsonb(OLD) - 'released_seq', 'the end of a hold');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER follow_deeds BEFORE INSERT OR UPDATE ON countersign.legal_holds
    FOR EACH ROW EXECUTE FUNCTION countersign.hold_follows_deeds();
CREATE TRIGGER refuse_change BEFORE DELETE ON countersign.legal_holds
    FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON countersign.legal_holds
    FOR EACH STATEMENT EXECUTE FUNCTION countersign.refuse_change();

-- Removes the sealed values of the entries `seqs`, which the entry `erasing` must list. Of each entry stays what `kept`
-- holds of its values, joined by '~' ('' for nothing). The tags of the requests that made one of these entries under
-- these idempotency tags go as well.
CREATE FUNCTION countersign.erase(ledger bigint, erasing bigint, seqs bigint[], kept text[], key_tags bytea[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp
-- Whatever the tables' statistics say: look-ups by key.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    PERFORM require_deed(deed(ledger, erasing, 'access', 'erased') IS NOT NULL, 'an erasure');
    PERFORM require_deed(
        NOT EXISTS (
            SELECT FROM unnest(seqs) AS s (seq) WHERE NOT EXISTS (
                SELECT FROM erased_ranges r
                WHERE r.ledger_id = ledger AND r.first_seq BETWEEN s.seq >> 10 << 10 AND s.seq AND r.last_seq >= s.seq
                    AND r.erased_by = erasing)), 'what is to be erased');
    DELETE FROM disclosures d USING unnest(seqs, kept) AS s (seq, kept)
    WHERE d.ledger_id = ledger AND d.seq = s.seq AND s.kept = '';
    UPDATE disclosures d SET disclosures = s.kept FROM unnest(seqs, kept) AS s (seq, kept)
    WHERE d.ledger_id = ledger AND d.seq = s.seq AND s.kept <> ''
        AND string_to_array(s.kept, '~') <@ string_to_array(d.disclosures, '~');
    UPDATE keys SET request_tag = NULL, request_erased = true
    WHERE ledger_id = ledger AND tag = ANY (key_tags) AND request_tag IS NOT NULL
        AND EXISTS (SELECT FROM unnest(seqs) AS s (seq) WHERE s.seq >= first_seq AND s.seq < first_seq + count);
END
$$;

-- Removes who a pseudonym stands for, as the last entry of that person's erasure says. Without the tag of the address,
-- the whole table is read for the pseudonym.
CREATE FUNCTION countersign.forget(ledger bigint, erasing bigint, subject_tag bytea, subject bytea)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    said json := deed(ledger, erasing, 'access', 'erased');
BEGIN
    PERFORM require_deed(
        said ->> 'event' = 'erasure' AND said -> 'more' IS NULL AND pseudonym_bytes(said ->> 'pseudonym') = subject,
        'whom to forget');
    IF subject_tag IS NULL THEN
        DELETE FROM subjects WHERE ledger_id = ledger AND pseudonym = subject;
    ELSE
        DELETE FROM subjects WHERE ledger_id = ledger AND tag = subject_tag AND pseudonym = subject;
    END IF;
END
$$;

-- Removes the kept beginnings of rejected reports that spell the address of whom the entry `erasing` erased, and says how
-- many they were. The pattern is the address in whatever letter case and form (AddressPattern), as encode writes bytes: it
-- has no wildcard, and what it matches must be a whole address. A mail may be among the reports; what it says in an
-- encoding of its own is not looked into.
CREATE FUNCTION countersign.erase_report_heads(ledger bigint, erasing bigint, pattern text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    erased bigint;
BEGIN
    PERFORM require_deed(
        deed(ledger, erasing, 'access', 'erased') ->> 'event' = 'erasure'
            AND pattern ~ '^([A-Za-z0-9|)]|\\[^A-Za-z0-9]|\(\?:)+$', 'the erasure of an address');
    UPDATE dmarc_reports SET head = NULL
    WHERE ledger_id = ledger AND head IS NOT NULL
        AND substring(encode(head, 'escape') COLLATE "C" FROM '(?i)' || pattern) ~ '.@.';
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
