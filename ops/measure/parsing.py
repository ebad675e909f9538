"""Parses the DMARC reports of a folder with parsedmarc and prints how many rows they have and how long it took.

Runs in a Python of its own: requirements-reports.txt.
"""
from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import parsedmarc


def main() -> None:
    """Only what parses is timed."""
    files = sorted(Path(sys.argv[1]).iterdir())
    start = time.perf_counter()
    rows = 0
    for file in files:
        found = parsedmarc.parse_report_file(str(file), offline=True)
        rows += len(found["report"]["records"])
    print(json.dumps({"rows": rows, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
