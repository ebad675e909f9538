"""A primary dies and its standby takes over. A synchronous one loses nothing; where an asynchronous one lost what was
answered, the ledger halts before a line of a fork is written, and everything comes back."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api import Api, ok, problem
from crash_writers import Writers
from outcomes import logged
from paths import ORIGIN
from postgres_pair import Node, PostgresPair
from reckoning import Fates, Reckoning
from service import Instance, wait_until

pytestmark = [pytest.mark.crash, pytest.mark.alone]

WRITERS = 16
PROMOTIONS, PROMOTIONS_LONG = 5, 20
ACKNOWLEDGED_MIN = 300
#: How long a request waits for its append, unless `--request-timeout` says otherwise.
REQUEST_SECONDS = 10
#: Signs at its start and on demand.
QUIET = ("--checkpoint-interval", "1h")
ENTRY: dict[str, Any] = {"kind": "send", "outcome": "sent"}


# -- a synchronous pair


@pytest.fixture
def synchronous() -> Iterator[PostgresPair]:
    pair = PostgresPair(synchronous=True)
    try:
        yield pair
    finally:
        pair.close()


@dataclass
class Promotion:
    """One failover, and what was found after it."""

    acknowledged: int
    back_seconds: float
    fates: Fates
    size: int

    def __str__(self) -> str:
        fates = self.fates
        return (f"{self.acknowledged:12} {fates.unanswered:11} {fates.stored:7} {fates.absent:7} "
                f"{self.back_seconds:7.1f} {self.size:6}")


def test_a_synchronous_pair_loses_moves_and_doubles_nothing_however_often_it_is_promoted(
    synchronous: PostgresPair, request: pytest.FixtureRequest, rng: random.Random, seed: int,
    report: Callable[[str], None],
) -> None:
    pair = synchronous
    instances = [pair.serve("--checkpoint-interval", "1s"), pair.serve("--checkpoint-interval", "1s")]
    writers = Writers(WRITERS, f"{seed}/failover", pair.admin_token, lambda number: instances[number % 2].url)
    reckoning = Reckoning(lambda: pair.primary.sql(), writers, rng)
    count = PROMOTIONS_LONG if request.config.option.long else PROMOTIONS
    promotions: list[Promotion] = []
    size = 0
    try:
        for number in range(count):
            before = writers.ledger.acknowledged_entries
            writers.begin_round()
            wait_until(lambda: writers.ledger.acknowledged_entries - before >= ACKNOWLEDGED_MIN, 120,  # noqa: B023
                       "acknowledged entries before the promotion")
            time.sleep(rng.uniform(0, 0.4))
            wait_until(lambda: writers.ledger.open > 0, 30, "an open request", pause=0)
            acknowledged = writers.ledger.acknowledged_entries - before
            began = time.monotonic()
            pair.fail_over()
            time.sleep(0.2)
            told = writers.ledger.acknowledged_entries
            # Every third time longer than a request waits: then callers are told that nobody knows.
            time.sleep(REQUEST_SECONDS + 2 if number % 3 == 2 else 0.3)
            assert writers.ledger.acknowledged_entries == told, "nothing is answered that one server alone has"
            pair.rejoin()
            for instance in instances:
                wait_until(lambda: pair.is_ready(instance), 90, "the service to be ready again", 0.1)  # noqa: B023
            pair.wait_streaming()
            back = time.monotonic() - began
            writers.halt()
            fates = reckoning.settle(instances)
            verdict = pair.verify(*(["--since", str(size)] if size else []))
            assert verdict.is_intact, str(verdict)
            size = verdict.size
            promotions.append(Promotion(acknowledged, back, fates, size))
        reckoning.begin_anew()
    finally:
        writers.end()
        report("  acknowledged  unanswered  stored  absent  back s   size\n"
               + "\n".join(f"  {each}" for each in promotions)
               + f"\n  {len(promotions)} promotions, {writers.ledger.acknowledged_entries} entries acknowledged; "
               f"seed {seed}")
    verdict = pair.verify()
    assert verdict.is_intact and verdict.size == reckoning.checked, str(verdict)
    assert pair.primary.one("SELECT count(*) FROM countersign.ledgers WHERE halted IS NOT NULL") == 0
    assert not list(pair.guard_folder.glob("*.halt"))


# -- an asynchronous one that had not got everything


@pytest.fixture
def asynchronous() -> Iterator[PostgresPair]:
    pair = PostgresPair(synchronous=False)
    try:
        yield pair
    finally:
        pair.close()


def person(name: str) -> dict[str, Any]:
    return {**ENTRY, "message_id": f"<{name}@acme.example>",
            "personal": {"recipient": [f"{name}@customer.example"], "subject": f"for {name}"}}


def sign(api: Api) -> int:
    """Has everything signed that is there, with one entry more, and says how many entries that are."""
    return ok(api.call("POST", "/v1/entries", params={"receipt": "signed"}, json=ENTRY), 201)["seq"] + 1


@dataclass
class Failover:
    """A promoted standby that lacks the end of what was answered."""

    pair: PostgresPair
    instances: list[Instance]
    #: seq -> leaf hash, as callers were told.
    answered: dict[int, str]
    #: How many entries the standby has, and the guard knew.
    kept: int
    signed: int

    @property
    def size(self) -> int:
        return max(self.answered) + 1

    def stored(self) -> dict[int, str]:
        with self.pair.primary.sql() as connection:
            return dict(connection.execute(
                "SELECT seq, encode(leaf_hash, 'hex') FROM countersign.entries ORDER BY seq").fetchall())

    def assert_nothing_new(self) -> None:
        """No seq that was answered has been answered for another entry, and nothing was written."""
        stored = self.stored()
        assert len(stored) == self.kept, f"{len(stored)} entries, and the standby had {self.kept}"
        assert all(self.answered[seq] == leaf for seq, leaf in stored.items() if seq in self.answered)

    def halted(self) -> tuple[str, int]:
        """Why the database's ledger is halted, and which size was expected."""
        with self.pair.primary.sql() as connection:
            row = connection.execute("SELECT halted, halted_size FROM countersign.ledgers").fetchone()
        assert row is not None and row[0] is not None
        return row[0], row[1]


def failed_over(pair: PostgresPair, rng: random.Random, *, is_signed: bool) -> Failover:
    """Two instances answer; the standby stands still meanwhile, and is promoted. What it lacks was signed, or not."""
    instances = [pair.serve(*QUIET), pair.serve(*QUIET)]
    apis = [pair.api(instance) for instance in instances]
    answered: dict[int, str] = {}

    def append(api: Api, *entries: dict[str, Any]) -> None:
        for item in api.append(list(entries)):
            assert item["seq"] not in answered
            answered[item["seq"]] = item["leaf_hash"]

    for number in range(12):
        append(apis[number % 2], person(f"early{number}"), ENTRY)
    signed = sign(apis[0])
    append(apis[1], person("between"))
    kept = pair.primary.one("SELECT max(size) FROM countersign.heads")
    pair.wait_streaming()
    pair.standby.stop("fast")
    for number in range(20):
        append(apis[rng.randrange(2)], person(f"late{number}"), person("early0"))
    if is_signed:
        signed = sign(apis[0])
    # The last word is the second instance's, and the first is asked first.
    append(apis[1], person("last"))
    pair.fail_over()
    return Failover(pair, instances, answered, kept, signed)


def export_unrecorded(failover: Failover, old: Node, path: Path) -> subprocess.CompletedProcess[bytes]:
    return failover.pair.run("export", "--unrecorded", "--output", str(path), nodes=[old])


def doctor(pair: PostgresPair) -> tuple[int, str]:
    done = pair.run("doctor", "--after-restore")
    return done.returncode, done.stdout.decode()


@pytest.mark.parametrize("is_reading_only", [False, True], ids=["brought up alone", "brought up as a standby"])
@pytest.mark.parametrize("is_signed", [True, False], ids=["within the guard", "beyond the guard"])
def test_an_asynchronous_standby_that_lacks_answers_is_halted_before_a_line_and_gets_them_back(
    asynchronous: PostgresPair, rng: random.Random, tmp_path: Path, is_signed: bool, is_reading_only: bool,
) -> None:
    pair = asynchronous
    failover = failed_over(pair, rng, is_signed=is_signed)
    assert (failover.signed > failover.kept) == is_signed and failover.size > failover.kept
    apis = [pair.api(instance) for instance in failover.instances]
    wait_until(lambda: all(pair.is_ready(instance) for instance in failover.instances), 60, "the promoted one", 0.1)
    for api in apis:
        assert problem(api.post("/v1/entries", ENTRY), 503, "halted")["committed"] == "no"
    failover.assert_nothing_new()
    logged(failover.instances[0], "ledger_halted")
    # A process that has answered nothing is told by the database, and by the folder of the guards.
    fresh = pair.serve(*QUIET)
    problem(pair.api(fresh).post("/v1/entries", ENTRY), 503, "halted")
    fresh.stop()
    # Which tree is expected is what all of them answered, also the one that nobody asked since.
    wait_until(lambda: failover.halted()[1] == failover.size, 30, "both instances to have said what they answered", 0.2)
    halt = next(pair.guard_folder.glob("*.halt")).read_text().split("\n")
    assert halt[:3] == ["countersign/halt/1", ORIGIN, str(failover.size)]
    status, text = doctor(pair)
    lost = failover.size - failover.kept
    assert status == 1 and f"and {failover.size} were answered: {lost} are lost" in text, text
    failover.assert_nothing_new()
    # Nothing is signed meanwhile: that would take the way back.
    assert pair.run("checkpoint", "sign").returncode != 0

    old = pair.standby
    if is_reading_only:
        old.mark_standby()
    old.start()
    before = old.one("SELECT count(*) FROM countersign.entries")
    export = tmp_path / "lost.jsonl"
    done = export_unrecorded(failover, old, export)
    assert done.returncode == 0, done
    assert old.one("SELECT count(*) FROM countersign.entries") == before, "nothing is written to that database"
    assert old.one("SELECT count(*) FROM countersign.ledgers WHERE halted IS NOT NULL") == 0
    old.stop("fast")

    done = pair.run("ledger", "reappend", str(export), "--json")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["from_seq"] == failover.kept and json.loads(done.stdout)["reappended"] == lost
    stored = failover.stored()
    assert all(stored[seq] == leaf for seq, leaf in failover.answered.items()), "all is back at its place"
    assert not list(pair.guard_folder.glob("*.halt"))
    resumed = apis[0].json(f"/v1/entries/{failover.size}")["entry"]["data"]
    content = export.read_bytes()
    assert resumed["export"] == {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    assert resumed["reappended"] == {"from_seq": failover.kept, "to_seq": failover.size - 1}
    assert resumed["checkpoint"]["size"] == failover.size

    # The processes that answered go on.
    for api in apis:
        assert ok(api.post("/v1/entries", ENTRY), 201)["seq"] > failover.size
    found = apis[0].json("/v1/entries", recipient="early0@customer.example")["entries"]
    assert len(found) == 21, "the person is the same in old and in new entries"
    sign(apis[1])
    assert pair.verify().is_intact
    assert doctor(pair)[0] == 0


def test_with_the_process_gone_the_guard_holds_what_was_signed_and_no_more(
    asynchronous: PostgresPair, rng: random.Random, tmp_path: Path,
) -> None:
    pair = asynchronous
    failover = failed_over(pair, rng, is_signed=True)
    for instance in failover.instances:
        instance.kill()
    fresh = pair.serve(*QUIET)
    assert "warning: " in fresh.said()
    problem(pair.api(fresh).post("/v1/entries", ENTRY), 503, "halted")
    failover.assert_nothing_new()
    lost = failover.signed - failover.kept
    status, text = doctor(pair)
    assert status == 1 and f"and {failover.signed} were signed: {lost} are lost" in text, text
    old = pair.standby
    old.start()
    export = tmp_path / "lost.jsonl"
    assert export_unrecorded(failover, old, export).returncode == 0
    old.stop("fast")
    done = pair.run("ledger", "reappend", str(export), "--json")
    assert done.returncode == 0, done
    answer = json.loads(done.stdout)
    assert answer["reappended"] == lost and answer["beyond"] == 1, answer
    stored = failover.stored()
    assert all(stored[seq] == leaf for seq, leaf in failover.answered.items() if seq < failover.signed)
    # The last answer was never signed, and nobody was left who knew of it: its place is another entry's now.
    assert stored[failover.size - 1] != failover.answered[failover.size - 1]
    assert pair.verify().is_intact


def test_the_old_primary_is_exported_only_where_the_ledger_is_known_to_be_halted(
    asynchronous: PostgresPair, rng: random.Random, tmp_path: Path,
) -> None:
    pair = asynchronous
    instance = pair.serve(*QUIET)
    api = pair.api(instance)
    api.append(person("one"))
    export = tmp_path / "lost.jsonl"
    refused = pair.run("export", "--unrecorded", "--output", str(export))
    assert refused.returncode == 1 and b"is halted" in refused.stderr and not export.exists(), refused
    for narrowed in (["--kind", "send"], ["--format", "csv"]):
        refused = pair.run("export", "--unrecorded", *narrowed)
        assert refused.returncode == 2 and not refused.stdout, refused
    assert api.size() == pair.primary.one("SELECT count(*) FROM countersign.entries")
    pair.wait_streaming()
    pair.standby.stop("fast")
    api.append(person("two"))
    pair.fail_over()
    wait_until(lambda: pair.is_ready(instance), 60, "the promoted one", 0.1)
    problem(api.post("/v1/entries", ENTRY), 503, "halted")
    old = pair.standby
    old.start()
    elsewhere = tmp_path / "guard"
    elsewhere.mkdir(mode=0o700)
    command = ["export", "--unrecorded", "--output", str(export)]
    refused = pair.run(*command, "--guard-dir", str(elsewhere), nodes=[old])
    assert refused.returncode == 1 and b"--guard-dir" in refused.stderr, refused
    assert pair.run(*command, nodes=[old]).returncode == 0
    # An old primary that is served again, beside what it missed, takes no line either.
    back = pair.run("token", "create", "--name", "x", "--scope", "read", nodes=[old])
    assert back.returncode != 0 and b"doctor --after-restore" in back.stderr, back
    old.stop("fast")


# -- what nothing can find


def test_with_the_process_gone_and_nothing_signed_nothing_notices_but_who_kept_an_answer(
    asynchronous: PostgresPair, rng: random.Random,
) -> None:
    pair = asynchronous
    failover = failed_over(pair, rng, is_signed=False)
    for instance in failover.instances:
        instance.kill()
    fresh = pair.serve(*QUIET)
    api = pair.api(fresh)
    again = ok(api.post("/v1/entries", ENTRY), 201)
    assert again["seq"] == failover.kept and again["leaf_hash"] != failover.answered[again["seq"]], (
        "the same place was answered for two entries")
    while api.size() < failover.size:
        api.append([ENTRY] * 5)
    sign(api)
    assert pair.verify().is_intact
    assert doctor(pair)[0] == 0
    assert not list(pair.guard_folder.glob("*.halt"))
    # Only an answer, a receipt or a witness's memory that somebody kept elsewhere contradicts it.
    assert api.json(f"/v1/entries/{failover.kept}")["leaf_hash"] != failover.answered[failover.kept]
