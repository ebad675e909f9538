"""Backups that prove themselves when they are restored, and say so when they are old or spoilt."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from api import ok, problem
from filling import fill
from service import DataDirectory

pytestmark = pytest.mark.proofs


def backed_up(directory: DataDirectory) -> Path:
    folder = directory.base / "backup"
    told = directory.run_json("backup", str(folder))
    assert told["bytes"] == (folder / "ledgers.dump").stat().st_size, told
    return folder


def restored(target: DataDirectory, folder: Path) -> tuple[int, dict[str, Any]]:
    done = target.run("restore", str(folder), "--json")
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr.decode()}


def pg_dump() -> str:
    """The newest one of the system."""
    return str(sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))[-1])


def append(directory: DataDirectory, count: int = 1) -> None:
    for _ in range(count):
        ok(directory.api().call("POST", "/v1/entries", params={"receipt": "signed"},
                                json={"kind": "send", "outcome": "sent"}), 201)


def test_a_backup_is_taken_while_the_service_goes_on_and_restored_to_the_byte(
    own_service: DataDirectory, target: DataDirectory, rng: Any, tmp_path: Path,
) -> None:
    fill(own_service.api(), rng, 300)
    receipt, line = tmp_path / "receipt", tmp_path / "line"
    receipt.write_bytes(own_service.api().get("/v1/entries/200/receipt").content)
    folder = backed_up(own_service)
    lines = own_service.api().lines()
    line.write_bytes(lines[200])
    target.take_keys(own_service)
    status, answer = restored(target, folder)
    assert (status, answer["verdict"]) == (0, "ok"), answer
    assert target.verify().is_intact
    key = target.run("ledger", "keys").stdout.decode().split()[-1]
    target.serve()
    found = target.api().lines()
    assert found[:len(lines) - 2] == lines[:len(lines) - 2]
    append(target)
    done = target.command("verify-receipt", str(receipt), "--line", str(line), "--key", key)
    assert done.returncode == 0, done
    assert target.run("doctor").returncode == 0


def test_an_old_backup_is_told_halted_and_never_forks(own_service: DataDirectory, target: DataDirectory) -> None:
    append(own_service, 3)
    folder = backed_up(own_service)
    append(own_service, 4)
    target.take_keys(own_service)
    status, answer = restored(target, folder)
    assert status == 1
    (bad,) = [check for check in answer["checks"] if check["status"] != "ok"]
    assert "the guard a signed checkpoint of" in bad["detail"] and "halted" in bad["detail"], bad
    target.serve()
    problem(target.api().post("/v1/entries", {"kind": "send", "outcome": "sent"}), 503, "halted")
    assert target.api().get("/v1/entries/0").status_code == 200, "it can be read"
    done = target.run("doctor", "--after-restore")
    assert done.returncode == 1 and b"are lost" in done.stdout, done
    checkpoint = target.base / "checkpoint"
    checkpoint.write_bytes((target.path / "guard" / "acme.example+mail.guard").read_bytes().split(b"\n\n", 1)[1])
    successor = target.run("ledger", "create", "acme.example/mail-2", "--successor-of", str(checkpoint))
    assert successor.returncode == 0, successor
    lines = target.run("export", "--ledger", "acme.example/mail-2").stdout.splitlines()
    assert json.loads(lines[0])["data"]["predecessor"]["ledger"] == "acme.example/mail"


def test_a_ledger_that_began_after_the_backup_is_missed(own_service: DataDirectory, target: DataDirectory) -> None:
    append(own_service)
    folder = backed_up(own_service)
    own_service.create_ledger("acme.example/later")
    assert own_service.run("checkpoint", "sign", "--ledger", "acme.example/later").returncode == 0
    own_service.instances[0].stop()
    target.take_keys(own_service)
    status, answer = restored(target, folder)
    assert status == 1
    lost = [check for check in answer["checks"] if check["check"] == "acme.example/later: up to date"]
    assert [check["detail"] for check in lost] == [
        "the guard knows this ledger with 1 entries, and the database does not"], answer
    for arguments in ([], ["--after-restore"]):
        done = target.run("doctor", *arguments)
        assert done.returncode == 1 and b"fail  acme.example/later: up to date" in done.stdout, done
    done = target.run("ledger", "create", "acme.example/later")
    assert done.returncode == 3 and b"this database does not" in done.stderr, "a second history under one name"


def test_without_a_guard_nothing_says_whether_entries_are_lost(
    own_service: DataDirectory, target: DataDirectory,
) -> None:
    folder = backed_up(own_service)
    target.take_keys(own_service, guard=False)
    status, answer = restored(target, folder)
    assert status == 1
    assert [check["status"] for check in answer["checks"]] == ["ok", "warn"], answer


def test_a_spoilt_dump_is_refused_before_anything_is_made(own_service: DataDirectory, target: DataDirectory) -> None:
    folder = backed_up(own_service)
    dump = folder / "ledgers.dump"
    data = bytearray(dump.read_bytes())
    data[len(data) // 2] ^= 1
    dump.write_bytes(data)
    target.take_keys(own_service)
    status, answer = restored(target, folder)
    assert status == 3 and "is not the one that was backed up" in answer["error"]
    assert not (target.path / "postgres").exists()


def test_a_backup_whose_lines_were_changed_is_found_out(own_service: DataDirectory, target: DataDirectory) -> None:
    append(own_service, 5)
    folder = backed_up(own_service)
    with own_service.sql() as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(
            "UPDATE countersign.entries SET line = replace(line, 'sent', 'held') WHERE seq = 3").rowcount == 1
    # The same manifest over another dump: what somebody with the backup's folder could do.
    manifest, other = json.loads((folder / "backup.json").read_text()), own_service.base / "other"
    shutil.copytree(folder, other)
    dumped = subprocess.run(
        [pg_dump(), "--format=custom", "--schema=countersign", "--schema=read", f"--host={own_service.path}",
         "--username=postgres", f"--file={other / 'ledgers.dump'}", "countersign"], check=False, capture_output=True)
    assert dumped.returncode == 0, dumped
    digest = hashlib.sha256((other / "ledgers.dump").read_bytes()).hexdigest()
    (other / "backup.json").write_text(json.dumps({**manifest, "sha256": digest}))
    target.take_keys(own_service)
    status, answer = restored(target, other)
    assert status == 1
    assert any(check["status"] == "fail" and "line" in check["detail"] for check in answer["checks"]), answer
