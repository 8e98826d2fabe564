"""Presses set aside as repeats, month by month: bars as high as the band that they are told in, one step for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from dashboard.bands import Band
from dashboard.charts.axis import MonthAxis
from dashboard.charts.style import BAND, NARROW, TREND, WIDE, Size
from dashboard.language import Words
from ratings.period import Period

_ABOVE, _LEFT = 20, 58

SIZES = (Size(WIDE.name, 760, 340, 15, WIDE.radius), NARROW)
"""It has its card for itself."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of whole months and its repeats; None: hidden."""

    days: Period
    band: Band | None


@dataclass(frozen=True, slots=True)
class Repeats:
    """`bars` in order, at least one. `bands`: all that there can be, from none on."""

    bars: tuple[Bar, ...]
    bands: tuple[Band, ...]
    name: str = "repeats"

    @property
    def _span(self) -> Period:
        return Period(self.bars[0].days.first, self.bars[-1].days.last)

    def title(self, say: Words) -> str:
        """What, and when."""
        return say("Presses set aside as repeats, %(months)s", months=say.months(self._span))

    def description(self, say: Words) -> str:
        """Every band, and what is hidden."""
        parts = [
            say("%(months)s: %(band)s", months=say.months(bar.days), band=say.band(bar.band))
            if bar.band
            else say("%(months)s: hidden to protect visitors", months=say.months(bar.days))
            for bar in self.bars
        ]
        return ". ".join(parts) + "."

    def artists(self, size: Size, say: Words) -> Iterable[Artist]:
        """Grid, bars, hidden months, and names of months."""
        axis = MonthAxis(self._span, size, _ABOVE, _LEFT)
        rise = 100 / (len(self.bands) - 1)
        for number, band in enumerate(self.bands):
            yield from axis.level(
                number * rise, say.band(band) if band.high is not None else f"{say.number(band.low)}+"
            )
        yield from axis.hidden(bar.days for bar in self.bars if bar.band is None)
        for bar in self.bars:
            if bar.band is None:
                continue
            left, right = axis.within(bar.days)
            ground, high = axis.up(0), axis.up(self.bands.index(bar.band) * rise)
            if high > ground:
                place = (left, ground)
                yield Rectangle(place, right - left, high - ground, facecolor=BAND, edgecolor="none", gid="band")
            # On the ground where there was none at all.
            yield Line2D([left, right], [high, high], color=TREND, linewidth=4, gid="line")
        yield from axis.names(say)
