"""Signed notes, checkpoints and receipts (C2SP signed-note, tlog-checkpoint, tlog-proof), written once more from the
specifications, with the signatures of PyPI `cryptography`: to judge, and to forge."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MARK = "— ".encode()
ED25519 = b"\x01"
PRIVATE = "PRIVATE+KEY+"
RECEIPT_HEADER = b"c2sp.org/tlog-proof@v1"


def key_id(name: str, public: bytes) -> bytes:
    """The first four bytes of the hash over name, type and key."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


@dataclass(frozen=True)
class Key:
    """A verifier key: what `countersign ledger keys` prints."""

    name: str
    public: bytes

    @staticmethod
    def read(vkey: str) -> Key:
        """The key of `name+id+base64`; the id must be that of name and key."""
        name, identifier, data = vkey.split("+", 2)
        decoded = base64.b64decode(data, validate=True)
        assert decoded[:1] == ED25519 and len(decoded) == 33, vkey
        key = Key(name, decoded[1:])
        assert key.id.hex() == identifier, vkey
        return key

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.public)

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def signed(self, signature: bytes, text: bytes) -> bool:
        """Whether this key made `signature` over `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A secret key under a name."""

    def __init__(self, name: str, secret: Ed25519PrivateKey | None = None) -> None:
        self.secret = secret or Ed25519PrivateKey.generate()
        self.key = Key(name, self.secret.public_key().public_bytes_raw())

    @staticmethod
    def read(line: str) -> Signer:
        """The key in a key file: `PRIVATE+KEY+name+id+base64(type, seed)`, as Go's tools write it."""
        name, identifier, data = line.strip().removeprefix(PRIVATE).split("+", 2)
        decoded = base64.b64decode(data, validate=True)
        assert line.startswith(PRIVATE) and decoded[:1] == ED25519 and len(decoded) == 33
        signer = Signer(name, Ed25519PrivateKey.from_private_bytes(decoded[1:]))
        assert signer.key.id.hex() == identifier
        return signer

    @property
    def line(self) -> str:
        """The key as a key file holds it."""
        seed = self.secret.private_bytes_raw()
        return f"{PRIVATE}{self.key.name}+{self.key.id.hex()}+{base64.b64encode(ED25519 + seed).decode()}"

    def signature(self, text: bytes) -> Signature:
        return Signature(self.key.name.encode(), self.key.id, self.secret.sign(text))

    def note(self, text: bytes) -> Note:
        return Note(text, (self.signature(text),))


@dataclass(frozen=True)
class Signature:
    """One line below a note's text."""

    name: bytes
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> bytes:
        return MARK + self.name + b" " + base64.b64encode(self.key_id + self.signature) + b"\n"


@dataclass(frozen=True)
class Note:
    """A text and its signatures; nobody has judged them yet."""

    text: bytes
    signatures: tuple[Signature, ...]

    @staticmethod
    def read(data: bytes) -> Note:
        """The note in `data`, which must be one."""
        text, _, block = data.rpartition(b"\n\n")
        assert text and block.endswith(b"\n"), data
        signatures = []
        for line in block.split(b"\n")[:-1]:
            assert line.startswith(MARK), line
            name, encoded = line.removeprefix(MARK).split(b" ")
            decoded = base64.b64decode(encoded, validate=True)
            signatures.append(Signature(name, decoded[:4], decoded[4:]))
        return Note(text + b"\n", tuple(signatures))

    @property
    def data(self) -> bytes:
        return self.text + b"\n" + b"".join(each.line for each in self.signatures)

    def signed_by(self, key: Key) -> bool:
        """Whether exactly one signature names `key`, and is right."""
        named = [each for each in self.signatures if (each.name, each.key_id) == (key.name.encode(), key.id)]
        return len(named) == 1 and key.signed(named[0].signature, self.text)


@dataclass(frozen=True)
class Checkpoint:
    """The three lines of a checkpoint."""

    origin: str
    size: int
    root: bytes

    @staticmethod
    def read(data: bytes) -> Checkpoint:
        """What the note in `data` says."""
        origin, size, root, end = Note.read(data).text.decode().split("\n")
        assert end == "" and str(int(size)) == size
        return Checkpoint(origin, int(size), base64.b64decode(root, validate=True))

    @property
    def text(self) -> bytes:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


@dataclass(frozen=True)
class Receipt:
    """A receipt's parts; the entry's line travels beside it."""

    index: int
    hashes: tuple[bytes, ...]
    note: Note

    @staticmethod
    def read(data: bytes) -> Receipt:
        """The receipt in `data`, which must be one without an `extra` line, as ours are."""
        head, _, note = data.partition(b"\n\n")
        header, index, *hashes = head.split(b"\n")
        assert header == RECEIPT_HEADER and index.startswith(b"index "), data
        return Receipt(int(index[6:]), tuple(base64.b64decode(each, validate=True) for each in hashes),
                       Note.read(note))

    @property
    def data(self) -> bytes:
        lines = [RECEIPT_HEADER, f"index {self.index}".encode(), *map(base64.b64encode, self.hashes), b""]
        return b"".join(line + b"\n" for line in lines) + self.note.data

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint.read(self.note.data)

    def signed_also_by(self, *signers: Signer) -> Receipt:
        """The same with further signatures before the first."""
        more = tuple(signer.signature(self.note.text) for signer in signers)
        return replace(self, note=replace(self.note, signatures=more + self.note.signatures))
