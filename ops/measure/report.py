"""What a run has found: as tables for people, as JSON for machines, and beside an earlier run."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from . import sections
from .bars import Line
from .legs import LEGS, LONG_LEGS, Series, whole_legs
from .tables import number, pairs, table

FORMAT = 1
REACHED = {True: "yes", False: "NO", None: ""}
HEAD = ("row", "ours", "baseline", "ratio", "bar", "reached")


@dataclass
class Report:
    """All of one run."""

    machine: dict[str, Any]
    settings: dict[str, str]
    options: dict[str, Any]
    facts: dict[str, Any]
    # Table or index, part, bytes for each entry.
    disk: list[tuple[str, str, float]]
    lines: list[Line]
    small: list[Series]
    full: list[Series]

    def write(self, path: Path) -> None:
        """Writes everything, leg by leg."""
        found = {
            "format": FORMAT, "machine": self.machine, "settings": self.settings, "options": self.options,
            "facts": self.facts, "disk": self.disk, "table": [asdict(line) for line in self.lines],
            "series": {"small": [series.as_json() for series in self.small],
                       "full": [series.as_json() for series in self.full]}}
        path.write_text(json.dumps(found, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """A report as `write` has it; one that was written earlier may know less."""
        found = _stored(path)
        small, full = ([Series.from_json(series) for series in found["series"][side]] for side in ("small", "full"))
        return cls(found["machine"], found["settings"], found["options"], found["facts"], found.get("disk", []),
                   [Line(**line) for line in found["table"]], small, full)

    def text(self) -> str:
        """What a person reads: the table that is judged comes last."""
        parts = (pairs("machine", self.machine), pairs("Postgres", self.settings), sections.costs(self.full),
                 sections.waits(self.full), sections.pages(self.full), sections.latencies(self.full),
                 sections.histograms(self.full), sections.disk(self.disk), pairs("further", self.facts),
                 table((HEAD, *self._rows())), self._said())
        return "\n\n".join(part for part in parts if part) + "\n"

    def markdown(self) -> str:
        """The table that is judged, for a README."""
        head, rule = f"| {' | '.join(HEAD)} |", f"|---|{'---:|' * (len(HEAD) - 1)}"
        rows = (f"| {' | '.join(cell.replace('    ', '… ') for cell in row)} |" for row in self._rows())
        return "\n".join((head, rule, *rows, "", self._said()))

    def _rows(self) -> list[tuple[str, ...]]:
        return [(line.title, number(line.ours), number(line.baseline), number(line.ratio), line.bar,
                 REACHED[line.reached]) for line in self.lines]

    def _said(self) -> str:
        entries = self.options["entries"]
        fewer = "" if whole_legs(entries) == LEGS else f" ({LONG_LEGS} of what reads all)"
        where = f"{self.machine['cores']} cores ({self.machine['cpu']}), {self.machine['date'][:10]}"
        return (f"{entries:,} entries, {where}, {self.machine['countersign']}; "
                f"medians of {LEGS} legs of each side{fewer}, taken in turns")


def _stored(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    if found.get("format") != FORMAT:
        raise ValueError(f"{path} is not of this ops/bench")
    return found


def compared(now: Iterable[Line], path: Path) -> str:
    """The lines that an earlier run has as well, with what became of them, and the titles of the others."""
    earlier = _stored(path)
    then, lines = ({line["title"]: line for line in _titled(found)}
                   for found in (earlier["table"], [asdict(line) for line in now]))
    rows = [("row", "ours then", "now", "change", "ratio then", "now", "reached then", "now")]
    for title in (title for title in lines if title in then):
        old, line = then[title], lines[title]
        rows.append((
            title, number(old["ours"]), number(line["ours"]),
            f"{line['ours'] / old['ours'] - 1:+.0%}" if old["ours"] else "", number(old["ratio"]),
            number(line["ratio"]), REACHED[old["reached"]], REACHED[line["reached"]]))
    which = f"countersign {earlier['machine']['countersign']}, {earlier['options']['entries']:,} entries"
    only = [f"only {when}: {'; '.join(titles)}" for when, titles in (
        ("then", [title for title in then if title not in lines and not then[title]["is_further"]]),
        ("now", [title for title in lines if title not in then and not lines[title]["is_further"]])) if titles]
    return "\n".join((f"compared with {path}: {which}", table(rows), *only))


def _titled(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines whose titles say by themselves what they are about: an indented one belongs to the one above."""
    found, above = [], ""
    for line in lines:
        if not line["title"].startswith(" "):
            above = re.sub(r"(, p[0-9]+)?, [^,]*$", "", line["title"])
            found.append(line | {"is_further": False})
        else:
            found.append(line | {"title": f"{above}, {line['title'].strip()}", "is_further": True})
    return found
