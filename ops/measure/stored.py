"""Prints the tables of a run that --json has kept: `ops/bench --table FILE`. Needs nothing that is installed."""
from __future__ import annotations

import sys

from .options import parser
from .report import Report


def main() -> int:
    """Prints, and answers with an exit status."""
    found = parser().parse_args()
    try:
        report = Report.read(found.table)
    except (ValueError, KeyError, TypeError) as fault:
        print(f"ops/bench: {found.table}: {fault}", file=sys.stderr)
        return 2
    print(report.markdown() if found.markdown else report.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
