"""Postgres stands still, vanishes or has no room: requests end in time, nothing acknowledged is lost, all recovers."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from api import problem, problem_text
from cluster import ExternalCluster
from processes import children
from service import DataDirectory, unique, wait_until

pytestmark = pytest.mark.faults

ENTRY: dict[str, Any] = {"kind": "send", "outcome": "sent", "data": {"fill": "x" * 500}}
#: Longer than any request may take, whatever happens to Postgres.
ANSWER_SECONDS_MAX = 40
RECOVERY_SECONDS_MAX = 90
TMPFS_BYTES = 320 << 20


def is_ready(directory: DataDirectory) -> bool:
    return directory.api().get("/ready").status_code == 200


def timed_append(directory: DataDirectory, key: str) -> tuple[requests.Response, float]:
    began = time.monotonic()
    answer = directory.api().post("/v1/entries", ENTRY, Idempotency_Key=key)
    return answer, time.monotonic() - began


def assert_refused_in_time(answer: requests.Response, seconds: float) -> None:
    body = problem(answer, 503)
    assert body["committed"] in ("no", "unknown"), body
    assert int(answer.headers["Retry-After"]) > 0 and seconds < ANSWER_SECONDS_MAX, seconds


def test_requests_end_in_time_while_postgres_stands_still(own_service: DataDirectory) -> None:
    own_service.api().append(ENTRY)
    postmaster = own_service.postmaster()
    assert postmaster is not None
    stopped = [postmaster, *children(postmaster)]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        keys = [unique("still") for _ in range(8)]
        with ThreadPoolExecutor(9) as pool:
            read = pool.submit(own_service.api().get, "/v1/entries/0")
            answers = list(pool.map(lambda key: timed_append(own_service, key), keys))
            assert read.result().status_code == 503, problem_text(read.result())
        for answer, seconds in answers:
            assert_refused_in_time(answer, seconds)
        assert own_service.api().get("/ready").status_code == 503
        assert own_service.api().get("/health").status_code == 200
    finally:
        for pid in [*children(postmaster), postmaster]:
            os.kill(pid, signal.SIGCONT)
    wait_until(lambda: is_ready(own_service), RECOVERY_SECONDS_MAX, "ready after the standstill", pause=0.2)
    for key, (first, _) in zip(keys, answers, strict=True):
        again, _ = timed_append(own_service, key)
        assert again.status_code in (200, 201), problem_text(again)
        assert first.json()["committed"] == "unknown" or again.status_code == 201, "stored, though the service said no"
    assert own_service.verify().is_intact


def test_a_killed_private_postgres_comes_back_by_itself(own_service: DataDirectory) -> None:
    acknowledged = [own_service.api().append(ENTRY)["leaf_hash"] for _ in range(20)]
    own_service.kill_postgres()
    wait_until(lambda: own_service.api().post("/v1/entries", ENTRY).status_code == 201, RECOVERY_SECONDS_MAX,
               "an append after Postgres was killed", pause=0.1)
    stored = {item["leaf_hash"] for item in own_service.api().json("/v1/entries", limit=1000)["entries"]}
    assert set(acknowledged) <= stored
    assert own_service.verify().is_intact


@pytest.fixture
def external() -> Iterator[ExternalCluster]:
    cluster = ExternalCluster()
    try:
        yield cluster
    finally:
        cluster.close()


def test_an_external_postgres_may_go_away_and_come_back(external: ExternalCluster) -> None:
    api = external.api
    kept = api.append(ENTRY, Idempotency_Key="before")
    external.stop()
    began = time.monotonic()
    answer = api.post("/v1/entries", ENTRY, Idempotency_Key="during")
    assert_refused_in_time(answer, time.monotonic() - began)
    assert api.get("/v1/tree").status_code == 503 and api.get("/ready").status_code == 503
    assert external.instance.is_alive, external.instance.said()
    external.start()
    wait_until(lambda: api.get("/ready").status_code == 200, RECOVERY_SECONDS_MAX, "ready again", pause=0.2)
    assert api.append(ENTRY, Idempotency_Key="during")["seq"] > kept["seq"]
    assert api.append(ENTRY, Idempotency_Key="before")["replayed"] is True
    assert external.verify().is_intact


# -- a full disk


def as_root(*command: str) -> None:
    subprocess.run([*(() if os.geteuid() == 0 else ("sudo", "-n")), *command], check=True)


@pytest.fixture
def small_disk() -> Iterator[DataDirectory]:
    """A data directory on a small file system in memory."""
    base = Path(tempfile.mkdtemp(prefix="csa-", dir="/tmp"))
    as_root("mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES},mode=0755,uid={os.geteuid()}", "tmpfs", str(base))
    directory = DataDirectory(base=base)
    try:
        yield directory
    finally:
        directory.close()
        as_root("umount", "-l", str(base))
        base.rmdir()


def fill_up(path: Path) -> None:
    """Takes all the room there is."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def test_a_full_disk_is_a_clear_503_and_the_ledger_is_whole_afterwards(small_disk: DataDirectory) -> None:
    directory = small_disk
    directory.serve()
    api = directory.api()
    acknowledged = [item["leaf_hash"] for item in api.append([ENTRY] * 200)]
    filler = directory.base / "filler"
    fill_up(filler)
    refused: dict[str, Any] = {}
    # What Postgres had allocated before takes some more; then it must be an honest no.
    for number in range(400):
        key = f"full-{number}"
        answer = api.post("/v1/entries", [ENTRY] * 500, Idempotency_Key=key)
        if answer.status_code == 201:
            acknowledged += [item["leaf_hash"] for item in answer.json()]
            continue
        body = problem(answer, 503)
        assert body["committed"] in ("no", "unknown") and int(answer.headers["Retry-After"]) > 0, body
        refused[key] = body
        if len(refused) == 3:
            break
    assert refused, "the disk never got full"
    filler.unlink()
    wait_until(lambda: api.post("/v1/entries", ENTRY).status_code == 201, RECOVERY_SECONDS_MAX,
               "an append after there was room again", pause=0.5)
    for key, body in refused.items():
        again = api.post("/v1/entries", [ENTRY] * 500, Idempotency_Key=key)
        assert again.status_code == 201 or (again.status_code, body["committed"]) == (200, "unknown"), key
    assert directory.verify().is_intact
    with directory.sql() as connection:
        stored = {row[0] for row in connection.execute("SELECT encode(leaf_hash, 'hex') FROM countersign.entries")}
    assert set(acknowledged) <= stored


# -- a stuck instance


def caught_in_a_transaction(directory: DataDirectory, victim: Any, hammer: Callable[[], None]) -> bool:
    """Whether `victim`, stopped at a random moment, now holds an open transaction."""
    thread = threading.Thread(target=hammer, daemon=True)
    thread.start()
    time.sleep(0.05 + time.monotonic() % 0.05)
    victim.suspend()
    time.sleep(0.3)
    with directory.sql() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'countersign_app'"
            " AND state LIKE 'idle in transaction%%'").fetchone()
    if row is not None and row[0] > 0:
        return True
    victim.resume()
    thread.join(ANSWER_SECONDS_MAX)
    return False


def test_an_instance_that_is_stopped_within_a_transaction_is_cut_off(
    own_service: DataDirectory, report: Callable[[str], None],
) -> None:
    victim = own_service.instances[0]
    other = own_service.serve()
    statuses: list[int] = []

    def hammer() -> None:
        api = own_service.api(instance=victim)
        for _ in range(6):
            statuses.append(api.post("/v1/entries", [ENTRY] * 300, Idempotency_Key=unique("stuck")).status_code)

    tries = next(number for number in range(1, 101) if caught_in_a_transaction(own_service, victim, hammer))
    began = time.monotonic()
    try:
        api = own_service.api(instance=other)
        wait_until(lambda: api.post("/v1/entries", ENTRY, Idempotency_Key="other").ok, ANSWER_SECONDS_MAX,
                   "an append through the other instance", pause=0.2)
        waited = time.monotonic() - began
        for _ in range(20):
            api.append(ENTRY)
    finally:
        victim.resume()
    wait_until(lambda: own_service.api(instance=victim).post("/v1/entries", ENTRY).ok, RECOVERY_SECONDS_MAX,
               "the stopped instance to append again", pause=0.2)
    assert own_service.verify().is_intact
    assert set(statuses) <= {201, 503}, statuses
    report(f"stopped within a transaction at try {tries}; the other instance went on after {waited:.1f} s")
