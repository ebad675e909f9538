"""DNSSEC from a real signed zone to the kept evidence: secure, insecure, bogus, expired, and no answer at all."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest

from api import Api, ok
from name_server import NameServer, Zone
from paths import ROOT
from reference import from_base64url
from service import DataDirectory
from zones import SPF, Sender, signed

sys.path.insert(0, str(ROOT / "ops"))

import knot  # noqa: E402
from knot import Knot  # noqa: E402

pytestmark = pytest.mark.mail

SECURE, PLAIN, EXPIRED, TAMPERED, SILENT = (
    f"{name}.test" for name in ("secure", "plain", "expired", "tampered", "silent"))
FORGED = "v=spf1 ip4:203.0.113.0/24 -all"
# What is changed in the tampered zone after it was signed. All of it could be used.
FORGERIES = ((SPF, FORGED), ("p=reject", "p=none"), ("k=ed25519; p=", "k=ed25519; n=forged; p="))
# Whom the true record lets pass, whom the forged one does, and whom neither does.
CLIENTS = ("192.0.2.10", "203.0.113.10", "198.51.100.10")
DAY, HOUR = 86_400, 3_600


@dataclass
class Setting:
    """Zones, and two services: one trusts the zones' own keys, the other a key that is not theirs."""

    sender: Sender
    server: Knot
    anchors: dict[str, str]
    trusting: Api
    misled: Api


@dataclass(frozen=True)
class Evidence:
    """What was kept of one look-up."""

    outcome: str
    dnssec: str
    why_bogus: str | None
    packet: dns.message.Message | None


@pytest.fixture(scope="module")
def setting() -> Iterator[Setting]:
    if knot.program() is None:
        assert os.environ.get("CI") != "true", "knotd is missing: apt-get install knot"
        pytest.skip("knotd is missing: apt-get install knot")
    sender = Sender()
    expired = signed(EXPIRED, sender.zone(EXPIRED), began=-30 * DAY, ends=-DAY)
    tampered = signed(TAMPERED, sender.zone(TAMPERED), began=-HOUR, ends=DAY)
    forged = tampered.text
    for true, false in FORGERIES:
        assert forged.count(true) == 1
        forged = forged.replace(true, false)
    with ExitStack() as stack:
        server = Knot({"test": parent(), SECURE: sender.zone(SECURE), PLAIN: sender.zone(PLAIN), EXPIRED: expired.text,
                       TAMPERED: forged}, signed=[SECURE])
        stack.callback(server.close)
        silent = NameServer(Zone().fail(SILENT, "drop").fail(f"_dmarc.{SILENT}", "drop"))
        stack.callback(silent.close)
        anchors = {SECURE: server.anchor(SECURE), EXPIRED: expired.anchor, TAMPERED: tampered.anchor}
        strange = signed(SECURE, sender.zone(SECURE), began=-HOUR, ends=DAY).anchor
        yield Setting(sender, server, anchors, served(stack, server, silent, anchors),
                      served(stack, server, silent, {SECURE: strange}))


def parent() -> str:
    """The zone above, unsigned and without a DMARC record."""
    return f"$ORIGIN test.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1\n"


def served(stack: ExitStack, server: Knot, silent: NameServer, anchors: dict[str, str]) -> Api:
    """A service that asks these servers about `test` and trusts these keys."""
    directory = DataDirectory()
    stack.callback(directory.close)
    file = directory.base / "anchors"
    file.write_text("".join(anchors.values()))
    stubs = [f"{zone}={server.address}" for zone in ("test", SECURE, PLAIN, EXPIRED, TAMPERED)]
    directory.serve(arguments=[
        *(part for stub in [*stubs, f"{SILENT}={silent.address}"] for part in ("--dns-stub", stub)),
        "--trust-anchor-file", str(file), "--dns-timeout", "1s"])
    return directory.api()


def kept(answer: dict[str, Any], name: str, kind: str = "TXT") -> Evidence:
    """The evidence of the question, of which there must be one piece."""
    found = [each for each in answer["evidence"] if (each["qname"], each["qtype"]) == (name, kind)]
    assert len(found) == 1, f"{len(found)} pieces of evidence for {name} {kind}"
    packet = found[0].get("packet")
    return Evidence(found[0]["outcome"], found[0]["dnssec"], found[0].get("why_bogus"),
                    dns.message.from_wire(from_base64url(packet)) if packet else None)


def recorded(api: Api, path: str, **request: Any) -> dict[str, Any]:
    """A recorded check; its evidence is what the ledger keeps, under the digests that the entry names."""
    params = {"record": "true", **request.pop("params", {})}
    answer = ok(api.call("POST", path, params=params, **request), 201)
    digests = api.json(f"/v1/entries/{answer['seq']}")["entry"]["data"]["evidence"]
    return {**answer, "evidence": [api.json(f"/v1/dns-evidence/{digest}") for digest in digests]}


def spf(api: Api, zone: str, client: str = CLIENTS[0]) -> dict[str, Any]:
    return recorded(api, "/v1/verifications/spf", json={"ip": client, "helo": "mx.test", "mail_from": f"a@{zone}"})


def identity(api: Api, zone: str) -> dict[str, Any]:
    ok(api.call("PUT", f"/v1/identities/{zone}", json={"selectors": ["s1"], "addresses": [CLIENTS[0]]}), 200, 201)
    return recorded(api, "/v1/verifications/identity", json={"identity": zone})


def message(api: Api, sender: Sender, zone: str) -> dict[str, Any]:
    envelope = {"ip": CLIENTS[0], "helo": "mx.test", "mail_from": f"a@{zone}"}
    return recorded(api, "/v1/verifications/message", data=sender.mail(zone), params=envelope,
                    headers={"Content-Type": "message/rfc822"})


# -- secure and insecure: the same verdicts, and the evidence says how much they are worth


@pytest.mark.parametrize(("zone", "dnssec"), [(SECURE, "secure"), (PLAIN, "insecure")])
def test_what_a_zone_says_is_evaluated(setting: Setting, zone: str, dnssec: str) -> None:
    results = [spf(setting.trusting, zone, client) for client in CLIENTS]
    assert [(each["result"], each["reason"]) for each in results] == [
        ("pass", "matched:ip4"), ("fail", "matched:all"), ("fail", "matched:all")]
    checked = identity(setting.trusting, zone)
    assert (checked["assessment"], checked["dmarc"]["effective_policy"]) == ("protected", "reject")
    judged = message(setting.trusting, setting.sender, zone)
    assert (judged["assessment"], judged["results"]["dmarc"]["result"]) == ("aligned", "pass")
    for answer, name in ((results[0], zone), (checked, f"_dmarc.{zone}"), (judged, f"s1._domainkey.{zone}")):
        evidence = kept(answer, name)
        assert (evidence.outcome, evidence.dnssec, evidence.why_bogus) == ("answer", dnssec, None)


# -- bogus: no verdict, and nothing of the answer is used


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("case", ["wrong key", "tampered", "expired"])
def test_a_bogus_answer_neither_passes_nor_fails(setting: Setting, case: str, client: str) -> None:
    api, zone = bogus(setting, case)
    answer = spf(api, zone, client)
    assert (answer["result"], answer["reason"], answer["lookups"]) == ("temperror", "dns_bogus", 0)
    assert "matched_term" not in answer and "explanation" not in answer
    evidence = kept(answer, zone)
    assert (evidence.outcome, evidence.dnssec) == ("bogus", "bogus")
    assert evidence.why_bogus
    if case == "expired":
        assert "expired" in evidence.why_bogus


@pytest.mark.parametrize("case", ["wrong key", "tampered", "expired"])
def test_a_bogus_zone_makes_a_domain_indeterminate(setting: Setting, case: str) -> None:
    api, zone = bogus(setting, case)
    answer = identity(api, zone)
    assert (answer["assessment"], answer["dmarc"]["reason"]) == ("indeterminate", "dns_bogus")
    assert "record" not in answer["dmarc"] and "effective_policy" not in answer["dmarc"]
    assert answer["spf"]["reason"] == "dns_bogus" and "record" not in answer["spf"]
    assert [each["reason"] for each in answer["dkim"]] == ["dns_bogus"]
    assert kept(answer, f"_dmarc.{zone}").dnssec == "bogus"


@pytest.mark.parametrize("case", ["wrong key", "tampered", "expired"])
def test_a_bogus_key_verifies_no_message(setting: Setting, case: str) -> None:
    api, zone = bogus(setting, case)
    answer = message(api, setting.sender, zone)
    assert answer["assessment"] == "indeterminate"
    assert [(each["result"], each["reason"]) for each in answer["results"]["dkim"]] == [("temperror", "dns_bogus")]
    assert [(each["result"], each["reason"]) for each in answer["results"]["spf"]
            if each["scope"] == "mfrom"] == [("temperror", "dns_bogus")]
    assert answer["results"]["dmarc"]["result"] == "temperror"


def bogus(setting: Setting, case: str) -> tuple[Api, str]:
    """The service and the zone of a case."""
    return {"wrong key": (setting.misled, SECURE), "tampered": (setting.trusting, TAMPERED),
            "expired": (setting.trusting, EXPIRED)}[case]


# -- no answer


def test_no_answer_is_no_verdict(setting: Setting) -> None:
    answer = spf(setting.trusting, SILENT)
    assert (answer["result"], answer["reason"]) == ("temperror", "dns_timeout")
    assert kept(answer, SILENT) == Evidence("timeout", "unchecked", None, None)
    checked = identity(setting.trusting, SILENT)
    assert (checked["assessment"], checked["dmarc"]["reason"]) == ("indeterminate", "dns_timeout")


# -- denial


def test_what_is_not_there_is_proven(setting: Setting) -> None:
    absent, other = (spf(setting.trusting, f"{label}.{SECURE}") for label in ("nowhere", "only"))
    assert [(each["result"], each["reason"]) for each in (absent, other)] == [("none", "no_record")] * 2
    nxdomain, nodata = kept(absent, f"nowhere.{SECURE}"), kept(other, f"only.{SECURE}")
    assert (nxdomain.outcome, nxdomain.dnssec) == ("nxdomain", "secure")
    assert (nodata.outcome, nodata.dnssec) == ("nodata", "secure")
    assert any(covers(each, f"nowhere.{SECURE}") for each in proofs(setting, nxdomain))
    name = dns.name.from_text(f"only.{SECURE}")
    assert [each[0].to_text().split()[1:] for each in proofs(setting, nodata) if each.name == name] == [
        ["A", "RRSIG", "NSEC"]]


def proofs(setting: Setting, evidence: Evidence) -> list[dns.rrset.RRset]:
    """The NSEC records of a denial, whose signatures hold."""
    assert evidence.packet is not None
    found = [each for each in evidence.packet.authority if each.rdtype == dns.rdatatype.NSEC]
    for each in found:
        dns.dnssec.validate(each, signatures(evidence.packet.authority, each), keys(setting, SECURE))
    return found


def covers(denial: dns.rrset.RRset, name: str) -> bool:
    """Whether the name lies in the gap of an NSEC record (RFC 4034 §6.1); the last one points back to the zone."""
    absent, following = dns.name.from_text(name), denial[0].next
    return denial.name < absent and (absent < following or following <= denial.name)


# -- the evidence alone, judged by dnspython


@pytest.mark.parametrize("name", [SECURE, f"_dmarc.{SECURE}", f"s1._domainkey.{SECURE}"])
def test_kept_evidence_is_genuine_to_another_validator(setting: Setting, name: str) -> None:
    evidence = kept(message(setting.trusting, setting.sender, SECURE), name)
    records, signature = signed_answer(evidence)
    dns.dnssec.validate(records, signature, keys(setting, SECURE))
    with pytest.raises(dns.dnssec.ValidationFailure):
        changed = dns.rrset.from_text(records.name, records.ttl, "IN", "TXT", '"v=spf1 +all"')
        dns.dnssec.validate(changed, signature, keys(setting, SECURE))


def test_kept_evidence_of_an_expired_signature_was_genuine_once(setting: Setting) -> None:
    evidence = kept(spf(setting.trusting, EXPIRED), EXPIRED)
    records, signature = signed_answer(evidence)
    dns.dnssec.validate(records, signature, keys(setting, EXPIRED), now=time.time() - 2 * DAY)
    with pytest.raises(dns.dnssec.ValidationFailure):
        dns.dnssec.validate(records, signature, keys(setting, EXPIRED))


def test_kept_evidence_of_a_tampered_answer_shows_the_forgery(setting: Setting) -> None:
    evidence = kept(spf(setting.trusting, TAMPERED), TAMPERED)
    records, signature = signed_answer(evidence)
    assert records[0].strings == (FORGED.encode(),)
    with pytest.raises(dns.dnssec.ValidationFailure):
        dns.dnssec.validate(records, signature, keys(setting, TAMPERED))


def signed_answer(evidence: Evidence) -> tuple[dns.rrset.RRset, dns.rrset.RRset]:
    """The TXT records of the packet, and their signatures."""
    assert evidence.packet is not None
    records = next(each for each in evidence.packet.answer if each.rdtype == dns.rdatatype.TXT)
    return records, signatures(evidence.packet.answer, records)


def signatures(section: list[dns.rrset.RRset], records: dns.rrset.RRset) -> dns.rrset.RRset:
    return next(each for each in section if each.name == records.name and each.rdtype == dns.rdatatype.RRSIG
                and each.covers == records.rdtype)


def keys(setting: Setting, zone: str) -> dict[dns.name.Name, dns.rrset.RRset]:
    """The key of a zone, in dnspython's form."""
    owner, ttl, _, kind, text = setting.anchors[zone].strip().split(" ", 4)
    return {dns.name.from_text(zone): dns.rrset.from_text(owner, int(ttl), "IN", kind, text)}
