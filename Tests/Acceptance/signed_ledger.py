"""A ledger that signs when it is told to, and what an outsider keeps of it."""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api import Api, ok
from events import Events
from notes import Checkpoint, Key
from paths import ORIGIN
from service import DataDirectory

#: The schedule signs once at the start; after that only whoever asks.
SELDOM = ("--checkpoint-interval", "10h")
BATCH_MAX = 100
ENTRY: dict[str, Any] = {"kind": "send", "outcome": "sent"}
EXIT_VERIFIED, EXIT_REFUSED = 0, 1


@dataclass(frozen=True)
class Judged:
    """What one of our offline commands says."""

    accepted: bool
    #: What is proved, or what is wrong.
    detail: str
    size: int | None
    signers: list[str] | None

    @staticmethod
    def read(done: subprocess.CompletedProcess[bytes]) -> Judged:
        """The verdict of a finished command; exit status and text must agree, and it must be a verdict."""
        said = f"exit {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}"
        assert done.returncode in (EXIT_VERIFIED, EXIT_REFUSED), said
        value = json.loads(done.stdout)
        assert value["verdict"] == ("verified" if done.returncode == EXIT_VERIFIED else "refused"), said
        assert value["detail"] and not done.stderr, said
        return Judged(done.returncode == EXIT_VERIFIED, value["detail"], value.get("size"), value.get("signed_by"))


def keys_as_arguments(vkeys: Sequence[str]) -> list[str]:
    return [part for vkey in vkeys for part in ("--key", vkey)]


class Offline:
    """Our commands that need no database, on files in a folder of their own."""

    def __init__(self, directory: DataDirectory) -> None:
        self.directory = directory
        self.folder = Path(tempfile.mkdtemp(prefix="offline-", dir=directory.base))

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def run(self, *arguments: str, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return self.directory.command(*arguments, input=input)

    def receipt(self, receipt: bytes, line: bytes, *vkeys: str) -> Judged:
        """What `verify-receipt` says."""
        return Judged.read(self.run(
            "verify-receipt", "-", "--line", str(self.file("line", line)), *keys_as_arguments(vkeys), "--json",
            input=receipt))

    def export(self, export: bytes, checkpoint: bytes, *vkeys: str) -> Judged:
        """What `verify-export` says."""
        return Judged.read(self.run(
            "verify-export", "-", "--checkpoint", str(self.file("checkpoint", checkpoint)), *keys_as_arguments(vkeys),
            "--json", input=export))

    def tiles(self, folder: Path, *vkeys: str) -> Judged:
        """What `verify-tiles` says."""
        return Judged.read(self.run("verify-tiles", str(folder), *keys_as_arguments(vkeys), "--json"))


class SignedLedger:
    """A running service on a directory, its first ledger, and the commands beside it."""

    def __init__(self, directory: DataDirectory, arguments: Sequence[str] = SELDOM) -> None:
        self.directory = directory
        self.arguments = list(arguments)
        directory.serve(arguments=self.arguments)
        self.vkey = self.vkeys()[-1]
        self.offline = Offline(directory)

    @property
    def api(self) -> Api:
        return self.directory.api()

    @property
    def key(self) -> Key:
        return Key.read(self.vkey)

    @property
    def key_file(self) -> Path:
        return self.directory.path / "keys" / f"{ORIGIN.replace('/', '+')}.key"

    @property
    def guard_file(self) -> Path:
        return self.directory.path / "guard" / f"{ORIGIN.replace('/', '+')}.guard"

    def vkeys(self) -> list[str]:
        """The ledger's public keys, the current one last."""
        return self.directory.run_json("ledger", "keys", "--ledger", ORIGIN)["keys"]

    def restart(self) -> None:
        """Starts the service again after it was stopped."""
        self.directory.serve(arguments=self.arguments)

    # -- entries

    def fill(self, rng: random.Random, size: int) -> None:
        """Appends random entries until the ledger has `size`."""
        maker = Events(rng)
        while (missing := size - self.api.size()) > 0:
            self.api.append([maker.event() for _ in range(min(missing, BATCH_MAX))])

    def append(self, count: int = 1) -> int:
        """Appends plain entries; gives the ledger's size after them."""
        return self.api.append([ENTRY] * count)[-1]["seq"] + 1

    def append_for_receipts(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The places of new entries, with what receipts there are."""
        return ok(self.api.post("/v1/entries?receipt=signed", entries), 201)

    def lines(self) -> list[bytes]:
        return self.api.lines()

    # -- signatures

    def sign(self) -> bytes:
        """A new checkpoint, signed on the command line."""
        done = self.directory.run("checkpoint", "sign", "--ledger", ORIGIN)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def published(self) -> bytes:
        """The newest checkpoint, as the service serves it."""
        answer = self.api.get(f"/ledgers/{ORIGIN}/checkpoint")
        assert answer.status_code == 200, answer.text
        return answer.content

    def receipt(self, seq: int) -> bytes:
        answer = self.api.get(f"/v1/entries/{seq}/receipt")
        assert answer.status_code == 200, answer.text
        return answer.content

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the larger tree begins with the smaller one."""
        answer = self.api.json("/v1/consistency", **{"from": old, "to": new})
        return [bytes.fromhex(each) for each in answer["proof"]]

    def verify_against(self, checkpoint: bytes, *vkeys: str) -> set[str]:
        """The checks of `verify --checkpoint --key` that find something."""
        path = self.offline.file("kept.checkpoint", checkpoint)
        return self.directory.verify(
            "--checkpoint", str(path), *keys_as_arguments(vkeys or (self.vkey,))).checks

    @property
    def signed_size(self) -> int:
        """How large the tree is that the guard knows."""
        note = self.guard_file.read_bytes().partition(b"\n\n")[2]
        return Checkpoint.read(note).size
