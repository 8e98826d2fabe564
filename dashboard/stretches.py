"""Stretches of days that no figure cuts: a range is widened to them, and those that overlap go together.

And which of them would make a sum coarse for little: `coarse`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import reduce
from typing import TypeVar

from ratings.period import DAY, Period
from ratings.pooling import Piece

T = TypeVar("T")


def widened(stretches: Iterable[Period], asked: Period) -> Period:
    """The range with all of every stretch that it cuts."""
    everything, days = list(stretches), asked
    while True:
        inside = [each for each in everything if each.overlaps(days)]
        wider = Period(min([days.first, *(s.first for s in inside)]), max([days.last, *(s.last for s in inside)]))
        if wider == days:
            return days
        days = wider


def spans(items: Iterable[T], days: Callable[[T], Period]) -> list[tuple[Period, list[T]]]:
    """Items by day, those that overlap together: the days of all, and the items."""
    spans: list[tuple[Period, list[T]]] = []
    for item in sorted(items, key=lambda each: days(each)):
        if spans and spans[-1][0].overlaps(days(item)):
            span, some = spans[-1]
            some.append(item)
            spans[-1] = Period(span.first, max(span.last, days(item).last)), some
        else:
            spans.append((days(item), [item]))
    return spans


MONTH, QUARTER = timedelta(days=31), timedelta(days=92)
"""What is longer is of several months, of several quarters."""

LEFT_OUT = 10
"""Of a sum, at most one rating in so many is left out to have the others in finer parts."""


def coarse(numbers: Mapping[Period, int], usual: timedelta = MONTH) -> set[Period]:
    """The stretches longer than is usual to leave out of a sum, so that the others are told in more parts.

    `numbers`: how many ratings are published of each stretch, all that overlap together. The longest go first, those of
    one length together, and no more than it takes. What all of an overlapping lot would lose is at most a tenth of it:
    otherwise it stays together. Follows from published figures alone, and whatever range is asked for.
    """
    found: set[Period] = set()
    for _, some in spans(numbers, lambda days: days):
        found |= _coarse({days: numbers[days] for days in some}, usual)
    return found


def _coarse(numbers: Mapping[Period, int], usual: timedelta) -> set[Period]:
    best: set[Period] = set()
    parts = 1
    for least in sorted({_length(days) for days in numbers if _length(days) > usual}, reverse=True):
        out = {days for days in numbers if _length(days) >= least}
        if LEFT_OUT * sum(numbers[days] for days in out) > sum(numbers.values()):
            break
        finer = len(spans(numbers.keys() - out, lambda days: days))
        if finer > parts:
            best, parts = out, finer
    return best


def _length(days: Period) -> timedelta:
    return days.last - days.first + DAY


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces by day, those that overlap as one."""
    return [reduce(Piece.join, some) for _, some in spans(pieces, lambda piece: piece.days)]
