"""Entries that must be refused: each as the bytes that are sent, and what the refusal must say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

LINE_MAX, CALLER_MAX, KEY_MAX, MESSAGE_ID_MAX, ADDRESS_MAX, DEPTH_MAX = 65_535, 60_000, 255, 998, 254, 16

GOOD: dict[str, Any] = {"kind": "send", "outcome": "sent"}
WORKFLOW = {"engine": "inngest", "run_id": "r"}


@dataclass(frozen=True)
class Bad:
    """One refused element."""

    name: str
    body: bytes
    code: str
    pointer: str = ""
    limit: int | None = None
    status: int = 400


def _raw(name: str, text: str | bytes, code: str = "malformed_json", **rest: Any) -> Bad:
    return Bad(name, text if isinstance(text, bytes) else text.encode(), code, **rest)


def _with(
    name: str, code: str, pointer: str = "", *, limit: int | None = None, status: int = 400, **members: Any,
) -> Bad:
    """A good element with other members."""
    return Bad(name, json.dumps({**GOOD, **members}).encode(), code, pointer, limit, status)


def _data(name: str, value: str | bytes, pointer: str = "") -> Bad:
    """A good element with this raw text as `data`."""
    raw = value if isinstance(value, bytes) else value.encode()
    return Bad(name, b'{"kind":"send","outcome":"sent","data":' + raw + b"}", "malformed_json", pointer)


def _nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


MALFORMED = [
    _raw("nothing but a brace", "{"),
    _raw("a trailing comma", '{"kind":"send","outcome":"sent",}'),
    _raw("text after the value", '{"kind":"send","outcome":"sent"} x'),
    _raw("single quotes", "{'kind':'send'}"),
    _raw("a comment", '{"kind":"send"/**/,"outcome":"sent"}'),
    _raw("a name without quotes", '{kind:"send","outcome":"sent"}'),
    _raw("a byte order mark", b'\xef\xbb\xbf{"kind":"send","outcome":"sent"}'),
    _raw("a member that stands twice", '{"kind":"send","outcome":"sent","outcome":"sent"}'),
    _raw("a member that stands twice, once escaped",
         '{"kind":"send","outcome":"sent","\\u006fUtcome":"x","oUtcome":"x"}'),
    _data("a float", '{"n":1.0}'),
    _data("an exponent", '{"n":1e3}'),
    _data("minus zero", '{"n":-0}'),
    _data("an integer of 2^53", '{"n":9007199254740992}'),
    _data("an integer of -2^53", '{"n":-9007199254740992}'),
    _data("an integer of a thousand digits", '{"n":' + "9" * 1000 + "}"),
    _data("a leading zero", '{"n":01}'),
    _data("a plus sign", '{"n":+1}'),
    _data("NaN", '{"n":NaN}'),
    _data("Infinity", '{"n":-Infinity}'),
    _data("null", '{"n":null}'),
    _data("null within a list", '{"n":[1,null]}'),
    _raw("null for an optional member", '{"kind":"send","outcome":"sent","message_id":null}'),
    _data("a name that stands twice, deep inside", '{"a":[{"b":1,"b":1}]}'),
    _data("a name outside ASCII", '{"é":1}'),
    _data("a name outside ASCII, escaped", '{"\\u00e9":1}'),
    _data("a lone high surrogate", '{"s":"\\ud800"}'),
    _data("a lone low surrogate", '{"s":"\\udc00"}'),
    _data("surrogates in the wrong order", '{"s":"\\udc00\\ud800"}'),
    _data("a high surrogate before a letter", '{"s":"\\ud83dx"}'),
    _data("an escaped U+0000", '{"s":"a\\u0000b"}'),
    _data("a raw U+0000", b'{"s":"a\x00b"}'),
    _data("a raw control character", b'{"s":"a\x01b"}'),
    _data("an unknown escape", '{"s":"\\x41"}'),
    _data("a cut-off escape", '{"s":"\\u12"}'),
    _data("invalid UTF-8: a stray continuation", b'{"s":"\x80"}'),
    _data("invalid UTF-8: overlong", b'{"s":"\xc0\xaf"}'),
    _data("invalid UTF-8: an encoded surrogate", b'{"s":"\xed\xa0\x80"}'),
    _data("invalid UTF-8: beyond U+10FFFF", b'{"s":"\xf4\x90\x80\x80"}'),
    _data("invalid UTF-8: cut off", b'{"s":"\xe2\x82"}'),
    _data("one level too deep", _nested(DEPTH_MAX)),
    _data("a thousand levels", _nested(1000)),
    _data("a thousand lists", '{"a":' + "[" * 1000 + "]" * 1000 + "}"),
]

WRONG = [
    _raw("a number", "17", "invalid_member"),
    _raw("a string", '"send"', "invalid_member"),
    _raw("no members", "{}", "missing_member"),
    _raw("no kind", '{"outcome":"sent"}', "missing_member"),
    _raw("no outcome", '{"kind":"send"}', "missing_member"),
    _with("an unknown member", "unknown_member", "/seq", seq=1),
    _with("a member in another case", "unknown_member", "/Sender", Sender="a@acme.example"),
    _with("an unknown kind", "invalid_member", "/kind", kind="mail"),
    _with("a kind in another case", "invalid_member", "/kind", kind="Send"),
    _with("an unknown outcome", "invalid_member", "/outcome", outcome="gone"),
    _with("an outcome of another kind", "invalid_member", "/outcome", outcome="approved"),
    _with("a policy", "forbidden_kind", "/kind", kind="policy", outcome="changed", status=403),
    _with("an access", "forbidden_kind", "/kind", kind="access", outcome="granted", status=403),
    *(Bad(f"a wrong type of {name}", json.dumps({**GOOD, name: value}).encode(), "invalid_member", f"/{name}")
      for name, value in {
        "kind": 1, "outcome": True, "message_id": 7, "sender": ["a@acme.example"], "oversight_mode": {}, "actor": "x",
        "workflow": "x", "occurred_at": 1_700_000_000, "data": [], "personal": "x", "idempotency_key": 1}.items()),
    _with("an unknown oversight mode", "invalid_member", "/oversight_mode", oversight_mode="gated"),
    _with("an actor without an id", "missing_member", "/actor", actor={"type": "agent"}),
    _with("an actor without a type", "missing_member", "/actor", actor={"id": "a"}),
    _with("an actor of unknown type", "invalid_member", "/actor/type", actor={"type": "robot", "id": "a"}),
    _with("an actor with an address", "invalid_member", "/actor/id", actor={"type": "agent", "id": "kim@acme.example"}),
    _with("an unknown member of the actor", "unknown_member", "/actor/name",
          actor={"type": "agent", "id": "a", "name": ""}),
    _with("an actor's id of 129 bytes", "too_large", "/actor/id", actor={"type": "agent", "id": "x" * 129}, limit=128),
    _with("an empty message ID", "invalid_member", "/message_id", message_id=""),
    _with("a message ID with a space", "invalid_member", "/message_id", message_id="<a b@acme.example>"),
    _with("a message ID with a line break", "invalid_member", "/message_id", message_id="<a@acme.example>\r\nBcc: x"),
    _with("a message ID longer than an index holds", "too_large", "/message_id", message_id="m" * 4000,
          limit=MESSAGE_ID_MAX),
    _with("a message ID of 999 bytes", "too_large", "/message_id", message_id="m" * (MESSAGE_ID_MAX - 1),
          limit=MESSAGE_ID_MAX),
    _with("a sender without a domain", "invalid_member", "/sender", sender="billing"),
    _with("a sender with a display name", "invalid_member", "/sender", sender="Billing <billing@acme.example>"),
    _with("a sender with a label that IDNA has not", "invalid_member", "/sender", sender="a@b☃cher.example"),
    _with("a sender whose local part composes to a semicolon", "invalid_member", "/sender", sender="a\u037eb@acme.example"),
    _with("a sender whose local part has 65 bytes once folded", "invalid_member", "/sender",
          sender="\u1f80" * 13 + "@acme.example"),
    _with("a sender with a broken domain", "invalid_member", "/sender", sender="a@acme..example"),
    _with("a sender with a local part of 65 bytes", "invalid_member", "/sender", sender="a" * 65 + "@acme.example"),
    _with("a sender of 255 bytes", "invalid_member", "/sender", limit=ADDRESS_MAX,
          sender="a" * 64 + "@" + "b" * 62 + "." + "c" * 63 + "." + "d" * 63),
    _with("a sender with a label of 64 bytes", "invalid_member", "/sender", sender="a@" + "b" * 64 + ".example"),
    _with("a date without a time", "invalid_member", "/occurred_at", occurred_at="2026-11-22"),
    _with("a date that does not exist", "invalid_member", "/occurred_at", occurred_at="2026-02-30T00:00:00Z"),
    _with("a time without an offset", "invalid_member", "/occurred_at", occurred_at="2026-11-22T10:00:00"),
    _with("an unknown member of the workflow", "unknown_member", "/workflow/step", workflow={**WORKFLOW, "step": 1}),
    _with("a workflow without a run", "missing_member", "/workflow", workflow={"engine": "inngest"}),
    _with("an engine in capitals", "invalid_member", "/workflow/engine", workflow={"engine": "Inngest", "run_id": "r"}),
    _with("a run longer than an index holds", "too_large", "/workflow/run_id",
          workflow={"engine": "inngest", "run_id": "r" * 3000}, limit=512),
    _with("a negative attempt", "invalid_member", "/workflow/attempt", workflow={**WORKFLOW, "attempt": -1}),
    _with("a step attempt without a workflow", "missing_member", "", kind="step_attempt", outcome="started"),
    _with("a run's outcome without a workflow", "missing_member", "", kind="run_outcome", outcome="failed"),
    _with("a personal name that SD-JWT keeps for itself", "invalid_member", "/personal/_sd", personal={"_sd": "x"}),
    _with("a personal name with a space", "invalid_member", "/personal/a b", personal={"a b": "x"}),
    _with("a recipient without a domain", "invalid_member", "/personal/recipient", personal={"recipient": "kim"}),
    _with("a bad recipient in a list", "invalid_member", "/personal/recipient/1/address",
          personal={"recipient": ["kim@acme.example", {"address": "kim"}]}),
    _with("a recipient with an unknown role", "invalid_member", "/personal/recipient/role",
          personal={"recipient": {"address": "kim@acme.example", "role": "from"}}),
    _with("no recipients", "invalid_member", "/personal/recipient", personal={"recipient": []}),
    _with("an author list", "invalid_member", "/personal/author", personal={"author": ["kim@acme.example"]}),
    _with("an empty key", "invalid_member", "/idempotency_key", idempotency_key=""),
    _with("a key of 256 bytes", "too_large", "/idempotency_key", idempotency_key="k" * (KEY_MAX + 1), limit=KEY_MAX),
    _with("a key of 128 characters and 256 bytes", "too_large", "/idempotency_key", idempotency_key="é" * 128,
          limit=KEY_MAX),
    _with("more than the caller's part", "too_large", "", data={"s": "x" * CALLER_MAX}, limit=CALLER_MAX),
    _with("a hundred thousand bytes", "too_large", "", data={"s": "x" * 100_000}, limit=CALLER_MAX),
    _with("a line that digests make too long", "too_large", "", personal={"list": ["x"] * 2000}, limit=LINE_MAX),
]

ALL = MALFORMED + WRONG
