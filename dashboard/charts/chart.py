"""A chart as a page has it: a drawing, the table with the same figures, and a heading.

Pages show both, and offer them as files (`downloads.py`). Knows no database and no HTML but the SVG it hands out.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.charts.rendering import Drawing, svg
from dashboard.charts.style import NARROW, WIDE, Size
from dashboard.charts.table import Table
from dashboard.language import Words
from ratings.period import Period

HIDDEN_MARK = 'class="hidden"'


@dataclass(frozen=True, slots=True)
class Chart:
    """`drawing` is None where there is nothing to draw. `name` is that of its files and of its place on a page.

    `days`, `ratings` and `note`: what its files say that it rests on, and what its marks mean.
    """

    name: str
    heading: str
    drawing: Drawing | None
    table: Table
    sizes: tuple[Size, ...] = (WIDE, NARROW)
    days: Period | None = None
    ratings: int | None = None
    note: str = ""

    def has_hidden(self, say: Words) -> bool:
        """Whether its drawing has the mark for a hidden figure. Not its table: that may have more columns and rows."""
        return any(HIDDEN_MARK in each for each in self.svgs(say))

    def svgs(self, say: Words) -> list[str]:
        """The drawing in its sizes, for a page of which the stylesheet shows one."""
        return [svg(self.drawing, say.code, size) for size in self.sizes] if self.drawing else []
