"""Each row of ops/tamper-matrix.md on the real service: which layer finds an attack, and which does not."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import split_histories
from api import problem
from go_verifier import GoVerifier, consistency_case, receipt_case
from notes import Checkpoint, Key, Note, Receipt, Signer
from outcomes import assert_halted, doctor, failure, halts, logged, refuses_to_sign, unsigned
from paths import ORIGIN
from reference import leaf_hash, root, verify_inclusion
from service import DataDirectory
from signed_ledger import ENTRY, SignedLedger

pytestmark = pytest.mark.proofs

SIZE = 300
#: The entry that is rewritten, within the first full tile.
REWRITTEN = 150
OFTEN = ("--checkpoint-interval", "300ms")
THREADS, ROUNDS = 16, 12


@pytest.fixture(scope="module")
def template(request: pytest.FixtureRequest) -> Iterator[DataDirectory]:
    """A ledger of SIZE entries whose newest checkpoint covers them, at rest: each test attacks a copy of its own."""
    directory = DataDirectory()
    try:
        made = SignedLedger(directory)
        made.fill(random.Random(f"{request.config.option.seed}/matrix"), SIZE)
        made.sign()
        directory.instances[-1].stop()
        yield directory
    finally:
        directory.close()


@pytest.fixture
def copied(template: DataDirectory) -> Iterator[DataDirectory]:
    """A copy of the template that nobody serves yet."""
    directory = split_histories.twin(template)
    try:
        yield directory
    finally:
        for instance in directory.instances:
            instance.kill()
        directory.close()


@pytest.fixture
def ledger(copied: DataDirectory) -> SignedLedger:
    """A served ledger that signs when it is asked to."""
    return SignedLedger(copied)


# -- a superuser rewrites history


def test_a_consistent_rewrite_looks_intact_to_verify_alone_and_breaks_against_a_kept_checkpoint(
    ledger: SignedLedger,
) -> None:
    kept = ledger.published()
    assert not ledger.verify_against(kept)
    split_histories.rewrite(ledger.directory, REWRITTEN)
    assert ledger.directory.verify().is_intact, "the database alone cannot tell"
    assert ledger.verify_against(kept) == {"truncated"}


@pytest.mark.parametrize("has_answered", [False, True], ids=["a fresh process", "a process that has answered"])
def test_nothing_is_appended_after_a_rewrite(ledger: SignedLedger, has_answered: bool) -> None:
    size = ledger.append() if has_answered else SIZE
    kept, guard = ledger.published(), ledger.guard_file.read_bytes()
    split_histories.rewrite(ledger.directory, REWRITTEN)
    assert_halted(ledger.api)
    assert ledger.api.size() == size, "not a line stands on the forged history"
    says = (f"entry {size - 1} is another one than this process answered" if has_answered
            else f"the tree of {SIZE} entries is not the one that was signed")
    instance = ledger.directory.instances[0]
    assert logged(instance, "ledger_halted")["reason"] == says
    assert halts(ledger.api) == 1
    refuses_to_sign(ledger, says)
    assert ledger.guard_file.read_bytes() == guard, "nothing was signed"
    assert ledger.api.get(f"/ledgers/{ORIGIN}/checkpoint").status_code == 404
    assert failure(ledger.directory, "signing").startswith("HALTED: ")
    assert "are not the ones that were signed" in failure(ledger.directory, "after restore", "--after-restore")
    assert_halted(ledger.api)
    assert ledger.verify_against(kept) == {"truncated"}


def test_the_signature_after_a_rewrite_halts_the_ledger_instead(ledger: SignedLedger) -> None:
    guard = ledger.guard_file.read_bytes()
    split_histories.rewrite(ledger.directory, REWRITTEN)
    assert ledger.api.get(f"/v1/entries/{REWRITTEN}/receipt").status_code in (409, 503)
    instance = ledger.directory.instances[0]
    assert "does not grow out of the signed checkpoint" in logged(instance, "ledger_halted")["reason"]
    assert halts(ledger.api) == 1
    assert_halted(ledger.api)
    assert ledger.guard_file.read_bytes() == guard, "nothing was signed"


def test_a_service_that_signs_by_itself_finds_a_rewrite_without_being_asked(
    copied: DataDirectory,
) -> None:
    ledger = SignedLedger(copied, OFTEN)
    split_histories.rewrite(copied, REWRITTEN)
    instance = copied.instances[0]
    assert logged(instance, "ledger_halted")["ledger"] == ORIGIN
    assert logged(instance, "signing_failed")["code"] == "halted"
    assert_halted(ledger.api)


def test_a_service_that_starts_on_a_rewritten_history_halts_it_before_anything_is_appended(
    ledger: SignedLedger,
) -> None:
    split_histories.rewrite(ledger.directory, REWRITTEN)
    ledger.directory.instances[0].stop()
    ledger.restart()
    assert_halted(ledger.api)
    assert "is not the one that was signed" in ledger.directory.instances[-1].said()
    assert ledger.directory.verify().is_intact and ledger.api.size() == SIZE, "reading goes on"


def test_a_rewrite_that_leaves_the_published_checkpoints_is_named_by_verify(ledger: SignedLedger) -> None:
    tables = split_histories.remember(ledger.directory)
    split_histories.rewrite(ledger.directory, REWRITTEN)
    split_histories.bring_back(ledger.directory, {"checkpoints": tables["checkpoints"]})
    assert ledger.directory.verify().checks == {"checkpoint"}


def test_whoever_has_the_database_the_key_and_the_guard_is_found_by_a_kept_checkpoint_alone(
    ledger: SignedLedger,
) -> None:
    kept = ledger.published()
    forger = split_histories.rewrite(ledger.directory, REWRITTEN)
    thief = Signer.read(ledger.key_file.read_text())
    ledger.guard_file.write_bytes(split_histories.guard_over(forger.lines, thief))
    assert Checkpoint.read(ledger.sign()).size == SIZE
    ledger.append()
    assert ledger.append_for_receipts([ENTRY])[0]["assurance"] == "signed", "the service suspects nothing"
    assert doctor(ledger.directory, "--after-restore")[0] == 0 and ledger.directory.verify().is_intact
    assert ledger.verify_against(kept) == {"truncated"}
    refused = ledger.offline.export(
        b"".join(line + b"\n" for line in ledger.lines()), kept, ledger.vkey)
    assert not refused.accepted and "do not make the tree that was signed" in refused.detail, refused


# -- a superuser cuts off the end


def test_a_cut_off_end_halts_the_ledger_and_goes_on_with_an_entry_once_it_is_back(ledger: SignedLedger) -> None:
    directory = ledger.directory
    kept = ledger.published()
    tables = split_histories.remember(directory)
    size = split_histories.truncate(directory, SIZE - 40)
    assert size < SIZE and ledger.api.size() == size
    assert directory.verify().is_intact, "the database alone cannot tell"
    assert ledger.verify_against(kept) == {"truncated"}
    lost = f"the database has {size} entries, and {SIZE} were signed"
    assert failure(directory, "signing") == lost
    refuses_to_sign(ledger, f"the database has {size} entries, and the guard a signed checkpoint of {SIZE}")
    assert_halted(ledger.api)
    assert failure(directory, "after restore", "--after-restore") == f"{lost}: {SIZE - size} are lost"

    split_histories.bring_back(directory, tables)
    assert_halted(ledger.api)
    status, checks = doctor(directory, "--after-restore")
    assert status == 0, checks
    assert f"goes on, as entry {SIZE} says" in checks[f"after restore: {ORIGIN}"]["detail"]
    entry = ledger.api.json(f"/v1/entries/{SIZE}")["entry"]
    signed = Checkpoint.read(kept)
    assert entry["data"] == {
        "event": "ledger.resumed",
        "checkpoint": {"ledger": ORIGIN, "size": signed.size, "root": signed.root.hex()}}
    assert entry["kind"] == "policy" and entry["reporter"]["via"] == "operator"
    assert ledger.append_for_receipts([ENTRY])[0]["assurance"] == "signed"
    assert directory.verify().is_intact and not ledger.verify_against(kept)


def test_a_cut_off_end_whose_checkpoints_stay_is_named_by_verify_and_at_the_next_start(
    ledger: SignedLedger,
) -> None:
    tables = split_histories.remember(ledger.directory)
    split_histories.truncate(ledger.directory, SIZE - 40)
    split_histories.bring_back(ledger.directory, {"checkpoints": tables["checkpoints"]})
    verdict = ledger.directory.verify()
    assert not verdict.is_intact and verdict.checks <= {"checkpoint", "orphan"}, str(verdict)
    # No receipt is made of a tree that is not there any more.
    answer = ledger.api.get(f"/v1/entries/{SIZE - 100}/receipt")
    assert answer.status_code in (500, 503), answer.text
    ledger.directory.instances[0].stop()
    ledger.restart()
    assert_halted(ledger.api)


# -- an old backup


def test_an_old_backup_is_told_at_the_start_and_nothing_is_appended_until_the_newer_one_is_back(
    ledger: SignedLedger,
) -> None:
    directory = ledger.directory
    old, newer = directory.base / "old", directory.base / "newer"
    directory.instances[-1].stop()
    split_histories.copy(directory.path / "postgres", old)
    ledger.restart()
    placed = ledger.append_for_receipts([ENTRY] * 7)
    kept = ledger.published()
    receipt, line = placed[0]["receipt"].encode(), ledger.lines()[placed[0]["seq"]]
    directory.instances[-1].stop()
    split_histories.copy(directory.path / "postgres", newer)

    split_histories.put_in_place(old, directory.path / "postgres")
    ledger.restart()
    warning = f"the database has {SIZE} entries, and the guard a signed checkpoint of {SIZE + 7}"
    assert f"warning: {ORIGIN}: {warning}" in directory.instances[-1].said()
    assert logged(directory.instances[-1], "ledger_halted")["reason"].startswith(warning)
    assert logged(directory.instances[-1], "signing_failed")["code"] == "halted"
    assert halts(ledger.api) == 1
    assert_halted(ledger.api)
    assert ledger.api.size() == SIZE, "what is there can be read"
    assert failure(directory, "signing") == f"HALTED: {warning}"
    assert failure(directory, "after restore", "--after-restore").endswith("7 are lost")
    assert ledger.verify_against(kept) == {"truncated"} and directory.verify().is_intact
    assert ledger.offline.receipt(receipt, line, ledger.vkey).accepted, "who has a receipt can show what is lost"
    directory.instances[-1].stop()

    split_histories.put_in_place(newer, directory.path / "postgres")
    ledger.restart()
    # The folder of the guards knows that the ledger was halted, though this database does not.
    assert f"warning: {ORIGIN}: {warning}" in directory.instances[-1].said()
    assert_halted(ledger.api)
    status, checks = doctor(directory, "--after-restore")
    assert status == 0 and "goes on" in checks[f"after restore: {ORIGIN}"]["detail"], checks
    assert ledger.append_for_receipts([ENTRY])[0]["assurance"] == "signed"
    assert not ledger.verify_against(kept) and directory.verify().is_intact


def test_a_backup_that_takes_the_guard_along_is_found_by_a_kept_checkpoint_alone(ledger: SignedLedger) -> None:
    directory = ledger.directory
    directory.instances[-1].stop()
    split_histories.copy(directory.path, directory.base / "old")
    ledger.restart()
    ledger.append_for_receipts([ENTRY] * 7)
    kept = ledger.published()
    directory.instances[-1].stop()
    split_histories.put_in_place(directory.base / "old", directory.path)
    ledger.restart()
    fork = ledger.append_for_receipts([ENTRY] * 7)
    assert all(each["assurance"] == "signed" for each in fork), "the guard was set back as well"
    assert doctor(directory, "--after-restore")[0] == 0 and directory.verify().is_intact
    forked = ledger.published()
    one, two = Checkpoint.read(kept), Checkpoint.read(forked)
    assert one.size == two.size and one.root != two.root, "two histories are signed"
    assert all(Note.read(each).signed_by(ledger.key) for each in (kept, forked))
    assert ledger.verify_against(kept) == {"truncated"}


# -- several who sign


def test_two_instances_that_sign_at_once_never_sign_two_histories(
    copied: DataDirectory, go: GoVerifier,
) -> None:
    ledger = SignedLedger(copied, OFTEN)
    instances = [copied.instances[0], copied.serve(arguments=list(OFTEN))]
    placed: list[dict[str, Any]] = []
    seen: set[bytes] = set()
    faults: list[str] = []

    def work(number: int) -> None:
        caller = copied.api(instance=instances[number % 2])
        try:
            for turn in range(ROUNDS):
                placed.extend(caller.append([ENTRY] * (1 + turn % 3)) if turn % 4 == 3 else
                              caller.call("POST", "/v1/entries", params={"receipt": "signed"},
                                          json=[ENTRY] * (1 + turn % 3)).json())
                seen.add(caller.get(f"/ledgers/{ORIGIN}/checkpoint").content)
        except Exception as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(repr(fault))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    with_receipt = [each for each in placed if "receipt" in each]
    asked = THREADS * sum(1 + turn % 3 for turn in range(ROUNDS) if turn % 4 != 3)
    assert len(with_receipt) == asked, "every receipt that was asked for was given"
    assert len({each["seq"] for each in placed}) == len(placed)

    lines = ledger.lines()
    hashes = [leaf_hash(line) for line in lines]
    receipts = {each["seq"]: Receipt.read(each["receipt"].encode()) for each in with_receipt}
    for seq, receipt in receipts.items():
        checkpoint = receipt.checkpoint
        assert receipt.note.signed_by(ledger.key) and receipt.index == seq < checkpoint.size
        assert verify_inclusion(seq, checkpoint.size, hashes[seq], receipt.hashes, checkpoint.root)
    verdicts = go.judge([
        receipt_case([ledger.vkey], ORIGIN, receipt.data, lines[seq]) for seq, receipt in receipts.items()])
    assert all(verdict.accepted for verdict in verdicts)

    notes = seen | {receipt.note.data for receipt in receipts.values()}
    by_size: dict[int, bytes] = {}
    for note in notes:
        checkpoint = Checkpoint.read(note)
        assert checkpoint.root == root(hashes[:checkpoint.size]), f"another history at {checkpoint.size}"
        assert by_size.setdefault(checkpoint.size, note) == note
    assert len(by_size) > 5, "many checkpoints were signed"
    some = sorted(by_size)[::max(1, len(by_size) // 12)]
    pairs = list(itertools.combinations(some, 2))
    verdicts = go.judge([
        consistency_case([ledger.vkey], ORIGIN, by_size[old], by_size[new], ledger.consistency(old, new))
        for old, new in pairs])
    assert pairs and all(verdict.accepted for verdict in verdicts), verdicts
    assert copied.verify().is_intact and doctor(copied)[0] == 0


@pytest.fixture
def split(ledger: SignedLedger) -> Iterator[tuple[SignedLedger, SignedLedger]]:
    """One history on two hosts, each with a copy of the key and a guard of its own, and each has gone on by itself."""
    ledger.directory.instances[-1].stop()
    other = split_histories.twin(ledger.directory)
    try:
        ledger.restart()
        twin = SignedLedger(other)
        for each in (ledger, twin):
            assert each.append_for_receipts([ENTRY] * 5)[-1]["assurance"] == "signed"
        yield ledger, twin
    finally:
        other.close()


def test_two_hosts_with_a_guard_each_fork_and_only_who_compares_their_checkpoints_sees_it(
    split: tuple[SignedLedger, SignedLedger], go: GoVerifier,
) -> None:
    one, two = split
    notes = [each.published() for each in split]
    checkpoints = [Checkpoint.read(note) for note in notes]
    assert one.vkey == two.vkey and all(Note.read(note).signed_by(one.key) for note in notes)
    assert checkpoints[0].size == checkpoints[1].size and checkpoints[0].root != checkpoints[1].root
    for each in split:
        assert each.directory.verify().is_intact and doctor(each.directory, "--after-restore")[0] == 0
    # A reader of one who is shown what a reader of the other got.
    for ledger, note in ((one, notes[1]), (two, notes[0])):
        assert ledger.verify_against(note) == {"truncated"}
        refused = ledger.offline.export(b"".join(line + b"\n" for line in ledger.lines()), note, ledger.vkey)
        assert not refused.accepted and "do not make the tree that was signed" in refused.detail, refused
    two.append(3)
    newer = two.sign()
    size = checkpoints[0].size
    proof = two.consistency(size, Checkpoint.read(newer).size)
    honest, forked = go.judge([
        consistency_case([one.vkey], ORIGIN, notes[1], newer, proof),
        consistency_case([one.vkey], ORIGIN, notes[0], newer, proof)])
    assert honest.accepted and not forked.accepted


def test_an_instance_without_the_key_appends_and_never_signs(ledger: SignedLedger) -> None:
    directory = ledger.directory
    guard = ledger.guard_file.read_bytes()
    keyless = directory.serve(arguments=["--key-dir", str(directory.base / "no-keys"), *OFTEN])
    caller = directory.api(instance=keyless)
    for _ in range(5):
        unsigned(ledger, caller)
    assert ledger.guard_file.read_bytes() == guard and not (directory.base / "no-keys").exists()
    # What another instance signs, it hands out.
    seq = caller.append(ENTRY)["seq"]
    ledger.sign()
    answer = caller.get(f"/v1/entries/{seq}/receipt")
    assert answer.status_code == 200 and answer.headers["Countersign-Assurance"] == "signed"
    assert ledger.offline.receipt(answer.content, ledger.lines()[seq], ledger.vkey).accepted


# -- keys and guards


def test_a_checkpoint_of_a_stolen_key_verifies_and_contradicts_the_ledger_and_kept_checkpoints(
    ledger: SignedLedger, go: GoVerifier,
) -> None:
    kept = ledger.published()
    honest = ledger.lines()[:SIZE]
    thief = Signer.read(ledger.key_file.read_text())
    forged_lines = split_histories.forge(honest, REWRITTEN)
    forged = split_histories.checkpoint_over(forged_lines, thief)
    export = b"".join(line + b"\n" for line in forged_lines)
    assert ledger.offline.export(export, forged, ledger.vkey).accepted, "a signature says no more than whose key it is"
    assert ledger.verify_against(forged) == {"truncated"}, "the ledger itself contradicts it"
    refused = ledger.offline.export(export, kept, ledger.vkey)
    assert not refused.accepted and "do not make the tree" in refused.detail, refused
    ledger.append(20)
    size = Checkpoint.read(ledger.sign()).size
    longer = split_histories.checkpoint_over([*forged_lines, *forged_lines[:size - SIZE]], thief)
    proof = ledger.consistency(SIZE, size)
    right, wrong = go.judge([
        consistency_case([ledger.vkey], ORIGIN, kept, ledger.published(), proof),
        consistency_case([ledger.vkey], ORIGIN, kept, longer, proof)])
    assert right.accepted and not wrong.accepted


def test_without_the_guard_nothing_is_signed_and_doctor_says_why(ledger: SignedLedger) -> None:
    kept = ledger.published()
    guard = ledger.guard_file.read_bytes()
    ledger.guard_file.unlink()
    unsigned(ledger)
    refuses_to_sign(ledger, f"there is no {ledger.guard_file}")
    assert failure(ledger.directory, "signing") == f"there is no {ledger.guard_file}: nothing is signed"
    assert "nothing says how far the ledger was" in failure(ledger.directory, "after restore", "--after-restore")
    # No start and no command makes a new one: that would let history be signed twice.
    ledger.directory.instances[-1].stop()
    ledger.restart()
    made = ledger.directory.run("ledger", "create", ORIGIN)
    assert made.returncode == 0 and b"exists already" in made.stdout, made
    unsigned(ledger)
    assert not ledger.guard_file.exists() and ledger.published() == kept
    ledger.guard_file.write_bytes(guard)
    ledger.guard_file.chmod(0o600)
    assert ledger.append_for_receipts([ENTRY])[0]["assurance"] == "signed"
    assert not ledger.verify_against(kept) and doctor(ledger.directory)[0] == 0


def test_a_guard_that_the_ledgers_key_did_not_sign_is_not_used(ledger: SignedLedger) -> None:
    guard = ledger.guard_file.read_bytes()
    lines = ledger.lines()
    ledger.append()
    for forged in (
        split_histories.guard_over(lines, Signer(ORIGIN)), split_histories.guard_over(lines[:0], Signer(ORIGIN)),
        split_histories.guard_over(lines, Signer("beta.example/mail")), guard[:-1], b"", guard.replace(b"300", b"299"),
        guard.replace(b"guard/1", b"guard/2")):
        ledger.guard_file.write_bytes(forged)
        refuses_to_sign(ledger, "guard")
        assert ledger.append_for_receipts([ENTRY])[0]["assurance"] == "durable"
    ledger.guard_file.write_bytes(guard)
    assert ledger.append_for_receipts([ENTRY])[0]["assurance"] == "signed"


def test_an_older_guard_signs_on_as_long_as_the_ledger_grows_out_of_it(ledger: SignedLedger) -> None:
    old, kept = ledger.guard_file.read_bytes(), ledger.published()
    ledger.append(9)
    newer = ledger.sign()
    ledger.guard_file.write_bytes(old)
    ledger.append(2)
    newest = ledger.sign()
    assert Checkpoint.read(newest).size == SIZE + 11
    for each in (kept, newer, newest):
        assert not ledger.verify_against(each)


def test_without_the_key_nothing_is_signed_and_doctor_says_why(ledger: SignedLedger) -> None:
    line = ledger.key_file.read_text()
    ledger.key_file.unlink()
    unsigned(ledger)
    refuses_to_sign(ledger, f"there is no {ledger.key_file}")
    assert failure(ledger.directory, "signing") == f"there is no {ledger.key_file}: nothing is signed"
    done = ledger.directory.run("ledger", "rotate-key", "--ledger", ORIGIN)
    assert done.returncode == 3 and b"the old key has to sign for the new one" in done.stderr, done
    ledger.key_file.write_text(line)
    ledger.key_file.chmod(0o600)
    assert ledger.append_for_receipts([ENTRY])[0]["assurance"] == "signed"


def test_a_key_file_that_is_not_right_signs_nothing_and_is_told_without_its_secret(ledger: SignedLedger) -> None:
    line = ledger.key_file.read_text()
    cases = [
        (f"{Signer(ORIGIN).line}\n", 0o600, "is not the one that the ledger names"),
        (f"{Signer('beta.example/mail').line}\n", 0o600, f"is not one of {ORIGIN}"),
        ("", 0o600, f"is not one of {ORIGIN}"), ("PRIVATE+KEY+nonsense\n", 0o600, f"is not one of {ORIGIN}"),
        (line, 0o644, "can be read by others")]
    for text, mode, says in cases:
        ledger.key_file.write_text(text)
        ledger.key_file.chmod(mode)
        unsigned(ledger)
        refuses_to_sign(ledger, says)
        detail = failure(ledger.directory, "signing")
        assert str(ledger.key_file) in detail and "PRIVATE" not in detail, detail
    ledger.key_file.write_text(line)
    ledger.key_file.chmod(0o600)
    assert ledger.append_for_receipts([ENTRY])[0]["assurance"] == "signed"
    assert "PRIVATE" not in ledger.directory.instances[0].log.read_text()


# -- what is published


def test_published_checkpoints_that_were_deleted_are_published_again_byte_for_byte(ledger: SignedLedger) -> None:
    kept = ledger.published()
    with split_histories.past_triggers(ledger.directory) as connection:
        connection.execute("DELETE FROM countersign.checkpoints")
    assert ledger.api.get(f"/ledgers/{ORIGIN}/checkpoint").status_code == 404
    assert ledger.directory.verify().is_intact, "nobody who holds a copy has lost anything"
    assert ledger.sign() == kept == ledger.published()


def test_a_checkpoint_put_into_the_table_is_served_and_every_reader_refuses_it(
    ledger: SignedLedger, go: GoVerifier, tmp_path: Path,
) -> None:
    honest = ledger.lines()[:SIZE]
    forged = split_histories.checkpoint_over(split_histories.forge(honest, REWRITTEN), Signer(ORIGIN))
    with split_histories.past_triggers(ledger.directory) as connection:
        connection.execute("UPDATE countersign.checkpoints SET note = %s WHERE size = %s", [forged.decode(), SIZE])
    assert ledger.published() == forged, "the service believes its table"
    assert ledger.directory.verify().checks == {"checkpoint"}
    problem(ledger.api.get("/v1/entries/7/receipt"), 500)
    (tmp_path / "checkpoint").write_bytes(forged)
    refused = ledger.offline.tiles(tmp_path, ledger.vkey)
    assert not refused.accepted and "none of the given keys signed" in refused.detail, refused
    assert not Note.read(forged).signed_by(Key.read(ledger.vkey))


def test_every_row_of_the_matrix_names_tests_that_are_there() -> None:
    matrix = Path(__file__).resolve().parents[2] / "ops" / "tamper-matrix.md"
    text = matrix.read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 15
    named = {word.strip("`.,;:()") for row in rows for word in row.split() if word.startswith("`test_")}
    folder = Path(__file__).parent
    missing = {name for name in named if not (folder / name).exists()}
    assert not missing and "test_tamper_matrix.py" in named, missing
