"""`countersign witness`: it cosigns a log that only grows, and remembers, whoever asks at once and whatever dies."""

from __future__ import annotations

import base64
import http.client
import json
import random
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from paths import BINARY, vectors
from verdict import EXIT_COULD_NOT_RUN, EXIT_USAGE
from witness_log import EMPTY_ROOT, Answer, Key, Log, Note, Witness, signing_line, vector_keys

pytestmark = pytest.mark.proofs

BODY_MAX = 131_072
RACERS = 16
ROUNDS = 12
KILLS = 8
#: How far the clocks of the test and of the process may be apart, in seconds.
SKEW = 5


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def witness(log: Log) -> Iterator[Witness]:
    """A witness of `log` that knows nothing yet."""
    witness = Witness(log)
    try:
        witness.serve()
        yield witness
    finally:
        witness.close()


def cosigned(witness: Witness, log: Log, answer: Answer, size: int) -> int:
    """The time of the one cosignature in `answer`, which is of the true tree of `size`."""
    (line,) = answer.lines
    return line.verify(log.text(size), witness.key)


# -- the generated cases


def generated() -> list[dict[str, Any]]:
    return json.loads(vectors("c2sp-generated/witness/cases.json").read_text())["cases"]


def test_every_generated_case_is_answered_as_it_says() -> None:
    cases = generated()
    assert len(cases) == 26
    log, folder = Log(), vectors("c2sp-generated/witness")
    steps: dict[int, list[str]] = {0: [], 3: ["first"], 7: ["first", "add-checkpoint"]}
    wrong = []
    for case in cases:
        witness = Witness(log)
        try:
            witness.serve()
            for name in steps[case["known_size"]]:
                assert witness.add((folder / f"{name}.request").read_bytes()).status == 200
            answer = witness.add(case["request"].encode())
            if answer.status not in case["status"] or answer.body != case.get("body", answer.body.decode()).encode():
                wrong.append((case["what"], answer))
            if answer.status == 409:
                assert answer.content_type == "text/x.tlog.size"
            if answer.status == 200:
                text = case["request"].encode().partition(b"\n\n")[2].rpartition(b"\n\n")[0] + b"\n"
                (line,) = answer.lines
                assert abs(line.verify(text, witness.key) - time.time()) < SKEW
        finally:
            witness.close()
    assert not wrong


# -- the table of answers, row by row


def test_a_body_over_the_limit_is_413_however_it_is_sent(witness: Witness, log: Log) -> None:
    honest = log.request(0, 3)
    for size in (BODY_MAX + 1, 1 << 20):
        answer = witness.add(honest.ljust(size, b"x"))
        assert answer.status == 413 and b"131072" in answer.body, answer
    connection = witness.connection()
    chunks = (b"x" * 4_096 for _ in range(40))
    connection.request(
        "POST", "/add-checkpoint", chunks, encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    assert connection.getresponse().status == 413
    connection.close()
    assert witness.add(b"x" * BODY_MAX).status == 400, "not over it"
    assert witness.add(honest).status == 200


def test_what_cannot_be_read_is_400(witness: Witness, log: Log) -> None:
    honest = log.request(0, 3)
    for body in (b"", b"\n", honest[:-1], honest[1:], honest.replace(b"\n", b"\r\n"), honest + b"\n", b"\xff" + honest,
                 honest.replace(b"old 0", b"old 00"), honest.replace(b"\n3\n", b"\n03\n"),
                 honest.replace("—".encode(), b"-"), log.request(0, 3, proof=[bytes(32)] * 64)):
        answer = witness.add(body)
        assert answer.status == 400 and answer.content_type == "text/plain; charset=utf-8", (body, answer)
        assert answer.body.endswith(b"\n") and answer.body.count(b"\n") == 1
    assert witness.call("GET", f"/{log.id}/checkpoint").status == 404


def test_a_log_that_is_not_known_is_404(witness: Witness) -> None:
    assert witness.add(Log("other.example/log").request(0, 3)).status == 404


def test_what_the_log_did_not_sign_is_403(witness: Witness, log: Log) -> None:
    note = log.note(3)
    forged = bytearray(note)
    forged[-30] = ord("A") if forged[-30] != ord("A") else ord("B")
    stranger = Log(of="stranger")
    assert stranger.key.name == log.key.name
    changed = note.replace(b"\n3\n", b"\n4\n")
    for bad in (bytes(forged), stranger.note(3), changed, bytes(forged) + stranger.note(3).rpartition(b"\n\n")[2]):
        assert witness.add(log.request(0, 3, note=bad)).status == 403
    # A stranger's line beside the log's own is passed over, and not kept.
    assert witness.add(log.request(0, 3, note=note + stranger.note(3).rpartition(b"\n\n")[2])).status == 200
    assert witness.published(log).size == 3


def test_an_old_size_above_the_new_one_is_400_even_where_it_is_the_known_one(witness: Witness, log: Log) -> None:
    assert witness.add(log.request(0, 7)).status == 200
    for old in (4, 7, 8):
        assert witness.add(log.request(old, 3, proof=[])).status == 400
    assert witness.published(log).size == 7


def test_another_old_size_than_the_known_one_is_409_with_that_size(witness: Witness, log: Log) -> None:
    assert witness.add(log.request(3, 7)).known_size == 0
    assert witness.add(log.request(0, 7)).status == 200
    for old, size in ((0, 7), (0, 9), (3, 7), (3, 3), (8, 9), (0, 0)):
        answer = witness.add(log.request(old, size))
        assert answer.known_size == 7 and answer.body == b"7\n", (old, size)
    assert witness.published(log).size == 7


def test_an_empty_tree_has_one_root(witness: Witness, log: Log) -> None:
    assert witness.add(log.request(0, 0, note=log.note(0, bytes(32)))).status == 422
    assert log.text(0).endswith(b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
    for _ in range(2):
        cosigned(witness, log, witness.add(log.request(0, 0, note=log.note(0, EMPTY_ROOT))), 0)
    assert witness.add(log.request(0, 5)).status == 200


def test_what_is_not_shown_to_continue_the_last_one_is_422(witness: Witness, log: Log) -> None:
    assert witness.add(log.request(0, 7, proof=[bytes(32)])).status == 422, "a proof of nothing"
    assert witness.add(log.request(0, 7)).status == 200
    proof = log.proof(7, 20)
    for bad in ([], proof[:-1], [*proof, bytes(32)], proof[::-1], [bytes(32), *proof[1:]]):
        assert witness.add(log.request(7, 20, proof=bad)).status == 422
    fork = log.note(20, bytes(31) + b"\1")
    assert witness.add(log.request(7, 20, note=fork)).status == 422
    assert witness.add(log.request(7, 7, note=log.note(7, bytes(32)))).status == 422
    assert witness.add(log.request(7, 7, proof=[bytes(32)])).status == 422
    assert witness.published(log).size == 7
    assert witness.add(log.request(7, 20)).status == 200


def test_the_same_tree_is_cosigned_anew_with_the_present_time(witness: Witness, log: Log) -> None:
    first = cosigned(witness, log, witness.add(log.request(0, 7)), 7)
    assert abs(first - time.time()) < SKEW
    time.sleep(1.1)
    again = cosigned(witness, log, witness.add(log.request(7, 7)), 7)
    assert again > first
    note = witness.published(log)
    assert note.lines[1].verify(note.text, witness.key) == again


def test_a_tree_grows_through_every_kind_of_step(witness: Witness, log: Log, rng: random.Random) -> None:
    size = 0
    for target in sorted({1, 2, 3, 4, 5, 7, 8, 9, 255, 256, 257, 399, *rng.sample(range(10, 399), 20)}):
        cosigned(witness, log, witness.add(log.request(size, target)), target)
        assert witness.published(log).text == log.text(target)
        size = target


# -- the other endpoints


def test_what_is_not_there_is_404_in_plain_text(witness: Witness, log: Log) -> None:
    assert witness.add(log.request(0, 3)).status == 200
    assert witness.call("GET", f"/{log.id}/checkpoint").status == 200
    assert witness.call("GET", "/health").status == 200
    for method, path in (("GET", "/"), ("GET", f"/{log.id.upper()}/checkpoint"), ("GET", f"/{'0' * 64}/checkpoint"),
                         ("GET", "/../checkpoint"), ("GET", f"/{log.id}"), ("GET", f"/{log.id}/lock"),
                         ("GET", "/add-checkpoint"), ("POST", "/sign-subtree"), ("PUT", "/add-checkpoint"),
                         ("GET", f"/..%2f{log.id}/checkpoint"), ("GET", f"/{log.id}.lock/checkpoint")):
        answer = witness.call(method, path, b"x" if method != "GET" else None)
        assert (answer.status, answer.content_type) == (404, "text/plain; charset=utf-8"), (method, path, answer)


def test_metrics_count_the_answers_and_name_no_log(witness: Witness, log: Log) -> None:
    witness.add(log.request(0, 3))
    witness.add(log.request(0, 4))
    text = witness.call("GET", "/metrics").body.decode()
    assert 'countersign_witness_answers_total{status="200"} 1\n' in text
    assert 'countersign_witness_answers_total{status="409"} 1\n' in text
    assert log.key.name not in text


def test_a_connection_serves_many_requests(witness: Witness, log: Log) -> None:
    connection = witness.connection()
    for size in range(1, 30):
        connection.request("POST", "/add-checkpoint", log.request(size - 1, size))
        response = connection.getresponse()
        assert response.status == 200 and response.read().startswith("— ".encode())
    connection.close()


def test_a_request_that_is_cut_off_changes_nothing(witness: Witness, log: Log) -> None:
    body = log.request(0, 3)
    address = witness.instances[0].url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as plain:
        head = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: %d\r\n\r\n" % (len(body) + 1)
        plain.sendall(head + body)
        plain.shutdown(socket.SHUT_WR)
        plain.recv(4_096)
    assert witness.call("GET", f"/{log.id}/checkpoint").status == 404
    assert witness.add(body).status == 200


def test_each_log_has_a_state_of_its_own(log: Log) -> None:
    other = Log("other.example/log", of="stranger")
    witness = Witness(log, other)
    try:
        witness.serve()
        assert witness.add(log.request(0, 9)).status == 200
        assert witness.add(other.request(9, 12)).known_size == 0
        assert witness.add(other.request(0, 12)).status == 200
        assert (witness.published(log).size, witness.published(other).size) == (9, 12)
    finally:
        witness.close()


# -- races and crashes


def race(witness: Witness, log: Log, ask: Callable[[int, bytes], Answer]) -> None:
    """From each size many ask for different larger ones at once: one wins, all others hear of it."""
    size = 0
    with ThreadPoolExecutor(RACERS) as pool:
        for _ in range(ROUNDS):
            requests = [log.request(size, size + step) for step in range(1, RACERS + 1)]
            start = threading.Barrier(RACERS)

            def run(number: int) -> Answer:
                start.wait(30)
                return ask(number, requests[number])

            answers = list(pool.map(run, range(RACERS)))
            won = [size + number + 1 for number, answer in enumerate(answers) if answer.status == 200]
            assert len(won) == 1, (size, answers)
            assert {answer.known_size for answer in answers if answer.status != 200} == {won[0]}
            cosigned(witness, log, answers[won[0] - size - 1], won[0])
            size = won[0]
            assert witness.published(log).size == size


def test_of_sixteen_at_once_one_wins_and_nothing_goes_back(witness: Witness, log: Log) -> None:
    race(witness, log, lambda _, request: witness.add(request))


def test_two_processes_on_one_folder_are_one_witness(witness: Witness, log: Log) -> None:
    both = [witness.instances[0], witness.serve()]
    race(witness, log, lambda number, request: witness.add(request, instance=both[number % 2]))


def test_what_was_cosigned_outlives_a_kill(witness: Witness, log: Log, rng: random.Random) -> None:
    known = 0
    for _ in range(KILLS):
        victim = witness.instances[-1]
        acknowledged, asked = [known], [known]

        def grow() -> None:
            while acknowledged[-1] < len(log.hashes) - 1:
                asked.append(acknowledged[-1] + 1)
                try:
                    answer = witness.add(log.request(acknowledged[-1], asked[-1]), instance=victim)
                except (OSError, http.client.HTTPException):
                    return
                cosigned(witness, log, answer, asked[-1])
                acknowledged.append(asked[-1])

        writer = threading.Thread(target=grow)
        writer.start()
        deadline = time.monotonic() + 30
        wanted = known + rng.randint(1, 4)
        while acknowledged[-1] < wanted and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(rng.random() * 0.02)
        victim.kill()
        writer.join(60)
        assert not writer.is_alive() and acknowledged[-1] >= wanted
        witness.serve()
        # What was under way may have been stored; what was acknowledged must have been.
        known = witness.published(log).size
        assert known in (acknowledged[-1], asked[-1]), (acknowledged[-1], asked[-1], known)
        if known:
            answer = witness.add(log.request(0, known + 1))
            assert answer.known_size == known


def test_a_memory_that_is_torn_stops_the_witness(witness: Witness, log: Log) -> None:
    assert witness.add(log.request(0, 7)).status == 200
    file = witness.memory / f"{log.id}.checkpoint"
    whole = file.read_bytes()
    for torn in (b"", whole[:-1], whole[:50], log.note(7), whole.replace(b"\n7\n", b"\n8\n")):
        file.write_bytes(torn)
        for request in (log.request(7, 9), log.request(0, 9)):
            answer = witness.add(request)
            assert answer.status == 503 and b"acme" not in answer.body, answer
        assert witness.call("GET", f"/{log.id}/checkpoint").status == 503
        assert file.read_bytes() == torn
        refused = witness.refuses_to_serve()
        assert refused.returncode == EXIT_COULD_NOT_RUN and file.name in refused.stderr.decode(), refused
    assert "witness_failed" in witness.instances[0].said()
    file.write_bytes(whole)
    assert witness.add(log.request(7, 9)).status == 200


def test_a_folder_is_of_one_key(witness: Witness, log: Log) -> None:
    assert witness.add(log.request(0, 7)).status == 200
    witness.instances[0].stop()
    witness.key_file.write_text(signing_line(witness.key.name, 4, bytes(32)))
    refused = witness.refuses_to_serve()
    assert refused.returncode == EXIT_COULD_NOT_RUN and b"key" in refused.stderr, refused


def test_a_fork_is_kept_as_evidence_that_stands_alone(witness: Witness, log: Log) -> None:
    assert witness.add(log.request(0, 7)).status == 200
    request = log.request(7, 7, note=log.note(7, bytes(32)))
    assert witness.add(request).status == 422
    assert witness.add(log.request(7, 8)).status == 200
    (kept,) = witness.memory.glob("*.fork.*.request")
    assert kept.read_bytes() == request
    known = Note.read(kept.with_suffix(".checkpoint").read_bytes())
    other = Note.read(request.partition(b"\n\n")[2])
    assert known.size == other.size == 7 and known.text != other.text
    for note in (known, other):
        note.lines[0].verify(note.text, log.key)
    assert "fork_seen" in witness.instances[0].said()


def test_evidence_is_bounded(witness: Witness, log: Log) -> None:
    assert witness.add(log.request(0, 7)).status == 200
    for size in range(8, 70):
        assert witness.add(log.request(7, size, proof=[])).status == 422
    assert len(list(witness.memory.glob("*.proof.*.request"))) == 50
    assert witness.add(log.request(7, 7, note=log.note(7, bytes(32)))).status == 422
    assert len(list(witness.memory.glob("*.fork.*.request"))) == 1


def test_it_ends_when_it_is_told_to(witness: Witness) -> None:
    assert witness.instances[0].stop(30) == 0


# -- keys and policies


def new_key(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(BINARY), "witness", "new-key", *arguments], capture_output=True, timeout=60, check=False)


def test_a_new_key_is_private_new_and_what_it_says(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "w.key"
    made = new_key("--name", "witness.example/new", "--key", str(file))
    assert made.returncode == 0, made
    key = Key.read(made.stdout.decode().rstrip("\n"))
    assert (key.name, key.kind) == ("witness.example/new", 4)
    assert file.stat().st_mode & 0o777 == 0o600 and [each.name for each in tmp_path.iterdir()] == ["w.key"]
    line = file.read_text()
    seed = base64.b64decode(line.split("+", 4)[4])[1:]
    assert line == signing_line(key.name, 4, seed)
    again = new_key("--name", "witness.example/new", "--key", str(file))
    assert again.returncode == EXIT_COULD_NOT_RUN and file.read_text() == line
    assert new_key("--name", "witness.example/new", "--key", str(tmp_path / "other")).stdout != made.stdout
    for name in ("", "a b", "a+b", "x" * 256):
        assert new_key("--name", name, "--key", str(tmp_path / "bad")).returncode == EXIT_USAGE
    assert not (tmp_path / "bad").exists()
    witness = Witness(log)
    try:
        witness.key, witness.key_file = key, file
        witness.serve()
        cosigned(witness, log, witness.add(log.request(0, 3)), 3)
        assert seed.hex() not in witness.instances[0].said() and line not in witness.instances[0].said()
    finally:
        witness.close()


@pytest.mark.parametrize("fault", ["open", "missing", "log", "torn"])
def test_a_key_that_is_not_a_private_cosigning_key_is_refused(log: Log, fault: str) -> None:
    witness = Witness(log)
    line = witness.key_file.read_text()
    try:
        match fault:
            case "open": witness.key_file.chmod(0o644)
            case "missing": witness.key_file.unlink()
            case "log": witness.key_file.write_text(signing_line("a.example/log", 1, bytes(32)))
            case "torn": witness.key_file.write_text(line[:-5])
        refused = witness.refuses_to_serve()
        assert refused.returncode in (EXIT_USAGE, EXIT_COULD_NOT_RUN), refused
        said = refused.stderr.decode()
        assert str(witness.key_file) in said and line[-40:-1] not in said, said
    finally:
        witness.close()


@pytest.mark.parametrize("policy", ["", "quorum none\n", "log x\nquorum none\n", "{log}", "{own}\nquorum none\n"])
def test_a_policy_that_names_no_log_is_refused(log: Log, policy: str) -> None:
    witness = Witness(log)
    try:
        own = Key("own.example/log", 1, witness.key.public)
        witness.policy_file.write_text(policy.format(log=f"log {log.key.vkey}\n", own=f"log {own.vkey}"))
        refused = witness.refuses_to_serve()
        assert refused.returncode == EXIT_USAGE and str(witness.policy_file) in refused.stderr.decode(), refused
        assert not witness.memory.exists()
    finally:
        witness.close()


def test_the_keys_of_the_vectors_are_the_ones_that_are_computed_here() -> None:
    for name, known in vector_keys().items():
        if known.get("vkey") and known["type"] in (1, 4):
            assert Key.read(known["vkey"]).vkey == known["vkey"], name
