"""Look-ups through the service's resolver: each way in which the name system may answer is told apart, and kept."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import dns.flags
import dns.message
import dns.rdatatype
import pytest
import rfc8785

from api import Api, ok
from name_server import NameServer, Zone
from service import DataDirectory

pytestmark = pytest.mark.mail

ADDRESS = "192.0.2.10"


def zone() -> Zone:
    zone = Zone()
    zone.txt("acme.example", "v=spf1 ip4:192.0.2.0/24 -all")
    zone.txt("strings.example", "v=spf1 ip4:192.", "0.2.0/24 -all")
    zone.add("alias.example", "CNAME", "acme.example.")
    zone.add("empty.example", "A", "192.0.2.1")
    zone.txt("long.example", "v=spf1 ip4:192.0.2.0/24 -all").fail("long.example", "truncate", "TXT")
    for number in range(40):
        zone.txt("long.example", f"filler {number} " + "x" * 200)
    for fault in ("drop", "servfail", "refused", "garbage", "wrong_id"):
        zone.fail(f"{fault}.example", fault)
    return zone


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    server = NameServer(zone())
    yield server
    server.close()


@pytest.fixture(scope="module")
def api(names: NameServer) -> Iterator[Api]:
    directory = DataDirectory()
    try:
        directory.serve(arguments=["--resolver", names.address, "--dns-timeout", "400ms"])
        yield directory.api()
    finally:
        directory.close()


def check(api: Api, domain: str) -> dict[str, Any]:
    return ok(api.post("/v1/verifications/spf", {
        "ip": ADDRESS, "helo": "mx.acme.example", "mail_from": f"bounce@{domain}"}), 200)


@pytest.mark.parametrize(("domain", "result", "outcome"), [
    ("acme.example", "pass", "answer"),
    ("strings.example", "pass", "answer"),
    ("alias.example", "pass", "answer"),
    ("long.example", "pass", "answer"),
    ("empty.example", "none", "nodata"),
    ("missing.example", "none", "nxdomain"),
    ("servfail.example", "temperror", "servfail"),
    ("drop.example", "temperror", "timeout"),
])
def test_each_answer_is_told_apart(api: Api, domain: str, result: str, outcome: str) -> None:
    answer = check(api, domain)
    assert (answer["result"], answer["evidence"][0]["outcome"]) == (result, outcome)


@pytest.mark.parametrize("domain", ["refused.example", "garbage.example", "wrong_id.example"])
def test_a_server_that_answers_nonsense_says_neither_yes_nor_no(api: Api, domain: str) -> None:
    answer = check(api, domain)
    assert answer["result"] == "temperror"
    assert answer["evidence"][0]["outcome"] in ("servfail", "refused", "timeout")


def test_the_wire_answer_is_kept(api: Api) -> None:
    evidence = check(api, "strings.example")["evidence"][0]
    packet = base64.urlsafe_b64decode(evidence["packet"] + "==")
    message = dns.message.from_wire(packet)
    assert message.question[0].name.to_text() == "strings.example."
    assert [rdata.strings for rrset in message.answer for rdata in rrset] == [(b"v=spf1 ip4:192.", b"0.2.0/24 -all")]
    assert evidence["resolver"]["kind"] == "libunbound"
    assert evidence["dnssec"] == "unchecked"


def test_evidence_is_canonical_json_in_the_answer(api: Api) -> None:
    answer = api.post("/v1/verifications/spf", {"ip": ADDRESS, "helo": "mx.acme.example", "mail_from": "a@acme.example"})
    for evidence in ok(answer, 200)["evidence"]:
        canonical = rfc8785.dumps(evidence)
        assert canonical in answer.content, hashlib.sha256(canonical).hexdigest()


def test_a_truncated_answer_is_fetched_over_tcp(api: Api, names: NameServer) -> None:
    evidence = check(api, "long.example")["evidence"][0]
    message = dns.message.from_wire(base64.urlsafe_b64decode(evidence["packet"] + "=="))
    assert not message.flags & dns.flags.TC
    assert sum(len(rrset) for rrset in message.answer if rrset.rdtype == dns.rdatatype.TXT) == 41


def test_a_question_whose_answer_still_holds_is_not_asked_again(api: Api, names: NameServer) -> None:
    first = check(api, "acme.example")
    asked = len(names.questions)
    assert check(api, "acme.example") == first
    assert len(names.questions) == asked


@pytest.mark.parametrize("body", [
    {}, {"ip": "192.0.2.10"}, {"ip": "192.0.2.256", "helo": "a.example"}, {"ip": 1, "helo": "a.example"},
    {"ip": "192.0.2.10", "helo": "a.example", "mail_from": "x" * 1025},
    {"ip": "192.0.2.10", "helo": "a.example", "mailfrom": "a@b.example"},
])
def test_a_request_that_cannot_be_understood_is_refused(api: Api, body: dict[str, Any]) -> None:
    answer = api.post("/v1/verifications/spf", body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
