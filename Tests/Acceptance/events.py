"""Random events that reach every corner of the entry's format."""

from __future__ import annotations

import json
import random
import string
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

INTEGER_MAX = 2**53 - 1
DEPTH_MAX = 16

#: The kinds that a producer may report, with their outcomes.
OUTCOMES: dict[str, list[str]] = {
    "send": ["requested", "held", "scheduled", "sent", "delivered", "bounced", "complained", "failed", "rejected",
             "cancelled", "refused", "suppressed", "expired", "unknown"],
    "decision": ["approved", "rejected", "edited", "expired", "refused"],
    "step_attempt": ["started", "called", "succeeded", "failed", "waiting", "timed_out", "cancelled", "skipped",
                     "unknown"],
    "run_outcome": ["succeeded", "failed", "cancelled"],
    "inbound": ["received", "held", "released", "rejected", "quarantined", "cancelled"],
    "verification": ["aligned", "unaligned", "unauthenticated", "not_applicable", "indeterminate", "protected",
                     "monitoring", "unprotected", "misconfigured"],
    "report": ["accepted", "recovered", "rejected"],
    "preference": ["opted_out", "opted_in"],
    "monitor": ["ok", "failed", "reviewed", "opened", "closed"],
}
#: The kinds that only the service itself writes.
RESERVED = {"policy": ["changed", "refused"],
            "access": ["granted", "revoked", "exported", "erased", "held", "released", "refused"]}
MODES = ["read_only", "gated_all", "gated_send", "monitored", "autonomous"]

#: What a JSON writer can get wrong, by name.
TEXT_CLASSES: dict[str, str] = {
    "short escapes": "\b\t\n\f\r",
    "other control characters": "".join(map(chr, range(1, 0x20))).translate(dict.fromkeys(map(ord, "\b\t\n\f\r"))),
    "quote": '"',
    "backslash": "\\",
    "solidus": "/",
    "letters and marks": string.ascii_letters + string.digits + " <>&'{}[]:,",
    "DEL and C1": "\x7f\x80\x85\x9f",
    "Latin-1": "éßÿ",
    "combining": "e\u0301a\u0308\u1100\u1161",
    "line separators": "\u2028\u2029",
    "BMP": "漢字العربية",
    "beside the surrogates": "\ud7ff\ue000",
    "noncharacters": "\ufffe\uffff\ufdd0",
    "byte order mark": "\ufeff",
    "astral": "😀𝔘𐍈",
    "the last scalars": "\U0010fffe\U0010ffff",
}
INTEGERS = [0, 1, -1, 255, 256, INTEGER_MAX, -INTEGER_MAX, INTEGER_MAX - 1, 2**31, -(2**31) - 1, 2**32, 10**15]


class Events:
    """Makes events from one source of randomness."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.count = 0

    # -- pieces

    def text(self, pieces: int = 8) -> str:
        """A text of mixed classes."""
        classes = list(TEXT_CLASSES.values())
        return "".join(self.rng.choice(self.rng.choice(classes)) for _ in range(self.rng.randrange(pieces + 1)))

    def name(self) -> str:
        """A member name: ASCII, but no easier than that."""
        alphabet = [chr(code) for code in range(1, 0x80)]
        return "".join(self.rng.choice(alphabet) for _ in range(self.rng.randrange(1, 9)))

    def value(self, depth: int) -> Any:
        """Any JSON value of the profile with at most `depth` levels."""
        choice = self.rng.randrange(6 if depth > 0 else 4)
        if choice == 0:
            return self.rng.choice((True, False))
        if choice == 1:
            return self.rng.choice(INTEGERS)
        if choice in (2, 3):
            return self.text()
        if choice == 4:
            return [self.value(depth - 1) for _ in range(self.rng.randrange(5))]
        return {self.name(): self.value(depth - 1) for _ in range(self.rng.randrange(6))}

    def address(self) -> str:
        local = "".join(self.rng.choices(string.ascii_letters + string.digits + "+_-!#$%&'*/=?^`{|}~é", k=8))
        return f"{local}@{self.rng.choice(['Acme.example', 'sub.acme.EXAMPLE', 'xn--bcher-kva.example'])}"

    def moment(self) -> str:
        """An RFC 3339 date-time with any offset and any number of decimals."""
        zone = timezone(timedelta(minutes=self.rng.randrange(-14 * 60, 14 * 60)))
        moment = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=self.rng.randrange(2 * 10**9))
        decimals = "".join(self.rng.choices(string.digits, k=self.rng.randrange(10)))
        offset = self.rng.choice(["Z", "z"]) if self.rng.random() < 0.4 else moment.astimezone(zone).strftime("%z")
        if offset not in "Zz":
            moment, offset = moment.astimezone(zone), offset[:3] + ":" + offset[3:]
        return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{decimals}" if decimals else "") + offset

    def message_id(self) -> str:
        self.count += 1
        body = f"{self.rng.getrandbits(64):x}.{self.count}{self.rng.choice(['', 'é', '😀', '+/='])}@acme.example"
        return self.rng.choice([body, f"<{body}>"])

    def workflow(self) -> dict[str, Any]:
        members: dict[str, Any] = {
            "engine": self.rng.choice(["inngest", "temporal", "aws-sfn", "x0"]), "run_id": "r" + self.text()}
        for member in ("scope", "function_id", "function_version", "workflow_key", "origin_run_id", "step_id",
                       "step_key", "dispatch_id", "traceparent"):
            if self.rng.random() < 0.5:
                members[member] = self.text()
        for member, least in (("run_attempt", 0), ("step_index", 0), ("attempt", 0), ("max_attempts", 1),
                              ("engine_attempt", -INTEGER_MAX)):
            if self.rng.random() < 0.5:
                members[member] = self.rng.choice([least, 7, INTEGER_MAX])
        if self.rng.random() < 0.5:
            members["trigger"] = {"event_id": "e" + self.text(), "event_name": self.text()}
        return members

    def recipients(self) -> Any:
        address = self.address()
        return self.rng.choice([
            address, {"address": address}, {"address": address, "role": self.rng.choice(["to", "cc", "bcc"])},
            [address, {"address": self.address(), "role": "cc"}], [self.address() for _ in range(4)]])

    def data(self) -> dict[str, Any]:
        data = {self.name(): self.value(self.rng.randrange(DEPTH_MAX - 4)) for _ in range(self.rng.randrange(5))}
        if self.rng.random() < 0.2:
            data["aliases"] = [self.message_id() for _ in range(self.rng.randrange(3))]
        if self.rng.random() < 0.2:
            data["links"] = [{"rel": "message", "id": self.message_id()}]
        return data

    # -- events

    def event(self, kind: str | None = None) -> dict[str, Any]:
        """One event with a random choice of members."""
        kind = kind or self.rng.choice(list(OUTCOMES))
        event: dict[str, Any] = {"kind": kind, "outcome": self.rng.choice(OUTCOMES[kind])}
        makers = {
            "message_id": self.message_id, "sender": self.address, "occurred_at": self.moment, "data": self.data,
            "oversight_mode": lambda: self.rng.choice(MODES),
            "actor": lambda: {"type": self.rng.choice(["person", "agent", "rule", "service"]), "id": "a" + self.text()},
            "workflow": self.workflow,
        }
        for member, make in makers.items():
            if self.rng.random() < 0.5 or (member == "workflow" and kind in ("step_attempt", "run_outcome")):
                event[member] = make()
        personal: dict[str, Any] = {}
        if self.rng.random() < 0.4:
            personal["recipient"] = self.recipients()
        if self.rng.random() < 0.2:
            personal["author"] = self.address()
        for _ in range(self.rng.randrange(3)):
            personal["".join(self.rng.choices(string.ascii_letters + "_.-0", k=6))] = self.value(4)
        if personal:
            event["personal"] = personal
        members = list(event.items())
        self.rng.shuffle(members)
        return dict(members)

    def wire(self, value: Any) -> bytes:
        """JSON of `value` in one of the spellings that mean the same."""
        text = json.dumps(
            value, ensure_ascii=self.rng.random() < 0.5, indent=self.rng.choice([None, None, 1, "\t"]))
        return text.replace("/", "\\/").encode() if self.rng.random() < 0.2 else text.encode()


# -- what the ledger must make of them


def bracketed(message_id: str) -> str:
    """The Message-ID as a line holds it."""
    return message_id if message_id.startswith("<") else f"<{message_id}>"


def lower_domain(address: str) -> str:
    """The address as a line holds it."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def utc(moment: str) -> str:
    """The date-time as a line holds it: UTC, six decimals, the rest cut off."""
    seconds, zone = moment[:19], moment[19:].lstrip(".0123456789")
    decimals = moment[19:len(moment) - len(zone)].lstrip(".")
    parsed = datetime.fromisoformat(seconds + ("+00:00" if zone in "Zz" else zone)).astimezone(UTC)
    return parsed.strftime("%Y-%m-%dT%H:%M:%S.") + f"{decimals:0<6}"[:6] + "Z"


def in_clear(event: dict[str, Any]) -> dict[str, Any]:
    """The members of the line that follow from the event alone."""
    verbatim = ("kind", "outcome", "oversight_mode", "actor", "data")
    clear: dict[str, Any] = {name: event[name] for name in verbatim if name in event}
    for name, normalise in (("message_id", bracketed), ("sender", lower_domain), ("occurred_at", utc)):
        if name in event:
            clear[name] = normalise(event[name])
    if "workflow" in event:
        workflow = {name: value for name, value in event["workflow"].items() if value != ""}
        workflow.pop("workflow_key", None)
        trigger = workflow.pop("trigger", {})
        if "event_name" in trigger:
            workflow["trigger"] = {"event_name": trigger["event_name"]}
        clear["workflow"] = workflow
    return clear


def to_seal(event: dict[str, Any]) -> dict[str, Any]:
    """The plaintext under each name that the line must seal; a list is sealed element by element."""
    sealed = dict(event.get("personal", {}))
    if "recipient" in sealed:
        given = sealed["recipient"] if isinstance(sealed["recipient"], list) else [sealed["recipient"]]
        full = [{"address": each} if isinstance(each, str) else each for each in given]
        sealed["recipient"] = [
            {"address": lower_domain(each["address"]), "role": each.get("role", "to")} for each in full]
    if "author" in sealed:
        sealed["author"] = lower_domain(sealed["author"])
    workflow = event.get("workflow", {})
    if workflow.get("workflow_key"):
        sealed["workflow_key"] = workflow["workflow_key"]
    if "event_id" in workflow.get("trigger", {}):
        sealed["trigger_event_id"] = workflow["trigger"]["event_id"]
    return sealed
