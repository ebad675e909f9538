"""A token sees its own ledger and nothing of any other, and may do what its scopes say and no more."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import requests

from api import Api, ok, problem, problem_text
from authority import stamped
from filling import Filled, attempt, fill
from report_files import Report
from routes import ROUTES, SCOPES, documented, good_request
from service import DataDirectory

pytestmark = pytest.mark.isolation

OTHER = "beta-secret.example/mail"
#: Stands in every id of the other ledger; its twin of the same length in ids that never existed.
MARK, TWIN = "betasecret", "neverexist"
#: No id at all: what such a route answers is only searched for the mark.
NONE = "-none-"
OWN_SIZE, OTHER_SIZE = 150, 400
#: Header fields that differ between any two answers.
VOLATILE = {"date", "connection", "keep-alive"}


@dataclass
class Two:
    """Two ledgers side by side in one service."""

    service: DataDirectory
    own: Api
    other: Api
    ours: Filled
    theirs: Filled
    cursor: str


@pytest.fixture(scope="module")
def two(request: pytest.FixtureRequest, service: DataDirectory) -> Two:
    rng = random.Random(f"{request.config.option.seed}/isolation")
    service.create_ledger(OTHER)
    other = service.api(service.new_token("admin", origin=OTHER))
    ours = fill(service.api(), rng, OWN_SIZE, "own")
    theirs = fill(other, rng, OTHER_SIZE, MARK)
    # Far beyond what our own ledger has.
    late = other.call("POST", "/v1/verifications/identity", params={"record": "true"},
                      json={"identity": theirs.identities[1]})
    theirs.check_seqs.append(ok(late, 201)["seq"])
    ours.checkpoint, theirs.checkpoint = stamped(service), stamped(service, OTHER)
    cursor = other.json("/v1/entries", limit=2)["next_cursor"]
    assert OWN_SIZE <= service.api().size() < 300 and OTHER_SIZE <= other.size() < 900
    return Two(service, service.api(), other, ours, theirs, cursor)


def never(identifier: str) -> str:
    """An id of the same form and length that never existed."""
    assert MARK in identifier.lower()
    return identifier.replace(MARK, TWIN)


def spoiled(given: str) -> str:
    """A cursor or a token's id that nobody gave out."""
    middle = len(given) // 2
    return given[:middle] + ("A" if given[middle] != "A" else "B") + given[middle + 1:]


def filters(two: Two) -> list[tuple[str, str, str]]:
    """(parameter, an id of the other ledger, an id that never existed)."""
    theirs = two.theirs
    ids = {"message_id": theirs.message_ids[0], "run_id": theirs.run_ids[0], "recipient": theirs.recipients[0],
           "idempotency_key": theirs.keys[0], "actor": f"agent-{MARK}-0",
           "sender": f"billing@{MARK}-0.acme.example", "sender_domain": f"{MARK}-0.acme.example"}
    return [(name, value, never(value)) for name, value in ids.items()]


def cursors(two: Two) -> tuple[str, str]:
    """A cursor of the other ledger's reports, and one that nobody gave out."""
    cursor = two.other.json("/v1/dmarc-reports", limit=1)["next_cursor"]
    return cursor, spoiled(cursor)


def probes(two: Two) -> dict[tuple[str, str], list[tuple[str, str, str, dict[str, Any]]]]:
    """For each route: (what, their id, an id that never existed, request with ID in its place)."""
    theirs = two.theirs

    def get(path: str, what: str, real: str, fake: str, **parameters: str) -> tuple[str, str, str, dict[str, Any]]:
        return what, real, fake, {"method": "GET", "path": path, "params": parameters}

    by_filter = [(name, real, fake) for name, real, fake in filters(two)]
    report = attempt("ID", "charge", 0, "started", dispatch_id="d-0")
    return {
        ("GET", "/v1/entries"): [
            *(get("/v1/entries", name, real, fake, **{name: "ID"}) for name, real, fake in by_filter),
            get("/v1/entries", "cursor", two.cursor, spoiled(two.cursor), cursor="ID", limit="2")],
        ("GET", "/v1/entries/{}"): [get("/v1/entries/ID", "seq", "350", "950")],
        ("GET", "/v1/entries/{}/proof"): [
            get("/v1/entries/ID/proof", "seq", "350", "950"),
            get("/v1/entries/3/proof", "size", "350", "950", size="ID")],
        ("GET", "/v1/entries/{}/receipt"): [get("/v1/entries/ID/receipt", "seq", "350", "950")],
        ("GET", "/v1/checkpoints"): [get("/v1/checkpoints", "nothing", NONE, NONE)],
        ("GET", "/v1/checkpoints/{}"): [get("/v1/checkpoints/ID", "size", str(theirs.checkpoint), "950")],
        ("GET", "/v1/checkpoints/{}/timestamp"): [
            get("/v1/checkpoints/ID/timestamp", "size", str(theirs.checkpoint), "950")],
        ("GET", "/ledgers/{}"): [
            get(f"/ledgers/ID/mail/{path}", "ledger", "beta-secret.example", "none-secret.example")
            for path in ("checkpoint", "tile/0/000.p/1", "tile/0/001", "tile/entries/000.p/1", "tile/9/000")],
        ("GET", "/v1/messages/{}"): [
            get("/v1/messages/ID", "message ID", theirs.message_ids[0], never(theirs.message_ids[0])),
            get("/v1/messages/ID", "message ID without brackets", *(
                each.strip("<>") for each in (theirs.message_ids[0], never(theirs.message_ids[0])))),
            get("/v1/messages/ID", "alias", theirs.aliases[0], never(theirs.aliases[0]))],
        ("GET", "/v1/stats"): [get("/v1/stats", "sender", "sender", "sender", by="ID,kind,outcome")],
        ("GET", "/v1/export"): [
            get("/v1/export", name, real, fake, format=form, **{name: "ID"})
            for form in ("jsonl", "csv") for name, real, fake in by_filter],
        ("GET", "/v1/tree"): [get("/v1/tree", "nothing", NONE, NONE)],
        ("GET", "/v1/consistency"): [
            get("/v1/consistency", "to", "350", "950", from_="3", to="ID"),
            get("/v1/consistency", "from", "350", "950", from_="ID")],
        ("GET", "/v1/tokens"): [get("/v1/tokens", "nothing", NONE, NONE)],
        ("DELETE", "/v1/tokens/{}"): [
            ("token id", theirs.token_ids[0], spoiled(theirs.token_ids[0]),
             {"method": "DELETE", "path": "/v1/tokens/ID"})],
        ("POST", "/v1/tokens/{}/rotate"): [
            ("token id", theirs.token_ids[0], spoiled(theirs.token_ids[0]),
             {"method": "POST", "path": "/v1/tokens/ID/rotate", "json": {}})],
        ("POST", "/v1/tokens"): [("name", f"{MARK} reader", f"{TWIN} reader", {
            "method": "POST", "path": "/v1/tokens", "json": {"name": "ID", "scopes": ["read"]}})],
        ("POST", "/v1/erasures"): [("subject", theirs.recipients[1], never(theirs.recipients[1]), {
            "method": "POST", "path": "/v1/erasures",
            "json": {"subject": "ID", "legal_basis": "a wish", "requester": "somebody"}})],
        ("POST", "/v1/legal-holds"): [("subject", theirs.recipients[2], never(theirs.recipients[2]), {
            "method": "POST", "path": "/v1/legal-holds",
            "json": {"subject": "ID", "reference": "matter", "reason": "a case"}})],
        ("GET", "/v1/legal-holds"): [get("/v1/legal-holds", "nothing", NONE, NONE)],
        ("DELETE", "/v1/legal-holds/{}"): [
            ("hold id", theirs.hold_ids[0], spoiled(theirs.hold_ids[0]),
             {"method": "DELETE", "path": "/v1/legal-holds/ID"})],
        ("POST", "/v1/entries"): [
            ("idempotency key", key, never(key), {
                "method": "POST", "path": "/v1/entries", "json": {"kind": "send", "outcome": "sent"},
                "headers": {"Idempotency-Key": "ID"}}) for key in theirs.keys[:2]],
        ("POST", "/v1/verifications/spf"): [("domain", f"{MARK}-0.acme.example", f"{TWIN}-0.acme.example", {
            "method": "POST", "path": "/v1/verifications/spf", "json": {"ip": "192.0.2.10", "helo": "ID"}})],
        ("POST", "/v1/verifications/identity"): [("domain", f"{MARK}-0.acme.example", f"{TWIN}-0.acme.example", {
            "method": "POST", "path": "/v1/verifications/identity", "json": {"identity": "ID"}})],
        ("POST", "/v1/verifications/{}/replay"): [("seq", str(theirs.check_seqs[-1]), "95000", {
            "method": "POST", "path": "/v1/verifications/ID/replay"})],
        ("PUT", "/v1/identities/{}"): [("identity", theirs.identities[0], never(theirs.identities[0]), {
            "method": "PUT", "path": "/v1/identities/ID", "json": {"selectors": ["s1"]}})],
        ("GET", "/v1/identities"): [
            # Behind all names of ours, of which one is their name by now.
            get("/v1/identities", "cursor", f"z.{MARK}.example", f"z.{TWIN}.example", cursor="ID")],
        ("GET", "/v1/identities/{}"): [
            get("/v1/identities/ID", "identity", theirs.identities[1], never(theirs.identities[1]))],
        ("GET", "/v1/identities/{}/history"): [
            get("/v1/identities/ID/history", "identity", theirs.identities[1], never(theirs.identities[1]))],
        ("GET", "/v1/dns-evidence/{}"): [
            get("/v1/dns-evidence/ID", "digest", theirs.evidence[0], "0" * 64)],
        ("POST", "/v1/verifications/message"): [("domain", f"{MARK}-0.acme.example", f"{TWIN}-0.acme.example", {
            "method": "POST", "path": "/v1/verifications/message", "data": "From: a@ID\r\n\r\n",
            "headers": {"Content-Type": "message/rfc822"}})],
        ("POST", "/v1/dmarc-reports"): [("report id", f"{MARK}-report-0", f"{TWIN}-report-0", {
            "method": "POST", "path": "/v1/dmarc-reports", "data": Report("ID").xml().decode(),
            "headers": {"Content-Type": "application/xml"}})],
        ("GET", "/v1/dmarc-reports"): [
            get("/v1/dmarc-reports", "policy_domain", f"{MARK}-0.acme.example", f"{TWIN}-0.acme.example",
                policy_domain="ID"),
            get("/v1/dmarc-reports", "cursor", *cursors(two), cursor="ID", limit="1")],
        ("GET", "/v1/dmarc-reports/{}"): [
            get("/v1/dmarc-reports/ID", "seq", str(theirs.report_seqs[-1]), "95000")],
        ("GET", "/v1/dmarc-reports/stats"): [
            get("/v1/dmarc-reports/stats", "policy_domain", f"{MARK}-0.acme.example", f"{TWIN}-0.acme.example",
                policy_domain="ID", by="header_from,source_ip")],
        ("GET", "/v1/dmarc-reports/unknown-senders"): [
            get("/v1/dmarc-reports/unknown-senders", "policy_domain", f"{MARK}-0.acme.example",
                f"{TWIN}-0.acme.example", policy_domain="ID")],
        ("POST", "/v1/step-attempts"): [("run", f"run-{MARK}-attempts", f"run-{TWIN}-attempts", {
            "method": "POST", "path": "/v1/step-attempts", "json": report})],
        **{(method, path): [get(path, "nothing", NONE, NONE)]
           for (method, path), scope in ROUTES.items() if scope is None},
    }


def filled_in(value: Any, identifier: str, quoted: bool = False) -> Any:
    """The request with the id in its place."""
    if isinstance(value, dict):
        return {name.rstrip("_"): filled_in(each, identifier, name == "path") for name, each in value.items()}
    if isinstance(value, str):
        return value.replace("ID", quote(identifier, safe="") if quoted else identifier)
    return value


#: What each new entry, token or look-up has of its own: masked, for two of them never have the same.
OWN_MEMBERS = {"seq", "leaf_hash", "recorded_at", "id", "token", "root", "size", "producer", "asked_at", "answered_at",
               "evaluated_at", "as_of", "evidence", "raw_sha256", "set_seq", "erased_by"}


def masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "*" if name in OWN_MEMBERS else masked(each) for name, each in value.items()}
    return [masked(each) for each in value] if isinstance(value, list) else value


def seen(answer: requests.Response, identifier: str) -> tuple[int, dict[str, str], Any]:
    """Everything that the caller sees, the id itself taken out."""
    text = answer.text
    for spelling in (identifier, quote(identifier, safe=""), identifier.lower()):
        text = text.replace(spelling, "ID")
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in VOLATILE}
    if answer.request.method != "GET" and answer.ok:
        headers.pop("content-length", None)
        return answer.status_code, headers, masked(json.loads(text))
    return answer.status_code, headers, text


def test_every_documented_route_is_known_here(two: Two) -> None:
    assert documented(two.own) == set(ROUTES)
    assert set(probes(two)) == set(ROUTES), "a route without a probe"


def test_another_ledgers_ids_answer_like_ids_that_never_existed(two: Two, report: Callable[[str], None]) -> None:
    rows = []
    for (method, path), each in probes(two).items():
        for what, real, fake, request in each:
            if path == "/metrics":
                continue  # Counts of the whole process; what it names is tested below.
            answers = [two.own.call(**filled_in(request, identifier)) for identifier in (real, fake)]
            views = [seen(answer, identifier) for answer, identifier in zip(answers, (real, fake), strict=True)]
            assert views[0] == views[1], f"{what}:\n{problem_text(answers[0])}\n{problem_text(answers[1])}"
            assert MARK not in str(views[0]) and OTHER not in str(views[0]), f"{method} {path}: {views[0]}"
            rows.append(f"  {method:6} {path:24} {what:28} {views[0][0]}")
    report("asked with the token of another ledger:\n" + "\n".join(rows))


def test_the_ids_that_were_asked_for_do_exist_in_their_own_ledger(two: Two) -> None:
    for name, real, fake in filters(two):
        assert two.other.json("/v1/entries", **{name: real})["entries"], name
        assert not two.other.json("/v1/entries", **{name: fake})["entries"], name
    messages = ["/v1/messages/" + quote(each, safe="") for each in (two.theirs.message_ids[0], two.theirs.aliases[0])]
    for path in ("/v1/entries/350", "/v1/entries/350/proof", "/v1/entries/350/receipt", f"/v1/checkpoints/{two.theirs.checkpoint}/timestamp",
                 f"/ledgers/{OTHER}/checkpoint",
                 f"/ledgers/{OTHER}/tile/0/001.p/3", *messages):
        assert two.other.get(path).status_code == 200, path
    assert two.other.json("/v1/entries", cursor=two.cursor, limit=2)["entries"]
    assert two.other.json("/v1/consistency", from_=3, to=350)["proof"]


def test_nothing_of_another_ledger_is_listed_counted_or_exported(two: Two) -> None:
    parts = [two.own.get("/v1/export", format=form, disclosures=flag).text
             for form, flag in (("jsonl", None), ("jsonl", "true"), ("csv", None))]
    parts += [two.own.get(path).text for path in (
        "/v1/dmarc-reports", "/v1/dmarc-reports/unknown-senders", "/v1/dmarc-reports/stats?by=header_from,policy_domain")]
    parts += [two.own.get(path).text for path in ("/v1/tokens", "/v1/tree", "/metrics", "/ready", "/health", "/")]
    parts.append(two.own.get("/v1/stats", by="sender,kind,oversight_mode,outcome", bucket="hour").text)
    parts += [two.own.get("/v1/entries", limit=1000, order=order).text for order in ("asc", "desc")]
    # What the test above wrote, and the filters of its exports, stand here by our own word.
    ours = [real for (method, path), each in probes(two).items() if method in ("POST", "PUT") or path == "/v1/export"
            for _, real, _, _ in each]
    for part in map(str.lower, parts):
        for real in ours:
            part = part.replace(real.lower(), "")
        places = [place.start() for place in re.finditer(f"{re.escape(OTHER)}|{MARK}", part)]
        assert not places, [part[max(0, place - 100):place + 100] for place in places[:3]]
    counted = sum(count["count"] for bucket in two.own.json("/v1/stats")["buckets"] for count in bucket["counts"])
    assert counted == two.own.size()


def test_another_ledgers_token_outlives_our_attempt_to_revoke_it(two: Two) -> None:
    token = ok(two.other.post("/v1/tokens", {"name": "alive", "scopes": ["read"]}), 201)
    problem(two.own.call("DELETE", f"/v1/tokens/{token['id']}"), 404, "not_found")
    assert Api(two.own.url, token["token"]).size() == two.other.size()


# -- scopes


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_opens_its_routes_and_no_other(two: Two, scope: str) -> None:
    message_id = quote("<own-0@acme.example>", safe="")
    caller = Api(two.own.url, two.service.new_token(scope))
    for route, needed in ROUTES.items():
        victim = ok(two.own.post("/v1/tokens", {"name": "victim", "scopes": ["read"]}), 201)["id"]
        answer = caller.call(**good_request(route, message_id, victim, two.ours))
        if needed in (None, scope) or scope == "admin":
            assert answer.status_code in (200, 201), problem_text(answer)
        else:
            problem(answer, 403, "insufficient_scope")


def test_without_a_good_token_there_is_nothing_to_see(two: Two) -> None:
    revoked = ok(two.own.post("/v1/tokens", {"name": "revoked", "scopes": ["admin"]}), 201)
    soon = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    expired = ok(two.own.post("/v1/tokens", {"name": "short", "scopes": ["admin"], "expires_at": soon}), 201)
    ok(two.own.call("DELETE", f"/v1/tokens/{revoked['id']}"), 200)
    time.sleep(3.1)
    tokens = ["", "x", "mm_live_" + "A" * 43, revoked["token"], expired["token"], two.own.token[:-1],
              two.own.token + "x"]
    for token in tokens:
        for route, needed in ROUTES.items():
            answer = Api(two.own.url, token).call(**good_request(route, "x", "tok_x"))
            if needed is None:
                assert answer.status_code == 200, problem_text(answer)
            else:
                problem(answer, 401)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    basic = requests.get(two.own.url + "/v1/tree", headers={"Authorization": "Basic " + two.own.token}, timeout=10)
    problem(basic, 401)


def test_only_export_oversight_and_admin_see_what_was_sealed(two: Two) -> None:
    for scopes, sees in ((["read"], False), (["read", "ingest", "send"], False), (["read", "export"], True),
                         (["read", "oversight"], True), (["admin"], True)):
        caller = Api(two.own.url, two.service.new_token(*scopes))
        item = caller.json("/v1/entries", message_id="<own-0@acme.example>", outcome="requested")["entries"][0]
        assert ("disclosures" in item, "personal" in item) == (sees, sees), scopes
        timeline = caller.json("/v1/messages/" + quote("<own-0@acme.example>", safe=""))["timeline"]
        assert any("disclosures" in each for each in timeline) == sees
        assert ("own-0@Customer" in str(timeline) or "own-0@customer" in str(timeline)) == sees


def test_composing_and_deciding_never_meet_in_one_token(two: Two) -> None:
    problem(two.own.post("/v1/tokens", {"name": "both", "scopes": ["send", "oversight"]}), 400, "invalid_member")
    problem(two.own.post("/v1/tokens", {"name": "none", "scopes": []}), 400)
    problem(two.own.post("/v1/tokens", {"name": "odd", "scopes": ["root"]}), 400, "invalid_member")
