"""Receipts altered by one byte, and what two verifiers may make of each alteration."""

from __future__ import annotations

import base64
import binascii
import random
from dataclasses import dataclass

from notes import MARK, Key, Note

#: The verdicts of Go and of ours.
Verdicts = tuple[bool, bool]
REFUSED_BY_BOTH: frozenset[Verdicts] = frozenset({(False, False)})
#: What c2sp-formats §0 decides: base64 with bits that mean nothing, and control characters in names. Go takes both.
STRICTER: Verdicts = (True, False)


@dataclass(frozen=True)
class Alteration:
    """One byte of a file is another one."""

    place: int
    byte: int

    @staticmethod
    def of(data: bytes, rng: random.Random, places: range | None = None) -> Alteration:
        """One bit flipped, or one byte put in, somewhere."""
        place = rng.choice(places or range(len(data)))
        if rng.random() < 0.5:
            return Alteration(place, data[place] ^ (1 << rng.randrange(8)))
        others = set(range(256)) - {data[place]}
        likely = others & set(b"\n\r +/=0AZaz\xe2\x94")
        return Alteration(place, rng.choice(sorted(likely if rng.random() < 0.5 else others)))

    def apply(self, data: bytes) -> bytes:
        return data[:self.place] + bytes([self.byte]) + data[self.place + 1:]

    def __str__(self) -> str:
        return f"byte {self.place} is {self.byte:#04x}"


def explained(receipt: bytes, alteration: Alteration, known: list[Key]) -> frozenset[Verdicts]:
    """Which verdicts of Go and of ours over an altered receipt have an explanation.

    Every alteration must be refused by both, with two exceptions, both in a signature's line. The padding bits of its
    base64 mean nothing: Go passes over them, we do not. And what an unknown key signed is ignored by both, as long as
    it is a signature's line at all.
    """
    note_start = receipt.index(b"\n\n") + 2
    block_start = receipt.rindex(b"\n\n") + 2
    if alteration.place < block_start:
        return REFUSED_BY_BOTH
    start = receipt.rindex(b"\n", 0, alteration.place) + 1
    end = receipt.index(b"\n", alteration.place)
    if alteration.place == end:
        return REFUSED_BY_BOTH
    before = receipt[start:end]
    signature = next(each for each in Note.read(receipt[note_start:]).signatures if each.line == before + b"\n")
    is_known = any((signature.name, signature.key_id) == (key.name.encode(), key.id) for key in known)
    read = _lenient(alteration.apply(receipt)[start:end])
    if read is None or (is_known and read != (signature.name, signature.key_id + signature.signature)):
        return REFUSED_BY_BOTH
    name, data = read
    is_strict = 0x7F not in name and MARK + name + b" " + base64.b64encode(data) == alteration.apply(receipt)[start:end]
    return frozenset({(True, True) if is_strict else STRICTER})


def _lenient(line: bytes) -> tuple[bytes, bytes] | None:
    """Name and data of a line that Go takes for a signature's, known or not; None where it is none."""
    parts = line.removeprefix(MARK).split(b" ")
    if not line.startswith(MARK) or len(parts) != 2:
        return None
    name, encoded = parts
    if not name or b"+" in name or not name.isascii() or any(byte < 0x20 for byte in line):
        return None
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return None
    return (name, data) if len(data) >= 5 else None
