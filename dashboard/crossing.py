"""Where the same ratings are shown by days (the trend) and by terminals (a block): what the two tell together.

A terminal that had nearly all of a month, and a week that others had: then what is over in that week must be the
terminal's, however few. A block that would tell so much is not formed. Knows no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboard.worth import is_small, tells
from ratings.period import Period
from ratings.scale import ZERO, Counts, add, subtract

Group = tuple[tuple[str, ...], Counts]
"""Terminals whose sum is shown, and that sum."""


@dataclass(frozen=True, slots=True)
class Told:
    """A piece of a site's trend that was shown, and (hidden) what each terminal has in it."""

    days: Period
    counts: Counts
    parts: Mapping[str, Counts]


def within(days: Period, trend: Sequence[Told]) -> list[Told]:
    """The pieces that lie in some days, in order."""
    return sorted((piece for piece in trend if days.covers(piece.days)), key=lambda piece: piece.days)


def give_away(groups: Sequence[Group], trend: Sequence[Told], threshold: int) -> bool:
    """Whether sums by terminals, shown beside pieces of the same days, tell something of a smaller part of both."""
    if not trend:
        return False
    members = {each for terminals, _ in groups for each in terminals}
    whole = add(*(counts for _, counts in groups))
    for figure, parts in _runs(trend):
        there = [
            (counts, add(*(parts.get(each, ZERO) for each in terminals)))
            for terminals, counts in groups
            if not parts.keys().isdisjoint(terminals)
        ]
        most = add(*(counts for counts, _ in there))
        outside = add(*(counts for each, counts in parts.items() if each not in members))
        if parts.keys() - members:
            # Terminals that are in the trend but in no group may have had all of it, for what anybody knows.
            if tells(outside, figure, most, threshold):
                return True
        elif any(tells(hidden, figure, subtract(most, counts), threshold) for counts, hidden in there):
            return True
    if any(piece.parts.keys() - members for piece in trend):
        return False
    rest = subtract(whole, add(*(piece.counts for piece in trend)))
    if min(rest) < 0 or is_small(rest, threshold):
        return True
    return any(
        tells(
            subtract(counts, add(*(piece.parts.get(each, ZERO) for piece in trend for each in terminals))),
            rest,
            subtract(whole, counts),
            threshold,
        )
        for terminals, counts in groups
    )


def _runs(trend: Sequence[Told]) -> Iterator[tuple[Counts, dict[str, Counts]]]:
    """The sum of each run of pieces one after the other, and what each terminal has in it."""
    for first in range(len(trend)):
        figure, parts = ZERO, dict[str, Counts]()
        for piece in trend[first:]:
            figure = add(figure, piece.counts)
            parts = parts | {each: add(parts.get(each, ZERO), counts) for each, counts in piece.parts.items()}
            yield figure, parts
