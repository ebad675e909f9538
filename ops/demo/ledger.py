"""The ledger as the demo's programs see it: plain HTTP with a bearer token, no SDK."""
from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import httpx

TRIES_MAX = 4
PAUSE_SECONDS = 0.25

JSON = dict[str, Any]


class Refused(RuntimeError):
    """The ledger understood the request and said no. Asking again with the same request cannot help."""


class Ledger:
    """One token's view of one ledger."""

    def __init__(self, url: str, token: str, timeout_seconds: float = 10.0) -> None:
        # Nothing here goes to another machine, so a proxy from the environment must not get in between.
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=timeout_seconds,
                                  trust_env=False)

    def record(self, entry: JSON, key: str, headers: dict[str, str] | None = None) -> JSON:
        """Records one entry, once for each key: `seq`, `leaf_hash`, `recorded_at`, and `replayed` if it was there.

        A lost answer, a 5xx, 429 or 409 leaves it open whether the entry was written. Asking again with the same key is
        safe and settles it.
        """
        return self._ask("POST", "/v1/entries", json=entry, headers={"Idempotency-Key": key, **(headers or {})})

    def report_attempt(self, observation: JSON) -> None:
        """Reports one step attempt, once, without a second try: a report must never hold up the work it reports."""
        self._http.post("/v1/step-attempts", json=observation).raise_for_status()

    def entry(self, seq: int) -> JSON:
        return self._ask("GET", f"/v1/entries/{seq}")

    def entries(self, **filters: str) -> list[JSON]:
        """All entries that match, in order, page after page. Only an absent `next_cursor` is the end."""
        found: list[JSON] = []
        query = dict(filters)
        while True:
            page = self._ask("GET", "/v1/entries", params=query)
            found += page["entries"]
            if "next_cursor" not in page:
                return found
            query["cursor"] = page["next_cursor"]

    def message(self, message_id: str) -> JSON:
        """The life of one message: its state and its timeline."""
        return self._ask("GET", f"/v1/messages/{quote(message_id, safe='')}")

    def tree(self) -> JSON:
        return self._ask("GET", "/v1/tree")

    def create_token(self, name: str, *scopes: str) -> JSON:
        return self._ask("POST", "/v1/tokens", json={"name": name, "scopes": list(scopes)})

    def set_identity(self, identity: str, settings: JSON) -> JSON:
        return self._ask("PUT", f"/v1/identities/{quote(identity, safe='')}", json=settings)

    def identity(self, identity: str) -> JSON:
        return self._ask("GET", f"/v1/identities/{quote(identity, safe='')}")

    def receive_report(self, report: bytes) -> JSON:
        return self._ask("POST", "/v1/dmarc-reports", content=report, headers={"Content-Type": "application/xml"})

    def unknown_senders(self) -> JSON:
        return self._ask("GET", "/v1/dmarc-reports/unknown-senders")

    def identity_history(self, identity: str) -> list[JSON]:
        """The checks of an identity that made an entry, newest first."""
        found: list[JSON] = self._ask("GET", f"/v1/identities/{quote(identity, safe='')}/history")["checks"]
        return found

    def _ask(self, method: str, path: str, **request: Any) -> JSON:
        for attempt in range(1, TRIES_MAX + 1):
            try:
                answer = self._http.request(method, path, **request)
            except httpx.TransportError:
                if attempt == TRIES_MAX:
                    raise
            else:
                if answer.is_success:
                    found: JSON = answer.json()
                    return found
                if answer.status_code < 500 and answer.status_code not in (409, 429):
                    raise Refused(f"{method} {path}: {answer.status_code} {problem(answer)}")
                if attempt == TRIES_MAX:
                    answer.raise_for_status()
            time.sleep(PAUSE_SECONDS * attempt)
        raise AssertionError("unreachable")


def problem(answer: httpx.Response) -> str:
    """What the service said was wrong, in one line."""
    try:
        body = answer.json()
        return f"{body['code']}: {body['detail']}" + (f" (at {body['pointer']})" if "pointer" in body else "")
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
