"""`countersign doctor` knows what the migrations make, and names whatever stands in the database beside it, is gone, or
was changed: each way in which somebody with all rights could prepare what comes later."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from service import DataDirectory

pytestmark = pytest.mark.tamper


@dataclass(frozen=True)
class Alteration:
    """What a superuser does, what doctor must say of it, and how it is undone."""

    does: str
    named: str
    undo: str

    def __str__(self) -> str:
        return self.named[:60]


ALTERATIONS = [
    Alteration("CREATE FUNCTION countersign.x(bigint) RETURNS int LANGUAGE sql AS 'SELECT 1'",
               "function countersign.x(bigint) that no migration makes", "DROP FUNCTION countersign.x(bigint)"),
    Alteration("CREATE OR REPLACE FUNCTION countersign.partition_width() RETURNS bigint LANGUAGE sql IMMUTABLE AS"
               " 'SELECT 1048576::bigint + 0'",
               "function countersign.partition_width(): body",
               "CREATE OR REPLACE FUNCTION countersign.partition_width() RETURNS bigint LANGUAGE sql IMMUTABLE AS"
               " 'SELECT 1048576::bigint'"),
    Alteration("ALTER FUNCTION countersign.refuse_change() SECURITY DEFINER",
               "function countersign.refuse_change(): with the rights of its owner instead of nothing",
               "ALTER FUNCTION countersign.refuse_change() SECURITY INVOKER"),
    Alteration("ALTER FUNCTION countersign.ensure_partitions(bigint) SET search_path = public",
               "function countersign.ensure_partitions(last_seq bigint): settings search_path=public",
               "ALTER FUNCTION countersign.ensure_partitions(bigint)"
               " SET search_path = countersign, pg_catalog, pg_temp"),
    Alteration("ALTER TABLE countersign.entries DISABLE TRIGGER refuse_change",
               "trigger refuse_change on countersign.entries: off instead of on",
               "ALTER TABLE countersign.entries ENABLE TRIGGER refuse_change"),
    Alteration("ALTER TABLE countersign.heads ENABLE REPLICA TRIGGER refuse_change",
               "trigger refuse_change on countersign.heads: on for replicas only instead of on",
               "ALTER TABLE countersign.heads ENABLE TRIGGER refuse_change"),
    Alteration("ALTER TABLE countersign.heads DISABLE TRIGGER ALL; ALTER TABLE countersign.heads ENABLE TRIGGER USER",
               "trigger of the constraint heads_ledger_id_fkey on countersign.heads is off",
               "ALTER TABLE countersign.heads ENABLE TRIGGER ALL"),
    Alteration("GRANT DELETE ON countersign.entries TO countersign_app",
               "right DELETE of countersign_app on table countersign.entries that no migration makes",
               "REVOKE DELETE ON countersign.entries FROM countersign_app"),
    Alteration("GRANT SELECT ON countersign.disclosures TO PUBLIC",
               "right SELECT of PUBLIC on table countersign.disclosures that no migration makes",
               "REVOKE SELECT ON countersign.disclosures FROM PUBLIC"),
    Alteration("GRANT UPDATE (line) ON countersign.entries TO countersign_reader",
               "right UPDATE of countersign_reader on column countersign.entries.line that no migration makes",
               "REVOKE UPDATE (line) ON countersign.entries FROM countersign_reader"),
    Alteration("REVOKE SELECT ON read.entries FROM countersign_reader",
               "right SELECT of countersign_reader on table read.entries is missing",
               "GRANT SELECT ON read.entries TO countersign_reader"),
    Alteration("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO countersign_app",
               "right EXECUTE of countersign_app on function pg_read_file that no migration makes",
               "REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM countersign_app"),
    Alteration("ALTER DEFAULT PRIVILEGES FOR ROLE countersign_owner GRANT ALL ON TABLES TO countersign_app",
               "right INSERT of countersign_app on every later object of kind r in any schema",
               "ALTER DEFAULT PRIVILEGES FOR ROLE countersign_owner REVOKE ALL ON TABLES FROM countersign_app"),
    Alteration("ALTER TABLE countersign.tokens ADD COLUMN note text", "column countersign.tokens.note that no migration",
               "ALTER TABLE countersign.tokens DROP COLUMN note"),
    Alteration("ALTER TABLE countersign.tokens ALTER COLUMN hash DROP NOT NULL",
               "column countersign.tokens.hash: ", "ALTER TABLE countersign.tokens ALTER COLUMN hash SET NOT NULL"),
    Alteration("ALTER TABLE countersign.entries ALTER COLUMN outcome SET DEFAULT 'sent'",
               "column countersign.entries.outcome: ", "ALTER TABLE countersign.entries ALTER COLUMN outcome DROP DEFAULT"),
    Alteration("ALTER TABLE countersign.heads DROP CONSTRAINT heads_root_check",
               "constraint heads_root_check on countersign.heads is missing",
               "ALTER TABLE countersign.heads ADD CONSTRAINT heads_root_check CHECK (octet_length(root) = 32)"),
    Alteration("DROP INDEX countersign.entries_sender", "index countersign.entries_sender is missing",
               "CREATE INDEX entries_sender ON countersign.entries (ledger_id, sender, seq) WHERE sender IS NOT NULL"),
    Alteration("ALTER ROLE countersign_app SUPERUSER", "role countersign_app: superuser instead of nothing",
               "ALTER ROLE countersign_app NOSUPERUSER"),
    Alteration("GRANT postgres TO countersign_app",
               "membership of countersign_app in postgres that no migration makes", "REVOKE postgres FROM countersign_app"),
    Alteration("GRANT pg_write_all_data TO countersign_reader",
               "membership of countersign_reader in pg_write_all_data that no migration makes",
               "REVOKE pg_write_all_data FROM countersign_reader"),
    Alteration("ALTER ROLE countersign_app SET session_replication_role = replica",
               "setting session_replication_role of countersign_app that no migration makes",
               "ALTER ROLE countersign_app RESET session_replication_role"),
    Alteration("CREATE RULE quiet AS ON DELETE TO countersign.tokens DO INSTEAD NOTHING",
               "rule quiet on countersign.tokens that no migration makes", "DROP RULE quiet ON countersign.tokens"),
    Alteration("ALTER TABLE countersign.entries ENABLE ROW LEVEL SECURITY",
               "table countersign.entries: row security instead of nothing",
               "ALTER TABLE countersign.entries DISABLE ROW LEVEL SECURITY"),
    Alteration("CREATE POLICY late ON countersign.entries USING (seq > 5)",
               "policy late on countersign.entries that no migration makes", "DROP POLICY late ON countersign.entries"),
    Alteration("CREATE TABLE countersign.spare (n int)", "table countersign.spare that no migration makes",
               "DROP TABLE countersign.spare"),
    Alteration("ALTER TABLE countersign.keys OWNER TO postgres",
               "table countersign.keys: owner postgres instead of owner countersign_owner",
               "ALTER TABLE countersign.keys OWNER TO countersign_owner"),
    Alteration("CREATE OR REPLACE VIEW read.checkpoints AS SELECT l.origin AS ledger, c.size, c.signed_at, c.note || ''"
               " AS note FROM countersign.checkpoints c JOIN countersign.ledgers l USING (ledger_id)",
               "view read.checkpoints: ", ""),
    Alteration("CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; "
               "CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION public.watch()",
               "event trigger watching that no migration makes",
               "DROP EVENT TRIGGER watching; DROP FUNCTION public.watch()"),
    Alteration("CREATE PUBLICATION leak FOR ALL TABLES", "publication leak that no migration makes",
               "DROP PUBLICATION leak"),
    Alteration("CREATE SCHEMA elsewhere", "schema elsewhere that no migration makes", "DROP SCHEMA elsewhere"),
]


def said(directory: DataDirectory) -> dict[str, str]:
    """What doctor says of the catalogue, with the status of each word."""
    done = directory.run("doctor", "--json")
    assert done.returncode in (0, 1), done
    return {each["detail"]: each["status"] for each in json.loads(done.stdout)["checks"] if each["check"] == "catalogue"}


def test_doctor_names_every_alteration_of_the_catalogue_and_none_that_is_not_there(
    service: DataDirectory, report: Callable[[str], None],
) -> None:
    clean = said(service)
    assert list(clean.values()) == ["ok"], clean
    wrong = []
    with service.sql() as connection:
        for alteration in ALTERATIONS:
            before = {}
            if not alteration.undo:
                [(definition,)] = connection.execute("SELECT pg_get_viewdef('read.checkpoints'::regclass)").fetchall()
                before["undo"] = f"CREATE OR REPLACE VIEW read.checkpoints WITH (security_barrier) AS {definition}"
            connection.execute(alteration.does)
            found = said(service)
            named = [detail for detail, status in found.items() if detail.startswith(alteration.named)]
            if not named or "ok" in found.values():
                wrong.append((alteration.named, found))
            connection.execute(alteration.undo or before["undo"])
            if list(said(service).values()) != ["ok"]:
                wrong.append((f"not undone: {alteration.named}", said(service)))
    report(f"{len(ALTERATIONS)} alterations, each named")
    assert not wrong, "\n".join(f"{named}: {found}" for named, found in wrong)
