"""The ledger's format once more, written in Python from Format.md alone, to judge and to forge with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

TILE_WIDTH = 256


def canonical(value: Any) -> bytes:
    """The canonical JSON of a value of the profile (member names ASCII, no floats, no null)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf_hash(line: bytes) -> bytes:
    """RFC 6962 §2.1."""
    return sha256(b"\x00" + line)


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 §2.1."""
    return sha256(b"\x01" + left + right)


def genesis(origin: str) -> bytes:
    """What `prev` of the first entry holds."""
    return sha256(f"countersign/genesis/1\n{origin}\n".encode())


def root(hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1 over leaf hashes, layer by layer."""
    layer = list(hashes)
    if not layer:
        return sha256(b"")
    while len(layer) > 1:
        above = [node_hash(layer[i], layer[i + 1]) for i in range(0, len(layer) - 1, 2)]
        layer = above + (layer[-1:] if len(layer) % 2 else [])
    return layer[0]


def tiles(hashes: Sequence[bytes]) -> dict[tuple[int, int], tuple[bytes, bytes]]:
    """The full tiles of a tree: (level, index) -> (root, the 256 hashes)."""
    found: dict[tuple[int, int], tuple[bytes, bytes]] = {}
    layer, level = list(hashes), 0
    while len(layer) >= TILE_WIDTH:
        above = []
        for index in range(len(layer) // TILE_WIDTH):
            part = layer[index * TILE_WIDTH:(index + 1) * TILE_WIDTH]
            above.append(root(part))
            found[level, index] = (above[-1], b"".join(part))
        layer, level = above, level + 1
    return found


def verify_inclusion(seq: int, size: int, leaf: bytes, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """RFC 9162 §2.1.3.2."""
    if not 0 <= seq < size:
        return False
    fn, sn, result = seq, size - 1, leaf
    for part in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            result = node_hash(part, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, part)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and result == expected_root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 §2.1.4.2."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for part in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(part, fr), node_hash(part, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, part)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == new_root


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def disclosure_digest(disclosure: str) -> str:
    """RFC 9901 §4.2.3."""
    return base64url(sha256(disclosure.encode("ascii")))


def ledger_key(master: bytes, purpose: str, origin: str) -> bytes:
    """HKDF-SHA-256 (RFC 5869) with an empty salt; 32 bytes are one block."""
    extracted = hmac.digest(bytes(32), master, "sha256")
    return hmac.digest(extracted, f"countersign/1\n{purpose}\n{origin}".encode() + b"\x01", "sha256")


def idempotency_tag(master: bytes, origin: str, producer: str, key: str) -> str:
    """The member `idempotency` of a line under a key of this producer."""
    message = b"entries\x00" + producer.encode() + b"\x00" + key.encode()
    return base64url(hmac.digest(ledger_key(master, "idempotency", origin), message, "sha256")[:16])
