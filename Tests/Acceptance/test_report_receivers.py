"""Whose word a DMARC report is: what counts in sums, what is shown beside them, and who waits for whom."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import dkim
import pytest
import requests

from api import Api, ok, problem
from name_server import NameServer, Zone
from report_files import Report, Row, mailed
from service import DataDirectory, unique, wait_until
from signed_mail import Key, ed25519_key

pytestmark = pytest.mark.mail

FORGED = [Row("203.0.113.66", 50_000, "reject")]
GENUINE = [Row(count=2, dkim="pass")]
LISTED = "forwarder.example"
SLOW = "slow.test"
#: Of one ledger so many mails are checked at once, and so many wait.
CHECKS, WAITING = 16, 16


@pytest.fixture(scope="module")
def slow_names() -> Iterator[NameServer]:
    """A name server that takes its time, as somebody hostile would have it; not so long that it is asked again."""
    server = NameServer(ttl=0, delay_seconds=0.3)
    yield server
    server.close()


@pytest.fixture(scope="module")
def directory(names: NameServer, slow_names: NameServer) -> Iterator[DataDirectory]:
    """A service that asks `names`, and the slow one about one zone, and trusts one host to carry reports of others."""
    directory = DataDirectory()
    try:
        directory.serve(arguments=["--resolver", names.address, "--dns-stub", f"{SLOW}={slow_names.address}",
                                   "--dns-timeout", "2s", "--dns-cache-time", "1ms", "--report-sender", LISTED])
        yield directory
        assert directory.verify().is_intact
    finally:
        directory.close()


class Ledger:
    """A ledger with an admin, and with a producer that anybody may be."""

    def __init__(self, directory: DataDirectory) -> None:
        self.origin = f"{unique('receivers')}.example/mail"
        directory.create_ledger(self.origin)
        self.admin = directory.api(directory.new_token("admin", origin=self.origin))
        self.producer = directory.api(directory.new_token("ingest", origin=self.origin))

    def stats(self, **filters: str) -> dict[str, Any]:
        return self.admin.json("/v1/dmarc-reports/stats", by="receiver", **filters)

    def sums(self) -> dict[str | None, int]:
        return {group.get("receiver"): group["count"] for group in self.stats()["groups"]}

    def unverified(self) -> tuple[int, int]:
        found = self.stats()["unverified"]
        return found["reports"], found["messages"]

    def differing(self) -> tuple[int, int]:
        found = self.stats()["differing"]
        return found["reports"], found["messages"]


@pytest.fixture
def ledger(directory: DataDirectory) -> Ledger:
    return Ledger(directory)


def post(api: Api, content: bytes, media_type: str = "application/octet-stream") -> requests.Response:
    headers = {"Content-Type": media_type}
    return Api(api.url, api.token).call("POST", "/v1/dmarc-reports", data=content, headers=headers, timeout=200)


def receive(api: Api, content: bytes) -> dict[str, Any]:
    """The answer to a report that is new."""
    return ok(post(api, content), 201)


class Host:
    """A receiver of mail with a domain of its own, which signs what it sends."""

    def __init__(self, domain: str | None = None) -> None:
        self.domain = domain or f"{unique('host')}.example"
        self.key: Key = ed25519_key(random.Random(self.domain), b"s")

    def publish(self, zone: Zone) -> Zone:
        return (zone.txt(f"_dmarc.{self.domain}", "v=DMARC1; p=reject")
                .txt(f"s._domainkey.{self.domain}", self.key.record))

    def report(self, rows: list[Row], report_id: str | None = None, email: str | None = None) -> Report:
        return Report(report_id or unique("id"), email=email or f"dmarc@{self.domain}", rows=rows)

    def mail(self, report: Report, author: str | None = None) -> bytes:
        """The report in a mail, signed."""
        message = mailed(report.xml(), author=author or f"noreply@{self.domain}", media_type="text/xml",
                         name="receiver.example!acme.example!1700006400!1700092799.xml")
        signature = dkim.sign(message, self.key.selector, self.domain.encode(), self.key.private,
                              signature_algorithm=self.key.algorithm, include_headers=[b"From", b"Subject"])
        return signature + message


def test_a_forged_report_neither_counts_nor_turns_the_genuine_one_away(ledger: Ledger) -> None:
    report_id = unique("id")
    first = receive(ledger.producer, Report(report_id, rows=FORGED).xml())
    assert (first["trust"], first["counted"]) == ("unverified", False)
    assert ledger.sums() == {} and ledger.unverified() == (1, 50_000)
    second = receive(ledger.admin, mailed(Report(report_id, rows=GENUINE).xml(), media_type="text/xml"))
    assert (second["replayed"], second["counted"], second["version"], second["differs"]) == (False, True, 2, True)
    assert second["seq"] != first["seq"]
    assert ledger.sums() == {"receiver.example": 2} and ledger.unverified() == (1, 50_000)
    unknown = ledger.admin.json("/v1/dmarc-reports/unknown-senders")
    assert [source["count"] for source in unknown["sources"]] == [2]
    assert unknown["unverified"] == {"reports": 1, "messages": 50_000}
    [shown] = ledger.admin.json("/v1/dmarc-reports", trust="unverified")["reports"]
    assert (shown["seq"], shown["differs"], shown["version"]) == (first["seq"], True, 1)
    assert ledger.admin.json(f"/v1/dmarc-reports/{first['seq']}")["rows"][0]["count"] == 50_000


def test_what_an_authenticated_carrier_brings_counts_whoever_hands_it_in(names: NameServer, ledger: Ledger) -> None:
    host = Host()
    names.zone = host.publish(Zone())
    report_id = unique("id")
    receive(ledger.producer, host.report(FORGED, report_id).xml())
    answer = receive(ledger.producer, host.mail(host.report(GENUINE, report_id)))
    assert (answer["trust"], answer["receiver"], answer["receiver_claimed"]) == ("carrier", host.domain, False)
    assert (answer["counted"], answer["version"], answer["differs"]) == (True, 2, True)
    [group] = ledger.stats()["groups"]
    assert group == {"receiver": host.domain, "count": 2, "aligned": 2, "claimed": 0}
    assert ledger.unverified() == (1, 50_000)


def test_the_name_that_a_report_gives_itself_decides_nothing(names: NameServer, ledger: Ledger) -> None:
    """A stranger signs for his own domain: under that name he is heard, and under no other."""
    host, stranger = Host(), Host()
    names.zone = stranger.publish(host.publish(Zone()))
    report_id = unique("id")
    receive(ledger.producer, host.mail(host.report(GENUINE, report_id)))
    forged = host.report(FORGED, report_id)
    answer = receive(ledger.producer, stranger.mail(forged))
    assert (answer["receiver"], answer["trust"], answer["counted"]) == (stranger.domain, "unverified", False)
    assert answer["version"] == 1 and "differs" not in answer, "it is no version of the other's report"
    # A signature of his below another's name is none of that name.
    answer = receive(ledger.producer, stranger.mail(forged, author=f"noreply@{host.domain}"))
    assert (answer["receiver"], answer["receiver_claimed"], answer["trust"]) == (host.domain, True, "unverified")
    own = stranger.report([Row(count=7)])
    own.org_name = host.domain
    assert receive(ledger.producer, stranger.mail(own))["trust"] == "carrier"
    assert ledger.sums() == {host.domain: 2, stranger.domain: 7}


def test_a_host_below_the_domain_of_its_address_is_one_organisation(names: NameServer, ledger: Ledger) -> None:
    host = Host()
    below = Host(f"reports.{host.domain}")
    names.zone = below.publish(Zone())
    answer = receive(ledger.producer, below.mail(host.report(GENUINE)))
    assert (answer["trust"], answer["receiver"]) == ("carrier", host.domain)
    assert answer["mail"]["author_domain"] == below.domain and answer["email_domain"] == host.domain


def test_tenants_of_one_public_suffix_are_not_one_organisation(names: NameServer, ledger: Ledger) -> None:
    tenant, other = Host(f"{unique('a')}.blogspot.com"), Host(f"{unique('b')}.blogspot.com")
    names.zone = tenant.publish(Zone())
    answer = receive(ledger.producer, tenant.mail(other.report(FORGED)))
    assert (answer["receiver"], answer["trust"]) == (tenant.domain, "unverified")


def test_a_host_on_the_list_may_carry_the_reports_of_others(names: NameServer, ledger: Ledger) -> None:
    forwarder = Host(f"mx.{LISTED}")
    names.zone = forwarder.publish(Zone())
    answer = receive(ledger.producer, forwarder.mail(Host().report(GENUINE)))
    assert (answer["receiver"], answer["trust"], answer["counted"]) == (LISTED, "listed", True)
    near = Host(f"not{LISTED}")
    names.zone = near.publish(Zone())
    assert receive(ledger.producer, near.mail(Host().report(GENUINE)))["trust"] == "unverified"


def test_what_a_trusted_hand_brought_by_mistake_gives_way_to_the_receiver(names: NameServer, ledger: Ledger) -> None:
    host = Host()
    names.zone = host.publish(Zone())
    report_id = unique("id")
    assert receive(ledger.admin, host.report(FORGED, report_id).xml())["counted"]
    assert ledger.stats()["groups"] == [{"receiver": host.domain, "count": 50_000, "aligned": 0, "claimed": 50_000}]
    genuine = host.mail(host.report(GENUINE, report_id))
    assert receive(ledger.producer, genuine)["counted"]
    assert ledger.sums() == {host.domain: 2} and ledger.differing() == (1, 50_000)
    # From here on the sum stands, whoever sends what.
    later = receive(ledger.producer, host.mail(host.report([Row(count=9)], report_id)))
    assert (later["trust"], later["counted"], later["version"]) == ("carrier", False, 3)
    receive(ledger.admin, host.report([Row(count=11)], report_id).xml())
    assert ledger.sums() == {host.domain: 2} and ledger.differing() == (3, 50_020)
    assert ok(post(ledger.admin, genuine), 200)["replayed"]


def test_a_mail_that_could_not_be_checked_counts_once_it_can(names: NameServer, ledger: Ledger) -> None:
    host = Host()
    names.zone = host.publish(Zone()).fail(f"s._domainkey.{host.domain}", "servfail", "TXT")
    mail = host.mail(host.report(GENUINE))
    first = receive(ledger.producer, mail)
    assert (first["trust"], first["receiver"], first["receiver_claimed"]) == ("unverified", host.domain, True)
    names.zone = host.publish(Zone())
    # The resolver remembers a failure for some seconds.
    second = wait_until(lambda: (answer := post(ledger.producer, mail)).status_code == 201 and answer, 30,
                        "the name system to be asked again", pause=0.5).json()
    assert (second["trust"], second["version"]) == ("carrier", 2) and "differs" not in second
    assert ledger.sums() == {host.domain: 2}
    assert ledger.unverified() == (0, 0), "what stood as unverified has been said by the receiver"


def test_a_row_of_more_messages_than_a_day_has_rejects_the_report(ledger: Ledger) -> None:
    most = receive(ledger.admin, Report(unique("id"), rows=[Row(count=1_000_000_000)] * 2).xml())
    assert most["messages"] == 2_000_000_000
    more = receive(ledger.admin, Report(unique("id"), rows=[Row(), Row(count=1_000_000_001)]).xml())
    assert (more["outcome"], more["reason"]) == ("rejected", "invalid_count")
    assert "counted" not in more and "trust" not in more
    assert ledger.sums() == {"receiver.example": 2_000_000_000}


def test_the_command_says_what_counts_and_what_does_not(directory: DataDirectory, ledger: Ledger, tmp_path: Any) -> None:
    report_id = unique("id")
    receive(ledger.producer, Report(report_id, rows=FORGED).xml())
    file = tmp_path / "report.xml"
    file.write_bytes(Report(report_id, rows=GENUINE).xml())
    where = ["--ledger", ledger.origin]
    [taken] = directory.run_json("dmarc-report", "import", str(file), *where)["files"]
    assert (taken["trust"], taken["counted"], taken["differs"], taken["version"]) == ("operator", True, True, 2)
    assert "ANOTHER VERSION HAS OTHER ROWS, it counts" in directory.run(
        "dmarc-report", "import", str(file), *where).stdout.decode()
    stats = directory.run("dmarc-report", "stats", "--by", "receiver", *where).stdout.decode()
    assert stats.splitlines()[1].split() == ["receiver.example", "2", "2", "2"], stats
    assert stats.splitlines()[-1] == "unverified: 1 reports, 50,000 messages"
    listed = directory.run("dmarc-report", "list", *where).stdout.decode()
    assert " operator " in listed and " unverified " in listed
    only = directory.run_json("dmarc-report", "list", "--trust", "unverified", *where)["reports"]
    assert [each["messages"] for each in only] == [50_000]
    refused = directory.command("serve", "--report-sender", "no domain")
    assert refused.returncode == 2 and b"--report-sender" in refused.stderr


# -- who waits for whom


def slow_mails(count: int) -> list[bytes]:
    """Mails whose check takes four seconds and more: twenty keys, four at once, and eight records."""
    mails = []
    for number in range(count):
        domain = f"{unique('a')}.b.c.d.e.{SLOW}"
        signatures = b"".join(
            f"DKIM-Signature: v=1; a=rsa-sha256; d=e{place}.{domain}; s=s; h=from;\r\n "
            "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n".encode() for place in range(20))
        mails.append(signatures + mailed(Report(f"slow-{number}").xml(), author=f"a@{domain}", media_type="text/xml"))
    return mails


def hand_in(pool: ThreadPoolExecutor, api: Api, mails: list[bytes]) -> list[Future[requests.Response]]:
    """Hands in mails all at once, and lets them get to where they wait."""
    answers = [pool.submit(post, api, mail) for mail in mails]
    time.sleep(1)
    return answers


def test_mails_whose_check_takes_long_hold_up_nobody(
    directory: DataDirectory, names: NameServer, ledger: Ledger,
) -> None:
    host, neighbour = Host(), Ledger(directory)
    names.zone = host.publish(Zone())
    mails = slow_mails(12)
    with ThreadPoolExecutor(12) as pool:
        slow = hand_in(pool, ledger.producer, mails)
        for each in (ledger, neighbour):
            answer = receive(each.producer, host.mail(host.report(GENUINE)))
            assert answer["trust"] == "carrier", answer["mail"]
            receive(each.producer, Report(unique("id")).xml())
        assert not any(answer.done() for answer in slow), "they take longer than everybody else's together"
        answers = [answer.result() for answer in slow]
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["trust"] for answer in answers} == {"unverified"}


def test_of_a_ledger_only_so_many_wait(directory: DataDirectory, names: NameServer, ledger: Ledger) -> None:
    neighbour = Ledger(directory)
    names.zone = Zone()
    mails = slow_mails(CHECKS + WAITING + 4)
    with ThreadPoolExecutor(len(mails)) as pool:
        slow = hand_in(pool, ledger.producer, mails)
        refused = [answer.result() for answer in slow if answer.done()]
        assert len(refused) == 4
        for answer in refused:
            problem(answer, 429, "busy")
            assert int(answer.headers["Retry-After"]) > 0
        # What needs no check is taken in, and so is everything of others.
        receive(ledger.producer, Report(unique("id")).xml())
        receive(neighbour.producer, mailed(Report(unique("id")).xml(), media_type="text/xml"))
        assert sum(answer.done() for answer in slow) == 4
        assert [answer.result().status_code for answer in slow].count(201) == CHECKS + WAITING
