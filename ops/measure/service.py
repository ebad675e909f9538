"""The service that is measured: `countersign serve` on a data directory of its own."""
from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

from .database import DATABASE
from .processes import MeasurementFailed

ORIGIN = "bench.example/ledger"
START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 120


class Service:
    """One `countersign serve` at a time; it may be stopped and started again on the same data."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary = binary
        self.data = folder / "d"
        self.admin_token = ""
        # Further words of the command line.
        self.arguments: tuple[str, ...] = ()
        self._place = ["--data-dir", str(self.data)]
        self._log = folder / "service.log"
        self._process: subprocess.Popen[str] | None = None
        self._url = ""
        self._listening = threading.Event()

    def beside(self) -> Service:
        """A further instance on the same database, not started yet."""
        other = Service(self.binary, self.data.parent)
        url = f"postgresql://postgres@/{DATABASE}?host={self.data}"
        other._place = ["--database-url", url, "--master-key", str(self.data / "master.key")]
        other._log = self._log.with_name("beside.log")
        other.admin_token = self.admin_token
        return other

    def start(self) -> None:
        """Returns once it listens."""
        self._listening.clear()
        self._url = ""
        with self._log.open("ab") as errors:
            # Away from our terminal: Ctrl-C reaches this program alone, which ends the service in order.
            self._process = subprocess.Popen(
                [str(self.binary), "serve", *self._place, "--listen", "127.0.0.1:0", "--ledger", ORIGIN,
                 *self.arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True)
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        self._listening.wait(START_SECONDS_MAX)
        if not self._url or not self.admin_token:
            raise MeasurementFailed(f"the service did not start:\n{self._log.read_text(errors='replace')[-2000:]}")

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if token := re.search(r"\btoken: (mm_live_\S+)", line):
                self.admin_token = token[1]
            if url := re.search(r"\blistening on (http://\S+)", line):
                self._url = url[1]
                self._listening.set()
        self._listening.set()

    @property
    def pid(self) -> int:
        if self._process is None or self._process.poll() is not None:
            raise MeasurementFailed(f"the service has ended:\n{self._log.read_text(errors='replace')[-2000:]}")
        return self._process.pid

    @property
    def url(self) -> str:
        return self._url

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self._url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def stop(self) -> None:
        """Ends it, and its Postgres with it."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.kill(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise MeasurementFailed(f"the service did not end within {STOP_SECONDS_MAX} s") from None
