"""What a run has found: as a table for people, as JSON for machines, and beside an earlier run."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .bars import Line
from .legs import LEGS, Leg, Series

FORMAT = 1
REACHED = {True: "yes", False: "NO", None: ""}


@dataclass
class Report:
    """All of one run."""

    machine: dict[str, Any]
    settings: dict[str, str]
    options: dict[str, Any]
    facts: dict[str, Any]
    lines: list[Line]
    small: list[Series]
    full: list[Series]

    def write(self, path: Path) -> None:
        """Writes everything, leg by leg."""
        found = {
            "format": FORMAT, "machine": self.machine, "settings": self.settings, "options": self.options,
            "facts": self.facts, "table": [asdict(line) for line in self.lines],
            "series": {"small": [series.as_json() for series in self.small],
                       "full": [series.as_json() for series in self.full]}}
        path.write_text(json.dumps(found, indent=1) + "\n")

    def text(self) -> str:
        """What a person reads."""
        return "\n\n".join((_pairs("machine", self.machine), _pairs("Postgres", self.settings), self._costs(),
                            _pairs("further", self.facts), self._table())) + "\n"

    def _table(self) -> str:
        rows = [(line.title, number(line.ours), number(line.baseline), number(line.ratio), line.bar,
                 REACHED[line.reached]) for line in self.lines]
        head = ("row", "ours", "baseline", "ratio", "bar", "reached")
        note = f"{self.options['entries']:,} entries; medians of {LEGS} legs of each side, taken in turns"
        return table((head, *rows)) + "\n" + note

    def _costs(self) -> str:
        """CPU time and write-ahead log of each side, for one entry, line or query."""
        head = ("one unit costs", "service us", "postgres us", "client us", "WAL bytes", "service MB")
        sides = [(f"{series.name}, {side}", getattr(series, side))
                 for series in self.full for side in ("ours", "baseline")]
        rows = [_cost(title, legs) for title, legs in sides if legs]
        return table((head, *rows))


def _cost(title: str, legs: list[Leg]) -> tuple[str, ...]:
    legs = legs[-LEGS:]
    count = sum(leg.count for leg in legs)
    cpu = (sum(leg.cpu_seconds[name] for leg in legs) / count * 1e6 for name in ("service", "postgres", "client"))
    wal = sum(leg.wal_bytes for leg in legs) / count
    before, highest = (max(leg.peak_mb[name] for leg in legs) for name in ("service_before", "service"))
    return title, *map(number, cpu), number(wal), f"{before:.0f} -> {highest:.0f}"


def number(value: float | None) -> str:
    """A figure with as many digits as mean something."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows under a head, the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def laid(row: Sequence[str]) -> str:
        first, *others = zip(row, widths, strict=True)
        return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]).rstrip()

    head, *body = map(laid, rows)
    return "\n".join((head, "-" * (sum(widths) + 2 * len(widths) - 2), *body))


def _pairs(title: str, found: dict[str, Any]) -> str:
    text, lines = "", [title]
    for pair in (f"{name} {value}" for name, value in found.items()):
        if text and len(text) + len(pair) > 110:
            lines.append(f"    {text}")
            text = ""
        text += f"{' · ' if text else ''}{pair}"
    return "\n".join((*lines, f"    {text}"))


def compared(now: Iterable[Line], path: Path) -> str:
    """The lines that an earlier run has as well, with what became of them."""
    earlier = json.loads(path.read_text())
    if earlier.get("format") != FORMAT:
        raise ValueError(f"{path} is not of this ops/bench")
    then = {line["title"].strip(): line for line in _titled(earlier["table"])}
    rows = [("row", "ours then", "now", "change", "ratio then", "now", "reached then", "now")]
    for line in _titled([asdict(line) for line in now]):
        old = then.get(line["title"].strip())
        if old:
            rows.append((
                line["title"], number(old["ours"]), number(line["ours"]),
                f"{line['ours'] / old['ours'] - 1:+.0%}" if old["ours"] else "", number(old["ratio"]),
                number(line["ratio"]), REACHED[old["reached"]], REACHED[line["reached"]]))
    which = f"countersign {earlier['machine']['countersign']}, {earlier['options']['entries']:,} entries"
    return f"compared with {path}: {which}\n{table(rows)}"


def _titled(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines whose titles say by themselves what they are about: an indented one belongs to the one above."""
    found, above = [], ""
    for line in lines:
        if not line["title"].startswith(" "):
            above = re.sub(r"(, p[0-9]+)?, [^,]*$", "", line["title"])
            found.append(line)
        else:
            found.append(line | {"title": f"{above}, {line['title'].strip()}"})
    return found
