-- Bearer tokens. Each row follows from an access/granted entry and, once revoked, from an access/revoked one.
CREATE TABLE countersign.tokens (
    ledger_id   bigint NOT NULL REFERENCES countersign.ledgers,
    token_id    text COLLATE "C" NOT NULL,
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
    name        text COLLATE "C" NOT NULL,
    scopes      text[] COLLATE "C" NOT NULL,
    expires_at  timestamptz,
    granted_seq bigint NOT NULL,
    revoked_seq bigint,
    PRIMARY KEY (ledger_id, token_id)
);
CREATE UNIQUE INDEX tokens_hash ON countersign.tokens (ledger_id, hash);
