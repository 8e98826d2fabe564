"""Pooling: no key, and no piece of trend, with fewer ratings than a minimum is let out.

Used twice: at the source before a table leaves the terminal, and on the page with the page's threshold.
Knows nothing of stores or time of day. Counts go in and come out; no rating is lost or moved to another score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ratings.period import Period
from ratings.scale import ZERO, Counts, add
from ratings.table import OTHER, Cells, Slice, parse_hour, stretch_key

T = TypeVar("T")

LEAST = 5
"""No minimum may be set below this (OsloMet: data on groups of 5 or fewer count as linkable to persons)."""


def pool(slice_: Slice, cells: Cells, minimum: int) -> Cells:
    """Pool the keys of one `language`, `hour` or `reason` table so that each has at least `minimum` ratings.

    Small languages and reasons join `other`; small hours join longer stretches of the same weekday, small
    weekdays join those beside them, what is left joins `other`; an `other` still too small takes in the next
    smallest key. Keys without ratings are left out. Only where all ratings sit in one key may it be smaller.
    """
    filled = {key: counts for key, counts in cells.items() if sum(counts)}
    if slice_ is Slice.HOUR:
        filled = _pool_hours(filled, minimum)
    return _pool_smallest(filled, minimum)


def _pool_smallest(cells: Cells, minimum: int) -> Cells:
    kept = dict(cells)
    other = kept.pop(OTHER, ZERO)
    small = [key for key, counts in kept.items() if sum(counts) < minimum]
    if not small and (not sum(other) or sum(other) >= minimum):
        return cells
    if len(cells) == 1:
        return cells
    other = add(other, *(kept.pop(key) for key in small))
    while kept and sum(other) < minimum:
        smallest = min(kept, key=lambda key: (sum(kept[key]), key))
        other = add(other, kept.pop(smallest))
    return kept | {OTHER: other}


def _pool_hours(cells: Cells, minimum: int) -> Cells:
    """Join small hours along each weekday, then small weekdays that lie beside each other."""
    pooled = {key: counts for key, counts in cells.items() if parse_hour(key) is None}
    by_day: dict[int, Cells] = {day: {} for day in range(1, 8)}
    spoken_for: set[int] = set()
    for key, counts in cells.items():
        if stretch := parse_hour(key):
            by_day[stretch[0]][key] = counts
            if stretch[0] != stretch[1]:
                spoken_for |= set(range(stretch[0], stretch[1] + 1))
    whole: dict[int, Counts] = {}
    for day, hours in by_day.items():
        if day in spoken_for:
            # Weekdays that were pooled already (at the source) stay as they are: a new stretch might overlap them.
            pooled |= hours
        elif 0 < sum(add(*hours.values())) < minimum:
            whole[day] = add(*hours.values())
        else:
            pooled |= _stretches(day, hours, minimum)
    return pooled | _weekdays(whole, minimum)


def _stretches(day: int, hours: Cells, minimum: int) -> Cells:
    """Stretches of one weekday that has at least `minimum` ratings.

    A small hour opens a stretch where the key before it ended, so that a stretch does not tell at which hour
    its first visitor came.
    """
    done: list[tuple[int, int, Counts]] = []
    begin, carried = 0, ZERO
    for _, _, start, end, counts in sorted((*parse_hour(key), counts) for key, counts in hours.items()):  # type: ignore[misc]
        if not sum(carried) and sum(counts) >= minimum:
            done.append((start, end, counts))
            begin = end
        elif sum(carried := add(carried, counts)) >= minimum:
            done.append((begin, end, carried))
            begin, carried = end, ZERO
    if sum(carried):
        start, _, counts = done.pop()
        done.append((start, 24, add(counts, carried)))
    return {stretch_key(day, day, start, end): counts for start, end, counts in done}


def _weekdays(whole: dict[int, Counts], minimum: int) -> Cells:
    """Small weekdays beside each other become one key; those left alone go to `other` afterwards."""
    pooled: Cells = {}
    run: list[int] = []
    for day in range(1, 9):
        if day in whole:
            run.append(day)
            if sum(add(*(whole[each] for each in run))) < minimum:
                continue
        if run:
            pooled[stretch_key(run[0], run[-1], 0, 24)] = add(*(whole[each] for each in run))
            run = []
    return pooled


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a trend and its counts."""

    days: Period
    counts: Counts

    @property
    def n(self) -> int:
        """How many ratings the piece holds."""
        return sum(self.counts)

    def join(self, other: Piece) -> Piece:
        """The two as one piece, from the first day of the earlier to the last day of the later."""
        span = Period(min(self.days.first, other.days.first), max(self.days.last, other.days.last))
        return Piece(span, add(self.counts, other.counts))


def hold_one_back(pieces: Iterable[Piece], minimum: int, *, complete: bool) -> tuple[list[Piece], list[Piece]]:
    """Gather the pieces of one month or block, in order, so that nothing below `minimum` can be had by subtraction.

    A piece below the minimum is carried into the next. A gathered piece is let out only when the next one has
    reached the minimum too; when the pieces are `complete` (the month is over), what remains joins the piece
    held back. Returns the gathered pieces that may be let out, and the original pieces that are held.
    """
    gathered: list[list[Piece]] = []
    carried: list[Piece] = []
    for piece in pieces:
        carried.append(piece)
        if sum(each.n for each in carried) >= minimum:
            gathered.append(carried)
            carried = []
    if complete:
        if carried and gathered:
            gathered[-1] += carried
        elif carried:
            gathered.append(carried)
        return [_joined(group) for group in gathered], []
    held = gathered.pop() if gathered else []
    return [_joined(group) for group in gathered], held + carried


def _joined(group: Sequence[Piece]) -> Piece:
    whole = group[0]
    for piece in group[1:]:
        whole = whole.join(piece)
    return whole


def group_small(items: Iterable[tuple[T, int]], minimum: int, order: Callable[[T], str] = str) -> list[list[T]]:
    """Divide items (with their numbers of ratings) into groups of at least `minimum` ratings.

    Smallest first: an item below the minimum is joined with the next smallest. One group may be smaller, when
    it is the only one. Used for terminals inside a site's block.
    """
    groups: list[list[T]] = []
    carried: list[T] = []
    weight = 0
    for item, n in sorted(items, key=lambda pair: (pair[1], order(pair[0]))):
        carried.append(item)
        weight += n
        if weight >= minimum:
            groups.append(carried)
            carried, weight = [], 0
    if carried and groups:
        groups[-1] += carried  # 6, 7 and 8 with a minimum of 10: the 8 is left over, and joins the two.
    elif carried:
        groups.append(carried)
    return groups
