"""Entries that a restored database lost are given back from an export, byte for byte and with all rows beside them, or
not at all."""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api import Api, ok, problem
from backups import Backup
from filling import fill
from paths import BINARY, ORIGIN
from service import DataDirectory, wait_until

pytestmark = pytest.mark.proofs

#: What stands beside entries below a size, without the parts that no line tells.
ROWS = {
    "entries": "SELECT * FROM countersign.entries WHERE seq < %s ORDER BY seq",
    "keys": "SELECT tag, first_seq, count FROM countersign.keys WHERE first_seq < %s ORDER BY first_seq",
    "entry_keys": "SELECT * FROM countersign.entry_keys WHERE seq < %s ORDER BY seq, name, tag",
    "disclosures": "SELECT * FROM countersign.disclosures WHERE seq < %s ORDER BY seq",
    "tiles": "SELECT * FROM countersign.tiles WHERE (tile_index + 1) << (8 * (level + 1)) <= %s ORDER BY 2, 3",
    "hours": "SELECT * FROM countersign.hours WHERE first_seq < %s ORDER BY hour",
    "tokens": "SELECT * FROM countersign.tokens WHERE granted_seq < %s ORDER BY granted_seq",
    "signing_keys": "SELECT * FROM countersign.signing_keys WHERE seq < %s ORDER BY seq",
    "legal_holds": "SELECT * FROM countersign.legal_holds WHERE held_seq < %s ORDER BY held_seq",
    "erased_ranges": "SELECT * FROM countersign.erased_ranges WHERE erased_by < %s ORDER BY erased_by, first_seq",
    "identities":
        "SELECT identity, settings, set_seq FROM countersign.identities WHERE set_seq < %s ORDER BY set_seq",
    "identity_verifications": "SELECT * FROM countersign.identity_verifications WHERE seq < %s ORDER BY seq",
    "ledgers":
        "SELECT public_reads, published_seq, clock_accepted_until, clock_accepted_seq FROM countersign.ledgers"
        " WHERE %s > 0",
}


@dataclass
class Loss:
    """A ledger, and a restored database in which its last entries are missing."""

    source: DataDirectory
    target: DataDirectory
    #: How many entries were signed, and how many the restored database has.
    signed: int
    kept: int
    lines: list[bytes]
    export: Path

    def reappend(self, *arguments: str, export: Path | None = None) -> subprocess.CompletedProcess[bytes]:
        return self.target.run("ledger", "reappend", str(export or self.export), *arguments)

    def refused(self, content: list[bytes], *arguments: str) -> str:
        """Why an export with these lines is not taken; nothing was written then, and the ledger stays halted."""
        path = self.target.base / "refused.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in content))
        done = self.reappend(*arguments, export=path)
        assert done.returncode == 1 and not done.stdout, done
        assert self.target.api().size() == self.kept
        assert self.target.run("doctor", "--after-restore").returncode == 1
        return done.stderr.decode()

    def rows(self, query: str, directory: DataDirectory | None = None) -> list[Any]:
        """Of the restored database, whose Postgres is started by commands only."""
        with running(directory or self.target) as connection:
            return connection.execute(query, (self.signed,)).fetchall()


class running:
    """A connection to a directory's Postgres, which runs meanwhile."""

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory

    def __enter__(self) -> Any:
        if self._directory.postmaster() is None:
            self._instance = self._directory.serve(arguments=QUIET)
        else:
            self._instance = None
        self._connection = self._directory.sql()
        return self._connection

    def __exit__(self, *_: Any) -> None:
        self._connection.close()
        if self._instance:
            self._instance.stop()


#: Whom entries below a size are about.
PEOPLE = """SELECT * FROM countersign.subjects s WHERE EXISTS (
    SELECT FROM countersign.entry_keys k
    WHERE k.ledger_id = s.ledger_id AND k.name = 'subject' AND k.tag = s.pseudonym AND k.seq < %s)"""
#: Signs at its start and on demand.
QUIET = ["--checkpoint-interval", "1h"]


def size_of(directory: DataDirectory) -> int:
    with running(directory) as connection:
        return connection.execute("SELECT max(size) FROM countersign.heads").fetchone()[0]


def sign(api: Api) -> int:
    """Has everything signed that is there, with one entry more, and says how many entries that are."""
    answer = api.call("POST", "/v1/entries", params={"receipt": "signed"}, json={"kind": "send", "outcome": "sent"})
    return ok(answer, 201)["seq"] + 1


def person(name: str) -> dict[str, Any]:
    return {"kind": "send", "outcome": "sent", "message_id": f"<{name}@acme.example>",
            "personal": {"recipient": [f"{name}@customer.example", {"address": "Other@customer.example", "role": "cc"}],
                         "subject": f"for {name}"}}


def exported(api: Api, **query: Any) -> list[bytes]:
    answer = api.get("/v1/export", format="jsonl", **query)
    assert answer.status_code == 200, answer.text
    return answer.content.splitlines()


def erase(api: Api, name: str) -> None:
    ok(api.post("/v1/erasures", {
        "subject": f"{name}@customer.example", "legal_basis": "GDPR Art. 17", "requester": "by letter"}), 200)


def restore(source: DataDirectory, target: DataDirectory, folder: Path) -> None:
    """Restores a backup; the secret, the keys, the guard and the journal are the newest."""
    target.take_keys(source, journal=(source.path / "erasures.jsonl").exists())
    done = Backup(folder).restore(target)
    assert done.status == 1 and any("halted" in check["detail"] for check in done.faults), done


def small_loss(source: DataDirectory, target: DataDirectory, count: int = 30) -> Loss:
    """A ledger of sends to people; the last `count` batches are lost. The restored one is served."""
    source.serve(arguments=QUIET)
    api = source.api()
    api.append([person(f"early{number}") for number in range(5)])
    folder = Backup.take(source).folder
    for number in range(count):
        api.append([person(f"late{number}"), person("early0")], Idempotency_Key=f"batch-{number}")
    signed = sign(api)
    api.append(person("beyond"))
    export = source.base / "all.jsonl"
    lines = exported(api, disclosures="true")
    export.write_bytes(b"".join(line + b"\n" for line in lines))
    source.instances[0].stop()
    restore(source, target, folder)
    target.serve(arguments=QUIET)
    return Loss(source, target, signed, target.api().size(), lines, export)


def test_lost_entries_come_back_with_all_that_stood_beside_them(
    own_directory: DataDirectory, target: DataDirectory, rng: random.Random, tmp_path: Path,
) -> None:
    source = own_directory
    source.serve(arguments=QUIET)
    api = source.api()
    fill(api, rng, 150, "early")
    api.append([person("gone"), person("stays")])
    folder = Backup.take(source).folder
    fill(api, rng, 420, "late")
    api.append([person("gone"), person("stays"), person("new")])
    ok(api.post("/v1/legal-holds", {"subject": "never@customer.example", "reference": "m-1", "reason": "x"}), 201)
    # Two exports, one after the other: the first still shows what was erased since.
    export = source.base / "all.jsonl"
    first = exported(api, disclosures="true")
    erase(api, "gone")
    api.append(person("gone"))
    assert source.run("ledger", "publish", "hashes").returncode == 0
    assert source.run("ledger", "rotate-key").returncode == 0
    signed = sign(api)
    (tmp_path / "receipt").write_bytes(api.get(f"/v1/entries/{signed - 3}/receipt").content)
    api.append(person("beyond"))
    second = exported(api, disclosures="true")
    export.write_bytes(b"".join(line + b"\n" for line in first + second))
    key = source.run("ledger", "keys").stdout.decode().split()[-1]
    lines = [json.loads(line)["line"].encode() for line in second]
    source.instances[0].stop()
    restore(source, target, folder)
    loss = Loss(source, target, signed, size_of(target), lines, export)

    dry = json.loads(loss.reappend("--dry-run", "--json").stdout)
    assert dry["dry_run"] and size_of(target) == dry["from_seq"] == loss.kept, dry
    done = loss.reappend("--json")
    assert done.returncode == 0, done
    answer = json.loads(done.stdout)
    assert answer["from_seq"] + answer["reappended"] == signed and answer["reappended"] > 250
    assert answer["blind_holds"] == 1, "nobody wrote to whom a hold is about"
    assert answer["without_report"] == 2 and answer["beyond"] == len(lines) - signed == 1

    for table, query in ROWS.items():
        assert loss.rows(query) == loss.rows(query, source), table
    people = set(loss.rows(PEOPLE, source))
    assert len(people - set(loss.rows(PEOPLE))) == 1 and set(loss.rows(PEOPLE)) < people
    target.serve(arguments=QUIET)
    api = target.api()
    assert exported(api)[:signed] == lines[:signed]
    resumed = api.json(f"/v1/entries/{signed}")["entry"]["data"]
    assert resumed["event"] == "ledger.resumed" and resumed["reappended"] == {
        "from_seq": answer["from_seq"], "to_seq": signed - 1}
    (tmp_path / "line").write_bytes(lines[signed - 3])
    checked = target.command(
        "verify-receipt", str(tmp_path / "receipt"), "--line", str(tmp_path / "line"), "--key", key)
    assert checked.returncode == 0, checked
    sign(api)
    # Of requests only what stands in clear is left to tell them apart.
    other = api.post("/v1/entries", [{"kind": "send", "outcome": "sent"}], Idempotency_Key="late-batch-1")
    problem(other, 422, "idempotency_mismatch")
    verdict = target.verify()
    assert verdict.checks <= {"evidence", "report"}, str(verdict)
    assert len([finding for finding in verdict.findings if finding.check == "report"]) == 2, str(verdict)


def test_a_ledger_without_checks_and_reports_is_intact_again(
    own_directory: DataDirectory, target: DataDirectory,
) -> None:
    loss = small_loss(own_directory, target)
    done = loss.reappend()
    assert done.returncode == 0, done
    text = done.stdout.decode()
    assert f"entries {loss.kept} to {loss.signed - 1} were appended again, byte for byte" in text
    assert "1 more, of which neither the guard nor a halt knows, are left out" in text and "goes on" in text, text
    assert target.verify().is_intact
    api = target.api()
    found = api.json("/v1/entries", recipient="early0@customer.example")["entries"]
    assert len(found) == 31, "the person is the same in old and in new entries"
    again = api.post("/v1/entries", [person("late0"), person("early0")], Idempotency_Key="batch-0")
    assert problem(again, 422, "idempotency_erased")["seq"] == loss.kept
    assert sign(api) > loss.signed
    done = loss.reappend()
    assert done.returncode == 1 and b"nothing can be given back" in done.stderr, done


def test_what_is_not_exactly_what_was_signed_is_refused_whole(
    own_directory: DataDirectory, target: DataDirectory,
) -> None:
    loss = small_loss(own_directory, target)
    lines, at = loss.lines, loss.kept + 7
    assert f"line {at + 1} holds entry {at + 1}, and entry {at} should stand there" in loss.refused(
        lines[:at] + lines[at + 1:])
    swapped = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2:]]
    assert "should stand there" in loss.refused(swapped)
    assert f"the export ends with {loss.signed - 1} entries, and {loss.signed} were signed or answered" in loss.refused(
        lines[:loss.signed - 1])
    plain = [json.loads(line)["line"].encode() for line in lines]
    said = loss.refused(plain)
    assert f"entry {loss.kept}" in said and "--disclosures" in said, said
    other = plain[at].replace(b'"outcome":"sent"', b'"outcome":"held"')
    assert other != plain[at]
    assert f"entry {at + 1} was not written after the entry before it" in loss.refused(
        [*lines[:at], json.dumps({**json.loads(lines[at]), "line": other.decode()}).encode(), *lines[at + 1:]])
    # The last one has none behind it that would tell.
    last = loss.signed - 1
    forged = plain[last].replace(b'"outcome":"sent"', b'"outcome":"held"')
    assert forged != plain[last]
    assert f"the first {loss.signed} entries would not make the tree" in loss.refused([*lines[:last], forged])
    assert "line 3 is no entry" in loss.refused([*lines[:2], b"{", *lines[3:]])
    strange = json.dumps({"line": plain[at].decode(), "disclosures": ["WyJhIiwiYiIsImMiXQ"]}).encode()
    assert f"a value shown with entry {at}" in loss.refused([*lines[:at], strange, *lines[at + 1:]])
    piped = loss.target.run("ledger", "reappend", "/dev/stdin", input=b"")
    assert piped.returncode == 2 and b"write it to a file first" in piped.stderr
    missing = loss.target.run("ledger", "reappend", str(loss.target.base / "none"))
    assert missing.returncode == 2 and b"cannot be read" in missing.stderr
    assert loss.reappend().returncode == 0, "the right one is taken all the same"


def test_who_stays_beside_somebody_erased_must_be_shown_and_nobody_takes_anothers_place(
    own_directory: DataDirectory, target: DataDirectory,
) -> None:
    own_directory.serve(arguments=QUIET)
    api = own_directory.api()
    folder = Backup.take(own_directory).folder
    seq = api.append(person("gone"))["seq"]
    before = exported(api, disclosures="true")
    erase(api, "gone")
    signed = sign(api)
    lines = [*before, *exported(api, disclosures="true")[len(before):]]
    own_directory.instances[0].stop()
    restore(own_directory, target, folder)
    target.serve(arguments=QUIET)
    loss = Loss(own_directory, target, signed, target.api().size(), lines, own_directory.base / "all.jsonl")

    def showing(*names: str) -> list[bytes]:
        """The export, with only these people shown in the entry."""
        shown = json.loads(lines[seq])
        kept = [each for each in shown["disclosures"]
                if any(name in base64.urlsafe_b64decode(each + "===").decode() for name in names)]
        assert len(kept) == len(names)
        return [*lines[:seq], json.dumps({**shown, "disclosures": kept}).encode(), *lines[seq + 1:]]

    for names in ([], ["gone@customer"], ["for gone"]):
        assert f"entry {seq}" in loss.refused(showing(*names)), names
    loss.export.write_bytes(b"".join(line + b"\n" for line in showing("Other@customer")))
    done = loss.reappend()
    assert done.returncode == 0, done
    assert loss.rows(ROWS["disclosures"]) == loss.rows(ROWS["disclosures"], own_directory)
    assert target.verify().is_intact


def test_entries_behind_the_guard_are_taken_on_the_exports_word_only(
    own_directory: DataDirectory, target: DataDirectory,
) -> None:
    loss = small_loss(own_directory, target)
    done = loss.reappend("--beyond-guard", "--json")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["reappended"] == len(loss.lines) - loss.kept == loss.signed + 1 - loss.kept
    assert [json.loads(line)["line"].encode() for line in loss.lines] == exported(target.api())[:len(loss.lines)]
    assert target.verify().is_intact


def test_what_was_erased_since_is_hidden_while_halted_and_erased_again_when_the_ledger_goes_on(
    own_directory: DataDirectory, target: DataDirectory,
) -> None:
    own_directory.serve(arguments=QUIET)
    api = own_directory.api()
    early = api.append(person("early"))["seq"]
    folder = Backup.take(own_directory).folder
    late = api.append(person("early"))["seq"]
    signed = sign(api)
    export = own_directory.base / "all.jsonl"
    export.write_bytes(b"".join(line + b"\n" for line in exported(api, disclosures="true")))
    erase(api, "early")
    own_directory.instances[0].stop()
    # The erasure was never signed: only the journal knows of it.
    restore(own_directory, target, folder)
    instance = target.serve(arguments=QUIET)
    assert "personal" not in target.api().json(f"/v1/entries/{early}")
    problem(target.api().get("/v1/export", disclosures="true"), 503, "halted")
    status = target.run("doctor")
    assert status.returncode == 1 and b"undone by a restore" in status.stdout, status
    done = target.run("ledger", "reappend", str(export))
    assert done.returncode == 0 and b"2 entries were erased again" in done.stdout, done
    wait_until(lambda: "erased_by" in target.api().json(f"/v1/entries/{early}"), 20, "the service to hear of it")
    for seq in (early, late):
        shown = target.api().json(f"/v1/entries/{seq}")
        assert "early" not in json.dumps(shown["personal"]) and shown["erased_by"] == signed + 1, shown
    assert instance.is_alive and target.verify().is_intact
    assert target.run("doctor").returncode == 0


def test_a_run_that_is_killed_has_written_all_or_nothing(
    own_directory: DataDirectory, target: DataDirectory, rng: random.Random,
) -> None:
    loss = small_loss(own_directory, target, count=1_500)
    sizes = set()
    for _ in range(6):
        process = subprocess.Popen(
            [str(BINARY), "ledger", "reappend", str(loss.export), "--data-dir", str(target.path)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.2, 1.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        sizes.add(target.api().size())
        if target.api().size() >= loss.signed:
            break
        problem(target.api().post("/v1/entries", {"kind": "send", "outcome": "sent"}), 503, "halted")
    assert sizes <= {loss.kept, loss.signed, loss.signed + 1}
    if target.api().size() == loss.signed:
        assert target.run("doctor", "--after-restore").returncode == 0
    elif target.api().size() == loss.kept:
        assert loss.reappend().returncode == 0
    assert target.verify().is_intact, sizes
    wanted = [json.loads(line)["line"].encode() for line in loss.lines[:loss.signed]]
    assert exported(target.api())[:loss.signed] == wanted


def test_a_ledger_that_lost_nothing_takes_nothing(own_directory: DataDirectory) -> None:
    own_directory.serve(arguments=QUIET)
    sign(own_directory.api())
    export = own_directory.base / "all.jsonl"
    export.write_bytes(b"\n".join(exported(own_directory.api())))
    done = own_directory.run("ledger", "reappend", str(export), "--ledger", ORIGIN)
    assert done.returncode == 1 and b"nothing can be given back" in done.stderr, done
    assert own_directory.verify().is_intact
    done = own_directory.run("ledger", "reappend", "-")
    assert done.returncode == 2 and b"write it to a file first" in done.stderr, done
