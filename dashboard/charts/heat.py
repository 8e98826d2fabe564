"""The satisfied share by weekday and hour: a timetable of cells, each with its share in figures and as a colour.

Hours that are told together are one larger cell. Rows are as long as the figures are: an hour each, or more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.artist import Artist
from matplotlib.patches import BoxStyle, FancyBboxPatch

from dashboard.charts.style import HEAT, INK, Size, text
from dashboard.language import Words

LIMITS = (95, 90, 85, 80, 70, 60, 50)
"""Where one colour ends and the next begins, in percent of satisfied: the same in every table, so that all compare."""

_LEFT, _TOP, _GAP = 46, 28, 2
_WORKING_WEEK = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """Weekdays (ISO, both included) and hours (o'clock) that are told together, and their share.

    `low` is what its colour goes by, `short` what stands in it, `share` the same in full. `marked`: it has a ring.
    """

    first_day: int
    last_day: int
    begin: int
    end: int
    low: float
    short: str
    share: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class HeatMap:
    """`cells` by day and hour, none over another; at least one."""

    cells: tuple[Cell, ...]
    heading: str
    name: str = "hours"

    def title(self, say: Words) -> str:
        """What is shown."""
        return self.heading

    def description(self, say: Words) -> str:
        """Every cell in words."""
        said = (
            f"{say.hours(each.first_day, each.last_day, each.begin, each.end)}: {each.share}" for each in self.cells
        )
        return ". ".join(said) + "."

    @property
    def rows(self) -> list[tuple[int, int]]:
        """Stretches of the day that no cell cuts.

        What is before and after all that is told by itself is left out: few ratings are told from midnight on, or until
        midnight, and at most places nobody is there then.
        """
        rows = list(pairwise(sorted({hour for each in self.cells for hour in (each.begin, each.end)})))
        while len(rows) > 1 and all(each.end > rows[0][1] for each in self.cells if each.begin <= rows[0][0]):
            rows.pop(0)
        while len(rows) > 1 and all(each.begin < rows[-1][0] for each in self.cells if each.end >= rows[-1][1]):
            rows.pop()
        return rows

    @property
    def days(self) -> range:
        """The weekdays from Monday on: five, or more where there are ratings on them."""
        return range(1, max(_WORKING_WEEK, *(each.last_day for each in self.cells)) + 1)

    @property
    def sizes(self) -> tuple[Size, Size]:
        """As high as its rows need."""
        rows = len(self.rows)
        wide = 100 if rows == 1 else min(54, max(34, 430 // rows))
        return Size("wide", 580, _TOP + rows * wide, 14, 5.5), Size("narrow", 328, _TOP + rows * 36, 12, 4.5)

    def artists(self, size: Size, say: Words) -> Iterable[Artist]:
        """Names of days and hours, and cells."""
        rows, days = self.rows, self.days
        wide = (size.width - _LEFT) / len(days)
        high = (size.height - _TOP) / len(rows)
        for number, day in enumerate(days):
            name = say.weekday(day, "abbreviated")
            yield text(
                _LEFT + (number + 0.5) * wide, size.height - _TOP + 9, name, "axis", "center", size.text, bold=True
            )
        for number, (begin, end) in enumerate(rows):
            y = size.height - _TOP - (number + 0.5) * high - size.text * 0.36
            name = "" if (begin, end) == (0, 24) else f"{begin}–{end}"
            yield text(_LEFT - 10, y, name, "axis", "right", size.text - 1)
        for cell in self.cells:
            over = [number for number, (begin, end) in enumerate(rows) if cell.begin <= begin and end <= cell.end]
            left = _LEFT + (cell.first_day - 1) * wide
            right = _LEFT + cell.last_day * wide
            top = size.height - _TOP - over[0] * high
            bottom = size.height - _TOP - (over[-1] + 1) * high
            heat = colour(cell.low)
            yield FancyBboxPatch(
                (left + _GAP, bottom + _GAP),
                right - left - 2 * _GAP,
                top - bottom - 2 * _GAP,
                boxstyle=BoxStyle.Round(pad=0, rounding_size=6),
                facecolor=HEAT[heat],
                edgecolor="none",
                gid=f"heat-{heat}",
            )
            if cell.marked:
                yield FancyBboxPatch(
                    (left + _GAP + 1, bottom + _GAP + 1),
                    right - left - 2 * _GAP - 2,
                    top - bottom - 2 * _GAP - 2,
                    boxstyle=BoxStyle.Round(pad=0, rounding_size=5),
                    facecolor="none",
                    edgecolor=INK,
                    linewidth=2.5,
                    gid="ring",
                )
            kind = "in-heat-7" if heat == len(LIMITS) else "in-heat"
            middle = (bottom + top) / 2 - size.text * 0.36
            yield text((left + right) / 2, middle, cell.short, kind, "center", size.text, bold=True)


def colour(percent: float) -> int:
    """Which of the colours a share has: 0 is the best."""
    return next((number for number, limit in enumerate(LIMITS) if percent >= limit), len(LIMITS))
