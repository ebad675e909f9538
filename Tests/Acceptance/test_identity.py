"""Checks of sender identities, while their zone changes."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import rfc8785

from api import Api, ok
from name_server import NameServer, Zone

pytestmark = pytest.mark.mail

KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
IDENTITY = {"identity": "acme.example", "selectors": ["s1"], "addresses": ["192.0.2.10"]}


def zone(policy: str | None) -> Zone:
    zone = Zone().txt("acme.example", "v=spf1 ip4:192.0.2.0/24 -all").txt("s1._domainkey.acme.example", KEY)
    return zone.txt("_dmarc.acme.example", policy) if policy else zone


def check(api: Api) -> dict[str, Any]:
    return ok(api.post("/v1/verifications/identity", IDENTITY), 200)


@pytest.mark.parametrize(("policy", "assessment", "codes"), [
    (None, "unprotected", ["dmarc.no_record"]),
    ("v=DMARC1; p=none; rua=mailto:d@acme.example", "monitoring", ["dmarc.p_none"]),
    ("v=DMARC1; p=reject; rua=mailto:d@acme.example", "protected", []),
    ("v=DMARC1; p=reject; sp=bad", "misconfigured", ["dmarc.record_not_applicable", "dmarc.anomaly"]),
])
def test_it_follows_the_zone(
    api: Api, names: NameServer, policy: str | None, assessment: str, codes: list[str],
) -> None:
    names.zone = zone(policy)
    answer = check(api)
    assert (answer["assessment"], [finding["code"] for finding in answer["findings"]]) == (assessment, codes)


def test_a_silent_name_server_makes_nobody_unprotected(api: Api, names: NameServer) -> None:
    names.zone = zone(None).fail("_dmarc.acme.example", "drop")
    answer = check(api)
    assert answer["assessment"] == "indeterminate"
    assert answer["dmarc"]["reason"] == "dns_timeout"
    assert set(answer["provider_rules"].values()) == {"not_met:unknown"}


def test_each_step_of_the_walk_points_at_its_evidence(api: Api, names: NameServer) -> None:
    names.zone = zone("v=DMARC1; p=reject")
    answer = check(api)
    kept = {hashlib.sha256(rfc8785.dumps(each)).hexdigest() for each in answer["evidence"]}
    steps = answer["dmarc"]["discovery"]
    assert [step["name"] for step in steps] == ["_dmarc.acme.example", "_dmarc.example"]
    assert {step["evidence"] for step in steps} <= kept


@pytest.mark.parametrize("body", [
    {}, {"identity": "acme"}, {"identity": "acme..example"}, {"identity": "ac me.example"},
    {"identity": "acme.example", "selectors": "s1"}, {"identity": "acme.example", "selectors": ["s" * 64]},
    {"identity": "acme.example", "addresses": ["192.0.2.1"] * 51}, {"identity": "acme.example", "more": 1},
])
def test_a_request_that_cannot_be_understood_is_refused(api: Api, body: dict[str, Any]) -> None:
    answer = api.post("/v1/verifications/identity", body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
