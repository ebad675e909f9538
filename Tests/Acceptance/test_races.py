"""Many at once, at two instances: one winner each, and nothing behind a revocation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from api import Api, ok
from service import DataDirectory, Instance, unique

pytestmark = pytest.mark.faults

CALLERS = 16


@pytest.fixture(scope="module")
def rounds(request: pytest.FixtureRequest) -> int:
    return 200 if request.config.option.long else 30


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[DataDirectory, list[Instance]]]:
    """Two instances on one database."""
    directory = DataDirectory()
    try:
        yield directory, [directory.serve(), directory.serve()]
    finally:
        directory.close()


class Race:
    """Callers that start at one moment, half of them at each instance."""

    def __init__(self, directory: DataDirectory, instances: list[Instance], token: str | None = None) -> None:
        self.callers = [directory.api(token, instances[number % 2]) for number in range(CALLERS)]
        self.pool = ThreadPoolExecutor(CALLERS)

    def run(self, call: Callable[[Api], requests.Response]) -> list[requests.Response]:
        barrier = threading.Barrier(CALLERS)

        def one(api: Api) -> requests.Response:
            barrier.wait()
            return call(api)

        return list(self.pool.map(one, self.callers))


def one_winner(answers: list[requests.Response], won: int, lost: int) -> None:
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == sorted([won] + [lost] * (CALLERS - 1)), statuses


def test_a_token_is_revoked_once(two: tuple[DataDirectory, list[Instance]], rounds: int) -> None:
    directory, instances = two
    race = Race(directory, instances)
    for _ in range(rounds):
        made = ok(directory.api().post("/v1/tokens", {"name": "x", "scopes": ["read"]}), 201)
        one_winner(race.run(lambda api: api.call("DELETE", f"/v1/tokens/{made['id']}")), 200, 404)


def test_a_hold_is_released_once(two: tuple[DataDirectory, list[Instance]], rounds: int) -> None:
    directory, instances = two
    race = Race(directory, instances)
    for number in range(rounds):
        hold = ok(directory.api().post("/v1/legal-holds", {
            "message_id": f"<h{number}@x.example>", "reference": "m", "reason": "r"}), 201)
        one_winner(race.run(lambda api: api.call("DELETE", f"/v1/legal-holds/{hold['id']}")), 200, 404)


def test_an_identity_is_set_once(two: tuple[DataDirectory, list[Instance]], rounds: int) -> None:
    directory, instances = two
    race = Race(directory, instances)
    for number in range(rounds):
        domain = f"r{number}.acme.example"
        answers = race.run(lambda api: api.call("PUT", f"/v1/identities/{domain}", json={"selectors": ["s1"]}))
        assert all(answer.status_code in (200, 201) for answer in answers), [each.text for each in answers]
    found = directory.api().lines(kind="policy")
    for number in range(rounds):
        assert sum(f'"identity":"r{number}.acme.example"'.encode() in line for line in found) == 1


def test_no_entry_stands_behind_a_revocation(two: tuple[DataDirectory, list[Instance]], rounds: int) -> None:
    directory, instances = two
    for _ in range(rounds):
        made = ok(directory.api().post("/v1/tokens", {"name": "w", "scopes": ["ingest"]}), 201)
        writers = [directory.api(made["token"], instances[number % 2]) for number in range(8)]
        revoked = threading.Event()
        last: list[int] = []

        def write(api: Api) -> None:
            for _ in range(200):
                answer = api.post("/v1/entries", {"kind": "monitor", "outcome": "ok"})
                if answer.status_code == 401:
                    return
                last.append(ok(answer, 201)["seq"])
            assert not revoked.is_set(), "the token outlived its revocation"

        with ThreadPoolExecutor(len(writers)) as pool:
            writing = [pool.submit(write, api) for api in writers]
            while len(last) < 4:
                pass
            seq = ok(directory.api().call("DELETE", f"/v1/tokens/{made['id']}"), 200)["seq"]
            revoked.set()
            for each in writing:
                each.result()
        assert max(last) < seq


def test_a_revoked_token_is_refused_at_once_by_the_other_instance(
    two: tuple[DataDirectory, list[Instance]], rounds: int,
) -> None:
    directory, (one, other) = two
    for _ in range(rounds):
        made = ok(directory.api(None, one).post("/v1/tokens", {"name": "w", "scopes": ["ingest"]}), 201)
        writer = directory.api(made["token"], other)
        writer.append({"kind": "monitor", "outcome": "ok"})
        ok(directory.api(None, one).call("DELETE", f"/v1/tokens/{made['id']}"), 200)
        answer = writer.post("/v1/entries", {"kind": "monitor", "outcome": "ok"})
        assert answer.status_code == 401 and answer.json()["code"] == "missing_token"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_expired_token_appends_nothing(two: tuple[DataDirectory, list[Instance]]) -> None:
    directory, instances = two
    made = directory.run_json("token", "create", "--ledger", directory.origin, "--name", "short", "--scope", "ingest",
                              "--expires-in", "2s")
    writer = directory.api(made["token"], instances[1])
    written: dict[str, Any] = {}
    for _ in range(1_000):
        answer = writer.post("/v1/entries", {"kind": "monitor", "outcome": "ok"})
        if answer.status_code == 401:
            break
        written = ok(answer, 201)
    assert written["recorded_at"] < made["expires_at"]


def test_the_races_left_everything_whole(two: tuple[DataDirectory, list[Instance]]) -> None:
    directory, _ = two
    assert directory.verify().is_intact, unique("broken")
