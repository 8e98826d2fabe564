"""What really happened, beside the real code: every tap with its number, and where its copies are.

The product knows counts only; here each tap is told apart, so that "counted exactly once" and "destroyed with its last
copy" can be said of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ratings.period import Period
from ratings.scale import ZERO, Counts, Score, add, one
from ratings.table import COUNTED, REPEAT, SKIPPED, UNCHOSEN, Slice, Table


class Kind(StrEnum):
    """What goes wrong beside the network, the power, the disks and the databases, which do in all schedules."""

    NETWORK = "network, power, disks, databases"
    CLOCKS = "and clocks that are wrong, jump, or are not known"
    CARDS = "and cards that are moved, copied, rewound, burnt"


@dataclass(slots=True, eq=False)
class Tap:
    """One tap: the epoch that the card counted it under, and the local day; None under a clock that is not right."""

    terminal: str
    epoch: str
    question: str
    day: date | None
    score: Score
    language: str | None
    repeat: bool
    reason: str | None

    def enters(self, slice_: Slice) -> bool:
        """Whether a slice counts it (of repeats only the total knows)."""
        return slice_ is Slice.TOTAL or (not self.repeat and (slice_ is not Slice.REASON or self.reason is not None))

    def key(self, slice_: Slice) -> str:
        """Under which key a slice counts it, where the clock is right and nothing is pooled. Not for hours."""
        match slice_:
            case Slice.LANGUAGE:
                return self.language or UNCHOSEN
            case Slice.REASON:
                return self.reason or SKIPPED
            case _:
                return REPEAT if self.repeat else COUNTED


def carried(taps: Iterable[Tap], epoch: str, table: Table) -> list[Tap]:
    """The taps that a table of a card counts: a running period's are the first so many of those on the card."""
    days: Period = table.days
    found = [
        tap
        for tap in taps
        if tap.epoch == epoch
        and tap.question == table.question
        and tap.day is not None
        and tap.day in days
        and tap.enters(table.slice)
    ]
    assert len(found) >= table.n, f"{table} counts more than the {len(found)} taps on its card"
    return found[: table.n]


def sums(taps: Iterable[Tap]) -> Counts:
    """The four numbers of taps that are counted."""
    return add(ZERO, *(one(tap.score) for tap in taps if not tap.repeat))


class Where(NamedTuple):
    """Which table."""

    terminal: str
    epoch: str
    question: str
    slice: Slice
    period: str


class Tables:
    """Which taps tables count: of each the largest set, as a merge keeps it; several where they are equally large.

    Where a store has had two lives, neither of two sets may hold the other: the smaller one's own taps are outshone.
    """

    def __init__(self) -> None:
        self._sets: dict[Where, set[frozenset[Tap]]] = {}

    def merge(self, where: Where, taps: frozenset[Tap]) -> None:
        """Put in what one table counts."""
        here = self._sets.setdefault(where, {taps})
        size = len(next(iter(here)))
        if len(taps) > size:
            here.clear()
        if len(taps) >= size:
            here.add(taps)

    def of(self, terminal: str, slice_: Slice) -> dict[Where, set[frozenset[Tap]]]:
        """One terminal's tables of one slice."""
        return {w: sets for w, sets in self._sets.items() if (w.terminal, w.slice) == (terminal, slice_)}

    def taps(self, terminal: str, slice_: Slice) -> set[Tap]:
        """All taps that they count."""
        return {tap for sets in self.of(terminal, slice_).values() for taps in sets for tap in taps}

    def copy(self) -> Tables:
        """As it is now, for a backup."""
        other = Tables()
        other._sets = {where: set(sets) for where, sets in self._sets.items()}
        return other


@dataclass(slots=True)
class Figures:
    """What one schedule had in it, for the summary.

    `destroyed`: taps whose last copy is gone. `outshone`: taps of a rewound card that are on it still, but were counted
    under an epoch in which its other life had counted more, before anything told it so: see docs/decisions/0008.
    """

    events: Counter[str] = field(default_factory=Counter)
    taps: int = 0
    refused: int = 0
    destroyed: int = 0
    outshone: int = 0
    cut: int = 0

    def add(self, other: Figures) -> None:
        """Sum up."""
        self.events += other.events
        self.taps += other.taps
        self.refused += other.refused
        self.destroyed += other.destroyed
        self.outshone += other.outshone
        self.cut += other.cut
