"""Timestamps of checkpoints (RFC 3161), made by `openssl ts`, judged by it and by PyPI's rfc3161-client as well."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from rfc3161_client import VerifierBuilder, VerificationError, decode_timestamp_response

from api import ok, problem
from authority import Authority
from service import DataDirectory, wait_until
from verdict import EXIT_BROKEN

pytestmark = pytest.mark.proofs


@pytest.fixture
def authority() -> Iterator[Authority]:
    authority = Authority()
    try:
        yield authority
    finally:
        authority.close()


def serve(directory: DataDirectory, authority: Authority, *arguments: str) -> None:
    directory.serve(arguments=[
        "--timestamp-url", authority.url, "--timestamp-trust", str(authority.root), "--checkpoint-interval", "200ms",
        "--timestamp-timeout", "1s", *arguments])


def stamped(directory: DataDirectory) -> int:
    """The size of the newest checkpoint that is stamped; 0 for none yet."""
    found = directory.api().json("/v1/checkpoints")["checkpoints"]
    return next((each["size"] for each in found if each["assurance"] == "timestamped"), 0)


def as_response(token: bytes) -> bytes:
    """The token as the answer of an authority: SEQUENCE { SEQUENCE { INTEGER 0 }, token }."""
    body = b"\x30\x03\x02\x01\x00" + token
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


def test_a_checkpoint_is_stamped_and_strangers_tools_accept_the_token(
    own_directory: DataDirectory, authority: Authority, tmp_path: Path,
) -> None:
    serve(own_directory, authority)
    api = own_directory.api()
    seq = ok(api.post("/v1/entries", {"kind": "send", "outcome": "sent"}), 201)["seq"]
    size = wait_until(lambda: stamped(own_directory), 20, "a timestamp")
    token = api.get(f"/v1/checkpoints/{size}/timestamp").content
    files = {name: tmp_path / name for name in ("checkpoint", "own", "token", "answer")}
    files["token"].write_bytes(token)
    files["answer"].write_bytes(as_response(token))
    files["checkpoint"].write_bytes(api.get(f"/v1/checkpoints/{size}").content)
    files["own"].write_bytes(own_directory.run("checkpoint", "show", "--size", str(size), "--own").stdout)

    done = authority.openssl("ts", "-verify", "-data", str(files["own"]), "-in", str(files["token"]), "-token_in",
                             "-CAfile", str(authority.root))
    assert done.returncode == 0, done.stderr
    files["own"].write_bytes(files["own"].read_bytes() + b" ")
    assert authority.openssl("ts", "-verify", "-data", str(files["own"]), "-in", str(files["token"]), "-token_in",
                             "-CAfile", str(authority.root)).returncode != 0

    digest = hashlib.sha256(files["checkpoint"].read_bytes()).digest()
    root = x509.load_pem_x509_certificate(authority.root.read_bytes())
    verifier = VerifierBuilder().add_root_certificate(root).build()
    response = decode_timestamp_response(files["answer"].read_bytes())
    assert verifier.verify(response, digest)
    with pytest.raises(VerificationError):
        verifier.verify(response, hashlib.sha256(b"other").digest())

    key = own_directory.run("ledger", "keys").stdout.decode().split()[-1]
    check = ("verify-timestamp", str(files["token"]), "--trust", str(authority.root), "--key", key, "--checkpoint")
    done = own_directory.command(*check, str(files["checkpoint"]))
    assert done.returncode == 0 and b"CN=Authority" in done.stdout, done
    wait_until(lambda: seq < size or api.json("/v1/checkpoints")["checkpoints"][0]["size"] > seq, 10, "a checkpoint")
    newer = tmp_path / "newer"
    newer.write_bytes(own_directory.run("checkpoint", "sign").stdout)
    if newer.read_bytes() != files["checkpoint"].read_bytes():
        refused = own_directory.command(*check, str(newer))
        assert refused.returncode == EXIT_BROKEN and b"another digest" in refused.stdout, refused


def test_a_receipt_says_timestamped_once_its_checkpoint_is(own_directory: DataDirectory, authority: Authority) -> None:
    serve(own_directory, authority)
    size = wait_until(lambda: stamped(own_directory), 20, "a timestamp")
    answer = own_directory.api().get("/v1/entries/0/receipt")
    assert answer.headers["Countersign-Assurance"] == "timestamped"
    assert f"\n{size}\n" in answer.text
    fresh = ok(own_directory.api().call(
        "POST", "/v1/entries", params={"receipt": "signed"}, json={"kind": "send", "outcome": "sent"}), 201)
    assert fresh["assurance"] == "signed", "no authority has seen it yet, for it is asked once an hour"


@pytest.mark.parametrize("mood", ["refusing", "lying", "absent"])
def test_without_a_good_authority_the_service_goes_on_and_says_so(
    own_directory: DataDirectory, authority: Authority, mood: str,
) -> None:
    if mood == "absent":
        authority.go_away()
    authority.mood = mood
    serve(own_directory, authority)
    answer = own_directory.api().call(
        "POST", "/v1/entries", params={"receipt": "signed"}, json={"kind": "send", "outcome": "sent"})
    assert ok(answer, 201)["assurance"] == "signed"
    metric = 'countersign_timestamp_requests_total{code="'
    wait_until(lambda: metric in own_directory.api().get("/metrics").text, 20, "the authority to have been asked")
    assert f'{metric}stamped"' not in own_directory.api().get("/metrics").text
    assert stamped(own_directory) == 0
    problem(own_directory.api().get("/v1/checkpoints/1/timestamp"), 404)


def test_a_checkpoint_is_stamped_on_demand(own_service: DataDirectory, authority: Authority) -> None:
    done = own_service.run("checkpoint", "stamp", "--timestamp-url", authority.url,
                           "--timestamp-trust", str(authority.root))
    assert done.returncode == 0 and b"stamped at" in done.stdout, done
    size = stamped(own_service)
    token = own_service.run("checkpoint", "show", "--size", str(size), "--timestamp").stdout
    assert token == own_service.api().get(f"/v1/checkpoints/{size}/timestamp").content
    assert own_service.verify().is_intact


def test_a_stored_token_over_another_checkpoint_is_found(own_service: DataDirectory, authority: Authority) -> None:
    done = own_service.run("checkpoint", "stamp", "--timestamp-url", authority.url,
                           "--timestamp-trust", str(authority.root))
    assert done.returncode == 0, done
    ok(own_service.api().post("/v1/entries", {"kind": "send", "outcome": "sent"}), 201)
    for arguments in (("sign",), ("stamp", "--timestamp-url", authority.url, "--timestamp-trust", str(authority.root))):
        assert own_service.run("checkpoint", *arguments).returncode == 0
    assert own_service.verify().is_intact
    with own_service.sql() as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(
            "UPDATE countersign.timestamps t SET token ="
            " (SELECT token FROM countersign.timestamps o WHERE o.size <> t.size LIMIT 1)").rowcount == 2
    verdict = own_service.verify()
    assert verdict.checks == {"timestamp"}, verdict
