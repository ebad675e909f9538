"""Random zones: pyspf and the service say the same, but for habits of pyspf that are named."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

import pyspf_habits
from api import Api, ok
from explained import Comparison
from name_server import NameServer, Zone

pytestmark = pytest.mark.mail

# Of the option --entries, which says how much a run may take.
ENTRIES_PER_ZONE = 5
ZONES_MAX = 2_000

HOSTS = ("a", "b", "c", "d", "e", "void", "x.a", "v4", "v6", "foo.a")
SENDERS = HOSTS[:5]
IPV4 = tuple(f"192.0.2.{number}" for number in range(1, 5))
IPV6 = tuple(f"2001:db8::{number}" for number in range(1, 4))
# The kinds of terms, and how often each comes.
TERMS = ("a", "mx", "include", "ptr", "exists", "ip4", "ip6", "all", "redirect", "exp", "foo", "broken")
WEIGHTS = (17, 14, 18, 9, 13, 9, 5, 4, 7, 4, 2, 0.5)
EXPLANATIONS = ("why %{i} %{d} %{s} %{p}", "%{x}", "%{L}/%{H}", "see %{c}%_%-%%.")
SHOWN_MAX = 5
RESULTS = {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}
REASONS = {"matched:all", "matched:include", "matched:a", "matched:mx", "matched:ptr", "matched:ip4", "matched:ip6",
           "matched:exists", "default", "no_record", "multiple_records", "syntax", "too_many_lookups",
           "too_many_voids", "include_none", "redirect_none", "dns_servfail"}


@dataclass
class Case:
    """A client, and the zone that says whether it may send."""

    zone: Zone
    client: str
    helo: str
    mail_from: str
    records: dict[str, list[str]]

    def __str__(self) -> str:
        names = "\n".join(f"    {name} {text}" for name, texts in self.records.items() for text in texts)
        return f"client {self.client}, HELO {self.helo}, MAIL FROM {self.mail_from}\n{names}"


class Zones:
    """Makes cases. The names of each are its own, for a resolver remembers what failed."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._number = 0
        self._base = ""

    def case(self) -> Case:
        rng = self._rng
        self._number += 1
        self._base = f"n{self._number}.test"
        case = Case(Zone(), rng.choice(IPV4 + IPV6), self._name(rng.choice(("h", "a"))), "", {})
        if rng.random() < 0.9:
            case.mail_from = f"foo-bar@{self._name(rng.choice(SENDERS))}"
        self._add(case, self._name("exp"), "TXT", rng.choice(EXPLANATIONS))
        for place, host in enumerate(HOSTS):
            self._fill(case, host, HOSTS[place + 1:])
        for address in IPV4:
            if rng.random() < 0.85:
                reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
                for host in rng.sample(HOSTS, rng.randint(1, 5)):
                    self._add(case, reverse, "PTR", self._name(host) + ".")
        return case

    def _name(self, host: str) -> str:
        return f"{host}.{self._base}"

    @staticmethod
    def _add(case: Case, owner: str, kind: str, value: str) -> None:
        case.records.setdefault(owner, []).append(f"{kind} {value}")
        if kind == "TXT":
            case.zone.txt(owner, *(value[at:at + 255] for at in range(0, len(value), 255)))
        else:
            case.zone.add(owner, kind, value)

    def _fill(self, case: Case, host: str, later: tuple[str, ...]) -> None:
        rng, name = self._rng, self._name(host)
        if host == "void":
            return
        if later and rng.random() < 0.04:
            self._add(case, name, "CNAME", self._name(rng.choice(later)) + ".")
            return
        if rng.random() < (0.97 if host in SENDERS else 0.8):
            self._add(case, name, "TXT", " ".join(["v=spf1", *(self._term() for _ in range(rng.randint(0, 7)))]))
        if rng.random() < 0.02:
            self._add(case, name, "TXT", "v=spf1 -all")
        if rng.random() < 0.1:
            self._add(case, name, "TXT", "v=spf10 all")
        if host != "v6":
            for address in rng.sample(IPV4, rng.randint(0, 3)):
                self._add(case, name, "A", address)
        if host != "v4":
            for address in rng.sample(IPV6, rng.randint(0, 2)):
                self._add(case, name, "AAAA", address)
        for exchange in rng.sample(HOSTS, rng.randint(0, 3)):
            self._add(case, name, "MX", f"{rng.randint(0, 20)} {self._name(exchange)}.")
        if rng.random() < 0.05:
            case.zone.fail(name, "servfail")
            case.records.setdefault(name, []).append("fails for every other type")

    def _target(self) -> str:
        rng, base = self._rng, self._base
        kind = rng.random()
        if kind < 0.7:
            return self._name(rng.choice(HOSTS))
        if kind < 0.72:
            return rng.choice(("bad", f"x..{base}", "%{d0}", f".{base}"))
        return rng.choice((
            "%{d}", "%{o}", "%{l}.%{d}", "%{l1r-}.%{d2}", "%{p}", "%{p}", "%{h}", "x.%{d3}", f"%{{ir}}.%{{v}}.{base}",
            "%{D}", f"%{{i}}.{base}", "%{s}", f"%{{h2r}}.{base}"))

    def _length(self) -> str:
        kind = self._rng.random()
        if kind < 0.75:
            return ""
        if kind < 0.77:
            return self._rng.choice(("/33", "//129", "/08"))
        return self._rng.choice(("/24", "/0", "/31", "//64", "//0", "/24//0", "/32//128"))

    def _term(self) -> str:
        rng, target = self._rng, self._target()
        kind = rng.choices(TERMS, WEIGHTS)[0]
        qualifier = rng.choice(("", "", "", "-", "~", "?", "+"))
        optional = rng.choice(("", f":{target}"))
        match kind:
            case "a" | "mx":
                return f"{qualifier}{kind}{optional}{self._length()}"
            case "ptr":
                return f"{qualifier}ptr{optional}"
            case "include" | "exists":
                return f"{qualifier}{kind}:{target}"
            case "ip4":
                return f"{qualifier}ip4:" + rng.choice((*IPV4 * 4, "192.0.2.0/30", "1.2.3", "192.0.2.1/33"))
            case "ip6":
                return f"{qualifier}ip6:" + rng.choice((*IPV6, "2001:DB8::/32"))
            case "all":
                return f"{qualifier}all"
            case "redirect":
                return f"redirect={target}"
            case "exp":
                return f"exp={self._name('exp')}"
            case "foo":
                return "foo=" + rng.choice(("bar", "bar", "%{d}", "%{h}", "%", "%{c}"))
        return rng.choice(("moo", "all:", "a:"))


def test_random_zones_mean_what_they_mean_to_pyspf(
    api: Api, names: NameServer, mail_seed: int, request: pytest.FixtureRequest, report: Callable[[str], None],
) -> None:
    zones = Zones(random.Random(f"{mail_seed}/spf"))
    comparison = Comparison(pyspf_habits.HABITS)
    reasons: Counter[str] = Counter()
    explanations = 0
    count = min(ZONES_MAX, request.config.option.entries // ENTRIES_PER_ZONE)
    for _ in range(count):
        case = zones.case()
        names.zone = case.zone
        asked = {"ip": case.client, "helo": case.helo, **({"mail_from": case.mail_from} if case.mail_from else {})}
        answer = ok(api.post("/v1/verifications/spf", asked), 200)
        reasons[kind_of(answer["reason"])] += 1
        explanations += "explanation" in answer
        comparison.add(case.__str__, said(answer["result"], answer.get("explanation")), lambda gone, case=case: said(
            *pyspf_habits.verdict(case.zone, case.client, case.helo, case.mail_from, gone)))
    report(comparison.text(mail_seed, "pyspf"))
    report(f"{explanations} explanations; reasons: " + ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items())))
    assert not comparison.unexplained, "\n\n".join(comparison.unexplained[:SHOWN_MAX])
    if count == ZONES_MAX:
        assert not RESULTS - {ours for ours, _ in comparison.verdicts}, "a result never came"
        assert not REASONS - set(reasons), "a reason never came"


def said(result: str, explanation: str | None) -> str:
    """What is compared: the result, and what a domain says to a client that fails."""
    return f"{result} {explanation!r}" if explanation is not None else result


def kind_of(reason: str) -> str:
    """The reason without the term that a domain wrote."""
    return "syntax" if reason.startswith("syntax:") else reason


@pytest.mark.parametrize("habit", list(pyspf_habits.HABITS))
def test_each_habit_alone_explains_a_case_of_its_own(api: Api, names: NameServer, habit: str) -> None:
    case = EXAMPLES[habit]
    names.zone = case.zone
    answer = ok(api.post("/v1/verifications/spf", {
        "ip": case.client, "helo": case.helo, "mail_from": case.mail_from}), 200)
    agreeing = [gone for gone in ({habit}, set(pyspf_habits.HABITS) - {habit}) if pyspf_habits.verdict(
        case.zone, case.client, case.helo, case.mail_from, frozenset(gone))[0] == answer["result"]]
    assert agreeing == [{habit}]


def example(host: str, *records: str) -> Case:
    """A case with these records, which are written as the zones that a failure shows."""
    case = Case(Zone(), "192.0.2.1", "h.example.test", f"a@{host}.example.test", {})
    for record in records:
        owner, kind, value = record.split(" ", 2)
        if kind == "fails":
            case.zone.fail(f"{owner}.example.test", value)
        elif kind == "TXT":
            case.zone.txt(f"{owner}.example.test", value)
        else:
            case.zone.add(owner if kind == "PTR" else f"{owner}.example.test", kind, value)
    return case


EXAMPLES = {
    pyspf_habits.VOIDS: example(
        "voids", f"voids TXT v=spf1{' a:six.example.test' * 3} ip4:192.0.2.1 -all", "six AAAA 2001:db8::1"),
    pyspf_habits.REDIRECT: example(
        "many", f"many TXT v=spf1{' a:four.example.test' * 10} ip4:192.0.2.1 redirect=other.example.test",
        "four A 192.0.2.4"),
    pyspf_habits.ZERO: example("zero", "zero TXT v=spf1 exists:%{d0}.example.test ~all"),
    pyspf_habits.REPEATED: example("twice", "twice TXT v=spf1 foo=1 foo=2 ~all"),
    pyspf_habits.RECURSION: example("self", "self TXT v=spf1 ip4:192.0.2.1 include:self.example.test -all"),
    pyspf_habits.NAME_KEPT: example(
        "kept", "kept TXT v=spf1 exists:%{p}.no.example.test include:inner.example.test -all",
        "inner TXT v=spf1 exists:%{p}.yes.example.test", "inner.example.test.yes A 127.0.0.2", "kept A 192.0.2.1",
        "inner A 192.0.2.1", "1.2.0.192.in-addr.arpa PTR kept.example.test.",
        "1.2.0.192.in-addr.arpa PTR inner.example.test."),
    pyspf_habits.EXCHANGES: example(
        "exchanges", "exchanges TXT v=spf1 mx -all", "exchanges MX 1 one.example.test.",
        "exchanges MX 2 two.example.test.", "one A 192.0.2.1", "two fails servfail"),
    pyspf_habits.CLIENT_ERRORS: example(
        "client", "client TXT v=spf1 ptr:other.example.test ip4:192.0.2.1 -all", "broken fails servfail",
        "1.2.0.192.in-addr.arpa PTR broken.example.test."),
}
