"""Checks a folder with a C2SP tlog-tiles log, knowing nothing but the specification; usage: static_log.py FOLDER.
Prints size and root as the checkpoint says them; whose signature it carries is somebody else's question."""

from __future__ import annotations

import base64
import hashlib
import sys
from pathlib import Path

WIDTH = 256


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def tree_root(hashes: list[bytes]) -> bytes:
    """RFC 6962 §2.1, by the recursion that the text gives."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha256(b"\x01", tree_root(hashes[:split]), tree_root(hashes[split:]))


def path(kind: str, index: int, width: int) -> str:
    """The path of a tile: three digits an element, all but the last with an x."""
    elements = [f"{index % 1000:03}"]
    while index := index // 1000:
        elements.insert(0, f"x{index % 1000:03}")
    return f"tile/{kind}/{'/'.join(elements)}" + ("" if width == WIDTH else f".p/{width}")


def places(count: int) -> list[tuple[int, int]]:
    """Index and width of each tile that holds `count` hashes."""
    full, rest = divmod(count, WIDTH)
    return [(index, WIDTH) for index in range(full)] + ([(full, rest)] if rest else [])


def paths(size: int) -> list[str]:
    """Every file that a log of `size` entries has beside its checkpoint."""
    found = [path("entries", *place) for place in places(size)]
    level, count = 0, size
    while count:
        found += [path(str(level), *place) for place in places(count)]
        level, count = level + 1, count // WIDTH
    return found


def bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle, each behind its length in two bytes."""
    entries, place = [], 0
    while place < len(data):
        length = int.from_bytes(data[place:place + 2], "big")
        entries.append(data[place + 2:place + 2 + length])
        place += 2 + length
    assert place == len(data), "a bundle ends within an entry"
    return entries


def check(folder: Path) -> tuple[str, int, bytes]:
    """Origin, size and root of the checkpoint; every file must lead to that root."""
    origin, decimal, encoded = (folder / "checkpoint").read_text().split("\n")[:3]
    size, root = int(decimal), base64.b64decode(encoded, validate=True)
    entries = [entry for place in places(size) for entry in bundle((folder / path("entries", *place)).read_bytes())]
    hashes = [sha256(b"\x00", entry) for entry in entries]
    assert len(hashes) == size, "the bundles hold another number of entries"
    assert tree_root(hashes) == root, "the entries do not make the signed root"
    for level in range(64):
        for index, width in places(len(hashes)):
            expected = b"".join(hashes[index * WIDTH:index * WIDTH + width])
            assert (folder / path(str(level), index, width)).read_bytes() == expected, (level, index)
        hashes = [tree_root(hashes[start:start + WIDTH]) for start in range(0, len(hashes) - WIDTH + 1, WIDTH)]
    return origin, size, root


if __name__ == "__main__":
    print(*check(Path(sys.argv[1]))[:2])
