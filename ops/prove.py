"""Breaks the product on purpose, one fault at a time, and demands that the suite named in the fault turns red.

Called by `ops/test --prove`. Works in a copy of the tree (.build-prove), so the checkout stays as it is.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPY = ROOT / ".build-prove" / "tree"
SUITE_SECONDS_MAX = 1_500
#: Enough for a suite to notice, and no more.
FAST = ["--kills", "4", "--entries", "1500", "--examples", "10", "-x"]


class Unusable(Exception):
    """A fault that cannot be tried; the message says why."""


@dataclass
class Fault:
    """One way to break the product: texts to replace, and the suite that must notice."""

    name: str
    reason: str
    suite: str
    changes: list[tuple[str, str, str]] = field(default_factory=list)

    @staticmethod
    def read(path: Path) -> Fault:
        """Reads the form that ops/faults/README.md describes."""
        reason, suite, changes = "", "", []
        file, part = "", ""
        texts: dict[str, list[str]] = {}
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if line in ("--- find", "--- replace", "--- end"):
                part = line.removeprefix("--- ")
                if part == "end":
                    changes.append((file, "\n".join(texts["find"]), "\n".join(texts.get("replace", []))))
                    texts, part = {}, ""
                else:
                    texts[part] = []
            elif part:
                texts[part].append(line)
            elif line.startswith("# "):
                reason = line.removeprefix("# ")
            elif line.startswith("suite: "):
                suite = line.removeprefix("suite: ")
            elif line.startswith("file: "):
                file = line.removeprefix("file: ")
            elif line.strip():
                raise Unusable(f"{path.name}:{number} is neither a comment, a suite, a file nor a part")
        if not (reason and suite and changes) or part:
            raise Unusable(f"{path.name} lacks its reason, its suite, a change or an end")
        return Fault(path.stem, reason, suite, changes)

    def broken_texts(self) -> dict[str, str]:
        """The files as they are with this fault; each text to find must be there exactly once."""
        broken: dict[str, str] = {}
        for file, find, replace in self.changes:
            text = broken.get(file) or (COPY / file).read_text()
            if text.count(find) != 1:
                raise Unusable(f"{self.name}: its text is {text.count(find)} times in {file}, and must be there once")
            broken[file] = text.replace(find, replace)
        return broken


@dataclass
class Run:
    """What came of one run of a suite."""

    passed: int
    failures: list[str]
    log: str


def refresh_copy() -> None:
    """Makes the copy equal to the checkout; files that did not change keep their times, so builds stay incremental."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)
    names = [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()] + ["Package.resolved"]
    for name in names:
        source, target = ROOT / name, COPY / name
        if not source.exists() or (target.exists() and target.read_bytes() == source.read_bytes()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        target.chmod(source.stat().st_mode)
    wanted = set(names)
    for path in COPY.rglob("*"):
        inside = path.relative_to(COPY)
        if path.is_file() and inside.parts[0] != ".build" and str(inside) not in wanted:
            path.unlink()
    shared = ROOT.parent / "shared"
    link = COPY.parent / "shared"
    if shared.exists() and not link.exists():
        link.symlink_to(shared)


def build(with_tests: bool) -> None:
    """Builds the copy; a fault has to compile."""
    done = subprocess.run(
        ["swift", "build", *(["--build-tests"] if with_tests else ["--product", "countersign"])], cwd=COPY,
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unusable("does not compile:\n" + "\n".join(done.stdout.splitlines()[-25:]))


def run_suite(suite: str) -> Run:
    """Runs one suite against the copy's binary."""
    results = COPY.parent / "results.xml"
    for old in COPY.parent.glob("results*.xml"):
        old.unlink()
    kind, _, name = suite.partition(" ")
    if kind == "swift":
        command = ["swift", "test", "--skip-build", "--disable-xctest", "--xunit-output", str(results),
                   "--filter", name]
    else:
        expression = ["-k", name] if name else []
        command = [sys.executable, "-m", "pytest", "-c", "Tests/Acceptance/pytest.ini", "--rootdir",
                   "Tests/Acceptance", "Tests/Acceptance", "-q", "-m", kind, *expression, *FAST, "--junitxml",
                   str(results)]
    environment = {**os.environ, "COUNTERSIGN_BINARY": str(COPY / ".build/debug/countersign")}
    done = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True, check=False,
                          timeout=SUITE_SECONDS_MAX)
    passed, failures = 0, []
    for source in COPY.parent.glob("results*.xml"):
        for case in ElementTree.parse(source).iter("testcase"):
            failure = case.find("failure")
            failure = case.find("error") if failure is None else failure
            if failure is None:
                passed += 1
            else:
                first = (failure.get("message") or "").strip().splitlines()[:1]
                failures.append(f"{case.get('name')}: {first[0][:160] if first else ''}")
    return Run(passed, failures, done.stdout[-4000:] + done.stderr[-2000:])


def try_fault(fault: Fault) -> str | None:
    """Breaks the copy, runs the suite, restores; gives what is wrong with the proof, or None."""
    broken = fault.broken_texts()
    whole = {file: (COPY / file).read_text() for file in broken}
    began = time.monotonic()
    try:
        for file, text in broken.items():
            (COPY / file).write_text(text)
        build(with_tests=fault.suite.startswith("swift"))
        run = run_suite(fault.suite)
    finally:
        for file, text in whole.items():
            (COPY / file).write_text(text)
    if not run.failures:
        return f"{fault.suite} stays green ({run.passed} passed)\n{run.log if not run.passed else ''}"
    print(f"  red   {fault.name} ({time.monotonic() - began:.0f} s): {fault.reason}\n        {fault.suite}: "
          f"{run.failures[0]}", flush=True)
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="faults to try (default: all)")
    options = parser.parse_args()
    paths = sorted((ROOT / "ops/faults").glob("*.fault"))
    unknown = set(options.names) - {path.stem for path in paths}
    if unknown or not paths:
        print(f"there is no fault {', '.join(sorted(unknown)) or 'at all'} in ops/faults", file=sys.stderr)
        return 2
    chosen = [Fault.read(path) for path in paths if not options.names or path.stem in options.names]
    # Faults of one module follow each other, so what stands upon it is built fewer times.
    chosen.sort(key=lambda fault: (fault.changes[0][0], fault.name))
    print(f"building a copy of the tree in {COPY.parent}; the first time this takes minutes", flush=True)
    refresh_copy()
    build(with_tests=any(fault.suite.startswith("swift") for fault in chosen))
    problems: list[str] = []
    for suite in sorted({fault.suite for fault in chosen}):
        run = run_suite(suite)
        print(f"  green {suite}: {run.passed} passed without a fault", flush=True)
        if run.failures or not run.passed:
            problems.append(f"{suite} is not green without a fault: {run.failures[:3]}\n{run.log}")
    for fault in chosen if not problems else []:
        try:
            problem = try_fault(fault)
        except (Unusable, subprocess.TimeoutExpired) as reason:
            problem = str(reason)
        if problem:
            problems.append(f"{fault.name}: {problem}")
            print(f"  ????? {problems[-1]}", flush=True)
    print("\n".join(problems))
    print(f"{len(chosen) - len(problems)} passed, {len(problems)} failed, 0 skipped")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
