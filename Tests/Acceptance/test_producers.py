"""Idempotency keys belong to a producer, and a bound token speaks for nobody else."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

from api import Api, ok, problem
from filling import attempt
from service import DataDirectory, unique

pytestmark = pytest.mark.isolation

ENTRY: dict[str, Any] = {
    "kind": "send", "outcome": "sent", "message_id": "<one@acme.example>", "sender": "billing@acme.example",
    "personal": {"recipient": "kim@example.test"}}


def token(service: DataDirectory, **terms: Any) -> dict[str, Any]:
    """A fresh token with these terms, made over HTTP."""
    return ok(service.api().post("/v1/tokens", {"name": "test", "scopes": ["ingest", "read"], **terms}), 201)


def caller(service: DataDirectory, **terms: Any) -> Api:
    return service.api(token(service, **terms)["token"])


def test_nobody_occupies_anothers_key(service: DataDirectory) -> None:
    key = unique("inngest:run:step")
    hostile = caller(service).append({**ENTRY, "outcome": "requested"}, Idempotency_Key=key)
    genuine = caller(service)
    first = genuine.append(ENTRY, Idempotency_Key=key)
    assert first["replayed"] is False and first["seq"] != hostile["seq"]
    assert genuine.append(ENTRY, Idempotency_Key=key) == {**first, "replayed": True}


def test_the_tokens_of_one_producer_share_their_keys(service: DataDirectory) -> None:
    key, name = unique("key"), unique("producer")
    first = caller(service, producer=name).append(ENTRY, Idempotency_Key=key)
    again = caller(service, producer=name).append(ENTRY, Idempotency_Key=key)
    assert (again["seq"], again["replayed"]) == (first["seq"], True)
    listed = service.api().json("/v1/tokens")["tokens"]
    assert sum(each["producer"] == name for each in listed) == 2
    granted = [json.loads(line) for line in service.api().lines(kind="access", outcome="granted")]
    assert sum(entry["data"]["producer"] == name for entry in granted) == 2


def test_a_rotated_token_recognises_what_the_old_one_sent(service: DataDirectory) -> None:
    admin, key = service.api(), unique("key")
    old = token(service, bindings={"senders": ["acme.example"], "kinds": ["send"]}, trusts_reports=True)
    first = service.api(old["token"]).append(ENTRY, Idempotency_Key=key)
    new = ok(admin.post(f"/v1/tokens/{old['id']}/rotate", {}), 201)
    assert all(new[member] == old[member] for member in ("producer", "bindings", "scopes", "trusts_reports", "name"))
    ok(admin.call("DELETE", f"/v1/tokens/{old['id']}"), 200)
    again = service.api(new["token"]).append(ENTRY, Idempotency_Key=key)
    assert (again["seq"], again["replayed"]) == (first["seq"], True)
    problem(admin.post(f"/v1/tokens/{old['id']}/rotate", {}), 404, "not_found")
    assert problem(admin.post(f"/v1/tokens/{new['id']}/rotate", {"name": "a\nb"}), 400)["pointer"] == "/name"
    by_command = service.run_json("token", "rotate", new["id"], "--ledger", service.origin)
    assert by_command["producer"] == old["producer"] and by_command["bindings"] == old["bindings"]


def test_another_instance_and_an_import_recognise_a_key(own_service: DataDirectory) -> None:
    service, key, name = own_service, unique("key"), unique("producer")
    made = token(service, producer=name)
    first = service.api(made["token"]).append(ENTRY, Idempotency_Key=key)
    other = service.serve()
    again = service.api(made["token"], other).append(ENTRY, Idempotency_Key=key)
    assert (again["seq"], again["replayed"]) == (first["seq"], True)
    line = json.dumps({**ENTRY, "idempotency_key": key})

    def imported(*arguments: str) -> dict[str, Any]:
        return service.run_json("import", "-", "--source", "x", "--ledger", service.origin, *arguments, input=line)

    assert imported("--producer", name)["skipped"] == 1
    assert imported()["imported"] == 1
    assert imported()["skipped"] == 1
    unknown = service.run("import", "-", "--source", "x", "--producer", "nobody", input=line)
    assert unknown.returncode == 2 and b"token list" in unknown.stderr
    found = service.api().json("/v1/entries", idempotency_key=key)["entries"]
    assert len(found) == 2
    for producer, count in ((name, 1), ("import", 1), ("nobody", 0)):
        assert len(service.api().json("/v1/entries", idempotency_key=key, producer=producer)["entries"]) == count
    by_producer = service.api().json("/v1/entries", producer=name)["entries"]
    assert [item["seq"] for item in by_producer] == [first["seq"]]


def test_after_an_erasure_a_key_is_neither_replayed_nor_free(service: DataDirectory) -> None:
    key, address = unique("key"), f"{unique('kim')}@example.test"
    entry = {**ENTRY, "personal": {"recipient": address, "subject": "hello"}}
    sender = caller(service, producer=unique("producer"))
    first = sender.append(entry, Idempotency_Key=key)
    batch = sender.append([entry, entry], Idempotency_Key=key + "-batch")
    ok(service.api().post("/v1/erasures", {"subject": address, "legal_basis": "GDPR Art. 17(1)(b)",
                                           "requester": "the person"}), 200, 201)
    size = service.api().size()
    honest = problem(sender.post("/v1/entries", entry, Idempotency_Key=key), 422, "idempotency_erased")
    assert honest["seq"] == first["seq"]
    many = problem(sender.post("/v1/entries", [entry, entry], Idempotency_Key=key + "-batch"), 422, "idempotency_erased")
    assert many["seq"] == batch[0]["seq"]
    for change in ({"outcome": "bounced"}, {"personal": {"recipient": address}}, {"data": {"n": 1}},
                   {"personal": {"recipient": [address, "jo@example.test"], "subject": "hello"}}):
        problem(sender.post("/v1/entries", {**entry, **change}, Idempotency_Key=key), 422, "idempotency_mismatch")
    problem(sender.post("/v1/entries", [entry], Idempotency_Key=key + "-batch"), 422, "idempotency_mismatch")
    assert service.api().size() == size


def test_an_import_counts_what_was_erased_as_already_there(service: DataDirectory) -> None:
    address = f"{unique('kim')}@example.test"
    lines = "\n".join(json.dumps({**ENTRY, "data": {"n": number}, "personal": {"recipient": address}})
                      for number in range(5))
    source = unique("source")

    def imported() -> dict[str, Any]:
        return service.run_json("import", "-", "--source", source, "--ledger", service.origin, input=lines)

    assert imported()["imported"] == 5
    ok(service.api().post("/v1/erasures", {"subject": address, "legal_basis": "GDPR Art. 17(1)(b)",
                                           "requester": "the person"}), 200, 201)
    again = imported()
    assert (again["imported"], again["skipped"], again["bad"]) == (0, 5, 0)


def test_a_mismatch_is_counted_and_logged(own_service: DataDirectory) -> None:
    service, key, name = own_service, unique("kim@example.test"), unique("producer")
    one, two = token(service, producer=name), token(service, producer=name)
    service.api(one["token"]).append(ENTRY, Idempotency_Key=key)
    for each in (one, two):
        changed = {**ENTRY, "outcome": "failed"}
        problem(service.api(each["token"]).post("/v1/entries", changed, Idempotency_Key=key), 422)
    text = service.api().get("/metrics").text
    for by_another in ("true", "false"):
        assert f'countersign_idempotency_mismatches_total{{by_another="{by_another}"}} 1' in text
    log = service.instances[-1].said()
    assert "idempotency_mismatch" in log and two["id"] in log and key not in log


@pytest.mark.parametrize(("bindings", "refused", "pointer"), [
    ({"senders": ["billing@acme.example"]}, {"sender": "ceo@acme.example"}, "/sender"),
    ({"senders": ["billing@acme.example"]}, {"sender": None}, "/sender"),
    ({"senders": ["acme.example"]}, {"sender": "billing@sub.acme.example"}, "/sender"),
    ({"kinds": ["send"]}, {"kind": "decision", "outcome": "approved"}, "/kind"),
    ({"actors": ["bot"]}, {"actor": {"type": "agent", "id": "other"}}, "/actor/id"),
    ({"engine": "inngest"}, {"workflow": {"engine": "temporal", "run_id": "r"}}, "/workflow/engine"),
    ({"engine": "inngest"}, {"workflow": None}, "/workflow/engine"),
    ({"function": "onboarding"}, {"workflow": {"engine": "inngest", "run_id": "r"}}, "/workflow/function_id"),
], ids=str)
def test_a_bound_token_speaks_for_nobody_else(
    service: DataDirectory, bindings: dict[str, Any], refused: dict[str, Any], pointer: str,
) -> None:
    bound = caller(service, bindings=bindings)
    good = {**ENTRY, "actor": {"type": "agent", "id": "bot"},
            "workflow": {"engine": "inngest", "run_id": "r", "function_id": "onboarding"}}
    bad = {name: value for name, value in {**good, **refused}.items() if value is not None}
    bound.append(good)
    size = service.api().size()
    assert problem(bound.post("/v1/entries", bad), 403, "token_bound")["pointer"] == pointer
    batch = problem(bound.post("/v1/entries", [good, bad]), 403, "token_bound")
    assert (batch["index"], batch["pointer"]) == (1, pointer)
    assert service.api().size() == size


def test_a_bound_token_cannot_write_by_other_ways(service: DataDirectory) -> None:
    bound = caller(service, bindings={"kinds": ["send"], "senders": ["acme.example"]})
    answers = [
        bound.post("/v1/verifications/spf?record=true", {
            "ip": "192.0.2.1", "helo": "mx.acme.example", "mail_from": "a@acme.example"}),
        bound.post("/v1/dmarc-reports", b"<feedback/>", Content_Type="application/xml"),
    ]
    for answer in answers:
        problem(answer, 403, "token_bound")
    one = attempt("r", "s", 0, "started")
    assert ok(bound.post("/v1/step-attempts", one), 200)["status"] == "rejected"
    inngest = caller(service, bindings={"engine": "inngest"})
    foreign = {**one, "engine": "temporal"}
    assert [each["status"] for each in ok(inngest.post("/v1/step-attempts", [one, foreign]), 200)] == [
        "recorded", "rejected"]


def life(service: DataDirectory, message: str) -> dict[str, Any]:
    return service.api().json(f"/v1/messages/{message}@acme.example")


def test_a_message_is_told_on_the_strongest_word(service: DataDirectory) -> None:
    message, bound = unique("m"), caller(service, bindings={"senders": ["billing@acme.example"]})
    entry = {"kind": "send", "message_id": f"<{message}@acme.example>", "oversight_mode": "gated_send"}
    bound.append({**entry, "outcome": "sent", "sender": "billing@acme.example"})
    told = life(service, message)
    assert (told["state"], told["state_word"], told["sender_word"]) == ("sent", "bound", "bound")
    assert "contested" not in told
    hostile = caller(service)
    hostile.append({**entry, "outcome": "suppressed", "sender": "ceo@acme.example", "oversight_mode": "autonomous"})
    told = life(service, message)
    assert (told["state"], told["sender"], told["oversight_mode"]) == ("sent", "billing@acme.example", "gated_send")
    assert told["contested"] == ["sender", "state"]
    # Who is bound to a name of his own speaks for that one, and of this message he only claims.
    stranger = caller(service, bindings={"senders": ["evil.example"]})
    stranger.append({**entry, "outcome": "complained", "sender": "ceo@evil.example", "oversight_mode": "autonomous"})
    told = life(service, message)
    assert (told["state"], told["sender"], told["oversight_mode"]) == ("sent", "billing@acme.example", "gated_send")


def test_addresses_of_one_form_are_one_sender(service: DataDirectory) -> None:
    message = unique("m")
    for sender in ("Billing@bücher.example", "billing@XN--BCHER-KVA.example"):
        caller(service).append({"kind": "send", "outcome": "sent", "message_id": f"<{message}@acme.example>",
                                "sender": sender})
    assert "contested" not in life(service, message)


def test_reports_that_can_follow_each_other_are_not_contested(service: DataDirectory) -> None:
    message = unique("m")
    entry = {"kind": "send", "message_id": f"<{message}@acme.example>", "sender": "billing@acme.example"}
    # Out of order, and by two producers: a bounce is further than the delivery that is told after it.
    for outcome in ("requested", "bounced", "sent", "delivered"):
        caller(service).append({**entry, "outcome": outcome})
    told = life(service, message)
    assert (told["state"], told["state_word"]) == ("bounced", "claimed") and "contested" not in told


def test_what_a_producer_says_about_decisions_and_checks_is_a_claim(service: DataDirectory) -> None:
    message = unique("m")
    entry = {"message_id": f"<{message}@acme.example>", "sender": "billing@acme.example"}
    producer = caller(service)
    for kind, outcome in (("send", "held"), ("decision", "approved"), ("verification", "aligned")):
        producer.append({**entry, "kind": kind, "outcome": outcome})
    marks = {item["entry"]["kind"]: item.get("claim") for item in life(service, message)["timeline"]}
    assert marks == {"send": None, "decision": True, "verification": True}
    listed = service.api().json("/v1/entries", message_id=f"<{message}@acme.example>")["entries"]
    assert {item["entry"]["kind"]: item.get("claim") for item in listed} == marks
    rows = service.api().get("/v1/export", format="csv", message_id=f"<{message}@acme.example>").text
    assert [row["claimed"] for row in csv.DictReader(rows.splitlines())] == ["", "entry", "entry"]
    own = ok(service.api().post("/v1/verifications/spf?record=true", {
        "ip": "192.0.2.1", "helo": "mx.acme.example", "mail_from": "a@acme.example",
        "message_id": f"<{message}@acme.example>"}), 200, 201)
    assert "claim" not in service.api().json(f"/v1/entries/{own['seq']}")


def test_entries_are_found_and_counted_by_whose_word_they_are(service: DataDirectory) -> None:
    made = token(service)
    producer = service.api(made["token"])
    seqs = [producer.append({"kind": "monitor", "outcome": "ok"})["seq"] for _ in range(3)]
    found = service.api().json("/v1/entries", reporter=made["id"])["entries"]
    assert [item["seq"] for item in found] == seqs
    assert service.api().json("/v1/entries", reporter=made["id"], via="operator")["entries"] == []
    lines = service.api().lines(reporter=made["id"])
    assert [json.loads(line)["seq"] for line in lines] == seqs
    exports = service.api().json("/v1/entries", kind="access", outcome="exported", order="desc")["entries"]
    assert exports[0]["personal"]["filter"] == {"reporter": [made["id"]]}
    everything = service.api().lines()
    counts: dict[str, int] = {}
    for bucket in service.api().json("/v1/stats", by="via", bucket="month")["buckets"]:
        for count in bucket["counts"]:
            counts[count["via"]] = counts.get(count["via"], 0) + count["count"]
    expected: dict[str, int] = {}
    for line in everything:
        via = json.loads(line)["reporter"]["via"]
        expected[via] = expected.get(via, 0) + 1
    # The export of everything is itself an entry, behind what it holds.
    expected["service"] += 1
    assert counts == expected
    problem(service.api().get("/v1/entries", via="nobody"), 400, "invalid_parameter")


@pytest.mark.parametrize("terms", [
    {"producer": "import"}, {"producer": "tok_AAAAAAAAAAAAAAAAAAAAAA"}, {"producer": ""}, {"producer": "a\nb"},
    {"bindings": {"kinds": ["access"]}}, {"bindings": {"senders": []}}, {"bindings": {"senders": ["-"]}},
    {"bindings": {"nobody": 1}}, {"bindings": {"engine": "c*"}}, {"trusts_reports": "yes"},
], ids=str)
def test_terms_that_make_no_token_are_refused(service: DataDirectory, terms: dict[str, Any]) -> None:
    answer = service.api().post("/v1/tokens", {"name": "test", "scopes": ["ingest"], **terms})
    assert problem(answer, 400)["pointer"].startswith(f"/{next(iter(terms))}")
