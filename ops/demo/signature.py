"""How Inngest and an app prove to each other that they hold the same signing key."""
from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from typing import Any

PREFIX = re.compile(r"^signkey-\w+-")


def canonical(value: Any) -> bytes:
    """RFC 8785 for what occurs here (ASCII names, no floats); the SDK checks the signature over this form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signature_of(signing_key: str, body: bytes, seconds: int) -> str:
    # The key is the text after the prefix, not the bytes that its hex digits stand for.
    return hmac.new(PREFIX.sub("", signing_key).encode(), body + str(seconds).encode(), hashlib.sha256).hexdigest()


def sign(signing_key: str, body: bytes, seconds: int | None = None) -> str:
    """The value of `X-Inngest-Signature` for this body, now or at the given Unix second."""
    seconds = int(time.time()) if seconds is None else seconds
    return f"t={seconds}&s={signature_of(signing_key, body, seconds)}"


def signature_holds(signing_key: str, body: bytes, header: str) -> bool:
    """True if the answer's header was made with our key over exactly these bytes."""
    match = re.fullmatch(r"t=(\d+)&s=([0-9a-f]{64})", header)
    return match is not None and hmac.compare_digest(match[2], signature_of(signing_key, body, int(match[1])))


def hashed_key(signing_key: str) -> str:
    """How the SDK shows that it holds the signing key."""
    return hashlib.sha256(bytes.fromhex(PREFIX.sub("", signing_key))).hexdigest()
