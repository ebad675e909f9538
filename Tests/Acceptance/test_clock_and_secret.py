"""A clock that jumps and a master secret that is missing stop appends before they harm the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from api import problem
from clocks import Clock, faketime
from service import DataDirectory, ServiceFault, wait_until

pytestmark = pytest.mark.faults

ENTRY: dict[str, Any] = {"kind": "send", "outcome": "sent"}


# -- the clock


def test_a_service_whose_clock_is_an_hour_ahead_of_postgres_refuses_to_append(own_service: DataDirectory) -> None:
    right = own_service.instances[0]
    own_service.api(instance=right).append(ENTRY)
    wrong = own_service.serve(environment=faketime(FAKETIME="+1h"))
    refusal = own_service.api(instance=wrong).post("/v1/entries", ENTRY)
    body = problem(refusal, 503, "clock_refused")
    assert body["committed"] == "no" and int(refusal.headers["Retry-After"]) > 0
    assert own_service.api(instance=wrong).json("/v1/tree")["size"] == own_service.api(instance=right).size()
    own_service.api(instance=right).append(ENTRY)
    assert own_service.verify().is_intact


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    try:
        yield clock
    finally:
        clock.close()


def recorded(item: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(item["recorded_at"])


def test_a_small_step_back_makes_time_stand_still(clock: Clock) -> None:
    api = clock.cluster.api
    first = api.append(ENTRY)
    clock.set("-1")
    second = api.append(ENTRY)
    assert recorded(second) >= recorded(first)
    clock.set("+0")
    assert recorded(api.append(ENTRY)) >= recorded(second)
    assert clock.cluster.verify().is_intact


@pytest.mark.parametrize(("offset", "name"), [("-20m", "back"), ("+400d", "ahead")], ids=["back", "ahead"])
def test_a_jump_of_the_clock_stops_appends_until_an_operator_accepts_it(
    clock: Clock, offset: str, name: str,
) -> None:
    api = clock.cluster.api
    before = api.append(ENTRY)
    clock.set(offset)
    size = api.size()
    for _ in range(2):
        refusal = api.post("/v1/entries", ENTRY)
        assert problem(refusal, 503, "clock_refused")["committed"] == "no"
    assert api.size() == size
    accepted = clock.cluster.run("ledger", "accept-clock")
    assert accepted.returncode == 0, accepted.stderr.decode()
    after = api.append(ENTRY)
    assert recorded(after) >= recorded(before)
    if name == "ahead":
        assert (recorded(after) - datetime.now(UTC)).days > 390
    policy = api.json("/v1/entries", kind="policy", order="desc", limit=1)["entries"][0]["entry"]
    assert policy["outcome"] == "changed" and policy["reporter"]["via"] == "operator"
    assert clock.cluster.verify().is_intact


# -- the master secret



def test_a_wrong_master_secret_is_named_and_nothing_is_appended(own_service: DataDirectory) -> None:
    own_service.api().append({**ENTRY, "message_id": "<kept@acme.example>"}, Idempotency_Key="k")
    secret = own_service.path / "master.key"
    assert secret.stat().st_mode & 0o777 == 0o600
    right = secret.read_bytes()
    wrong = bytes(byte ^ 1 for byte in right) if len(right) == 32 else right[::-1]
    own_service.instances[-1].stop()
    secret.write_bytes(wrong)
    own_service.serve()
    api = own_service.api()
    size = api.size()
    body = problem(api.post("/v1/entries", ENTRY, Idempotency_Key="k"), 503, "key_refused")
    assert body["committed"] == "no" and "master" in body["detail"].lower()
    assert api.size() == size
    assert api.json("/v1/entries", message_id="<kept@acme.example>")["entries"], "what is stored stays readable"
    doctor = own_service.run("doctor", "--json")
    assert doctor.returncode != 0 and b"master" in doctor.stdout.lower() + doctor.stderr.lower()
    own_service.instances[-1].stop()
    secret.write_bytes(right)
    own_service.serve()
    assert own_service.api().post("/v1/entries", ENTRY).status_code == 201
    assert own_service.verify().is_intact


def test_a_missing_master_secret_is_named_and_no_new_one_is_made(own_service: DataDirectory) -> None:
    secret = own_service.path / "master.key"
    right = secret.read_bytes()
    own_service.instances[-1].stop()
    secret.unlink()
    try:
        own_service.serve()
        body = problem(own_service.api().post("/v1/entries", ENTRY), 503, "key_refused")
        assert "master" in body["detail"].lower()
    except ServiceFault:
        said = own_service.instances[-1].said()
        assert "master.key" in said, said
    assert not secret.exists(), "a new master secret beside an old ledger"
    doctor = own_service.run("doctor", "--json")
    assert doctor.returncode != 0 and b"master" in doctor.stdout.lower() + doctor.stderr.lower()
    if own_service.instances[-1].is_alive:
        own_service.instances[-1].stop()
    secret.write_bytes(right)
    secret.chmod(0o600)
    own_service.serve()
    assert own_service.api().append(ENTRY)["replayed"] is False


def test_a_clean_stop_answers_what_is_open_and_ends_with_0(own_service: DataDirectory) -> None:
    own_service.api().append([ENTRY] * 100)
    assert own_service.instances[-1].stop() == 0
    assert own_service.postmaster() is None, "the private Postgres outlives its service"
    again = own_service.serve()
    assert again.printed_token is None, "the token is printed once"
    assert own_service.api().size() >= 101
    assert json.loads(own_service.api().get("/ready").text)["status"] == "ready"
    wait_until(lambda: own_service.api().get("/health").status_code == 200, 5, "health")
