"""Adds up what the test runners reported: a row for each suite, and the line that counts."""

from __future__ import annotations

import argparse
import os
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Counts:
    """The tests of one suite."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def add(self, case: ElementTree.Element) -> None:
        self.seconds += float(case.get("time", 0))
        if case.find("failure") is not None or case.find("error") is not None:
            self.failed += 1
        elif case.find("skipped") is not None:
            self.skipped += 1
        else:
            self.passed += 1


def suite_name(case: ElementTree.Element, source: Path) -> str:
    """The Swift test target or the file of acceptance tests that a case belongs to."""
    name = case.get("classname", "").split(".")
    if source.stem.startswith("swift"):
        return f"swift {name[0]}"
    return next((part for part in name if part.startswith("test_")), name[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--format", choices=["passed", "failed"])
    parser.add_argument("--release", choices=["passed", "failed"], help="how the release build ended")
    parser.add_argument("--swift-status", type=int, default=0, help="what `swift test` ended with")
    options = parser.parse_args()
    suites: defaultdict[str, Counts] = defaultdict(Counts)
    for name, ended in (("formatter", options.format), ("release build", options.release)):
        if ended:
            suites[name] = Counts(passed=ended == "passed", failed=ended == "failed")
    for source in sorted(options.results.glob("*.xml")):
        for case in ElementTree.parse(source).iter("testcase"):
            suites[suite_name(case, source)].add(case)
    if options.swift_status and not any(counts.failed for name, counts in suites.items() if name.startswith("swift")):
        suites["swift (ended before its end)"] = Counts(failed=1)
    print(f"\n{'suite':36} {'passed':>7} {'failed':>7} {'skipped':>7} {'seconds':>8}")
    for name, counts in sorted(suites.items()):
        print(f"{name:36} {counts.passed:7} {counts.failed:7} {counts.skipped:7} {counts.seconds:8.1f}")
    passed, failed, skipped = (sum(getattr(each, what) for each in suites.values()) for what in (
        "passed", "failed", "skipped"))
    if skipped and os.environ.get("CI") == "true":
        print("a skipped test is a failure where CI=true")
        failed += skipped
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
