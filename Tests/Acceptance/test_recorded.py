"""Checks that become entries: what they hold and seal, what follows from them, and that they can be run again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from api import Api, ok, problem
from name_server import NameServer, Zone
from service import DataDirectory, unique, wait_until

pytestmark = pytest.mark.mail

KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ENVELOPE = {"ip": "192.0.2.10", "helo": "mx.acme.example", "mail_from": "bounce+kim=customer.example@acme.example"}


@pytest.fixture(scope="module")
def directory(names: NameServer) -> Iterator[DataDirectory]:
    directory = DataDirectory()
    try:
        directory.serve(arguments=["--resolver", names.address, "--dns-timeout", "300ms", "--dns-cache-time", "1ms"])
        yield directory
    finally:
        directory.close()


@pytest.fixture
def api(directory: DataDirectory) -> Api:
    return directory.api()


def zone(policy: str = "v=DMARC1; p=reject") -> Zone:
    return (Zone().txt("acme.example", "v=spf1 ip4:192.0.2.0/24 -all").txt("_dmarc.acme.example", policy)
            .txt("s1._domainkey.acme.example", KEY))


def mail(message_id: str, author: str = "Billing <billing@acme.example>") -> bytes:
    return f"From: {author}\r\nMessage-ID: {message_id}\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n".encode()


def record(api: Api, message: bytes, **query: str) -> dict[str, Any]:
    return ok(api.call("POST", "/v1/verifications/message", data=message, params={"record": "true", **query},
                       headers={"Content-Type": "message/rfc822"}), 201)


def set_identity(api: Api, identity: str) -> int:
    """Makes the identity, if it is not there; gives its last check's entry."""
    ok(api.call("PUT", f"/v1/identities/{identity}", json={"selectors": ["s1"], "addresses": ["192.0.2.10"]}), 200, 201)
    return wait_until(lambda: api.json(f"/v1/identities/{identity}").get("verification_seq"), 20, "the first check")


def record_identity(api: Api, identity: str) -> dict[str, Any]:
    set_identity(api, identity)
    return ok(api.call("POST", "/v1/verifications/identity", params={"record": "true"}, json={"identity": identity}), 201)


def replay(api: Api, seq: int, message: bytes | None = None) -> Any:
    headers = {"Content-Type": "message/rfc822"} if message else {}
    return api.call("POST", f"/v1/verifications/{seq}/replay", data=message, headers=headers)


def fresh_id() -> str:
    return f"<{unique('m')}@acme.example>"


def test_the_entry_of_a_message_names_results_and_evidence_and_no_person(api: Api, names: NameServer) -> None:
    names.zone = zone()
    message_id = fresh_id()
    checked = record(api, mail(message_id), **ENVELOPE)
    entry = api.json(f"/v1/entries/{checked['seq']}")
    assert (entry["entry"]["kind"], entry["entry"]["outcome"]) == ("verification", "aligned")
    assert (entry["entry"]["message_id"], entry["entry"]["sender"]) == (message_id, "billing@acme.example")
    assert "kim=" not in entry["line"] and "customer" not in entry["line"] and hashlib.sha256(mail(message_id)).hexdigest() not in entry["line"]
    data = entry["entry"]["data"]
    assert (data["dmarc"]["result"], data["dmarc"]["spf_alignment"], data["phase"]) == ("pass", "strict", "post_send")
    assert entry["personal"]["envelope"]["mail_from"] == ENVELOPE["mail_from"]
    assert entry["personal"]["result"]["message"]["raw_sha256"] == hashlib.sha256(mail(message_id)).hexdigest()
    assert len(data["evidence"]) == len(checked["evidence"]) >= 2


def test_evidence_is_kept_under_the_digest_that_the_entry_names(api: Api, names: NameServer) -> None:
    names.zone = zone()
    checked = record(api, mail(fresh_id()), **ENVELOPE)
    for digest in api.json(f"/v1/entries/{checked['seq']}")["entry"]["data"]["evidence"]:
        kept = api.get(f"/v1/dns-evidence/{digest}")
        assert hashlib.sha256(kept.content).hexdigest() == digest
    problem(api.get(f"/v1/dns-evidence/{'0' * 64}"), 404, "not_found")


def test_the_author_of_inbound_mail_is_sealed(api: Api, names: NameServer) -> None:
    names.zone = zone()
    checked = record(api, mail(fresh_id(), "Kim <kim@customer.example>"), phase="inbound", **ENVELOPE)
    entry = api.json(f"/v1/entries/{checked['seq']}")
    assert "sender" not in entry["entry"] and "kim@" not in entry["line"]
    assert entry["personal"]["author"] == "kim@customer.example"
    found = api.json("/v1/entries", recipient="kim@customer.example")["entries"]
    assert checked["seq"] in [each["entry"]["seq"] for each in found]


def test_a_check_is_run_again_years_later_with_the_same_bytes(api: Api, names: NameServer) -> None:
    names.zone = zone()
    message = mail(fresh_id())
    seqs = record(api, message, **ENVELOPE)["seq"], record_identity(api, "acme.example")["seq"]
    names.zone = Zone()
    asked = len(names.questions)
    for seq, body in zip(seqs, (message, None), strict=True):
        again = ok(replay(api, seq, body), 200)
        assert (again["identical"], again["lost_evidence"], again["not_asked_before"]) == (True, 0, [])
    assert len(names.questions) == asked, "a replay asks nobody"


def test_a_check_by_spf_alone_is_recorded_for_its_message(api: Api, names: NameServer) -> None:
    names.zone = zone()
    message_id = fresh_id()
    body = {**ENVELOPE, "message_id": message_id}
    checked = ok(api.call("POST", "/v1/verifications/spf", params={"record": "true"}, json=body), 201)
    entry = api.json(f"/v1/entries/{checked['seq']}")
    assert (entry["entry"]["message_id"], entry["entry"]["outcome"]) == (message_id, "not_applicable")
    assert "kim=" not in entry["line"] and "customer" not in entry["line"]
    assert ok(replay(api, checked["seq"]), 200)["identical"]


def test_a_replay_wants_the_message_that_was_checked(api: Api, names: NameServer) -> None:
    names.zone = zone()
    seq = record(api, mail(fresh_id()), **ENVELOPE)["seq"]
    problem(replay(api, seq), 400, "invalid_parameter")
    problem(replay(api, seq, mail(fresh_id())), 400, "invalid_parameter")
    problem(replay(api, 0), 400, "invalid_parameter")
    problem(replay(api, 10**9), 404, "not_found")


def test_a_claim_of_a_producer_is_no_check(api: Api) -> None:
    claimed = api.append([{"kind": "verification", "outcome": "aligned", "data": {
        "event": "identity.verified", "identity": "claimed.example", "engine": "x", "evidence": [],
        "settings": {}, "result": {"evaluated_at": "2026-01-01T00:00:00.000000Z"}}}])[0]
    problem(replay(api, claimed["seq"]), 400, "invalid_parameter")
    problem(api.get("/v1/identities/claimed.example/history"), 404, "not_found")


def test_a_caller_does_not_choose_what_a_recorded_check_is_held_to(api: Api, names: NameServer) -> None:
    names.zone = zone()
    record_identity(api, "acme.example")
    for body, status in (({"identity": "acme.example", "addresses": []}, 400), ({"identity": "other.example"}, 404)):
        problem(api.call("POST", "/v1/verifications/identity", params={"record": "true"}, json=body), status)


def test_each_send_is_joined_to_the_check_in_force_at_its_time(api: Api, names: NameServer) -> None:
    domain = f"{unique('d')}.example"
    sender, message_id = f"billing@{domain}", fresh_id()

    def send(outcome: str) -> int:
        return api.append([{"kind": "send", "outcome": outcome, "message_id": message_id, "sender": sender}])[0]["seq"]

    def publish(policy: str) -> None:
        names.zone = (Zone().txt(domain, "v=spf1 ip4:192.0.2.0/24 -all").txt(f"_dmarc.{domain}", f"v=DMARC1; p={policy}")
                      .txt(f"s1._domainkey.{domain}", KEY))

    publish("none")
    seqs = [send("requested"), set_identity(api, domain), send("sent")]
    publish("reject")
    seqs += [record_identity(api, domain)["seq"], send("delivered")]
    assert api.json("/v1/messages/" + quote(message_id, safe=""))["alignment"] == [
        {"seq": seqs[2], "identity": domain, "verification_seq": seqs[1], "assessment": "monitoring"},
        {"seq": seqs[4], "identity": domain, "verification_seq": seqs[3], "assessment": "protected"}]
    for alignment, wanted in (("monitoring", [seqs[2]]), ("protected", [seqs[4]]), ("misconfigured", [])):
        found = api.json("/v1/entries", alignment=alignment, sender=sender)["entries"]
        assert [each["entry"]["seq"] for each in found] == wanted, alignment


def test_the_last_check_of_a_message_decides_where_sends_are_filtered(api: Api, names: NameServer) -> None:
    names.zone = zone()
    message_id = fresh_id()
    sent = api.append([{"kind": "send", "outcome": "sent", "message_id": message_id}])[0]["seq"]
    claim = {"kind": "verification", "outcome": "aligned", "message_id": message_id,
             "data": {"event": "message.verified", "phase": "post_send"}}

    def found(alignment: str) -> list[int]:
        return [each["entry"]["seq"] for each in api.json(
            "/v1/entries", alignment=alignment, message_id=message_id)["entries"]]

    api.append([claim])
    assert found("aligned") == [], "what a producer claims does not count"
    record(api, mail(message_id))
    assert (found("aligned"), found("unauthenticated")) == ([], [sent])
    record(api, mail(message_id), **ENVELOPE)
    assert (found("aligned"), found("unauthenticated")) == ([sent], [])
    record(api, mail(message_id), phase="inbound")
    assert found("aligned") == [sent], "a stranger's mail with the same message ID says nothing of ours"


def test_a_silent_name_server_is_recorded_as_indeterminate(api: Api, names: NameServer) -> None:
    domain = f"{unique('s')}.example"
    names.zone = Zone().txt(domain, "v=spf1 -all").fail(f"_dmarc.{domain}", "drop")
    checked = record_identity(api, domain)
    assert checked["assessment"] == "indeterminate"
    kept = [api.json(f"/v1/dns-evidence/{digest}") for digest in
            api.json(f"/v1/entries/{checked['seq']}")["entry"]["data"]["evidence"]]
    assert {"timeout"} == {each["outcome"] for each in kept if each["qname"] == f"_dmarc.{domain}"}
    assert ok(replay(api, checked["seq"]), 200)["identical"]


def test_hostile_mail_is_recorded_within_the_limits_of_a_line(api: Api, names: NameServer) -> None:
    names.zone = zone()
    many = b"".join(
        b"DKIM-Signature: v=1; a=rsa-sha256; d=" + (f"{number}." + "x" * 60).encode() + b".example; s=s; h="
        + b":".join([b"from"] * 500) + b"; bh=AAAA; b=AAAA\r\n" for number in range(1000))
    for message in (many + mail(fresh_id()), b"\0" * 1000 + mail(fresh_id()), b"From: a\0b@acme.example\r\n\r\n",
                    b"From: " + b"a@acme.example, " * 5000 + b"\r\n\r\n", b"\n", mail("<" + "x" * 2000 + "@a>"),
                    mail(fresh_id(), "a@acme.example\r\nFrom: b@other.example")):
        checked = record(api, message, **ENVELOPE)
        assert len(api.json(f"/v1/entries/{checked['seq']}")["line"]) < 60_000
        assert ok(replay(api, checked["seq"], message), 200)["identical"]


def test_the_ledger_verifies_and_what_was_lost_is_named(directory: DataDirectory, names: NameServer) -> None:
    names.zone = zone()
    api = directory.api()
    seq = record_identity(api, "acme.example")["seq"]
    assert directory.verify().is_intact
    with directory.sql() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM countersign.dns_evidence WHERE digest = (SELECT digest FROM"
                           " countersign.dns_evidence ORDER BY digest LIMIT 1)")
    assert directory.verify().checks == {"evidence"}
    assert wait_until(lambda: api.json("/v1/tree")["size"] > seq, 5, "the ledger")
