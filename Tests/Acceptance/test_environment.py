"""What stands in the environment leads no connection elsewhere."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from paths import BINARY, ROOT
from service import DataDirectory

pytestmark = pytest.mark.commands

#: What may count for a database of one's own, as the help says.
COUNTING = ["PGCHANNELBINDING", "PGPASSFILE", "PGPASSWORD", "PGREQUIREPEER", "PGSSLCERT", "PGSSLCRL", "PGSSLKEY",
            "PGSSLMODE", "PGSSLROOTCERT"]
#: What libpq or its programs read beside the defaults of connections.
OTHERS = ["PGSERVICEFILE", "PGSYSCONFDIR", "PGTZ", "PGDATESTYLE", "PGGEQO", "PGDATA", "PGLOCALEDIR", "PGREALM",
          "PGREQUIRESSL", "PG_COLOR"]


class ForeignServer:
    """Takes connections where `PGHOSTADDR` leads to, and counts them."""

    def __init__(self) -> None:
        self.address = f"127.66.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}"
        self.connections = 0
        self._listener = socket.create_server((self.address, 5432))
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(scope="module")
def foreign() -> Iterator[ForeignServer]:
    server = ForeignServer()
    yield server
    server.close()


def variables() -> list[str]:
    """All that libpq knows, of the newest release that is here."""
    known = {each.envvar.decode() for each in psycopg.pq.Conninfo.get_defaults() if each.envvar}
    assert len(known) > 25 and set(COUNTING) <= known
    return sorted(known | set(OTHERS))


def hostile(foreign: ForeignServer, base: Path) -> dict[str, str]:
    """Each variable with what would do most harm."""
    services = base / "services"
    services.write_text(f"[elsewhere]\nhostaddr={foreign.address}\nport=5432\n")
    own = {
        "PGHOST": foreign.address, "PGHOSTADDR": foreign.address, "PGPORT": "1", "PGDATABASE": "elsewhere",
        "PGUSER": "nobody", "PGSERVICE": "elsewhere", "PGSERVICEFILE": str(services), "PGSYSCONFDIR": str(base),
        "PGOPTIONS": "-c default_transaction_read_only=on -c search_path=elsewhere -c synchronous_commit=off",
        "PGTARGETSESSIONATTRS": "standby", "PGSSLMODE": "verify-full", "PGREQUIREPEER": "nobody",
        "PGCLIENTENCODING": "SQL_ASCII", "PGCONNECT_TIMEOUT": "nonsense", "PGREQUIRESSL": "1",
        "PGDATA": str(base / "nowhere"), "PGTZ": "Asia/Tokyo", "PGDATESTYLE": "German", "PGPASSFILE": str(services),
        "PGGSSENCMODE": "require", "PGCHANNELBINDING": "require", "PGREQUIREAUTH": "none"}
    return {name: own.get(name, "nonsense") for name in variables()}


def test_a_private_cluster_stays_private_whatever_the_environment_says(
    own_directory: DataDirectory, foreign: ForeignServer,
) -> None:
    """With all at once it is made, started, appended to, exported, backed up and verified; nobody else is asked."""
    environment = hostile(foreign, own_directory.base) | {
        "LC_ALL": "tr_TR.UTF-8", "LC_COLLATE": "de_DE.UTF-8", "LANG": "nonsense", "TZ": "Asia/Tokyo",
        "HOME": str(own_directory.base)}
    own_directory.base.joinpath(".pgpass").write_text("*:*:*:*:elsewhere\n")
    own_directory.base.joinpath(".pg_service.conf").write_text(f"[elsewhere]\nhostaddr={foreign.address}\n")
    instance = own_directory.serve(environment=environment)
    entry = own_directory.api().append({"kind": "send", "outcome": "sent"})
    assert entry["recorded_at"].endswith("Z")
    own_directory.base.joinpath(".psqlrc").write_text("\\q\n")
    for command in (("verify",), ("export",), ("backup", str(own_directory.base / "backup")), ("doctor",)):
        done = own_directory.run(*command, environment=environment)
        assert done.returncode == 0, done
    with own_directory.sql() as connection:
        found = connection.execute("SELECT datcollate, datctype, current_setting('timezone') FROM pg_database "
                                   "WHERE datname = 'countersign'").fetchone()
        assert found == ("C", "C", "UTC"), found
    assert foreign.connections == 0
    said = instance.said()
    assert "warning: not used: " in said and "PGHOSTADDR" in said and "PGPASSWORD" in said, said
    # A child that has no variable of ours is the server itself.
    postmaster = own_directory.postmaster()
    names = {each.partition(b"=")[0] for each in Path(f"/proc/{postmaster}/environ").read_bytes().split(b"\0")}
    assert not names & {b"PGHOST", b"PGHOSTADDR", b"PGOPTIONS", b"PGSERVICE", b"LC_COLLATE"}, names
    assert instance.stop() == 0


def test_no_variable_alone_moves_a_command_or_stops_it(
    service: DataDirectory, foreign: ForeignServer, tmp_path: Path,
) -> None:
    size = service.api().size()
    for name, value in hostile(foreign, tmp_path).items():
        extra = {"PGSERVICEFILE": str(tmp_path / "services")} if name == "PGSERVICE" else {}
        done = service.run("ledger", "list", "--json", environment={name: value, **extra})
        assert done.returncode == 0 and f'"size":{size}' in done.stdout.decode().replace(" ", ""), (name, done)
        assert name in done.stderr.decode(), (name, done)
    assert foreign.connections == 0


class GuardedCluster:
    """A Postgres of somebody else's that lets in by password and by certificate, over TLS."""

    def __init__(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="csa-", dir="/tmp"))
        self.base.chmod(0o755)
        self.account = pwd.getpwnam("postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
        self.home = self.base / "pg"
        self.home.mkdir()
        self.binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._certificate("ca", "ca")
        self._certificate("server", "localhost", signer="ca")
        self._certificate("app", "countersign_owner", signer="ca")
        self._certificate("other", "other")
        self._openssl("ca", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.crt", "-out", "ca.crl", "-config", "ca.cnf")
        for path in self.base.rglob("*"):
            os.chown(path, self.account.pw_uid, self.account.pw_gid)
        for name in ("app.key", "other.key"):
            os.chown(self.base / name, os.geteuid(), -1)
        self._tool("initdb", "-D", str(self.home / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                   "--locale", "C", "--no-sync")
        options = " ".join(f"-c {each}" for each in (
            "listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.home}", "ssl=on",
            f"ssl_cert_file={self.base}/server.crt", f"ssl_key_file={self.base}/server.key",
            f"ssl_ca_file={self.base}/ca.crt", "fsync=off"))
        self._tool("pg_ctl", "-w", "-D", str(self.home / "data"), "-l", str(self.home / "log"), "-o", options, "start")
        with self.sql("postgres") as connection:
            connection.execute("CREATE DATABASE countersign TEMPLATE template0 ENCODING 'UTF8'")
        with self.sql("countersign") as connection:
            connection.execute((ROOT / "sql/roles.sql").read_text())
            connection.execute("ALTER ROLE countersign_owner LOGIN PASSWORD 'secret'")
        (self.home / "data/pg_hba.conf").write_text(
            "local all postgres trust\nlocal all all scram-sha-256\n"
            "hostssl certified all all cert\nhostssl all all all scram-sha-256\n")
        with self.sql("postgres") as connection:
            connection.execute("CREATE DATABASE certified TEMPLATE countersign")
            connection.execute("GRANT CREATE ON DATABASE certified TO countersign_owner")
            connection.execute("SELECT pg_reload_conf()")

    def sql(self, database: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self.home), port=self.port, dbname=database, user="postgres", autocommit=True)

    def _certificate(self, name: str, subject: str, signer: str | None = None) -> None:
        issuer = ["-CA", f"{signer}.crt", "-CAkey", f"{signer}.key"] if signer else []
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={subject}",
                      "-addext", f"subjectAltName=DNS:{subject.replace('_', '-')}", "-keyout", f"{name}.key", "-out",
                      f"{name}.crt", *issuer)
        (self.base / f"{name}.key").chmod(0o600)

    def _openssl(self, *arguments: str) -> None:
        (self.base / "ca.cnf").write_text(
            "[ca]\ndefault_ca=own\n[own]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=2\n")
        (self.base / "index").touch()
        (self.base / "number").write_text("01\n")
        subprocess.run(["openssl", *arguments], cwd=self.base, check=True, capture_output=True)

    def _tool(self, name: str, *arguments: str) -> None:
        lead = ["runuser", "-u", self.account.pw_name, "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*lead, str(self.binaries / name), *arguments], check=False, cwd=self.home,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert done.returncode == 0, f"{name}: {done.stderr.decode(errors='replace')}"

    def migrate(self, url: str, **environment: str) -> tuple[int, str]:
        """What a command says that works on the database at `url`."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        done = subprocess.run([str(BINARY), "migrate", "--database-url", url], capture_output=True, timeout=60,
                              check=False, env={**clean, "HOME": str(self.base / "home"), **environment})
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def close(self) -> None:
        if (self.home / "data/postmaster.pid").exists():
            self._tool("pg_ctl", "-w", "-D", str(self.home / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.base, ignore_errors=True)


@pytest.fixture(scope="module")
def guarded() -> Iterator[GuardedCluster]:
    cluster = GuardedCluster()
    yield cluster
    cluster.close()


def test_for_a_database_of_ones_own_the_documented_variables_count(guarded: GuardedCluster) -> None:
    base, port = guarded.base, guarded.port
    socket_url = f"postgresql://countersign_owner@/countersign?host={guarded.home}&port={port}"
    tls_url = f"postgresql://countersign_owner@localhost:{port}/countersign?hostaddr=127.0.0.1"
    certified_url = tls_url.replace("/countersign?", "/certified?")
    passwords = base / "passwords"
    passwords.write_text("*:*:*:*:secret\n")
    passwords.chmod(0o600)
    root = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(base / "ca.crt")}
    known = {"PGPASSWORD": "secret"}
    own = {"PGSSLCERT": str(base / "app.crt"), "PGSSLKEY": str(base / "app.key")}
    for url, variables, is_well in (
            (socket_url, {}, False), (socket_url, known, True), (socket_url, {"PGPASSWORD": "wrong"}, False),
            (socket_url, {"PGPASSFILE": str(passwords)}, True),
            (socket_url, known | {"PGREQUIREPEER": guarded.account.pw_name}, True),
            (socket_url, known | {"PGREQUIREPEER": "nobody"}, False),
            (socket_url, known | {"PGCHANNELBINDING": "require"}, False),
            (tls_url, known | {"PGCHANNELBINDING": "require"}, True),
            (tls_url, known | {"PGSSLMODE": "disable"}, False),
            (tls_url, known | root, True),
            (tls_url, known | root | {"PGSSLCRL": str(base / "ca.crl")}, True),
            (tls_url, known | root | {"PGSSLROOTCERT": str(base / "other.crt")}, False),
            (certified_url, root, False), (certified_url, root | own, True),
            # What the URL says holds.
            (tls_url + "&sslmode=require", known | {"PGSSLMODE": "disable"}, True)):
        status, said = guarded.migrate(url, **variables)
        assert (status == 0) == is_well, (url, variables, said)
        assert "secret" not in said and "not used" not in said, said


def test_and_all_others_are_named_and_not_used(guarded: GuardedCluster, foreign: ForeignServer, tmp_path: Path) -> None:
    url = f"postgresql://countersign_owner:secret@/countersign?host={guarded.home}&port={guarded.port}"
    others = {name: value for name, value in hostile(foreign, tmp_path).items() if name not in COUNTING}
    status, said = guarded.migrate(url, **others)
    assert status == 0, said
    warning = next(line for line in said.splitlines() if line.startswith("warning: not used: "))
    named, _, rest = warning.removeprefix("warning: not used: ").partition("; ")
    assert named.split(", ") == sorted(others) and all(name in rest for name in COUNTING), warning
    assert foreign.connections == 0
    # A server that no URL names is none that a variable does.
    status, said = guarded.migrate("postgresql:///countersign", PGHOST=str(guarded.home), PGPORT=str(guarded.port),
                                   PGUSER="postgres")
    assert status != 0 and "not used: PGHOST, PGPORT, PGUSER" in said, said


def test_the_help_lists_what_counts() -> None:
    said = subprocess.run([str(BINARY), "serve", "--help"], capture_output=True, check=True).stdout.decode()
    runbook = (ROOT / "ops/runbook.md").read_text()
    assert ", ".join(COUNTING) in " ".join(said.split())
    for name in COUNTING:
        assert f"`{name}`" in runbook, name
