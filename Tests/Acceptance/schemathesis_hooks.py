"""What a schema cannot say of the requests that it calls valid; loaded by schemathesis, see test_contract.py."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import unquote

import schemathesis

#: Entries of one request that can have receipts.
RECEIPTS_MAX = 100
#: Of the ledger that every suite begins with.
RESOURCE = "acme.example/mail/tile/0/000.p/1"
#: Members and parameters that are domains, or may be; the cursor of identities is one of them.
DOMAINS = {"sender_domain", "policy_domain", "identity", "mail_from_domain", "signing_domain", "selectors", "cursor",
           "receiver"}
UNICODE_DOMAIN = "bücher.example"


def integers(value: Any) -> Any:
    """JSON Schema takes 1.0 for an integer; the service's strict reader does not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [integers(each) for each in value]
    if isinstance(value, dict):
        return {name: integers(each) for name, each in value.items()}
    return value


def with_known_names(value: Any, name: str = "") -> Any:
    """A schema cannot say which labels IDNA 2008 knows: one that it does takes the place of any other."""
    if isinstance(value, str):
        local, at, domain = value.rpartition("@")
        return f"{local}{at}{UNICODE_DOMAIN}" if (at or name in DOMAINS) and not domain.isascii() else value
    if isinstance(value, list):
        return [with_known_names(each, name) for each in value]
    if isinstance(value, dict):
        return {key: with_known_names(each, key) for key, each in value.items()}
    return value


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Makes a request that is meant to be good a good one."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    case.body = with_known_names(integers(case.body))
    for name, value in (case.query or {}).items():
        case.query[name] = with_known_names(value, name)
    identity = unquote(str((case.path_parameters or {}).get("identity", "")))
    if identity != with_known_names(identity, "identity"):
        case.path_parameters["identity"] = UNICODE_DOMAIN
    operation = case.operation.definition.raw.get("operationId")
    if operation == "appendEntries":
        with_fresh_keys(case)
        if isinstance(case.body, list) and len(case.body) > RECEIPTS_MAX:
            (case.query or {}).pop("receipt", None)
    elif operation == "getMessage" and any(each <= " " or each == "\x7f" for each in unquote(message_id(case))):
        # A percent sign with two digits behind it is sent as it stands, and means another character then.
        case.path_parameters["message_id"] = "0"
    elif operation == "getTlogResource":
        # A name that nobody has published is no request that can succeed.
        case.path_parameters["resource"] = RESOURCE
    elif operation == "verifyIdentity" and case.query:
        # A recorded check takes no settings beside the name.
        case.query["record"] = "false"
    elif operation in ("listEntries", "listDMARCReports", "getDMARCReport") and case.query:
        # A cursor belongs to the query that gave it out.
        case.query.pop("cursor", None)
    elif operation == "placeHold" and isinstance(case.body, dict) and "to_seq" in case.body:
        case.body["from_seq"], case.body["to_seq"] = sorted((case.body["from_seq"], case.body["to_seq"]))
    elif operation == "getConsistencyProof" and "to" in (case.query or {}):
        case.query["from"], case.query["to"] = sorted((int(case.query["from"]), int(case.query["to"])))


def message_id(case: schemathesis.Case) -> str:
    return str((case.path_parameters or {}).get("message_id", ""))


def with_fresh_keys(case: schemathesis.Case) -> None:
    """A key that was used with other content is refused, and so is a member beside the header."""
    has_header = bool(case.headers) and "Idempotency-Key" in case.headers
    for element in case.body if isinstance(case.body, list) else [case.body]:
        if isinstance(element, dict) and element.pop("idempotency_key", None) is not None and not has_header:
            element["idempotency_key"] = str(uuid.uuid4())
    if has_header:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
