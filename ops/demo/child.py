"""A program that the demo runs beside itself: started, listened to until it is ready, ended by its own process id."""
from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path
from typing import IO

STOP_SECONDS_MAX = 30


class Child:
    """Reads the program's standard output line by line in memory; only its standard error goes to a file."""

    def __init__(self, arguments: list[str], errors: Path, environment: dict[str, str] | None = None) -> None:
        self.name = Path(arguments[0]).name
        self.errors = errors
        self.lines: list[str] = []
        self._ready = threading.Condition()
        self._ended = False
        with open(errors, "ab") as log:
            # Away from our terminal: Ctrl-C reaches the demo alone, and the demo ends its children in order.
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                env=environment, start_new_session=True)
        assert self._process.stdout is not None
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            with self._ready:
                self.lines.append(line.rstrip("\n"))
                self._ready.notify_all()
        with self._ready:
            self._ended = True
            self._ready.notify_all()

    def value_after(self, prefix: str, seconds: float) -> str:
        """Waits for an output line that starts with `prefix` and returns the rest of it."""

        def found() -> str | None:
            return next((line[len(prefix):].strip() for line in self.lines if line.startswith(prefix)), None)

        with self._ready:
            self._ready.wait_for(lambda: found() is not None or self._ended, seconds)
            value = found()
        if value is None:
            how = "ended without saying" if self._ended else f"did not say within {seconds:.0f} s"
            raise RuntimeError(f"{self.name} {how} {prefix.strip()!r}\n{self.last_words()}")
        return value

    def last_words(self, count: int = 12) -> str:
        """The end of what the program wrote to standard error."""
        return "\n".join(f"    {line}" for line in self.errors.read_text(errors="replace").splitlines()[-count:])

    def stop(self) -> int:
        """Asks the program to end, waits, and ends it hard only if it does not."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def clean_environment(**more: str) -> dict[str, str]:
    """Ours, without what would reach into the demo from outside: Inngest's settings and proxies for this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INNGEST_")}
    return {**kept, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **more}
