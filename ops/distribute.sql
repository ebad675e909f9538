-- Spreads the ledgers of one database over machines, by hand, with an engine that distributes the tables of a Postgres by a
-- column: Citus is meant here. A superuser runs it on the coordinator, in a database in which `countersign migrate` has
-- made the schema and no ledger has begun.
--
-- NOT TRIED. No Citus runs where Countersign is built and tested. What is held by tests is what such an engine asks for:
-- every key begins with ledger_id; every unique key and every foreign key holds it; every statement names its ledger as
-- a constant, but for the list in Tests/TidyTests/LedgerConstantTests.swift (listing ledgers, signing work, due
-- identities, readers, leases). ARCHITECTURE.md, "What one machine cannot do", says what follows. Try it with a copy,
-- and run `countersign verify`, before you lean on it.
--
-- What it costs. Triggers go: the engine distributes no table that has some (or, with citus.enable_unsafe_triggers,
-- promises nothing). They are the second defence. The rights of sql/0008_rights.sql stay, so nobody changes an entry; but
-- what the service writes beside entries is then held to them by `countersign verify` alone, and `countersign doctor`
-- names each trigger that is missing.

BEGIN;

DO $$
DECLARE
    gone record;
BEGIN
    FOR gone IN
        SELECT tgname, tgrelid::regclass AS relation FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'countersign'::regnamespace AND NOT t.tgisinternal AND t.tgparentid = 0
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', gone.tgname, gone.relation);
    END LOOP;
END
$$;

-- Small tables that are asked about all ledgers at once: a copy on every machine. One cannot refer to a ledger that has
-- its place on one machine only.
ALTER TABLE countersign.readers DROP CONSTRAINT readers_ledger_id_fkey;
SELECT create_reference_table('countersign.readers');
SELECT create_reference_table('countersign.leases');
-- countersign.migrations stays where it is.

-- The check on a ledger's number calls this; so does the service, as the rows of a new ledger are written.
SELECT create_distributed_function('countersign.ledger_number(text)');

-- All rows of a ledger lie on one machine, beside its row in `ledgers`, whose lock orders its appends.
SELECT create_distributed_table('countersign.ledgers', 'ledger_id');
SELECT create_distributed_table(format('countersign.%I', name), 'ledger_id', colocate_with => 'countersign.ledgers')
FROM unnest(ARRAY[
    'heads', 'entries', 'entry_keys', 'disclosures', 'keys', 'subjects', 'tiles', 'hours',
    'tokens',
    'rollups', 'daily_rollups', 'watermarks',
    'signing_keys', 'checkpoints', 'timestamps',
    'erased_ranges', 'legal_holds',
    'dns_evidence', 'identities', 'identity_verifications',
    'dmarc_reports', 'dmarc_report_rows'
]) AS name;

-- What erases runs where the ledger is; what it asks is there.
SELECT create_distributed_function('countersign.deed(bigint, bigint, text, text)', '$1',
    colocate_with => 'countersign.ledgers');
SELECT create_distributed_function('countersign.require_deed(boolean, text)');
SELECT create_distributed_function('countersign.pseudonym_bytes(text)');
SELECT create_distributed_function(function, '$1', colocate_with => 'countersign.ledgers')
FROM unnest(ARRAY[
    'countersign.erase(bigint, bigint, bigint[], text[], bytea[])',
    'countersign.forget(bigint, bigint, bytea, bytea)',
    'countersign.erase_report_heads(bigint, bigint, text)'
]::regprocedure[]) AS function;

COMMIT;

-- countersign.ensure_partitions(bigint) stays on the coordinator: a partition that it attaches is distributed with its
-- parent, for all ledgers. It looks into the newest partitions, so it is the one statement that asks every machine.
--
-- A ledger is moved between such databases, or out of one, by copying the rows with its ledger_id, table by table: the
-- number follows from its name, so it is the same everywhere.
