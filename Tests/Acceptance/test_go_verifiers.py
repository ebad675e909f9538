"""Go's note and tlog packages judge our checkpoints, receipts and consistency proofs, and agree with our own verifier
over every altered one."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from alterations import STRICTER, Alteration, explained
from go_verifier import GoVerifier, checkpoint_case, consistency_case, receipt_case
from notes import Checkpoint, Key, Receipt, Signer
from paths import ORIGIN, vectors
from reference import verify_consistency, verify_inclusion
from service import DataDirectory
from signed_ledger import ENTRY, SignedLedger

pytestmark = pytest.mark.proofs

#: Checkpoints are signed at these sizes: within, at and beyond a full tile.
SIZES = (3, 7, 64, 200, 255, 256, 257, 400, 512, 600)
SIZE = 620
ALTERATIONS = 110


class Signed:
    """A ledger of two full tiles and a partial one, with what was handed out while it grew."""

    def __init__(self, directory: DataDirectory, rng: random.Random) -> None:
        self.ledger = SignedLedger(directory)
        self.rng = rng
        self.checkpoints: dict[int, bytes] = {}
        #: seq -> receipts, by where they came from.
        self.receipts: dict[str, dict[int, bytes]] = {"append": {}, "GET": {}, "command": {}}
        for size in SIZES:
            self.ledger.fill(rng, size)
            note = self.ledger.sign()
            self.checkpoints[Checkpoint.read(note).size] = note
        while self.ledger.api.size() < SIZE:
            for placed in self.ledger.append_for_receipts([ENTRY] * rng.randrange(1, 4)):
                assert placed["assurance"] == "signed", placed
                self.receipts["append"][placed["seq"]] = placed["receipt"].encode()
        newest = self.ledger.published()
        self.checkpoints[Checkpoint.read(newest).size] = newest
        for seq in {0, 1, 255, 256, 511, 512, *rng.sample(range(SIZE), 40)}:
            self.receipts["GET"][seq] = self.ledger.receipt(seq)
        for seq in rng.sample(range(SIZE), 8):
            done = directory.run("receipt", str(seq), "--ledger", ORIGIN)
            assert done.returncode == 0, done.stderr.decode()
            self.receipts["command"][seq] = done.stdout
        self.lines = self.ledger.lines()

    @property
    def keys(self) -> list[str]:
        return [self.ledger.vkey]

    def any_receipt(self) -> tuple[int, bytes]:
        """A receipt of any source, and which entry's it is."""
        return self.rng.choice([item for source in self.receipts.values() for item in sorted(source.items())])


@pytest.fixture(scope="module")
def signed(request: pytest.FixtureRequest) -> Iterator[Signed]:
    directory = DataDirectory()
    try:
        yield Signed(directory, random.Random(f"{request.config.option.seed}/go"))
    finally:
        directory.close()


def test_go_opens_every_checkpoint(go: GoVerifier, signed: Signed) -> None:
    verdicts = go.judge([checkpoint_case(signed.keys, ORIGIN, note) for note in signed.checkpoints.values()])
    assert all(verdict.accepted and verdict.signers == 1 for verdict in verdicts), verdicts
    assert [verdict.size for verdict in verdicts] == list(signed.checkpoints)
    assert len(verdicts) >= len(SIZES) and 256 in signed.checkpoints


def test_go_opens_no_checkpoint_of_another_key_or_origin(go: GoVerifier, signed: Signed) -> None:
    note = signed.checkpoints[256]
    stranger = Signer(ORIGIN)
    text = Checkpoint.read(note).text
    cases = [
        checkpoint_case([stranger.key.vkey], ORIGIN, note), checkpoint_case(signed.keys, "beta.example/mail", note),
        checkpoint_case(signed.keys, ORIGIN, stranger.note(text).data)]
    assert [verdict.accepted for verdict in go.judge(cases)] == [False] * 3


def test_go_finds_every_pair_of_checkpoints_consistent(go: GoVerifier, signed: Signed) -> None:
    cases = []
    for (old, older), (new, newer) in itertools.combinations_with_replacement(sorted(signed.checkpoints.items()), 2):
        proof = signed.ledger.consistency(old, new)
        cases.append(consistency_case(signed.keys, ORIGIN, older, newer, proof))
        roots = [Checkpoint.read(each).root for each in (older, newer)]
        assert verify_consistency(old, new, roots[0], roots[1], proof), (old, new)
    verdicts = go.judge(cases)
    assert all(verdict.accepted for verdict in verdicts), verdicts
    assert len(verdicts) > 50


def test_go_refuses_consistency_proofs_with_one_bit_changed_or_of_other_sizes(
    go: GoVerifier, signed: Signed,
) -> None:
    cases = []
    for _ in range(60):
        old, new, third = sorted(signed.rng.sample(sorted(signed.checkpoints), 3))
        proof = signed.ledger.consistency(old, new)
        place = signed.rng.randrange(len(proof))
        broken = Alteration.of(proof[place], signed.rng).apply(proof[place])
        older, newer, other = (signed.checkpoints[size] for size in (old, new, third))
        for wrong, last in (([*proof[:place], broken, *proof[place + 1:]], newer), (proof[:-1], newer),
                            ([*proof, proof[0]], newer), (proof, other)):
            cases.append(consistency_case(signed.keys, ORIGIN, older, last, wrong))
    accepted = [case for case, verdict in zip(cases, go.judge(cases), strict=True) if verdict.accepted]
    assert not accepted, accepted


@pytest.mark.parametrize("source", ["append", "GET", "command"])
def test_go_and_our_verifier_accept_every_receipt(go: GoVerifier, signed: Signed, source: str) -> None:
    receipts = signed.receipts[source]
    verdicts = go.judge([
        receipt_case(signed.keys, ORIGIN, receipt, signed.lines[seq]) for seq, receipt in receipts.items()])
    for (seq, receipt), verdict in zip(receipts.items(), verdicts, strict=True):
        assert verdict.accepted and verdict.index == seq, (seq, verdict)
        read = Receipt.read(receipt)
        assert read.data == receipt, "a receipt has one spelling"
        checkpoint = read.checkpoint
        assert verify_inclusion(seq, checkpoint.size, _leaf(signed.lines[seq]), read.hashes, checkpoint.root)
        ours = signed.ledger.offline.receipt(receipt, signed.lines[seq], signed.ledger.vkey)
        assert ours.accepted and ours.size == verdict.size == checkpoint.size, ours
        assert f"entry {seq} of {ORIGIN}" in ours.detail, ours
    assert len(verdicts) >= 8


def _leaf(line: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + line).digest()


def test_go_and_our_verifier_refuse_a_receipt_with_one_byte_changed(
    go: GoVerifier, signed: Signed, report: Callable[[str], None],
) -> None:
    cases = []
    known = [signed.ledger.key]
    for number in range(ALTERATIONS):
        seq, receipt = signed.any_receipt()
        # Most of a receipt is hashes and one signature; the rest of it must have its share.
        block = receipt.rindex(b"\n\n") - 60
        places = range(block, len(receipt)) if number % 4 == 0 else range(30) if number % 4 == 1 else None
        cases.append((seq, receipt, Alteration.of(receipt, signed.rng, places)))
    _compare(go, signed, cases, known, report)


def test_go_and_our_verifier_agree_about_bytes_of_a_signature_by_an_unknown_key(
    go: GoVerifier, signed: Signed, report: Callable[[str], None],
) -> None:
    stranger = Signer("witness.example/unknown")
    cases = []
    for _ in range(80):
        seq, receipt = signed.any_receipt()
        mixed = Receipt.read(receipt).signed_also_by(stranger).data
        start = mixed.rindex(b"\n\n") + 2
        end = mixed.index(b"\n", start)
        cases.append((seq, mixed, Alteration.of(mixed, signed.rng, range(start, end))))
    verdicts = _compare(go, signed, cases, [signed.ledger.key], report)
    assert verdicts[True, True] > 10 and verdicts[False, False] > 5, "no line was ignored, or none refused"


def _compare(
    go: GoVerifier, signed: Signed, cases: list[tuple[int, bytes, Alteration]], known: list[Key],
    report: Callable[[str], None],
) -> Counter[tuple[bool, bool]]:
    """Both verdicts over each altered receipt must be the explained ones."""
    theirs = go.judge([
        receipt_case(signed.keys, ORIGIN, alteration.apply(receipt), signed.lines[seq])
        for seq, receipt, alteration in cases])
    found: Counter[tuple[bool, bool]] = Counter()
    faults = []
    for (seq, receipt, alteration), verdict in zip(cases, theirs, strict=True):
        ours = signed.ledger.offline.receipt(alteration.apply(receipt), signed.lines[seq], signed.ledger.vkey)
        pair = (verdict.accepted, ours.accepted)
        found[pair] += 1
        if pair not in explained(receipt, alteration, known):
            faults.append(f"entry {seq}, {alteration}: Go {verdict}, ours {ours}\n{receipt.decode()}")
    assert not faults, "\n".join(faults)
    report("altered receipts, (Go accepts, we accept): " + ", ".join(f"{k}: {v}" for k, v in sorted(found.items())))
    return found


def test_base64_with_bits_that_mean_nothing_is_refused_by_us_though_go_takes_it(
    go: GoVerifier, signed: Signed,
) -> None:
    seq, receipt = signed.any_receipt()
    assert receipt.endswith(b"=\n") and not receipt.endswith(b"==\n")
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    # The lowest two bits of the last digit are beyond the last byte.
    place = len(receipt) - 3
    alteration = Alteration(place, alphabet[alphabet.index(receipt[place]) ^ 1])
    assert explained(receipt, alteration, [signed.ledger.key]) == {STRICTER}
    altered = alteration.apply(receipt)
    assert go.judge([receipt_case(signed.keys, ORIGIN, altered, signed.lines[seq])])[0].accepted
    ours = signed.ledger.offline.receipt(altered, signed.lines[seq], signed.ledger.vkey)
    assert not ours.accepted and "malformed_signature" in ours.detail, ours


def test_go_and_our_verifier_refuse_another_line(go: GoVerifier, signed: Signed) -> None:
    cases = []
    for _ in range(25):
        seq, receipt = signed.any_receipt()
        line = signed.lines[seq]
        other = signed.rng.choice([each for each in signed.lines if each != line])
        cases += [(receipt, Alteration.of(line, signed.rng).apply(line)), (receipt, other)]
    for (receipt, line), verdict in zip(
            cases, go.judge([receipt_case(signed.keys, ORIGIN, *case) for case in cases]), strict=True):
        ours = signed.ledger.offline.receipt(receipt, line, signed.ledger.vkey)
        assert not verdict.accepted and not ours.accepted, (verdict, ours, line)
        assert "the line is not entry" in ours.detail, ours


# -- vectors that others made


def leaves() -> list[bytes]:
    return vectors("c2sp-generated/leaves.jsonl").read_bytes().split(b"\n")[:-1]


@pytest.mark.parametrize(("name", "index"), [
    ("index-0-of-1", 0), ("index-3-of-7", 3), ("index-3-of-7-extra", 3), ("index-6-of-7", 6)])
def test_go_accepts_the_vectors_receipts_and_we_say_that_their_lines_are_no_entries(
    go: GoVerifier, signed: Signed, name: str, index: int,
) -> None:
    vkey = vectors("c2sp-generated/log.vkey").read_text().strip()
    receipt = vectors(f"c2sp-generated/{name}.tlog-proof").read_bytes()
    other = leaves()[(index + 1) % 7]
    right, wrong = go.judge([
        receipt_case([vkey], ORIGIN, receipt, leaves()[index]), receipt_case([vkey], ORIGIN, receipt, other)])
    assert right.accepted and right.index == index, right
    assert not wrong.accepted
    # Every step before the last holds for ours too, and then the leaf has no nonce.
    ours = signed.ledger.offline.receipt(receipt, leaves()[index], vkey)
    assert not ours.accepted and ours.detail == "the line is no entry in canonical JSON", ours
    ours = signed.ledger.offline.receipt(receipt, other, vkey)
    assert not ours.accepted and ours.detail.startswith(f"the line is not entry {index} "), ours


def test_go_opens_the_vectors_checkpoints_and_finds_them_consistent(go: GoVerifier) -> None:
    vkey = vectors("c2sp-generated/log.vkey").read_text().strip()
    notes = [vectors(f"c2sp-generated/checkpoint.{size}").read_bytes() for size in range(8)]
    notes.append(vectors("c2sp-generated/checkpoint.7.cosigned").read_bytes())
    verdicts = go.judge([checkpoint_case([vkey], ORIGIN, note) for note in notes])
    assert [verdict.size for verdict in verdicts] == [*range(8), 7] and all(each.accepted for each in verdicts)
    cosigned = Receipt.read(vectors("c2sp-generated/index-3-of-7.tlog-proof").read_bytes())
    altered = replace(cosigned, index=2).data
    assert not go.judge([receipt_case([vkey], ORIGIN, altered, leaves()[3])])[0].accepted


def test_receipts_and_checkpoints_of_the_vectors_that_must_be_refused_are_refused_by_us(signed: Signed) -> None:
    vkey = vectors("c2sp-generated/log.vkey").read_text().strip()
    cases = json.loads(vectors("c2sp-generated/reject.json").read_text())
    refused = 0
    for case in cases:
        if case["format"] != "proof":
            continue
        data = _data(case)
        for line in leaves()[::3]:
            ours = signed.ledger.offline.receipt(data, line, vkey)
            assert not ours.accepted, case
            # The leaf is no entry, which must not be the only thing that is wrong.
            assert ours.detail != "the line is no entry in canonical JSON", case
        refused += 1
    assert refused >= 10, "the vectors hold receipts to refuse"


def _data(case: dict[str, str]) -> bytes:
    return case["text"].encode() if "text" in case else base64.b64decode(case["base64"])
