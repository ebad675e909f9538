"""What each role of the database can and cannot do: ops/roles.md, line by line, in sessions of psql."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api import ok
from paths import ROOT
from reference import canonical, leaf_hash
from service import DataDirectory, unique, wait_until

pytestmark = pytest.mark.isolation

#: insufficient_privilege, check_violation, and what cannot be done to a view.
REFUSALS = {"42501", "23514", "55000"}
ENTRY = {"kind": "send", "outcome": "sent", "sender": "a@acme.example", "personal": {"recipient": "jane@customer.example"}}
MANY = 3_000
READER = "dashboard"


@dataclass
class Place:
    """A service with two ledgers, one of them halted, and a reader of the other."""

    directory: DataDirectory
    other: str
    password: str
    names: dict[str, str] = field(default_factory=dict)

    def psql(self, role: str, *statements: str) -> subprocess.CompletedProcess[str]:
        """Runs statements in one session."""
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=sqlstate",
                   "-h", str(self.directory.path), "-U", role, "-d", "countersign"]
        for statement in statements:
            command += ["-c", self.filled(statement)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                              env={**os.environ, "PGPASSWORD": self.password})

    def rows(self, role: str, *statements: str) -> list[str]:
        """The lines that the statements give; they must succeed."""
        done = self.psql(role, *statements)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def refusal(self, role: str, *statements: str) -> str:
        """The SQLSTATE that one of them is answered with; empty if all are done."""
        done = self.psql(role, *statements)
        found = re.search(r"(?:ERROR|FATAL):  ([0-9A-Z]{5})", done.stderr)
        return found[1] if found else ""

    def filled(self, statement: str) -> str:
        for name, value in self.names.items():
            statement = statement.replace("{" + name + "}", value)
        return statement


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    directory = DataDirectory()
    try:
        directory.serve()
        api = directory.api()
        api.append([ENTRY] * 20)
        token, live = (ok(api.post("/v1/tokens", {"name": name, "scopes": ["read"]}), 201) for name in "tu")
        assert api.call("DELETE", f"/v1/tokens/{token['id']}").status_code == 200
        hold = ok(api.post("/v1/legal-holds", {"from_seq": 3, "to_seq": 4, "reference": "r", "reason": "q"}), 201)
        ok(api.call("PUT", "/v1/identities/acme.example", json={}), 200, 201)
        assert directory.run("checkpoint", "sign").returncode == 0
        other = "other.example/mail"
        directory.create_ledger(other)
        directory.api(directory.new_token("ingest", origin=other)).append([
            {**ENTRY, "message_id": f"<{number}@other.example>"} for number in range(MANY)])
        password = directory.run_json("reader", "create", READER, "--ledger", other)["password"]
        made = Place(directory, other, password)
        with directory.sql() as connection:
            wait_until(lambda: connection.execute(
                "SELECT true FROM countersign.rollups LIMIT 1").fetchone(), 60, "the counts")
            ids = dict(connection.execute("SELECT origin, ledger_id::text FROM countersign.ledgers").fetchall())
            made.names = {
                "ledger": ids[directory.origin], "other": ids[other], "head": str(api.size()),
                "revoked": token["id"], "live": live["id"], "hold": hold["id"]}
        directory.instances[-1].stop()
        directory.serve()
        made.rows("countersign_app", "UPDATE countersign.ledgers SET halted = 'a test' WHERE ledger_id = {ledger}")
        yield made
    finally:
        directory.close()


# -- the list


def listed() -> list[tuple[str, str, str]]:
    """Role, statement and answer of each line of ops/roles.md."""
    role, lines = "", []
    for line in (ROOT / "ops/roles.md").read_text().splitlines():
        if line.startswith("## "):
            role = line[3:].split(",")[0]
        elif found := re.fullmatch(r"\| `(.+)` \| (.+) \|", line):
            roles = [role, READER] if role == "countersign_reader" else [role]
            lines += [(each, found[1], found[2]) for each in roles]
    return lines


LISTED = listed()


def test_the_list_is_whole() -> None:
    roles = [role for role, _, _ in LISTED]
    assert {role: roles.count(role) > 5 for role in roles} == dict.fromkeys(
        ["countersign_app", "countersign_reader", READER, "countersign_owner"], True)
    assert {answer.split(":")[0] for _, _, answer in LISTED} == {"yes", "refused", "verify"}


@pytest.mark.parametrize(
    ("role", "statement", "answer"), [line for line in LISTED if not line[2].startswith("verify")],
    ids=lambda text: text[:60])
def test_a_role_can_do_what_the_list_says_and_no_more(place: Place, role: str, statement: str, answer: str) -> None:
    own = statement.removeprefix("BEGIN; ").removesuffix("; ROLLBACK")
    state = place.refusal(role, "BEGIN", own, "ROLLBACK")
    if answer == "yes":
        assert not state, f"{role}: {statement}: {state}"
    else:
        assert state in REFUSALS, f"{role}: {statement}: {state or 'was done'}"


def test_what_the_service_can_write_past_the_entries_is_named_by_verify(place: Place) -> None:
    directory = place.directory
    assert directory.verify().is_intact
    for role, statement, answer in LISTED:
        if role != "countersign_app" or answer == "yes":
            continue
        if answer == "refused":
            # Also beside what was forged before.
            assert place.refusal(role, "BEGIN", statement, "ROLLBACK") in REFUSALS, statement
            continue
        check, table = answer.removeprefix("verify: ").split(" in ")
        assert not place.refusal(role, statement), statement
        findings = {(finding.check, finding.table) for finding in directory.verify().findings}
        assert (check, table) in findings, f"{statement}: {sorted(findings)}"


# -- deeds


@pytest.fixture
def own(own_service: DataDirectory) -> Place:
    """A service of one test's own."""
    place = Place(own_service, "", "")
    own_service.api().append([ENTRY] * 3)
    with own_service.sql() as connection:
        (ledger,) = connection.execute("SELECT ledger_id FROM countersign.ledgers").fetchone() or (0,)
    place.names = {"ledger": str(ledger)}
    return place


def deed(own: Place, seq: int, prev: bytes, **members: Any) -> bytes:
    """A line that looks like one of the operator's."""
    return canonical({
        "data": {}, "format": "countersign/1", "ledger": own.directory.origin, "nonce": "A" * 22, "prev": prev.hex(),
        "recorded_at": "2026-11-22T10:00:00.123456Z", "reporter": {"id": "command", "via": "operator"}, "seq": seq,
        **members})


def grants(own: Place, seq: int, prev: bytes) -> bytes:
    return deed(own, seq, prev, kind="access", outcome="granted", data={
        "event": "token.granted", "hash": "78" * 32, "name": "forged", "scopes": ["admin"], "token_id": "tok_forged"})


def insert_entry(connection: psycopg.Connection, ledger: str, seq: int, line: bytes, digest: bytes | None = None) -> None:
    members = json.loads(line)
    connection.execute(
        "INSERT INTO countersign.entries (ledger_id, seq, recorded_at, leaf_hash, kind, outcome, line)"
        " VALUES (%s, %s, now(), %s, %s, %s, %s)",
        [ledger, seq, digest or leaf_hash(line), members["kind"], members["outcome"], line.decode()])


FORGED_TOKEN = (
    "INSERT INTO countersign.tokens"
    " (ledger_id, token_id, hash, name, scopes, producer, granted_by, trusts_reports, granted_seq)"
    " VALUES (%s, 'tok_forged', decode(repeat('78', 32), 'hex'), 'forged', '{admin}', 'tok_forged', 'command', false, %s)")


@pytest.mark.parametrize("how", ["beyond the head", "far beyond a made-up head", "with another hash", "unlinked",
                                 "a producer's", "of another ledger"])
def test_a_forged_deed_grants_nothing(own: Place, how: str) -> None:
    size, ledger = own.directory.api().size(), own.names["ledger"]
    with own.directory.sql(role="countersign_app") as connection, connection.transaction(force_rollback=True):
        (last,) = connection.execute(
            "SELECT leaf_hash FROM countersign.entries WHERE seq = %s", [size - 1]).fetchone() or (b"",)
        seq, head, digest = size, size + 1, None
        line = grants(own, seq, last)
        if how == "far beyond a made-up head":
            seq, head = size + 100, size + 101
            insert_entry(connection, ledger, seq - 1, deed(own, seq - 1, last, kind="send", outcome="sent"), last)
            line = grants(own, seq, last)
        elif how == "with another hash":
            digest = leaf_hash(b"x")
        elif how == "unlinked":
            line = grants(own, seq, bytes(32))
        elif how == "a producer's":
            line = canonical({**json.loads(line), "reporter": {"id": "tok_x", "via": "ingest"}})
        elif how == "of another ledger":
            line = canonical({**json.loads(line), "ledger": "other.example/mail"})
        insert_entry(connection, ledger, seq, line, digest)
        if how != "beyond the head":
            connection.execute("INSERT INTO countersign.heads VALUES (%s, %s, repeat('r', 32)::bytea)", [ledger, head])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no entry of the ledger says so: a token"):
            connection.execute(FORGED_TOKEN, [ledger, seq])


def test_what_stands_beside_an_entry_in_the_chain_is_a_record_for_ever(own: Place) -> None:
    size, ledger = own.directory.api().size(), own.names["ledger"]
    own.directory.instances[-1].stop()
    own.directory.serve()
    with own.directory.sql(role="countersign_app") as connection, connection.transaction():
        (last,) = connection.execute(
            "SELECT leaf_hash FROM countersign.entries WHERE seq = %s", [size - 1]).fetchone() or (b"",)
        line = grants(own, size, last)
        insert_entry(connection, ledger, size, line)
        connection.execute("INSERT INTO countersign.heads VALUES (%s, %s, repeat('r', 32)::bytea)", [ledger, size + 1])
        connection.execute(FORGED_TOKEN, [ledger, size])
    # The token stands beside its entry; the root is one that only the whole tree gives.
    checks = own.directory.verify().checks
    assert "head" in checks and not {"token", "orphan"} & checks


def test_an_erasure_of_one_person_forgets_nobody_else(own: Place) -> None:
    api = own.directory.api()
    api.append([{**ENTRY, "personal": {"recipient": "joe@customer.example"}}])
    ok(api.post("/v1/erasures", {
        "subject": "jane@customer.example", "legal_basis": "GDPR Article 17", "requester": "by letter"}), 200)
    with own.directory.sql() as connection:
        ((joe,),) = connection.execute("SELECT encode(pseudonym, 'hex') FROM countersign.subjects").fetchall()
        ((erasing, touched),) = connection.execute(
            "SELECT erased_by, max(last_seq) FROM countersign.erased_ranges GROUP BY 1").fetchall()
    for statement in (
        f"SELECT countersign.forget({{ledger}}, {erasing}, NULL, decode('{joe}', 'hex'))",
        f"SELECT countersign.erase({{ledger}}, {erasing}, ARRAY[{touched + 1}]::bigint[], ARRAY[''], '{{}}')",
        f"INSERT INTO countersign.erased_ranges VALUES ({{ledger}}, 0, {touched + 1}, {erasing}, NULL)",
        f"INSERT INTO countersign.erased_ranges SELECT ledger_id, first_seq + 1, last_seq, {erasing}, NULL FROM"
        " countersign.erased_ranges",
        f"SELECT countersign.erase_report_heads({{ledger}}, {erasing}, '')",
        f"SELECT countersign.erase_report_heads({{ledger}}, {erasing}, '@')",
        f"SELECT countersign.erase_report_heads({{ledger}}, {erasing - 1}, 'joe@customer.example')",
    ):
        assert own.refusal("countersign_app", "BEGIN", statement, "ROLLBACK") == "42501", statement
    assert own.directory.verify().is_intact


def test_a_halt_is_lifted_by_an_entry_made_for_it(own: Place) -> None:
    own.rows("countersign_app", "UPDATE countersign.ledgers SET halted = 'a test' WHERE ledger_id = {ledger}")
    assert own.directory.run("doctor", "--after-restore").returncode == 0
    (resumed,) = own.rows("postgres", "SELECT resumed_seq FROM countersign.ledgers WHERE halted IS NULL")
    # The same entry lifts no other halt.
    own.rows("countersign_app", "UPDATE countersign.ledgers SET halted = 'another' WHERE ledger_id = {ledger}")
    for again in (resumed, int(resumed) - 1):
        statement = f"UPDATE countersign.ledgers SET halted = NULL, resumed_seq = {again}"
        assert own.refusal("countersign_app", statement) == "42501"
    assert own.directory.verify().is_intact


def test_the_tree_that_a_halt_expects_only_grows_and_goes_with_the_halt(own: Place) -> None:
    size = own.directory.api().size()
    own.rows("countersign_app", "UPDATE countersign.ledgers SET halted = 'a test', halted_size = 7,"
             " halted_root = sha256('x') WHERE ledger_id = {ledger}")
    for members in ("halted_size = 6", "halted_size = 7, halted_root = sha256('y')", "halted_root = NULL",
                    "halted_size = NULL, halted_root = NULL", "halted_size = 8, halted_root = NULL"):
        statement = f"UPDATE countersign.ledgers SET {members} WHERE ledger_id = {{ledger}}"
        assert own.refusal("countersign_app", statement) == "42501", members
    # Nobody lifts it by an entry: the tree is not that one.
    done = own.directory.run("doctor", "--after-restore")
    assert done.returncode == 1 and own.directory.api().size() == size, done


# -- readers


def test_a_reader_sees_its_own_ledgers_only(place: Place) -> None:
    assert place.rows(READER, "SELECT ledger FROM read.ledgers") == [place.other]
    views = place.rows("postgres", "SELECT viewname FROM pg_views WHERE schemaname = 'read' ORDER BY 1")
    assert len(views) > 10
    for view in views:
        seen = place.rows(READER, f"SELECT DISTINCT ledger FROM read.{view}")
        assert set(seen) <= {place.other}, view
        assert place.rows("countersign_reader", f"SELECT count(*) FROM read.{view}") == ["0"], view
    assert place.rows(READER, "SELECT count(*) > 0 FROM read.entries") == ["t"]


def test_every_view_is_a_barrier_that_asks_for_the_reading_role(place: Place) -> None:
    for line in place.rows(
            "postgres", "SELECT relname, coalesce(reloptions::text, ''), pg_get_viewdef(oid) ~"
            " 'readers.role_name = CURRENT_USER' FROM pg_class"
            " WHERE relnamespace = 'read'::regnamespace AND relkind = 'v'"):
        assert line.endswith("|{security_barrier=true}|t"), line


def test_no_condition_of_a_reader_meets_the_rows_of_another_ledger(place: Place) -> None:
    # Entry 7 of the reader's own ledger is left out, so only another ledger's would divide by nothing.
    for plan in ("SET enable_indexscan = off; SET enable_bitmapscan = off", "SET enable_seqscan = off"):
        rows = place.rows(
            READER, *plan.split("; "), "SELECT count(*) FROM read.entries WHERE seq <> 7 AND 1 / (seq - 7) < 2")
        assert rows[-1].isdigit() and int(rows[-1]) > 0


def test_a_look_up_through_a_view_uses_the_index_of_its_table(place: Place) -> None:
    place.rows("postgres", "ANALYZE countersign.entries")
    for condition, index in (
        ("message_id = '<77@other.example>'", "message_id_seq_idx"), ("seq BETWEEN 5 AND 9", "pkey"),
        (f"ledger = '{place.other}' AND message_id = '<77@other.example>'", "message_id_seq_idx"),
    ):
        (plan,) = json.loads("".join(place.rows(
            READER, f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM read.entries WHERE {condition}")))
        scans = [scan for scan in nodes(plan["Plan"])
                 if scan.get("Index Name", "").startswith("entries") and scan["Index Name"].endswith(index)]
        assert scans and all("ledger_id = ANY" in scan["Index Cond"] for scan in scans), json.dumps(plan, indent=1)
        assert sum(scan["Actual Rows"] for scan in scans) < 10


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def test_readers_are_made_listed_and_removed(place: Place, tmp_path: Path) -> None:
    directory, role = place.directory, unique("reader").replace("-", "_")
    secret = tmp_path / "password"
    secret.write_text("a long password of ours\n")
    done = directory.run("reader", "create", role, "--ledger", place.other, "--password-file", str(secret))
    assert done.returncode == 0 and b"a long password" not in done.stdout + done.stderr, done.stderr
    login = Place(directory, place.other, "a long password of ours")
    assert login.rows(role, "SELECT ledger FROM read.ledgers") == [place.other]
    assert Place(directory, "", "wrong").psql(role, "SELECT 1").returncode != 0
    added = directory.run_json("reader", "create", role, "--ledger", directory.origin)
    assert not added["is_new"] and "password" not in added
    assert len(login.rows(role, "SELECT ledger FROM read.ledgers")) == 2
    readers = {each["role"]: each for each in directory.run_json("reader", "list")["readers"]}
    assert readers[role] == {"role": role, "ledgers": sorted([place.other, directory.origin]), "exists": True}
    assert role in directory.run("reader", "list").stdout.decode()
    with directory.sql() as connection:
        (stored,) = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [role]).fetchone() or ("",)
    assert stored.startswith("SCRAM-SHA-256$")
    assert directory.run("reader", "drop", role).returncode == 0
    assert login.psql(role, "SELECT 1").returncode != 0
    assert role not in {each["role"] for each in directory.run_json("reader", "list")["readers"]}


@pytest.mark.parametrize("name", ["countersign_app", "pg_reader", "Reader", "9lives", "a-b", "", "a" * 64, "postgres"])
def test_a_name_that_is_no_readers_is_refused(place: Place, name: str) -> None:
    done = place.directory.run("reader", "create", "--ledger", place.other, "--", name)
    assert done.returncode != 0 and b"error:" in done.stderr and b"next:" in done.stderr, done.stderr


def test_doctor_names_what_lets_a_reader_write(place: Place) -> None:
    directory = place.directory

    def rights() -> dict[str, str]:
        checks = json.loads(directory.run("doctor", "--json").stdout)["checks"]
        return next(each for each in checks if each["check"] == "rights")

    assert rights()["status"] == "ok"
    with directory.sql() as connection:
        connection.execute("GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC")
        found = rights()
        assert found["status"] == "fail" and "lo_create(oid)" in found["detail"], found
        connection.execute("REVOKE EXECUTE ON FUNCTION lo_create(oid) FROM PUBLIC")


# -- an older build


def test_a_database_of_an_older_build_is_refused_by_that_name(own_directory: DataDirectory) -> None:
    directory = own_directory
    directory.serve()
    names = ["ledger", "rights", "daily rollups", "read ledgers", "identities", "dmarc reports", "report rights",
             "checkpoints", "erasures", "retention"]
    with directory.sql() as connection:
        connection.execute("DELETE FROM countersign.migrations")
        for version, name in enumerate(names, start=1):
            connection.execute("INSERT INTO countersign.migrations (version, name, checksum) VALUES (%s, %s, %s)",
                               [version, name, name.encode().ljust(32)])
    said = "was made by an older, unreleased build of Countersign: its migration 1, \"ledger\", is not this binary's"
    for command in (["migrate"], ["doctor"], ["verify"], ["serve", "--listen", "127.0.0.1:0"]):
        done = directory.run(*command)
        text = (done.stdout + done.stderr).decode()
        assert done.returncode != 0 and said in text and "next:" in text, f"{command}: {text}"
