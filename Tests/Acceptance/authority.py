"""A timestamp authority of our own: `openssl ts` behind HTTP, with a root certificate made for the test."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from service import DataDirectory


def stamped(directory: DataDirectory, origin: str | None = None) -> int:
    """Signs a ledger as it stands and has that stamped; the size of the checkpoint."""
    authority, ledger = Authority(), ("--ledger", origin or directory.origin)
    try:
        for arguments in (("sign",), ("stamp", "--timestamp-url", authority.url,
                                      "--timestamp-trust", str(authority.root))):
            done = directory.run("checkpoint", *arguments, *ledger)
            assert done.returncode == 0, done
        return int(done.stdout.split()[0])
    finally:
        authority.close()


_CONFIGURATION = """
[tsa]
default_tsa = one
[one]
serial = {base}/serial
signer_cert = {base}/tsa.pem
signer_key = {base}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """Answers timestamp requests on a free port; `mood` makes it refuse, hang or lie."""

    def __init__(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="csa-tsa-", dir="/tmp"))
        self.mood = "honest"
        self.asked = 0
        self._one_at_a_time = threading.Lock()
        self._make_certificates()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                status, answer = owner.answer(question)
                self.send_response(status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/tsr"

    @property
    def root(self) -> Path:
        """The certificate that a client trusts."""
        return self.base / "ca.pem"

    def openssl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["openssl", *arguments], cwd=self.base, capture_output=True, text=True, check=False)

    def answer(self, question: bytes) -> tuple[int, bytes]:
        with self._one_at_a_time:
            self.asked += 1
            if self.mood == "refusing":
                return 500, b"no"
            if self.mood == "lying":
                # A token over something else, freshly signed.
                question = self._question(b"something else")
            (self.base / "request.tsq").write_bytes(question)
            done = self.openssl("ts", "-reply", "-config", "tsa.cnf", "-section", "one", "-queryfile", "request.tsq",
                                "-out", "answer.tsr")
            assert done.returncode == 0, done.stderr
            return 200, (self.base / "answer.tsr").read_bytes()

    def _question(self, data: bytes) -> bytes:
        (self.base / "other").write_bytes(data)
        done = self.openssl("ts", "-query", "-data", "other", "-sha256", "-cert", "-out", "other.tsq")
        assert done.returncode == 0, done.stderr
        return (self.base / "other.tsq").read_bytes()

    def _make_certificates(self) -> None:
        (self.base / "serial").write_text("01\n")
        (self.base / "tsa.cnf").write_text(_CONFIGURATION.format(base=self.base))
        (self.base / "extensions").write_text("extendedKeyUsage = critical,timeStamping\n")
        for command in (
            "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Root",
            "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=Authority",
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 20 -extfile extensions",
        ):
            done = self.openssl(*command.split())
            assert done.returncode == 0, done.stderr

    def go_away(self) -> None:
        """Nobody listens any more; the certificates stay."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def close(self) -> None:
        if self._thread.is_alive():
            self.go_away()
        shutil.rmtree(self.base, ignore_errors=True)
