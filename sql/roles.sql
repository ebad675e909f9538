-- The roles of Countersign. Run once by a superuser, before the first `countersign migrate`; the private cluster of
-- `countersign serve --data-dir` does it by itself. Running it again changes nothing.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_owner') THEN
        CREATE ROLE countersign_owner LOGIN;  -- migrates, and owns every table
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_app') THEN
        CREATE ROLE countersign_app LOGIN;    -- the service: SELECT and INSERT on entries, nothing else on them
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_reader') THEN
        CREATE ROLE countersign_reader LOGIN; -- people's SQL and dashboards: the views in the schema "read"
    END IF;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO countersign_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO countersign_owner, countersign_app, countersign_reader',
        current_database());
END
$$;
