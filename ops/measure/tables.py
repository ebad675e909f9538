"""Text for people: tables, and pairs of a name and a value."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LINE_MAX = 110


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


def pairs(title: str, found: dict[str, Any]) -> str:
    """Names and values in as few lines as hold them."""
    text, lines = "", [title]
    for pair in (f"{name} {value}" for name, value in found.items()):
        if text and len(text) + len(pair) > LINE_MAX:
            lines.append(f"    {text}")
            text = ""
        text += f"{' · ' if text else ''}{pair}"
    return "\n".join((*lines, f"    {text}"))
