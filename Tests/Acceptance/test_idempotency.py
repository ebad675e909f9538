"""A repeated request is the same request: one key, one place in the ledger, one answer."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from api import NDJSON, ok, problem, problem_text
from service import DataDirectory, unique

pytestmark = pytest.mark.faults

CALLERS = 32
ENTRY: dict[str, Any] = {
    "kind": "send", "outcome": "requested", "message_id": "<one@acme.example>", "data": {"b": 1, "a": [True, "x"]},
    "personal": {"recipient": "kim@example.test", "subject": "hello"}}


def places(items: Any) -> list[tuple[int, str, str]]:
    """What must never change about an answer."""
    return [(item["seq"], item["leaf_hash"], item["recorded_at"]) for item in (
        items if isinstance(items, list) else [items])]


def test_the_same_request_is_answered_again_and_nothing_is_written(service: DataDirectory) -> None:
    api, key = service.api(), unique("key")
    first = api.post("/v1/entries", ENTRY, Idempotency_Key=key)
    assert first.status_code == 201 and "Idempotent-Replayed" not in first.headers
    size = api.size()
    for body in (ENTRY, dict(reversed(ENTRY.items()))):
        again = api.post("/v1/entries", json.dumps(body, indent=3).encode(), Idempotency_Key=key)
        assert again.status_code == 200 and again.headers["Idempotent-Replayed"] == "true", problem_text(again)
        assert places(again.json()) == places(first.json()) and again.json()["replayed"] is True
    assert api.size() == size


def test_header_and_member_are_one_key(service: DataDirectory) -> None:
    api, key = service.api(), unique("key")
    first = api.append(ENTRY, Idempotency_Key=key)
    for body, headers in (({**ENTRY, "idempotency_key": key}, {}),
                          ({**ENTRY, "idempotency_key": key}, {"Idempotency_Key": key})):
        assert places(api.append(body, **headers)) == places(first)
    different = api.post("/v1/entries", {**ENTRY, "idempotency_key": key}, Idempotency_Key=unique("key"))
    problem(different, 400, "idempotency_conflict")


@pytest.mark.parametrize("change", [
    {"outcome": "sent"}, {"data": {"b": 1, "a": [True, "X"]}}, {"personal": {"recipient": "kim@example.test"}},
    {"personal": {"recipient": "kim@example.test", "subject": "hallo"}}, {"message_id": "<two@acme.example>"},
], ids=lambda change: next(iter(change)))
def test_other_content_under_a_used_key_is_refused(service: DataDirectory, change: dict[str, Any]) -> None:
    api, key = service.api(), unique("key")
    api.append(ENTRY, Idempotency_Key=key)
    size = api.size()
    problem(api.post("/v1/entries", {**ENTRY, **change}, Idempotency_Key=key), 422, "idempotency_mismatch")
    assert api.size() == size


def at_once(service: DataDirectory, bodies: list[Any], key: str) -> list[requests.Response]:
    """Sends all bodies under one key at the same time."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(lambda body: service.api().post("/v1/entries", body, Idempotency_Key=key), bodies))


def test_32_callers_with_one_key_and_one_content_get_one_entry(service: DataDirectory) -> None:
    size = service.api().size()
    for number in range(5):
        answers = at_once(service, [ENTRY if number % 2 else [ENTRY] * 3] * CALLERS, unique("race"))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] * (CALLERS - 1) + [201], statuses
        assert len({str(places(answer.json())) for answer in answers}) == 1
    assert service.api().size() == size + 2 + 3 * 3


def test_32_callers_with_one_key_and_two_contents_agree_on_one(service: DataDirectory) -> None:
    size = service.api().size()
    other = {**ENTRY, "outcome": "sent"}
    answers = at_once(service, [ENTRY, other] * (CALLERS // 2), unique("race"))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * (CALLERS // 2 - 1) + [201] + [422] * (CALLERS // 2), statuses
    won = {json.loads(answer.request.body or "")["outcome"] for answer in answers if answer.ok}
    lost = {json.loads(answer.request.body or "")["outcome"] for answer in answers if not answer.ok}
    assert len(won) == len(lost) == 1 and won != lost
    assert service.api().size() == size + 1


@pytest.mark.parametrize("form", ["application/json", NDJSON])
def test_a_batch_has_one_key_for_all_of_it(service: DataDirectory, form: str) -> None:
    api, key = service.api(), unique("batch")
    batch = [{**ENTRY, "data": {"n": number}} for number in range(7)]

    def post(elements: list[Any], **headers: str) -> requests.Response:
        send = api.post_lines if form == NDJSON else api.post
        return send("/v1/entries", elements, **headers)

    first = ok(post(batch, Idempotency_Key=key), 201)
    assert [item["seq"] for item in first] == list(range(first[0]["seq"], first[0]["seq"] + 7))
    size = api.size()
    again = post(batch, Idempotency_Key=key)
    assert again.headers["Idempotent-Replayed"] == "true" and places(ok(again, 200)) == places(first)
    for changed in (batch[:-1], batch + batch[:1], list(reversed(batch)), [*batch[:-1], {**ENTRY, "data": {"n": 9}}]):
        problem(post(changed, Idempotency_Key=key), 422, "idempotency_mismatch")
    problem(api.post("/v1/entries", batch[0], Idempotency_Key=key), 422, "idempotency_mismatch")
    own = [{**ENTRY, "idempotency_key": unique("own")}]
    problem(post(batch + own, Idempotency_Key=unique("batch")), 400, "idempotency_conflict")
    assert api.size() == size
    found = api.json("/v1/entries", idempotency_key=key)["entries"]
    assert [item["seq"] for item in found] == [item["seq"] for item in first]


def test_elements_with_keys_of_their_own_are_replayed_one_by_one(service: DataDirectory) -> None:
    api = service.api()
    one, two, three = ({**ENTRY, "data": {"n": number}, "idempotency_key": unique("own")} for number in range(3))
    first = api.append([one, two])
    answer = api.post("/v1/entries", [two, three, one])
    assert answer.status_code == 201 and "Idempotent-Replayed" not in answer.headers
    items = answer.json()
    assert [item["replayed"] for item in items] == [True, False, True]
    assert places([items[2], items[0]]) == places(first)
    assert items[1]["seq"] == first[1]["seq"] + 1
    size = api.size()
    body = problem(api.post("/v1/entries", [{**ENTRY, "idempotency_key": unique("own")},
                                            {**two, "outcome": "sent"}]), 422, "idempotency_mismatch")
    assert body["index"] == 1 and api.size() == size


def test_equal_keys_within_one_batch_are_one_entry_or_a_refusal(service: DataDirectory) -> None:
    api = service.api()
    size = api.size()
    one = {**ENTRY, "idempotency_key": unique("twin")}
    items = api.append([one, {**ENTRY}, one])
    assert [item["replayed"] for item in items] == [False, False, True]
    assert places([items[0]]) == places([items[2]]) and api.size() == size + 2
    twin = {**ENTRY, "idempotency_key": unique("twin")}
    problem(api.post("/v1/entries", [twin, {**twin, "outcome": "sent"}]), 422, "idempotency_mismatch")
    assert api.size() == size + 2


def test_a_key_is_255_bytes_at_most_and_not_empty(service: DataDirectory) -> None:
    api = service.api()
    longest = unique("k").ljust(255, "k")
    assert api.append(ENTRY, Idempotency_Key=longest)["replayed"] is False
    for key in ("k" * 256, "k" * 5000, ""):
        answer = api.post("/v1/entries", ENTRY, Idempotency_Key=key)
        assert answer.status_code == 400, problem_text(answer)
        assert key == "" or answer.json()["limit"] == 255


def test_the_draft_of_the_header_writes_a_key_in_quotes(service: DataDirectory) -> None:
    api, key = service.api(), unique("key")
    first = api.append(ENTRY, Idempotency_Key=key)
    assert places(api.append(ENTRY, Idempotency_Key=f'"{key}"')) == places(first)
    quoted = api.append(ENTRY, Idempotency_Key=rf'"{key}\\\"x"')
    assert places(api.append({**ENTRY, "idempotency_key": rf'{key}\"x'})) == places(quoted)
    for broken in (f'"{key}', f'"{key}"x', rf'"{key}\n"', '"', '""'):
        problem(api.post("/v1/entries", ENTRY, Idempotency_Key=broken), 400)


def test_keys_outlive_a_restart_and_are_nowhere_stored(own_service: DataDirectory) -> None:
    key = unique("kim@example.test")
    first = own_service.api().append(ENTRY, Idempotency_Key=key)
    own_service.instances[-1].stop()
    own_service.serve()
    again = own_service.api().post("/v1/entries", ENTRY, Idempotency_Key=key)
    assert again.status_code == 200 and places(again.json()) == places(first)
    with own_service.sql() as connection:
        tables = [row[0] for row in connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'countersign'::regnamespace"
            " AND relkind = 'r'")]
        for table in tables:
            rows = connection.execute(f"SELECT t::text FROM {table} AS t").fetchall()
            stored = "".join(row[0] for row in rows)
            assert key not in stored and key.encode().hex() not in stored, table
    logs = "".join(path.read_text("utf-8", "replace") for path in own_service.base.rglob("*.log"))
    assert key not in logs and "kim@example.test" not in logs
