"""A backup is input: each alteration of one is refused by its name, and what stands in it is never run."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api import problem
from backups import Backup
from filling import fill
from notes import Note, Signer
from paths import ORIGIN
from service import DataDirectory

pytestmark = pytest.mark.proofs

OTHER = "acme.example/other"


@dataclass
class Victim:
    """A backup of two ledgers, and an older one of the same database."""

    source: DataDirectory
    backup: Backup
    older: Backup


@pytest.fixture(scope="module")
def victim(request: pytest.FixtureRequest) -> Iterator[Victim]:
    source = DataDirectory()
    try:
        source.serve()
        source.create_ledger(OTHER)
        older = Backup.take(source, "older")
        fill(source.api(), random.Random(f"{request.config.option.seed}/alterations"), 300)
        source.instances[-1].stop()
        yield Victim(source, Backup.take(source), older)
    finally:
        source.close()


@pytest.fixture
def altered(victim: Victim, tmp_path: Path) -> Backup:
    """A copy of the backup that a test may alter."""
    return victim.backup.copy(tmp_path / "altered")


@pytest.fixture
def ready(victim: Victim, target: DataDirectory) -> DataDirectory:
    target.take_keys(victim.source)
    return target


Change = Callable[[Backup, Victim], None]


def edit(change: Callable[[dict[str, Any]], None]) -> Change:
    return lambda backup, victim: backup.edit(change)


def flip(backup: Backup, victim: Victim) -> None:
    data = bytearray(backup.table("entries").read_bytes())
    data[len(data) // 2] ^= 1
    backup.table("entries").write_bytes(data)


def drop(backup: Backup, victim: Victim) -> None:
    backup.table("tokens").unlink()


def add(backup: Backup, victim: Victim) -> None:
    (backup.tables / "functions.copy").write_text("CREATE FUNCTION f() RETURNS trigger ...\n")


def add_script(backup: Backup, victim: Victim) -> None:
    (backup.tables / "triggers.sql").write_text("CREATE TRIGGER ...;\n")


def swap(backup: Backup, victim: Victim) -> None:
    keys, subjects = backup.table("keys").read_bytes(), backup.table("subjects").read_bytes()
    assert keys != subjects
    backup.table("keys").write_bytes(subjects)
    backup.table("subjects").write_bytes(keys)


def truncate(backup: Backup, victim: Victim) -> None:
    backup.table("entries").write_bytes(b"".join(backup.table("entries").read_bytes().splitlines(True)[:-1]))


def repeat(backup: Backup, victim: Victim) -> None:
    data = backup.table("entries").read_bytes()
    backup.table("entries").write_bytes(data + data.splitlines(True)[-1])


def move_row(backup: Backup, victim: Victim) -> None:
    """Gives a row to the other ledger; ids may differ in length, so one digit of one is changed where they do."""
    rows = backup.rows("entry_keys")
    rows[0][0] = rows[0][0][:-1] + (b"1" if rows[0][0][-1:] != b"1" else b"2")
    backup.table("entry_keys").write_bytes(b"".join(b"\t".join(row) + b"\n" for row in rows))


def rehash(backup: Backup, victim: Victim) -> None:
    backup.write("entries", backup.rows("entries")[:-1] + [backup.rows("entries")[-1][:-1] + [b"{}"]])


def unsign(backup: Backup, victim: Victim) -> None:
    backup.note(ORIGIN).unlink()


def empty_note(backup: Backup, victim: Victim) -> None:
    backup.note(ORIGIN).write_bytes(backup.signed_text + b"\n")


def foreign_signature(backup: Backup, victim: Victim) -> None:
    """A signature of the right name and key id that another key has made."""
    right = Note.read(backup.note(ORIGIN).read_bytes())
    wrong = Signer(ORIGIN).signature(right.text)
    (signature,) = right.signatures
    backup.note(ORIGIN).write_bytes(
        Note(right.text, (type(signature)(signature.name, signature.key_id, wrong.signature),)).data)


def signed_by_another_key(backup: Backup, victim: Victim) -> None:
    backup.sign(Signer(ORIGIN))


def own_key(backup: Backup, victim: Victim) -> None:
    """All of it made anew by somebody with a key of his own under the ledger's name."""
    signer = Signer(ORIGIN)

    def change(manifest: dict[str, Any]) -> None:
        for ledger in manifest["ledgers"]:
            if ledger["ledger"] == ORIGIN:
                ledger["key"] = signer.key.vkey
                ledger.pop("checkpoint")
    backup.edit(change)
    backup.sign(signer)


def signed_by_the_other_ledger(backup: Backup, victim: Victim) -> None:
    shutil.copy2(backup.note(OTHER), backup.note(ORIGIN))


def checkpoint_for_note(backup: Backup, victim: Victim) -> None:
    """A checkpoint is signed by the same key, and says nothing of a backup."""
    backup.note(ORIGIN).write_text(
        next(each["checkpoint"] for each in backup.manifest["ledgers"] if each["ledger"] == ORIGIN))


def other_manifest(backup: Backup, victim: Victim) -> None:
    shutil.copy2(victim.older.manifest_file, backup.manifest_file)


def other_manifest_with_signatures(backup: Backup, victim: Victim) -> None:
    other_manifest(backup, victim)
    for origin in (ORIGIN, OTHER):
        shutil.copy2(victim.older.note(origin), backup.note(origin))


def link_file(backup: Backup, victim: Victim) -> None:
    backup.table("entries").unlink()
    backup.table("entries").symlink_to(victim.backup.table("entries"))


def link_folder(backup: Backup, victim: Victim) -> None:
    shutil.rmtree(backup.tables)
    backup.tables.symlink_to(victim.backup.tables)


def link_manifest(backup: Backup, victim: Victim) -> None:
    backup.manifest_file.unlink()
    backup.manifest_file.symlink_to(victim.backup.manifest_file)


def link_note(backup: Backup, victim: Victim) -> None:
    backup.note(ORIGIN).unlink()
    backup.note(ORIGIN).symlink_to(victim.backup.note(ORIGIN))


def pipe(backup: Backup, victim: Victim) -> None:
    backup.table("entries").unlink()
    os.mkfifo(backup.table("entries"))


def folder(backup: Backup, victim: Victim) -> None:
    backup.table("entries").unlink()
    backup.table("entries").mkdir()


def old_dump(backup: Backup, victim: Victim) -> None:
    (backup.folder / "ledgers.dump").write_bytes(b"PGDMP" + bytes(100))


def old_manifest(backup: Backup, victim: Victim) -> None:
    backup.manifest_file.write_text('{"format":"countersign-backup/1","sha256":"","ledgers":[],"taken_at":""}\n')


def long_manifest(backup: Backup, victim: Victim) -> None:
    with backup.manifest_file.open("r+b") as file:
        file.truncate(1 << 40)


def spaced_manifest(backup: Backup, victim: Victim) -> None:
    backup.manifest_file.write_bytes(b" " + backup.manifest_file.read_bytes())


def drop_ledger(manifest: dict[str, Any]) -> None:
    manifest["ledgers"] = [each for each in manifest["ledgers"] if each["ledger"] != OTHER]


def in_table(**members: Any) -> Change:
    return edit(lambda manifest: manifest["tables"][2].update(members))


def in_ledger(**members: Any) -> Change:
    return edit(lambda manifest: manifest["ledgers"][0].update(members))


def checkpoint_of_another(manifest: dict[str, Any]) -> None:
    first, second = manifest["ledgers"]
    first["checkpoint"] = second["checkpoint"]


def keys_of_another(manifest: dict[str, Any]) -> None:
    first, second = manifest["ledgers"]
    first["key"] = second["key"]


def without_key(manifest: dict[str, Any]) -> None:
    for member in ("key", "rotations"):
        del manifest["ledgers"][0][member]


#: What is done to a backup, and what the refusal says. The keys are given: it is refused before anything is made.
ALTERATIONS: dict[str, tuple[Change, str]] = {
    "a byte of a table is flipped": (flip, "entries.copy is not the one that was backed up: its SHA-256 is another"),
    "a table is missing": (drop, "tokens.copy is missing"),
    "a table is added": (add, "holds functions.copy, which is none of the backup's"),
    "a script is added": (add_script, "holds triggers.sql, which is none of the backup's"),
    "two tables are swapped": (swap, "bytes, and the manifest says"),
    "a table is cut off": (truncate, "bytes, and the manifest says"),
    "a row is there twice": (repeat, "bytes, and the manifest says"),
    "a row is given to another ledger": (move_row, "entry_keys.copy is not the one that was backed up"),
    "the manifest says another time": (
        edit(lambda manifest: manifest.update(taken_at="2020-01-01T00:00:00.000000Z")), "signed another manifest"),
    "the manifest says another Postgres": (
        edit(lambda manifest: manifest.update(postgres="99.1")), "signed another manifest"),
    "a line is changed, and its digest with it": (rehash, "signed another manifest"),
    "a ledger is left out of the manifest": (edit(drop_ledger), "gives the ledgers other sizes than rows of entries"),
    "the signature is removed": (unsign, f"is missing: {ORIGIN} did not sign"),
    "the signature is removed from its note": (empty_note, "is no signed note"),
    "the signature is another key's": (foreign_signature, f"is not signed by the key of {ORIGIN} that was current"),
    "the note is by another key": (signed_by_another_key, f"is not signed by the key of {ORIGIN} that was current"),
    "all of it is signed by a key of the same name": (own_key, "no rotation leads from the given key"),
    "another ledger signs for this one": (
        signed_by_the_other_ledger, f"is not signed by the key of {ORIGIN} that was current"),
    "a checkpoint stands for the signature": (checkpoint_for_note, "signed another manifest"),
    "the manifest is another backup's": (other_manifest, "signed another manifest"),
    "manifest and signatures are another backup's": (
        other_manifest_with_signatures, "bytes, and the manifest says"),
    "a table is a link": (link_file, "entries.copy is a symbolic link, not a file"),
    "the folder of tables is a link": (link_folder, "tables is a symbolic link, not a folder"),
    "the manifest is a link": (link_manifest, "backup.json is a symbolic link, not a file"),
    "a signature is a link": (link_note, "acme.example+mail.note is a symbolic link, not a file"),
    "a table is a pipe": (pipe, "entries.copy is a pipe, not a file"),
    "a table is a folder": (folder, "entries.copy is a folder, not a file"),
    "a table's name leads out of the folder": (
        in_table(name="../../../../etc/passwd"), "names no table of a backup in tables[2].name"),
    "a table's name is another schema's": (
        in_table(name="pg_catalog.pg_authid"), "names no table of a backup in tables[2].name"),
    "a table is named twice": (in_table(name="heads"), "names other tables than those of a backup"),
    "a ledger's name leads out of the folder": (
        in_ledger(ledger="acme.example/../../x"), "has no name of a ledger in ledgers[0].ledger"),
    "a table is huge": (in_table(bytes=2**53 - 1), "signed another manifest"),
    "a table has a negative size": (in_table(bytes=-1), "has no number from 0 to 9007199254740991 in tables[2].bytes"),
    "a table has more rows than bytes": (in_table(rows=2**53 - 1), "in tables[2].rows"),
    "a ledger is huge": (in_ledger(size=10**12), "gives the ledgers other sizes than rows of entries"),
    "a ledger is larger than any": (in_ledger(size=10**12 + 1), "has no number from 0 to 1000000000000"),
    "a ledger has a negative size": (in_ledger(size=-1), "has no number from 0 to 1000000000000 in ledgers[0].size"),
    "a member is added": (in_table(owner="postgres"), "has other members than a manifest in tables[2]"),
    "the format is unknown": (
        edit(lambda manifest: manifest.update(format="countersign/backup/2")), "is of a format that this build"),
    "a migration is another": (
        edit(lambda manifest: manifest["migrations"][0].update(sha256="00" * 32)), "is of another schema than this"),
    "a migration is missing": (
        edit(lambda manifest: manifest["migrations"].pop()), "is of another schema than this"),
    "the checkpoint is another ledger's": (
        edit(checkpoint_of_another), "has a checkpoint of another ledger or tree in ledgers[0].checkpoint"),
    "the key is another ledger's": (edit(keys_of_another), "has keys of another ledger in ledgers[0].key"),
    "the ledger has no key": (edit(without_key), "has no key, and you gave one of it"),
    "it is a dump by pg_dump": (old_dump, "is a dump by pg_dump"),
    "its manifest is that of a dump by pg_dump": (old_manifest, "is a dump by pg_dump"),
    "the manifest is endless": (long_manifest, "is longer than 16777216 bytes"),
    "the manifest is not canonical": (spaced_manifest, "is not in canonical form"),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_backup_is_refused_by_name_before_anything_is_made(
    name: str, altered: Backup, victim: Victim, ready: DataDirectory,
) -> None:
    change, reason = ALTERATIONS[name]
    change(altered, victim)
    done = altered.restore(ready)
    assert done.status == 3 and reason in done.error, f"{name}: {done}"
    assert "next: " in done.error, done
    assert not (ready.path / "postgres").exists(), "nothing was made"


#: The same without a key: what refuses them then.
ALTERATIONS_UNSIGNED: dict[str, tuple[Change, str]] = {
    "a table is huge": (in_table(bytes=2**53 - 1), "bytes, and the manifest says 9007199254740991"),
    "a table has another number of rows": (in_table(rows=1), "gives the ledgers other sizes than rows of entries"),
    "the digest of a table is another": (in_table(sha256="00" * 32), "its SHA-256 is another"),
    "a ledger is smaller": (in_ledger(size=1), "has a checkpoint of another ledger or tree"),
    "a row of tokens is not counted": (
        edit(lambda manifest: manifest["tables"][9].update(rows=manifest["tables"][9]["rows"] - 1)),
        "tokens.copy has"),
}


@pytest.mark.parametrize("name", ALTERATIONS_UNSIGNED)
def test_a_backup_that_contradicts_itself_is_refused_without_a_key_as_well(
    name: str, altered: Backup, victim: Victim, ready: DataDirectory,
) -> None:
    change, reason = ALTERATIONS_UNSIGNED[name]
    change(altered, victim)
    done = altered.restore(ready, "--unsigned")
    assert done.status == 3 and reason in done.error, f"{name}: {done}"
    assert not (ready.path / "postgres").exists(), "nothing was made"


def test_the_backup_itself_is_taken(victim: Victim, ready: DataDirectory) -> None:
    done = victim.backup.restore(ready)
    assert (done.status, done.faults) == (0, []), done


# -- unsigned, with digests that fit: what holds it then


def smuggle_statement(backup: Backup) -> None:
    backup.table("tokens").write_bytes(b"'); DROP TABLE countersign.entries; --\n")


def smuggle_command(backup: Backup) -> None:
    backup.table("tokens").write_bytes(b"\\! touch /tmp/countersign-was-here\n")


def end_early(backup: Backup) -> None:
    rows = backup.table("tokens").read_bytes().splitlines(True)
    backup.table("tokens").write_bytes(b"\\.\n" + b"".join(rows))


def short_hash(backup: Backup) -> None:
    rows = backup.rows("tokens")
    rows[0][2] = rows[0][2][:-2]
    backup.write("tokens", rows)


def duplicate(backup: Backup) -> None:
    rows = backup.rows("tokens")
    backup.write("tokens", [*rows, rows[0]])


def nobodys_ledger(backup: Backup) -> None:
    rows = backup.rows("tokens")
    rows[0][0] = b"5"
    backup.write("tokens", rows)


def nobodys_rows(backup: Backup) -> None:
    rows = backup.rows("keys")
    backup.write("keys", [*rows, [b"5", *rows[0][1:]]])


def rows_of_no_ledger(backup: Backup) -> None:
    backup.write("rollups", [*backup.rows("rollups"), [str(-2**63).encode(), *backup.rows("rollups")[0][1:]]])


def forget_ledger(backup: Backup) -> None:
    """One ledger goes, and its rows stay."""
    (gone,) = [row[0] for row in backup.rows("ledgers") if row[1] == OTHER.encode()]
    for name in ("entries", "ledgers", "heads", "signing_keys", "checkpoints", "tokens"):
        backup.write(name, [row for row in backup.rows(name) if row[0] != gone])
    backup.edit(drop_ledger)
    backup.note(OTHER).unlink()


def renamed_ledger(backup: Backup) -> None:
    backup.write("ledgers", [[row[0], row[1].replace(b"acme.", b"evil."), *row[2:]] for row in backup.rows("ledgers")])


def other_root(backup: Backup) -> None:
    rows = backup.rows("heads")
    last = max(rows, key=lambda row: int(row[1]))
    last[2] = b"\\\\x" + b"00" * 32
    backup.write("heads", rows)


def beyond_partitions(backup: Backup) -> None:
    rows = backup.rows("disclosures")
    rows[0][1] = b"99000000000"
    backup.write("disclosures", rows)


REFUSED_UNSIGNED: dict[str, tuple[Callable[[Backup], None], str]] = {
    "a statement stands for a row": (smuggle_statement, "Postgres refuses the rows of tokens (SQLSTATE 22"),
    "a command of psql stands for a row": (smuggle_command, "Postgres refuses the rows of tokens (SQLSTATE 22"),
    "rows stand behind the end of the data": (end_early, "tokens"),
    "a value breaks a constraint": (short_hash, "Postgres refuses the rows of tokens (SQLSTATE 23514)"),
    "a row breaks a key": (duplicate, "Postgres refuses the rows of tokens (SQLSTATE 23505)"),
    "a row breaks a reference": (nobodys_ledger, "Postgres refuses the rows of tokens (SQLSTATE 23503)"),
    "a row is of a ledger that nobody names": (nobodys_rows, "keys has rows of a ledger that the backup does not"),
    "a row is of no ledger at all": (rows_of_no_ledger, "rollups has rows of a ledger that the backup does not"),
    "a ledger is forgotten, and its rows stay": (forget_ledger, "has rows of a ledger that the backup does not name"),
    "the ledgers have other names": (renamed_ledger, "Postgres refuses the rows of ledgers (SQLSTATE 23514)"),
    "the tree has another root": (other_root, f"do not make the tree of"),
    "a row lies beyond all entries": (beyond_partitions, "Postgres refuses the rows of disclosures (SQLSTATE 23514)"),
}


@pytest.mark.parametrize("name", REFUSED_UNSIGNED)
def test_what_is_no_row_of_the_backup_is_refused_without_a_key_as_well(
    name: str, altered: Backup, ready: DataDirectory,
) -> None:
    change, reason = REFUSED_UNSIGNED[name]
    change(altered)
    altered.measure()
    done = altered.restore(ready, "--unsigned")
    assert done.status == 3 and reason in done.error, f"{name}: {done}"
    assert not Path("/tmp/countersign-was-here").exists()
    assert ready.run_json("ledger", "list") == {"ledgers": []}, "nothing of it was kept"


def change_line(backup: Backup) -> None:
    """A line that would be a statement, if anything in a backup were run."""
    rows = backup.rows("entries")
    rows[200][-1] = rows[200][-1].replace(b'"kind":"', b"\"kind\":\"'); DROP TABLE countersign.entries; --", 1)
    backup.write("entries", rows)


def smuggle_token(backup: Backup) -> None:
    """A token of the attacker's own, which no entry grants."""
    rows = backup.rows("tokens")
    made = list(rows[0])
    made[1] = b"tok_attacker"
    made[2] = b"\\\\x" + hashlib.sha256(b"mm_live_attacker").hexdigest().encode()
    backup.write("tokens", [*rows, made])


def revive_token(backup: Backup) -> None:
    """A token that was revoked is there again."""
    rows = backup.rows("tokens")
    revoked = next(row for row in rows if row[-1] != b"\\N")
    revoked[-1] = b"\\N"
    backup.write("tokens", rows)


def make_public(backup: Backup) -> None:
    """Everybody may read the lines, which no entry says."""
    rows = backup.rows("ledgers")
    for row in rows:
        row[row.index(b"none")] = b"entries"
    backup.write("ledgers", rows)


FOUND_UNSIGNED: dict[str, Callable[[Backup], None]] = {
    "a line is changed": change_line, "a token is smuggled in": smuggle_token, "a token is revived": revive_token,
    "the ledger is made public": make_public,
}


@pytest.mark.parametrize("name", FOUND_UNSIGNED)
def test_what_the_lines_do_not_say_is_found_without_a_key_and_halts_the_ledger(
    name: str, altered: Backup, ready: DataDirectory,
) -> None:
    FOUND_UNSIGNED[name](altered)
    done = altered.restore(ready, "--unsigned")
    assert done.status == 1, f"{name}: {done}"
    (bad,) = [check for check in done.faults if check["check"] == f"{ORIGIN}: restored"]
    assert "the ledger is halted" in bad["detail"], done
    ready.serve()
    problem(ready.api().post("/v1/entries", {"kind": "send", "outcome": "sent"}), 503, "halted")
