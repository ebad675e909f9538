"""The OpenAPI document tells the truth: schemathesis calls every operation on a filled ledger."""

from __future__ import annotations

import copy
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from api import ok
from authority import stamped
from filling import Filled, fill
from routes import ROUTES, documented
from schemathesis_hooks import DOMAINS
from service import DataDirectory

pytestmark = pytest.mark.contract

SIZE = 400
#: Any bytes are a mail, and schemathesis has no serializer for one; test_message.py, test_recorded.py and
#: test_dmarc_reports.py call these.
NOT_CALLED = {"POST /v1/verifications/message": "verifyMessage",
              "POST /v1/verifications/{seq}/replay": "replayVerification",
              "POST /v1/dmarc-reports": "receiveDMARCReport"}
#: What narrows the schema that it stands in.
COMBINED = ("allOf", "anyOf", "oneOf", "if", "then", "else", "not")
#: The form of the document itself is OpenAPI's own.
THE_DOCUMENT = "/paths//openapi.json/get/responses/200/content/application/json/schema"
#: What callers seal has names of their own.
DISCLOSED = "/components/schemas/Disclosed"
#: A line is shown as it stands, perhaps written by a later version.
LINES = {"/components/schemas/Entry", *(f"/components/schemas/Entry/properties/{name}" for name in (
    "reporter", "actor", "workflow", "data", "sealed"))}
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def filled(request: pytest.FixtureRequest, service: DataDirectory) -> Filled:
    filled = fill(service.api(), random.Random(f"{request.config.option.seed}/contract"), SIZE)
    filled.checkpoint = stamped(service)
    return filled


def is_closed(document: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether an object schema takes no member that it does not describe."""
    schema = resolved(document, schema)
    if schema.get("additionalProperties", True) is not True or schema.get("unevaluatedProperties", True) is not True:
        return True
    choices = schema.get("anyOf", []) + schema.get("oneOf", [])
    return bool(choices) and all(is_closed(document, choice) for choice in choices)


def open_schemas(document: dict[str, Any]) -> Iterator[str]:
    """Where the document has object schemas that take any member."""

    def walk(value: Any, place: str, is_narrowing: bool) -> Iterator[str]:
        """`is_narrowing`: `value` only narrows a closed schema that it stands in."""
        if isinstance(value, dict):
            closed = is_narrowing or is_closed(document, value)
            if (value.get("type") == "object" or "properties" in value) and not closed:
                yield place
            for name, each in value.items():
                if name not in ("example", "examples", "default"):
                    yield from walk(each, f"{place}/{name}", closed and name in COMBINED)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                yield from walk(each, f"{place}/{index}", is_narrowing)

    return walk(document, "", False)


def test_the_document_is_valid_and_its_schemas_are_closed(service: DataDirectory) -> None:
    document = service.api("").json("/openapi.json")
    validate(document)
    assert set(open_schemas(document)) == {THE_DOCUMENT, DISCLOSED, *LINES}


def test_the_document_names_every_route_with_its_scope_and_its_codes(service: DataDirectory) -> None:
    document = service.api("").json("/openapi.json")
    assert documented(service.api("")) == set(ROUTES)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            where = f"{method.upper()} {path}"
            assert operation["operationId"], where
            codes = set(operation["responses"])
            assert "default" not in codes and any(code.startswith("2") for code in codes), where
            scope = ROUTES.get((method.upper(), re.sub(r"\{[^}]*\}", "{}", path)))
            if scope is None:
                continue
            assert {"401", "403", "503"} <= codes, f"{where}: {sorted(codes)}"
            assert operation["security"] and f"Scope: `{scope}`" in operation["description"], where
            for code in codes:
                if code.startswith(("4", "5")):
                    response = operation["responses"][code]
                    response = resolved(document, response)
                    assert set(response["content"]) == {"application/problem+json"}, f"{where} {code}"


def resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """The value that a reference leads to."""
    while "$ref" in value:
        target: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def requested(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The texts that a caller writes: operation, name, schema."""

    def walk(schema: dict[str, Any], where: str, name: str, seen: frozenset[str]) -> Iterator[tuple[str, str, Any]]:
        if "$ref" in schema:
            if schema["$ref"] in seen:
                return
            seen, schema = seen | {schema["$ref"]}, resolved(document, schema)
        if schema.get("type") == "string":
            yield where, name, schema
        for member, each in schema.get("properties", {}).items():
            yield from walk(each, where, member, seen)
        for inner in [schema.get("items"), schema.get("additionalProperties"),
                      *(each for key in ("allOf", "anyOf", "oneOf") for each in schema.get(key, []))]:
            if isinstance(inner, dict):
                yield from walk(inner, where, name, seen)

    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            for parameter in item.get("parameters", []) + operation.get("parameters", []):
                parameter = resolved(document, parameter)
                if parameter["in"] in ("query", "path"):
                    yield from walk(parameter["schema"], f"{method.upper()} {path}", parameter["name"], frozenset())
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                if "schema" in content:
                    yield from walk(content["schema"], f"{method.upper()} {path}", kind, frozenset())


#: Texts whose form stands elsewhere: a kind's outcomes beside the kind, a line in the schema of a new entry, a path
#: in the text.
FORM_ELSEWHERE = {("POST /v1/entries", "outcome"), ("POST /v1/entries", "application/x-ndjson"),
                  ("GET /ledgers/{resource}", "resource")}


def test_the_document_says_what_a_text_of_a_request_may_hold(service: DataDirectory) -> None:
    document = service.api("").json("/openapi.json")
    texts = list(requested(document))
    assert len(texts) > 150
    free = {(where, name) for where, name, schema in texts
            if not {"pattern", "enum", "const", "format", "contentEncoding"} & schema.keys()}
    assert free == FORM_ELSEWHERE
    # schemathesis_hooks.py knows each place where a domain stands: no schema says which labels IDNA 2008 knows.
    schemas = document["components"]["schemas"]
    domains = [schemas[name] for name in ("Domain", "MailDomain", "Selector", "IdentityName")]
    assert {name for _, name, schema in texts if schema in domains} == DOMAINS


def with_true_ids(
    document: dict[str, Any], filled: Filled, token_ids: list[str],
) -> dict[str, Any]:
    """The document with examples of ids that are there, so that reads find something; `token_ids` may be revoked.
    Every schema is closed in it."""
    document = copy.deepcopy(document)
    for place in LINES:
        # This version writes no member that it does not describe.
        schema = resolved(document, {"$ref": f"#{place}"})
        if "properties" in schema:
            schema["additionalProperties"] = False
    examples: dict[str, list[Any]] = {
        "seq": [0, 1, filled.size - 1], "message_id": filled.message_ids[:3], "run_id": filled.run_ids[:2],
        "recipient": filled.recipients[:2], "idempotency_key": filled.keys[:2], "from": [1, 7], "to": [50],
        "size": [filled.size // 2], "id": token_ids, "identity": filled.identities, "digest": filled.evidence[:2]}
    for path, item in document["paths"].items():
        for operation in item.values():
            for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
                parameter = resolved(document, parameter)
                values = examples.get(parameter["name"], [])
                if path.endswith("/rotate"):
                    # One that no call revokes.
                    values = token_ids[-1:]
                elif path.startswith("/v1/tokens/"):
                    values = token_ids[:-1]
                if "checkpoints" in path:
                    values = [filled.checkpoint]
                if "legal-holds" in path:
                    values = filled.hold_ids[-2:]
                if "dmarc-reports" in path and parameter["name"] == "seq":
                    values = filled.report_seqs
                is_moment = parameter["name"] in ("from", "to") and "consistency" not in path
                if parameter["name"] in examples and not is_moment:
                    is_list = resolved(document, parameter["schema"]).get("type") == "array"
                    parameter["examples"] = {
                        f"true {number}": {"value": [value] if is_list else value}
                        for number, value in enumerate(values)}
    return document


def test_schemathesis_finds_no_answer_that_the_document_does_not_tell(
    service: DataDirectory, filled: Filled, request: pytest.FixtureRequest, tmp_path: Path,
    report: Callable[[str], None],
) -> None:
    seed, examples = request.config.option.seed, request.config.option.examples
    victims = [ok(service.api().post("/v1/tokens", {"name": "victim", "scopes": ["read"]}), 201)["id"] for _ in "abc"]
    document = with_true_ids(service.api("").json("/openapi.json"), filled, victims)
    source, log = tmp_path / "openapi.json", tmp_path / "calls.ndjson"
    source.write_text(json.dumps(document))
    done = subprocess.run(
        [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(HERE / "schemathesis.toml"),
         "run", str(source), "--url", service.url, "--header", f"Authorization: Bearer {service.admin_token}",
         "--checks", "all", "--max-examples", str(examples), "--seed", str(seed), "--workers", "1",
         "--request-timeout", "60", "--generation-database", "none", "--no-color",
         *(f"--exclude-operation-id={operation}" for operation in NOT_CALLED.values()),
         "--report", "ndjson", "--report-ndjson-path", str(log)],
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")},
        capture_output=True, text=True, check=False, cwd=tmp_path)
    calls = answers(log)
    rows = "\n".join(f"  {operation:36} " + "  ".join(f"{status}: {count}" for status, count in sorted(counts.items()))
                     for operation, counts in sorted(calls.items()))
    total = sum(sum(counts.values()) for counts in calls.values())
    report(f"{total} calls, seed {seed}, at most {examples} examples each:\n{rows}")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    never_called = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
                    if method != "parameters"} - calls.keys() - NOT_CALLED.keys()
    assert not never_called, never_called
    for operation, counts in calls.items():
        assert not [status for status in counts if status >= 500], f"{operation}: {counts}"
        assert any(200 <= status < 300 for status in counts), f"{operation} never succeeds: {counts}"
    assert service.verify().is_intact


def answers(log: Path) -> dict[str, Counter[int]]:
    """How often each operation gave each status."""
    calls: dict[str, Counter[int]] = {}

    def walk(value: Any, operation: str) -> None:
        if isinstance(value, dict):
            operation = value.get("label", operation) if isinstance(value.get("label"), str) else operation
            if isinstance(value.get("status_code"), int):
                calls.setdefault(operation, Counter())[value["status_code"]] += 1
            for each in value.values():
                walk(each, operation)
        elif isinstance(value, list):
            for each in value:
                walk(each, operation)

    for line in log.read_text().splitlines():
        walk(json.loads(line), "")
    return calls
