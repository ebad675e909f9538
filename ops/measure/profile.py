"""A profile of the service, or of a command, during the first leg of each row, from perf, if asked for."""
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
        self._made: list[str] = []
        self._is_begun = False
        if folder and not shutil.which("perf"):
            raise MeasurementFailed("--profile wants perf (on Debian: apt-get install linux-perf)")

    def begin(self) -> None:
        """From here on legs are recorded: the ledger has its size."""
        self._is_begun = True

    @contextmanager
    def of(self, row: str, pid: int) -> Iterator[None]:
        """Records while its body runs, if this row has no profile yet."""
        recorder = self._recorder(row)
        if not recorder:
            yield
            return
        recording = subprocess.Popen(
            [*recorder, "--pid", str(pid)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            yield
        finally:
            recording.send_signal(signal.SIGINT)
            recording.wait()

    def command(self, row: str, arguments: list[str]) -> list[str]:
        """The command line that runs `arguments`, recorded if this row has no profile yet."""
        recorder = self._recorder(row)
        return [*recorder, "--", *arguments] if recorder else arguments

    def _recorder(self, row: str) -> list[str]:
        if not self._folder or not self._is_begun or not row or row in self._made:
            return []
        self._made.append(row)
        self._folder.mkdir(parents=True, exist_ok=True)
        return ["perf", "record", "--quiet", "-F", str(HERTZ), "-g", "--output", str(self._folder / f"{row}.data")]

    def close(self) -> None:
        """Writes the texts, now that nothing is measured any more."""
        for row in self._made:
            self._write(row)

    def _write(self, row: str) -> None:
        assert self._folder is not None
        report = subprocess.run(
            ["perf", "report", "--input", str(self._folder / f"{row}.data"), "--no-children", "--sort", "symbol",
             "-g", "none", "--stdio"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        text = report.stdout
        if shutil.which("swift"):
            text = subprocess.run(["swift", "demangle", "--simplified"], input=text, capture_output=True, text=True,
                                  check=True).stdout
        symbols = [line.rstrip(" -") for line in text.splitlines() if line.strip() and not line.startswith("#")]
        if not symbols:
            note(f"perf has no profile of {row}: {report.stderr.strip()[-200:]}")
        (self._folder / f"{row}.txt").write_text("\n".join(symbols[:SYMBOLS]) + "\n")
