"""What a person who waits gets to read, on standard error; the table alone goes to standard output."""
from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# A wait that is longer is told of, again and again.
TICK_SECONDS = 30

_started = time.monotonic()


def note(text: str) -> None:
    """One line with the time since the start."""
    seconds = int(time.monotonic() - _started)
    print(f"{seconds // 60:3}:{seconds % 60:02}  {text}", file=sys.stderr, flush=True)


def elapsed_seconds() -> float:
    return time.monotonic() - _started


@contextmanager
def ticking(said: Callable[[], str]) -> Iterator[None]:
    """Notes what its body is at, every TICK_SECONDS."""
    ended = threading.Event()
    start = time.monotonic()

    def tick() -> None:
        while not ended.wait(TICK_SECONDS):
            note(f"    {said()}, after {time.monotonic() - start:.0f} s")

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
