-- The roles of Countersign. A superuser runs this once in the database, before the first `countersign migrate`; the
-- private cluster of `countersign serve --data-dir` does it by itself. Running it again changes nothing.
--
-- countersign_owner   migrates, and owns every table
-- countersign_app     the service: SELECT and INSERT on entries, nothing else on them
-- countersign_reader  people's SQL and dashboards: the views in the schema "read"

DO $$
DECLARE
    role_name text;
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
END
$$;
