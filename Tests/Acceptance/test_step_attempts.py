"""Attempts of workflow steps, by report and by header, and the life of a message that they belong to."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from api import Api, ok, problem
from filling import STEP_HEADERS, attempt
from service import DataDirectory, unique

pytestmark = pytest.mark.attempts

REPORT_MAX = 500


def report(api: Api, body: Any) -> Any:
    return ok(api.post("/v1/step-attempts", body), 200)


def line(api: Api, seq: int) -> dict[str, Any]:
    return json.loads(api.json(f"/v1/entries/{seq}")["line"])


# -- reports


def test_a_report_is_stored_in_full_and_what_is_personal_is_sealed(service: DataDirectory) -> None:
    api, run = service.api(), unique("run")
    full = attempt(
        run, "charge", 1, "finished", outcome="failed", function_id="billing-chase", function_version="7",
        workflow_key="customer kim@example.test", origin_run_id="run-0", run_attempt=2, step_index=3, step_key="a1",
        step_kind="wait", engine_attempt=2, max_attempts=4, dispatch_id="d-1", will_retry=True,
        retry_at="2026-11-22T10:00:30+01:00", error={"name": "Timeout", "message": "kim@example.test", "code": "E1"},
        started_at="2026-11-22T09:00:00Z", finished_at="2026-11-22T09:00:01.5Z", traceparent="00-ab-cd-01",
        trigger={"event_id": "kim@example.test", "event_name": "overdue"}, attrs={"who": "kim@example.test"},
        links=[{"rel": "message", "id": "one@acme.example"}, {"rel": "approval", "id": "ap-1"}])
    item = report(api, full)
    assert item["status"] == "recorded" and "conflicts_with" not in item
    entry = line(api, item["seq"])
    assert (entry["kind"], entry["outcome"]) == ("step_attempt", "failed")
    workflow = entry["workflow"]
    for name in ("engine", "scope", "run_id", "function_id", "function_version", "origin_run_id", "run_attempt",
                 "step_id", "step_index", "step_key", "step_kind", "attempt", "engine_attempt", "max_attempts",
                 "dispatch_id", "phase", "will_retry", "traceparent"):
        assert workflow[name] == full[name], name
    assert workflow["retry_at"] == "2026-11-22T09:00:30.000000Z"
    assert workflow["trigger"] == {"event_name": "overdue"}
    assert entry["data"]["source"] == "report"
    assert entry["data"]["links"] == [{"id": "<one@acme.example>", "rel": "message"}, {"id": "ap-1", "rel": "approval"}]
    assert set(entry["sealed"]) == {"attrs", "error", "trigger_event_id", "workflow_key"}
    assert "kim@example.test" not in json.dumps(entry)
    personal = api.json(f"/v1/entries/{item['seq']}")["personal"]
    assert personal["error"]["message"] == personal["trigger_event_id"] == "kim@example.test"


def test_null_means_absent_and_a_start_has_the_outcome_started(service: DataDirectory) -> None:
    api = service.api()
    item = report(api, attempt(unique("run"), None, 0, "started", will_retry=None, error=None))
    entry = line(api, item["seq"])
    assert entry["outcome"] == "started" and "step_id" not in entry["workflow"] and "sealed" not in entry


def test_an_equal_report_is_a_duplicate_and_another_one_is_kept_as_a_conflict(service: DataDirectory) -> None:
    api, run = service.api(), unique("run")
    first = report(api, attempt(run, "charge", 0, "finished", outcome="succeeded", dispatch_id="d"))
    size = api.size()
    again = report(api, attempt(run, "charge", 0, "finished", outcome="succeeded", dispatch_id="d"))
    assert again["status"] == "duplicate" and again["seq"] == first["seq"] and api.size() == size
    assert again["leaf_hash"] == first["leaf_hash"] and again["recorded_at"] == first["recorded_at"]
    other = report(api, attempt(run, "charge", 0, "finished", outcome="failed", dispatch_id="d"))
    assert other["status"] == "recorded" and other["conflicts_with"] == first["seq"] and other["seq"] == size
    assert line(api, other["seq"])["data"]["conflicts_with"] == first["seq"]
    assert report(api, attempt(run, "charge", 0, "finished", outcome="failed", dispatch_id="d"))["seq"] == other["seq"]


@pytest.mark.parametrize("change", [
    {"engine": "temporal"}, {"scope": "staging"}, {"run_attempt": 1}, {"step_id": "refund"}, {"step_index": 1},
    {"attempt": 1}, {"dispatch_id": "d-2"}, {"phase": "started"},
], ids=lambda change: next(iter(change)))
def test_each_part_of_the_identity_tells_attempts_apart(service: DataDirectory, change: dict[str, Any]) -> None:
    api = service.api()
    one = attempt(unique("run"), "charge", 0, "finished", outcome="succeeded", dispatch_id="d-1")
    other = report(api, [one, {**one, **change}])[1]
    assert other["status"] == "recorded" and "conflicts_with" not in other


BAD_REPORTS: list[tuple[str, dict[str, Any], str]] = [
    ("no engine", {"engine": None}, ""), ("an engine in capitals", {"engine": "Inngest"}, "/engine"),
    ("an empty run", {"run_id": ""}, "/run_id"), ("a run of 513 bytes", {"run_id": "r" * 513}, "/run_id"),
    ("a negative attempt", {"attempt": -1}, "/attempt"), ("an attempt as text", {"attempt": "0"}, "/attempt"),
    ("an unknown phase", {"phase": "ended"}, "/phase"), ("an unknown outcome", {"outcome": "ok"}, "/outcome"),
    ("a finish without an outcome", {"phase": "finished", "outcome": None}, ""),
    ("an unknown member", {"colour": "red"}, "/colour"), ("an unknown kind of step", {"step_kind": "x"}, "/step_kind"),
    ("max_attempts of 0", {"max_attempts": 0}, "/max_attempts"),
    ("an unknown member of the error", {"error": {"stack": "x"}}, "/error/stack"),
    ("51 links", {"links": [{"rel": "message", "id": "<a@b>"}] * 51}, "/links"),
    ("a link without a relation", {"links": [{"id": "<a@b>"}]}, "/links/0"),
    ("attrs beyond 4 KiB", {"attrs": {"x": "y" * 4096}}, "/attrs"), ("attrs as text", {"attrs": "x"}, "/attrs"),
    ("a date without a time", {"started_at": "2026-11-22"}, "/started_at"),
]


@pytest.mark.parametrize(("name", "change", "pointer"), BAD_REPORTS, ids=[bad[0] for bad in BAD_REPORTS])
def test_a_bad_report_spoils_no_other(
    service: DataDirectory, name: str, change: dict[str, Any], pointer: str,
) -> None:
    api, run = service.api(), unique("run")
    bad = {**attempt(run, "charge", 0, "finished", outcome="succeeded"), **change}
    bad = {member: value for member, value in bad.items() if value is not None}
    size = api.size()
    items = report(api, [attempt(run, "charge", 1, "started"), bad, attempt(run, "charge", 2, "started")])
    assert [item["status"] for item in items] == ["recorded", "rejected", "recorded"]
    assert "seq" not in items[1] and items[1]["reason"] and items[1].get("pointer", "") == pointer
    assert api.size() == size + 2
    alone = api.post("/v1/step-attempts", bad)
    assert alone.status_code == 200 and alone.json()["status"] == "rejected", alone.text


def test_text_that_is_no_json_and_too_many_reports_are_refused_as_a_whole(service: DataDirectory) -> None:
    api = service.api()
    size = api.size()
    one = attempt(unique("run"), "charge", 0, "started")
    problem(api.post("/v1/step-attempts", b'[{"engine":'), 400, "malformed_json")
    answer = api.post("/v1/step-attempts", [one] * (REPORT_MAX + 1))
    assert problem(answer, answer.status_code, "too_many")["limit"] == REPORT_MAX and answer.status_code in (400, 413)
    assert api.size() == size
    full = [attempt(f"{one['run_id']}-{number}", "charge", 0, "started") for number in range(REPORT_MAX)]
    assert {item["status"] for item in report(api, full)} == {"recorded"}


# -- headers


def call(api: Api, message_id: str, key: str, **headers: str) -> list[dict[str, Any]]:
    """A call from within a step; gives the items of the message's timeline."""
    named = {name.replace("-", "_"): value for name, value in headers.items()}
    answer = api.post("/v1/entries", {"kind": "send", "outcome": "sent", "message_id": message_id},
                      Idempotency_Key=key, **named)
    assert answer.status_code in (200, 201), answer.text
    return api.json("/v1/messages/" + quote(message_id, safe=""))["timeline"]


def test_a_call_from_within_a_step_is_recorded_as_called(service: DataDirectory) -> None:
    api, run, message_id = service.api(), unique("run"), f"<{unique('m')}@acme.example>"
    headers = {**STEP_HEADERS, "Step-Run-Id": run, "Step-Attempt": "0", "Step-Index": "2"}
    call(api, message_id, f"key {run}", **headers)
    observed = api.json("/v1/entries", run_id=run, kind="step_attempt")["entries"]
    assert len(observed) == 1
    entry = observed[0]["entry"]
    assert entry["outcome"] == "called" and entry["data"]["source"] == "api_header"
    assert entry["workflow"]["phase"] == "started"
    assert (entry["workflow"]["attempt"], entry["workflow"]["step_index"]) == (0, 2)
    assert entry["data"]["links"] == [{"id": message_id, "rel": "message"}]
    # A retry repeats the call with its key: the mail is replayed, the attempt is one more observation.
    size = api.size()
    call(api, message_id, f"key {run}", **{**headers, "Step-Attempt": "1", "Step-Dispatch-Id": "dispatch-2"})
    assert api.size() == size + 1
    attempts = [item["entry"]["workflow"]["attempt"] for item in
                api.json("/v1/entries", run_id=run, kind="step_attempt", order="asc")["entries"]]
    assert attempts == [0, 1]
    assert len(api.json("/v1/entries", message_id=message_id, kind="send")["entries"]) == 1


@pytest.mark.parametrize("odd", [
    {"Step-Attempt": "first"}, {"Step-Attempt": "-1"}, {"Step-Attempt": "1.5"}, {"Step-Attempt": ""},
    {"Step-Engine": "In ngest"}, {"Step-Run-Id": "r" * 2000}, {"Step-Id": "%zz"}, {"Step-Id": "%00"},
    {"Step-Id": "%ff"}, {"Step-Index": "9" * 40}, {"Step-Unknown": "x"}, {"Step-Scope": "\u00e9"},
], ids=lambda odd: "=".join(next(iter(odd.items())))[:30])
def test_an_odd_header_never_refuses_the_call(service: DataDirectory, odd: dict[str, str]) -> None:
    api, message_id = service.api(), f"<{unique('m')}@acme.example>"
    headers = {**STEP_HEADERS, "Step-Run-Id": unique("run"), "Step-Attempt": "0", **odd}
    timeline = call(api, message_id, unique("key"), **headers)
    assert any(item["entry"]["kind"] == "send" for item in timeline)


def test_percent_encoded_header_values_are_decoded(service: DataDirectory) -> None:
    api, run = service.api(), unique("läufe")
    call(api, f"<{unique('m')}@acme.example>", unique("key"), **{
        **STEP_HEADERS, "Step-Run-Id": quote(run), "Step-Id": "send%20reminder", "Step-Attempt": "0"})
    observed = api.json("/v1/entries", run_id=run, kind="step_attempt")["entries"]
    assert [item["entry"]["workflow"]["step_id"] for item in observed] == ["send reminder"]


# -- the life of a message


def states(api: Api, message_id: str) -> dict[tuple[str | None, int], str]:
    """The derived state of each attempt: (step, attempt) -> state."""
    message = api.json("/v1/messages/" + quote(message_id, safe=""))
    return {(each.get("step_id"), each["attempt"]): each["state"] for each in message["attempts"]}


def test_the_life_of_a_message_is_told_in_order(service: DataDirectory) -> None:
    api, message_id = service.api(), f"<{unique('m')}@acme.example>"
    common = {"message_id": message_id, "sender": "Billing@Acme.example"}
    for kind, outcome in (("send", "requested"), ("send", "held"), ("decision", "approved"), ("send", "sent"),
                          ("verification", "aligned"), ("send", "delivered")):
        api.append({**common, "kind": kind, "outcome": outcome, "oversight_mode": "gated_send"})
    for spelling in (message_id, message_id.strip("<>")):
        message = api.json("/v1/messages/" + quote(spelling, safe=""))
        assert (message["message_id"], message["state"]) == (message_id, "delivered")
        assert (message["sender"].lower(), message["oversight_mode"]) == ("billing@acme.example", "gated_send")
        told = [(item["entry"]["kind"], item["entry"]["outcome"]) for item in message["timeline"]]
        assert told == [("send", "requested"), ("send", "held"), ("decision", "approved"), ("send", "sent"),
                        ("verification", "aligned"), ("send", "delivered")]
        assert [item["seq"] for item in message["timeline"]] == sorted(item["seq"] for item in message["timeline"])
    problem(api.get("/v1/messages/" + quote(f"<{unique('none')}@acme.example>", safe="")), 404, "not_found")


def test_the_state_of_an_attempt_follows_from_all_that_was_seen(service: DataDirectory) -> None:
    api, run, message_id = service.api(), unique("run"), f"<{unique('m')}@acme.example>"
    link = {"links": [{"rel": "message", "id": message_id}]}
    api.append({"kind": "send", "outcome": "sent", "message_id": message_id})
    call(api, message_id, unique("key"), **{**STEP_HEADERS, "Step-Run-Id": run, "Step-Id": "called-only",
                                           "Step-Attempt": "0"})
    report(api, [
        attempt(run, "crashed", 0, "started", **link), attempt(run, "crashed", 1, "started", **link),
        attempt(run, "fine", 0, "started", **link), attempt(run, "fine", 0, "finished", outcome="succeeded", **link),
        attempt(run, "timed", 0, "finished", outcome="timed_out", **link)])
    expected = {("called-only", 0): "called", ("crashed", 0): "unknown", ("crashed", 1): "running",
                ("fine", 0): "succeeded", ("timed", 0): "timed_out"}
    assert states(api, message_id) == expected
    api.append({"kind": "run_outcome", "outcome": "failed",
                "workflow": {"engine": "inngest", "scope": "production", "run_id": run}})
    assert states(api, message_id) == {**expected, ("crashed", 1): "unknown"}


def test_sources_that_disagree_are_both_shown(service: DataDirectory) -> None:
    api, run, message_id = service.api(), unique("run"), f"<{unique('m')}@acme.example>"
    link = {"links": [{"rel": "message", "id": message_id}]}
    items = report(api, [attempt(run, "charge", 0, "finished", outcome="succeeded", **link),
                         attempt(run, "charge", 0, "finished", outcome="failed", **link)])
    shown = api.json("/v1/messages/" + quote(message_id, safe=""))["attempts"]
    assert len(shown) == 1 and shown[0]["seqs"] == [item["seq"] for item in items]
    assert shown[0]["state"] == "succeeded" and shown[0]["conflicting"] is True


def test_a_report_without_a_step_belongs_to_the_attempt_of_its_dispatch(service: DataDirectory) -> None:
    api, run, message_id = service.api(), unique("run"), f"<{unique('m')}@acme.example>"
    link = {"links": [{"rel": "message", "id": message_id}]}
    report(api, [attempt(run, "charge", 0, "started", dispatch_id="d-7", **link),
                 attempt(run, None, 0, "finished", outcome="failed", dispatch_id="d-7", **link)])
    assert states(api, message_id) == {("charge", 0): "failed"}


def test_an_alias_leads_to_the_message(service: DataDirectory) -> None:
    api, message_id, alias = service.api(), f"<{unique('m')}@acme.example>", f"<{unique('relay')}@relay.example>"
    seq = api.append({"kind": "send", "outcome": "sent", "message_id": message_id, "data": {"aliases": [alias]}})["seq"]
    message = api.json("/v1/messages/" + quote(alias, safe=""))
    assert seq in [item["seq"] for item in message["timeline"]]
