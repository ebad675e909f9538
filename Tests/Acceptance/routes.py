"""The routes of the service as the suites know them: their scopes, and a request for each that succeeds."""

from __future__ import annotations

import re
from typing import Any

from api import Api
from filling import Filled
from paths import ORIGIN
from report_files import Report

READ, INGEST, EXPORT, ADMIN = "read", "ingest", "export", "admin"
SCOPES = ("ingest", "read", "export", "send", "oversight", "admin")

#: (method, path with {} for each parameter) -> the scope it asks for; None where it is open to all.
ROUTES: dict[tuple[str, str], str | None] = {
    ("POST", "/v1/entries"): INGEST,
    ("POST", "/v1/step-attempts"): INGEST,
    ("GET", "/v1/entries"): READ,
    ("GET", "/v1/entries/{}"): READ,
    ("GET", "/v1/entries/{}/proof"): READ,
    ("GET", "/v1/entries/{}/receipt"): READ,
    ("GET", "/v1/checkpoints"): READ,
    ("GET", "/v1/checkpoints/{}"): READ,
    ("GET", "/v1/checkpoints/{}/timestamp"): READ,
    ("GET", "/ledgers/{}"): READ,
    ("GET", "/v1/messages/{}"): READ,
    ("GET", "/v1/stats"): READ,
    ("GET", "/v1/export"): EXPORT,
    ("GET", "/v1/tree"): READ,
    ("GET", "/v1/consistency"): READ,
    ("POST", "/v1/tokens"): ADMIN,
    ("GET", "/v1/tokens"): ADMIN,
    ("DELETE", "/v1/tokens/{}"): ADMIN,
    ("POST", "/v1/tokens/{}/rotate"): ADMIN,
    ("POST", "/v1/erasures"): ADMIN,
    ("POST", "/v1/legal-holds"): ADMIN,
    ("GET", "/v1/legal-holds"): ADMIN,
    ("DELETE", "/v1/legal-holds/{}"): ADMIN,
    ("POST", "/v1/verifications/spf"): INGEST,
    ("POST", "/v1/verifications/message"): INGEST,
    ("POST", "/v1/verifications/identity"): INGEST,
    ("POST", "/v1/verifications/{}/replay"): EXPORT,
    ("PUT", "/v1/identities/{}"): ADMIN,
    ("GET", "/v1/identities"): READ,
    ("GET", "/v1/identities/{}"): READ,
    ("GET", "/v1/identities/{}/history"): READ,
    ("GET", "/v1/dns-evidence/{}"): READ,
    ("POST", "/v1/dmarc-reports"): INGEST,
    ("GET", "/v1/dmarc-reports"): READ,
    ("GET", "/v1/dmarc-reports/stats"): READ,
    ("GET", "/v1/dmarc-reports/unknown-senders"): READ,
    ("GET", "/v1/dmarc-reports/{}"): READ,
    ("GET", "/openapi.json"): None,
    ("GET", "/health"): None,
    ("GET", "/ready"): None,
    ("GET", "/metrics"): None,
    ("GET", "/"): None,
}
#: Parts of the page, where it is made of several files.
PAGE_PARTS = re.compile(r"/[a-z-]+\.(?:js|css|svg|ico|png)")


def documented(api: Api) -> set[tuple[str, str]]:
    """The operations of `/openapi.json`, with {} for each path parameter."""
    document = api.json("/openapi.json")
    methods = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
    return {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path))
        for path, item in document["paths"].items() for method in item if method in methods
        if not PAGE_PARTS.fullmatch(path)}


def good_request(
    route: tuple[str, str], message_id: str, token_id: str, filled: Filled | None = None,
) -> dict[str, Any]:
    """Arguments of `Api.call` for a request that a token with the right scope may make; `filled`: what its ledger
    holds."""
    method, path = route
    identity = filled.identities[0] if filled else "acme.example"
    values: dict[str, Any] = {
        "/v1/messages/{}": message_id, "/v1/tokens/{}": token_id, "/v1/tokens/{}/rotate": token_id,
        "/v1/identities/{}": identity,
        "/v1/identities/{}/history": identity, "/v1/dns-evidence/{}": filled.evidence[0] if filled else "0" * 64,
        "/v1/verifications/{}/replay": filled.check_seqs[0] if filled else 0,
        "/ledgers/{}": f"{ORIGIN}/tile/0/000.p/1",
        **dict.fromkeys(("/v1/checkpoints/{}", "/v1/checkpoints/{}/timestamp"), filled.checkpoint if filled else 1),
        "/v1/legal-holds/{}": filled.hold_ids.pop() if filled and path == "/v1/legal-holds/{}" else "hold_x",
        "/v1/dmarc-reports/{}": filled.report_seqs[0] if filled else 0}
    bodies: dict[tuple[str, str], Any] = {
        ("POST", "/v1/entries"): {"kind": "send", "outcome": "sent"},
        ("POST", "/v1/step-attempts"): {
            "engine": "inngest", "run_id": "run-1", "step_id": None, "attempt": 0, "phase": "started"},
        ("POST", "/v1/tokens"): {"name": "another", "scopes": ["read"]},
        ("POST", "/v1/tokens/{}/rotate"): {"name": "successor"},
        ("POST", "/v1/erasures"): {"subject": "nobody@x.example", "legal_basis": "a wish", "requester": "somebody"},
        ("POST", "/v1/legal-holds"): {"from_seq": 0, "to_seq": 3, "reference": "matter 1", "reason": "a case"},
        ("POST", "/v1/verifications/identity"): {"identity": "acme.example"},
        ("PUT", "/v1/identities/{}"): {"selectors": ["s1"]},
        ("POST", "/v1/verifications/spf"): {"ip": "192.0.2.10", "helo": "mx.acme.example"},
    }
    request: dict[str, Any] = {"method": method, "path": path.format(values.get(path, "0"))}
    if route in bodies:
        request["json"] = bodies[route]
    if path == "/v1/verifications/message":
        request["data"] = b"From: a@acme.example\r\n\r\n"
        request["headers"] = {"Content-Type": "message/rfc822"}
    if route == ("POST", "/v1/dmarc-reports"):
        request["data"] = Report("good").xml()
        request["headers"] = {"Content-Type": "application/xml"}
    if path == "/v1/consistency":
        request["params"] = {"from": 1}
    return request
