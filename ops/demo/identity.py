"""The second part of the demo: the name that the mail is sent under, while its zone gets better."""
from __future__ import annotations

import time

from facts import Facts
from ledger import JSON, Ledger
from report import SPOOFED, SPOOFING_HOST, aggregate_report
from screen import heading, say
from zone import Zone

DOMAIN = "acme.example"
HOST = "192.0.2.10"  # where Acme's mail comes from
CHECK_SECONDS_MAX = 30.0
DMARC_INTERVAL = "2s"  # an hour, outside of a demo
MONITORING = f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}"
PROTECTED = f"v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}"


def new_zone() -> Zone:
    return Zone({
        DOMAIN: f"v=spf1 ip4:{HOST} -all", f"_dmarc.{DOMAIN}": MONITORING,
        f"s1._domainkey.{DOMAIN}": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="})


def add(admin: Ledger, facts: Facts) -> None:
    """Says how Acme's mail is sent; the service checks the zone at once, before the first mail leaves."""
    heading(f"PUT /v1/identities/{DOMAIN}: the name that mail is sent under")
    admin.set_identity(DOMAIN, {"selectors": ["s1"], "addresses": [HOST]})
    identity = wait_for(admin, "monitoring")
    show(identity)
    facts.check("the identity is monitored only: its policy is none", identity["assessment"] == "monitoring")


def change(admin: Ledger, zone: Zone, facts: Facts) -> None:
    """The owner raises the policy; the schedule notices."""
    heading(f"the zone changes: _dmarc.{DOMAIN} says p=reject, and the schedule notices")
    zone.publish(f"_dmarc.{DOMAIN}", PROTECTED)
    show(wait_for(admin, "protected"))
    checks = admin.identity_history(DOMAIN)
    for check in checks:
        say(f"{check['recorded_at']}  seq {check['seq']:<5}{check['assessment']}")
        for each in check["changes"]:
            if each["path"] == "dmarc.record":
                say(f"    {each['path']}: {each['before']!r} -> {each['after']!r}")
    states = [check["assessment"] for check in checks]
    facts.check("its history says: protected, before that monitoring", states == ["protected", "monitoring"], states)


def check_joins(reader: Ledger, facts: Facts) -> None:
    """What was sent before the change was sent by a name that was only monitored."""
    sends = reader.entries(kind="send")
    joined = reader.entries(kind="send", alignment="monitoring")
    facts.check(f"all {len(sends)} states of mails are joined to the check in force at their time",
                len(joined) == len(sends) > 0, len(joined))


def reconcile(admin: Ledger, reader: Ledger, sent: int, facts: Facts) -> None:
    """A receiver reports what it saw under Acme's name: our own mails, and somebody else's."""
    heading("POST /v1/dmarc-reports: what a receiver saw under Acme's name")
    received = admin.receive_report(aggregate_report(DOMAIN, sent))
    say(f"report of {received['receiver']}, {received['outcome']}: {received['messages']} mails, "
        f"{received['aligned']} of them aligned; entry {received['seq']}")
    again = admin.receive_report(aggregate_report(DOMAIN, sent))
    facts.check("the same report again is the same entry",
                again["replayed"] and again["seq"] == received["seq"], again)
    heading("GET /v1/dmarc-reports/unknown-senders: who claims to be Acme and is not in the ledger")
    unknown = reader.unknown_senders()["sources"]
    for each in unknown:
        say(f"{each['source_ip']}  {each['count']} mails as {each['header_from']}, {each['aligned']} aligned")
    facts.check("one source is unknown, and it is the one that spoofs",
                [(each["source_ip"], each["count"]) for each in unknown] == [(SPOOFING_HOST, SPOOFED)], unknown)


def wait_for(admin: Ledger, assessment: str) -> JSON:
    deadline = time.monotonic() + CHECK_SECONDS_MAX
    while True:
        identity = admin.identity(DOMAIN)
        if identity.get("assessment") == assessment:
            return identity
        if time.monotonic() > deadline:
            raise TimeoutError(f"{DOMAIN} is not {assessment} after {CHECK_SECONDS_MAX:.0f} s: {identity}")
        time.sleep(0.1)


def show(identity: JSON) -> None:
    say(f"{identity['identity']} is {identity['assessment']}, entry {identity['verification_seq']}")
    for finding in identity["verification"]["result"]["findings"]:
        say(f"    {finding['severity']}: {finding['text']}"[:118])
