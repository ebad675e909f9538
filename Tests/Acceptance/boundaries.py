"""Where numbers come in from outside, and which of them are tried there: what the service's own documents name, so that
a new route, member or argument is walked by itself."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

from paths import BINARY

SEQ_MAX, SIZE_MAX = 2**53 - 1, 2**63 - 1
#: What a command ends with: well, not good, wrong usage, could not run. A signal is below 0, or above 128.
EXITS = (0, 1, 2, 3)
COMMAND_SECONDS_MAX = 120
#: How deep members within members are walked; the schemas of free values contain themselves.
DEPTH_MAX = 4
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def numbers(maximum: int = SEQ_MAX) -> list[int]:
    """What is tried at a place that takes at most `maximum`."""
    return sorted({-1, 0, 1, maximum - 1, maximum, maximum + 1, 2**31, 2**53, 2**63 - 1, 2**64})


@dataclass
class Walk:
    """What was tried where, and what went wrong."""

    name: str
    #: How often each answer came, by place.
    answers: dict[str, Counter[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def note(self, place: str, value: Any, answer: int | str, is_good: bool) -> None:
        self.answers.setdefault(place, Counter())[str(answer)] += 1
        if not is_good:
            self.faults.append(f"{place} = {value}: {answer}")

    def ended(self, place: str, value: Any, status: int, said: str) -> None:
        """Notes how a command ended, and what it said."""
        self.note(place, value, status, status in EXITS and "Fatal error" not in said)

    def text(self) -> str:
        tried = sum(sum(counts.values()) for counts in self.answers.values())
        rows = "\n".join(f"  {place:72} " + "  ".join(f"{answer}: {count}" for answer, count in sorted(counts.items()))
                         for place, counts in sorted(self.answers.items()))
        return f"{self.name}: {len(self.answers)} places, {tried} values, {len(self.faults)} faults\n{rows}"


# -- HTTP, by openapi.json


class Document:
    """The OpenAPI document of a service."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    def resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        """What a reference leads to."""
        while "$ref" in value:
            target: Any = self.value
            for part in value["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            value = target
        return value

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method, path and operation of each route."""
        for path, item in self.value["paths"].items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, {**item[method],
                                                 "parameters": shared + item[method].get("parameters", [])}

    def parameters(self, operation: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The parameters in the path, the query or the header, with their schemas."""
        for parameter in map(self.resolved, operation["parameters"]):
            if parameter["in"] == place:
                yield parameter["name"], self.resolved(parameter.get("schema", {}))

    def maximum(self, schema: dict[str, Any]) -> int:
        """The largest number that a schema takes; that of a line's integers where it is no schema of a number."""
        return int(schema.get("maximum", SEQ_MAX))

    def members(
        self, schema: dict[str, Any], path: tuple[str | int, ...] = (), seen: frozenset[str] = frozenset(),
    ) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
        """The members of a body, those within others too, with their schemas."""
        if "$ref" in schema:
            if schema["$ref"] in seen:
                return
            seen |= {schema["$ref"]}
        schema = self.resolved(schema)
        for combined in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(combined, []):
                yield from self.members(part, path, seen)
        if len(path) >= DEPTH_MAX:
            return
        for name, each in schema.get("properties", {}).items():
            yield (*path, name), self.resolved(each)
            yield from self.members(each, (*path, name), seen)
        if isinstance(schema.get("items"), dict) and path:
            yield (*path, 0), self.resolved(schema["items"])
            yield from self.members(schema["items"], (*path, 0), seen)

    def bodies(self, content: dict[str, Any]) -> list[Any]:
        """The examples of a body."""
        examples = [each["value"] for each in content.get("examples", {}).values() if "value" in each]
        return examples + ([content["example"]] if "example" in content else [])


def with_member(bodies: list[Any], path: tuple[str | int, ...], number: int) -> Any:
    """One of the bodies, the one that has the member if one does, with a number in its place."""
    def has(body: Any, steps: tuple[str | int, ...]) -> bool:
        for step in steps:
            if isinstance(body, dict) and step in body:
                body = body[step]
            elif isinstance(body, list) and isinstance(step, int) and step < len(body):
                body = body[step]
            else:
                return False
        return True

    objects = [body[0] if isinstance(body, list) and body else body for body in bodies]
    fitting = [body for body in objects if has(body, path)] or [body for body in objects if has(body, path[:-1])]
    body = copy.deepcopy((fitting or objects)[0])
    target = body
    for step, following in zip(path, path[1:]):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if not target:
                target.append(empty)
        elif not isinstance(target.get(step), type(empty)):
            target[step] = empty
        target = target[step]
    last = path[-1]
    if isinstance(last, int):
        target[:] = [number]
    else:
        target[last] = number
    return body


def tile_paths() -> Iterator[tuple[str, str]]:
    """The forms of C2SP tlog-tiles with every number in every place, each with the place's name."""
    for kind in (*(str(level) for level in range(8)), "entries"):
        level = 0 if kind == "entries" else int(kind)
        # The last tile that a tree of 2^63 - 1 leaves can have.
        for index in numbers(SIZE_MAX >> (8 * (level + 1))):
            yield f"tile/{kind}/N", f"tile/{kind}/{index_path(index)}"
            for width in (1, 255):
                yield f"tile/{kind}/N.p/{width}", f"tile/{kind}/{index_path(index)}.p/{width}"
        for width in numbers(255):
            yield f"tile/{kind}/000.p/W", f"tile/{kind}/000.p/{width}"
    for level in numbers(7):
        yield "tile/L/000", f"tile/{level}/000"
    yield "tile/0/N, many elements", f"tile/0/{'x999/' * 40}999"


def index_path(index: int) -> str:
    """The elements of a tile's index, three digits each."""
    if index < 0:
        return str(index)
    digits = f"{index:0{max(1, -(-len(str(index)) // 3)) * 3}}"
    parts = re.findall("...", digits)
    return "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])


# -- the command line, by --help


@dataclass(frozen=True)
class Argument:
    """One argument or option that takes a value."""

    name: str | None
    #: What `--help` calls the value.
    value_name: str
    is_required: bool

    def words(self, value: str) -> list[str]:
        """As it stands on the command line. A value that begins with a hyphen would be an option by itself."""
        return [f"--{self.name}={value}"] if self.name else ["--", value]


@dataclass(frozen=True)
class Command:
    words: tuple[str, ...]
    arguments: tuple[Argument, ...]

    @property
    def takes_data(self) -> bool:
        return any(each.name == "data-dir" for each in self.arguments)


def commands() -> list[Command]:
    """All commands of the binary that do something, as its help lists them."""
    done = subprocess.run([str(BINARY), "--experimental-dump-help"], capture_output=True, check=True)
    found: list[Command] = []

    def walk(command: dict[str, Any], words: tuple[str, ...]) -> None:
        below = [each for each in command.get("subcommands", []) if each["commandName"] != "help"]
        for each in below:
            walk(each, (*words, each["commandName"]))
        if not below:
            found.append(Command(words, tuple(
                Argument(each["preferredName"]["name"] if each["kind"] == "option" else None,
                         each.get("valueName", ""), not each["isOptional"] and "defaultValue" not in each)
                for each in command.get("arguments", []) if each["kind"] != "flag")))

    walk(json.loads(done.stdout)["command"], ())
    return found


def run(*words: str, data: bytes | None = None) -> tuple[int, str]:
    """How a command ends, and what it says to people."""
    done = subprocess.run([str(BINARY), *words], input=data, stdin=None if data is not None else subprocess.DEVNULL,
                          capture_output=True, check=False, timeout=COMMAND_SECONDS_MAX)
    return done.returncode, done.stderr.decode("utf-8", "replace")


def serve(*words: str) -> tuple[int, str]:
    """The same for a command that runs on until it is told to end: once it listens, it is asked whether it lives."""
    process = subprocess.Popen([str(BINARY), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    timer = threading.Timer(COMMAND_SECONDS_MAX, process.kill)
    timer.start()
    said: list[bytes] = []
    assert process.stdout is not None and process.stderr is not None
    errors = process.stderr
    reader = threading.Thread(target=lambda: said.extend(errors), daemon=True)
    reader.start()
    try:
        for raw in process.stdout:
            if b"listening on" in raw:
                requests.get(raw.decode().split("listening on ")[1].strip() + "/health", timeout=60)
                # So that what runs beside the requests has had its turn.
                time.sleep(0.5)
                process.terminate()
        status = process.wait()
        reader.join(10)
        return status, b"".join(said).decode("utf-8", "replace")
    finally:
        timer.cancel()
        process.kill()
        process.wait()
