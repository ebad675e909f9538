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
