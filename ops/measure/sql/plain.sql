-- What single entries are measured against: one plain table with the columns and indexes of the ledger's entries, no
-- chain, no keys, no tree.

CREATE TABLE bench.plain (LIKE countersign.entries INCLUDING ALL);
CREATE SEQUENCE bench.plain_seq START 1000000000000 OWNED BY bench.plain.seq;
ALTER TABLE bench.plain ALTER COLUMN seq SET DEFAULT nextval('bench.plain_seq');

-- For information: the chain that people build by hand, a trigger that takes the last hash under a lock.
CREATE TABLE bench.chained (LIKE countersign.entries INCLUDING ALL);
ALTER TABLE bench.chained ALTER COLUMN seq SET DEFAULT 0;
CREATE TABLE bench.chain_ends (ledger_id bigint PRIMARY KEY, seq bigint NOT NULL, leaf_hash bytea NOT NULL);

CREATE FUNCTION bench.chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last bench.chain_ends;
BEGIN
    SELECT * INTO last FROM bench.chain_ends WHERE ledger_id = NEW.ledger_id FOR UPDATE;
    NEW.seq := last.seq + 1;
    NEW.leaf_hash := sha256(last.leaf_hash || convert_to(NEW.line, 'UTF8'));
    UPDATE bench.chain_ends SET seq = NEW.seq, leaf_hash = NEW.leaf_hash WHERE ledger_id = NEW.ledger_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER chain BEFORE INSERT ON bench.chained FOR EACH ROW EXECUTE FUNCTION bench.chain();
