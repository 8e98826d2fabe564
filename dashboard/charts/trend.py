"""The satisfied share over the days, with its interval as a band. Pieces are as long as they are: drawn to scale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import BoxStyle, FancyBboxPatch, Polygon

from dashboard.charts.axis import BOTTOM, month_names, percentages
from dashboard.charts.months import Point
from dashboard.charts.style import BAND, NARROW, SOFT_INK, TREND, WIDE, Size, hidden, text
from dashboard.language import Words
from ratings.period import DAY, Grain, Period, periods_between

_LEFT, _RIGHT, _TOP = 56, 8, 44

Across = Callable[[Period], tuple[float, float]]
"""From some days to where they begin and end, in pixels."""

Up = Callable[[float], float]
"""From a percentage to its height."""

_APART = 8
"""Pieces narrower than this, in pixels, are drawn as one line of steps."""

_TOLD = 27
"""A description tells every piece of up to so many; the table has all of them."""

SIZES = (
    Size(WIDE.name, 760, 400, 15, WIDE.radius),
    Size(NARROW.name, NARROW.width, 290, NARROW.text, NARROW.radius),
)
"""It has its card for itself."""


@dataclass(frozen=True, slots=True)
class OverDays:
    """`points`, at least one, and `hidden` days, in order. `so_far`: the first day of the month that still runs."""

    days: Period
    points: tuple[Point, ...]
    hidden: tuple[Period, ...]
    so_far: date | None
    name: str = "trend"

    def title(self, say: Words) -> str:
        """Whose share, and when."""
        return say("Satisfied visitors, %(days)s", days=say.days(self.days))

    def description(self, say: Words) -> str:
        """Shares with their intervals, and what is hidden: of a long trend the last, the highest and the lowest."""
        points: Sequence[Point] = self.points
        if len(points) > _TOLD:
            points = sorted({self.points[number] for number in _remarkable(self.points)}, key=lambda each: each.days)
        parts = [
            say(
                "%(days)s: %(percent)s, interval %(interval)s",
                days=say.days(point.days),
                percent=say.percent(point.share.percent),
                interval=say.interval(point.share.low, point.share.high, 0),
            )
            for point in points
        ]
        if len(points) < len(self.points):
            parts.append(say("The table has all %(n)s pieces", n=say.number(len(self.points))))
        parts += [say("%(days)s: hidden to protect visitors", days=say.days(days)) for days in self.hidden[-_TOLD:]]
        return ". ".join(parts) + "."

    def artists(self, size: Size, say: Words) -> Iterable[Artist]:
        """Grid, months, hidden days, bands, lines and amounts."""
        top, bottom = size.height - _TOP, float(BOTTOM)
        per_day = (size.width - _LEFT - _RIGHT) / ((self.days.last - self.days.first).days + 1)

        def across(days: Period) -> tuple[float, float]:
            first, last = max(days.first, self.days.first), min(days.last, self.days.last)
            begin = _LEFT + (first - self.days.first).days * per_day
            return begin, begin + ((last - first).days + 1) * per_day

        def up(percent: float) -> float:
            return bottom + (top - bottom) * percent / 100

        yield from percentages(up, _LEFT, size.width - _RIGHT, say, size.text - 1)
        yield from self._months(size, say, across, top)
        for days in self.hidden:
            left, right = across(days)
            gap = min(3.0, (right - left) / 5)
            yield hidden(left + gap, bottom + 1, right - gap, top)
        places = [across(point.days) for point in self.points]
        if sum(right - left for left, right in places) / len(places) >= _APART:
            yield from _apart(self.points, places, up)
        else:
            yield from _steps(self.points, places, up)
        yield from _amounts(self.points, places, up, size, say)

    def _months(self, size: Size, say: Words, across: Across, top: float) -> Iterator[Artist]:
        """A mark where a month begins, its name, and its year; above, which month is not over yet."""
        months = [(month, across(month)) for month in periods_between(Grain.MONTH, self.days.first, self.days.last)]
        yield from month_names(months, say, size.text - 1, left=_LEFT)
        for number, (month, (left, _)) in enumerate(months):
            if number:
                yield Line2D([left, left], [BOTTOM - 8, BOTTOM], color=SOFT_INK, linewidth=1, gid="mark")
            if month.first == self.so_far:
                yield Line2D([left, left], [BOTTOM, top + 14], color=SOFT_INK, linewidth=1, gid="mark")
                yield text(size.width - _RIGHT, top + 24, say("the month so far"), "axis", "right", size.text - 1)


def _remarkable(points: Sequence[Point]) -> list[int]:
    """Which to name where there is no room for all: the last one, the lowest and the highest."""
    numbers = range(len(points))
    lowest = min(numbers, key=lambda number: points[number].share.percent)
    highest = max(numbers, key=lambda number: points[number].share.percent)
    return [len(points) - 1, lowest, highest]


def _apart(points: Sequence[Point], places: Sequence[tuple[float, float]], up: Up) -> Iterator[Artist]:
    """A band and a line for each piece, with lines between those that follow each other."""
    for point, (left, right) in zip(points, places, strict=True):
        gap = min(3.0, (right - left) * 0.12)
        low, high = up(point.share.low), up(point.share.high)
        yield FancyBboxPatch(
            (left + gap, low),
            right - left - 2 * gap,
            max(high - low, 2),
            boxstyle=BoxStyle.Round(pad=0, rounding_size=min(4, max(high - low, 2) / 2, (right - left) / 4)),
            facecolor=BAND,
            edgecolor="none",
            gid="band",
        )
    for number in range(1, len(points)):
        # Over hidden days there is no line: it would say something about them.
        if points[number - 1].days.next() == points[number].days.first:
            (_, x1), (x2, _) = places[number - 1], places[number]
            ends = [up(points[number - 1].share.percent), up(points[number].share.percent)]
            yield Line2D([x1 - 3, x2 + 3], ends, color=TREND, linewidth=1.5, gid="line")
    for point, (left, right) in zip(points, places, strict=True):
        gap = min(3.0, (right - left) * 0.12)
        y = up(point.share.percent)
        yield Line2D([left + gap, right - gap], [y, y], color=TREND, linewidth=3.5, gid="line")


def _steps(points: Sequence[Point], places: Sequence[tuple[float, float]], up: Up) -> Iterator[Artist]:
    """One band and one line of steps for each run of pieces that follow each other."""
    run: list[int] = []
    for number in range(len(points) + 1):
        if run and (number == len(points) or points[run[-1]].days.next() != points[number].days.first):
            xs = [x for each in run for x in places[each]]
            lows = [up(points[each].share.low) for each in run for _ in (0, 1)]
            highs = [up(points[each].share.high) for each in run for _ in (0, 1)]
            outline = [*zip(xs, highs, strict=True), *reversed(list(zip(xs, lows, strict=True)))]
            yield Polygon(outline, closed=True, facecolor=BAND, edgecolor="none", gid="band")
            heights = [up(points[each].share.percent) for each in run for _ in (0, 1)]
            yield Line2D(xs, heights, color=TREND, linewidth=2, gid="line")
            run = []
        run.append(number)


def _amounts(
    points: Sequence[Point], places: Sequence[tuple[float, float]], up: Up, size: Size, say: Words
) -> Iterator[Artist]:
    """Percentages above the bands, as many as there is room for; without their sign where there is little."""
    room = 2.9 * size.text
    narrowest = min(right - left for left, right in places)
    numbers = range(len(points)) if narrowest > 1.7 * size.text else _remarkable(points)
    taken: list[float] = []
    for number in numbers:
        point, x = points[number], sum(places[number]) / 2
        x = min(x, size.width - _RIGHT - 8)
        if narrowest <= 1.7 * size.text and any(abs(x - other) < room for other in taken):
            continue
        taken.append(x)
        words = say.percent(point.share.percent)
        if narrowest <= room:
            words = words.rstrip("%").strip()
        yield text(x, up(point.share.high) + 7, words, "amount", "center", size.text, bold=True)


def gaps(days: Period, points: Iterable[Point]) -> tuple[Period, ...]:
    """The days between pieces, and after the last one: something may be there, and is not shown."""
    found: list[Period] = []
    following = None
    for point in points:
        if following is not None and following < point.days.first:
            found.append(Period(following, point.days.first - DAY))
        following = point.days.next()
    if following is not None and following <= days.last:
        found.append(Period(following, days.last))
    return tuple(found)
