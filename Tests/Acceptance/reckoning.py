"""Holds what writers were told to what the database has, while others kill what they talk to."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import requests

from crash_writers import Request, Writers
from service import Instance


@dataclass
class Fates:
    """What became of requests that nobody answered."""

    unanswered: int = 0
    stored: int = 0
    absent: int = 0
    said_no: int = 0


class Reckoning:
    """What was found in the database so far."""

    def __init__(self, sql: Callable[[], psycopg.Connection], writers: Writers, rng: random.Random) -> None:
        self._sql = sql
        self._writers = writers
        self._rng = rng
        #: (key, index) -> (seq, leaf hash) of every entry found so far.
        self.found: dict[tuple[str, int], tuple[int, str]] = {}
        #: Up to here the entries were read.
        self.checked = 0

    def settle(self, instances: list[Instance]) -> Fates:
        """Looks for all that was acknowledged, and repeats what was not answered: each gets one place."""
        ledger = self._writers.ledger
        assert not ledger.faults, ledger.faults[:5]
        self._read_new_entries()
        self._check_acknowledged()
        unanswered, ledger.unanswered = ledger.unanswered, []
        fates = Fates(len(unanswered))
        for request in unanswered:
            was_stored = self._is_stored(request)
            fates.stored += was_stored
            fates.absent += not was_stored
            fates.said_no += request.claim == "no"
            assert not (was_stored and request.claim == "no"), f"{request.key} was stored, and the service said no"
            self._repeat(request, was_stored, instances)
            ledger.acknowledged.append(request)
        self._read_new_entries()
        self._check_acknowledged()
        return fates

    def begin_anew(self) -> None:
        """Looks at the whole ledger with fresh eyes."""
        self.found, self.checked = {}, 0
        self._read_new_entries()
        self._check_acknowledged()

    def _read_new_entries(self) -> None:
        """Reads what is stored since the last look, once no transaction of a dead instance is left."""
        with self._sql() as connection, connection.transaction():
            connection.execute("SELECT FROM countersign.ledgers FOR NO KEY UPDATE")
            rows = connection.execute(
                "SELECT seq, encode(leaf_hash, 'hex'), line FROM countersign.entries WHERE seq >= %s ORDER BY seq",
                [self.checked]).fetchall()
        for seq, leaf, line in rows:
            self.checked = seq + 1
            data = json.loads(line).get("data", {})
            if "index" not in data:
                continue
            place = (data["key"], data["index"])
            assert place not in self.found, f"{place} is stored twice: {self.found[place][0]} and {seq}"
            self.found[place] = (seq, leaf)

    def _is_stored(self, request: Request) -> bool:
        there = [(request.key, index) in self.found for index in range(len(request.elements))]
        assert all(there) or not any(there), f"only a part of {request.key} is stored"
        return all(there)

    def _check_acknowledged(self) -> None:
        """Every acknowledged entry is there, at its place and with its hash."""
        for request in self._writers.ledger.acknowledged:
            assert request.items is not None
            for index, item in enumerate(request.items):
                place = self.found.get((request.key, index))
                assert place == (item["seq"], item["leaf_hash"]), f"{request.key}.{index}: {item}, found {place}"

    def _repeat(self, request: Request, was_stored: bool, instances: list[Instance]) -> None:
        """Sends an unanswered request again, to every instance at the same time; all must give one answer."""
        answers: list[requests.Response] = []

        def send(url: str) -> None:
            with requests.Session() as session:
                session.trust_env = False
                session.headers["Authorization"] = f"Bearer {self._writers.token}"
                answers.append(request.send(session, url))

        urls = [instance.url for instance in instances]
        urls *= 1 if len(urls) > 1 else self._rng.choice((1, 2))
        threads = [threading.Thread(target=send, args=(url,)) for url in urls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == len(urls) and all(each.status_code in (200, 201) for each in answers), [
            each.text[:300] for each in answers]
        fresh = [answer for answer in answers if answer.status_code == 201]
        assert len(fresh) == (0 if was_stored else 1), f"{request.key}: stored {was_stored}, {len(fresh)} times new"
        for answer in answers:
            request.accept(answer)
            assert {item["replayed"] for item in request.items or []} == {answer.status_code == 200}
            assert (answer.headers.get("Idempotent-Replayed") == "true") == (answer.status_code == 200)
        places = {json.dumps([[item["seq"], item["leaf_hash"]] for item in answer.json()]
                             if isinstance(answer.json(), list) else answer.json()["seq"]) for answer in answers}
        assert len(places) == 1, f"{request.key} has several places: {places}"
