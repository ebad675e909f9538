"""dkimpy as a verifier, with its habits or without some of them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import dkim
import dkim.canonicalization

SECOND_FROM, OWN_FIELD, EMPTYING, TRAILING, BODY_END, LINE_ENDS, STRAY, PARTIAL, BEYOND, EXPIRED, AHEAD, NO_FROM = (
    "second From", "own field", "emptying", "trailing", "body end", "line ends", "stray", "partial", "beyond",
    "expired", "ahead", "no From")

HABITS = {
    PARTIAL: "it passes a signature with l= like any other; ours is policy, for anybody may have written the rest "
             "(RFC 6376 §8.2)",
    BEYOND: "it takes an l= that is larger than the body; §3.5 says it must not be",
    EMPTYING: "it leaves the white space behind b=, or takes another tag's text for b=; §3.7 empties the value of b= "
              "and nothing else",
    TRAILING: "it strips the white space at the end of the signature's field in the simple form; §3.7 takes its last "
              "line end alone",
    SECOND_FROM: "it hashes one more From than h= names; §5.4.2 takes what h= names",
    OWN_FIELD: "it takes the signature's own field where h= names DKIM-Signature; §3.5 excludes it",
    BODY_END: "it keeps white space behind the last line end of a relaxed body; §3.4.4 drops it with the empty line",
    LINE_ENDS: "it takes a bare LF for CRLF, and a message without its last line end for one that has it; ours is over "
               "the bytes as they are",
    STRAY: "it refuses a message with a line that is no field; ours passes over the line",
    EXPIRED: "it accepts x= for ten hours more; ours ends at the second that x= says (§3.5)",
    AHEAD: "it accepts t= up to ten hours ahead; ours five minutes",
    NO_FROM: "it accepts h= without From, which §5.4 requires",
}
#: What of our reasons dkimpy can tell apart.
KINDS = {"ok": "pass", "body_length_limit": "partial", "body_hash_mismatch": "body", "signature_mismatch": "signature",
         "key_not_found": "key", "key_revoked": "key", "key_syntax": "key", "key_type_mismatch": "key",
         "header_syntax": "field", "unknown_version": "field", "unknown_algorithm": "field",
         "from_not_signed": "field", "identity_mismatch": "field", "expired": "field", "future_timestamp": "field"}
AHEAD_SECONDS_MAX = 300
SILENT = logging.getLogger("dkimpy differential")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False

Keys = Callable[..., bytes | None]


class Verifier(dkim.DKIM):
    """dkimpy's verifier, which says what kind of fault it found."""

    def __init__(self, message: bytes, gone: frozenset[str], as_of: int) -> None:
        self._gone = gone
        self._as_of = as_of
        self.pk = None
        super().__init__(message, logger=SILENT)

    def kind(self, index: int, keys: Keys) -> str:
        """The verdict on the signature at `index`, from the top."""
        self.pk = None
        try:
            if self.verify(index, dnsfunc=keys):
                return "partial" if PARTIAL in self._gone and b"l" in self.signature_fields else "pass"
        except dkim.ValidationError as refusal:
            return "body" if str(refusal).startswith("body hash mismatch") else "field"
        except dkim.DKIMException:
            return "field"
        return "key" if self.pk is None else "signature"

    def verify_headerprep(self, idx: int = 0) -> Any:
        prepared = super().verify_headerprep(idx)
        if prepared:
            sig, names, _ = prepared
            self._require(NO_FROM, b"from" in names, "h= lacks From")
            self._require(EXPIRED, int(sig.get(b"x", self._as_of)) >= self._as_of, "x= is past")
            self._require(AHEAD, int(sig.get(b"t", 0)) <= self._as_of + AHEAD_SECONDS_MAX, "t= is ahead")
        return prepared

    def verify_sig_process(self, sig: dict[bytes, bytes], *arguments: Any) -> bool:
        policy = dkim.CanonicalizationPolicy.from_c_value(sig.get(b"c", b"simple/simple"))
        size = len(policy.canonicalize_body(self.body))
        self._require(BEYOND, int(sig.get(b"l", 0)) <= size, "body hash mismatch: l= is larger")
        return bool(super().verify_sig_process(sig, *arguments))

    def _require(self, habit: str, holds: bool, what: str) -> None:
        if habit in self._gone and not holds:
            raise dkim.ValidationError(what)


def kinds(message: bytes, keys: Keys, as_of: int, gone: frozenset[str]) -> list[str] | None:
    """The verdict on each signature; None where dkimpy refuses the message as a whole."""
    with corrected(gone):
        try:
            verifier = Verifier(message, gone, as_of)
        except dkim.MessageFormatError:
            return None
        count = sum(name.lower().rstrip() == b"dkim-signature" for name, _ in verifier.headers)
        return [verifier.kind(index, keys) for index in range(count)]


@contextmanager
def corrected(gone: frozenset[str]) -> Iterator[None]:
    """dkimpy without these habits. Without any it is left as it is."""
    with ExitStack() as stack:
        if gone & {SECOND_FROM, OWN_FIELD, EMPTYING, TRAILING}:
            stack.enter_context(mock.patch.object(dkim, "hash_headers", hashing(gone)))
        if gone & {LINE_ENDS, STRAY}:
            stack.enter_context(mock.patch.object(dkim, "rfc822_parse", parsing(gone)))
        if BODY_END in gone:
            stack.enter_context(mock.patch.object(
                dkim.canonicalization.Relaxed, "canonicalize_body", staticmethod(relaxed_body)))
        yield


def hashing(gone: frozenset[str]) -> Any:
    """`dkim.hash_headers` of RFC 6376 §3.7."""

    def hash_headers(hasher: Any, policy: Any, headers: list[Any], names: list[bytes], field: Any, _: Any) -> list[Any]:
        if SECOND_FROM in gone and b"from" in names[:-1]:
            names = names[:-1]
        if OWN_FIELD in gone:
            own = tuple(policy.canonicalize_headers([tuple(field)])[0])
            place = next(place for place, each in enumerate(headers) if tuple(each) == own)
            headers = headers[:place] + headers[place + 1:]
        selected = dkim.select_headers(headers, names)
        value = emptied(field[1]) if EMPTYING in gone else dkim.RE_BTAG.sub(b"\\1", field[1])
        (name, value), = policy.canonicalize_headers([(field[0], value)])
        value = re.sub(rb"\r?\n\Z", b"", value) if TRAILING in gone else value.rstrip()
        for each, content in [*selected, (name, value)]:
            hasher.update(each + b":" + content)
        return selected

    return hash_headers


def emptied(value: bytes) -> bytes:
    """A signature's field with the value of b= emptied."""
    end = re.search(rb"\r?\n\Z|\Z", value)
    assert end is not None
    tags = value[:end.start()].split(b";")
    return b";".join(tag.partition(b"=")[0] + b"=" if tag.partition(b"=")[0].strip() == b"b" else tag
                     for tag in tags) + end[0]


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 §3.4.4."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def parsing(gone: frozenset[str]) -> Any:
    """`dkim.rfc822_parse` that leaves line ends as they are, or passes over what is no field."""

    def parse(message: bytes) -> tuple[list[list[bytes]], bytes]:
        headers: list[list[bytes]] = []
        current: list[bytes] | None = None
        start = 0
        for line in re.findall(rb"[^\n]*\n|[^\n]+\Z", message):
            start += len(line)
            content = re.sub(rb"\r?\n\Z", b"", line)
            if not content:
                break
            whole = line if LINE_ENDS in gone else content + b"\r\n"
            found = re.match(rb"([\x21-\x39\x3b-\x7e]+):", content)
            if content[:1] in (b" ", b"\t"):
                if current is not None:
                    current[1] += whole
            elif found:
                current = [found[1], whole[found.end():]]
                headers.append(current)
            elif STRAY in gone:
                current = None
            else:
                raise dkim.MessageFormatError("a line that is no field")
        body = message[start:]
        return headers, body if LINE_ENDS in gone else re.sub(rb"\r?\n", b"\r\n", body)

    return parse
