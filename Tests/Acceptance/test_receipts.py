"""What an outsider checks with keys, lines and files alone: signatures, rotations of keys, sealed values, receipts and
exports. Everything that is not as it was signed is refused by name."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.verifier import SDJWTVerifier

from events import to_seal
from frauds import EXPORTS, FRAUDS, SIGNATURES_MAX, Fraud, Held, joined, relinked, signed_by_many, with_disclosures
from notes import Checkpoint, Key, Note, Receipt, Signature, Signer
from paths import ORIGIN
from reference import canonical, disclosure_digest, leaf_hash, root
from service import DataDirectory
from signed_ledger import EXIT_REFUSED, SignedLedger

pytestmark = pytest.mark.proofs

@pytest.fixture(scope="module")
def held(request: pytest.FixtureRequest) -> Iterator[Held]:
    directory = DataDirectory()
    try:
        yield Held(directory, random.Random(f"{request.config.option.seed}/receipts"))
    finally:
        directory.close()


# -- keys and signatures


def test_a_checkpoint_is_signed_by_the_key_that_the_first_entry_names(held: Held) -> None:
    named = json.loads(held.lines[0])["data"]
    assert named == {"event": "ledger.created", "key": held.vkey}
    note = Note.read(held.checkpoint)
    assert note.data == held.checkpoint, "a checkpoint has one spelling"
    assert len(note.signatures) == 1 and note.signed_by(Key.read(named["key"]))
    assert not note.signed_by(Signer(ORIGIN).key)
    checkpoint = Checkpoint.read(held.checkpoint)
    assert (checkpoint.origin, checkpoint.root) == (ORIGIN, root([leaf_hash(line) for line in held.lines]))


def test_the_secret_half_of_the_key_is_readable_by_its_owner_alone(held: Held) -> None:
    file = held.ledger.key_file
    assert file.stat().st_mode & 0o777 == 0o600
    assert Signer.read(file.read_text()).key.vkey == held.vkey


def test_a_key_is_rotated_and_retired_and_every_checkpoint_says_so(own_directory: DataDirectory) -> None:
    ledger = SignedLedger(own_directory)
    old = ledger.key
    before = Note.read(ledger.sign())
    rotated = own_directory.run_json("ledger", "rotate-key", "--ledger", ORIGIN)
    new = Key.read(rotated["key"])
    assert new != old and ledger.vkeys() == [old.vkey, new.vkey]

    entry = ledger.api.json(f"/v1/entries/{rotated['seq']}")["entry"]
    data = entry["data"]
    assert (entry["kind"], entry["outcome"], entry["reporter"]["via"]) == ("policy", "changed", "operator")
    assert {**data, "signature": ""} == {
        "event": "ledger.key_rotated", "key": new.vkey, "previous_key": old.vkey, "signature": ""}
    signature = base64.b64decode(data["signature"], validate=True)
    text = f"countersign/rotation/1\n{new.vkey}\n".encode()
    assert old.signed(signature, text) and not new.signed(signature, text)
    assert not old.signed(signature, text.replace(b"/1", b"/2"))

    # Until the old key is retired both sign: whoever holds one of them goes on.
    both = ledger.sign()
    note = Note.read(both)
    assert len(note.signatures) == 2 and note.signed_by(old) and note.signed_by(new)
    assert before.signed_by(old) and not before.signed_by(new)
    seq = ledger.append() - 1
    receipt, line = ledger.receipt(seq), ledger.lines()[seq]
    for keys in ([old.vkey], [new.vkey], [old.vkey, new.vkey]):
        ours = ledger.offline.receipt(receipt, line, *keys)
        assert ours.accepted and len(ours.signers or []) == len(keys), ours

    retired = own_directory.run("ledger", "retire-keys", "--ledger", ORIGIN)
    assert retired.returncode == 0 and old.vkey in retired.stdout.decode(), retired
    assert Signer.read(ledger.key_file.read_text()).key == new, "the old key's secret half is gone"
    seq = ledger.append() - 1
    receipt, line = ledger.receipt(seq), ledger.lines()[seq]
    note = Receipt.read(receipt).note
    assert len(note.signatures) == 1 and note.signed_by(new) and not note.signed_by(old)
    assert ledger.offline.receipt(receipt, line, new.vkey).accepted
    refused = ledger.offline.receipt(receipt, line, old.vkey)
    assert not refused.accepted and "none of the given keys signed" in refused.detail, refused
    # What was signed before is worth what it was.
    assert not ledger.verify_against(both, old.vkey) and not ledger.verify_against(both, new.vkey)
    assert own_directory.verify().is_intact


def test_keys_are_not_retired_before_the_new_one_has_signed(own_directory: DataDirectory) -> None:
    ledger = SignedLedger(own_directory)
    ledger.sign()
    own_directory.run_json("ledger", "rotate-key", "--ledger", ORIGIN)
    early = own_directory.run("ledger", "retire-keys", "--ledger", ORIGIN)
    assert early.returncode == 3 and b"not signed by the new key yet" in early.stderr, early
    ledger.sign()
    assert own_directory.run("ledger", "retire-keys", "--ledger", ORIGIN).returncode == 0


# -- sealed values


def digests(line: bytes) -> dict[str, list[str]]:
    """The digests that a line seals, by name."""
    sealed = json.loads(line).get("sealed", {})
    return {name: each if isinstance(each, list) else [each] for name, each in sealed.items()}


def test_every_disclosure_of_an_export_is_sealed_in_its_line(held: Held) -> None:
    count = 0
    for row, line in zip(held.disclosed, held.lines, strict=True):
        assert row["line"].encode() == line
        sealed = sorted(digest for each in digests(line).values() for digest in each)
        assert sorted(map(disclosure_digest, row["disclosures"])) == sealed
        count += len(sealed)
    assert count > 100


class Ephemeral:
    """A key for wrapping digests into an SD-JWT, whose verifier then judges the disclosures."""

    def __init__(self) -> None:
        self.key = JWK.generate(kty="EC", crv="P-256")

    def opened(self, digest: str, disclosure: str) -> Any:
        """What PyPI `sd-jwt` takes from one digest and its disclosure."""
        signed = JWS(json.dumps({"iss": ORIGIN, "_sd": [digest], "_sd_alg": "sha-256"}))
        signed.add_signature(self.key, alg="ES256", protected=json.dumps({"alg": "ES256"}))
        verifier = SDJWTVerifier(f"{signed.serialize(compact=True)}~{disclosure}~", lambda *_: self.key)
        payload = verifier.get_verified_payload()
        payload.pop("iss")
        return payload


def test_sd_jwt_opens_every_disclosure_and_finds_what_was_told(held: Held) -> None:
    ephemeral = Ephemeral()
    opened_total = 0
    for seq, event in held.told.items():
        if seq >= held.size:
            continue
        by_digest = {disclosure_digest(each): each for each in held.disclosed[seq]["disclosures"]}
        told = to_seal(event)
        sealed = digests(held.lines[seq])
        assert sealed.keys() == told.keys(), seq
        for name, named in sealed.items():
            opened = [ephemeral.opened(digest, by_digest[digest]) for digest in named]
            values = told[name] if isinstance(told[name], list) and len(named) == len(told[name]) else [told[name]]
            assert opened == [{name: value} for value in values], (seq, name)
            opened_total += len(opened)
    assert opened_total > 100


def test_sd_jwt_opens_no_disclosure_of_another_entry(held: Held) -> None:
    ephemeral = Ephemeral()
    rows = [row for row in held.disclosed if row["disclosures"]]
    for row, other in zip(rows[:20], rows[1:21], strict=True):
        digest = disclosure_digest(row["disclosures"][0])
        assert ephemeral.opened(digest, other["disclosures"][0]) == {}


# -- receipts


@pytest.mark.parametrize("fraud", FRAUDS, ids=lambda fraud: fraud.__name__)
def test_verify_receipt_refuses_and_says_why(held: Held, fraud: Callable[[Held, Receipt], Fraud]) -> None:
    receipt = held.receipts[128]
    assert held.offline.receipt(receipt, held.lines[128], held.vkey).accepted
    case = fraud(held, Receipt.read(receipt))
    refused = held.offline.receipt(case.receipt, case.line, case.key or held.vkey)
    assert not refused.accepted and case.says in refused.detail, refused
    assert refused.size is None and refused.signers is None, "what is refused says nothing else"


@pytest.mark.parametrize("count", [2, 17, SIGNATURES_MAX])
def test_a_receipt_with_many_signatures_is_accepted_if_the_right_one_is_among_them(held: Held, count: int) -> None:
    mixed = signed_by_many(Receipt.read(held.receipts[41]), count)
    ours = held.offline.receipt(mixed, held.lines[41], held.vkey)
    assert ours.accepted and ours.signers == [ORIGIN], ours
    others = replace(Receipt.read(mixed), note=Note(
        Receipt.read(mixed).note.text, Receipt.read(mixed).note.signatures[:-1])).data
    refused = held.offline.receipt(others, held.lines[41], held.vkey)
    assert not refused.accepted and "none of the given keys signed" in refused.detail, refused


def test_a_right_proof_for_a_line_that_names_another_place_is_refused(held: Held) -> None:
    """Whoever holds the key could sign a tree with an entry twice; the line says where it belongs."""
    signer = Signer.read(held.ledger.key_file.read_text())
    line = held.lines[41]
    other = leaf_hash(held.lines[0])
    text = Checkpoint(ORIGIN, 2, root([other, leaf_hash(line)])).text
    forged = Receipt(1, (other,), signer.note(text))
    refused = held.offline.receipt(forged.data, line, held.vkey)
    assert not refused.accepted and f"the line is entry 41 of {ORIGIN}" in refused.detail, refused


# -- exports


def test_verify_export_accepts_what_was_exported(held: Held) -> None:
    for export in (held.export, held.export[:-1], joined(with_disclosures(held))):
        ours = held.offline.export(export, held.checkpoint, held.vkey)
        assert ours.accepted and ours.size == held.size, ours
    # What follows the checkpoint is said to be held to the chain alone.
    longer = held.ledger.lines()
    assert len(longer) > held.size
    ours = held.offline.export(joined(longer), held.checkpoint, held.vkey)
    assert ours.accepted and f"{len(longer) - held.size} more follow, held to the chain alone" in ours.detail, ours


@pytest.mark.parametrize("damage", EXPORTS, ids=lambda damage: damage.__name__)
def test_verify_export_refuses_and_says_where(held: Held, damage: Callable[[Held], tuple[bytes, str]]) -> None:
    export, says = damage(held)
    refused = held.offline.export(export, held.checkpoint, held.vkey)
    assert not refused.accepted and says in refused.detail, refused


def test_an_export_with_any_one_bit_changed_is_refused(held: Held) -> None:
    for _ in range(30):
        export = bytearray(held.export)
        place = held.rng.randrange(len(export) - 1)
        export[place] ^= 1 << held.rng.randrange(8)
        refused = held.offline.export(bytes(export), held.checkpoint, held.vkey)
        assert not refused.accepted, (place, held.export[place - 20:place + 20])


def test_a_forged_suffix_under_a_checkpoint_of_another_key_is_refused(held: Held) -> None:
    lines = list(held.lines)
    lines[200] = canonical({**json.loads(lines[200]), "outcome": "forged"})
    lines = relinked(lines, 201)
    text = Checkpoint(ORIGIN, held.size, root([leaf_hash(line) for line in lines])).text
    forger = Signer(ORIGIN)
    forged = forger.note(text).data
    assert held.offline.export(joined(lines), forged, forger.key.vkey).accepted, "under the forger's key it holds"
    refused = held.offline.export(joined(lines), forged, held.vkey)
    assert not refused.accepted and "none of the given keys signed" in refused.detail, refused
    claimed = Signature(ORIGIN.encode(), held.ledger.key.id, forger.secret.sign(text))
    refused = held.offline.export(joined(lines), text + b"\n" + claimed.line, held.vkey)
    assert not refused.accepted and "is not by it" in refused.detail, refused


def test_a_refusal_for_people_is_one_line_and_status_1(held: Held) -> None:
    checkpoint = held.offline.file("checkpoint", held.checkpoint)
    done = held.offline.run("verify-export", "-", "--checkpoint", str(checkpoint), "--key", held.vkey,
                            input=joined(held.lines[:-1]))
    assert done.returncode == EXIT_REFUSED and not done.stderr, done
    assert done.stdout.decode().startswith("refused: ") and done.stdout.count(b"\n") == 1, done
    line = held.offline.file("line", held.lines[41])
    done = held.offline.run("verify-receipt", "-", "--line", str(line), "--key", held.vkey, input=b"x")
    assert done.returncode == EXIT_REFUSED and not done.stderr, done
    assert done.stdout == b"refused: the receipt cannot be read: missing_line\n", done
