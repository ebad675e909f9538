"""A number of a caller never ends the process: every place that takes one, by HTTP, on the command line and in files,
with the numbers at which arithmetic breaks."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from api import NDJSON, Api
from boundaries import (
    SEQ_MAX, Argument, Command, Document, Walk, commands, numbers, run, serve, tile_paths, with_member)
from filling import Filled, fill
from paths import ORIGIN
from routes import good_request
from service import DataDirectory

pytestmark = pytest.mark.contract

PUBLIC = "open.example/mail"
#: Header fields beside the documented ones that hold numbers.
HEADERS = ("Content-Length", "Range", "If-None-Match", "If-Modified-Since", "Max-Forwards", "Retry-After", "Upgrade",
           "Expect", "Keep-Alive", "X-Forwarded-Port")
DAYS_MAX = 36_525
#: Values that are no numbers, by the name that `--help` gives them. What is not here is walked.
NO_NUMBERS = {
    "actor", "address", "alignment", "dir", "directory", "domain", "export", "file", "files", "folder", "format", "from",
    "id", "idempotency-key", "identity", "ip", "kind", "level", "log-format", "log-level", "message-id", "name", "origin",
    "outcome", "oversight-mode", "receipt", "recipient", "run-id", "scope", "selector", "sender", "sender-domain", "text",
    "to", "token", "url", "vkey", "witness-mode", "words", "checkpoint"}


@pytest.fixture(scope="module")
def filled(request: pytest.FixtureRequest, service: DataDirectory) -> Filled:
    """A ledger with something of everything, and another one that everybody may read."""
    filled = fill(service.api(), random.Random(f"{request.config.option.seed}/boundaries"), 300)
    service.create_ledger(PUBLIC)
    for arguments in (["ledger", "publish", "entries", "--ledger", PUBLIC], ["checkpoint", "sign", "--ledger", PUBLIC],
                      ["checkpoint", "sign", "--ledger", ORIGIN]):
        done = service.run(*arguments)
        assert done.returncode == 0, done
    filled.checkpoint = int(done.stdout.split()[1])
    return filled


class Caller:
    """Calls the service, notes what came, and sees that the process lives."""

    def __init__(self, service: DataDirectory, walk: Walk) -> None:
        self.instance = service.instances[0]
        self.api, self.walk = service.api(), walk
        self.stranger = service.api("")

    def call(self, place: str, value: Any, method: str, path: str, api: Api | None = None, **options: Any) -> None:
        try:
            answer = (api or self.api).call(method, path, **options)
            self.walk.note(place, value, answer.status_code, answer.status_code < 500)
        except requests.RequestException as error:
            self.walk.note(place, value, type(error).__name__, self.instance.is_alive)
        assert self.instance.is_alive, f"{place} = {value} ended the process:\n{self.instance.said()}"


@pytest.fixture
def caller(service: DataDirectory, filled: Filled, report: Callable[[str], None]) -> Iterator[Caller]:
    """At the end nothing was a 5xx, the process is the same, and it answers."""
    pid = service.instances[0].pid
    caller = Caller(service, Walk("HTTP"))
    yield caller
    report(caller.walk.text())
    assert not caller.walk.faults, "\n".join(caller.walk.faults)
    assert service.instances[0].is_alive and service.instances[0].pid == pid
    assert caller.api.get("/health").status_code == 200


@pytest.fixture
def document(service: DataDirectory) -> Document:
    return Document(service.api("").json("/openapi.json"))


def test_every_path_takes_every_number(caller: Caller, document: Document) -> None:
    for method, path, operation in document.operations():
        for name, schema in document.parameters(operation, "path"):
            for number in numbers(document.maximum(schema)):
                target = path.replace(f"{{{name}}}", str(number)).replace("{", "").replace("}", "")
                caller.call(f"{method} {path}", number, method, target)
    assert len(caller.walk.answers) >= 10


def test_every_form_of_a_tile_takes_every_number(caller: Caller) -> None:
    names = [(ORIGIN, caller.api), (PUBLIC, caller.stranger), (PUBLIC, caller.api), ("nobody.example/x", caller.stranger)]
    for form, path in tile_paths():
        for name, api in names:
            caller.call(f"GET /ledgers/.../{form}", path, "GET", f"/ledgers/{name}/{path}", api)
    for number in numbers():
        caller.call("GET /ledgers/N/checkpoint", number, "GET", f"/ledgers/{number}/checkpoint")
        caller.call("GET /ledgers/N/tile/0/000", number, "GET", f"/ledgers/{number}/tile/0/000")


def test_every_query_parameter_takes_every_number(caller: Caller, document: Document, filled: Filled) -> None:
    for method, path, operation in document.operations():
        request = request_for(document, method, path, operation, filled)
        for name, schema in document.parameters(operation, "query"):
            for number in numbers(document.maximum(schema)):
                parameters = {**request.get("params", {}), name: number}
                caller.call(f"{method} {path}?{name}", number, **{**request, "params": parameters})
    assert len(caller.walk.answers) >= 50


def test_every_header_takes_every_number(caller: Caller, document: Document, filled: Filled) -> None:
    for method, path, operation in document.operations():
        request = request_for(document, method, path, operation, filled)
        names = {name for name, _ in document.parameters(operation, "header")} | set(HEADERS)
        for name in sorted(names if method == "POST" else names & {"Range", "If-None-Match"}):
            for number in numbers():
                value = f"bytes={number}-{number}" if name == "Range" else str(number)
                place = f"{method} {path}, {name}"
                if name == "Content-Length":
                    declared(caller, place, path, number)
                else:
                    caller.call(place, number, **{**request, "headers": {**request.get("headers", {}), name: value}})
    assert len(caller.walk.answers) >= 100


def declared(caller: Caller, place: str, path: str, number: int) -> None:
    """Says that a body has `number` bytes, and sends two."""
    host = urlsplit(caller.api.url)
    with socket.create_connection((host.hostname or "", host.port or 0), timeout=10) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {caller.api.token}\r\n"
                           f"Content-Type: application/json\r\nContent-Length: {number}\r\n\r\n{{}}".encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    status = int(answer.split()[1]) if answer else 0
    caller.walk.note(place, number, status, status < 500)
    assert caller.instance.is_alive, f"{place} = {number} ended the process"


def test_every_member_of_a_body_takes_every_number(caller: Caller, document: Document, filled: Filled) -> None:
    for method, path, operation in document.operations():
        contents = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in contents:
            continue
        request = request_for(document, method, path, operation, filled)
        bodies = [request.pop("json"), *document.bodies(contents["application/json"])]
        for member, schema in set_of(document.members(contents["application/json"]["schema"])):
            for number in numbers(document.maximum(schema)):
                body = with_member(bodies, member, number)
                place = f"{method} {path}, {'.'.join(map(str, member))}"
                caller.call(place, number, **request, json=body)
                if NDJSON in contents:
                    lines = json.dumps(body).encode() + b"\n"
                    caller.call(f"{place}, NDJSON", number, **request, data=lines, headers={"Content-Type": NDJSON})
    assert len(caller.walk.answers) >= 40


def set_of(members: Any) -> list[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Each member once; the one whose schema is of an integer, if there is one."""
    found: dict[tuple[str | int, ...], dict[str, Any]] = {}
    for member, schema in members:
        if member not in found or "maximum" in schema:
            found[member] = schema
    return sorted(found.items(), key=str)


def request_for(
    document: Document, method: str, path: str, operation: dict[str, Any], filled: Filled,
) -> dict[str, Any]:
    """Arguments of `Api.call` for a request that succeeds, as far as anybody knows one."""
    for name, _ in document.parameters(operation, "path"):
        path = path.replace(f"{{{name}}}", "{}")
    return good_request((method, path), quote(filled.message_ids[0]), filled.token_ids[0], filled)


# -- the command line


class Commands:
    """Runs commands with numbers on a data directory of their own, and notes how they end."""

    def __init__(self, directory: DataDirectory, files: Path) -> None:
        self.directory, self.files, self.walk = directory, files, Walk("command line")
        #: Options that a command before had, by name and form of their values.
        self.walked: set[tuple[str | None, str]] = set()
        (files / "report.xml").write_bytes(b"<feedback/>")
        (files / "policy").write_text("quorum none\n")

    def forms(self, argument: Argument) -> list[str]:
        """Every number as the argument would have it; of an option that another command had before, the largest ones."""
        forms: list[tuple[Callable[[int], str], int]]
        match argument.value_name:
            case "duration": forms = [(lambda number: f"{number}d", DAYS_MAX),
                                      (lambda number: f"{number}ms", DAYS_MAX * 86_400_000),
                                      (lambda number: f"{number}w", DAYS_MAX // 7)]
            case "host:port": forms = [(lambda number: f"127.0.0.1:{number}", 65_535)]
            case "address@port": forms = [(lambda number: f"127.0.0.1@{number}", 65_535)]
            case "zone=address@port": forms = [(lambda number: f"acme.example=127.0.0.1@{number}", 65_535)]
            case "size:root": forms = [(lambda number: f"{number}:{'0' * 64}", SEQ_MAX)]
            case "count": forms = [(str, 100), (str, 1_000)]
            case _: forms = [(str, SEQ_MAX)]
        known = (argument.name, argument.value_name)
        if argument.name and known in self.walked:
            form, maximum = forms[0]
            return [form(number) for number in (maximum, maximum + 1, 2**63 - 1)]
        return [form(number) for form, maximum in forms for number in numbers(maximum)]

    def good(self, command: Command, argument: Argument) -> str:
        """A value for an argument that must be there."""
        known = {"scope": "read", "identity": "acme.example", "level": "none", "seq": "0", "duration": "1d",
                 "address": "nobody@x.example", "id": "hold_x", "file": str(self.files / "report.xml"),
                 "files": str(self.files / "report.xml"), "dir": str(self.files / "memory"),
                 "directory": str(self.files / "memory")}
        if argument.name == "policy":
            return str(self.files / "policy")
        return known.get(argument.value_name, str(self.files / "nothing"))

    def line(self, command: Command, walked: dict[Argument, str]) -> list[str]:
        """A command line with these values and all else that must be there."""
        values = {each: self.good(command, each) for each in command.arguments if each.is_required} | walked
        options = [word for each, value in values.items() if each.name for word in each.words(value)]
        places = [value for each, value in values.items() if not each.name]
        data = [f"--data-dir={self.directory.path}"] if command.takes_data else []
        names = {each.name for each in command.arguments} - {each.name for each in values}
        data += [f"--ledger={ORIGIN}"] if "ledger" in names else []
        # No question leaves this machine, and none takes long.
        data += ["--resolver=127.0.0.1@9"] if "resolver" in names else []
        data += ["--dns-timeout=100ms"] if "dns-timeout" in names else []
        return [*command.words, *data, *options, *(["--", *places] if places else [])]

    def run(self, place: str, value: str, line: list[str]) -> None:
        if line[0] != "serve" and line[:2] != ["witness", "serve"]:
            return self.walk.ended(place, value, *run(*line))
        listens = any(word.startswith("--listen") for word in line)
        self.walk.ended(place, value, *serve(*line, *([] if listens else ["--listen=127.0.0.1:0"])))


@pytest.fixture
def command_line(service: DataDirectory, filled: Filled, tmp_path: Path) -> Commands:
    return Commands(service, tmp_path)


def test_every_argument_takes_every_number(command_line: Commands, report: Callable[[str], None]) -> None:
    for command in commands():
        walked = [each for each in command.arguments if each.value_name not in NO_NUMBERS]
        name = " ".join(command.words)
        is_service = command.words[-1] == "serve"
        for value_name in sorted({each.value_name for each in walked}):
            kin = [each for each in walked if each.value_name == value_name]
            # All of a kind at once, such as both ends of a range; and each alone, but that each start of a service takes
            # its time.
            for group in [kin] if is_service else [kin, *([each] for each in kin if len(kin) > 1)]:
                place = f"{name} " + " ".join(f"--{each.name}" if each.name else f"<{value_name}>" for each in group)
                values = {value for each in group for value in command_line.forms(each)}
                for value in sorted(values):
                    command_line.run(place, value, command_line.line(command, dict.fromkeys(group, value)))
            command_line.walked |= {(each.name, each.value_name) for each in kin}
    report(command_line.walk.text())
    assert not command_line.walk.faults, "\n".join(command_line.walk.faults)
    assert len(command_line.walk.answers) >= 20


def test_the_ledger_is_intact_after_all_that(service: DataDirectory, filled: Filled) -> None:
    """Nothing that was taken made a line that nobody can read."""
    assert service.verify().is_intact
