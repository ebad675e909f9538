"""The SPF test suite of openspf.org, through the service, its resolver and a real name server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from api import Api, ok
from name_server import NameServer, Zone
from paths import vectors

pytestmark = pytest.mark.mail

SUITE = "spf/rfc7208-tests-2014-05.yml"
CASES = 193


def zone_of(scenario: dict[str, Any]) -> Zone:
    """The zone data of a scenario, by the rules of shared/vectors/README.md."""
    zone = Zone()
    for owner, entries in scenario["zonedata"].items():
        zone.name(owner)
        has_texts = any(isinstance(entry, dict) and "TXT" in entry for entry in entries)
        for entry in entries:
            if entry == "TIMEOUT":
                zone.fail(owner, "drop")
                continue
            for kind, value in entry.items():
                add(zone, owner, kind, value, has_texts)
    return zone


def add(zone: Zone, owner: str, kind: str, value: Any, has_texts: bool) -> None:
    if kind == "SPF" and has_texts or value == "NONE":
        return
    if kind in ("SPF", "TXT"):
        strings = value if isinstance(value, list) else [value]
        raw = [octets(string) for string in strings]
        zone.txt(owner, *(part[at:at + 255] for part in raw for at in range(0, max(1, len(part)), 255)))
    elif kind == "MX":
        zone.add(owner, kind, f"{value[0]} {value[1].rstrip('.')}.")
    elif kind in ("PTR", "CNAME"):
        zone.add(owner, kind, f"{value.rstrip('.')}.")
    else:
        zone.add(owner, kind, value)


def octets(text: str) -> bytes:
    return text.encode("latin-1")


def test_all_cases_of_the_suite(api: Api, names: NameServer, report: Callable[[str], None]) -> None:
    scenarios = list(yaml.safe_load_all(vectors(SUITE).read_text("utf-8")))
    wrong: list[str] = []
    outcomes: dict[str, int] = {}
    explanations = 0
    for scenario in scenarios:
        names.zone = zone_of(scenario)
        for name, case in scenario["tests"].items():
            answer = ok(api.post("/v1/verifications/spf", {
                "ip": case["host"], "helo": case["helo"], "mail_from": case["mailfrom"]}), 200)
            wanted = case["result"] if isinstance(case["result"], list) else [case["result"]]
            if answer["result"] not in wanted:
                wrong.append(f"{scenario['description']}/{name}: {answer['result']} ({answer['reason']}), not {wanted}")
            explanation = case.get("explanation")
            if explanation not in (None, "DEFAULT") and answer["result"] == "fail":
                explanations += 1
                if answer.get("explanation") != explanation:
                    wrong.append(f"{name}: explains {answer.get('explanation')!r}, not {explanation!r}")
            outcomes[answer["result"]] = outcomes.get(answer["result"], 0) + 1
    total = sum(outcomes.values())
    report(f"{total - len(wrong)} of {total} right, {explanations} explanations; results: "
           + ", ".join(f"{name} {count}" for name, count in sorted(outcomes.items())))
    assert not wrong, "\n".join(wrong)
    assert total == CASES


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_the_first_name_of_a_client_is_the_first_of_the_answer(api: Api, names: NameServer, count: int) -> None:
    hosts = [f"host{number}.order.test" for number in range(count)]
    names.zone = Zone().txt("order.test", "v=spf1 -all exp=why.order.test").txt("why.order.test", "%{p}").add(
        "1.2.0.192.in-addr.arpa", "PTR", *(f"{host}." for host in hosts))
    for host in hosts:
        names.zone.add(host, "A", "192.0.2.1")
    # The names below the domain come first (RFC 7208 §7.2), and all of these are.
    answer = ok(api.post("/v1/verifications/spf", {
        "ip": "192.0.2.1", "helo": "mx.order.test", "mail_from": "a@order.test"}), 200)
    assert answer["explanation"] == hosts[0]
