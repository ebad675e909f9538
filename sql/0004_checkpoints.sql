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

-- What timestamp authorities said of checkpoints (RFC 3161): a token is over the checkpoint as the ledger signed it,
-- without the signatures of witnesses.
CREATE TABLE countersign.timestamps (
    ledger_id  bigint NOT NULL REFERENCES countersign.ledgers,
    size       bigint NOT NULL CHECK (size > 0),
    token      bytea NOT NULL CHECK (octet_length(token) <= 65536),
    stamped_at timestamptz NOT NULL, -- by the authority's clock
    PRIMARY KEY (ledger_id, size)
);

-- Who does what only one instance need do. A lease spares work; it protects nothing.
CREATE TABLE countersign.leases (
    name   text COLLATE "C" NOT NULL PRIMARY KEY,
    holder text COLLATE "C" NOT NULL,
    until  timestamptz NOT NULL
);
INSERT INTO countersign.leases (name, holder, until)
VALUES ('signing', '', '-infinity'), ('retention', '', '-infinity');
