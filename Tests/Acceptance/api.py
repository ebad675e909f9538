"""A caller of the HTTP API."""

from __future__ import annotations

import json
from typing import Any

import requests

REQUEST_SECONDS_MAX = 60
NDJSON = "application/x-ndjson"


class Api:
    """One bearer token at one service. Not for several threads at once."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self.session = requests.Session()
        # No proxy, no credentials from the machine's own files.
        self.session.trust_env = False
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request; `path` begins with a slash."""
        options.setdefault("timeout", REQUEST_SECONDS_MAX)
        return self.session.request(method, self.url + path, **options)

    def get(self, path: str, **parameters: Any) -> requests.Response:
        """GET with query parameters; a list repeats the parameter, a trailing underscore is for Python's words."""
        query = {name.rstrip("_"): value for name, value in parameters.items() if value is not None}
        return self.call("GET", path, params=query)

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        """POST of a value as JSON, or of bytes as they stand. Underscores in header names become hyphens."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Type", "application/json")
        return self.call("POST", path, data=data, headers=named)

    def post_lines(self, path: str, values: list[Any], **headers: str) -> requests.Response:
        """POST of values as NDJSON."""
        body = b"".join(json.dumps(value).encode() + b"\n" for value in values)
        return self.post(path, body, Content_Type=NDJSON, **headers)

    def append(self, entries: Any, **headers: str) -> Any:
        """Appends one entry or a list and returns the answer, which must be a success."""
        return ok(self.post("/v1/entries", entries, **headers), 200, 201)

    def json(self, path: str, **parameters: Any) -> Any:
        """The answer of a GET that must succeed."""
        return ok(self.get(path, **parameters), 200)

    def size(self) -> int:
        """How many entries the ledger has."""
        return self.json("/v1/tree")["size"]

    def lines(self, **parameters: Any) -> list[bytes]:
        """The exported canonical lines, byte for byte."""
        answer = self.get("/v1/export", format="jsonl", **parameters)
        assert answer.status_code == 200, problem_text(answer)
        assert not answer.content or answer.content.endswith(b"\n")
        return answer.content.split(b"\n")[:-1]


def ok(answer: requests.Response, *statuses: int) -> Any:
    """The answer's JSON; its status must be one of `statuses`."""
    assert answer.status_code in statuses, problem_text(answer)
    return answer.json()


def problem_text(answer: requests.Response) -> str:
    """What to print of an unexpected answer."""
    return f"{answer.request.method} {answer.request.url} -> {answer.status_code}: {answer.text[:2000]}"


def problem(answer: requests.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The problem document (RFC 9457) of a refused request; its form must be complete."""
    assert answer.status_code == status, problem_text(answer)
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json", problem_text(answer)
    body = answer.json()
    assert body["status"] == status and body["title"] and body["type"], body
    assert body["error"] == body["detail"] and body["detail"], body
    assert code is None or body["code"] == code, body
    return body
