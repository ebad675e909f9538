"""Bad input is refused with its place and its limit, nothing of it is written, and nobody else suffers."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest

from api import NDJSON, problem, problem_text
from bad_entries import ADDRESS_MAX, ALL, GOOD, Bad
from service import DataDirectory, unique

pytestmark = pytest.mark.faults

BATCH_MAX, BODY_MAX, PAGE_MAX, REPORT_MAX = 5_000, 8_388_608, 1_000, 500
TOO_MUCH = {"too_large": (400, 413), "too_many": (400, 413)}


def refused(answer: Any, bad: Bad, *indexes: int | None) -> None:
    """The problem document must name what is wrong, where, and the limit."""
    statuses = TOO_MUCH.get(bad.code, (bad.status,))
    assert answer.status_code in statuses, problem_text(answer)
    body = problem(answer, answer.status_code, bad.code)
    assert body.get("index") in (indexes or (None,)), body
    assert bad.limit is None or body.get("limit") == bad.limit, body
    if bad.code != "malformed_json":
        assert body.get("pointer", "") == bad.pointer, body


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.name)
def test_a_bad_entry_is_refused_in_every_form_and_nothing_is_written(service: DataDirectory, bad: Bad) -> None:
    api = service.api()
    size = api.size()
    good = json.dumps(GOOD).encode()
    refused(api.post("/v1/entries", bad.body), bad)
    # Where an array's text breaks, what follows is no element any more, so its place need not be named.
    indexes = (17, None) if bad.code == "malformed_json" else (17,)
    refused(api.post("/v1/entries", b"[" + b",".join([good] * 17 + [bad.body] + [good] * 12) + b"]"), bad, *indexes)
    if b"\n" not in bad.body:
        lines = b"\n".join([good] * 17 + [bad.body] + [good] * 12) + b"\n"
        refused(api.post("/v1/entries", lines, Content_Type=NDJSON), bad, 17)
    assert api.size() == size


@contextmanager
def good_writers(service: DataDirectory, count: int) -> Iterator[list[int]]:
    """Good requests in flight all the time; gives their statuses."""
    ends = threading.Event()
    statuses: list[int] = []

    def write(number: int) -> None:
        api = service.api()
        while not ends.is_set():
            body = GOOD if number % 2 else [GOOD] * 5
            statuses.append(api.post("/v1/entries", body, Idempotency_Key=unique("good")).status_code)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def test_bad_requests_among_good_ones_fail_alone(service: DataDirectory, rng: random.Random) -> None:
    good = json.dumps(GOOD).encode()
    with good_writers(service, 6) as statuses:
        api = service.api()
        tried = 0
        # Until each side met many of the other.
        while tried < 40 or len(statuses) <= 40:
            bad = rng.choice(ALL)
            tried += 1
            answer = api.post("/v1/entries", b"[" + b",".join([good] * 3 + [bad.body] + [good]) + b"]")
            assert 400 <= answer.status_code < 500, problem_text(answer)
    assert set(statuses) == {201}, sorted(set(statuses))
    assert service.verify().is_intact


# -- sizes


def test_a_batch_of_5000_is_taken_and_one_more_is_refused(service: DataDirectory) -> None:
    api = service.api()
    size = api.size()
    body = problem(api.post("/v1/entries", [GOOD] * (BATCH_MAX + 1)), 400, "too_many")
    assert body["limit"] == BATCH_MAX and api.size() == size
    problem(api.post_lines("/v1/entries", [GOOD] * (BATCH_MAX + 1)), 400, "too_many")
    assert len(api.append([GOOD] * BATCH_MAX)) == BATCH_MAX
    assert api.size() == size + BATCH_MAX


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with a length", "chunked"])
def test_a_body_over_8_mib_is_refused(service: DataDirectory, is_chunked: bool) -> None:
    api = service.api()
    size = api.size()
    part = json.dumps({**GOOD, "data": {"s": "x" * 50_000}}).encode()
    body = b"[" + b",".join([part] * 170) + b"]"
    assert len(body) > BODY_MAX
    data = (body[start:start + 65536] for start in range(0, len(body), 65536)) if is_chunked else body
    answer = api.call("POST", "/v1/entries", data=data, headers={"Content-Type": "application/json"})
    assert problem(answer, 413, "too_large")["limit"] == BODY_MAX
    assert service.api().size() == size


def test_the_longest_values_that_are_allowed_are_stored_and_found(service: DataDirectory, rng: random.Random) -> None:
    api = service.api()
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"

    def noise(count: int) -> str:
        return "".join(rng.choices(letters, k=count))

    sender = f"{noise(64)}@{noise(62)}.{noise(62)}.{noise(63)}"
    assert len(sender) == ADDRESS_MAX
    entry = {**GOOD, "message_id": f"<{noise(996)}>", "sender": sender,
             "actor": {"type": "agent", "id": noise(128)}, "workflow": {"engine": noise(32).replace("0", "a").lstrip(
                 "0123456789") or "x", "run_id": noise(512), "step_id": noise(512)}}
    seq = api.append(entry, Idempotency_Key=noise(255))["seq"]
    for name, value in (("message_id", entry["message_id"]), ("run_id", entry["workflow"]["run_id"]),
                        ("sender", entry["sender"]), ("actor", entry["actor"]["id"])):
        assert [item["seq"] for item in api.json("/v1/entries", **{name: value})["entries"]] == [seq], name
    full = {**GOOD, "data": {"s": "\U0001f600" * 14_900}}
    line = api.json(f"/v1/entries/{api.append(full)['seq']}")["line"]
    assert len(line.encode()) <= 65_535 and json.loads(line)["data"] == full["data"]


# -- around the body


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
def test_other_media_types_are_refused(service: DataDirectory, content_type: str) -> None:
    answer = service.api().post("/v1/entries", b'{"kind":"send","outcome":"sent"}', Content_Type=content_type)
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("body", [b"", b" ", b"\n", b"[", b"[1", b"]", b"\xff\xfe{\x00}\x00"])
def test_a_body_that_holds_nothing_is_refused(service: DataDirectory, body: bytes) -> None:
    assert service.api().post("/v1/entries", body).status_code == 400


def test_unknown_routes_and_methods_are_problems(service: DataDirectory) -> None:
    api = service.api()
    problem(api.get("/v1/nothing"), 404, "not_found")
    for method, path in (("DELETE", "/v1/entries"), ("PUT", "/v1/entries/0"), ("POST", "/v1/tree"),
                         ("PATCH", "/v1/tokens")):
        problem(api.call(method, path), 405, "method_not_allowed")


BAD_QUERIES = [
    ("/v1/entries", "colour=red"), ("/v1/entries", "limit=0"), ("/v1/entries", "limit=1001"),
    ("/v1/entries", "limit=-1"), ("/v1/entries", "limit=x"), ("/v1/entries", "limit=1&limit=2"),
    ("/v1/entries", "order=up"), ("/v1/entries", "from=yesterday"), ("/v1/entries", "to=2026-13-01T00:00:00Z"),
    ("/v1/entries", "kind=mail"), ("/v1/entries", "message_id=%00"), ("/v1/entries", "message_id=%ff"),
    ("/v1/entries", "run_id=a%00b"), ("/v1/entries", "sender=%ff%fe"), ("/v1/entries", "recipient=kim"),
    ("/v1/entries", "actor=%00"), ("/v1/entries", "idempotency_key=" + "k" * 256),
    ("/v1/export", "format=xml"), ("/v1/export", "limit=5"), ("/v1/export", "cursor=x"),
    ("/v1/export", "disclosures=maybe"), ("/v1/stats", "by=colour"), ("/v1/stats", "bucket=week"),
    ("/v1/stats", "from=2026-11-22T10:30:00Z"), ("/v1/stats", "by="), ("/v1/consistency", "from=0"),
    ("/v1/consistency", ""), ("/v1/consistency", "from=2&to=1"), ("/v1/consistency", "from=1&to=999999999"),
    ("/v1/consistency", "from=x"), ("/v1/entries/0/proof", "size=0"), ("/v1/entries/0/proof", "size=999999999"),
    ("/v1/entries/0/proof", "size=" + "9" * 40), ("/v1/tree", "size=3"), ("/v1/tokens", "x=1"),
]


@pytest.mark.parametrize(("path", "query"), BAD_QUERIES, ids=lambda part: part[:40])
def test_a_bad_query_is_refused(service: DataDirectory, path: str, query: str) -> None:
    answer = service.api().get(f"{path}?{query}")
    # A tree that is not there yet is not found; all else is no question.
    problem(answer, 404 if "999999999" in query and "9" * 40 not in query else 400)


@pytest.mark.parametrize("path", ["/v1/entries/-1", "/v1/entries/x", "/v1/entries/1.5", "/v1/entries/" + "9" * 40,
                                  "/v1/entries/999999999", "/v1/entries/9223372036854775807", "/v1/entries/%00",
                                  "/v1/messages/%00", "/v1/messages/%ff", "/v1/messages/" + "m" * 5000,
                                  "/v1/messages/a%20b", "/v1/messages/nobody@acme.example"])
def test_an_id_that_cannot_be_or_is_not_there_is_refused(service: DataDirectory, path: str) -> None:
    answer = service.api().get(path)
    assert answer.status_code in (400, 404), problem_text(answer)
    problem(answer, answer.status_code)


def test_a_cursor_is_taken_back_only_whole_and_with_its_filter(service: DataDirectory) -> None:
    api = service.api()
    api.append([{**GOOD, "sender": "cursor@acme.example"}] * 5)
    cursor = api.json("/v1/entries", sender="cursor@acme.example", limit=2)["next_cursor"]
    assert len(api.json("/v1/entries", sender="cursor@acme.example", limit=3, cursor=cursor)["entries"]) == 3
    spoiled = [cursor[:-2], cursor + "A", cursor.swapcase(), "", "x", "A" * 4000, "%00", "é"]
    for query in (*(f"sender=cursor@acme.example&cursor={quote(each)}" for each in spoiled), f"cursor={cursor}",
                  f"sender=other@acme.example&cursor={cursor}",
                  f"sender=cursor@acme.example&order=desc&cursor={cursor}"):
        answer = api.get(f"/v1/entries?{query}")
        problem(answer, 400, "invalid_cursor")


# -- what is accepted, and how it is marked


def test_a_decision_of_a_producer_is_stored_as_a_claim(service: DataDirectory) -> None:
    api = service.api(service.new_token("ingest"))
    seq = api.append({"kind": "decision", "outcome": "approved", "actor": {"type": "person", "id": "p-1"}})["seq"]
    reporter = service.api().json(f"/v1/entries/{seq}")["entry"]["reporter"]
    assert reporter["via"] == "ingest" and reporter["id"].startswith("tok_")


def test_texts_that_only_look_the_same_stay_two(service: DataDirectory) -> None:
    api = service.api()
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    first, second = (api.append({**GOOD, "message_id": f"<{text}@acme.example>", "data": {"s": text},
                                 "idempotency_key": f"order {text}"}) for text in (composed, decomposed))
    assert first["seq"] != second["seq"] and not second["replayed"]
    for text, seq in ((composed, first["seq"]), (decomposed, second["seq"])):
        timeline = api.json("/v1/messages/" + quote(f"<{text}@acme.example>", safe=""))["timeline"]
        assert [item["seq"] for item in timeline] == [seq]
        assert json.loads(api.json(f"/v1/entries/{seq}")["line"])["data"]["s"] == text
        assert [item["seq"] for item in api.json("/v1/entries", idempotency_key=f"order {text}")["entries"]] == [seq]
