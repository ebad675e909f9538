"""What the service, its log, its metrics, its doctor and its signer say of an attack."""

from __future__ import annotations

import json
from typing import Any

from api import Api, problem
from paths import ORIGIN
from service import DataDirectory, Instance, wait_until
from signed_ledger import ENTRY, SignedLedger

SECONDS_MAX = 30


def events(instance: Instance) -> list[dict[str, Any]]:
    """What the service has logged so far."""
    return [json.loads(line) for line in instance.log.read_text().splitlines() if line.startswith("{")]


def logged(instance: Instance, name: str) -> dict[str, Any]:
    """The first event of this name, once it is there."""
    return wait_until(lambda: next((each for each in events(instance) if each["message"] == name), None),
                      SECONDS_MAX, f"{name} in the log")


def metric(api: Api, name: str) -> float:
    line = next(each for each in api.get("/metrics").text.splitlines() if each.startswith(f"{name} "))
    return float(line.split()[1])


def halts(api: Api) -> float:
    return metric(api, "countersign_ledger_halts_total")


def assert_halted(api: Api) -> None:
    refusal = api.post("/v1/entries", ENTRY)
    assert problem(refusal, 503, "halted")["committed"] == "no"
    assert int(refusal.headers["Retry-After"]) > 0


def unsigned(ledger: SignedLedger, api: Api | None = None) -> None:
    """Appends an entry and is told that it is durable, and no more."""
    caller = api or ledger.api
    answer = caller.post("/v1/entries?receipt=signed", ENTRY).json()
    assert answer["assurance"] == "durable" and "receipt" not in answer, answer
    problem(caller.get(f"/v1/entries/{answer['seq']}/receipt"), 409, "not_signed")


def doctor(directory: DataDirectory, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit status and results of `countersign doctor`, by the name of the check."""
    done = directory.run("doctor", "--json", *arguments)
    return done.returncode, {each["check"]: each for each in json.loads(done.stdout)["checks"]}


def failure(directory: DataDirectory, check: str, *arguments: str) -> str:
    """What doctor says of a check, which must be the one that fails."""
    status, checks = doctor(directory, *arguments)
    failed = {name: each for name, each in checks.items() if each["status"] == "fail"}
    assert status == 1 and failed.keys() == {f"{check}: {ORIGIN}"}, (status, failed)
    assert failed[f"{check}: {ORIGIN}"]["next"], "and says what to do"
    return failed[f"{check}: {ORIGIN}"]["detail"]


def refuses_to_sign(ledger: SignedLedger, says: str) -> None:
    """`checkpoint sign` says why it does not, and nothing was signed."""
    before = ledger.guard_file.read_bytes() if ledger.guard_file.exists() else None
    done = ledger.directory.run("checkpoint", "sign", "--ledger", ORIGIN)
    assert done.returncode == 3 and not done.stdout and says in done.stderr.decode(), done
    assert (ledger.guard_file.read_bytes() if ledger.guard_file.exists() else None) == before
