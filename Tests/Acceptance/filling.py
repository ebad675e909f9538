"""Fills a ledger with entries of every kind, through every door."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from typing import Any

import rfc8785

from api import Api, ok
from events import Events
from report_files import Report, Row
from service import wait_until

STEP_HEADERS = {"Step-Engine": "inngest", "Step-Scope": "production", "Step-Function-Id": "billing-chase",
                "Step-Id": "send-reminder", "Step-Dispatch-Id": "dispatch-1", "Step-Event-Id": "event-1"}


@dataclass
class Filled:
    """What a filled ledger holds, to be asked for."""

    message_ids: list[str] = field(default_factory=list)
    run_ids: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    token_ids: list[str] = field(default_factory=list)
    identities: list[str] = field(default_factory=list)
    #: Checks of identities, and the evidence of the first.
    check_seqs: list[int] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    report_seqs: list[int] = field(default_factory=list)
    #: Legal holds in force, the last of which a test may release.
    #: The size of a published checkpoint, and its timestamp if the service asks an authority.
    checkpoint: int = 0
    hold_ids: list[str] = field(default_factory=list)
    size: int = 0


def fill(api: Api, rng: random.Random, size_min: int, mark: str = "m") -> Filled:
    """Appends at least `size_min` entries; every id in them holds `mark`."""
    filled, maker = Filled(), Events(rng)
    for number in range(10):
        message_life(api, filled, f"{mark}-{number}")
    step_attempts(api, filled, mark)
    token = ok(api.post("/v1/tokens", {"name": f"{mark} reader", "scopes": ["read"]}), 201)
    ok(api.post("/v1/tokens", {"name": f"{mark} dated", "scopes": ["export", "read"],
                               "expires_at": "2099-01-01T00:00:00Z"}), 201)
    ok(api.call("DELETE", f"/v1/tokens/{token['id']}"), 200)
    filled.token_ids.append(token["id"])
    for number in range(2):
        identity(api, filled, f"{mark}-{number}.acme.example")
    batch = 0
    while api.size() < size_min:
        batch += 1
        elements = [maker.event() for _ in range(40)]
        if batch % 2:
            key = f"{mark}-batch-{batch}"
            api.append(elements, Idempotency_Key=key)
            filled.keys.append(key)
        else:
            for number, element in enumerate(elements):
                element["idempotency_key"] = f"{mark}-element-{batch}-{number}"
            api.append(elements)
    for number in range(2):
        dmarc_report(api, filled, mark, number)
    holds_and_erasures(api, filled, mark)
    filled.size = api.size()
    return filled


def message_life(api: Api, filled: Filled, mark: str) -> None:
    """Requested, held, decided, sent, delivered: all entries of one message."""
    message_id, recipient, run = f"<{mark}@acme.example>", f"{mark}@Customer.example", f"run-{mark}"
    common: dict[str, Any] = {"message_id": message_id, "sender": f"Billing@{mark}.Acme.example"}
    workflow = {"engine": "inngest", "run_id": run, "step_id": "send-reminder", "attempt": 0,
                "workflow_key": f"customer-{mark}", "trigger": {"event_id": f"event-{mark}", "event_name": "overdue"}}
    sealed = {"recipient": [recipient, {"address": "archive@acme.example", "role": "bcc"}], "subject": f"about {mark}"}
    agent, person = {"type": "agent", "id": f"agent-{mark}"}, {"type": "person", "id": f"person-{mark}"}
    api.append({**common, "kind": "send", "outcome": "requested", "oversight_mode": "gated_send", "actor": agent,
                "workflow": workflow, "personal": sealed, "occurred_at": "2026-11-22T09:59:58.1Z",
                "data": {"aliases": [f"<relay-{mark}@relay.example>"]}}, Idempotency_Key=f"key-{mark}")
    api.append([{**common, "kind": "send", "outcome": "held", "oversight_mode": "gated_send"},
                {**common, "kind": "decision", "outcome": "approved", "actor": person,
                 "personal": {"reason": f"fine, {mark}"}}])
    api.append({**common, "kind": "send", "outcome": "sent", "oversight_mode": "gated_send"},
               **{name.replace("-", "_"): value for name, value in STEP_HEADERS.items()},
               Step_Run_Id=run, Step_Attempt="0", Idempotency_Key=f"sent-{mark}")
    api.append({"kind": "inbound", "outcome": "received", "message_id": f"<reply-{mark}@elsewhere.example>",
                "personal": {"author": recipient}, "data": {"links": [{"rel": "message", "id": message_id}]}})
    filled.message_ids.append(message_id)
    filled.run_ids.append(run)
    filled.recipients.append(recipient)
    filled.keys += [f"key-{mark}", f"sent-{mark}"]
    filled.aliases.append(f"<relay-{mark}@relay.example>")


def identity(api: Api, filled: Filled, name: str) -> None:
    """An identity with its first checks: one by the schedule, one that was asked for. No name server answers, so
    nothing changes until the schedule's next."""
    ok(api.call("PUT", f"/v1/identities/{name}", json={"selectors": ["s1"], "addresses": ["192.0.2.10"]}), 201)
    wait_until(lambda: "verification_seq" in api.json(f"/v1/identities/{name}"), 60, f"the check of {name}", pause=0.1)
    checked = ok(api.call("POST", "/v1/verifications/identity", params={"record": "true"}, json={"identity": name}), 201)
    filled.identities.append(name)
    filled.check_seqs.append(checked["seq"])
    filled.evidence += [hashlib.sha256(rfc8785.dumps(each)).hexdigest() for each in checked["evidence"]]


def holds_and_erasures(api: Api, filled: Filled, mark: str) -> None:
    """A person erased, one held, and holds of every form, one of them released."""
    erased, held = f"{mark}-erased@customer.example", f"{mark}-held@customer.example"
    for address in (erased, held):
        api.append({"kind": "send", "outcome": "sent", "message_id": f"<to-{address}>", "personal": {
            "recipient": [address, f"{mark}-0@customer.example"], "subject": mark}}, Idempotency_Key=f"to-{address}")
    ok(api.post("/v1/erasures", {"subject": erased, "legal_basis": "GDPR Art. 17", "requester": mark}), 200)
    scopes: list[dict[str, Any]] = [
        {"from_seq": 0, "to_seq": 1}, {"subject": held}, {"message_id": f"to-{held}"},
        *({"from_seq": 2, "to_seq": 2} for _ in range(4))]
    for scope in scopes:
        hold = {**scope, "reference": f"matter {mark}", "reason": f"a case about {mark}"}
        filled.hold_ids.append(ok(api.post("/v1/legal-holds", hold), 201)["id"])
    ok(api.call("DELETE", f"/v1/legal-holds/{filled.hold_ids.pop()}"), 200)
    assert api.post("/v1/erasures", {
        "subject": held, "legal_basis": "GDPR Art. 17", "requester": mark}).status_code == 409


def dmarc_report(api: Api, filled: Filled, mark: str, number: int) -> None:
    """A DMARC report about a domain that holds `mark`."""
    domain = f"{mark}-{number}.acme.example"
    report = Report(f"{mark}-report-{number}", policy_domain=domain, rows=[Row(header_from=domain)])
    answer = api.call("POST", "/v1/dmarc-reports", data=report.xml(), headers={"Content-Type": "application/xml"})
    filled.report_seqs.append(ok(answer, 201)["seq"])


def attempt(run: str, step: str | None, number: int, phase: str, **members: Any) -> dict[str, Any]:
    """A report of one attempt, as in `POST /v1/step-attempts`."""
    return {"engine": "inngest", "scope": "production", "run_id": run, "step_id": step, "attempt": number,
            "phase": phase, **members}


def step_attempts(api: Api, filled: Filled, mark: str) -> None:
    """Reports of a run: a failure with a retry, a duplicate, a conflict."""
    run = f"run-{mark}-attempts"
    failed = attempt(run, "charge", 0, "finished", outcome="failed", will_retry=True, attrs={"note": mark},
                     error={"name": "Timeout", "message": f"no answer for {mark}"}, dispatch_id="d-0")
    reports = [
        attempt(run, "charge", 0, "started", dispatch_id="d-0"), failed, failed,
        attempt(run, "charge", 1, "started", dispatch_id="d-1"),
        attempt(run, "charge", 1, "finished", outcome="succeeded", dispatch_id="d-1",
                links=[{"rel": "message", "id": f"<{mark}-0@acme.example>"}]),
        attempt(run, "charge", 1, "finished", outcome="failed", dispatch_id="d-1"),
    ]
    ok(api.post("/v1/step-attempts", reports), 200)
    api.append({"kind": "run_outcome", "outcome": "succeeded", "workflow": {"engine": "inngest", "run_id": run}})
    filled.run_ids.append(run)
