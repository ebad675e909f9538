"""Other people's implementations judge the ledger: rfc8785 its lines, pymerkle its tree, a short script its export."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymerkle
import pytest
import rfc8785

import events
from api import NDJSON, Api, ok
from events import Events
from paths import ORIGIN, ROOT
from reference import (base64url, disclosure_digest, from_base64url, genesis, idempotency_tag, leaf_hash, root,
                       verify_consistency, verify_inclusion)
from service import DataDirectory

pytestmark = pytest.mark.differential

SCRIPT = Path(__file__).with_name("verify_export.py")
BATCH = 250


@dataclass
class Filled:
    """A ledger of random entries: what was sent, what was answered, what was exported."""

    service: DataDirectory
    first: int
    sent: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    lines: list[bytes]
    disclosures: list[list[str]]
    hashes: list[bytes]
    tree: pymerkle.InmemoryTree

    def sent_lines(self) -> Iterator[tuple[dict[str, Any], dict[str, Any], list[str]]]:
        """Each event that was sent, its line as an object, and the disclosures of that line."""
        for event, answer in zip(self.sent, self.answers, strict=True):
            yield event, json.loads(self.lines[answer["seq"]]), self.disclosures[answer["seq"]]


@pytest.fixture(scope="module")
def filled(request: pytest.FixtureRequest, service: DataDirectory) -> Filled:
    maker = Events(random.Random(f"{request.config.option.seed}/differential"))
    api = service.api()
    first = api.size()
    sent: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    while len(sent) < request.config.option.entries:
        batch = [maker.event() for _ in range(BATCH)]
        answers += post(api, maker, batch)
        sent += batch
    exported = [json.loads(line) for line in api.lines(disclosures="true")]
    lines = [each["line"].encode() for each in exported]
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for line in lines:
        tree.append_entry(line)
    return Filled(service, first, sent, answers, lines, [each["disclosures"] for each in exported],
                  [leaf_hash(line) for line in lines], tree)


def post(api: Api, maker: Events, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sends a batch in one of its two forms."""
    if maker.rng.random() < 0.5:
        body = b"".join(json.dumps(event, ensure_ascii=maker.rng.random() < 0.5).encode() + b"\n" for event in batch)
        return ok(api.post("/v1/entries", body, Content_Type=NDJSON), 201)
    return ok(api.post("/v1/entries", maker.wire(batch)), 201)


def test_exported_lines_are_what_rfc8785_writes(filled: Filled, report) -> None:
    # Each export is an entry itself, so the later one is longer.
    exported = filled.service.api().lines()
    assert exported[:len(filled.lines)] == filled.lines, "the two forms of the export differ"
    for seq, line in enumerate(exported):
        value = json.loads(line)
        assert rfc8785.dumps(value) == line, f"entry {seq} is not in the canonical form"
    assert len(filled.sent) == len({answer["seq"] for answer in filled.answers})
    report(coverage(filled))


def coverage(filled: Filled) -> str:
    """Which classes of texts and integers the lines hold; each must be there."""
    counts: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    depth_max = 0

    def walk(value: Any, depth: int) -> None:
        nonlocal depth_max
        if isinstance(value, dict):
            depth_max = max(depth_max, depth)
            for name, member in value.items():
                characters.update(name)
                walk(member, depth + 1)
        elif isinstance(value, list):
            depth_max = max(depth_max, depth)
            for element in value:
                walk(element, depth + 1)
        elif isinstance(value, str):
            characters.update(value)
        elif isinstance(value, int) and not isinstance(value, bool) and value in events.INTEGERS:
            counts[f"integer {value}"] += 1

    members: Counter[str] = Counter()
    for line in filled.lines:
        value = json.loads(line)
        members.update(value.keys())
        walk(value, 1)
    wanted = {f"integer {number}" for number in events.INTEGERS}
    for name, alphabet in events.TEXT_CLASSES.items():
        missing = [f"U+{ord(each):04X}" for each in alphabet if not characters[each]]
        assert not missing, f"no line holds {missing} ({name})"
        counts[name] = sum(characters[each] for each in alphabet)
        wanted.add(name)
    assert not wanted - set(counts), f"never written: {wanted - set(counts)}"
    all_members = {"actor", "data", "format", "kind", "ledger", "message_id", "nonce", "occurred_at", "outcome",
                   "oversight_mode", "prev", "recorded_at", "reporter", "sealed", "sender", "seq", "subjects",
                   "workflow"}
    assert all_members <= set(members), f"no line has {all_members - set(members)}"
    rows = "\n".join(f"  {name:34} {count:8}" for name, count in sorted(counts.items()))
    return f"{len(filled.lines)} lines, {depth_max} levels at most; how often each class occurs:\n{rows}"


def test_lines_hold_what_was_sent_and_nothing_personal(filled: Filled) -> None:
    for event, line, _ in filled.sent_lines():
        for name, value in events.in_clear(event).items():
            assert line.get(name) == value, f"entry {line['seq']}: member {name}"
        assert "personal" not in line
        clear = {name for name in line if name not in {
            "format", "ledger", "nonce", "prev", "recorded_at", "reporter", "sealed", "seq", "subjects"}}
        assert clear == set(events.in_clear(event)), f"entry {line['seq']}"


def test_disclosures_open_exactly_the_sealed_digests(filled: Filled) -> None:
    salts: set[str] = set()
    for event, line, disclosures in filled.sent_lines():
        opened: dict[str, list[Any]] = {}
        digests: list[str] = []
        for disclosure in disclosures:
            salt, name, value = json.loads(from_base64url(disclosure))
            assert len(from_base64url(salt)) == 16 and salt not in salts
            salts.add(salt)
            opened.setdefault(name, []).append(value)
            digests.append(disclosure_digest(disclosure))
        sealed = line.get("sealed", {})
        in_line = [each for name in sorted(sealed)
                   for each in (sealed[name] if isinstance(sealed[name], list) else [sealed[name]])]
        assert digests == in_line, f"entry {line['seq']}"
        expected = events.to_seal(event)
        assert set(sealed) == set(expected), f"entry {line['seq']}"
        for name, value in expected.items():
            assert isinstance(sealed[name], list) == isinstance(value, list)
            assert opened.get(name, []) == (value if isinstance(value, list) else [value]), f"entry {line['seq']}"
    assert len(salts) > len(filled.sent) // 4


def test_chain_and_hashes_follow_from_the_lines_alone(filled: Filled) -> None:
    previous = genesis(ORIGIN)
    nonces = set()
    for seq, (line, leaf) in enumerate(zip(filled.lines, filled.hashes, strict=True)):
        value = json.loads(line)
        assert (value["seq"], value["prev"], value["ledger"]) == (seq, previous.hex(), ORIGIN)
        nonces.add(value["nonce"])
        previous = leaf
    assert len(nonces) == len(filled.lines)
    for answer in filled.answers:
        line = json.loads(filled.lines[answer["seq"]])
        assert answer["leaf_hash"] == filled.hashes[answer["seq"]].hex()
        assert answer["recorded_at"] == line["recorded_at"] and answer["replayed"] is False


def test_people_are_the_same_pseudonym_everywhere(filled: Filled) -> None:
    by_person: dict[str, str] = {}
    by_pseudonym: dict[str, str] = {}
    for event, line, _ in filled.sent_lines():
        personal = events.to_seal(event)
        people = [each["address"] for each in personal.get("recipient", [])]
        people += [personal["author"]] if "author" in personal else []
        distinct = list(dict.fromkeys(person.lower() for person in people))
        assert len(line.get("subjects", [])) == len(distinct), f"entry {line['seq']}"
        for pseudonym in line.get("subjects", []):
            assert len(from_base64url(pseudonym)) == 16
        if len(distinct) == 1:
            pseudonym = line["subjects"][0]
            assert by_person.setdefault(distinct[0], pseudonym) == pseudonym
            assert by_pseudonym.setdefault(pseudonym, distinct[0]) == distinct[0]
    assert by_person


def test_idempotency_tags_follow_from_the_master_secret(filled: Filled) -> None:
    api = filled.service.api()
    master = (filled.service.path / "master.key").read_bytes()
    key = "order-4711/kim@example.test/é"
    secret = master if len(master) == 32 else bytes.fromhex(master.decode().strip())
    answer = api.append({"kind": "send", "outcome": "sent", "idempotency_key": key})
    line = json.loads(api.json(f"/v1/entries/{answer['seq']}")["line"])
    assert line["idempotency"] == idempotency_tag(secret, ORIGIN, line["reporter"]["id"], key)
    assert key not in json.dumps(line, ensure_ascii=False)


def sizes(filled: Filled, rng: random.Random, count: int) -> list[int]:
    """Tree sizes around every power of two and every tile, and random ones."""
    full = len(filled.lines)
    edges = {2**power + offset for power in range(15) for offset in (-1, 0, 1)}
    edges |= {256 * tile + offset for tile in (1, 2, 3, full // 256) for offset in (-1, 0, 1)} | {1, full}
    chosen = {size for size in edges if 0 < size <= full}
    while len(chosen) < min(count, full):
        chosen.add(rng.randrange(1, full + 1))
    return sorted(chosen)


def test_roots_and_inclusion_proofs_are_those_of_pymerkle(filled: Filled, rng: random.Random, report) -> None:
    api = filled.service.api()
    checked = 0
    for size in sizes(filled, rng, 150):
        for seq in {0, size - 1, rng.randrange(size)}:
            answer = api.json(f"/v1/entries/{seq}/proof", size=size)
            theirs = filled.tree.prove_inclusion(seq + 1, size)
            proof = [bytes.fromhex(part) for part in answer["proof"]]
            assert (answer["seq"], answer["size"]) == (seq, size)
            assert bytes.fromhex(answer["leaf_hash"]) == filled.hashes[seq] == theirs.path[0]
            assert bytes.fromhex(answer["root"]) == filled.tree.get_root(size)
            assert proof == theirs.path[1:], f"entry {seq} in {size}"
            assert verify_inclusion(seq, size, filled.hashes[seq], proof, filled.tree.get_root(size))
            checked += 1
    report(f"{checked} inclusion proofs equal pymerkle's")


def as_in_rfc_6962(theirs: pymerkle.ConsistencyProof, old_root: bytes) -> list[bytes]:
    """pymerkle begins within the subtree beside the old tree's last one and comes to that one afterwards; RFC 6962
    begins with the old tree's last subtree, takes the one beside it whole, and leaves out what is the old root."""
    last = theirs.subset.index(1)
    path = theirs.path
    if last > 0:
        beside = pymerkle.MerkleProof("sha256", True, theirs.size, theirs.rule[:last], path[:last]).compute_root()
        path = [path[last], beside, *path[last + 1:]]
    return path[1:] if path[0] == old_root else path


def test_consistency_proofs_are_those_of_pymerkle(filled: Filled, rng: random.Random, report) -> None:
    api = filled.service.api()
    chosen = sizes(filled, rng, 120)
    pairs = {(rng.choice(chosen), rng.choice(chosen)) for _ in range(300)} | {(size, size) for size in chosen[:5]}
    for old, new in sorted({(min(pair), max(pair)) for pair in pairs}):
        answer = api.json("/v1/consistency", from_=old, to=new)
        old_root, new_root = filled.tree.get_root(old), filled.tree.get_root(new)
        assert (answer["from"], answer["to"]) == (old, new)
        assert (answer["from_root"], answer["to_root"]) == (old_root.hex(), new_root.hex())
        proof = [bytes.fromhex(part) for part in answer["proof"]]
        assert verify_consistency(old, new, old_root, new_root, proof), f"{old} -> {new}"
        assert proof == as_in_rfc_6962(filled.tree.prove_consistency(old, new), old_root), f"{old} -> {new}"
    report(f"{len(pairs)} consistency proofs hold between pymerkle's roots and equal pymerkle's own")


def test_a_wrong_proof_would_be_noticed(filled: Filled) -> None:
    size = len(filled.lines)
    proof = [bytes.fromhex(part) for part in filled.service.api().json("/v1/entries/7/proof", size=size)["proof"]]
    expected = filled.tree.get_root(size)
    assert verify_inclusion(7, size, filled.hashes[7], proof, expected)
    assert not verify_inclusion(8, size, filled.hashes[7], proof, expected)
    assert not verify_inclusion(7, size, filled.hashes[8], proof, expected)
    assert not verify_inclusion(7, size, filled.hashes[7], proof[:-1], expected)
    assert root(filled.hashes) == expected


def run_script(lines: list[bytes]) -> subprocess.CompletedProcess[bytes]:
    """The script of Format.md on an export, by an interpreter that sees no installed package."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), ORIGIN], input=b"".join(line + b"\n" for line in lines),
        capture_output=True, check=False)


def test_the_script_in_format_md_verifies_an_export(filled: Filled) -> None:
    tree = filled.service.api().json("/v1/tree")
    done = run_script(filled.service.api().lines()[:tree["size"]])
    assert done.stdout.decode() == f"{tree['size']} {tree['root']}\n", done.stderr.decode()
    specification = (ROOT / "Sources/Ledger/Ledger.docc/Format.md").read_text()
    script = SCRIPT.read_text()
    assert script in specification, "Format.md prints another script"
    assert len(script.splitlines()) <= 30


@pytest.mark.parametrize("attack", ["flip", "drop", "swap", "insert", "head", "respell", "duplicate name", "empty"])
def test_the_script_in_format_md_refuses_an_altered_export(filled: Filled, rng: random.Random, attack: str) -> None:
    lines = list(filled.lines[:400])
    at = rng.randrange(1, 398)
    if attack == "flip":
        lines[at] = lines[at].replace(b'"nonce":"', b'"nonce":"A', 1)
    elif attack == "drop":
        del lines[at]
    elif attack == "swap":
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    elif attack == "insert":
        lines.insert(at, lines[at])
    elif attack == "head":
        del lines[0]
    elif attack == "respell":
        lines[at] = lines[at].replace(b",", b", ", 1)
    elif attack == "duplicate name":
        lines[at] = lines[at][:-1] + b',"kind":"send"}'
    else:
        lines[at] = b""
    # A flip shows at the next entry, which holds the hash of this one.
    expected = {at, at + 1} if attack == "flip" else {0} if attack == "head" else {at, at + 1}
    done = run_script(lines)
    assert done.returncode != 0 and not done.stdout
    assert any(f"entry {seq} is broken" in done.stderr.decode() for seq in expected), done.stderr.decode()


def test_a_cut_off_export_shows_in_size_and_root(filled: Filled) -> None:
    done = run_script(filled.lines[:300])
    assert done.stdout.decode() == f"300 {filled.tree.get_root(300).hex()}\n"


def test_the_deepest_value_is_stored_and_one_level_more_is_refused(filled: Filled) -> None:
    api = filled.service.api()

    def nested(levels: int) -> Any:
        return {"a": nested(levels - 1)} if levels else 1

    deepest = {"kind": "monitor", "outcome": "ok", "data": nested(events.DEPTH_MAX - 1)}
    answer = api.append(deepest)
    line = api.json(f"/v1/entries/{answer['seq']}")["line"].encode()
    assert rfc8785.dumps(json.loads(line)) == line and json.loads(line)["data"] == deepest["data"]
    assert base64url(leaf_hash(line)) == base64url(bytes.fromhex(answer["leaf_hash"]))
    assert api.post("/v1/entries", {**deepest, "data": nested(events.DEPTH_MAX)}).status_code == 400
