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

-- Refuses what does not stand beside an `access/erased` entry.
CREATE FUNCTION countersign.require_erased(ledger bigint, erasing bigint) RETURNS void
LANGUAGE plpgsql SET search_path = countersign, pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM entries WHERE ledger_id = ledger AND seq = erasing AND kind = 'access' AND outcome = 'erased'
    ) THEN
        RAISE EXCEPTION 'no entry erases here' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

-- Removes the sealed values of the entries `seqs`, which the entry `erasing` must list. Of each entry stays what `kept`
-- holds of its values, joined by '~' ('' for nothing). The tags of the requests with these idempotency tags go as well.
CREATE FUNCTION countersign.erase(ledger bigint, erasing bigint, seqs bigint[], kept text[], key_tags bytea[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp
-- Whatever the tables' statistics say: look-ups by key.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    PERFORM require_erased(ledger, erasing);
    IF EXISTS (
        SELECT FROM unnest(seqs) AS s (seq) WHERE NOT EXISTS (
            SELECT FROM erased_ranges r
            WHERE r.ledger_id = ledger AND r.first_seq BETWEEN s.seq >> 10 << 10 AND s.seq AND r.last_seq >= s.seq
                AND r.erased_by = erasing)
    ) THEN
        RAISE EXCEPTION 'the entry does not list what is to be erased' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM disclosures d USING unnest(seqs, kept) AS s (seq, kept)
    WHERE d.ledger_id = ledger AND d.seq = s.seq AND s.kept = '';
    UPDATE disclosures d SET disclosures = s.kept FROM unnest(seqs, kept) AS s (seq, kept)
    WHERE d.ledger_id = ledger AND d.seq = s.seq AND s.kept <> ''
        AND string_to_array(s.kept, '~') <@ string_to_array(d.disclosures, '~');
    UPDATE keys SET request_tag = NULL, request_erased = true
    WHERE ledger_id = ledger AND tag = ANY (key_tags) AND request_tag IS NOT NULL;
END
$$;

-- Removes who a pseudonym stands for. Without the tag of the address, the whole table is read for the pseudonym.
CREATE FUNCTION countersign.forget(ledger bigint, erasing bigint, subject_tag bytea, subject bytea)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
BEGIN
    PERFORM require_erased(ledger, erasing);
    IF subject_tag IS NULL THEN
        DELETE FROM subjects WHERE ledger_id = ledger AND pseudonym = subject;
    ELSE
        DELETE FROM subjects WHERE ledger_id = ledger AND tag = subject_tag AND pseudonym = subject;
    END IF;
END
$$;

-- Removes the kept beginnings of rejected reports that spell the address, and says how many they were. A mail may be
-- among them; what it says in an encoding of its own is not looked into.
CREATE FUNCTION countersign.erase_report_heads(ledger bigint, address bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
DECLARE
    erased bigint;
BEGIN
    UPDATE dmarc_reports SET head = NULL
    WHERE ledger_id = ledger AND head IS NOT NULL
        AND position(lower(encode(address, 'escape')) IN lower(encode(head, 'escape'))) > 0;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;

REVOKE ALL ON FUNCTION countersign.require_erased(bigint, bigint),
    countersign.erase(bigint, bigint, bigint[], text[], bytea[]), countersign.forget(bigint, bigint, bytea, bytea),
    countersign.erase_report_heads(bigint, bytea) FROM PUBLIC;
