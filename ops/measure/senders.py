"""Batches over several HTTP connections in turns: who is answered sends the next one."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from .api import Api
from .batches import Pieces
from .entries import BATCH, batches


def prepared(path: Path, first: int, count: int, persons: int) -> Pieces:
    """The requests that append the entries number `first` and on."""
    requests = Pieces(path, count // BATCH)
    for number, body in enumerate(batches(first, count, persons)):
        requests.add(number, "entries", body)
    return requests


def bodies(requests: Pieces) -> Iterator[bytes]:
    for group in requests.groups():
        for _, body in group:
            yield body


def send(
    connections: Sequence[Api], waiting: Iterator[bytes], answered: Callable[[], None], until: float = float("inf"),
) -> None:
    """Sends every body, or those that can be begun before `until` (of time.perf_counter), and calls `answered`, never
    twice at once, after each. What goes wrong on one connection, or an interruption, ends all of them."""
    lock, stopped = threading.Lock(), threading.Event()

    def run(connection: Api) -> None:
        while time.perf_counter() < until and not stopped.is_set():
            with lock:
                body = next(waiting, None)
            if body is None:
                return
            connection.append(body)
            with lock:
                answered()

    with ThreadPoolExecutor(len(connections)) as threads:
        running = [threads.submit(run, connection) for connection in connections]
        try:
            for each in as_completed(running):
                each.result()
        finally:
            stopped.set()
