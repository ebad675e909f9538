"""A profile of the service during the first leg of each row, from perf, if one was asked for."""
from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .processes import MeasurementFailed
from .progress import note

HERTZ = 999
SYMBOLS = 40


class Profile:
    """Writes ROW.txt, the symbols that most time went to, and ROW.data for `perf report`, into a folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._made: set[str] = set()
        if folder and not shutil.which("perf"):
            raise MeasurementFailed("--profile wants perf (on Debian: apt-get install linux-perf)")

    @contextmanager
    def of(self, row: str, pid: int) -> Iterator[None]:
        """Records while its body runs, if this row has no profile yet."""
        if not self._folder or not row or row in self._made:
            yield
            return
        self._made.add(row)
        self._folder.mkdir(parents=True, exist_ok=True)
        data = self._folder / f"{row}.data"
        recording = subprocess.Popen(
            ["perf", "record", "-F", str(HERTZ), "-g", "--pid", str(pid), "--output", str(data)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            yield
        finally:
            recording.send_signal(signal.SIGINT)
            recording.wait()
        self._write(row, data)

    def _write(self, row: str, data: Path) -> None:
        assert self._folder is not None
        report = subprocess.run(
            ["perf", "report", "--input", str(data), "--no-children", "--sort", "symbol", "-g", "none", "--stdio"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        text = report.stdout
        if shutil.which("swift"):
            text = subprocess.run(["swift", "demangle", "--simplified"], input=text, capture_output=True, text=True,
                                  check=True).stdout
        symbols = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        if not symbols:
            note(f"perf has no profile of {row}: {report.stderr.strip()[-200:]}")
        (self._folder / f"{row}.txt").write_text("\n".join(symbols[:SYMBOLS]) + "\n")
