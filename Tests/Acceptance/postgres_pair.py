"""Two plain Postgres servers, one streaming from the other, that are promoted and rejoined as an operator would."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from api import Api
from paths import BINARY, ORIGIN, ROOT
from postgres_tools import ACCOUNT, run_tool
from service import NO_NAME_SERVER, Instance, wait_until
from verdict import Verdict

NAMES = ("n0", "n1")


class Node:
    """One server. It listens on a Unix socket in its own folder only."""

    def __init__(self, base: Path, name: str) -> None:
        self.name = name
        self.home = base / name
        self.home.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.home, ACCOUNT, ACCOUNT)
        self.data = self.home / "data"

    @property
    def is_running(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    def make(self) -> None:
        """A new cluster."""
        self.tool("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C",
                  "--data-checksums", "--no-sync")

    def copy(self, primary: Node) -> None:
        """A copy of the primary as it runs."""
        self.tool("pg_basebackup", "-D", str(self.data), "-h", str(primary.home), "-U", "postgres", "-X", "stream",
                  "-c", "fast", "--no-sync")

    def start(self, follows: Node | None = None) -> None:
        """As a standby where it follows somebody, even one that is gone."""
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.home)}
        if follows is not None:
            self.mark_standby()
            settings["primary_conninfo"] = f"host={follows.home} user=postgres application_name={self.name}"
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self.tool("pg_ctl", "-w", "-D", str(self.data), "-l", str(self.home / "log"), "-o", options, "start")

    def mark_standby(self) -> None:
        """Makes the next start one of a standby: reading only."""
        (self.data / "standby.signal").touch()

    def stop(self, mode: str = "immediate") -> None:
        """By default as abruptly as a failing machine."""
        self.tool("pg_ctl", "-w", "-D", str(self.data), "-m", mode, "stop")

    def promote(self) -> None:
        self.tool("pg_ctl", "-w", "-D", str(self.data), "promote")

    def rewind(self, primary: Node) -> None:
        """Takes back what the primary does not have."""
        self.tool("pg_rewind", "-D", str(self.data), "--no-sync", "--source-server",
                  f"host={primary.home} user=postgres dbname=postgres")

    def sql(self, database: str = "countersign") -> psycopg.Connection[Any]:
        """As the superuser; each statement is a transaction of its own."""
        return psycopg.connect(host=str(self.home), dbname=database, user="postgres", autocommit=True)

    def one(self, statement: str) -> Any:
        """The first column of the first row."""
        with self.sql() as connection:
            row = connection.execute(statement).fetchone()
        return row[0] if row else None

    def tool(self, name: str, *arguments: str) -> None:
        run_tool(name, *arguments, home=self.home)


class PostgresPair:
    """A primary, its standby, and instances of the service that find the primary by themselves."""

    def __init__(self, synchronous: bool) -> None:
        self.synchronous = synchronous
        self.base = Path(tempfile.mkdtemp(prefix="csf-", dir="/tmp"))
        self.base.chmod(0o755)
        self.key_file = self.base / "master.key"
        self.key_file.write_bytes(os.urandom(32))
        self.key_file.chmod(0o600)
        self.nodes = [Node(self.base, name) for name in NAMES]
        self.primary, self.standby = self.nodes
        self.instances: list[Instance] = []
        self.admin_token = ""
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def _make(self) -> None:
        self.primary.make()
        self.primary.start()
        with self.primary.sql("postgres") as connection:
            connection.execute("CREATE DATABASE countersign TEMPLATE template0 ENCODING 'UTF8'")
            # Also for the recovery that pg_rewind begins with: it reads back to where the two parted.
            connection.execute("ALTER SYSTEM SET wal_keep_size = '512MB'")
            if self.synchronous:
                # Both have it: whoever is promoted takes no write until the other one has it as well.
                connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{', '.join(NAMES)}'")
        with self.primary.sql() as connection:
            connection.execute((ROOT / "sql/roles.sql").read_text())
        subprocess.run([str(BINARY), "migrate", *self.flags("countersign_owner", self.primary)], check=True,
                       capture_output=True)
        self.standby.copy(self.primary)
        self.standby.start(follows=self.primary)
        self.wait_streaming()
        with self.primary.sql() as connection:
            connection.execute("SELECT pg_reload_conf()")
        self.wait_streaming()

    def wait_streaming(self) -> None:
        """Returns once the standby has all that the primary has, and commits wait for it if they should."""
        state = "sync" if self.synchronous else "async"
        wait_until(
            lambda: self.primary.one(
                "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
                f" AND application_name = '{self.standby.name}' AND replay_lsn = pg_current_wal_flush_lsn()"
                + (f" AND sync_state = '{state}'" if self._is_loaded() else "")) == 1,
            60, "the standby to stream", 0.05)

    def _is_loaded(self) -> bool:
        return self.primary.one("SHOW synchronous_standby_names") != "" or not self.synchronous

    # -- failing over

    def fail_over(self) -> None:
        """The primary dies at once and the standby takes its place; the dead one stays as it is."""
        self.primary.stop()
        if not self.standby.is_running:
            self.standby.start(follows=self.primary)
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def rejoin(self) -> None:
        """What was the primary becomes the standby of the one that was promoted."""
        with self.primary.sql() as connection:
            # pg_rewind reads the new timeline from the control file.
            connection.execute("CHECKPOINT")
        self.standby.rewind(self.primary)
        self.standby.start(follows=self.primary)

    # -- the service

    def flags(self, role: str = "countersign_app", *nodes: Node) -> list[str]:
        """How a command reaches the primary, or one of these nodes, as `role`."""
        hosts = ",".join(str(node.home) for node in nodes or self.nodes)
        kind = "any" if nodes else "read-write"
        return ["--database-url", f"postgresql:///countersign?host={hosts}&target_session_attrs={kind}&user={role}",
                "--master-key", str(self.key_file)]

    def serve(self, *arguments: str) -> Instance:
        """One more instance."""
        instance = Instance(
            [str(BINARY), "serve", *self.flags(), "--listen", "127.0.0.1:0", "--ledger", ORIGIN,
             "--resolver", NO_NAME_SERVER, "--dns-timeout", "100ms", *arguments],
            dict(os.environ), self.base / f"service-{len(self.instances)}.log")
        self.instances.append(instance)
        instance.wait_listening()
        self.admin_token = instance.printed_token or self.admin_token
        return instance

    def api(self, instance: Instance) -> Api:
        return Api(instance.url, self.admin_token)

    def is_ready(self, instance: Instance) -> bool:
        assert instance.is_alive, f"the service ended by itself:\n{instance.said()}"
        return self.api(instance).get("/ready").status_code == 200

    def run(self, *arguments: str, nodes: Sequence[Node] = ()) -> subprocess.CompletedProcess[bytes]:
        """Runs a command on the primary, or on one of these nodes."""
        return subprocess.run([str(BINARY), *arguments, *self.flags("countersign_app", *nodes)],
                              capture_output=True, check=False)

    def verify(self, *arguments: str) -> Verdict:
        return Verdict.read(self.run("verify", "--ledger", ORIGIN, "--json", *arguments))

    @property
    def guard_folder(self) -> Path:
        return self.base / "guard"

    def close(self) -> None:
        for instance in self.instances:
            if instance.is_alive:
                instance.kill()
        for node in self.nodes:
            if node.is_running:
                node.stop()
        shutil.rmtree(self.base, ignore_errors=True)
