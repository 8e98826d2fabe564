"""The table of a chart: the same figures as numbers and words, for the page, and for files.

Cells are values, not texts: `1234`, a `Percent`, an `Interval`, or `HIDDEN`. Whoever writes the table (a page, CSV,
XLSX) writes them its own way. Knows no database and no HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from dashboard.bands import Band, Step
from dashboard.statistics import Change, Share
from ratings.period import Period


@dataclass(frozen=True, slots=True)
class Percent:
    """A percentage, 0–100 and not rounded."""

    percent: float


@dataclass(frozen=True, slots=True)
class Interval:
    """Two percentages, 0–100 and not rounded. In files they are two columns."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name in the reader's language, and a key that is the same in all."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Months:
    """Whole months that need not follow each other: runs of them in order; at least one."""

    runs: tuple[Period, ...]


class Hidden(Enum):
    """There is a figure, and it is not shown."""

    HIDDEN = "hidden"


HIDDEN = Hidden.HIDDEN

Cell = str | int | Percent | Interval | Band | Step | Period | Named | Months | Change | Hidden | None
"""`None`: there is nothing, as where nobody was satisfied. A `Period` is days or months, by its column."""


def share_cells(share: Share) -> tuple[Percent, Interval, int]:
    """A share with its interval, and the number it rests on."""
    return Percent(share.percent), Interval(share.low, share.high), share.n


class Kind(Enum):
    """What a column has in it. From that alone follows which columns it becomes in files: data changes none of them."""

    VALUE = auto()
    """A text, a number or a percentage."""
    NAME = auto()
    """`Named`."""
    MONTHS = auto()
    """A `Period` of whole months."""
    SOME_MONTHS = auto()
    """`Months`."""
    DAYS = auto()
    """A `Period` of days."""
    RANGE = auto()
    """An `Interval`, a `Band` or a `Step`; or a number or a percentage that is both ends."""
    CHANGE = auto()
    """A `Change`."""


@dataclass(frozen=True, slots=True)
class Column:
    """`key`: its name in files, which never changes. `title`: what people read."""

    key: str
    title: str
    kind: Kind = Kind.VALUE


@dataclass(frozen=True, slots=True)
class Row:
    """The first cell heads the row. `link`: where its heading leads to, in a page."""

    cells: tuple[Cell, ...]
    link: str | None = None

    @property
    def all_hidden(self) -> bool:
        """Whether it has no figure to show, but only its heading and other words."""
        others = [cell for cell in self.cells[1:] if cell is not None and not isinstance(cell, str)]
        return bool(others) and all(cell is HIDDEN for cell in others)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in the order in which they are read."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def filled(self) -> tuple[int, ...]:
        """The numbers of the columns that have anything in them: a page leaves the others out, a file has them all."""
        return tuple(
            number
            for number, _ in enumerate(self.columns)
            if number == 0 or any(row.cells[number] is not None for row in self.rows)
        )
