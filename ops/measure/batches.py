"""What a leg sends, made before it: one file, read piece by piece, so that neither side holds it all in memory."""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self


class Pieces:
    """A file of labelled pieces in groups; a group is what one transaction or one request takes."""

    def __init__(self, path: Path, groups: int) -> None:
        self._path = path
        self._file = path.open("w+b")
        self._groups: list[list[tuple[str, int, int]]] = [[] for _ in range(groups)]
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._path.unlink()

    def add(self, group: int, label: str, data: bytes) -> None:
        """Adds a piece to a group."""
        self._groups[group].append((label, self._end, len(data)))
        self._end += self._file.write(data)

    def groups(self) -> Iterator[list[tuple[str, bytes]]]:
        """Every group, with its pieces in the order in which they were added."""
        self._file.flush()
        for group in self._groups:
            yield [(label, os.pread(self._file.fileno(), size, start)) for label, start, size in group]
