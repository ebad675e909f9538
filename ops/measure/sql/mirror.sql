-- Tables like those of the ledger that an append writes to, for the baseline of the ingest: the same columns,
-- constraints, indexes, foreign keys, storage options and partitions. Triggers are against changes; an insert meets
-- none.

CREATE SCHEMA mirror;

DO $$
DECLARE
    ours     regclass;
    name     text;
    key      text;
    addition text;
BEGIN
    FOREACH name IN ARRAY
        ARRAY['entries', 'keys', 'entry_keys', 'disclosures', 'subjects', 'tiles', 'hours', 'heads'] LOOP
        ours := format('countersign.%I', name)::regclass;
        key := pg_get_partkeydef(ours);
        EXECUTE format('CREATE TABLE mirror.%I (LIKE countersign.%I INCLUDING ALL)%s%s', name, name,
            coalesce(' PARTITION BY ' || key, ''),
            (SELECT ' WITH (' || array_to_string(reloptions, ', ') || ')' FROM pg_class WHERE oid = ours));
        FOR addition IN
            SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ours AND contype = 'f' LOOP
            EXECUTE format('ALTER TABLE mirror.%I ADD %s', name, addition);
        END LOOP;
    END LOOP;
END
$$;

CREATE PROCEDURE mirror.follow_partitions() LANGUAGE plpgsql AS $$
DECLARE
    ours record;
BEGIN
    FOR ours IN
        SELECT part.relname AS name, parent.relname AS parent, pg_get_expr(part.relpartbound, part.oid) AS bounds,
            ' WITH (' || array_to_string(part.reloptions, ', ') || ')' AS options
        FROM pg_inherits i JOIN pg_class part ON part.oid = i.inhrelid JOIN pg_class parent ON parent.oid = i.inhparent
        WHERE parent.relnamespace = 'countersign'::regnamespace AND parent.relkind = 'p'
            AND to_regclass(format('mirror.%I', parent.relname)) IS NOT NULL
            AND to_regclass(format('mirror.%I', part.relname)) IS NULL
    LOOP
        EXECUTE format('CREATE TABLE mirror.%I PARTITION OF mirror.%I %s%s', ours.name, ours.parent, ours.bounds,
            ours.options);
    END LOOP;
    GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA mirror TO countersign_app;
END
$$;

GRANT USAGE ON SCHEMA mirror TO countersign_app;
CALL mirror.follow_partitions();
