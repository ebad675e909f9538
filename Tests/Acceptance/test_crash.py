"""Service and Postgres are killed again and again while writers go on; nothing acknowledged is ever missing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
import requests

from crash_writers import Writers
from reckoning import Reckoning
from service import DataDirectory, Instance, wait_until

pytestmark = [pytest.mark.crash, pytest.mark.alone]

WRITERS = 6
ACKNOWLEDGED_MIN = 500
#: So many kills follow at most where chance kept all of them to one side of COMMIT.
EXTRA_KILLS_MAX = 20
BACK_SECONDS_MAX = 90
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


@dataclass
class Kill:
    """One kill, and what was found after it."""

    victim: str
    acknowledged: int
    open: int
    unanswered: int = 0
    stored: int = 0
    absent: int = 0
    said_no: int = 0
    back_seconds: float = 0.0
    verify_seconds: float = 0.0
    size: int = 0


class CrashRun:
    """A ledger under fire."""

    def __init__(self, directory: DataDirectory, instances: int, seed: str) -> None:
        self.directory = directory
        self.rng = random.Random(seed)
        self.instances: list[Instance] = [directory.serve() for _ in range(instances)]
        self.writers = Writers(WRITERS, seed, directory.admin_token, self._url_of)
        self.kills: list[Kill] = []
        self.reckoning = Reckoning(directory.sql, self.writers, self.rng)
        #: So many entries were verified.
        self.size = 0
        self.acknowledged_before = 0

    def _url_of(self, number: int) -> str:
        return self.instances[number % len(self.instances)].url

    def run(self, victims: list[str]) -> None:
        """One round of writing for each victim, which dies in its midst; and some more of the service, until kills
        have hit on both sides of a COMMIT."""
        self._assert_durable()
        try:
            while len(self.kills) < len(victims) + (0 if self._is_met_on_both_sides() else EXTRA_KILLS_MAX):
                victim = victims[len(self.kills)] if len(self.kills) < len(victims) else "service"
                self.acknowledged_before = self.writers.ledger.acknowledged_entries
                self.writers.begin_round()
                self._strike(victim)
                self.writers.halt()
                self._revive()
                self._settle()
        finally:
            self.writers.end()

    def _is_met_on_both_sides(self) -> bool:
        """Whether some unanswered requests had been stored and some had not."""
        return any(kill.stored for kill in self.kills) and any(kill.absent for kill in self.kills)

    # -- the kill

    def _strike(self, victim: str) -> None:
        ledger = self.writers.ledger
        before = self.acknowledged_before
        wait_until(lambda: ledger.acknowledged_entries - before >= ACKNOWLEDGED_MIN, 120,
                   f"{ACKNOWLEDGED_MIN} acknowledged entries before the next kill")
        time.sleep(self.rng.uniform(0, 0.4))
        targets = [self.instances[0]] if len(self.instances) == 1 else self.rng.choice(
            [self.instances[:1], self.instances[1:], self.instances])
        wait_until(lambda: ledger.open > 0, 30, "an open request", pause=0)
        kill = Kill(victim, 0, ledger.open)
        if victim == "postgres":
            self.directory.kill_postgres()
        else:
            for instance in targets:
                instance.kill()
        kill.acknowledged = ledger.acknowledged_entries - before
        self.kills.append(kill)

    def _revive(self) -> None:
        began = time.monotonic()
        self.instances = [each if each.is_alive else self.directory.serve() for each in self.instances]
        for instance in self.instances:
            wait_until(partial(self._is_ready, instance), BACK_SECONDS_MAX, "the service to be ready again", pause=0.1)
        self.kills[-1].back_seconds = time.monotonic() - began
        self._assert_durable()

    def _is_ready(self, instance: Instance) -> bool:
        assert instance.is_alive, f"the service ended by itself:\n{instance.said()}"
        try:
            return self.directory.api(instance=instance).get("/ready").status_code == 200
        except requests.ConnectionError:
            return False

    def _assert_durable(self) -> None:
        for role in ("postgres", "countersign_app"):
            with self.directory.sql(role=role) as connection:
                settings = {name: connection.execute(f"SHOW {name}").fetchone() for name in DURABLE}
            assert settings == dict.fromkeys(DURABLE, ("on",)), settings

    # -- the reckoning

    def _settle(self) -> None:
        kill = self.kills[-1]
        fates = self.reckoning.settle(self.instances)
        kill.unanswered, kill.stored, kill.absent, kill.said_no = (
            fates.unanswered, fates.stored, fates.absent, fates.said_no)
        began = time.monotonic()
        since = ["--since", str(self.size)] if self.size else []
        verdict = self.directory.verify(*since)
        assert verdict.is_intact, f"after kill {len(self.kills)} ({kill.victim}): {verdict}"
        kill.verify_seconds = time.monotonic() - began
        self.size = kill.size = verdict.size

    # -- the end

    def check_everything(self) -> None:
        """Looks at the whole ledger once more, with fresh eyes."""
        self.reckoning.begin_anew()
        verdict = self.directory.verify()
        assert verdict.is_intact, str(verdict)
        assert verdict.size == self.reckoning.checked

    def _resolved(self, stored: str) -> int:
        """How many lost commits the instances' logs tell of."""
        return sum(log.read_text("utf-8", "replace").count(f'"stored":{stored}')
                   for log in self.directory.base.glob("service-*.log"))

    def table(self, seed: str) -> str:
        """What to print."""
        head = ("    # victim    acknowledged  open  unanswered  stored  absent  said no  back s  verify s   size\n")
        rows = "".join(
            f"  {number:3} {kill.victim:9} {kill.acknowledged:12} {kill.open:5} {kill.unanswered:11} {kill.stored:7} "
            f"{kill.absent:7} {kill.said_no:8} {kill.back_seconds:7.1f} {kill.verify_seconds:9.1f} {kill.size:6}\n"
            for number, kill in enumerate(self.kills, start=1))
        victims = {victim: sum(kill.victim == victim for kill in self.kills) for victim in ("service", "postgres")}
        stored, absent = (sum(getattr(kill, fate) for kill in self.kills) for fate in ("stored", "absent"))
        resolved = [self._resolved(stored) for stored in ("true", "false")]
        total = (f"  {victims['service']} kills of the service, {victims['postgres']} of Postgres; "
                 f"{sum(kill.acknowledged for kill in self.kills)} entries acknowledged between kills "
                 f"(at least {min(kill.acknowledged for kill in self.kills)}); unanswered requests: "
                 f"{stored} were stored, {absent} absent; commits without an answer that the service settled by "
                 f"itself: {resolved[0]} were stored, {resolved[1]} absent; seed {seed}")
        return head + rows + total


@pytest.mark.parametrize("instances", [1, 2], ids=["one instance", "two instances on one database"])
def test_nothing_acknowledged_is_lost_when_service_and_postgres_are_killed(
    instances: int, own_directory: DataDirectory, request: pytest.FixtureRequest, seed: int,
    report: Callable[[str], None],
) -> None:
    kills = request.config.option.kills
    run_seed = f"{seed}/{instances}"
    run = CrashRun(own_directory, instances, run_seed)
    victims = ["service"] * kills + ["postgres"] * kills
    run.rng.shuffle(victims)
    try:
        run.run(victims)
        run.check_everything()
    finally:
        if run.kills:
            report(run.table(run_seed))
    assert all(kill.open > 0 and kill.acknowledged >= ACKNOWLEDGED_MIN for kill in run.kills)
    stored, absent = (sum(getattr(kill, fate) for kill in run.kills) for fate in ("stored", "absent"))
    assert stored > 0, "no unanswered request had been stored: the kills never hit between COMMIT and answer"
    assert absent > 0, "every unanswered request had been stored: the kills never hit before COMMIT"
