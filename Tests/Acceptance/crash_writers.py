"""Writers over HTTP that remember every word they were given, while others kill what they talk to."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from api import NDJSON

ANSWER_SECONDS_MAX = 45
FORMS = ("single, key in the header", "single, key as member", "array, key in the header", "array, keys as members",
         "NDJSON, key in the header")


@dataclass(eq=False)
class Request:
    """One request with its idempotency key, and what is known of its fate."""

    key: str
    form: str
    elements: list[dict[str, Any]]
    #: The answer's items; None as long as nobody answered.
    items: list[dict[str, Any]] | None = None
    #: What a 503 said: "no", "unknown"; None where the connection was lost.
    claim: str | None = None

    @staticmethod
    def make(rng: random.Random, key: str) -> Request:
        form = rng.choice(FORMS)
        count = 1 if form.startswith("single") else rng.choice([2, 5, 20, 80])
        elements: list[dict[str, Any]] = []
        for index in range(count):
            element: dict[str, Any] = {
                "kind": "send", "outcome": rng.choice(["requested", "sent"]), "sender": "billing@acme.example",
                "message_id": f"<{key}.{index}@acme.example>", "data": {"key": key, "index": index}}
            if rng.random() < 0.3:
                element["personal"] = {"recipient": f"user{rng.randrange(50)}@example.test", "subject": f"mail {index}"}
            if "member" in form:
                element["idempotency_key"] = f"{key}.{index}"
            elements.append(element)
        return Request(key, form, elements)

    def send(self, session: requests.Session, url: str) -> requests.Response:
        """Sends the request; the same bytes each time."""
        headers = {"Content-Type": NDJSON if self.form.startswith("NDJSON") else "application/json"}
        if "header" in self.form:
            headers["Idempotency-Key"] = self.key
        if self.form.startswith("NDJSON"):
            body = b"".join(json.dumps(each).encode() + b"\n" for each in self.elements)
        else:
            body = json.dumps(self.elements[0] if self.form.startswith("single") else self.elements).encode()
        return session.post(url + "/v1/entries", data=body, headers=headers, timeout=ANSWER_SECONDS_MAX)

    def accept(self, answer: requests.Response) -> None:
        """Notes the items of a 200 or 201."""
        body = answer.json()
        items = body if isinstance(body, list) else [body]
        assert len(items) == len(self.elements), f"{len(items)} items for {len(self.elements)} elements"
        self.items = items


@dataclass
class Ledger:
    """What the writers know, shared by all of them."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    acknowledged: list[Request] = field(default_factory=list)
    unanswered: list[Request] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    open: int = 0
    acknowledged_entries: int = 0


class Writers:
    """Threads that write in rounds; who gets no answer rests until the next round."""

    def __init__(self, count: int, seed: str, token: str, url_of: Callable[[int], str]) -> None:
        self.ledger = Ledger()
        self.token = token
        self._url_of = url_of
        self._seed = seed
        self._change = threading.Condition()
        self._round = 0
        self._is_running = False
        self._is_over = False
        self._busy: set[int] = set()
        self._threads = [threading.Thread(target=self._write, args=(number,), daemon=True) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def begin_round(self) -> None:
        """Lets all of them write, each over a new connection."""
        with self._change:
            self._round += 1
            self._is_running = True
            self._busy = set(range(len(self._threads)))
            self._change.notify_all()

    def halt(self) -> None:
        """Lets no new request begin, and returns when the open ones are answered or lost."""
        with self._change:
            self._is_running = False
            done = self._change.wait_for(lambda: not self._busy, ANSWER_SECONDS_MAX + 30)
            assert done, f"the requests of the writers {sorted(self._busy)} hang"

    def end(self) -> None:
        """Ends the threads."""
        with self._change:
            self._is_running, self._is_over = False, True
            self._change.notify_all()
        for thread in self._threads:
            thread.join(ANSWER_SECONDS_MAX + 30)

    def _write(self, number: int) -> None:
        rng = random.Random(f"{self._seed}/writer {number}")
        rounds = count = 0
        while True:
            with self._change:
                while not self._is_over and not (self._is_running and self._round > rounds):
                    self._change.wait()
                if self._is_over:
                    return
                rounds = self._round
            with requests.Session() as session:
                session.trust_env = False
                session.headers["Authorization"] = f"Bearer {self.token}"
                while self._is_running:
                    count += 1
                    if not self._one(session, number, Request.make(rng, f"w{number}-{count}")):
                        break
            with self._change:
                self._busy.discard(number)
                self._change.notify_all()

    def _one(self, session: requests.Session, number: int, request: Request) -> bool:
        """Sends one request and notes its fate; false if it got no answer that settles it."""
        ledger = self.ledger
        with ledger.lock:
            ledger.open += 1
        answer = None
        try:
            answer = request.send(session, self._url_of(number))
            if answer.status_code in (200, 201):
                request.accept(answer)
        except (requests.RequestException, ValueError):
            request.items = None
        with ledger.lock:
            ledger.open -= 1
            if request.items is not None:
                ledger.acknowledged.append(request)
                ledger.acknowledged_entries += len(request.items)
                return True
            ledger.unanswered.append(request)
            if answer is not None and answer.status_code == 503:
                request.claim = answer.json().get("committed")
                if request.claim not in ("no", "unknown") or "Retry-After" not in answer.headers:
                    ledger.faults.append(f"a 503 on a write without committed or Retry-After: {answer.text[:300]}")
            elif answer is not None and answer.status_code not in (200, 201):
                ledger.faults.append(f"{answer.status_code} for a good request: {answer.text[:300]}")
            return False
