"""Stretches of days that no figure cuts: a range is widened to them, and those that overlap go together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import TypeVar

from ratings.period import Period
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


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces by day, those that overlap as one."""
    return [reduce(Piece.join, some) for _, some in spans(pieces, lambda piece: piece.days)]
