"""What somebody lays in the place of a file of value is refused by name, and what it leads to stays as it is."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from backups import Backup
from paths import ORIGIN
from service import DataDirectory
from witness_log import Log, Witness

pytestmark = pytest.mark.commands

IS_ROOT = os.geteuid() == 0
#: A command that hangs is killed, and that is a failure.
SECONDS_MAX = 60
NOBODY = pwd.getpwnam("nobody").pw_uid


@dataclass(frozen=True)
class Plant:
    """What is laid in the place of a file, and how it is called."""

    lay: Callable[[Path, Path], None]
    says: str
    needs_root: bool = False


def link(path: Path, kept: Path) -> None:
    path.symlink_to(kept)


def fifo(path: Path, kept: Path) -> None:
    os.mkfifo(path, 0o600)


def folder(path: Path, kept: Path) -> None:
    path.mkdir(0o700)


def foreign(path: Path, kept: Path) -> None:
    shutil.copy2(kept, path)
    os.chown(path, NOBODY, -1)


def open_to(mode: int) -> Callable[[Path, Path], None]:
    def lay(path: Path, kept: Path) -> None:
        shutil.copy2(kept, path)
        path.chmod(mode)
    return lay


PLANTS = {
    "link": Plant(link, "is a symbolic link"),
    "fifo": Plant(fifo, "is a pipe"),
    "folder": Plant(folder, "is a folder"),
    "foreign": Plant(foreign, "belongs to nobody", needs_root=True),
    "readable": Plant(open_to(0o644), "can be read by others (mode 0644)"),
    "writable": Plant(open_to(0o622), "can be written by others (mode 0622)"),
}


@contextmanager
def planted(path: Path, name: str, keep: Path) -> Iterator[None]:
    """Puts the plant in the place of `path`, which is kept at `keep`, where a link leads; both are as before after."""
    shutil.move(path, keep)
    before = (keep.read_bytes(), keep.stat())
    try:
        PLANTS[name].lay(path, keep)
        yield
        after = keep.stat()
        assert (keep.read_bytes(), after.st_mode, after.st_uid, after.st_mtime_ns, after.st_nlink) == (
            before[0], before[1].st_mode, before[1].st_uid, before[1].st_mtime_ns, before[1].st_nlink), "it was touched"
    finally:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
        shutil.move(keep, path)


def refused(done: subprocess.CompletedProcess[bytes], path: Path, says: str) -> None:
    """A refusal names the file, what is wrong with it and what to do."""
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode != 0, said
    # What is wrong stands right behind the path; what to do, behind that or in a line of its own.
    assert f"{path} {says}" in said or f"{path.resolve()} {says}" in said, said
    assert "; " in said or "\nnext: " in said or '"next"' in said, said
    assert "Fatal error" not in said, said


def cases(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", [name for name in names if IS_ROOT or not PLANTS[name].needs_root])


ANY = ("link", "fifo", "folder", "foreign")


# -- beside a running service


def of_ledger(service: DataDirectory, part: str, ending: str) -> Path:
    return service.path / part / f"{ORIGIN.replace('/', '+')}.{ending}"


@cases(*ANY, "readable", "writable")
def test_a_master_key(service: DataDirectory, name: str) -> None:
    path = service.path / "master.key"
    with planted(path, name, service.base / "kept"):
        done = service.run("import", "-", "--source", "x", input=b"{}\n", seconds=SECONDS_MAX)
        refused(done, path, PLANTS[name].says)
        refused(service.run("doctor", seconds=SECONDS_MAX), path, PLANTS[name].says)


@cases(*ANY, "readable", "writable")
def test_a_signing_key(service: DataDirectory, name: str) -> None:
    path = of_ledger(service, "keys", "key")
    with planted(path, name, service.base / "kept"):
        refused(service.run("checkpoint", "sign", seconds=SECONDS_MAX), path, PLANTS[name].says)


@cases(*ANY, "writable")
def test_a_guard(service: DataDirectory, name: str) -> None:
    path = of_ledger(service, "guard", "guard")
    service.run("checkpoint", "sign")
    with planted(path, name, service.base / "kept"):
        refused(service.run("checkpoint", "sign", seconds=SECONDS_MAX), path, PLANTS[name].says)


@cases(*ANY, "readable")
def test_the_lock_of_a_guard(service: DataDirectory, name: str) -> None:
    path = of_ledger(service, "guard", "lock")
    assert service.run("checkpoint", "sign").returncode == 0
    with planted(path, name, service.base / "kept"):
        refused(service.run("checkpoint", "sign", seconds=SECONDS_MAX), path, PLANTS[name].says)
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = service.run("checkpoint", "sign", seconds=SECONDS_MAX)
        assert done.returncode != 0 and b"another process has been signing" in done.stderr, done


@cases(*ANY, "writable")
def test_a_journal_of_erasures(service: DataDirectory, name: str) -> None:
    """Root followed a link here, and cut off what it led to."""
    journal = service.base / "journals" / "erasures.jsonl"
    journal.parent.mkdir(exist_ok=True)
    # What is cut off at its end would be mended by whoever writes to it.
    journal.write_bytes(b'{"cut off": "her')
    journal.chmod(0o600)
    erase = ("erase", "--erasure-journal", str(journal), "--subject", "jane@customer.example",
             "--legal-basis", "a wish", "--requester", "x")
    service.api().append({"kind": "send", "outcome": "sent", "personal": {"recipient": "jane@customer.example"}})
    with planted(journal, name, service.base / "kept"):
        refused(service.run(*erase, seconds=SECONDS_MAX), journal, PLANTS[name].says)
        for command in (("doctor",), ("serve", "--listen", "127.0.0.1:0", "--ledger", ORIGIN)):
            done = service.run(*command, "--erasure-journal", str(journal), seconds=SECONDS_MAX)
            refused(done, journal, PLANTS[name].says)
    with journal.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        service.api().append({"kind": "send", "outcome": "sent", "personal": {"recipient": "jane@customer.example"}})
        done = service.run(*erase, seconds=SECONDS_MAX)
        assert done.returncode != 0 and b"the journal of erasures cannot be written" in done.stderr, done


@cases(*ANY, "writable")
def test_the_lock_of_a_data_directory(service: DataDirectory, name: str) -> None:
    path = service.path / "lock"
    with planted(path, name, service.base / "kept"):
        refused(service.run("ledger", "list", seconds=SECONDS_MAX), path, PLANTS[name].says)
    assert service.run("ledger", "list").returncode == 0


@pytest.mark.parametrize("name", ["lock", "users"])
def test_a_lock_that_was_removed_from_a_running_cluster(service: DataDirectory, name: str) -> None:
    path = service.path / name
    kept = service.base / "kept"
    path.rename(kept)
    try:
        refused(service.run("ledger", "list", seconds=SECONDS_MAX), path, "was removed while Postgres")
        assert not path.exists()
    finally:
        kept.rename(path)
    assert service.run("ledger", "list").returncode == 0


@cases("link", "fifo", "folder", "foreign")
def test_an_export_that_is_to_be_written(service: DataDirectory, name: str) -> None:
    path = service.base / "out.jsonl"
    path.write_bytes(b"an older one")
    export = ("export", "--output", str(path))
    with planted(path, name, service.base / "kept"):
        refused(service.run(*export, seconds=SECONDS_MAX), path, PLANTS[name].says)
    # An unfinished one has a name that nobody can guess.
    trap = service.base / "trap"
    trap.write_bytes(b"kept")
    (service.base / "out.jsonl.part").symlink_to(trap)
    assert service.run(*export).returncode == 0 and trap.read_bytes() == b"kept"
    assert path.read_bytes().startswith(b"{") and path.stat().st_mode & 0o777 == 0o600
    assert not list(service.base.glob("out.jsonl.new-*"))
    (service.base / "out.jsonl.part").unlink()


@cases("link", "fifo", "folder", "foreign")
def test_a_file_for_bad_lines(service: DataDirectory, name: str) -> None:
    path = service.base / "bad.jsonl"
    path.write_bytes(b"")
    with planted(path, name, service.base / "kept"):
        done = service.run("import", "-", "--source", "x", "--skip-bad", str(path), input=b"{}\n", seconds=SECONDS_MAX)
        refused(done, path, "is there already")


def test_what_a_caller_names_to_be_read_may_be_a_link_or_a_pipe(service: DataDirectory) -> None:
    lines = service.base / "lines.jsonl"
    lines.write_bytes(b'{"kind":"send","outcome":"sent"}\n')
    lines.chmod(0o666)
    if IS_ROOT:
        os.chown(lines, NOBODY, -1)
    path = service.base / "link.jsonl"
    path.symlink_to(lines)
    done = service.run("import", str(path))
    assert done.returncode == 0 and b"1 imported" in done.stdout, done
    done = service.run("import", "/dev/stdin", input=lines.read_bytes(), seconds=SECONDS_MAX)
    assert b"imported" in done.stdout, done
    for name in ("lines.jsonl", "link.jsonl"):
        (service.base / name).unlink()


# -- backups


def test_a_backup_is_written_into_nothing_that_is_there(service: DataDirectory) -> None:
    elsewhere = service.base / "elsewhere"
    elsewhere.mkdir()
    for lay in (link, fifo, folder):
        path = service.base / "backup"
        lay(path, elsewhere)
        refused(service.run("backup", str(path), seconds=SECONDS_MAX), path, "is there already")
        assert not list(elsewhere.iterdir())
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    elsewhere.rmdir()


def test_a_restore_waits_at_no_pipe(service: DataDirectory, target: DataDirectory) -> None:
    backup = Backup.take(service, "a-backup")
    for file in (backup.manifest_file, backup.note(service.origin), backup.table("entries"), backup.keys):
        kept = file.read_bytes()
        file.unlink()
        os.mkfifo(file)
        done = backup.restore(target, *(["--unsigned"] if file == backup.keys else []), seconds=SECONDS_MAX)
        assert file == backup.keys or f"{file.name} is a pipe, not a file" in done.error, done
        file.unlink()
        file.write_bytes(kept)
    shutil.rmtree(backup.folder)


# -- the data directory and what Postgres has in it


@contextmanager
def stopped(service: DataDirectory) -> Iterator[None]:
    """While nothing runs on the directory."""
    service.instances[-1].stop()
    try:
        yield
    finally:
        service.serve()


def start(service: DataDirectory) -> subprocess.CompletedProcess[bytes]:
    """A command that would start Postgres."""
    return service.run("ledger", "list", seconds=SECONDS_MAX)


def test_a_data_directory_of_somebody_else_or_open_to_all(own_service: DataDirectory) -> None:
    service = own_service
    mode = service.path.stat().st_mode & 0o7777
    with stopped(service):
        for wrong in (0o777, 0o1777, mode & 0o777 | 0o020):
            service.path.chmod(wrong)
            refused(start(service), service.path, "can be written to by others")
        service.path.chmod(mode)
        if IS_ROOT:
            os.chown(service.path, NOBODY, -1)
            refused(start(service), service.path, "belongs to nobody")
            os.chown(service.path, 0, -1)
            path = service.base / "link"
            path.symlink_to(service.path)
            assert service.command("ledger", "list", "--data-dir", str(path)).returncode == 0
            os.chown(path, NOBODY, -1, follow_symlinks=False)
            done = service.command("ledger", "list", "--data-dir", str(path), seconds=SECONDS_MAX)
            assert done.returncode != 0 and f"{path} is a symbolic link that nobody made" in done.stderr.decode(), done
    assert service.verify().is_intact


def test_what_lies_in_the_way_of_a_starting_postgres(own_service: DataDirectory) -> None:
    service = own_service
    account = service.path.joinpath("postgres").stat()
    kept = service.base / "kept"
    kept.write_bytes(b"of value")
    with stopped(service):
        for path in (service.path / "postgres.log", service.path / "postgres.log.1",
                     service.path / "postgres" / "postmaster.pid", service.path / "postgres" / "postmaster.opts"):
            was = path.read_bytes() if path.exists() else None
            for lay, says in ((link, "is a symbolic link"), (fifo, "is a pipe")):
                path.unlink(missing_ok=True)
                lay(path, kept)
                # The server's account itself may have laid it there.
                os.chown(path, account.st_uid, account.st_gid, follow_symlinks=False)
                refused(start(service), path, says)
                path.unlink()
            if was is not None:
                path.write_bytes(was)
                os.chown(path, account.st_uid, account.st_gid)
                path.chmod(0o600)
        # What we write there is written anew, whatever lay there.
        for name in ("countersign.conf", "pg_hba.conf", "pg_ident.conf"):
            for ending in ("", ".new"):
                path = service.path / "postgres" / (name + ending)
                path.unlink(missing_ok=True)
                path.symlink_to(kept)
                done = start(service)
                if ending:
                    assert done.returncode == 0, done
                else:
                    refused(done, path, "is a symbolic link")
                    path.unlink()
        assert kept.read_bytes() == b"of value"
        if IS_ROOT:
            os.chown(service.path / "postgres", NOBODY, -1)
            try:
                refused(start(service), service.path / "postgres", "belongs to nobody")
            finally:
                os.chown(service.path / "postgres", account.st_uid, -1)


def test_what_root_makes_for_a_service_is_the_services(own_directory: DataDirectory) -> None:
    """An operator's command must not lock the service out of its own files."""
    if not IS_ROOT:
        return
    directory = own_directory
    account = pwd.getpwnam("nobody")
    directory.path.mkdir(0o700)
    os.chown(directory.path, account.pw_uid, account.pw_gid)
    lead = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]
    directory.base.joinpath("service-0.log").touch()
    directory.serve(prefix=lead)
    directory.api().append({"kind": "send", "outcome": "sent", "personal": {"recipient": "jane@customer.example"}})
    for command in (
            ("ledger", "create", "second.example/mail"), ("checkpoint", "sign", "--ledger", ORIGIN),
            ("erase", "--ledger", ORIGIN, "--subject", "jane@customer.example", "--legal-basis", "x",
             "--requester", "y")):
        done = directory.run(*command)
        assert done.returncode == 0, done
    made = [path for path in directory.path.rglob("*") if "postgres" not in path.parts]
    assert {path.name for path in made} >= {"erasures.jsonl", "second.example+mail.key", "master.key"}
    assert {path.lstat().st_uid for path in made} == {account.pw_uid}, made
    directory.instances[-1].stop()
    directory.serve(prefix=lead)
    assert directory.verify().is_intact


# -- a witness


@cases(*ANY, "readable")
def test_a_witness_key(name: str) -> None:
    witness = Witness(Log())
    try:
        with planted(witness.key_file, name, witness.base / "kept"):
            refused(witness.refuses_to_serve(), witness.key_file, PLANTS[name].says)
    finally:
        witness.close()


@cases(*ANY, "writable")
def test_what_a_witness_remembers(name: str) -> None:
    log = Log()
    witness = Witness(log)
    try:
        instance = witness.serve()
        assert witness.add(log.request(0, 3)).status == 200
        for ending, plants in (("checkpoint", (name,)), ("lock", (name,))):
            path = witness.memory / f"{log.id}.{ending}"
            with planted(path, name, witness.base / "kept"):
                assert witness.add(log.request(3, 5)).status == 503
                assert f"{path} {PLANTS[name].says}" in instance.said(), instance.said()
                if ending == "checkpoint":
                    refused(witness.refuses_to_serve(), path, PLANTS[name].says)
        assert witness.add(log.request(3, 5)).status == 200
        with (witness.memory / f"{log.id}.lock").open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert witness.add(log.request(5, 6)).status == 503
        instance.stop()
        witness.memory.chmod(0o770)
        refused(witness.refuses_to_serve(), witness.memory, "can be written to by others")
        if IS_ROOT:
            witness.memory.chmod(0o700)
            witness.base.chmod(0o1777)
            os.chown(witness.memory, NOBODY, -1)
            refused(witness.refuses_to_serve(), witness.memory, "belongs to nobody")
    finally:
        witness.close()
