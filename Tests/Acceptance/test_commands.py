"""The command line: what each command says, does, prints and ends with."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from api import Api
from events import Events
from paths import BINARY, ORIGIN
from service import DataDirectory, unique, wait_until
from verdict import EXIT_BROKEN, EXIT_COULD_NOT_RUN, EXIT_INTACT, EXIT_USAGE

pytestmark = pytest.mark.commands

COMMANDS = [["serve"], ["token"], ["token", "create"], ["token", "list"], ["token", "revoke"], ["ledger"],
            ["ledger", "create"], ["ledger", "list"], ["ledger", "accept-clock"], ["import"], ["export"], ["verify"],
            ["migrate"], ["doctor"], ["dmarc-report"], ["dmarc-report", "import"], ["dmarc-report", "list"],
            ["dmarc-report", "read"], ["dmarc-report", "stats"], ["dmarc-report", "unknown-senders"],
            ["dmarc-report", "verify"], ["witness"], ["witness", "serve"], ["witness", "new-key"], ["erase"], ["hold"],
            ["hold", "add"], ["hold", "list"], ["hold", "release"], ["retention"], ["retention", "apply"],
            ["retention", "scrub"], ["ledger", "keys"], ["ledger", "rotate-key"], ["ledger", "retire-keys"],
            ["ledger", "publish"], ["ledger", "reappend"], ["checkpoint"], ["checkpoint", "show"], ["checkpoint", "sign"],
            ["checkpoint", "stamp"], ["receipt"], ["verify-receipt"], ["verify-export"], ["verify-tiles"],
            ["verify-timestamp"], ["backup"], ["restore"]]
IMPORTED = 4_000


def text(done: subprocess.CompletedProcess[bytes]) -> str:
    """All that a command said."""
    return done.stdout.decode() + done.stderr.decode()


# -- help and errors


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(own_directory: DataDirectory, command: list[str]) -> None:
    done = own_directory.command(*command, "--help")
    assert done.returncode == 0 and "USAGE: countersign" in done.stdout.decode(), text(done)
    assert "OVERVIEW:" in done.stdout.decode(), "a command says what it is for"
    undocumented = [line for line in done.stdout.decode().splitlines()
                    if line.startswith("  --") and len(line.split("  ")) < 3 and len(line) < 24]
    assert not undocumented, undocumented


def test_the_root_lists_every_command(own_directory: DataDirectory) -> None:
    said = text(own_directory.command("--help"))
    for command in {command[0] for command in COMMANDS}:
        assert f"  {command} " in said, command
    assert own_directory.command("--version").returncode == 0


@pytest.mark.parametrize("arguments", [["serv"], ["verify", "--sinse", "1"], ["token", "create", "--scope", "root"],
                                       ["import"], ["serve", "--listen", "nonsense"]], ids=" ".join)
def test_a_mistyped_command_is_told_what_is_right(own_directory: DataDirectory, arguments: list[str]) -> None:
    done = own_directory.run(*arguments)
    assert done.returncode not in (0, EXIT_BROKEN) and not done.stdout
    assert "countersign" in done.stderr.decode() and "Fatal error" not in done.stderr.decode()


def test_a_data_directory_with_a_path_too_long_for_a_socket_is_refused(own_directory: DataDirectory) -> None:
    long = own_directory.base / ("d" * 100)
    done = own_directory.command("serve", "--data-dir", str(long), "--listen", "127.0.0.1:0", "--ledger", ORIGIN)
    assert done.returncode != 0 and "107" in text(done) and "shorter" in text(done), text(done)
    assert not long.exists()


def test_a_port_that_is_taken_is_named(service: DataDirectory) -> None:
    address = service.url.removeprefix("http://")
    done = service.run("serve", "--listen", address, "--ledger", ORIGIN, seconds=60)
    assert done.returncode != 0 and address.rpartition(":")[2] in text(done), text(done)


def test_a_database_that_is_not_there_is_named_with_a_next_step(own_directory: DataDirectory) -> None:
    url = f"postgresql:///countersign?host={own_directory.base}"
    secret = own_directory.base / "k"
    secret.write_bytes(bytes(32))
    secret.chmod(0o600)
    for command in (["verify"], ["doctor"], ["export"], ["token", "list"], ["migrate"]):
        done = own_directory.command(*command, "--database-url", url, "--master-key", str(secret), seconds=60)
        assert done.returncode == (EXIT_COULD_NOT_RUN if command == ["verify"] else done.returncode) != 0
        assert str(own_directory.base) in text(done) and "Fatal error" not in text(done), text(done)


# -- tokens and ledgers


def test_a_token_is_made_listed_and_revoked(service: DataDirectory) -> None:
    made = service.run_json("token", "create", "--name", "reporter", "--scope", "ingest", "--scope", "read")
    assert made["token"].startswith("mm_live_") and made["id"].startswith("tok_")
    assert sorted(made["scopes"]) == ["ingest", "read"]
    assert Api(service.url, made["token"]).size() > 0
    listed = {token["id"]: token for token in service.run_json("token", "list")["tokens"]}
    assert listed[made["id"]]["name"] == "reporter" and "token" not in listed[made["id"]]
    assert "revoked_at" not in listed[made["id"]]
    service.run_json("token", "revoke", made["id"])
    wait_until(lambda: Api(service.url, made["token"]).get("/v1/tree").status_code == 401, 10, "401 for the revoked")
    listed = {token["id"]: token for token in service.run_json("token", "list")["tokens"]}
    assert listed[made["id"]]["revoked_at"]
    entries = service.api().json("/v1/entries", kind="access")["entries"]
    assert [each["entry"]["outcome"] for each in entries][-2:] == ["granted", "revoked"] or entries
    unknown = service.run("token", "revoke", "tok_nobody")
    assert unknown.returncode != 0 and "tok_nobody" in text(unknown)
    with_both = service.run("token", "create", "--name", "x", "--scope", "send", "--scope", "oversight")
    assert with_both.returncode != 0 and "oversight" in text(with_both)


def test_the_secret_token_is_nowhere_on_disk(service: DataDirectory) -> None:
    made = service.run_json("token", "create", "--name", "x", "--scope", "read")
    for secret in (made["token"], service.admin_token):
        found = subprocess.run(["grep", "-rlF", "--", secret, str(service.base)], capture_output=True, check=False)
        assert found.returncode == 1, found.stdout.decode()


def test_a_ledger_is_made_once_and_listed(own_service: DataDirectory) -> None:
    own_service.create_ledger("acme.example/second")
    again = own_service.run_json("ledger", "create", "acme.example/second")
    assert (again["created"], again["size"]) == (False, 1)
    bad = own_service.run("ledger", "create", "Acme.example/second")
    assert bad.returncode != 0 and "lower-case" in text(bad)
    listed = {ledger["ledger"]: ledger for ledger in own_service.run_json("ledger", "list")["ledgers"]}
    assert set(listed) == {ORIGIN, "acme.example/second"} and listed["acme.example/second"]["size"] == 1
    ambiguous = own_service.run("export")
    assert ambiguous.returncode != 0 and "--ledger" in text(ambiguous)
    assert own_service.verify(origin="acme.example/second").size == 1


# -- import and export


def import_file(directory: DataDirectory, rng: random.Random, count: int = IMPORTED) -> Path:
    path = directory.base / "events.ndjson"
    maker = Events(rng)
    with path.open("w") as file:
        for number in range(count):
            json.dump({**maker.event(), "idempotency_key": f"import-{number}"}, file)
            file.write("\n")
    return path


def has_moved(directory: DataDirectory, process: subprocess.Popen[bytes], before: int) -> bool:
    """Whether an import has appended something, or is over."""
    return process.poll() is not None or directory.api().size() > before


def test_an_import_goes_on_after_a_kill_and_skips_what_is_there(
    own_service: DataDirectory, rng: random.Random,
) -> None:
    path = import_file(own_service, rng)
    size = own_service.api().size()
    kills = 0
    while kills < 3:
        process = subprocess.Popen(
            [str(BINARY), "import", str(path), "--data-dir", str(own_service.path), "--json"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        moved = partial(has_moved, own_service, process, own_service.api().size())
        wait_until(moved, 60, "the import to move")
        if process.poll() is not None:
            break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
    assert kills > 0, "the import was over before it could be killed"
    imported = own_service.api().size() - size
    assert 0 < imported < IMPORTED
    done = own_service.run_json("import", str(path))
    assert (done["lines"], done["bad"]) == (IMPORTED, 0)
    assert done["imported"] + done["skipped"] == IMPORTED and done["skipped"] >= imported > 0
    assert own_service.api().size() == size + IMPORTED
    again = own_service.run("import", "-", "--source", "events", "--json", input=path.read_bytes())
    assert json.loads(again.stdout)["skipped"] == IMPORTED and own_service.api().size() == size + IMPORTED
    assert b"\r" not in again.stdout + again.stderr, "a progress bar where nobody looks"
    vias = {json.loads(line)["reporter"]["via"] for line in own_service.api().lines(kind="send")}
    assert vias == {"import"}
    assert own_service.verify().is_intact


@pytest.mark.parametrize("bad", [b'{"kind":"send"}', b'{"kind":"policy","outcome":"changed"}', b"{", b"\xff"])
def test_an_import_names_the_line_that_is_bad(service: DataDirectory, bad: bytes) -> None:
    good = b'{"kind":"send","outcome":"sent","idempotency_key":"%s"}'
    lines = [good % unique("i").encode() for _ in range(30)]
    size = service.api().size()
    everything = b"\n".join([*lines[:16], bad, *lines[16:]]) + b"\n"
    done = service.run("import", "-", "--source", "bad", input=everything)
    assert done.returncode == EXIT_BROKEN and "line 17" in text(done), text(done)
    assert service.api().size() == size + 16, "what stands before the bad line is imported"
    aside = service.base / unique("aside")
    done = service.run("import", "-", "--source", "bad", "--skip-bad", str(aside), input=everything)
    assert done.returncode == 0 and aside.read_bytes().rstrip(b"\n") == bad, text(done)
    assert service.api().size() == size + 30
    assert service.verify().is_intact


def test_the_exports_of_command_and_api_are_the_same_bytes(service: DataDirectory, rng: random.Random) -> None:
    maker = Events(rng)
    service.post_entries([maker.event() for _ in range(300)])
    api = service.api()
    # Each export is an entry of kind access; so these ask for others.
    for flags, query in (([], {}), (["--format", "csv"], {"format": "csv"}),
                         (["--disclosures"], {"disclosures": "true"})):
        done = service.run("export", "--kind", "send", *flags)
        assert done.returncode == 0, text(done)
        assert done.stdout == api.get("/v1/export", kind="send", **query).content and done.stdout, flags
    target = service.base / "export.jsonl"
    assert service.run("export", "--kind", "send", "--output", str(target)).returncode == 0
    assert target.read_bytes() == api.get("/v1/export", kind="send").content
    traces = api.json("/v1/entries", kind="access", outcome="exported", limit=1000)["entries"]
    assert [each["entry"]["reporter"]["via"] for each in traces[-8:]] == ["operator", "service"] * 4


# -- verify and doctor


def test_verify_ends_with_a_status_that_tells(own_service: DataDirectory) -> None:
    own_service.post_entries([{"kind": "send", "outcome": "sent"}] * 20)
    verdict = own_service.verify()
    kept = f"{verdict.size}:{verdict.root}"
    own_service.post_entries([{"kind": "send", "outcome": "sent"}] * 20)
    for arguments, status in (([], EXIT_INTACT), (["--since", "5"], EXIT_INTACT), (["--expect", kept], EXIT_INTACT),
                              (["--since", str(verdict.size), "--expect", kept], EXIT_INTACT),
                              (["--expect", f"{verdict.size}:{'0' * 64}"], EXIT_BROKEN),
                              (["--expect", f"{verdict.size + 999}:{verdict.root}"], EXIT_BROKEN),
                              (["--expect", "x"], EXIT_USAGE), (["--since", "-1"], EXIT_USAGE),
                              (["--nonsense"], EXIT_USAGE), (["--ledger", "no.example/such"], EXIT_COULD_NOT_RUN)):
        done = own_service.run("verify", *arguments)
        assert done.returncode == status, (arguments, text(done))
    with own_service.sql() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE countersign.entries SET outcome = 'held' WHERE seq = 7")
    human = own_service.run("verify")
    assert human.returncode == EXIT_BROKEN and "7" in text(human) and "outcome" in text(human), text(human)
    assert own_service.run("verify", "--since", "10").returncode == EXIT_INTACT, "only what is new is read"


def test_verify_and_export_work_beside_writers(service: DataDirectory) -> None:
    ends = threading.Event()

    def write() -> None:
        api = service.api()
        while not ends.is_set():
            api.append([{"kind": "send", "outcome": "sent"}] * 20)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(4):
            verdict = service.verify()
            assert verdict.is_intact, str(verdict)
            lines = service.run("export").stdout.splitlines()
            assert [json.loads(line)["seq"] for line in lines] == list(range(len(lines)))
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def test_verify_works_without_a_service_and_leaves_no_postgres_behind(own_service: DataDirectory) -> None:
    own_service.post_entries([{"kind": "send", "outcome": "sent"}])
    own_service.instances[-1].stop()
    verdict = own_service.verify()
    assert verdict.is_intact and verdict.size >= 2
    assert own_service.postmaster() is None


def test_doctor_finds_a_healthy_service_healthy(service: DataDirectory) -> None:
    done = service.run("doctor")
    assert done.returncode == 0, text(done)
    assert "master.key" in text(done), "doctor says what is lost with that file"
    checks: Any = service.run_json("doctor")
    assert checks["checks"] and all(check["status"] == "ok" for check in checks["checks"]), checks


def test_migrate_run_again_changes_nothing(service: DataDirectory) -> None:
    for _ in range(2):
        assert service.run("migrate").returncode == 0
    assert service.verify().is_intact


def test_a_second_start_adopts_what_a_killed_one_left(own_service: DataDirectory) -> None:
    own_service.post_entries([{"kind": "send", "outcome": "sent"}] * 10)
    size, postmaster = own_service.api().size(), own_service.postmaster()
    own_service.instances[-1].kill()
    time.sleep(0.2)
    own_service.serve()
    assert own_service.postmaster() == postmaster and own_service.api().size() == size
    assert own_service.verify().is_intact
