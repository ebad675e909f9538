"""An external Postgres, as an operator would run one, with a service on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from api import Api
from paths import BINARY, ORIGIN, ROOT
from postgres_tools import ACCOUNT, run_tool
from service import Instance
from verdict import Verdict


class ExternalCluster:
    """A cluster of its own, reached through `--database-url`; gone after the test.

    `environment` is added to that of Postgres and of the service."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.environment = {**os.environ, **(environment or {})}
        self.base = Path(tempfile.mkdtemp(prefix="csa-", dir="/tmp"))
        self.base.chmod(0o755)
        self.home = self.base / "pg"
        self.home.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.home, ACCOUNT, ACCOUNT)
        self.url = f"postgresql:///countersign?host={self.home}"
        self.key_file = self.base / "master.key"
        self.key_file.write_bytes(os.urandom(32))
        self.key_file.chmod(0o600)
        self._instance: Instance | None = None
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def _make(self) -> None:
        """The cluster, its database, and a service on it."""
        self._tool("initdb", "-D", str(self.home / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                   "--locale", "C", "--data-checksums", "--no-sync")
        self.start()
        self._prepare()
        self._instance = Instance(
            [str(BINARY), "serve", *self.flags("countersign_app"), "--listen", "127.0.0.1:0", "--ledger", ORIGIN],
            self.environment, self.base / "service.log").wait_listening()
        assert self.instance.printed_token is not None, self.instance.said()
        self.api = Api(self.instance.url, self.instance.printed_token)

    @property
    def instance(self) -> Instance:
        """The service."""
        assert self._instance is not None
        return self._instance

    def flags(self, role: str) -> list[str]:
        """How a command reaches this database as `role`."""
        return ["--database-url", f"{self.url}&user={role}", "--master-key", str(self.key_file)]

    def _prepare(self) -> None:
        """What the documents tell an operator to do once."""
        for database, script in (("postgres", "CREATE DATABASE countersign TEMPLATE template0 ENCODING 'UTF8'"),
                                 ("countersign", (ROOT / "sql/roles.sql").read_text())):
            self._tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.home), "-U", "postgres",
                       "-d", database, "-c", script)
        subprocess.run([str(BINARY), "migrate", *self.flags("countersign_owner")], check=True, capture_output=True)

    def start(self) -> None:
        self._tool("pg_ctl", "-w", "-D", str(self.home / "data"), "-l", str(self.home / "log"), "-o",
                   f"-c listen_addresses='' -c unix_socket_directories={self.home}", "start")

    def stop(self) -> None:
        """As abruptly as a failing machine."""
        self._tool("pg_ctl", "-w", "-D", str(self.home / "data"), "-m", "immediate", "stop")

    def postmaster(self) -> int:
        """The process id of the running Postgres."""
        return int((self.home / "data/postmaster.pid").read_text().split("\n", 1)[0])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Runs a command as the service would."""
        return subprocess.run([str(BINARY), *arguments, *self.flags("countersign_app")], env=self.environment,
                              capture_output=True, check=False)

    def verify(self) -> Verdict:
        return Verdict.read(self.run("verify", "--ledger", ORIGIN, "--json"))

    def _tool(self, name: str, *arguments: str) -> None:
        run_tool(name, *arguments, home=self.home, environment=self.environment)

    def close(self) -> None:
        if self._instance is not None and self._instance.is_alive:
            self._instance.kill()
        if (self.home / "data/postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.base, ignore_errors=True)
