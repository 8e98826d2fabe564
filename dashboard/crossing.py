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
    groups, trend = _less_what_is_known(groups, trend)
    if any(min(counts) < 0 for _, counts in groups):
        return True
    members = {each for terminals, _ in groups for each in terminals}
    # Terminals that are in the trend but in no group may have had any number of ratings, for what anybody knows.
    strangers = {each for piece in trend for each in piece.parts} - members
    for figure, parts in _runs(trend):
        there = [
            (counts, add(*(parts.get(each, ZERO) for each in terminals)))
            for terminals, counts in groups
            if not parts.keys().isdisjoint(terminals)
        ]
        most = add(ZERO, *(counts for counts, _ in there))
        outside = add(ZERO, *(counts for each, counts in parts.items() if each in strangers))
        if not strangers.isdisjoint(parts) and tells(outside, figure, threshold, others=most):
            return True
        for counts, hidden in there:
            others = subtract(most, counts) if strangers.isdisjoint(parts) else None
            if tells(hidden, figure, threshold, others=others, own=counts):
                return True
    rest = None if strangers else subtract(add(*(c for _, c in groups)), add(*(piece.counts for piece in trend)))
    if rest and (min(rest) < 0 or is_small(rest, threshold)):
        return True
    return any(_rest_tells(group, trend, rest, threshold) for group in groups)


def _less_what_is_known(groups: Sequence[Group], trend: Sequence[Told]) -> tuple[list[Group], list[Told]]:
    """Without the pieces of which it is known which group had them: the groups' other days, and the other pieces."""
    left, mixed = list(groups), list[Told]()
    for piece in trend:
        whose = [number for number, (names, _) in enumerate(groups) if piece.parts.keys() <= set(names)]
        for number in whose:
            names, counts = left[number]
            left[number] = (names, subtract(counts, piece.counts))
        if not whose:
            mixed.append(piece)
    return left, mixed


def _rest_tells(group: Group, trend: Sequence[Told], rest: Counts | None, threshold: int) -> bool:
    """Whether it follows what terminals had on the days that were not shown."""
    terminals, counts = group
    shown = add(ZERO, *(piece.counts for piece in trend if not piece.parts.keys().isdisjoint(terminals)))
    parts = add(ZERO, *(piece.parts.get(each, ZERO) for piece in trend for each in terminals))
    return tells(subtract(counts, parts), counts, threshold, others=shown, own=rest)


def _runs(trend: Sequence[Told]) -> Iterator[tuple[Counts, dict[str, Counts]]]:
    """The sum of each run of pieces one after the other, and what each terminal has in it."""
    for first in range(len(trend)):
        figure, parts = ZERO, dict[str, Counts]()
        for piece in trend[first:]:
            figure = add(figure, piece.counts)
            parts = parts | {each: add(parts.get(each, ZERO), counts) for each, counts in piece.parts.items()}
            yield figure, parts
