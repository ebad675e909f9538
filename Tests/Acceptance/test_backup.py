"""Backups that prove whose they are and what they hold when they are restored, and say so when they are old."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api import ok, problem
from backups import Backup, releases, unpacked
from filling import fill
from notes import Key, Note
from paths import ORIGIN
from service import DataDirectory

pytestmark = pytest.mark.proofs


def append(directory: DataDirectory, count: int = 1) -> None:
    for _ in range(count):
        ok(directory.api().call("POST", "/v1/entries", params={"receipt": "signed"},
                                json={"kind": "send", "outcome": "sent"}), 201)


def current_key(directory: DataDirectory, **options: Any) -> str:
    return directory.run("ledger", "keys", **options).stdout.decode().split()[-1]


def test_a_backup_is_taken_while_the_service_goes_on_and_restored_to_the_byte(
    own_service: DataDirectory, target: DataDirectory, rng: Any, tmp_path: Path,
) -> None:
    fill(own_service.api(), rng, 300)
    receipt, line = tmp_path / "receipt", tmp_path / "line"
    receipt.write_bytes(own_service.api().get("/v1/entries/200/receipt").content)
    backup = Backup.take(own_service)
    lines = own_service.api().lines()
    line.write_bytes(lines[200])
    target.take_keys(own_service)
    done = backup.restore(target)
    assert (done.status, done.faults) == (0, []), done
    assert target.verify().is_intact
    key = current_key(target)
    target.serve()
    found = target.api().lines()
    assert found[:len(lines) - 2] == lines[:len(lines) - 2]
    append(target)
    offline = target.command("verify-receipt", str(receipt), "--line", str(line), "--key", key)
    assert offline.returncode == 0, offline
    assert target.run("doctor").returncode == 0


def test_every_row_comes_back_as_it_was_and_a_second_backup_is_the_same(
    own_service: DataDirectory, target: DataDirectory, rng: Any,
) -> None:
    fill(own_service.api(), rng, 400)
    own_service.create_ledger("acme.example/other")
    own_service.instances[0].stop()
    backup = Backup.take(own_service)
    assert {table["rows"] > 0 for table in backup.manifest["tables"]} == {True, False}
    target.take_keys(own_service)
    done = backup.restore(target)
    assert done.status == 0, done
    again = Backup.take(target)
    # But for the checkpoints, which the second backup may have had signed anew.
    for table in backup.manifest["tables"]:
        if table["name"] not in ("checkpoints", "watermarks", "rollups", "daily_rollups"):
            name = table["name"]
            assert sorted(again.rows(name)) == sorted(backup.rows(name)), name


def test_the_manifest_is_a_note_that_others_can_read(own_service: DataDirectory) -> None:
    append(own_service)
    backup = Backup.take(own_service)
    note = Note.read(backup.note(ORIGIN).read_bytes())
    assert note.text == backup.signed_text
    assert note.signed_by(Key.read(current_key(own_service)))
    (state,) = backup.manifest["ledgers"]
    assert state["ledger"] == ORIGIN and state["size"] == len(backup.rows("entries"))
    assert Note.read(state["checkpoint"].encode()).text.startswith(f"{ORIGIN}\n{state['size']}\n".encode())


def test_without_a_key_nothing_is_restored_unless_it_is_asked_for(
    own_service: DataDirectory, target: DataDirectory,
) -> None:
    append(own_service)
    own_service.create_ledger("acme.example/other")
    backup = Backup.take(own_service)
    target.take_keys(own_service)
    done = target.run("restore", str(backup.folder))
    assert done.returncode == 2 and b"--key or --unsigned is needed" in done.stderr, done
    one = backup.restore(target, "--key", current_key_of(backup, ORIGIN))
    assert one.status == 2 and "no key of acme.example/other was given" in one.error, one
    assert not (target.path / "postgres").exists()
    done = backup.restore(target, "--key", current_key_of(backup, ORIGIN), "--unsigned")
    assert done.status == 0, done
    whose = {check["check"]: check["detail"].split(";")[0] for check in done.checks if "restored" in check["check"]}
    assert whose == {f"{ORIGIN}: restored": "signed by its key", "acme.example/other: restored": "unsigned"}


def current_key_of(backup: Backup, origin: str) -> str:
    return [key for key in backup.keys.read_text().split() if key.startswith(f"{origin}+")][-1]


def test_a_ledger_whose_key_is_elsewhere_is_backed_up_unsigned(
    own_service: DataDirectory, target: DataDirectory,
) -> None:
    append(own_service)
    own_service.instances[0].stop()
    keys = own_service.path / "keys"
    keys.rename(own_service.base / "elsewhere")
    folder = own_service.base / "unsigned"
    done = own_service.run("backup", str(folder))
    assert done.returncode == 0 and b"NOT SIGNED: its key is not here" in done.stdout, done
    (own_service.base / "elsewhere").rename(keys)
    target.take_keys(own_service)
    backup = Backup(folder)
    refused = backup.restore(target, "--key", current_key(own_service))
    assert refused.status == 3 and f"{ORIGIN} did not sign" in refused.error, refused
    assert backup.restore(target, "--unsigned").status == 0


def test_an_earlier_key_leads_by_rotations_to_the_one_that_signed_and_a_later_one_leads_nowhere(
    own_service: DataDirectory, target: DataDirectory,
) -> None:
    append(own_service)
    first = current_key(own_service)
    for _ in range(2):
        assert own_service.run("ledger", "rotate-key").returncode == 0
        append(own_service)
        assert own_service.run("ledger", "retire-keys").returncode == 0
    backup = Backup.take(own_service)
    at_backup = current_key(own_service)
    copied = backup.copy(own_service.base / "copied")
    target.take_keys(own_service)
    assert own_service.run("ledger", "rotate-key").returncode == 0
    later = current_key(own_service)
    assert len({first, at_backup, later}) == 3
    refused = backup.restore(target, "--key", later)
    assert refused.status == 3 and "no rotation leads from the given key" in refused.error, refused
    assert "a later key vouches for no earlier one" in refused.error
    # A rotation that the earlier key did not sign leads nowhere either.
    def change(manifest: dict[str, Any]) -> None:
        manifest["ledgers"][0]["rotations"][1]["signature"] = manifest["ledgers"][0]["rotations"][0]["signature"]
    copied.edit(change)
    refused = copied.restore(target, "--key", first)
    assert refused.status == 3 and "that the key before did not sign in ledgers[0].rotations" in refused.error, refused
    assert not (target.path / "postgres").exists()
    # All keys that `ledger keys` prints serve as well, the later one among them.
    both = target.base / "both.vkey"
    both.write_text(f"{first}\n{later}\n")
    done = backup.restore(target, "--key", f"@{both}")
    assert done.status == 0 and target.verify().is_intact, done


def test_a_ledger_whose_key_was_given_and_which_the_backup_lacks_is_missed(
    own_service: DataDirectory, target: DataDirectory,
) -> None:
    append(own_service)
    backup = Backup.take(own_service)
    own_service.create_ledger("acme.example/later")
    later = own_service.run("ledger", "keys", "--ledger", "acme.example/later").stdout.decode().strip()
    target.take_keys(own_service, guard=False)
    done = backup.restore(target, "--key", f"@{backup.keys}", "--key", later)
    assert done.status == 1
    assert "the backup does not hold it" in next(
        check["detail"] for check in done.faults if check["check"] == "acme.example/later: restored"), done


def test_an_old_backup_is_told_halted_and_never_forks(own_service: DataDirectory, target: DataDirectory) -> None:
    append(own_service, 3)
    backup = Backup.take(own_service)
    append(own_service, 4)
    target.take_keys(own_service)
    done = backup.restore(target)
    assert done.status == 1
    (bad,) = done.faults
    assert "the guard a signed checkpoint of" in bad["detail"] and "halted" in bad["detail"], bad
    target.serve()
    problem(target.api().post("/v1/entries", {"kind": "send", "outcome": "sent"}), 503, "halted")
    assert target.api().get("/v1/entries/0").status_code == 200, "it can be read"
    doctor = target.run("doctor", "--after-restore")
    assert doctor.returncode == 1 and b"are lost" in doctor.stdout, doctor
    checkpoint = target.base / "checkpoint"
    checkpoint.write_bytes((target.path / "guard" / "acme.example+mail.guard").read_bytes().split(b"\n\n", 1)[1])
    successor = target.run("ledger", "create", "acme.example/mail-2", "--successor-of", str(checkpoint))
    assert successor.returncode == 0, successor
    lines = target.run("export", "--ledger", "acme.example/mail-2").stdout.splitlines()
    assert json.loads(lines[0])["data"]["predecessor"]["ledger"] == "acme.example/mail"


def test_a_ledger_that_began_after_the_backup_is_missed(own_service: DataDirectory, target: DataDirectory) -> None:
    append(own_service)
    backup = Backup.take(own_service)
    own_service.create_ledger("acme.example/later")
    assert own_service.run("checkpoint", "sign", "--ledger", "acme.example/later").returncode == 0
    own_service.instances[0].stop()
    target.take_keys(own_service)
    done = backup.restore(target)
    assert done.status == 1
    lost = [check for check in done.checks if check["check"] == "acme.example/later: up to date"]
    assert [check["detail"] for check in lost] == [
        "the guard knows this ledger with 1 entries, and the database does not"], done
    for arguments in ([], ["--after-restore"]):
        doctor = target.run("doctor", *arguments)
        assert doctor.returncode == 1 and b"fail  acme.example/later: up to date" in doctor.stdout, doctor
    made = target.run("ledger", "create", "acme.example/later")
    assert made.returncode == 3 and b"this database does not" in made.stderr, "a second history under one name"


def test_without_a_guard_nothing_says_whether_entries_are_lost(
    own_service: DataDirectory, target: DataDirectory,
) -> None:
    backup = Backup.take(own_service)
    target.take_keys(own_service, guard=False)
    done = backup.restore(target)
    assert done.status == 1
    assert [check["status"] for check in done.checks] == ["ok", "warn"], done


def test_nothing_is_restored_where_something_is(own_service: DataDirectory) -> None:
    backup = Backup.take(own_service)
    refused = backup.restore(own_service)
    assert refused.status == 2 and "there is a database in" in refused.error, refused
    again = own_service.run("backup", str(backup.folder))
    assert again.returncode == 2 and b"is there already" in again.stderr, again


# -- later releases of Postgres


@pytest.fixture
def release(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    yield from unpacked(request.param)


@pytest.mark.parametrize("release", releases(), indirect=True)
def test_a_backup_fits_a_later_release_of_postgres_and_comes_back(
    own_service: DataDirectory, target: DataDirectory, release: dict[str, str], rng: Any,
    request: pytest.FixtureRequest,
) -> None:
    fill(own_service.api(), rng, 300)
    own_service.instances[0].stop()
    backup = Backup.take(own_service)
    target.take_keys(own_service)
    done = backup.restore(target, environment=release)
    assert (done.status, done.faults) == (0, []), done
    wanted = request.node.callspec.params["release"].split(".")[0]
    assert (target.path / "postgres" / "PG_VERSION").read_text().strip() == wanted
    verified = target.run("verify", environment=release)
    assert verified.returncode == 0, verified
    target.serve(environment=release)
    append(target)
    assert target.api().size() > backup.manifest["ledgers"][0]["size"]
    target.instances[0].stop()
    # And the other way: what the later release gives, the older one takes.
    later = Backup.take(target, environment=release)
    assert later.manifest["postgres"].split(".")[0] == wanted
    back = DataDirectory()
    try:
        back.take_keys(target)
        done = later.restore(back)
        assert (done.status, done.faults) == (0, []), done
        assert back.verify().is_intact
        assert subprocess.run(["diff", "-q", back.path / "postgres" / "PG_VERSION",
                               own_service.path / "postgres" / "PG_VERSION"], check=False).returncode == 0
    finally:
        back.close()
