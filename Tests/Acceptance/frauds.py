"""What somebody can make of a receipt or an export that he was given, and what the refusal of each must say."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from events import Events
from notes import Checkpoint, Receipt, Signature, Signer
from paths import ORIGIN
from reference import canonical, leaf_hash
from service import DataDirectory
from signed_ledger import SignedLedger

SIZE = 300
OTHER = "beta.example/mail"
SIGNATURES_MAX = 64
HASHES_MAX = 63


class Held:
    """A ledger, and what its owner handed to an outsider: a checkpoint, the export, and some receipts."""

    def __init__(self, directory: DataDirectory, rng: random.Random) -> None:
        self.directory = directory
        self.rng = rng
        self.ledger = SignedLedger(directory)
        maker = Events(rng)
        #: seq -> what was told of that entry.
        self.told: dict[int, dict[str, Any]] = {}
        while self.ledger.api.size() < SIZE:
            events = [maker.event() for _ in range(50)]
            placed = self.ledger.api.append(events)
            self.told |= {place["seq"]: event for place, event in zip(placed, events, strict=True)}
        self.checkpoint = self.ledger.sign()
        self.size = Checkpoint.read(self.checkpoint).size
        self.lines = self.ledger.lines()[:self.size]
        self.export = b"".join(line + b"\n" for line in self.lines)
        #: The same with sealed values beside each line.
        self.disclosed: list[dict[str, Any]] = [
            json.loads(line) for line in self.ledger.api.lines(disclosures="true")[:self.size]]
        self.receipts = {seq: self.ledger.receipt(seq) for seq in (0, 1, 41, 128, 255, 256, self.size - 1)}
        self.vkey = self.ledger.vkey
        self.offline = self.ledger.offline


# -- receipts


def leaf_of(held: Held, receipt: Receipt) -> bytes:
    return held.lines[receipt.index]


@dataclass(frozen=True)
class Fraud:
    """A receipt and a line that must be refused, and what the refusal must say."""

    receipt: bytes
    line: bytes
    says: str
    key: str = ""


def line_changed(held: Held, receipt: Receipt) -> Fraud:
    line = leaf_of(held, receipt)
    return Fraud(receipt.data, line.replace(b'"kind":"', b'"kind":"x', 1), "the line is not entry 128 of the tree")


def line_with_a_space(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data, leaf_of(held, receipt) + b" ", "the line is not entry 128 of the tree")


def line_of_another_entry(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data, held.lines[41], "the line is not entry 128 of the tree")


def no_line(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data, b"", "the line is not entry 128 of the tree")


def index_of_another_entry(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(replace(receipt, index=129).data, leaf_of(held, receipt), "the line is not entry 129 of the tree")


def index_beyond_the_tree(held: Held, receipt: Receipt) -> Fraud:
    size = receipt.checkpoint.size
    return Fraud(replace(receipt, index=size).data, leaf_of(held, receipt), f"the line is not entry {size} of the tree")


def index_of_the_largest_number(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(replace(receipt, index=2**63 - 1).data, leaf_of(held, receipt), "of the tree that was signed")


def index_too_large_for_a_number(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(replace(receipt, index=2**63).data, leaf_of(held, receipt), "cannot be read: invalid_number")


def index_below_zero(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(replace(receipt, index=-1).data, leaf_of(held, receipt), "cannot be read: invalid_number")


def index_with_a_zero_before_it(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data.replace(b"index 128", b"index 0128"), leaf_of(held, receipt), "invalid_number")


def a_hash_left_out(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(replace(receipt, hashes=receipt.hashes[:-1]).data, leaf_of(held, receipt), "is not entry 128")


def a_hash_too_many(held: Held, receipt: Receipt) -> Fraud:
    more = (*receipt.hashes, receipt.hashes[0])
    return Fraud(replace(receipt, hashes=more).data, leaf_of(held, receipt), "is not entry 128")


def two_hashes_exchanged(held: Held, receipt: Receipt) -> Fraud:
    one, two, *rest = receipt.hashes
    return Fraud(replace(receipt, hashes=(two, one, *rest)).data, leaf_of(held, receipt), "is not entry 128")


def most_hashes(held: Held, receipt: Receipt) -> Fraud:
    hashes = (receipt.hashes * HASHES_MAX)[:HASHES_MAX]
    return Fraud(replace(receipt, hashes=hashes).data, leaf_of(held, receipt), "is not entry 128")


def more_hashes_than_any_tree_has(held: Held, receipt: Receipt) -> Fraud:
    hashes = (receipt.hashes * HASHES_MAX)[:HASHES_MAX + 1]
    return Fraud(replace(receipt, hashes=hashes).data, leaf_of(held, receipt), "cannot be read: too_many_hashes")


def a_hash_of_31_bytes(held: Held, receipt: Receipt) -> Fraud:
    hashes = (receipt.hashes[0][:31], *receipt.hashes[1:])
    return Fraud(replace(receipt, hashes=hashes).data, leaf_of(held, receipt), "cannot be read: invalid_hash")


def bad_base64_in_a_hash(held: Held, receipt: Receipt) -> Fraud:
    first = base64.b64encode(receipt.hashes[0])
    return Fraud(receipt.data.replace(first, b"*" + first[1:]), leaf_of(held, receipt), "invalid_hash")


def bad_base64_in_the_signature(held: Held, receipt: Receipt) -> Fraud:
    data = receipt.data
    return Fraud(data[:-20] + b"*" + data[-19:], leaf_of(held, receipt), "malformed_signature")


def bytes_after_the_end(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data + b"x\n", leaf_of(held, receipt), "cannot be read: malformed_signature")


def an_empty_line_after_the_end(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data + b"\n", leaf_of(held, receipt), "cannot be read: no_signatures")


def no_line_feed_at_the_end(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data[:-1], leaf_of(held, receipt), "cannot be read: unended_line")


def carriage_returns(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data.replace(b"\n", b"\r\n"), leaf_of(held, receipt), "cannot be read: unknown_format")


def nothing_at_all(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(b"", leaf_of(held, receipt), "cannot be read: missing_line")


def a_checkpoint_for_a_receipt(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.note.data, leaf_of(held, receipt), "cannot be read: unknown_format")


def a_megabyte(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data + b"a" * 900_000, leaf_of(held, receipt), "cannot be read: too_large")


def another_key(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data, leaf_of(held, receipt), "none of the given keys signed", Signer(ORIGIN).key.vkey)


def the_key_of_another_ledger(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(receipt.data, leaf_of(held, receipt), f"is of another ledger, {ORIGIN}", Signer(OTHER).key.vkey)


def signed_by_another_under_the_ledgers_key(held: Held, receipt: Receipt) -> Fraud:
    claimed = Signature(ORIGIN.encode(), held.ledger.key.id, Signer(ORIGIN).secret.sign(receipt.note.text))
    note = replace(receipt.note, signatures=(claimed,))
    return Fraud(replace(receipt, note=note).data, leaf_of(held, receipt), f"names the key {ORIGIN} is not by it")


def another_root_under_the_old_signature(held: Held, receipt: Receipt) -> Fraud:
    text = replace(receipt.checkpoint, root=bytes(32)).text
    note = replace(receipt.note, text=text)
    return Fraud(replace(receipt, note=note).data, leaf_of(held, receipt), "is not by it")


def more_signatures_than_a_note_may_have(held: Held, receipt: Receipt) -> Fraud:
    return Fraud(signed_by_many(receipt, SIGNATURES_MAX + 1), leaf_of(held, receipt), "too_many_signatures")


def signed_by_many(receipt: Receipt, count: int) -> bytes:
    """The receipt with `count` signatures, the right one last."""
    return receipt.signed_also_by(*(Signer(f"witness.example/{number}") for number in range(count - 1))).data


FRAUDS: list[Callable[[Held, Receipt], Fraud]] = [
    line_changed, line_with_a_space, line_of_another_entry, no_line, index_of_another_entry, index_beyond_the_tree,
    index_of_the_largest_number, index_too_large_for_a_number, index_below_zero, index_with_a_zero_before_it,
    a_hash_left_out, a_hash_too_many, two_hashes_exchanged, most_hashes, more_hashes_than_any_tree_has,
    a_hash_of_31_bytes, bad_base64_in_a_hash, bad_base64_in_the_signature, bytes_after_the_end,
    an_empty_line_after_the_end, no_line_feed_at_the_end, carriage_returns, nothing_at_all,
    a_checkpoint_for_a_receipt, a_megabyte, another_key, the_key_of_another_ledger,
    signed_by_another_under_the_ledgers_key, another_root_under_the_old_signature,
    more_signatures_than_a_note_may_have]


# -- exports


def joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def relinked(lines: Sequence[bytes], start: int) -> list[bytes]:
    """The lines with a chain that holds from `start` on."""
    made = list(lines[:start])
    for seq, line in enumerate(lines[start:], start=start):
        made.append(canonical({**json.loads(line), "seq": seq, "prev": leaf_hash(made[-1]).hex()}))
    return made


def with_disclosures(held: Held) -> list[bytes]:
    return [json.dumps(row).encode() for row in held.disclosed]


def byte_changed(held: Held) -> tuple[bytes, str]:
    line = held.lines[100].replace(b'"nonce":"', b'"nonce":"A', 1)
    return joined([*held.lines[:100], line, *held.lines[101:]]), "line 101 is no entry"


def value_changed(held: Held) -> tuple[bytes, str]:
    other = {**json.loads(held.lines[100]), "outcome": "forged"}
    return joined([*held.lines[:100], canonical(other), *held.lines[101:]]), "entry 101 was not written after"


def last_value_changed(held: Held) -> tuple[bytes, str]:
    other = {**json.loads(held.lines[-1]), "outcome": "forged"}
    return joined([*held.lines[:-1], canonical(other)]), f"the first {held.size} entries do not make the tree"


def two_lines_exchanged(held: Held) -> tuple[bytes, str]:
    lines = list(held.lines)
    lines[50], lines[51] = lines[51], lines[50]
    return joined(lines), "line 51 holds entry 51, and entry 50 should stand there"


def a_line_left_out(held: Held) -> tuple[bytes, str]:
    return joined([*held.lines[:50], *held.lines[51:]]), "line 51 holds entry 51, and entry 50 should stand there"


def a_line_put_in(held: Held) -> tuple[bytes, str]:
    return joined([*held.lines[:50], held.lines[49], *held.lines[50:]]), "line 51 holds entry 49"


def a_line_of_another_ledger(held: Held) -> tuple[bytes, str]:
    other = canonical({**json.loads(held.lines[50]), "ledger": OTHER})
    return joined([*held.lines[:50], other, *held.lines[51:]]), "line 51 is an entry of another ledger"


def the_beginning_cut_off(held: Held) -> tuple[bytes, str]:
    return joined(held.lines[10:]), "the file begins with entry 10"


def the_end_cut_off(held: Held) -> tuple[bytes, str]:
    return joined(held.lines[:-3]), f"{held.size - 3} entries are there, and the checkpoint covers {held.size}"


def cut_within_a_line(held: Held) -> tuple[bytes, str]:
    return held.export[:-20], f"line {held.size} is no entry"


def an_empty_file(held: Held) -> tuple[bytes, str]:
    return b"", f"0 entries are there, and the checkpoint covers {held.size}"


def an_entry_rewritten_and_all_after_it(held: Held) -> tuple[bytes, str]:
    lines = list(held.lines)
    lines[200] = canonical({**json.loads(lines[200]), "outcome": "forged"})
    return joined(relinked(lines, 201)), f"the first {held.size} entries do not make the tree that was signed"


def an_entry_squeezed_in_and_all_after_it_renumbered(held: Held) -> tuple[bytes, str]:
    lines = [*held.lines[:200], held.lines[150], *held.lines[200:-1]]
    return joined(relinked(lines, 200)), f"the first {held.size} entries do not make the tree that was signed"


def not_json(held: Held) -> tuple[bytes, str]:
    return joined([b"\xff\x00{", *held.lines[1:]]), "line 1 is no entry"


def deeply_nested(held: Held) -> tuple[bytes, str]:
    return joined([*held.lines[:5], b"[" * 200_000, *held.lines[6:]]), "line 6 is no entry"


def longer_than_any_entry(held: Held) -> tuple[bytes, str]:
    return joined([*held.lines[:5], b'"' + b"a" * 70_000 + b'"', *held.lines[6:]]), "line 6 is no entry"


def longer_than_what_is_read_at_once(held: Held) -> tuple[bytes, str]:
    return joined([*held.lines[:5], b"a" * (1 << 21), *held.lines[6:]]), "line 6 cannot be read: the line passes"


def another_spelling(held: Held) -> tuple[bytes, str]:
    spaced = json.dumps(json.loads(held.lines[7])).encode()
    return joined([*held.lines[:7], spaced, *held.lines[8:]]), "line 8 is no entry"


def a_line_within_a_line(held: Held) -> tuple[bytes, str]:
    wrapped = json.dumps({"line": json.dumps({"line": held.lines[7].decode()})}).encode()
    return joined([*held.lines[:7], wrapped, *held.lines[8:]]), "line 8 is no entry"


def disclosed_place(held: Held) -> int:
    """An entry with sealed values."""
    return next(seq for seq in range(60, held.size) if held.disclosed[seq]["disclosures"])


def a_disclosure_changed(held: Held) -> tuple[bytes, str]:
    lines, seq = with_disclosures(held), disclosed_place(held)
    salt, name, _ = json.loads(base64.urlsafe_b64decode(held.disclosed[seq]["disclosures"][0] + "==="))
    other = base64.urlsafe_b64encode(json.dumps([salt, name, "forged"]).encode()).rstrip(b"=").decode()
    lines[seq] = json.dumps({**held.disclosed[seq], "disclosures": [other]}).encode()
    return joined(lines), f"a value shown with entry {seq} is not one that its line seals"


def a_disclosure_of_another_entry(held: Held) -> tuple[bytes, str]:
    lines, seq = with_disclosures(held), disclosed_place(held)
    other = next(row for row in held.disclosed[seq + 1:] if row["disclosures"])
    lines[seq] = json.dumps({**held.disclosed[seq], "disclosures": other["disclosures"]}).encode()
    return joined(lines), f"a value shown with entry {seq} is not one that its line seals"


def a_disclosure_that_is_no_text(held: Held) -> tuple[bytes, str]:
    lines = with_disclosures(held)
    lines[9] = json.dumps({**held.disclosed[9], "disclosures": [7]}).encode()
    return joined(lines), "a value shown with entry 9 is not one that its line seals"


EXPORTS: list[Callable[[Held], tuple[bytes, str]]] = [
    byte_changed, value_changed, last_value_changed, two_lines_exchanged, a_line_left_out, a_line_put_in,
    a_line_of_another_ledger, the_beginning_cut_off, the_end_cut_off, cut_within_a_line, an_empty_file,
    an_entry_rewritten_and_all_after_it, an_entry_squeezed_in_and_all_after_it_renumbered, not_json, deeply_nested,
    longer_than_any_entry, longer_than_what_is_read_at_once, another_spelling, a_line_within_a_line,
    a_disclosure_changed, a_disclosure_of_another_entry,
    a_disclosure_that_is_no_text]
