"""The verifier in `go/`, built from Debian's sources of Go's packages, without a network."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parent / "go" / "verify.go"
#: Where Debian puts the sources of Go's packages.
GOPATH = Path("/usr/share/gocode")
PACKAGES = GOPATH / "src/golang.org/x/mod/sumdb"
BUILD_SECONDS_MAX = 300
JUDGE_SECONDS_MAX = 60


@dataclass(frozen=True)
class GoVerdict:
    """What Go's packages say of one case."""

    accepted: bool
    reason: str
    size: int
    index: int
    signers: int


Case = dict[str, Any]


def checkpoint_case(keys: Sequence[str], origin: str, note: bytes) -> Case:
    return {"kind": "checkpoint", "keys": list(keys), "origin": origin, "note": _text(note)}


def receipt_case(keys: Sequence[str], origin: str, receipt: bytes, line: bytes) -> Case:
    return {"kind": "receipt", "keys": list(keys), "origin": origin, "note": _text(receipt), "line": _text(line)}


def consistency_case(keys: Sequence[str], origin: str, old: bytes, new: bytes, proof: Sequence[bytes]) -> Case:
    return {"kind": "consistency", "keys": list(keys), "origin": origin, "old": _text(old), "note": _text(new),
            "proof": [_text(each) for each in proof]}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class GoVerifier:
    """The built program; gone with `close`."""

    def __init__(self) -> None:
        program = shutil.which("go")
        if program is None or not PACKAGES.is_dir():
            missing = "Go or golang-golang-x-mod-dev is missing: apt-get install golang-go golang-golang-x-mod-dev"
            assert os.environ.get("CI") != "true", missing
            pytest.skip(missing)
        self.folder = Path(tempfile.mkdtemp(prefix="csa-go-", dir="/tmp"))
        self.program = self.folder / "verify"
        environment = {
            **os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOPROXY": "off", "GOFLAGS": "",
            "GOTOOLCHAIN": "local", "GOCACHE": str(self.folder / "cache")}
        built = subprocess.run(
            [program, "build", "-o", str(self.program), str(SOURCE)], env=environment, capture_output=True, text=True,
            timeout=BUILD_SECONDS_MAX, check=False)
        if built.returncode != 0:
            self.close()
            raise AssertionError(f"go build: {built.stdout}{built.stderr}")

    def judge(self, cases: Sequence[Case]) -> list[GoVerdict]:
        """A verdict for each case, in order."""
        done = subprocess.run(
            [str(self.program)], input="".join(json.dumps(case) + "\n" for case in cases), capture_output=True,
            text=True, timeout=JUDGE_SECONDS_MAX, check=False)
        assert done.returncode == 0, done.stderr
        verdicts = [GoVerdict(**json.loads(line)) for line in done.stdout.splitlines()]
        assert len(verdicts) == len(cases)
        return verdicts

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
