"""What `countersign verify --json` says."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass

#: The checks that a finding may name; a closed list.
CHECKS = re.compile(
    r"line|seq|origin|previous|leaf_hash|recorded_at|column:[a-z_]+|entry_key|disclosure|key|subject|tile|head|hour|"
    r"rollup|watermark|token|ledger|evidence|identity|report|erasure|hold|migration|checkpoint|signing_key|timestamp|"
    r"truncated|orphan")

EXIT_INTACT, EXIT_BROKEN, EXIT_USAGE, EXIT_COULD_NOT_RUN = range(4)


class CouldNotRun(AssertionError):
    """`verify` gave no verdict."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and where."""

    check: str
    reason: str
    seq: int | None
    table: str | None


@dataclass(frozen=True)
class Verdict:
    """The judgement over one ledger."""

    ledger: str
    size: int
    root: str
    is_intact: bool
    broken: int
    findings: tuple[Finding, ...]
    findings_total: int

    @staticmethod
    def read(done: subprocess.CompletedProcess[bytes]) -> Verdict:
        """The verdict that a finished `verify` printed; exit status and text must agree."""
        said = f"exit {done.returncode}\n{done.stdout.decode()[-3000:]}\n{done.stderr.decode()[-3000:]}"
        if done.returncode not in (EXIT_INTACT, EXIT_BROKEN):
            raise CouldNotRun(said)
        value = json.loads(done.stdout)
        findings = tuple(
            Finding(each["check"], each["reason"], each.get("seq"), each.get("table")) for each in value["findings"])
        verdict = Verdict(
            value["ledger"], value["size"], value["root"], value["verdict"] == "intact", value["broken"], findings,
            value["findings_total"])
        assert value["verdict"] in ("intact", "broken"), said
        assert verdict.is_intact == (done.returncode == EXIT_INTACT), f"verdict and exit status differ: {said}"
        assert verdict.is_intact == (verdict.findings_total == 0), f"verdict and findings differ: {said}"
        assert len(findings) <= min(100, verdict.findings_total), said
        unknown = {each.check for each in findings if not CHECKS.fullmatch(each.check)}
        assert not unknown, f"verify names checks that nobody knows: {unknown}"
        return verdict

    @property
    def checks(self) -> set[str]:
        """The names of the checks that found something."""
        return {finding.check for finding in self.findings}

    def __str__(self) -> str:
        if self.is_intact:
            return f"intact, {self.size} entries"
        first = "; ".join(f"{each.check} seq={each.seq}: {each.reason}" for each in self.findings[:3])
        return f"broken ({self.broken} entries, {self.findings_total} findings): {first}"
