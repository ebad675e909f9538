"""pyspf on the zone of our name server, with its habits or without some of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from unittest import mock

import dns.exception
import dns.name
import spf

from name_server import Zone

VOIDS, REDIRECT, ZERO, REPEATED, NAME_KEPT, CLIENT_ERRORS, RECURSION, EXCHANGES = (
    "voids", "redirect", "zero", "repeated", "name kept", "client errors", "recursion", "exchanges")

HABITS = {
    VOIDS: "it counts every empty look-up, those within mx, ptr and %{p} and of the other address family too, and an "
           "alias twice; RFC 7208 §4.6.4 limits terms",
    REDIRECT: "it counts a redirect that is not followed; §6.1 asks only when nothing matched",
    ZERO: "it takes a macro with the digit 0, which §7.3 forbids",
    REPEATED: "it refuses an unknown modifier that stands twice; §6 forbids that for redirect and exp alone",
    NAME_KEPT: "it keeps the first %{p} for all domains; §7.2 prefers a name of the current one",
    RECURSION: "it refuses a record with an include of its own domain though something before it matched; §4.6.4 limits "
               "what is evaluated",
    EXCHANGES: "it looks up all hosts of an mx before it compares any, and ends with temperror where one behind the match "
               "fails; §5.4 takes them in turn",
    CLIENT_ERRORS: "it ends with temperror where a name of the client cannot be looked up; §5.5 skips that name",
}
ALIASES_MAX = 12
ZERO_MACRO = re.compile(r"%\{[A-Za-z]0+(?![0-9])")


class Term(str):
    """The target of a mechanism, which remembers whose it is."""

    mechanism: str

    def __new__(cls, target: str, mechanism: str) -> Term:
        made = super().__new__(cls, target)
        made.mechanism = mechanism
        return made


class Addresses(list[str]):
    """Those that were found until a look-up failed."""

    failure: spf.TempError | None = None


class Query(spf.query):
    """One check by pyspf, with the habits in `gone` corrected."""

    def __init__(self, gone: frozenset[str], **arguments: Any) -> None:
        self._gone = gone
        self._is_first = True
        self._is_for_macro = False
        self._unfollowed = 0
        super().__init__(**arguments)

    # -- what is counted

    def dns(self, name: str, qtype: str, cnames: Any = None, ignore_void: bool = False) -> list[Any]:
        return super().dns(name, qtype, cnames, ignore_void or VOIDS in self._gone)

    def validate_mechanism(self, mech: str) -> tuple[Any, ...]:
        try:
            text, name, target, length, result = super().validate_mechanism(mech)
        except spf.PermError as refusal:
            if RECURSION not in self._gone or refusal.msg != "include has trivial recursion":
                raise
            return mech, "include", Term(self.d, "include"), self.cidrmax, spf.RESULTS.get(mech[0], "pass")
        return text, name, target if target is None else Term(target, name), length, result

    def dns_a(self, domainname: str, A: str = "A") -> list[Any]:
        found = super().dns_a(domainname, A)
        if not found and isinstance(domainname, Term):
            others = domainname.mechanism == "a" and self.dns(domainname, "AAAA" if A == "A" else "A")
            self._count_void(domainname, bool(others))
        return found

    def dns_mx(self, domainname: str) -> list[Any]:
        if not self.dns(domainname, "MX"):
            self._count_void(domainname)
        if EXCHANGES not in self._gone:
            return super().dns_mx(domainname)
        exchanges = sorted(self.dns(domainname, "MX"))
        if len(exchanges) > spf.MAX_MX:
            raise spf.PermError("more exchangers than allowed")
        found = Addresses()
        for _, host in exchanges:
            try:
                found += self.dns_a(host, self.A)
            except spf.TempError as failure:
                found.failure = failure
                break
        return found

    def cidrmatch(self, ipaddrs: list[str], n: int) -> bool:
        if super().cidrmatch(ipaddrs, n):
            return True
        if isinstance(ipaddrs, Addresses) and ipaddrs.failure:
            raise ipaddrs.failure
        return False

    def _count_void(self, name: str, has_others: bool = False) -> None:
        """Counts a term whose question came back empty, once; a target that is no name was never asked about."""
        is_name = all(0 < len(label) < 64 for label in name.removesuffix(".").split("."))
        if VOIDS not in self._gone or has_others or not is_name:
            return
        self.void_lookups += 1
        if self.void_lookups > spf.MAX_VOID_LOOKUPS:
            raise spf.PermError("more void terms than allowed")

    def check0(self, spf_record: str, recursion: int) -> Any:
        terms = (spf_record or "").split(" ")
        # pyspf counts it while it reads the terms, before any is looked at.
        self._unfollowed = int(REDIRECT in self._gone and any(term.startswith("redirect=") for term in terms))
        return super().check0(spf_record, recursion)

    def check_lookups(self) -> None:
        if self._unfollowed:
            self._unfollowed = 0
            return
        super().check_lookups()

    def dns_spf(self, domain: str) -> str | None:
        is_redirect = not self._is_first and not isinstance(domain, Term)
        self._is_first = False
        if is_redirect and REDIRECT in self._gone:
            self.check_lookups()
        return super().dns_spf(domain)

    # -- the names of the client

    def validated_ptrs(self) -> list[str]:
        pointers = self._unless_failing(lambda: self.dns_ptr(self.i)) or []
        if not pointers and not self._is_for_macro:
            self._count_void("client")
        return [name for name in pointers[:spf.MAX_PTR] if self._unless_failing(
            lambda name=name: self.cidrmatch(self.dns_a(name, self.A), self.cidrmax))]

    def _unless_failing(self, ask: Any) -> Any:
        try:
            return ask()
        except spf.TempError:
            if CLIENT_ERRORS in self._gone:
                return None
            raise

    def getp(self) -> str:
        if NAME_KEPT in self._gone:
            self.p = None
        self._is_for_macro = True
        try:
            return super().getp()
        finally:
            self._is_for_macro = False

    # -- the grammar

    def expand(self, s: str, stripdot: bool = True) -> str:
        if ZERO in self._gone and ZERO_MACRO.search(s):
            raise spf.PermError("a macro with the digit 0")
        return super().expand(s, stripdot)

    def note_error(self, *msg: str) -> Any:
        is_repeated = msg[0].endswith("MUST appear at most once") and not msg[0].startswith("exp=")
        if REPEATED in self._gone and is_repeated:
            return None
        return super().note_error(*msg)


def lookup_in(zone: Zone) -> Any:
    """The look-up that pyspf is given: what the name server says of the zone."""

    def ask(name: str, qtype: str, *_: Any) -> Iterator[tuple[tuple[str, str], Any]]:
        try:
            owner = dns.name.from_text(name).canonicalize()
        except dns.exception.DNSException:
            return
        for _ in range(ALIASES_MAX):
            known = zone.names.get(owner)
            if known is None:
                return
            text = owner.to_text(omit_final_dot=True)
            if records := known.records.get(qtype):
                # A set of records holds each once (RFC 2181 §5), however often the zone writes it.
                yield from (((text, qtype), value_of(qtype, record)) for record in dict.fromkeys(records))
                return
            if fault := known.faults.get(qtype) or known.faults.get("*"):
                raise spf.TempError(f"DNS {fault}")
            if not (alias := known.records.get("CNAME")):
                return
            yield (text, "CNAME"), alias[0].target.to_text(omit_final_dot=True)
            owner = alias[0].target.canonicalize()

    return ask


def value_of(qtype: str, record: Any) -> Any:
    """A record as pyspf wants it."""
    if qtype == "TXT":
        return record.strings
    if qtype == "MX":
        return record.preference, record.exchange.to_text(omit_final_dot=True)
    return record.target.to_text(omit_final_dot=True) if qtype == "PTR" else record.address


def verdict(zone: Zone, client: str, helo: str, mail_from: str, gone: frozenset[str]) -> tuple[str, str | None]:
    """Result and explanation of one check; None for the explanation that it gives where a domain has none."""
    with mock.patch.object(spf, "DNSLookup", lookup_in(zone)):
        query = Query(gone, i=client, s=mail_from, h=helo, strict=True)
        result, _, text = query.check()
    is_own = result == "fail" and text != spf.EXPLANATIONS["fail"]
    return result, text if is_own else None
