"""The little of the HTTP API that the measurement itself speaks; load comes from wrk."""
from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from .processes import MeasurementFailed

TIMEOUT_SECONDS = 300
# The server ends connections that stand still; ours is made anew before it comes to that.
IDLE_SECONDS_MAX = 5
PIECE_BYTES = 1 << 20


class Api:
    """One kept connection with one token."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self._connection = HTTPConnection(*address, timeout=TIMEOUT_SECONDS)
        self._used = time.monotonic()
        self.token = token

    def _open(self, method: str, path: str, body: bytes | None = None) -> HTTPResponse:
        if time.monotonic() - self._used > IDLE_SECONDS_MAX:
            self._connection.close()
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        self._used = time.monotonic()
        return answer

    def _ask(self, method: str, path: str, wanted: int, body: bytes | None = None) -> bytes:
        answer = self._open(method, path, body)
        text = answer.read()
        if answer.status != wanted:
            raise MeasurementFailed(f"{method} {path}: {answer.status} {text[:500].decode(errors='replace')}")
        return text

    def append(self, batch: bytes) -> None:
        """Appends a JSON array of new entries."""
        self._ask("POST", "/v1/entries", 201, batch)

    def size(self) -> int:
        """The size of the tree."""
        return int(json.loads(self._ask("GET", "/v1/tree", 200))["size"])

    def new_token(self, name: str, *scopes: str) -> str:
        body = json.dumps({"name": name, "scopes": scopes}).encode()
        return str(json.loads(self._ask("POST", "/v1/tokens", 201, body))["token"])

    def get(self, path: str) -> Any:
        return json.loads(self._ask("GET", path, 200))

    def stream(self, path: str, take: Callable[[memoryview], None]) -> None:
        """Reads a long answer piece by piece; an answer that is cut off is a failure."""
        answer = self._open("GET", path)
        if answer.status != 200:
            raise MeasurementFailed(f"GET {path}: {answer.status} {answer.read()[:500].decode(errors='replace')}")
        piece = memoryview(bytearray(PIECE_BYTES))
        while count := answer.readinto(piece):
            take(piece[:count])

    def close(self) -> None:
        self._connection.close()
