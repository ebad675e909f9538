-- The roles of Countersign, and what nobody may do in their database. A superuser runs this once in the database, before
-- the first `countersign migrate`; the private cluster of `countersign serve --data-dir` does it by itself. Running it
-- again changes nothing.
--
-- countersign_owner   migrates, and owns every table
-- countersign_app     the service: SELECT and INSERT on entries, nothing else on them
-- countersign_reader  people's SQL and dashboards: the views in the schema "read". By itself it sees no ledger;
--                     `countersign reader create` makes roles that belong to it and see theirs.

DO $$
DECLARE
    role_name text;
    writer    regprocedure;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['countersign_owner', 'countersign_app', 'countersign_reader'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- roles belong to the cluster: another database, or another session, has made it
        END;
    END LOOP;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO countersign_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO countersign_owner, countersign_app, countersign_reader',
        current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    -- Who may read may not write: what Postgres lets everybody do beside tables. Large objects (and lo_compat_privileges
    -- must stay off), the write-ahead log, messages to other sessions, and locks that have nothing to do with a table.
    FOR writer IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND (
            proname ~ '^(lo_|loread$|lowrite$)' OR proname ~ '^pg_(try_)?advisory_'
            OR proname IN ('pg_logical_emit_message', 'pg_notify'))
            AND has_function_privilege('public', oid, 'EXECUTE')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', writer);
    END LOOP;
END
$$;
