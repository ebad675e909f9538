"""What a person who waits gets to read, on standard error; the table alone goes to standard output."""
from __future__ import annotations

import sys
import time

_started = time.monotonic()


def note(text: str) -> None:
    """One line with the time since the start."""
    seconds = int(time.monotonic() - _started)
    print(f"{seconds // 60:3}:{seconds % 60:02}  {text}", file=sys.stderr, flush=True)


def elapsed_seconds() -> float:
    return time.monotonic() - _started
