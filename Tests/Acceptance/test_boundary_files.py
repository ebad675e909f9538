"""A number in a file of a stranger never ends a command: checkpoints, receipts, tiles, policies, tokens, guards,
journals, exports, backups, mails and reports, with the numbers at which arithmetic breaks."""

from __future__ import annotations

import base64
import copy
import gzip
import hashlib
import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api import ok
from authority import Authority
from boundaries import SIZE_MAX, Walk, numbers, run, serve
from notes import RECEIPT_HEADER, Signer
from paths import ORIGIN
from report_files import Report, Row, zipped
from service import DataDirectory, ServiceFault
from signed_ledger import SignedLedger
from witness_log import Log, Witness, b64

pytestmark = pytest.mark.contract

#: Sizes near the end of a tile of a tree that is as large as trees can be.
SIZES = sorted({*numbers(SIZE_MAX), SIZE_MAX - 254, SIZE_MAX - 255, SIZE_MAX - 256, 2**62, 2**55 - 1})
#: Listens on a free port, and asks nobody's name server.
QUIET = ("--listen", "127.0.0.1:0", "--resolver", "127.0.0.1@9", "--dns-timeout", "100ms")
ROOT = hashlib.sha256(b"").digest()


@pytest.fixture
def walk(request: pytest.FixtureRequest, report: Callable[[str], None]) -> Iterator[Walk]:
    """At the end no command was cut off."""
    walk = Walk(request.node.name)
    yield walk
    report(walk.text())
    assert walk.answers and not walk.faults, "\n".join(walk.faults)


@pytest.fixture(scope="module")
def ledger(request: pytest.FixtureRequest) -> Iterator[SignedLedger]:
    """A signed ledger with an erasure and a hold, which the tests only read."""
    directory = DataDirectory()
    try:
        ledger = SignedLedger(directory)
        ledger.fill(random.Random(f"{request.config.option.seed}/files"), 40)
        ledger.api.append({"kind": "send", "outcome": "sent", "personal": {"recipient": "jane@x.example"},
                           "workflow": {"engine": "inngest", "run_id": "r", "attempt": 1, "step_index": 2}})
        ok(ledger.api.post("/v1/erasures", {"subject": "jane@x.example", "legal_basis": "a", "requester": "b"}), 200)
        ok(ledger.api.post("/v1/legal-holds", {"from_seq": 0, "to_seq": 3, "reference": "a", "reason": "b"}), 201)
        ledger.sign()
        yield ledger
    finally:
        directory.close()


def checkpoint(signer: Signer, size: int, root: bytes = ROOT) -> bytes:
    return signer.note(f"{signer.key.name}\n{size}\n{base64.b64encode(root).decode()}\n".encode()).data


def with_integers(value: Any) -> Iterator[tuple[str, Any]]:
    """The value once for each integer in it and each number that is tried, with the integer's place."""
    def places(each: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        if isinstance(each, dict | list):
            for key, inner in each.items() if isinstance(each, dict) else enumerate(each):
                yield from places(inner, (*path, key))
        elif isinstance(each, int) and not isinstance(each, bool):
            yield path

    for path in places(value, ()):
        for number in numbers():
            changed = copy.deepcopy(value)
            target = changed
            for step in path[:-1]:
                target = target[step]
            target[path[-1]] = number
            yield ".".join(map(str, path)), changed


# -- what strangers check


def test_every_size_of_a_checkpoint_in_every_offline_command(
    walk: Walk, ledger: SignedLedger, tmp_path: Path,
) -> None:
    signer, lines = Signer("log.example"), ledger.lines()
    own = Signer.read(ledger.key_file.read_text())
    (tmp_path / "line").write_bytes(lines[0])
    (tmp_path / "export").write_bytes(b"\n".join(lines) + b"\n")
    (tmp_path / "tile" / "0").mkdir(parents=True)
    (tmp_path / "tile" / "0" / "000").write_bytes(bytes(8192))
    (tmp_path / "tile" / "entries").mkdir()
    (tmp_path / "tile" / "entries" / "000").write_bytes(b"\0\0" * 256)
    authority = Authority()
    token = tmp_path / "token"
    try:
        ledger.directory.run("checkpoint", "stamp", "--timestamp-url", authority.url, "--timestamp-trust",
                             str(authority.root), "--ledger", ORIGIN)
        token.write_bytes(ledger.directory.run("checkpoint", "show", "--timestamp", "--ledger", ORIGIN).stdout)
        for size in SIZES:
            for each in (signer, own):
                note, key = tmp_path / "checkpoint", ["--key", each.key.vkey]
                note.write_bytes(checkpoint(each, size))
                walk.ended("verify-tiles", size, *run("verify-tiles", str(tmp_path), *key))
                walk.ended("verify-export", size, *run("verify-export", str(tmp_path / "export"), "--checkpoint",
                                                       str(note), *key))
                walk.ended("verify-timestamp", size, *run("verify-timestamp", str(token), "--checkpoint", str(note),
                                                          "--trust", str(authority.root), *key))
            walk.ended("verify --checkpoint", size, *run(
                "verify", "--data-dir", str(ledger.directory.path), "--ledger", ORIGIN, "--checkpoint", str(note), *key))
    finally:
        authority.close()


def test_every_index_of_a_receipt_in_a_tree_of_every_size(walk: Walk, ledger: SignedLedger, tmp_path: Path) -> None:
    signer = Signer(ORIGIN)
    (tmp_path / "line").write_bytes(ledger.lines()[0])
    for size in SIZES:
        for index in SIZES if size in (1, SIZE_MAX) else (0, size, size - 1):
            for count in (0, 63):
                hashes = b"".join(base64.b64encode(ROOT) + b"\n" for _ in range(count))
                receipt = RECEIPT_HEADER + b"\nindex %d\n" % index + hashes + b"\n" + checkpoint(signer, size)
                walk.ended("verify-receipt", (index, size), *run(
                    "verify-receipt", "-", "--line", str(tmp_path / "line"), "--key", signer.key.vkey, data=receipt))


def test_every_number_of_a_policy(walk: Walk, ledger: SignedLedger, tmp_path: Path) -> None:
    witnesses = [Witness(ledger_key) for ledger_key in (Log(), Log())]
    try:
        names = "".join(f"witness w{place} {each.key.vkey}\n" for place, each in enumerate(witnesses[:1]))
        for number in numbers(1):
            policy = tmp_path / "policy"
            policy.write_text(f"log {ledger.vkey}\n{names}group g {number} w0\nquorum g\n")
            (tmp_path / "checkpoint").write_bytes(ledger.published())
            walk.ended("group", number, *run("verify-tiles", str(tmp_path), "--policy", str(policy)))
    finally:
        for each in witnesses:
            each.close()


def test_every_number_of_a_token(walk: Walk, ledger: SignedLedger, tmp_path: Path) -> None:
    """Each integer of the DER, and each length, set to what is least, largest or negative."""
    authority = Authority()
    note, token = tmp_path / "checkpoint", tmp_path / "token"
    try:
        for arguments in (["sign"], ["stamp", "--timestamp-url", authority.url, "--timestamp-trust", str(authority.root)]):
            assert ledger.directory.run("checkpoint", *arguments, "--ledger", ORIGIN).returncode == 0
        note.write_bytes(ledger.directory.run("checkpoint", "show", "--own", "--ledger", ORIGIN).stdout)
        good = ledger.directory.run("checkpoint", "show", "--timestamp", "--ledger", ORIGIN).stdout
        for place in [each.start() for each in re.finditer(rb"[\x02\x30\x18][\x01-\x83]", good)][:80]:
            for value in (b"\x00", b"\x7f", b"\x80", b"\x84", b"\x88", b"\xff"):
                token.write_bytes(good[:place + 1] + value + good[place + 2:])
                walk.ended("a length or an integer", (place, value), *run(
                    "verify-timestamp", str(token), "--checkpoint", str(note), "--trust", str(authority.root), "--key",
                    ledger.vkey))
    finally:
        authority.close()


# -- what a witness is asked, and remembers


def test_every_number_that_a_witness_is_asked_and_remembers(walk: Walk) -> None:
    log = Log()
    new, witness = Witness(log), Witness(log)
    try:
        for known, each in ((0, new), (3, witness)):
            instance = each.serve()
            if known:
                assert each.add(log.request(0, known)).status == 200
            for old in SIZES:
                for size in (SIZES if old in (0, 1, 3, SIZE_MAX) else (known, old)):
                    request = log.request(known, 7, proof=[ROOT] * (0 if old == 0 else 3), note=log.note(size, ROOT))
                    answer = each.add(re.sub(rb"^old \d+", b"old %d" % old, request))
                    walk.note(f"old and size, from {known}", (old, size), answer.status,
                              answer.status < 500 and instance.is_alive)
        instance.stop()
        stored = witness.memory / f"{log.id}.checkpoint"
        good = stored.read_bytes()
        for size in SIZES:
            text = log.text(size, ROOT)
            time = b"\0" * 7 + b"\x01"
            stored.write_bytes(log.note(size, ROOT) + cosigned(witness, text, time))
            try:
                instance = witness.serve()
            except ServiceFault as fault:
                # Refused by name before it listens.
                walk.note("a size that is remembered", size, "refused", "is no cosigned checkpoint" in str(fault))
                continue
            for old in (3, size):
                answer = witness.add(re.sub(rb"^old \d+", b"old %d" % old, log.request(3, 7)))
                walk.note("a size that is remembered", size, answer.status, instance.is_alive)
            instance.stop()
        stored.write_bytes(good)
    finally:
        new.close()
        witness.close()


def cosigned(witness: Witness, text: bytes, time: bytes) -> bytes:
    """A cosignature of the text at a time of eight bytes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    message = b"cosignature/v1\ntime %d\n" % int.from_bytes(time, "big") + text
    signature = Ed25519PrivateKey.from_private_bytes(witness.seed).sign(message)
    return f"— {witness.key.name} {b64(witness.key.id + time + signature)}\n".encode()


# -- what the operator keeps


def test_every_size_of_a_guard(walk: Walk, own_directory: DataDirectory) -> None:
    ledger = SignedLedger(own_directory)
    ledger.append(5)
    ledger.sign()
    ledger.directory.instances[0].stop()
    signer, data = Signer.read(ledger.key_file.read_text()), ["--data-dir", str(own_directory.path)]
    for size in SIZES:
        subtrees = [hashlib.sha256(b"%d" % place).digest() for place in range(max(size, 0).bit_count())]
        root = subtrees[-1] if subtrees else ROOT
        for each in reversed(subtrees[:-1]):
            root = hashlib.sha256(b"\x01" + each + root).digest()
        lines = b"".join(base64.b64encode(each) + b"\n" for each in subtrees)
        ledger.guard_file.write_bytes(b"countersign/guard/1\n" + lines + b"\n" + checkpoint(signer, size, root))
        for command in (["doctor"], ["checkpoint", "sign", "--ledger", ORIGIN], ["doctor", "--after-restore"]):
            walk.ended(" ".join(command[:2]), size, *run(*command, *data))
    walk.ended("serve", SIZES[-1], *serve("serve", *data, *QUIET, "--ledger", ORIGIN))


def test_every_number_of_the_journal_of_erasures(walk: Walk, ledger: SignedLedger, tmp_path: Path) -> None:
    [line] = (ledger.directory.path / "erasures.jsonl").read_text().splitlines()[:1]
    for count, (place, changed) in enumerate(with_integers(json.loads(line))):
        # A journal of its own: the ledger's stays as it is.
        journal = tmp_path / "erasures.jsonl"
        journal.unlink(missing_ok=True)
        journal.touch(0o600)
        journal.write_text(json.dumps(changed, separators=(",", ":")) + "\n")
        data = ["--data-dir", str(ledger.directory.path), "--erasure-journal", str(journal)]
        walk.ended(f"doctor, {place}", changed, *run("doctor", *data))
        if count % 3 == 0:
            walk.ended(f"serve, {place}", changed, *serve("serve", *data, *QUIET, "--ledger", ORIGIN))


def test_every_number_of_an_export_and_of_what_is_imported(walk: Walk, ledger: SignedLedger, tmp_path: Path) -> None:
    note = tmp_path / "checkpoint"
    note.write_bytes(ledger.published())
    lines = [json.loads(line) for line in ledger.lines()]
    chosen = [lines[0], next(each for each in lines if "attempt" in each.get("workflow", {})),
              next(each for each in lines if "from_seq" in each.get("data", {})), lines[-1]]
    data = ["--data-dir", str(ledger.directory.path), "--ledger", ORIGIN]
    export = tmp_path / "export"
    for line in chosen:
        for place, changed in with_integers(line):
            export.write_text(json.dumps(changed, separators=(",", ":")) + "\n")
            walk.ended(f"verify-export, {place}", changed, *run(
                "verify-export", str(export), "--checkpoint", str(note), "--key", ledger.vkey))
    for place, changed in with_integers(chosen[0]):
        export.write_text(json.dumps(changed, separators=(",", ":")) + "\n")
        walk.ended(f"ledger reappend, {place}", changed, *run("ledger", "reappend", str(export), "--dry-run", *data))
    event = {"kind": "send", "outcome": "sent", "workflow": {
        "engine": "inngest", "run_id": "r", "attempt": 1, "run_attempt": 1, "step_index": 1, "max_attempts": 1,
        "engine_attempt": 1}, "data": {"n": 1}}
    for place, changed in with_integers(event):
        export.write_text(json.dumps(changed) + "\n")
        walk.ended(f"import, {place}", changed, *run("import", str(export), *data))


def test_every_number_of_a_backups_manifest(walk: Walk, ledger: SignedLedger, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    assert ledger.directory.run("backup", str(backup)).returncode == 0
    manifest = backup / "backup.json"
    for place, changed in with_integers(json.loads(manifest.read_text())):
        target = ledger.directory.base / "restored"
        manifest.write_text(json.dumps(changed))
        walk.ended(place, changed, *run("restore", str(backup), "--data-dir", str(target)))
        shutil.rmtree(target, ignore_errors=True)


# -- mail


def test_every_number_of_a_report_and_of_what_it_comes_in(walk: Walk, ledger: SignedLedger, tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    for place in ("count", "begin", "end"):
        for number in numbers():
            xml = re.sub(rf"<{place}>\d+<".encode(), f"<{place}>{number}<".encode(),
                         Report(f"{place} {number}", rows=[Row(), Row(source="192.0.2.2")]).xml())
            file.write_bytes(xml)
            walk.ended(f"dmarc-report read, {place}", number, *run("dmarc-report", "read", str(file)))
            answer = ledger.api.call("POST", "/v1/dmarc-reports", data=xml, headers={"Content-Type": "application/xml"})
            walk.note(f"POST /v1/dmarc-reports, {place}", number, answer.status_code, answer.status_code < 500)
    for number in numbers():
        name = tmp_path / f"r.example!acme.example!{number}!{number}.xml"
        name.write_bytes(Report("1").xml())
        walk.ended("dmarc-report read, a name", number, *run("dmarc-report", "read", str(name)))
    xml = Report("1").xml()
    for container, content in (("zip", zipped(xml)), ("gz", gzip.compress(xml))):
        # Heads and tails, where sizes, counts, offsets and sums stand.
        for place in (*range(4, 40), *range(len(content) - 60, len(content) - 3)):
            for value in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"):
                answer = ledger.api.call("POST", "/v1/dmarc-reports", headers={"Content-Type": f"application/{container}"
                                         .replace("/gz", "/gzip")}, data=content[:place] + value + content[place + 4:])
                walk.note(f"POST /v1/dmarc-reports, {container}", place, answer.status_code, answer.status_code < 500)
    assert ledger.directory.instances[0].is_alive


def test_every_number_of_a_mail(walk: Walk, ledger: SignedLedger, tmp_path: Path) -> None:
    mail = ("DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=s1; b=AAAA; bh=AAAA; h=from; t={t}; x={x}; l={l}\r\n"
            "Authentication-Results: mx.example {v}; dkim/{m}=pass\r\nMessage-ID: <{v}@{m}.example>\r\n"
            "Content-Type: multipart/mixed; boundary={m}\r\nFrom: a@acme.example\r\n\r\ntext\r\n")
    good = {"t": 1, "x": 2, "l": 0, "v": 1, "m": 1}
    file = tmp_path / "mail.eml"
    for place in good:
        for number in [*numbers(999_999_999_999), 10**75, 10**76]:
            content = mail.format(**{**good, place: number}).encode()
            file.write_bytes(content)
            walk.ended(f"message check, {place}", number, *run(
                "message", "check", "--resolver", "127.0.0.1@9", "--dns-timeout", "100ms", str(file)))
            answer = ledger.api.call("POST", "/v1/verifications/message", data=content,
                                     headers={"Content-Type": "message/rfc822"})
            walk.note(f"POST /v1/verifications/message, {place}", number, answer.status_code, answer.status_code < 500)
    assert ledger.directory.instances[0].is_alive
