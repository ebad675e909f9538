"""Postgres' own programs, run as an account that the server accepts."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Mapping
from pathlib import Path

ACCOUNT = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def binaries() -> Path:
    """The folder with the newest release's programs."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


def run_tool(name: str, *arguments: str, home: Path, environment: Mapping[str, str] | None = None) -> None:
    """Runs a program; it must succeed."""
    lead = ["runuser", "-u", ACCOUNT, "--"] if os.geteuid() == 0 else []
    run = subprocess.run([*lead, str(binaries() / name), *arguments], check=False, cwd=home, env=environment,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert run.returncode == 0, f"{name}: {run.stderr.decode(errors='replace')}"
