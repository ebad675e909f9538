"""Messages as mail hosts see them: DKIM, SPF and DMARC through the service and a real name server."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import rfc8785

from api import Api, ok
from name_server import NameServer, Zone
from paths import BINARY, vectors

pytestmark = pytest.mark.mail

PLAIN = b"From: Billing <billing@acme.example>\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n"


def post(api: Api, message: bytes, **envelope: str) -> requests.Response:
    return api.call("POST", "/v1/verifications/message", data=message, params=envelope,
                    headers={"Content-Type": "message/rfc822"})


def check(api: Api, message: bytes, **envelope: str) -> dict[str, Any]:
    return ok(post(api, message, **envelope), 200)


def zone(policy: str = "v=DMARC1; p=reject") -> Zone:
    return (Zone().txt("acme.example", "v=spf1 ip4:192.0.2.0/24 -all").txt("_dmarc.acme.example", policy)
            .txt("other.test", "v=spf1 ip4:192.0.2.0/24 -all"))


def key_zone() -> Zone:
    """The keys of the signed messages among the vectors."""
    found = Zone()
    for owner, records in json.loads(vectors("dkim/keys.json").read_text()).items():
        for record in records:
            found.txt(owner, *(record[at:at + 255] for at in range(0, len(record), 255)))
    return found


def test_every_case_of_signed_messages(api: Api, names: NameServer, report: Callable[[str], None]) -> None:
    folder = vectors("dkim/cases.json").parent
    names.zone = key_zone()
    cases = json.loads((folder / "cases.json").read_text())["cases"]
    for case in cases:
        message = (folder / case["file"]).read_bytes()
        if "replace" in case:
            find, new = (case["replace"][side].encode() for side in ("find", "with"))
            assert message.count(find) == 1
            message = message.replace(find, new)
        found = [{"result": each["result"], "reason": each["reason"]}
                 for each in check(api, message)["results"]["dkim"]]
        assert found == case["expected"], case["id"]
    report(f"{len(cases)} messages")


@pytest.mark.parametrize(("envelope", "result", "assessment"), [
    ({"ip": "192.0.2.10", "helo": "mx.acme.example", "mail_from": "b@acme.example"}, "pass", "aligned"),
    ({"ip": "192.0.2.10", "helo": "mx.acme.example", "mail_from": "b@other.test"}, "fail", "unaligned"),
    ({"ip": "198.51.100.1", "helo": "mx.acme.example", "mail_from": "b@acme.example"}, "fail", "unauthenticated"),
    ({}, "fail", "unauthenticated"),
])
def test_an_unsigned_message_is_judged_by_its_envelope(
    api: Api, names: NameServer, envelope: dict[str, str], result: str, assessment: str,
) -> None:
    names.zone = zone()
    answer = check(api, PLAIN, **envelope)
    assert (answer["results"]["dmarc"]["result"], answer["assessment"]) == (result, assessment)


def test_a_pass_of_helo_alone_is_no_pass_of_dmarc(api: Api, names: NameServer) -> None:
    names.zone = zone()
    answer = check(api, PLAIN, ip="192.0.2.10", helo="acme.example")
    assert [(each["scope"], each["result"]) for each in answer["results"]["spf"]] == [("helo", "pass")]
    assert answer["results"]["dmarc"]["result"] == "fail"


def test_authors_of_two_domains_have_no_author_domain(api: Api, names: NameServer) -> None:
    names.zone = zone()
    answer = check(api, b"From: a@acme.example, b@other.test\r\n\r\n", ip="192.0.2.10", mail_from="b@acme.example")
    assert answer["results"]["dmarc"]["reason"] == "multiple_author_domains"
    assert answer["assessment"] == "unauthenticated"
    assert answer["message"]["author_domains"] == ["acme.example", "other.test"]


def test_what_a_message_says_of_itself_is_a_claim(api: Api, names: NameServer) -> None:
    names.zone = zone()
    claim = b"Authentication-Results: mx.google.com; dmarc=pass header.from=acme.example\r\n"
    answer = check(api, claim + PLAIN)
    assert answer["assessment"] == "unauthenticated"
    assert answer["claims"] == [{
        "type": "authentication-results", "position": 0, "trusted": False, "authserv_id": "mx.google.com",
        "results": [{"method": "dmarc", "result": "pass"}]}]


def test_a_silent_name_server_is_no_verdict(api: Api, names: NameServer) -> None:
    # Of a domain of its own, for libunbound remembers a failure for some seconds.
    names.zone = zone().fail("_dmarc.silent.test", "servfail")
    answer = check(api, b"From: a@silent.test\r\n\r\n", ip="192.0.2.10", mail_from="b@acme.example")
    assert (answer["results"]["dmarc"]["result"], answer["assessment"]) == ("temperror", "indeterminate")


def test_the_answer_names_the_bytes_and_holds_the_evidence(api: Api, names: NameServer) -> None:
    names.zone = zone()
    answer = post(api, PLAIN)
    assert ok(answer, 200)["message"]["raw_sha256"] == hashlib.sha256(PLAIN).hexdigest()
    for evidence in answer.json()["evidence"]:
        assert rfc8785.dumps(evidence) in answer.content


@pytest.mark.parametrize("message", [
    b"\n", b"\r\n", b"\x00" * 1000, b"From:\r\n" * 1000, b"no field at all", b"From: " + b"(" * 20_000,
    b"DKIM-Signature: v=1\r\n" * 1000 + PLAIN, b"\xff\xfe" * 500, b"a" * 1_000_000,
])
def test_any_bytes_get_a_verdict(api: Api, names: NameServer, message: bytes) -> None:
    names.zone = zone()
    assert check(api, message)["assessment"] in ("unauthenticated", "not_applicable")


def test_a_body_of_another_type_is_refused(api: Api) -> None:
    answer = api.post("/v1/verifications/message", PLAIN)
    assert answer.status_code == 415


@pytest.mark.parametrize("query", [{"ip": "nowhere"}, {"helo": "x" * 1025}, {"as_of": "yesterday"}, {"more": "1"}])
def test_an_envelope_that_cannot_be_understood_is_refused(api: Api, query: dict[str, str]) -> None:
    assert post(api, PLAIN, **query).status_code == 400


def test_a_flood_of_header_fields_is_refused_by_name(api: Api) -> None:
    answer = post(api, b"X: y\r\n" * 10_001 + PLAIN)
    assert answer.status_code == 400 and "10000 header fields" in answer.json()["detail"]


def test_the_command_gives_mail_in_unix_files_its_line_ends_back(names: NameServer, tmp_path: Path) -> None:
    folder = vectors("dkim/cases.json").parent
    names.zone = key_zone()
    cases = json.loads((folder / "cases.json").read_text())["cases"]
    case = next(each for each in cases if "replace" not in each and [r["result"] for r in each["expected"]] == ["pass"])
    message = (folder / case["file"]).read_bytes()
    assert b"\r\n" in message
    (tmp_path / "unix").write_bytes(message.replace(b"\r\n", b"\n"))
    done = subprocess.run(
        [str(BINARY), "message", "check", "--resolver", names.address, "--dns-timeout", "1s", "--json", "unix"],
        capture_output=True, check=False, timeout=60, cwd=tmp_path)
    [dkim] = json.loads(done.stdout)["result"]["results"]["dkim"]
    assert (dkim["result"], dkim["reason"]) == ("pass", "ok"), case["id"]


def test_the_command_checks_files_without_a_ledger(names: NameServer, tmp_path: Path) -> None:
    names.zone = zone()
    (tmp_path / "invoice.eml").write_bytes(PLAIN)
    (tmp_path / "hostile.eml").write_bytes(
        b"DKIM-Signature: v=1; a=rsa-sha256; d=\x1b[31mevil.example; s=s; h=from; bh=AAAA; b=AAAA\r\n" + PLAIN)

    def check(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(BINARY), "message", "check", "--resolver", names.address, "--dns-timeout", "1s", *arguments],
            capture_output=True, check=False, timeout=60, cwd=tmp_path)

    passed = check("invoice.eml", "--ip", "192.0.2.10", "--helo", "mx.acme.example", "--mail-from", "b@acme.example")
    assert passed.returncode == 0, passed.stderr
    assert passed.stdout.startswith(b"invoice.eml: aligned\n  dmarc pass")
    failed = check(".", "--json")
    assert failed.returncode == 1
    assert [json.loads(line)["file"] for line in failed.stdout.splitlines()] == ["./hostile.eml", "./invoice.eml"]
    assert b"\x1b" not in check("hostile.eml").stdout
    (tmp_path / "folder").mkdir()
    (tmp_path / "flood.eml").write_bytes(b"X: y\r\n" * 10_001 + PLAIN)
    told = check(".")
    assert told.returncode == 1 and b"./flood.eml: cannot be read: it has more than 10000 header fields" in told.stdout
    assert b"./invoice.eml" in told.stdout and b"folder" not in told.stdout
    missing = check("nowhere.eml")
    assert missing.returncode == 2 and b"nowhere.eml is not there" in missing.stderr
