"""Another implementation beside ours: what both say, and why they differ where they do.

A difference counts as explained only by a habit of the other side that can be taken away: with it gone, the other side
says what we say. Taking away a habit that has nothing to do with the case changes nothing, so it explains nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import combinations

TAKEN_AWAY_MAX = 4

Corrected = Callable[[frozenset[str]], str]


def smallest(habits: Mapping[str, str], agrees: Callable[[frozenset[str]], bool]) -> frozenset[str] | None:
    """The fewest habits without which the other side agrees; None if it never does."""
    for count in range(1, TAKEN_AWAY_MAX + 1):
        for chosen in combinations(habits, count):
            if agrees(frozenset(chosen)):
                return frozenset(chosen)
    return None


class Comparison:
    """Counts the verdicts of both sides, and the habits that explain where they part."""

    def __init__(self, habits: Mapping[str, str]) -> None:
        """`habits`: by name, each as a sentence that says what the other side does and which rule says otherwise."""
        self._habits = habits
        self.verdicts: Counter[tuple[str, str]] = Counter()
        self.explained: Counter[str] = Counter()
        self.differences = 0
        self.unexplained: list[str] = []

    def add(self, case: Callable[[], str], ours: str, corrected: Corrected) -> None:
        """Compares one verdict, which is counted by its first word. `corrected` gives the other side's without some of
        its habits; `case` shows what was judged."""
        theirs = corrected(frozenset())
        self.verdicts[ours.partition(" ")[0], theirs.partition(" ")[0]] += 1
        if ours == theirs:
            return
        self.differences += 1
        reasons = smallest(self._habits, lambda gone: corrected(gone) == ours)
        if reasons is None:
            self.unexplained.append(f"ours {ours}, theirs {theirs}: {case()}")
        else:
            self.explained.update(reasons)

    def text(self, seed: int, other: str) -> str:
        """Seed, coverage and the rules, for the summary of a run."""
        total = sum(self.verdicts.values())
        rows = [f"seed {seed}: {total} verdicts, {self.differences} unlike {other}'s, "
                f"{len(self.unexplained)} unexplained; ours, {other}'s, how often:"]
        rows += [f"  {ours:22} {theirs:22} {count:6}" for (ours, theirs), count in sorted(self.verdicts.items())]
        rows.append(f"what explains the differences, a habit of {other} each (a case may have several):")
        rows += [f"  {self.explained[name]:6}  {sentence}" for name, sentence in self._habits.items()]
        return "\n".join(rows)
