"""Months from left to right, percentages from bottom to top: what charts over time share. Knows no figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from matplotlib.artist import Artist
from matplotlib.lines import Line2D

from dashboard.charts.style import LINE, Size, hidden, text
from dashboard.language import Words
from ratings.period import Grain, Period, periods_between

LEFT, RIGHT, BOTTOM = 46, 6, 46
_GAP = 0.16

QUARTERS = (0, 25, 50, 75, 100)
"""The percentages that have a line."""

_NAME, _LETTER, _EVERY_THIRD = 34, 10, 4
"""So wide, in pixels, is a month that has room for its short name, for a letter, for a letter of each quarter."""

_YEAR = 40
"""So far apart years are written."""


def level(y: float, name: str, left: float, right: float, pixels: int) -> Iterable[Artist]:
    """A line of the grid, and left of it what it stands for."""
    yield Line2D([left, right], [y, y], color=LINE, linewidth=1, gid="grid")
    yield text(left - 8, y - 4, name, "axis", "right", pixels)


def percentages(up: Callable[[float], float], left: float, right: float, say: Words, pixels: int) -> Iterable[Artist]:
    """A line at each quarter; `up`: how high a percentage lies."""
    for percent in QUARTERS:
        yield from level(up(percent), say.percent(percent), left, right, pixels)


def month_names(
    months: Sequence[tuple[Period, tuple[float, float]]], say: Words, pixels: int, *, left: float = 0.0
) -> Iterable[Artist]:
    """Names below the axis of months that lie from where to where, as many as there is room for, and their years.

    A year stands below its January, and below the first month unless that is too near. None begins left of `left`.
    """
    widest = max(right - left for _, (left, right) in months)
    middles = [(month, (begin + end) / 2) for month, (begin, end) in months]
    for (month, middle), (_, (begin, end)) in zip(middles, months, strict=True):
        name = say.months_short(month)
        if widest > _NAME:
            shown = name if end - begin > _NAME else ""
        else:
            is_named = widest > _LETTER or (widest > _EVERY_THIRD and month.first.month % 3 == 1)
            shown = name[:1].upper() if is_named else ""
        if shown:
            yield text(middle, BOTTOM - 19, shown, "axis", "center", pixels)
    years = [(month, middle) for month, middle in middles if month.first.month == 1]
    if not years or years[0][1] - middles[0][1] > _YEAR:
        years.insert(0, middles[0])
    said = -math.inf
    for month, middle in years:
        if middle - said > _YEAR:
            yield text(max(middle, left + 14), BOTTOM - 37, f"{month.first.year}", "axis", "center", pixels)
            said = middle


@dataclass(frozen=True)
class MonthAxis:
    """Where months and percentages lie on a drawing; pixels kept free: `above` 100 %, `left` for what the grid says."""

    span: Period
    size: Size
    above: int
    left: int = LEFT

    @cached_property
    def months(self) -> list[Period]:
        """From left to right."""
        return list(periods_between(Grain.MONTH, self.span.first, self.span.last))

    @property
    def step(self) -> float:
        """The width of a month."""
        return (self.size.width - self.left - RIGHT) / len(self.months)

    @property
    def has_room(self) -> bool:
        """Whether a month is wide enough for its short name."""
        return self.step > _NAME

    def across(self, days: Period) -> tuple[float, float]:
        """From where to where some months lie."""
        first = next(number for number, month in enumerate(self.months) if month.last >= days.first)
        last = next(number for number, month in enumerate(self.months) if month.last >= days.last)
        return self.left + first * self.step, self.left + (last + 1) * self.step

    def within(self, days: Period, gap: float = _GAP) -> tuple[float, float]:
        """From where to where their figure lies; `gap` on either side, as a part of a month."""
        left, right = self.across(days)
        return left + self.step * gap, right - self.step * gap

    def up(self, percent: float) -> float:
        """How high a percentage lies."""
        return BOTTOM + (self.size.height - self.above - BOTTOM) * percent / 100

    def percent(self, percent: float, say: Words) -> str:
        """A percentage, without its sign where there is no room for it; the axis has the sign."""
        written = say.percent(percent)
        return written if self.has_room else written.rstrip("%").strip()

    def grid(self, say: Words) -> Iterable[Artist]:
        """Lines at every quarter, with their percentages."""
        return percentages(self.up, self.left, self.size.width - RIGHT, say, self.size.text - 1)

    def level(self, percent: float, name: str) -> Iterable[Artist]:
        """A line of a grid that is none of percentages, with what it stands for."""
        return level(self.up(percent), name, self.left, self.size.width - RIGHT, self.size.text - 1)

    def hidden(self, months: Iterable[Period]) -> Iterable[Artist]:
        """Marks for months whose figures are hidden."""
        for month in months:
            left, right = self.within(month)
            yield hidden(left, self.up(0) + 1, right, self.up(100))

    def names(self, say: Words) -> Iterable[Artist]:
        """Names of months below the axis, and their years."""
        return month_names([(month, self.across(month)) for month in self.months], say, self.size.text - 1)
