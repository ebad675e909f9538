"""What the figures depend on beside the program: the machine, its disk and the versions."""
from __future__ import annotations

import os
import platform
import subprocess
import time
from pathlib import Path
from statistics import median

SYNCS = 200
PAGE = bytes(8192)


def _first(path: str, prefix: str) -> str:
    lines = Path(path).read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(prefix)), "unknown")


def sync_ms(folder: Path) -> float:
    """How long the disk takes to make a page durable: what every commit waits for."""
    times = []
    path = folder / "sync-probe"
    with open(path, "wb", buffering=0) as file:
        file.write(PAGE)
        for _ in range(SYNCS):
            start = time.perf_counter()
            os.pwrite(file.fileno(), PAGE, 0)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    path.unlink()
    return round(median(times) * 1000, 3)


def revision(root: Path) -> str:
    """The commit that the checkout stands at, marked if files differ from it."""
    try:
        done = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],
                              capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def facts(folder: Path, root: Path) -> dict[str, str | float | int]:
    """The machine in a few words."""
    memory_kb = int(_first("/proc/meminfo", "MemTotal").split()[0])
    return {
        "countersign": revision(root), "cpu": _first("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)), "memory_gb": round(memory_kb / 1024 / 1024, 1),
        "kernel": platform.release(), "fdatasync_ms": sync_ms(folder), "load_before": os.getloadavg()[0],
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
