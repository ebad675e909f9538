-- Reports, narrower: none stands before the first entry, and the service, which never reads the beginnings of what was
-- rejected, may not read them either.
ALTER TABLE countersign.dmarc_reports ADD CONSTRAINT dmarc_reports_seq_check CHECK (seq >= 0);
REVOKE SELECT ON countersign.dmarc_reports FROM countersign_app;
GRANT SELECT (ledger_id, seq, upload, outcome, submitter, org_name, report_id, policy_domain, begins, ends, records,
    messages, aligned) ON countersign.dmarc_reports TO countersign_app;
