"""DMARC aggregate reports: taken in once in any container, kept as claims, summed, and held against the ledger."""

from __future__ import annotations

import gzip
import hashlib
import json
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import rfc8785

from api import Api, ok, problem
from name_server import NameServer, Zone
from report_files import TYPES, Report, Row, in_every_container, mailed, sample, sample_names, sample_xml, zipped
from service import DataDirectory, unique, wait_until
from split_histories import past_triggers

pytestmark = pytest.mark.mail

ROWS_MAX = 200_000
SIZE_MAX = 10 * 1024 * 1024
NONE = {"reports": 0, "messages": 0}


@pytest.fixture(scope="module")
def directory(names: NameServer) -> Iterator[DataDirectory]:
    """A service that asks `names`, with its data directory."""
    directory = DataDirectory()
    try:
        directory.serve(arguments=["--resolver", names.address, "--dns-timeout", "300ms", "--dns-cache-time", "1ms"])
        yield directory
        assert directory.verify().is_intact
    finally:
        directory.close()


@pytest.fixture
def ledger(directory: DataDirectory) -> Api:
    """A ledger of its own for one test."""
    origin = f"{unique('reports')}.example/mail"
    directory.create_ledger(origin)
    return directory.api(directory.new_token("admin", origin=origin))


def post(api: Api, content: bytes, media_type: str = "application/octet-stream") -> requests.Response:
    return api.call("POST", "/v1/dmarc-reports", data=content, headers={"Content-Type": media_type}, timeout=300)


def receive(api: Api, content: bytes, media_type: str = "application/octet-stream") -> dict[str, Any]:
    """The answer to a report that is new."""
    return ok(post(api, content, media_type), 201)


def rejected(api: Api, content: bytes, media_type: str = "application/octet-stream") -> str:
    """Why a document is rejected; it is recorded all the same."""
    answer = receive(api, content, media_type)
    assert answer["outcome"] == "rejected", answer
    assert answer["raw_sha256"] == hashlib.sha256(content).hexdigest()
    assert ok(post(api, content, media_type), 200)["seq"] == answer["seq"]
    return answer["reason"]


def all_rows(api: Api, seq: int, limit: int = 1000) -> list[dict[str, Any]]:
    """The rows of a report, page by page."""
    rows, cursor = [], None
    while True:
        page = api.json(f"/v1/dmarc-reports/{seq}", limit=limit, cursor=cursor)
        rows += page["rows"]
        cursor = page.get("next_cursor")
        if cursor is None:
            return rows


def groups(api: Api, by: str, **filters: str) -> dict[tuple[str | None, ...], tuple[int, int]]:
    """Sums by the values of `by`."""
    answer = api.json("/v1/dmarc-reports/stats", by=by, **filters)
    assert "truncated" not in answer
    return {tuple(group.get(name) for name in by.split(",")): (group["count"], group["aligned"])
            for group in answer["groups"]}


# -- taking in


def media_type(expected: dict[str, Any]) -> str:
    return TYPES["mail" if expected["container"].startswith("eml") else expected["container"]]


def test_every_sample_is_taken_in_with_all_it_says(ledger: Api, report: Callable[[str], None]) -> None:
    rows = 0
    for expected in sample_names():
        content = sample(expected["file"]).read_bytes()
        answer = receive(ledger, content, media_type(expected))
        assert answer["outcome"] in ("accepted", "recovered"), expected["file"]
        for ours, theirs in {"org_name": "org_name", "report_id": "report_id", "begin": "begin", "end": "end",
                             "policy_domain": "policy_domain", "policy": "policy", "records": "records",
                             "messages": "count_sum", "dispositions": "dispositions"}.items():
            assert answer[ours] == expected[theirs], f"{expected['file']}: {ours}"
        assert answer["raw_sha256"] == hashlib.sha256(content).hexdigest() == expected["sha256"]
        form = "rfc9990" if expected["namespace"] == "urn:ietf:params:xml:ns:dmarc-2.0" else "rfc7489"
        assert answer["form"] == form
        stored = all_rows(ledger, answer["seq"])
        assert len(stored) == expected["records"] and stored[0]["source_ip"] == expected["first_source_ip"]
        digest = hashlib.sha256(b"".join(rfc8785.dumps(row) + b"\n" for row in stored)).hexdigest()
        assert digest == answer["rows_sha256"], expected["file"]
        for method in ("dkim", "spf"):
            passed = sum(row["count"] for row in stored if row.get(method) == "pass")
            assert passed == expected[f"{method}_aligned_count"]
        rows += len(stored)
    listed = ledger.json("/v1/dmarc-reports")["reports"]
    assert len(listed) == len(sample_names())
    entries = ledger.json("/v1/entries", kind="report")["entries"]
    assert [each["seq"] for each in entries] == sorted(each["seq"] for each in listed)
    assert all(each["entry"]["reporter"]["via"] == "service" for each in entries)
    report(f"{len(listed)} reports, {rows} rows")


def test_a_report_is_the_same_in_every_container(ledger: Api) -> None:
    xml = Report(unique("id"), rows=[Row(count=3), Row("2001:db8::1", 4, spf="pass")]).xml()
    seqs = set()
    for container, content in in_every_container(xml).items():
        for declared in (TYPES[container], "application/octet-stream"):
            answer = post(ledger, content, declared)
            assert answer.status_code == (200 if seqs else 201), container
            assert answer.headers.get("Idempotent-Replayed") == ("true" if seqs else None)
            seqs.add(answer.json()["seq"])
    assert len(seqs) == 1
    assert sum(count for count, _ in groups(ledger, "header_from").values()) == 7


def test_the_same_report_by_many_at_once_is_taken_in_once(directory: DataDirectory, ledger: Api) -> None:
    xml = Report(unique("id"), rows=[Row(f"192.0.2.{number}") for number in range(50)]).xml()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(Api(ledger.url, ledger.token), xml), range(16)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 15}
    assert len({answer.json()["seq"] for answer in answers}) == 1
    assert len(ledger.json("/v1/dmarc-reports")["reports"]) == 1
    assert groups(ledger, "policy_domain") == {("acme.example",): (50, 0)}


def test_another_content_under_a_known_name_is_another_version(ledger: Api) -> None:
    true = Report(unique("id"))
    first = receive(ledger, true.xml())
    assert (first["counted"], first["version"], first["trust"]) == (True, 1, "admin")
    assert "differs" not in ok(post(ledger, gzip.compress(true.xml())), 200)
    true.rows = [Row(count=1_000_000)]
    second = receive(ledger, true.xml())
    assert (second["counted"], second["version"], second["differs"]) == (False, 2, True)
    assert ok(post(ledger, true.xml()), 200)["seq"] == second["seq"]
    assert [each["differs"] for each in ledger.json("/v1/dmarc-reports")["reports"]] == [True, True]
    assert groups(ledger, "policy_domain") == {("acme.example",): (1, 0)}


def test_a_mail_brings_its_own_check(directory: DataDirectory, names: NameServer, ledger: Api) -> None:
    domain = f"{unique('receiver')}.example"
    names.zone = Zone().txt(f"_dmarc.{domain}", "v=DMARC1; p=reject")
    content = mailed(gzip.compress(Report(unique("id")).xml()), author=f"noreply@{domain}")
    answer = receive(ledger, content, "message/rfc822")
    mail = answer["mail"]
    assert (answer["container"], mail["author_domain"], mail["assessment"]) == ("mail", domain, "unauthenticated")
    assert (mail["dmarc"]["result"], mail["dkim"]) == ("fail", [])
    with directory.sql() as connection:
        kept = {row[0] for row in connection.execute("SELECT encode(digest, 'hex') FROM countersign.dns_evidence")}
    assert mail["evidence"] and set(mail["evidence"]) <= kept


# -- what is hostile or broken


def document(prefix: str = "", body: str = "") -> bytes:
    return prefix.encode() + Report(unique("id")).xml().replace(b"</feedback>", body.encode() + b"</feedback>")


@pytest.mark.parametrize(("content", "reason"), [
    (b"\n", "not_xml"), (b"\x00" * 1000, "not_xml"), (b"<html><body/></html>", "not_a_report"),
    (gzip.compress(b"<feedback>" + b"\x00" * 20_000_000), "compression_ratio_exceeded"),
    (zipped(b"<feedback>" + b"\x00" * 20_000_000), "compression_ratio_exceeded"),
    (gzip.compress(document())[:-20], "compression_truncated"),
    (gzip.compress(document())[:-8] + b"\x00" * 8, "compression_checksum_mismatch"),
    (document('<!DOCTYPE feedback [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'), "document_type"),
    (document(body="<a>" * 100 + "</a>" * 100), "too_deep"), (document()[:-40], "truncated"),
    (document('<?xml version="1.0" encoding="EBCDIC-CP-US"?>'), "unsupported_encoding"),
    (document(body="&evil;"), "unknown_entity"),
    (document().replace(b"<count>1<", b"<count>-1<"), "invalid_count"),
    (document().replace(b"<count>1<", b"<count>1000000001<"), "invalid_count"),
    (b"From: a@b.example\r\n\r\nno report here\r\n", "no_report"),
    (mailed(gzip.compress(document()), copies=2), "several_reports"),
    (mailed(gzip.compress(document())[:-20]), "compression_truncated"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_report_is_recorded_with_the_reason(ledger: Api, content: bytes, reason: str) -> None:
    assert rejected(ledger, content) == reason
    [listed] = ledger.json("/v1/dmarc-reports", outcome="rejected")["reports"]
    assert listed["reason"] == reason and listed["size"] == len(content)
    assert ledger.json("/v1/dmarc-reports/stats")["groups"] == []


def test_the_beginning_of_what_was_rejected_is_kept(directory: DataDirectory, ledger: Api) -> None:
    content = b"not a report " * 10_000
    assert rejected(ledger, content) == "not_xml"
    seq = ledger.json("/v1/dmarc-reports")["reports"][0]["seq"]
    with directory.sql() as connection:
        [(head,)] = connection.execute(
            "SELECT r.head FROM countersign.dmarc_reports r JOIN countersign.ledgers l USING (ledger_id) "
            "WHERE l.origin = %s AND r.seq = %s", (origin(ledger), seq))
    assert bytes(head) == content[:65_536]


def origin(api: Api) -> str:
    return api.json("/v1/entries/0")["entry"]["ledger"]


def test_what_is_too_long_or_of_another_type_is_refused_and_not_recorded(ledger: Api) -> None:
    size = ledger.size()
    problem(post(ledger, b"x" * (SIZE_MAX + 1)), 413, "too_large")
    problem(post(ledger, document(), "application/json"), 415, "unsupported_media_type")
    problem(ledger.call("POST", "/v1/dmarc-reports", data=document(), headers={"Content-Type": ""}), 415)
    assert ledger.size() == size


def many_rows(count: int) -> bytes:
    row = b"<record><row><source_ip>192.0.2.1</source_ip><count>2</count></row></record>"
    return gzip.compress(document().replace(b"</feedback>", row * (count - 1) + b"</feedback>"), 1)


def test_the_longest_report_is_taken_in_and_one_row_more_is_not(ledger: Api) -> None:
    answer = receive(ledger, many_rows(ROWS_MAX), "application/gzip")
    assert (answer["outcome"], answer["records"], answer["messages"]) == ("recovered", ROWS_MAX, 2 * ROWS_MAX - 1)
    assert ledger.json("/v1/dmarc-reports/stats", by="source_ip")["groups"] == [
        {"source_ip": "192.0.2.1", "count": 2 * ROWS_MAX - 1, "aligned": 0, "claimed": 2 * ROWS_MAX - 1}]
    assert len(ledger.json(f"/v1/dmarc-reports/{answer['seq']}", limit=10)["rows"]) == 10
    assert rejected(ledger, many_rows(ROWS_MAX + 1), "application/gzip") == "too_many_rows"


# -- asking


def test_sums_are_those_of_the_reports_themselves(ledger: Api) -> None:
    counted: dict[str, Counter[tuple[Any, ...]]] = {name: Counter() for name in (
        "source_ip", "header_from", "disposition", "alignment", "policy_domain", "source_ip,header_from,disposition")}
    aligned: Counter[tuple[Any, ...]] = Counter()
    for expected in sample_names():
        receive(ledger, sample(expected["file"]).read_bytes(), media_type(expected))
        root = ElementTree.fromstring(sample_xml(expected))
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        for record in root.iter("record"):
            row = {name: (record.findtext(f".//{name}") or "").strip() for name in ("source_ip", "count")}
            evaluated = record.find("row/policy_evaluated")
            assert evaluated is not None
            dkim, spf, disposition = ((evaluated.findtext(name) or "").strip().lower()
                                      for name in ("dkim", "spf", "disposition"))
            header_from = (record.findtext("identifiers/header_from") or "").strip().lower() or None
            kind = {(True, True): "both", (True, False): "dkim", (False, True): "spf"}.get(
                (dkim == "pass", spf == "pass"), "none")
            count = int(row["count"])
            values = {"source_ip": row["source_ip"], "header_from": header_from, "disposition": disposition or None,
                      "alignment": kind, "policy_domain": expected["policy_domain"]}
            for names in counted:
                counted[names][tuple(values[name] for name in names.split(","))] += count
            aligned[kind] += count if kind != "none" else 0
    for names, expected_counts in counted.items():
        if len(expected_counts) <= 1000:
            found = groups(ledger, names)
            assert {key: count for key, (count, _) in found.items()} == dict(expected_counts), names
            assert sum(passed for _, passed in found.values()) == sum(aligned.values())
        else:
            answer = ledger.json("/v1/dmarc-reports/stats", by=names)
            assert answer["truncated"] and len(answer["groups"]) == 1000
            largest = sorted(expected_counts.values(), reverse=True)[:1000]
            assert [group["count"] for group in answer["groups"]] == largest
    assert {key[0]: passed for key, (_, passed) in groups(ledger, "alignment").items()} == {
        kind: aligned[kind] for (kind,) in counted["alignment"]}


def test_filters_and_pages(ledger: Api) -> None:
    first_seq = ledger.size()
    for number in range(7):
        receive(ledger, Report(unique("id"), email=f"r@host{number % 2}.example", begin=1_700_006_400 + 86_400 * number,
                               policy_domain="a.example" if number < 3 else "b.example").xml())
    rejected(ledger, b"<html/>")
    seqs, cursor = [], None
    while True:
        page = ledger.json("/v1/dmarc-reports", limit=3, cursor=cursor)
        seqs += [each["seq"] for each in page["reports"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert seqs == list(range(first_seq + 7, first_seq - 1, -1))
    assert len(ledger.json("/v1/dmarc-reports", policy_domain="A.example")["reports"]) == 3
    assert len(ledger.json("/v1/dmarc-reports", receiver="HOST1.example")["reports"]) == 3
    assert len(ledger.json("/v1/dmarc-reports", trust="admin")["reports"]) == 7
    assert ledger.json("/v1/dmarc-reports", trust="unverified")["reports"] == []
    window = {"from_": "2023-11-16T00:00:00Z", "to": "2023-11-18T00:00:00Z"}
    assert [each["seq"] for each in ledger.json("/v1/dmarc-reports", **window)["reports"]] == [first_seq + 2, first_seq + 1]
    assert groups(ledger, "policy_domain", **window) == {("a.example",): (2, 0)}
    assert groups(ledger, "receiver,policy_domain", policy_domain="b.example") == {
        ("host0.example", "b.example"): (2, 0), ("host1.example", "b.example"): (2, 0)}
    first = ledger.json("/v1/dmarc-reports", limit=3)["next_cursor"]
    problem(ledger.get("/v1/dmarc-reports", limit=3, cursor=first, outcome="accepted"), 400, "invalid_cursor")
    problem(ledger.get(f"/v1/dmarc-reports/{first_seq}", cursor=first), 400, "invalid_cursor")
    for path in ("/v1/dmarc-reports/0", "/v1/dmarc-reports/99"):
        problem(ledger.get(path), 404, "not_found")
    problem(ledger.get("/v1/dmarc-reports/senders"), 400, "invalid_parameter")
    problem(ledger.get("/v1/dmarc-reports/stats", by="source_ip,source_ip"), 400, "invalid_parameter")
    problem(ledger.get("/v1/dmarc-reports/stats", by="org_name"), 400, "invalid_parameter")


def test_a_ledger_knows_nothing_of_the_reports_of_another(directory: DataDirectory, ledger: Api) -> None:
    xml = Report(unique("id"), policy_domain="secret.example", rows=[Row(header_from="secret.example")]).xml()
    seq = receive(ledger, xml)["seq"]
    other = f"{unique('reports')}.example/mail"
    directory.create_ledger(other)
    stranger = directory.api(directory.new_token("admin", origin=other))
    for path in ("", "/stats?by=policy_domain,header_from,source_ip", "/unknown-senders"):
        assert "secret" not in stranger.get("/v1/dmarc-reports" + path).text
    problem(stranger.get(f"/v1/dmarc-reports/{seq}"), 404, "not_found")
    assert receive(stranger, xml)["replayed"] is False


# -- against the ledger


def set_identity(directory: DataDirectory, api: Api, name: str, **settings: Any) -> None:
    """An identity of the ledger."""
    with past_triggers(directory) as connection:
        connection.execute(
            "INSERT INTO countersign.identities (ledger_id, identity, settings, set_seq, due_at) "
            "SELECT ledger_id, %s, %s, 0, now() + '1 day' FROM countersign.ledgers WHERE origin = %s",
            (name, rfc8785.dumps(settings).decode(), origin(api)))


def test_a_source_that_spoofs_us_is_found(directory: DataDirectory, ledger: Api) -> None:
    set_identity(directory, ledger, "acme.example", addresses=["192.0.2.1"], selectors=["s1"])
    receive(ledger, Report(unique("id"), rows=[
        Row(count=5, spf="pass"), Row("203.0.113.66", 40, "reject"), Row("203.0.113.66", 2, "quarantine"),
        Row("198.51.100.7", 3, dkim="pass", signature=("s1", "acme.example")), Row("198.51.100.7", 6),
    ]).xml())
    receive(ledger, Report(unique("id"), email="r@other.example", begin=1_700_092_800, rows=[Row("203.0.113.66", 1, "reject")]).xml())
    answer = ledger.json("/v1/dmarc-reports/unknown-senders")
    assert answer["sources"] == [
        {"source_ip": "203.0.113.66", "header_from": "acme.example", "count": 43, "aligned": 0,
         "dispositions": {"quarantine": 2, "reject": 41}, "first_day": "2023-11-15", "last_day": "2023-11-16",
         "receivers": ["other.example", "receiver.example"]},
        {"source_ip": "198.51.100.7", "header_from": "acme.example", "count": 6, "aligned": 0,
         "dispositions": {"none": 6}, "first_day": "2023-11-15", "last_day": "2023-11-15",
         "receivers": ["receiver.example"]}]
    assert answer["days"] == [{"day": "2023-11-15", "header_from": "acme.example", "reported": 8, "recorded": 0,
                               "excess": 8}]
    assert ledger.json("/v1/dmarc-reports/unknown-senders", policy_domain="else.example") == {
        "days": [], "sources": [], "unverified": NONE, "differing": NONE}


def test_what_is_reported_beyond_what_was_recorded_is_an_excess(directory: DataDirectory, ledger: Api) -> None:
    set_identity(directory, ledger, "billing@acme.example", addresses=["192.0.2.1"])
    ledger.append([{"kind": "send", "outcome": outcome, "sender": sender} for outcome, sender in (
        ("requested", "billing@acme.example"), ("sent", "Billing@acme.example"), ("sent", "news@acme.example"),
        ("delivered", "billing@acme.example"), ("sent", "billing@other.example"))])
    recorded = datetime.fromisoformat(ledger.json("/v1/entries", kind="send")["entries"][0]["entry"]["recorded_at"])
    start = int(recorded.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp())
    receive(ledger, Report(unique("id"), begin=start, rows=[Row(count=9, spf="pass")]).xml())

    def days() -> Any:
        found = ledger.json("/v1/dmarc-reports/unknown-senders")["days"]
        return found if found[0]["recorded"] else None

    # Sums by hour are counted some seconds after the append.
    [day] = wait_until(days, 30, "the sends to be counted")
    assert day == {"day": recorded.date().isoformat(), "header_from": "acme.example", "reported": 9, "recorded": 2,
                   "excess": 7}


# -- the command


def test_the_command_imports_a_folder_and_asks_about_it(own_directory: DataDirectory, tmp_path: Path) -> None:
    own_directory.create_ledger("acme.example/mail")
    names = ["--resolver", "127.0.0.1@9", "--dns-timeout", "100ms"]
    folder = tmp_path / "reports"
    folder.mkdir()
    for expected in sample_names():
        (folder / expected["file"]).write_bytes(sample(expected["file"]).read_bytes())
    (folder / "broken.xml").write_bytes(b"<feedback>")
    (folder / "notes.txt").write_text("no report")
    samples = sample_names()
    first = own_directory.run_json("dmarc-report", "import", str(folder), *names)
    assert (first["accepted"] + first["recovered"], first["rejected"], first["skipped"]) == (len(samples), 1, 0)
    assert first["records"] == sum(each["records"] for each in samples)
    assert first["messages"] == sum(each["count_sum"] for each in samples)
    done = own_directory.run("dmarc-report", "import", str(folder), str(tmp_path / "missing.xml"), *names)
    assert done.returncode == 1, "a file that cannot be read is an error"
    assert f"{len(samples) + 1} known already, 1 unreadable" in done.stdout.decode()
    xml = Report(unique("id")).xml()
    piped = own_directory.run_json("dmarc-report", "import", "-", *names, input=gzip.compress(xml))
    assert piped["accepted"] == 1
    listed = own_directory.run_json("dmarc-report", "list")["reports"]
    assert len(listed) == len(samples) + 2
    entry = own_directory.run("export", "--kind", "report").stdout.splitlines()[0]
    assert json.loads(entry)["reporter"] == {"id": "command", "via": "operator"}
    stats = own_directory.run_json("dmarc-report", "stats", "--by", "policy_domain")["groups"]
    assert sum(group["count"] for group in stats) == first["messages"] + 1
    for command in ("list", "stats", "unknown-senders"):
        said = own_directory.run("dmarc-report", command).stdout.decode()
        assert "MESSAGES" in said and len(said.splitlines()) > 3, said
    assert own_directory.run("dmarc-report", "import", str(tmp_path / "empty")).returncode == 1
    assert own_directory.verify().is_intact
    checked = own_directory.run_json("dmarc-report", "verify")
    assert checked == {"findings": [], "reports": len(samples) + 2, "rows": first["records"] + 1}


def test_a_row_that_somebody_changed_is_named_by_its_report(own_service: DataDirectory) -> None:
    seqs = [receive(own_service.api(), Report(unique("id")).xml())["seq"] for _ in range(3)]
    with own_service.sql() as connection:
        # Whoever may do this passes every trigger.
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE countersign.dmarc_report_rows w SET count = 2 FROM countersign.dmarc_reports r "
            "WHERE r.upload = w.upload AND r.seq = %s", (seqs[1],))
    done = own_service.run("dmarc-report", "verify")
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == [
        f"report {seqs[1]}: its rows are not those of the entry", "3 reports, 3 rows: 1 CHANGED"]
    verified = own_service.verify()
    assert [(finding.check, finding.seq) for finding in verified.findings] == [("report", seqs[1])]


def test_reports_are_read_without_a_ledger_as_an_import_records_them(
    own_directory: DataDirectory, tmp_path: Path,
) -> None:
    own_directory.create_ledger("acme.example/mail")
    folder = tmp_path / "reports"
    folder.mkdir()
    for expected in sample_names():
        (folder / expected["file"]).write_bytes(sample(expected["file"]).read_bytes())
    (folder / "broken.xml").write_bytes(b"<feedback>")
    read = own_directory.command("dmarc-report", "read", str(folder), "--json")
    assert read.returncode == 1, "a report that cannot be read"
    found = {Path(each["file"]).name: each for each in map(json.loads, read.stdout.splitlines())}
    imported = own_directory.run_json("dmarc-report", "import", str(folder), "--resolver", "127.0.0.1@9")
    by_seq = {json.loads(line)["seq"]: json.loads(line) for line in own_directory.run("export").stdout.splitlines()}
    assert len(found) == len(imported["files"]) == len(sample_names()) + 1
    for file in imported["files"]:
        entry, told = by_seq[file["seq"]], found[Path(file["file"]).name]
        # The check of the mail that carries a report asks the name system, and says who the receiver is: an import's
        # alone.
        judged = ("mail", "receiver", "receiver_claimed", "trust")
        recorded = {name: value for name, value in entry["data"].items() if name not in judged}
        assert (told["outcome"], told["report"]) == (entry["outcome"], recorded)
