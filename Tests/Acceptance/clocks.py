"""The time that a service and its Postgres live in: libfaketime moves it."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from cluster import ExternalCluster
from processes import environment, is_running


def faketime(**settings: str) -> dict[str, str]:
    """The environment of a process whose clock is ours (Debian's libfaketime)."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    assert library is not None, "libfaketime is missing: apt-get install faketime"
    return {"LD_PRELOAD": str(library), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", **settings}


def clear_leftovers() -> None:
    """Removes the shared memory that libfaketime has left behind of processes that were killed.

    It is named by the number of the process that made it, whose children use it too. A process of another account that
    gets this number again may not open it, and ends.
    """
    old = time.time() - 60
    for part in Path("/dev/shm").glob("*faketime_*_*"):
        maker = part.name.rpartition("_")[2]
        if part.stat().st_mtime < old and not is_running(int(maker)) and not is_shared(f"/faketime_shm_{maker}"):
            part.unlink(missing_ok=True)


def is_shared(memory: str) -> bool:
    """Whether a process was started to use that memory of libfaketime."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if memory in environment(int(process.name)).get("FAKETIME_SHARED", "").split():
                return True
        except OSError:
            continue
    return False


class Clock:
    """The clock of an external cluster and of the service on it."""

    def __init__(self) -> None:
        clear_leftovers()
        self.base = Path(tempfile.mkdtemp(prefix="csa-", dir="/tmp"))
        # The server's account has to read it.
        self.base.chmod(0o755)
        self.file = self.base / "clock"
        self.set("+0")
        self.cluster = ExternalCluster(faketime(FAKETIME_TIMESTAMP_FILE=str(self.file), FAKETIME_NO_CACHE="1"))
        assert "LD_PRELOAD" in environment(self.cluster.postmaster()), "Postgres lives in another time"

    def set(self, offset: str) -> None:
        """Moves both clocks, as seen from the true time."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(offset + "\n")
        fresh.chmod(0o644)
        os.replace(fresh, self.file)

    def close(self) -> None:
        self.cluster.close()
        shutil.rmtree(self.base, ignore_errors=True)
