"""The real service on a data directory of its own: start, stop, kill, and the database under it."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from api import Api
from paths import BINARY, ORIGIN
from processes import children, is_running, working_directory
from verdict import Verdict

START_SECONDS_MAX = 90
COMMAND_SECONDS_MAX = 300
# The discard port: nobody listens there, and nothing leaves the machine.
NO_NAME_SERVER = "127.0.0.1@9"


class ServiceFault(AssertionError):
    """The service did not do what every test leans on."""


def wait_until(condition: Callable[[], Any], seconds: float, what: str, pause: float = 0.02) -> Any:
    """The first true value of `condition`, asked again and again for at most `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise ServiceFault(f"waited {seconds:g} s in vain: {what}")
        time.sleep(pause)


class Instance:
    """One `countersign serve` process."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        self._listening = threading.Event()
        self.url = ""
        self.printed_token: str | None = None
        self._errors = log.open("ab")
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors,
            start_new_session=True)
        self.output: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            self.output.append(line)
            if found := re.search(r"\btoken: (mm_live_\S+)", line):
                self.printed_token = found[1]
            if found := re.search(r"\blistening on (http://\S+)", line):
                self.url = found[1]
                self._listening.set()
        self._listening.set()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def wait_listening(self) -> Instance:
        """Returns once the service has said where it listens."""
        self._listening.wait(START_SECONDS_MAX)
        if not self.url:
            self.kill()
            raise ServiceFault(f"the service did not start; it said:\n{self.said()}")
        return self

    def said(self) -> str:
        """The end of what it wrote."""
        return "\n".join(self.output[-20:]) + "\n" + self.log.read_text("utf-8", "replace")[-4000:]

    def kill(self) -> None:
        """SIGKILL: no word of farewell."""
        if self.is_alive:
            os.kill(self.pid, signal.SIGKILL)
        self._ended(30)

    def stop(self, seconds: float = 60) -> int:
        """SIGTERM, and the exit status."""
        if self.is_alive:
            os.kill(self.pid, signal.SIGTERM)
        return self._ended(seconds)

    def suspend(self) -> None:
        """SIGSTOP: it stands still and keeps all it holds."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _ended(self, seconds: float) -> int:
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired as slow:
            os.kill(self.pid, signal.SIGKILL)
            self.process.wait()
            raise ServiceFault(f"the service did not end within {seconds:g} s:\n{self.said()}") from slow
        self._reader.join(5)
        self._errors.close()
        return status


class DataDirectory:
    """A data directory with its private Postgres and the instances that serve it; gone after the test."""

    def __init__(self, origin: str = ORIGIN, base: Path | None = None) -> None:
        self.base = base or Path(tempfile.mkdtemp(prefix="csa-", dir="/tmp"))
        # The server's account has to pass through.
        self.base.chmod(0o755)
        self.path = self.base / "d"
        self.origin = origin
        self.instances: list[Instance] = []
        self.admin_token = ""

    # -- instances

    def serve(
        self, *, environment: dict[str, str] | None = None, prefix: Sequence[str] = (), arguments: Sequence[str] = (),
    ) -> Instance:
        """Starts one more instance on a free port and waits until it listens. No name server answers it, unless
        `arguments` name one."""
        names = [] if "--resolver" in arguments else ["--resolver", NO_NAME_SERVER, "--dns-timeout", "100ms"]
        command = [
            *prefix, str(BINARY), "serve", "--data-dir", str(self.path), "--listen", "127.0.0.1:0",
            "--ledger", self.origin, *names, *arguments]
        log = self.base / f"service-{len(self.instances)}.log"
        instance = Instance(command, {**os.environ, **(environment or {})}, log)
        self.instances.append(instance)
        instance.wait_listening()
        if instance.printed_token:
            self.admin_token = instance.printed_token
        return instance

    @property
    def url(self) -> str:
        """Where the youngest living instance listens."""
        return next(instance.url for instance in reversed(self.instances) if instance.is_alive)

    def api(self, token: str | None = None, instance: Instance | None = None) -> Api:
        """A caller with `token`, by default the first, admin one."""
        return Api(instance.url if instance else self.url, self.admin_token if token is None else token)

    def post_entries(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Appends `entries` as one batch and returns the answer's items."""
        return self.api().append(entries)

    # -- commands

    def command(
        self, *arguments: str, input: str | bytes | None = None, seconds: float = COMMAND_SECONDS_MAX,
        environment: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs `countersign <arguments>` as it stands."""
        data = input.encode() if isinstance(input, str) else input
        return subprocess.run(
            [str(BINARY), *arguments], input=data, capture_output=True, timeout=seconds, check=False,
            env={**os.environ, **(environment or {})})

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Runs a command on this data directory."""
        return self.command(*arguments, "--data-dir", str(self.path), **options)

    def run_json(self, *arguments: str, **options: Any) -> Any:
        """The JSON that a command prints; it must succeed."""
        done = self.run(*arguments, "--json", **options)
        if done.returncode != 0:
            raise ServiceFault(f"countersign {' '.join(arguments)} ended with {done.returncode}:\n"
                               f"{done.stdout.decode()}\n{done.stderr.decode()}")
        return json.loads(done.stdout)

    def verify(self, *arguments: str, origin: str | None = None) -> Verdict:
        """What `countersign verify` says about a ledger."""
        return Verdict.read(self.run("verify", "--ledger", origin or self.origin, "--json", *arguments))

    def create_ledger(self, origin: str) -> None:
        """Makes one more ledger beside the first."""
        done = self.run("ledger", "create", origin)
        if done.returncode != 0:
            raise ServiceFault(f"no ledger {origin}: {done.stderr.decode()}")

    def new_token(self, *scopes: str, name: str = "test", origin: str | None = None) -> str:
        """A fresh token with these scopes, made on the command line."""
        made = self.run_json(
            "token", "create", "--ledger", origin or self.origin, "--name", name,
            *(part for scope in scopes for part in ("--scope", scope)))
        return made["token"]

    def take_keys(self, source: DataDirectory, *, guard: bool = True, journal: bool = False) -> None:
        """Before a restore into this directory: the secret, the signing keys and the rest of `source` as it is now."""
        self.path.mkdir(mode=0o700)
        for name in ("master.key", *(["erasures.jsonl"] if journal else [])):
            shutil.copy2(source.path / name, self.path / name)
        for name in ("keys", *(["guard"] if guard else [])):
            shutil.copytree(source.path / name, self.path / name)
        self.admin_token = source.admin_token

    # -- the database

    def sql(self, database: str = "countersign", role: str = "postgres") -> psycopg.Connection:
        """A connection over the socket, by default the superuser's; each statement is a transaction of its own."""
        return psycopg.connect(host=str(self.path), dbname=database, user=role, autocommit=True)

    def postmaster(self) -> int | None:
        """The process id of this directory's running Postgres."""
        data = self.path / "postgres"
        try:
            pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if is_running(pid) and working_directory(pid) == data.resolve() else None

    def kill_postgres(self) -> None:
        """SIGKILL for the postmaster and every backend, at one moment."""
        postmaster = self.postmaster()
        if postmaster is None:
            raise ServiceFault("there is no running Postgres to kill")
        os.kill(postmaster, signal.SIGSTOP)  # so that no new backend slips through
        backends = children(postmaster)
        for pid in (*backends, postmaster):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        wait_until(lambda: not any(map(is_running, (*backends, postmaster))), 10, "the killed Postgres to be gone")

    # -- the end

    def close(self) -> None:
        """Ends what was started here and removes the directory."""
        for instance in self.instances:
            if instance.is_alive:
                os.kill(instance.pid, signal.SIGCONT)
                try:
                    instance.stop(20)
                except ServiceFault:
                    continue
        if self.postmaster() is not None:
            self.kill_postgres()
        shutil.rmtree(self.base, ignore_errors=True)


def unique(prefix: str) -> str:
    """A text that nobody used before."""
    return f"{prefix}-{secrets.token_hex(6)}"
