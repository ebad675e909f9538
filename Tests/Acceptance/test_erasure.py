"""Erasing a person: nothing of them is left in the database, and every proof holds."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api import Api, ok, problem
from reference import leaf_hash, verify_inclusion
from service import DataDirectory, wait_until

pytestmark = pytest.mark.erasure

BASIS = "GDPR Article 17(1)(b)"


class Person:
    """Somebody who is known under an address, and by words that stand nowhere else."""

    def __init__(self, mark: str = "jane") -> None:
        self.word = f"{mark}{secrets.token_hex(5)}"
        self.address = f"{self.word.capitalize()}@Customer.example"

    @property
    def spellings(self) -> list[str]:
        return [self.word, self.word.capitalize()]


def erase(api: Api, person: Person, requester: str = "by letter of today") -> dict[str, Any]:
    """Erases the person; it must succeed."""
    return ok(api.post("/v1/erasures", {
        "subject": person.address, "legal_basis": BASIS, "requester": requester}), 200)


def mail_life(api: Api, person: Person, number: int = 0, others: list[str] | None = None) -> str:
    """A message to the person with all that follows from it, each part naming them in a sealed value."""
    word = person.word
    message = f"<{secrets.token_hex(6)}.{number}@acme.example>"
    run = f"run-{secrets.token_hex(4)}"
    workflow = {"engine": "inngest", "run_id": run, "step_id": "send", "attempt": 0}
    common: dict[str, Any] = {"message_id": message, "sender": "billing@acme.example"}
    recipients = [person.address, *(others or [])]
    api.append({**common, "kind": "send", "outcome": "requested", "workflow": {**workflow, "workflow_key": word},
                "personal": {"recipient": recipients, "subject": f"Dear {word}", "body": f"bill of {word}"}},
               Idempotency_Key=f"bill-{word}-{number}")
    api.append([
        {**common, "kind": "decision", "outcome": "approved", "actor": {"type": "person", "id": "p1"},
         "personal": {"reason": f"{word} is fine"}},
        {**common, "kind": "send", "outcome": "bounced", "personal": {"error": f"550 no mailbox {person.address}"}},
        {"kind": "inbound", "outcome": "received", "message_id": f"<re-{secrets.token_hex(6)}@customer.example>",
         "data": {"links": [{"rel": "message", "id": message}]},
         "personal": {"author": person.address, "subject": f"Re: Dear {word}"}},
    ])
    ok(api.post("/v1/step-attempts", [{
        "engine": "inngest", "run_id": run, "step_id": "send", "attempt": 0, "phase": "finished", "outcome": "failed",
        "error": {"name": "Bounce", "message": f"no mailbox {word}"}, "attrs": {"customer": word}}]), 200)
    return message


def dump(service: DataDirectory) -> bytes:
    """A plain-text dump of the whole database."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    done = subprocess.run(
        [str(binaries / "pg_dump"), "-h", str(service.path), "-U", "postgres", "--inserts", "countersign"],
        capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def traces(text: bytes, person: Person) -> list[str]:
    """Where a dump still spells the person: as it is, in hexadecimal, or within a disclosure."""
    found = [word for word in person.spellings for form in (word.encode(), word.encode().hex().encode()) if form in text]
    for token in set(re.findall(rb"[A-Za-z0-9_-]{24,}", text)):
        plain = base64.urlsafe_b64decode(token + b"=" * (-len(token) % 4)) if len(token) % 4 != 1 else b""
        found += [f"in {token[:12]!r}" for word in person.spellings if word.encode() in plain]
    return found


def in_clear(api: Api, seq: int) -> dict[str, Any]:
    return api.json(f"/v1/entries/{seq}")


def proofs(api: Api) -> dict[int, dict[str, Any]]:
    """An inclusion proof of each entry, as of now."""
    size = api.size()
    return {seq: api.json(f"/v1/entries/{seq}/proof", size=size) for seq in range(size)}


def check_proof(line: bytes, proof: dict[str, Any]) -> None:
    """Recomputes the root from the line; it must be the proof's."""
    hashes = [bytes.fromhex(each) for each in proof["proof"]]
    assert verify_inclusion(proof["seq"], proof["size"], leaf_hash(line), hashes, bytes.fromhex(proof["root"]))


def new_ledger(service: DataDirectory, name: str) -> Api:
    """An empty ledger of its own within the service."""
    origin = f"{name}-{secrets.token_hex(3)}.example/mail"
    service.create_ledger(origin)
    api = service.api(service.new_token("admin", origin=origin))
    api.origin = origin  # type: ignore[attr-defined]
    return api


def verify(service: DataDirectory, api: Api) -> None:
    verdict = service.verify(origin=api.origin)  # type: ignore[attr-defined]
    assert verdict.is_intact, str(verdict)


def test_not_one_byte_is_left_and_every_proof_made_before_holds(service: DataDirectory) -> None:
    api, person, other = new_ledger(service, "bytes"), Person(), Person("john")
    for number in range(3):
        mail_life(api, person, number, [other.address])
    mail_life(api, other)
    api.lines(recipient=person.address)
    api.lines(idempotency_key=f"bill-{person.word}-0")
    api.call("POST", "/v1/dmarc-reports", data=f"To: {person.address}\r\n\r\nno report".encode(),
             headers={"Content-Type": "message/rfc822"})
    before = dump(service)
    assert traces(before, person) and person.address.encode().hex().encode() in before, "the test looks where nothing ever was"
    kept = proofs(api)
    answer = erase(api, person)
    lines = api.lines()
    after = dump(service)
    assert not traces(after, person)
    assert traces(after, other), "somebody else was erased as well"
    for seq, proof in kept.items():
        check_proof(lines[seq], proof)
        shown = in_clear(api, seq)
        assert person.word not in json.dumps(shown).lower()
    touched = listed(answer["seqs"])
    assert answer["entries"] == len(touched) >= 15
    assert [in_clear(api, seq)["erased_by"] for seq in touched] == [answer["erased_by"][0]] * len(touched)
    assert "erased_by" not in in_clear(api, min(set(kept) - touched))
    record = in_clear(api, answer["erased_by"][0])
    assert record["entry"]["kind"] == "access" and record["entry"]["outcome"] == "erased"
    assert record["entry"]["data"]["seqs"] == answer["seqs"] and record["entry"]["data"]["legal_basis"] == BASIS
    assert record["personal"] == {"requester": "by letter of today"} and "subjects" not in record["entry"]
    verify(service, api)


def listed(texts: list[str]) -> set[int]:
    """The places that a list of ranges names."""
    ends = [[int(end) for end in text.split("-")] for text in texts]
    return {seq for each in ends for seq in range(each[0], each[-1] + 1)}


def test_of_several_recipients_the_others_stay(service: DataDirectory) -> None:
    api, person, other = new_ledger(service, "others"), Person(), Person("john")
    seq = api.append({"kind": "send", "outcome": "sent", "personal": {
        "recipient": [other.address, {"address": person.address, "role": "cc"}], "author": other.address,
        "subject": "both"}})["seq"]
    erase(api, person)
    shown = in_clear(api, seq)
    where = f"{other.word.capitalize()}@customer.example"
    assert shown["personal"] == {"author": where, "recipient": [{"address": where, "role": "to"}]}
    verify(service, api)
    found = api.json("/v1/entries", recipient=other.address)["entries"]
    assert [each["seq"] for each in found] == [seq]
    assert not api.json("/v1/entries", recipient=person.address)["entries"]
    second = erase(api, other)
    shown = in_clear(api, seq)
    assert "personal" not in shown and shown["erased_by"] == second["erased_by"][0]
    verify(service, api)


def test_who_comes_again_gets_another_pseudonym(service: DataDirectory) -> None:
    api, person = new_ledger(service, "again"), Person()
    send = {"kind": "send", "outcome": "sent", "personal": {"recipient": person.address}}
    first = api.append(send)["seq"]
    erase(api, person)
    second = api.append(send)["seq"]
    assert in_clear(api, first)["entry"]["subjects"] != in_clear(api, second)["entry"]["subjects"]
    again = erase(api, person)
    assert listed(again["seqs"]) == {second}
    verify(service, api)


def test_a_key_of_an_erased_request_is_a_plain_replay(service: DataDirectory) -> None:
    api, person = new_ledger(service, "keys"), Person()
    send = {"kind": "send", "outcome": "sent", "personal": {"recipient": person.address}}
    first = api.append(send, Idempotency_Key="k")
    changed = {**send, "outcome": "delivered"}
    problem(api.post("/v1/entries", changed, Idempotency_Key="k"), 422, "idempotency_mismatch")
    erase(api, person)
    again = api.append(changed, Idempotency_Key="k")
    assert again["replayed"] and again["seq"] == first["seq"]
    with service.sql() as connection:
        left = connection.execute(
            "SELECT count(*) FROM countersign.keys k JOIN countersign.ledgers USING (ledger_id)"
            " WHERE origin = %s AND request_tag IS NOT NULL", [api.origin]).fetchone()  # type: ignore[attr-defined]
    assert left == (0,)


def test_an_unknown_address_is_recorded_without_a_pseudonym(service: DataDirectory) -> None:
    api, person = new_ledger(service, "unknown"), Person()
    answer = erase(api, person)
    assert answer["entries"] == 0 and answer["seqs"] == []
    data = in_clear(api, answer["erased_by"][0])["entry"]["data"]
    assert data == {"entries": 0, "event": "erasure", "legal_basis": BASIS, "seqs": []}
    assert not traces(dump(service), person)
    verify(service, api)


@pytest.mark.parametrize("body, pointer", [
    ({}, None), ({"subject": "x"}, "/subject"), ({"legal_basis": ""}, "/legal_basis"),
    ({"legal_basis": "x" * 201}, "/legal_basis"), ({"requester": "x" * 1001}, "/requester"),
    ({"requester": "Mail from A@B.example"}, "/requester"), ({"legal_basis": "wish of a@b.example"}, "/legal_basis"),
    ({"reason": "x"}, "/reason")])
def test_a_bad_wish_is_refused_with_its_place(service: DataDirectory, body: dict[str, Any], pointer: str | None) -> None:
    good = {"subject": "a@b.example", "legal_basis": BASIS, "requester": "themselves"}
    said = problem(service.api().post("/v1/erasures", {**good, **body} if body else {}), 400)
    assert said.get("pointer") == pointer, said


def test_only_an_admin_erases_and_only_in_its_own_ledger(service: DataDirectory) -> None:
    api, neighbour, person = new_ledger(service, "mine"), new_ledger(service, "theirs"), Person()
    for each in (api, neighbour):
        mail_life(each, person)
    for scope in ("ingest", "read", "export", "send", "oversight"):
        caller = Api(api.url, service.new_token(scope, origin=api.origin))  # type: ignore[attr-defined]
        problem(caller.post("/v1/erasures", {"subject": person.address, "legal_basis": BASIS, "requester": "x"}), 403)
        problem(caller.post("/v1/legal-holds", {"subject": person.address, "reason": "x", "reference": "x"}), 403)
    before = neighbour.lines(disclosures="true")
    erase(api, person)
    after = neighbour.lines(disclosures="true")
    assert after[:len(before)] == before and neighbour.json("/v1/entries", recipient=person.address)["entries"]
    verify(service, neighbour)
