"""What /proc says about processes."""

from __future__ import annotations

from pathlib import Path


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on (field 3 of proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_running(pid: int) -> bool:
    """Whether the process is there and is no zombie."""
    fields = _stat(pid)
    return fields is not None and fields[0] not in "ZX"


def children(pid: int) -> list[int]:
    """The processes that `pid` is the parent of."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))) and int(fields[1]) == pid:
            found.append(int(entry.name))
    return found


def working_directory(pid: int) -> Path | None:
    """The directory that the process works in."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True)
    except (FileNotFoundError, PermissionError):
        return None


def environment(pid: int) -> dict[str, str]:
    """The environment that the process was started with."""
    pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(pair.decode("utf-8", "replace").split("=", 1) for pair in pairs if b"=" in pair)
