-- DMARC aggregate reports (RFC 9990, RFC 7489): what receivers of mail claim, or somebody in their name. A `report`
-- entry holds what is said of a report as a whole, whose word it is, and the SHA-256 of its rows; here stand the rows,
-- and what reports are found by.

-- The rows of one upload are written by one COPY, before the entry that names them and outside of its transaction, so
-- that a long report never holds a ledger's lock. An upload that no report names (the service stopped in between, or
-- the same report came twice at once) is seen by nobody and does no harm. Its rows may go once they are a day old; the
-- owner's right:
--   DELETE FROM countersign.dmarc_report_rows w WHERE w.upload >> 30 < extract(epoch FROM now())::bigint - 86400
--       AND NOT EXISTS (SELECT FROM countersign.dmarc_reports r WHERE r.ledger_id = w.ledger_id AND r.upload = w.upload);
CREATE TABLE countersign.dmarc_report_rows (
    ledger_id     bigint NOT NULL,
    upload        bigint NOT NULL,         -- the second of the upload, times 2^30, and a random number below 2^30
    row           integer NOT NULL CHECK (row >= 0),
    source_ip     inet,
    source_text   text COLLATE "C",        -- instead of source_ip, where the report's text is no address
    count         bigint NOT NULL CHECK (count >= 0),
    disposition   text COLLATE "C",
    dkim          text COLLATE "C",        -- pass: DKIM passed aligned
    spf           text COLLATE "C",        -- pass: SPF passed aligned
    header_from   text COLLATE "C",        -- in lower case
    envelope_from text COLLATE "C",        -- '' is the null path
    envelope_to   text COLLATE "C",
    auth_results  text COLLATE "C",        -- canonical JSON
    reasons       text COLLATE "C",        -- canonical JSON
    -- Where DKIM passed aligned, the names of the keys of all signatures that passed, such as
    -- s1._domainkey.acme.example, joined by spaces. It follows from auth_results.
    signers       text COLLATE "C",
    PRIMARY KEY (ledger_id, upload, row)
);

-- The reports, each by its entry.
CREATE TABLE countersign.dmarc_reports (
    ledger_id     bigint NOT NULL,
    seq           bigint NOT NULL CHECK (seq >= 0),
    upload        bigint,
    outcome       text COLLATE "C" NOT NULL,
    trust         text COLLATE "C",        -- why it counts, or `unverified`; of the versions of one report one counts
    receiver      text COLLATE "C",        -- the organization of the mail that carried it, else of its own address
    receiver_claimed boolean,              -- whether nothing but the report says so
    report        bytea CHECK (octet_length(report) = 16), -- digest of receiver, policy domain, id and period
    org_name      text COLLATE "C",        -- as written, and believed by nobody
    report_id     text COLLATE "C",
    policy_domain text COLLATE "C",
    begins        bigint,                  -- seconds since 1970, as the report says
    ends          bigint,
    records       integer,
    messages      bigint,
    aligned       bigint,                  -- messages that passed DMARC, as the report says
    rows_sha256   bytea CHECK (octet_length(rows_sha256) = 32),
    -- The first 64 KiB of what was rejected. A mail may be among them, so the owner may set it to NULL.
    head          bytea CHECK (octet_length(head) <= 65536),
    PRIMARY KEY (ledger_id, seq)
);
CREATE UNIQUE INDEX dmarc_reports_upload ON countersign.dmarc_reports (ledger_id, upload) WHERE upload IS NOT NULL;
CREATE INDEX dmarc_reports_period ON countersign.dmarc_reports (ledger_id, begins, policy_domain)
    WHERE upload IS NOT NULL;
CREATE INDEX dmarc_reports_domain ON countersign.dmarc_reports (ledger_id, policy_domain, seq)
    WHERE policy_domain IS NOT NULL;
-- All versions of a report, and those that somebody vouches for.
CREATE INDEX dmarc_reports_report ON countersign.dmarc_reports (ledger_id, report, seq) WHERE report IS NOT NULL;
CREATE INDEX dmarc_reports_trusted ON countersign.dmarc_reports (ledger_id, report, seq) WHERE trust <> 'unverified';

CREATE FUNCTION countersign.refuse_delete_of_reported_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.upload >> 30 < extract(epoch FROM now())::bigint - 86400 AND NOT EXISTS (
        SELECT FROM countersign.dmarc_reports WHERE ledger_id = OLD.ledger_id AND upload = OLD.upload
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER refuse_change BEFORE UPDATE ON countersign.dmarc_report_rows
    FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change();
CREATE TRIGGER refuse_delete BEFORE DELETE ON countersign.dmarc_report_rows
    FOR EACH ROW EXECUTE FUNCTION countersign.refuse_delete_of_reported_rows();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON countersign.dmarc_report_rows
    FOR EACH STATEMENT EXECUTE FUNCTION countersign.refuse_change();
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OF ledger_id, seq, upload, outcome, trust, receiver,
    receiver_claimed, report, org_name, report_id, policy_domain, begins, ends, records, messages, aligned, rows_sha256
    ON countersign.dmarc_reports
    FOR EACH ROW EXECUTE FUNCTION countersign.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON countersign.dmarc_reports
    FOR EACH STATEMENT EXECUTE FUNCTION countersign.refuse_change();

CREATE FUNCTION countersign.report_follows_deeds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = countersign, pg_catalog, pg_temp AS $$
BEGIN
    PERFORM require_deed(
        deed(NEW.ledger_id, NEW.seq, 'report', NEW.outcome) ->> 'event' = 'dmarc_report.received', 'a report');
    RETURN NEW;
END
$$;
CREATE TRIGGER follow_deeds BEFORE INSERT ON countersign.dmarc_reports
    FOR EACH ROW EXECUTE FUNCTION countersign.report_follows_deeds();
