"""A service that asks witnesses: what they sign, and what happens where they are away, slow, lying or ahead."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from api import ok, problem
from service import DataDirectory, Instance, wait_until
from witness_log import Key, Note, Witness

pytestmark = pytest.mark.proofs

NAMES = ("witness.example/w1", "witness.example/w2", "witness.example/w3")


class Liar:
    """A server on a free port that answers every request to a witness the same way."""

    def __init__(self, status: int, content_type: str, body: bytes) -> None:
        self.asked = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                owner.asked += 1
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = respond

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Watched:
    """A ledger whose service asks three witnesses, of which two must sign."""

    def __init__(self, directory: DataDirectory) -> None:
        self.directory = directory
        made = directory.run_json("ledger", "create", directory.origin)
        self.key = Key.read(made["key"])
        self.witnesses = [
            Witness(self.key, seed=hashlib.sha256(name.encode()).digest(), name=name) for name in NAMES]
        self.urls = [witness.serve().url for witness in self.witnesses]
        self.policy = directory.base / "policy"
        self.token = directory.new_token("admin")
        directory.admin_token = self.token

    def serve(self, mode: str = "open", urls: list[str] | None = None) -> Instance:
        lines = [f"witness w{number} {witness.key.vkey} {url}" for number, (witness, url) in enumerate(
            zip(self.witnesses, urls or self.urls, strict=True), 1)]
        self.policy.write_text("\n".join([f"log {self.key.vkey}", *lines, "group g 2 w1 w2 w3", "quorum g", ""]))
        return self.directory.serve(arguments=[
            "--witness-policy", str(self.policy), "--witness-mode", mode, "--witness-timeout", "1s",
            "--checkpoint-interval", "200ms"])

    def newest(self) -> dict[str, Any]:
        found = self.directory.api().json("/v1/checkpoints")["checkpoints"]
        return found[0] if found else {"size": 0, "assurance": "durable"}

    def signers(self, note: str) -> set[str]:
        """The witnesses whose cosignatures verify."""
        read, found = Note.read(note.encode()), set()
        read.lines[0].verify(read.text, self.key)
        for line in read.lines[1:]:
            witness = next(each for each in self.witnesses if each.key.name == line.name)
            assert line.verify(read.text, witness.key) > 0
            found.add(line.name)
        return found

    def append(self) -> dict[str, Any]:
        answer = self.directory.api().call(
            "POST", "/v1/entries", params={"receipt": "signed"}, json={"kind": "send", "outcome": "sent"})
        return ok(answer, 201)

    def close(self) -> None:
        for witness in self.witnesses:
            witness.close()


@pytest.fixture
def watched(own_directory: DataDirectory) -> Iterator[Watched]:
    watched = Watched(own_directory)
    try:
        yield watched
    finally:
        watched.close()


def test_witnesses_sign_what_grows_and_receipts_meet_the_policy(watched: Watched, tmp_path: Path) -> None:
    watched.serve()
    seqs = [watched.append()["seq"] for _ in range(20)]
    newest = wait_until(lambda: (found := watched.newest())["assurance"] == "witnessed" and found, 20, "cosignatures")
    assert watched.signers(newest["note"]) == set(NAMES)
    answer = watched.directory.api().get(f"/v1/entries/{seqs[0]}/receipt")
    assert answer.headers["Countersign-Assurance"] == "witnessed"
    receipt, line = tmp_path / "receipt", tmp_path / "line"
    receipt.write_bytes(answer.content)
    line.write_bytes(watched.directory.api().lines()[seqs[0]])
    check = ("verify-receipt", str(receipt), "--line", str(line))
    assert watched.directory.command(*check, "--policy", str(watched.policy)).returncode == 0
    # Without two of the three cosignatures the policy is not met, though the ledger's signature is right.
    receipt.write_bytes(b"\n".join(answer.content.split(b"\n")[:-3]) + b"\n")
    refused = watched.directory.command(*check, "--policy", str(watched.policy))
    assert refused.returncode == 1 and b"too few witnesses" in refused.stdout
    assert watched.directory.command(*check, "--key", watched.key.vkey).returncode == 0
    for witness in watched.witnesses:
        known = witness.call("GET", f"/{hashlib.sha256(watched.key.name.encode()).hexdigest()}/checkpoint")
        published = Note.read(known.body)
        assert published.size <= watched.newest()["size"]
    assert watched.directory.verify().is_intact


def test_with_too_few_witnesses_an_open_service_goes_on_and_says_so(watched: Watched) -> None:
    for witness in watched.witnesses[1:]:
        witness.instances[0].kill()
    watched.serve("open")
    assert watched.append()["assurance"] == "signed"
    outcomes = {f'countersign_witness_requests_total{{outcome="{each}"}}' for each in ("cosigned", "unreachable")}
    wait_until(
        lambda: all(each in watched.directory.api().get("/metrics").text for each in outcomes), 20, "both to be told")
    assert watched.newest()["assurance"] == "signed"
    assert ok(watched.directory.api().post("/v1/entries", {"kind": "send", "outcome": "sent"}), 201)


def test_with_too_few_witnesses_a_closed_service_publishes_nothing_until_they_are_back(watched: Watched) -> None:
    killed = watched.witnesses[1:]
    for witness in killed:
        witness.instances[0].kill()
    watched.serve("closed")
    assert watched.append()["assurance"] == "durable", "the entry is there, and nothing stands behind it yet"
    assert watched.newest()["size"] == 0
    watched.directory.instances[-1].stop()
    urls = [watched.urls[0], *(witness.serve().url for witness in killed)]
    watched.serve("closed", urls)
    answer = wait_until(
        lambda: (found := watched.append())["assurance"] == "witnessed" and found, 60, "the quorum", 0.5)
    assert len(watched.signers(answer["receipt"].split("\n\n", 1)[1])) >= 2


@pytest.mark.parametrize(("status", "content_type", "body", "outcome"), [
    (500, "text/plain", b"broken", "unavailable"),
    (200, "text/plain", b"\xe2\x80\x94 nobody AAAAAAAAAA==\n", "worthless"),
    (200, "text/plain", b"no signature at all\n", "worthless"),
    (422, "text/plain", b"no\n", "inconsistent"),
    (409, "text/plain", b"7\n", "inconsistent"),
    (409, "text/x.tlog.size", b"1000000\n", "rollback_claimed"),
])
def test_a_witness_that_lies_is_counted_and_believed_in_nothing(
    watched: Watched, status: int, content_type: str, body: bytes, outcome: str,
) -> None:
    liar = Liar(status, content_type, body)
    try:
        watched.serve("open", [*watched.urls[:2], liar.url])
        watched.append()
        newest = wait_until(lambda: (found := watched.newest())["assurance"] == "witnessed" and found, 20, "the others")
        assert watched.signers(newest["note"]) <= set(NAMES[:2])
        wanted = f'countersign_witness_requests_total{{outcome="{outcome}"}}'
        wait_until(lambda: wanted in watched.directory.api().get("/metrics").text, 20, f"{outcome} to be counted")
        watched.append()
        assert liar.asked
    finally:
        liar.close()


def test_a_witness_that_shows_more_than_the_database_holds_halts_the_ledger(watched: Watched) -> None:
    first = watched.serve("open")
    watched.append()
    wait_until(lambda: watched.newest()["assurance"] == "witnessed", 20, "cosignatures")
    first.stop()
    # A backup of everything, guard and all: what no guard beside the database can find out.
    backup = watched.directory.base / "backup"
    subprocess.run(["cp", "-a", str(watched.directory.path), str(backup)], check=True)
    second = watched.serve("open")
    for _ in range(5):
        watched.append()
    size = watched.directory.api().size()
    wait_until(lambda: watched.newest()["size"] == size and watched.newest()["assurance"] == "witnessed", 20, "again")
    second.stop()
    shutil.rmtree(watched.directory.path)
    subprocess.run(["cp", "-a", str(backup), str(watched.directory.path)], check=True)
    third = watched.serve("open")
    api = watched.directory.api()
    wait_until(lambda: api.post("/v1/entries", {"kind": "send", "outcome": "sent"}).status_code == 503, 30,
               "the ledger to be halted", 0.2)
    problem(api.post("/v1/entries", {"kind": "send", "outcome": "sent"}), 503, "halted")
    assert "rollback_proved" in api.get("/metrics").text
    assert "a witness has seen a checkpoint of" in third.log.read_text()
    assert watched.directory.run("doctor").returncode == 1
