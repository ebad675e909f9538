"""A log, and a witness of it: the C2SP formats once more in Python, with PyPI `cryptography` for the signatures."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from paths import BINARY, vectors
from reference import leaf_hash, root, sha256
from service import Instance

DASH = "—".encode()
EMPTY_ROOT = hashlib.sha256(b"").digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def vector_keys() -> dict[str, Any]:
    """The published test keys; nobody may trust them outside tests."""
    return json.loads(vectors("c2sp-generated/keys.json").read_text())


@dataclass(frozen=True)
class Key:
    """A key of signed notes: `kind` 1 signs the text, 4 the text with a time."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public)[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    @staticmethod
    def read(vkey: str) -> Key:
        name, key_id, data = vkey.split("+", 2)
        raw = base64.b64decode(data, validate=True)
        key = Key(name, raw[0], raw[1:])
        assert key.id.hex() == key_id and len(key.public) == 32, vkey
        return key


def signing_line(name: str, kind: int, seed: bytes) -> str:
    """How Go's tools keep a private key."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return f"PRIVATE+KEY+{name}+{Key(name, kind, public).id.hex()}+{b64(bytes([kind]) + seed)}\n"


@dataclass(frozen=True)
class Line:
    """One signature below a note."""

    name: str
    key_id: bytes
    data: bytes

    @staticmethod
    def read(line: bytes) -> Line:
        dash, name, data = line.split(b" ")
        assert dash == DASH, line
        raw = base64.b64decode(data, validate=True)
        return Line(name.decode(), raw[:4], raw[4:])

    def verify(self, text: bytes, key: Key) -> int:
        """Raises unless the line is by `key`; the time of a cosignature, else 0."""
        assert (self.name, self.key_id) == (key.name, key.id)
        public, time = Ed25519PublicKey.from_public_bytes(key.public), 0
        if key.kind == 4:
            (time,) = struct.unpack(">Q", self.data[:8])
            public.verify(self.data[8:], f"cosignature/v1\ntime {time}\n".encode() + text)
        else:
            public.verify(self.data, text)
        return time


@dataclass(frozen=True)
class Note:
    """A text with signatures below it."""

    text: bytes
    lines: list[Line]

    @staticmethod
    def read(data: bytes) -> Note:
        text, _, below = data.rpartition(b"\n\n")
        assert below.endswith(b"\n"), data
        return Note(text + b"\n", [Line.read(line) for line in below[:-1].split(b"\n")])

    @property
    def size(self) -> int:
        return int(self.text.split(b"\n")[1])


class Log:
    """A log whose tree grows by made-up leaves, signed with a key of the vectors."""

    def __init__(self, name: str | None = None, *, of: str = "log", leaves: int = 400) -> None:
        known = vector_keys()[of]
        self.private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(known["seed"]))
        self.key = Key(name or known["name"], 1, self.private.public_key().public_bytes_raw())
        self.hashes = [leaf_hash(f"entry {number}".encode()) for number in range(leaves)]

    @property
    def id(self) -> str:
        return hashlib.sha256(self.key.name.encode()).hexdigest()

    def text(self, size: int, root_hash: bytes | None = None) -> bytes:
        return f"{self.key.name}\n{size}\n{b64(root_hash or root(self.hashes[:size]))}\n".encode()

    def note(self, size: int, root_hash: bytes | None = None) -> bytes:
        """A signed checkpoint: the true one, or of any root."""
        text = self.text(size, root_hash)
        line = b64(self.key.id + self.private.sign(text))
        return text + b"\n" + DASH + f" {self.key.name} {line}\n".encode()

    def proof(self, old: int, size: int) -> list[bytes]:
        """RFC 6962 §2.1.2."""
        return [] if old in (0, size) else self._subproof(old, self.hashes[:size], True)

    def _subproof(self, old: int, hashes: Sequence[bytes], whole: bool) -> list[bytes]:
        if old == len(hashes):
            return [] if whole else [root(hashes)]
        middle = 1 << (len(hashes) - 1).bit_length() - 1
        if old <= middle:
            return [*self._subproof(old, hashes[:middle], whole), root(hashes[middle:])]
        return [*self._subproof(old - middle, hashes[middle:], False), root(hashes[:middle])]

    def request(self, old: int, size: int, *, proof: list[bytes] | None = None, note: bytes | None = None) -> bytes:
        """An honest request, or one with another proof or note."""
        hashes = self.proof(old, size) if proof is None else proof
        head = f"old {old}\n" + "".join(f"{b64(each)}\n" for each in hashes) + "\n"
        return head.encode() + (note or self.note(size))


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str | None
    body: bytes

    @property
    def lines(self) -> list[Line]:
        assert self.status == 200 and self.body.endswith(b"\n"), self
        return [Line.read(line) for line in self.body[:-1].split(b"\n")]

    @property
    def known_size(self) -> int:
        assert (self.status, self.content_type) == (409, "text/x.tlog.size") and self.body.endswith(b"\n"), self
        return int(self.body)


class Witness:
    """A folder with a witness's key, policy and memory, and the processes that serve it."""

    def __init__(self, *logs: Log | Key, seed: bytes | None = None, name: str | None = None) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="csa-", dir="/tmp"))
        known = vector_keys()["witness1"]
        self.seed = seed or bytes.fromhex(known["seed"])
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        self.key = Key(name or known["name"], 4, public)
        self.key_file, self.policy_file = self.base / "witness.key", self.base / "policy"
        self.memory = self.base / "memory"
        self.key_file.touch(0o600)
        self.key_file.write_text(signing_line(self.key.name, 4, self.seed))
        self.policy_file.write_text("".join(
            f"log {(log if isinstance(log, Key) else log.key).vkey}\n" for log in logs) + "quorum none\n")
        self.instances: list[Instance] = []

    @property
    def command(self) -> list[str]:
        return [str(BINARY), "witness", "serve", "--dir", str(self.memory), "--key", str(self.key_file),
                "--policy", str(self.policy_file), "--listen", "127.0.0.1:0"]

    def serve(self) -> Instance:
        """One more process on the folder, once it listens."""
        instance = Instance(self.command, dict(os.environ), self.base / f"witness-{len(self.instances)}.log")
        self.instances.append(instance)
        return instance.wait_listening()

    def refuses_to_serve(self) -> subprocess.CompletedProcess[bytes]:
        """What a process says that must not start."""
        return subprocess.run(self.command, capture_output=True, timeout=60, check=False)

    def connection(self, instance: Instance | None = None) -> http.client.HTTPConnection:
        url = (instance or next(each for each in reversed(self.instances) if each.is_alive)).url
        return http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)

    def call(self, method: str, path: str, body: bytes | None = None, *, instance: Instance | None = None) -> Answer:
        connection = self.connection(instance)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return Answer(response.status, response.getheader("Content-Type"), response.read())
        finally:
            connection.close()

    def add(self, request: bytes, *, instance: Instance | None = None) -> Answer:
        return self.call("POST", "/add-checkpoint", request, instance=instance)

    def published(self, log: Log) -> Note:
        """The checkpoint that monitors read; both signatures are verified."""
        answer = self.call("GET", f"/{log.id}/checkpoint")
        assert (answer.status, answer.content_type) == (200, "text/plain; charset=utf-8"), answer
        note = Note.read(answer.body)
        assert [line.name for line in note.lines] == [log.key.name, self.key.name]
        note.lines[0].verify(note.text, log.key)
        assert note.lines[1].verify(note.text, self.key) > 0
        return note

    def close(self) -> None:
        for instance in self.instances:
            instance.kill()
        shutil.rmtree(self.base, ignore_errors=True)
