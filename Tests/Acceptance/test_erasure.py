"""Erasing a person: nothing of them is left in the database, and every proof holds."""

from __future__ import annotations

import base64
import json
import re
import secrets
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
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


def test_receipts_from_before_an_erasure_still_verify(service: DataDirectory, tmp_path: Path) -> None:
    api, person = new_ledger(service, "receipts"), Person()
    for number in range(3):
        mail_life(api, person, number)
    receipts = {seq: ok_text(api, f"/v1/entries/{seq}/receipt") for seq in range(api.size())}
    erased = set(erase(api, person)["seqs"])
    assert erased
    lines = api.lines()
    origin = api.origin  # type: ignore[attr-defined]
    key = service.run("ledger", "keys", "--ledger", origin).stdout.decode().split()[-1]
    for seq, receipt in receipts.items():
        (tmp_path / "receipt").write_bytes(receipt)
        (tmp_path / "line").write_bytes(lines[seq])
        done = service.command(
            "verify-receipt", str(tmp_path / "receipt"), "--line", str(tmp_path / "line"), "--key", key)
        assert done.returncode == 0, (seq, done)
    verify(service, api)


def ok_text(api: Api, path: str) -> bytes:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_not_one_byte_is_left_and_every_proof_made_before_holds(service: DataDirectory) -> None:
    api, person, other = new_ledger(service, "bytes"), Person(), Person("john")
    for number in range(3):
        mail_life(api, person, number, [other.address])
    mail_life(api, other)
    api.lines(recipient=[person.address, person.address.lower()])
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


def test_what_one_message_did_to_others_is_theirs(service: DataDirectory) -> None:
    api, person, other = new_ledger(service, "bulk"), Person(), Person("john")
    common = {"kind": "send", "message_id": "<bulk@acme.example>"}
    mine, theirs, nobodys = [each["seq"] for each in api.append([
        {**common, "outcome": "sent", "personal": {"recipient": person.address, "subject": "news"}},
        {**common, "outcome": "sent", "personal": {"recipient": other.address, "subject": "news"}},
        {**common, "outcome": "bounced", "personal": {"error": f"no mailbox {person.word}"}}])]
    hold(api, subject=other.address)
    problem(api.post("/v1/erasures", {"subject": person.address, "legal_basis": BASIS, "requester": "x"}), 409, "held")
    ok(api.call("DELETE", f"/v1/legal-holds/{api.json('/v1/legal-holds')['holds'][0]['id']}"), 200)
    assert listed(erase(api, person)["seqs"]) >= {mine, nobodys}
    assert in_clear(api, theirs)["personal"]["subject"] == "news" and "erased_by" not in in_clear(api, theirs)
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


def test_a_key_of_an_erased_request_is_no_replay_of_anything(service: DataDirectory) -> None:
    api, person = new_ledger(service, "keys"), Person()
    send = {"kind": "send", "outcome": "sent", "personal": {"recipient": person.address}}
    first = api.append(send, Idempotency_Key="k")
    changed = {**send, "outcome": "delivered"}
    problem(api.post("/v1/entries", changed, Idempotency_Key="k"), 422, "idempotency_mismatch")
    erase(api, person)
    problem(api.post("/v1/entries", changed, Idempotency_Key="k"), 422, "idempotency_mismatch")
    assert problem(api.post("/v1/entries", send, Idempotency_Key="k"), 422, "idempotency_erased")["seq"] == first["seq"]
    with service.sql() as connection:
        left = connection.execute(
            "SELECT count(*) FROM countersign.keys k JOIN countersign.ledgers USING (ledger_id)"
            " WHERE origin = %s AND request_tag IS NOT NULL", [api.origin]).fetchone()  # type: ignore[attr-defined]
    assert left == (0,)


def test_an_unknown_address_is_recorded_without_a_pseudonym(service: DataDirectory) -> None:
    api, person = new_ledger(service, "unknown"), Person()
    answer = erase(api, person)
    assert answer["found"] is False and answer["entries"] == 0 and answer["seqs"] == []
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


# -- legal holds


def hold(api: Api, **scope: Any) -> dict[str, Any]:
    return ok(api.post("/v1/legal-holds", {**scope, "reference": "matter 7", "reason": "litigation"}), 201)


def refused(api: Api, person: Person) -> dict[str, Any]:
    """The refusal of an erasure that a hold stands in the way of."""
    return problem(api.post("/v1/erasures", {
        "subject": person.address, "legal_basis": BASIS, "requester": "a letter"}), 409, "held")


@pytest.mark.parametrize("scope", ["person", "message", "range", "other recipient"])
def test_a_hold_outranks_erasure_until_it_is_released(service: DataDirectory, scope: str) -> None:
    api, person, other = new_ledger(service, "held"), Person(), Person("john")
    message = mail_life(api, person, others=[other.address])
    held = hold(api, **{"person": {"subject": person.address}, "message": {"message_id": message},
                        "range": {"from_seq": 3, "to_seq": 10**9},
                        "other recipient": {"subject": other.address.upper()}}[scope])
    before = dump(service)
    said = refused(api, person)
    assert said["holds"] == [held["id"]]
    entry = in_clear(api, said["seq"])["entry"]
    assert entry["outcome"] == "refused" and entry["data"]["holds"] == [held["id"]]
    assert len(traces(dump(service), person)) >= len(traces(before, person)), "something was erased all the same"
    listed_hold = api.json("/v1/legal-holds")["holds"][0]
    assert listed_hold["id"] == held["id"] and listed_hold["reference"] == "matter 7" and "released_at" not in listed_hold
    assert in_clear(api, held["seq"])["personal"] == {"reason": "litigation"}
    verify(service, api)
    ok(api.call("DELETE", f"/v1/legal-holds/{held['id']}"), 200)
    problem(api.call("DELETE", f"/v1/legal-holds/{held['id']}"), 404, "not_found")
    assert api.json("/v1/legal-holds")["holds"][0]["released_at"]
    erase(api, person)
    assert not traces(dump(service), person)
    verify(service, api)


def test_a_person_may_be_held_before_the_first_mail(service: DataDirectory) -> None:
    api, person = new_ledger(service, "early"), Person()
    hold(api, subject=person.address)
    mail_life(api, person)
    refused(api, person)
    verify(service, api)


def test_a_hold_needs_exactly_one_scope(service: DataDirectory) -> None:
    good = {"reference": "x", "reason": "y"}
    for scope in ({}, {"subject": "a@b.example", "from_seq": 1, "to_seq": 2}, {"from_seq": 1}, {"to_seq": 1},
                  {"subject": "a@b.example", "message_id": "m@b.example"}):
        problem(service.api().post("/v1/legal-holds", {**good, **scope}), 400)
    wrong = {**good, "from_seq": 3, "to_seq": 2}
    assert problem(service.api().post("/v1/legal-holds", wrong), 400)["pointer"] == "/to_seq"
    clear = {"subject": "a@b.example", "reference": "about A@B.example", "reason": "y"}
    assert problem(service.api().post("/v1/legal-holds", clear), 400)["pointer"] == "/reference"


# -- at once


def test_who_is_erased_while_sixteen_threads_write_about_them(service: DataDirectory) -> None:
    api, person = new_ledger(service, "race"), Person()
    origin, token = api.origin, api.token  # type: ignore[attr-defined]
    stop = threading.Event()
    failures: list[BaseException] = []

    def write(number: int) -> None:
        caller, count = Api(service.url, token), 0
        try:
            while not stop.is_set() or count < 5:
                count += 1
                caller.append([{"kind": "send", "outcome": "sent", "message_id": f"<{number}.{count}@acme.example>",
                                "personal": {"recipient": person.address, "subject": person.word}}])
        except BaseException as failure:  # told by the main thread
            failures.append(failure)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    answers = []
    try:
        for _ in range(5):
            wait_until(lambda size=api.size(): api.size() > size + 30, 30, "more entries")
            answers.append(erase(api, person))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, failures
    covered = {seq: answer["erased_by"][0] for answer in answers for seq in listed(answer["seqs"])}
    pseudonyms = {}
    for number, line in enumerate(api.lines()):
        entry = json.loads(line)
        if entry["kind"] == "access" and entry["outcome"] == "erased":
            pseudonyms[number] = entry["data"]["pseudonym"]
    assert len(set(pseudonyms.values())) == 5
    for number, line in enumerate(api.lines()):
        entry = json.loads(line)
        for subject in entry.get("subjects", []):
            assert covered.get(number) in pseudonyms if subject in pseudonyms.values() else number not in covered
    assert service.verify(origin=origin).is_intact
    erase(api, person)
    assert not traces(dump(service), person)
    assert service.verify(origin=origin).is_intact


# -- retention


def test_retention_erases_what_is_old_and_spares_what_is_held(service: DataDirectory) -> None:
    api, old, held, young = new_ledger(service, "retention"), Person("old"), Person("held"), Person("young")
    mail_life(api, old)
    message = mail_life(api, held)
    placed = hold(api, message_id=message)
    threading.Event().wait(1.5)
    mail_life(api, young)
    origin = api.origin  # type: ignore[attr-defined]
    counted = service.run_json("retention", "apply", "--ledger", origin, "--older-than", "1s", "--dry-run")
    assert counted["dry_run"] and counted["entries"] >= 5 and counted["held"] > 4 and not counted["erased_by"]
    assert traces(dump(service), old)
    done = service.run_json("retention", "apply", "--ledger", origin, "--older-than", "1s")
    after = dump(service)
    assert not traces(after, old) and traces(after, held)
    entry = in_clear(api, done["erased_by"][0])["entry"]
    assert entry["data"]["event"] == "retention" and placed["seq"] not in listed(entry["data"]["seqs"])
    verify(service, api)
    again = service.run_json("retention", "apply", "--ledger", origin, "--older-than", "1h")
    assert again["entries"] == 0 and again["erased_by"] == []


def test_a_service_with_a_policy_erases_what_is_too_old(own_directory: DataDirectory) -> None:
    own_directory.serve(arguments=["--retention", "3s", "--retention-interval", "200ms"])
    api, old, held = own_directory.api(), Person("old"), Person("held")
    mail_life(api, held)
    hold(api, subject=held.address)
    mail_life(api, old)
    assert traces(dump(own_directory), old)
    wait_until(lambda: not traces(dump(own_directory), old), 20, "the old values to be erased", pause=0.5)
    entries = api.json("/v1/entries", kind="access", outcome="erased")["entries"]
    assert entries[0]["entry"]["data"]["event"] == "retention"
    assert entries[0]["entry"]["reporter"] == {"id": "retention", "via": "service"}
    assert traces(dump(own_directory), held), "what is held stays"
    assert "countersign_retention_failures_total 0" in own_directory.api().get("/metrics").text
    assert own_directory.verify().is_intact


# -- the journal, restarts and restores


def test_a_restore_erases_again_before_it_serves(own_service: DataDirectory) -> None:
    service, person, later = own_service, Person(), Person("late")
    api = service.api()
    api.origin = service.origin  # type: ignore[attr-defined]
    mail_life(api, person)
    mail_life(api, later)
    backup = dump(service)
    first = erase(api, person)
    kept = proofs(api)
    journal = service.path / "erasures.jsonl"
    written = [json.loads(line) for line in journal.read_bytes().splitlines()]
    assert [each["seq"] for each in written] == first["erased_by"] and (journal.stat().st_mode & 0o077) == 0
    assert person.word not in journal.read_text().lower() and service.origin == written[0]["ledger"]
    # A start writes what an end between COMMIT and the journal has left out, and mends a line that was cut off.
    service.instances[-1].stop()
    journal.write_bytes(journal.read_bytes()[:40])
    service.serve()
    assert [json.loads(line)["seq"] for line in journal.read_bytes().splitlines()] == first["erased_by"]
    restore(service, backup)
    assert traces(dump(service), person), "the backup has what was erased"
    service.serve()
    api = service.api()
    api.origin = service.origin  # type: ignore[attr-defined]
    assert not traces(dump(service), person) and traces(dump(service), later)
    record = [each["entry"] for each in api.json("/v1/entries", kind="access", outcome="erased")["entries"]]
    assert [each["data"]["reapplied"] for each in record] == first["erased_by"]
    assert record[0]["data"]["legal_basis"] == BASIS
    verify(service, api)
    size = api.size()
    lines = api.lines()
    for seq, proof in kept.items():
        if seq < min(first["erased_by"]) and proof["size"] <= size:
            check_proof(lines[seq], proof)
    # Another start finds nothing to do.
    service.instances[-1].stop()
    service.serve()
    assert service.api().size() == size + 1
    verify(service, api)


def test_a_restore_repeats_retention_as_well_and_leaves_later_entries_alone(own_service: DataDirectory) -> None:
    service, old, young = own_service, Person("old"), Person("young")
    mail_life(service.api(), old)
    size = service.api().size()
    backup = dump(service)
    threading.Event().wait(1.2)
    mail_life(service.api(), young)
    hold(service.api(), from_seq=size, to_seq=10**6)
    threading.Event().wait(1.2)
    done = service.run_json("retention", "apply", "--older-than", "1s")
    assert done["entries"] >= 5 and done["held"] >= 5
    restore(service, backup)
    without = service.path / "elsewhere.jsonl"
    service.serve(arguments=["--erasure-journal", str(without)])
    mail_life(service.api(), young)
    assert traces(dump(service), old), "nothing knows of the erasure without its journal"
    service.instances[-1].stop()
    service.serve()
    after = dump(service)
    assert not traces(after, old) and traces(after, young)
    erased = service.api().json("/v1/entries", kind="access", outcome="erased")["entries"]
    assert [each["entry"]["data"]["event"] for each in erased] == ["retention"]
    assert erased[0]["entry"]["data"]["reapplied"] == done["erased_by"][0]
    assert max(listed(erased[0]["entry"]["data"]["seqs"])) < size
    assert service.verify().is_intact


def restore(service: DataDirectory, backup: bytes) -> None:
    """Puts the database back to a dump, as an operator would."""
    service.instances[-1].kill()
    with service.sql("postgres") as connection:
        connection.execute("DROP DATABASE countersign WITH (FORCE)")
        connection.execute("CREATE DATABASE countersign TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    done = subprocess.run(
        [str(binaries / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(service.path), "-U", "postgres",
         "countersign"], input=backup, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_a_journal_that_cannot_be_written_is_told_and_made_good(own_service: DataDirectory) -> None:
    service, person = own_service, Person()
    journal = service.path / "erasures.jsonl"
    mail_life(service.api(), person)
    journal.mkdir()
    said = problem(service.api().post("/v1/erasures", {
        "subject": person.address, "legal_basis": BASIS, "requester": "x"}), 503, "unavailable")
    assert "journal" in said["detail"]
    assert not traces(dump(service), person)
    service.instances[-1].stop()
    journal.rmdir()
    service.serve()
    assert len(journal.read_bytes().splitlines()) == 1
    assert service.verify().is_intact


# -- the command line


def test_commands_erase_and_hold(service: DataDirectory) -> None:
    api, person = new_ledger(service, "cli"), Person()
    origin = ["--ledger", api.origin]  # type: ignore[attr-defined]
    mail_life(api, person)
    held = service.run_json("hold", "add", *origin, "--subject", person.address, "--reference", "r", "--reason", "q")
    wish = ["erase", *origin, "--subject", person.address, "--legal-basis", BASIS, "--requester", "a letter"]
    done = service.run(*wish)
    assert done.returncode == 1 and held["id"] in done.stderr.decode()
    assert service.run_json("hold", "list", *origin)["holds"][0]["id"] == held["id"]
    assert held["id"] in service.run("hold", "list", *origin).stdout.decode()
    service.run_json("hold", "release", *origin, held["id"])
    assert service.run("hold", "release", *origin, held["id"]).returncode != 0
    assert service.run_json(*wish)["entries"] > 4
    assert not traces(dump(service), person)
    assert service.run("hold", "add", *origin, "--reference", "r", "--reason", "q").returncode == 2
    verify(service, api)


# -- the database itself


def test_the_service_may_not_erase_without_an_entry_that_says_so(service: DataDirectory) -> None:
    mail_life(service.api(), Person())
    with service.sql(role="countersign_app") as connection:
        for statement in (
            "DELETE FROM countersign.disclosures", "UPDATE countersign.disclosures SET disclosures = ''",
            "DELETE FROM countersign.subjects", "UPDATE countersign.keys SET request_tag = NULL",
            "UPDATE countersign.erased_ranges SET last_seq = 9", "DELETE FROM countersign.legal_holds",
            "SELECT countersign.erase(ledger_id, 3, ARRAY[1], ARRAY[''], ARRAY[]::bytea[]) FROM countersign.ledgers",
            "SELECT countersign.forget(ledger_id, 3, NULL, pseudonym) FROM countersign.subjects",
            "SELECT countersign.erase_report_heads(ledger_id, 3, 'a@b') FROM countersign.ledgers",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_scrubbed_files_hold_nothing_of_what_was_erased(
    own_service: DataDirectory, report: Callable[[str], None],
) -> None:
    service, person = own_service, Person()
    for number in range(10):
        mail_life(service.api(), person, number)
        mail_life(service.api(), Person("other"))
    with service.sql() as connection:
        rows = connection.execute("SELECT disclosures FROM countersign.disclosures").fetchall()
        sealed = {each.encode() for (text,) in rows for each in text.split("~") if traces(each.encode(), person)}
        erase(service.api(), person)
        connection.execute("CHECKPOINT")
        deleted = in_files(service, sealed)
        connection.execute("VACUUM countersign.disclosures")
        connection.execute("CHECKPOINT")
        vacuumed = in_files(service, sealed)
        assert service.run_json("retention", "scrub")["tables"] >= 3
        connection.execute("CHECKPOINT")
        scrubbed = in_files(service, sealed)
    report(f"of {len(sealed)} erased values in the files of the tables: deleted {deleted}, after VACUUM {vacuumed}, "
           f"scrubbed {scrubbed}")
    assert len(sealed) == deleted and scrubbed == 0
    assert service.verify().is_intact


def in_files(service: DataDirectory, sealed: set[bytes]) -> int:
    """How many of the values the data files hold, write-ahead log left aside."""
    files = b"".join(path.read_bytes() for path in (service.path / "postgres/base").rglob("*") if path.is_file())
    return sum(each in files for each in sealed)


def test_doctor_finds_the_rights_as_they_should_be(service: DataDirectory) -> None:
    done = service.run_json("doctor")
    assert not [each for each in done["checks"] if each["status"] == "fail"], done
