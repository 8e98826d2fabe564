"""The satisfied share month by month, with its interval as a band. A block of several months lies over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import BoxStyle, Circle, FancyBboxPatch

from dashboard.charts.axis import MonthAxis
from dashboard.charts.style import BAND, PAPER, TREND, Size, text
from dashboard.language import Words
from dashboard.statistics import Share
from ratings.period import Period

_ABOVE = 26


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of whole months and its share."""

    days: Period
    share: Share


@dataclass(frozen=True, slots=True)
class ByMonth:
    """`points` and `hidden` (months without a figure) in order; at least one point."""

    points: tuple[Point, ...]
    hidden: tuple[Period, ...]
    name: str = "months"

    @property
    def _span(self) -> Period:
        everything = [*(each.days for each in self.points), *self.hidden]
        return Period(min(each.first for each in everything), max(each.last for each in everything))

    def title(self, say: Words) -> str:
        """Whose share, and when."""
        return say("Satisfied visitors, %(months)s", months=say.months(self._span))

    def description(self, say: Words) -> str:
        """Every share with its interval, and what is hidden."""
        parts = [
            say(
                "%(months)s: %(percent)s, interval %(interval)s",
                months=say.months(point.days),
                percent=say.percent(point.share.percent),
                interval=say.interval(point.share.low, point.share.high, 0),
            )
            for point in self.points
        ]
        if self.hidden:
            parts.append(say("%(months)s: hidden to protect visitors", months=say.listed(self.hidden)))
        return ". ".join(parts) + "."

    def artists(self, size: Size, say: Words) -> Iterable[Artist]:
        """Grid, hidden months, bands, line, dots and amounts."""
        axis = MonthAxis(self._span, size, _ABOVE)
        yield from axis.grid(say)
        yield from axis.hidden(self.hidden)
        middles = [sum(axis.across(point.days)) / 2 for point in self.points]
        heights = [axis.up(point.share.percent) for point in self.points]
        for point in self.points:
            left, right = axis.within(point.days)
            low, high = axis.up(point.share.low), axis.up(point.share.high)
            yield FancyBboxPatch(
                (left, low),
                right - left,
                max(high - low, 2),
                boxstyle=BoxStyle.Round(pad=0, rounding_size=min(5, max(high - low, 2) / 2)),
                facecolor=BAND,
                edgecolor="none",
                gid="band",
            )
        for one, other in pairwise(zip(self.points, middles, heights, strict=True)):
            # Over hidden months there is no line: it would say something about them.
            if one[0].days.next() == other[0].days.first:
                yield Line2D([one[1], other[1]], [one[2], other[2]], color=TREND, linewidth=2, gid="line")
        for point, x, y in zip(self.points, middles, heights, strict=True):
            left, right = axis.within(point.days)
            if right - left > axis.step * 1.5:
                yield Line2D([left, right], [y, y], color=TREND, linewidth=4, solid_capstyle="butt", gid="line")
            yield Circle((x, y), size.radius, facecolor=TREND, edgecolor=PAPER, linewidth=1.5, gid="dot")
            amount = axis.percent(point.share.percent, say)
            yield text(x, axis.up(point.share.high) + 7, amount, "amount", "center", size.text, bold=True)
        yield from axis.names(say)
