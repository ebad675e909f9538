"""What /proc says about the time and the memory of processes, and programs that are run to their end."""
from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
FAULT_TEXT_MAX = 2_000


class MeasurementFailed(RuntimeError):
    """Something that had to work for a figure did not."""


def _times(pid: int) -> tuple[int, int, int] | None:
    """Parent, own ticks and those of collected children (fields 4 and 14 to 17 of proc(5)'s stat)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


def cpu_seconds(pid: int) -> float:
    """What a single process has used, its threads included."""
    times = _times(pid)
    if times is None:
        raise MeasurementFailed(f"process {pid} is gone")
    return times[1] / TICKS


def family_cpu_seconds(pid: int) -> float:
    """What a process and its children have used, those included that have ended since."""
    return sum(times[1] + times[2] for times in map(_times, _family(pid)) if times) / TICKS


def family_disk_bytes(pid: int) -> int:
    """What a process and its children have read from the disk, those included that have ended since (proc(5)'s io)."""
    return sum(map(_disk_bytes, _family(pid)))


def _family(pid: int) -> list[int]:
    if _times(pid) is None:
        raise MeasurementFailed(f"process {pid} is gone")
    numbers = (int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit())
    return [pid, *(number for number in numbers if (times := _times(number)) and times[0] == pid)]


def _disk_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split(":")[1]) for line in lines if line.startswith("read_bytes:"))


def forget_peak_memory(pid: int) -> None:
    """Lets the kernel's mark of the highest memory start again from what is used now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident memory now, and its highest since `forget_peak_memory`."""
    found = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return tuple(int(found[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]


@dataclass(frozen=True)
class Ended:
    """A program that has run."""

    output: str
    peak_mb: float


def run(arguments: Sequence[str], folder: Path | None = None) -> Ended:
    """Runs a program, in `folder`, to its good end."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
            cwd=folder)
        assert process.stdout is not None
        try:
            output = process.stdout.read()
        except BaseException:
            process.kill()
            process.wait()
            raise
        _, wait_status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        if process.returncode != 0:
            errors.seek(0)
            said = (output[-FAULT_TEXT_MAX:] + errors.read()[-FAULT_TEXT_MAX:]).strip()
            raise MeasurementFailed(f"{Path(arguments[0]).name} ended with {process.returncode}: {said}")
    return Ended(output, usage.ru_maxrss / 1024)
