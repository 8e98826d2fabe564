"""Shares side by side: a dot with its interval for each place, a diamond for several together. In the order given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon

from dashboard.charts.fitting import fitted, width
from dashboard.charts.style import LINE, NARROW, PAPER, TREND, WIDE, Size, hidden, text
from dashboard.language import Words
from dashboard.statistics import Share
from ratings.period import Period

_TOP, _BOTTOM, _RIGHT, _INDENT = 30, 10, 54, 14
_BASE = 84
"""How much of a wide drawing is for the numbers of ratings; in a narrow one they stand above their lines, too."""
_NAMES = 270
"""How much of a wide drawing is for names; in a narrow one they stand above their lines."""

_WIDTH, _LETTERS = 760, 15
"""It has its card for itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """A place. `depth`: how far in the tree. `together`: it is several. `share` is None where it is hidden.

    `remark`: in the reader's language, what it rests on where that is not what the drawing is about.
    """

    name: str
    depth: int
    together: bool
    share: Share | None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """At least one line."""

    months: Period
    lines: tuple[Line, ...]
    name: str = "beside"

    def title(self, say: Words) -> str:
        """Whose share, and when."""
        return say("Satisfied visitors side by side, %(months)s", months=say.months(self.months))

    def description(self, say: Words) -> str:
        """Every share with its base and interval, and what is hidden."""
        parts = [
            say(
                "%(name)s: %(percent)s of %(n)s, interval %(interval)s",
                name=f"{line.name} ({line.remark})" if line.remark else line.name,
                percent=say.percent(line.share.percent),
                n=say.number(line.share.n),
                interval=say.interval(line.share.low, line.share.high, 0),
            )
            if line.share
            else say("%(name)s: hidden to protect visitors", name=line.name)
            for line in self.lines
        ]
        return ". ".join(parts) + "."

    def artists(self, size: Size, say: Words) -> Iterable[Artist]:
        """Grid, names, intervals, marks, amounts and what they are of."""
        is_narrow = size.name == NARROW.name
        left = 14.0 if is_narrow else float(_NAMES)
        right = float(size.width - _RIGHT - (0 if is_narrow else _BASE))
        top = float(size.height - _TOP)

        def across(percent: float) -> float:
            return left + (right - left) * percent / 100

        for percent in (0, 25, 50, 75, 100):
            x = across(percent)
            yield Line2D([x, x], [_BOTTOM, size.height - _TOP + 4], color=LINE, linewidth=1, gid="grid")
            yield text(x, size.height - 18, say.percent(percent), "axis", "center", size.text - 1)
        for line in self.lines:
            bottom = top - _height(line, size.name)
            y = bottom + 15 if is_narrow else (top + bottom) / 2
            of = say("of %(n)s", n=say.number(line.share.n)) if line.share else ""
            first = top - 21 if is_narrow else y + 2 if line.remark else y - 4
            yield from _name(line, first, size, width(of, size.text - 1) if is_narrow else 0)
            top = bottom
            if line.share is None:
                yield hidden(left, y - 6, right, y + 6)
                continue
            yield text(size.width, first if is_narrow else y - 4, of, "axis", "right", size.text - 1)
            low, high, x = across(line.share.low), across(line.share.high), across(line.share.percent)
            yield Line2D([low, high], [y, y], color=TREND, linewidth=2.5, gid="line")
            for end in (low, high) if high - low > 4 * size.radius else ():
                yield Line2D([end, end], [y - 4, y + 4], color=TREND, linewidth=2.5, gid="line")
            yield _mark(x, y, size.radius, together=line.together)
            yield text(right + 10, y - 4, say.percent(line.share.percent), "amount", "left", size.text, bold=True)


def _name(line: Line, first: float, size: Size, beside: float) -> Iterator[Artist]:
    """A name whose baseline is at `first`, and the remark below it; `beside`: how much room something else takes."""
    indent = _INDENT * line.depth
    room = (size.width - beside if size.name == NARROW.name else _NAMES) - indent - 14
    shown = fitted(line.name, room, size.text, bold=line.together)
    yield text(indent, first, shown, "name", "left", size.text, bold=line.together)
    if line.remark:
        remark = fitted(line.remark, room, size.text - 2)
        yield text(indent, first - size.text - 1, remark, "axis", "left", size.text - 2)


def _height(line: Line, size: str) -> int:
    """How high a line is."""
    return (50 + (14 if line.remark else 0)) if size == NARROW.name else (34 + (6 if line.remark else 0))


def _mark(x: float, y: float, radius: float, *, together: bool) -> Artist:
    if not together:
        return Circle((x, y), radius, facecolor=TREND, edgecolor=PAPER, linewidth=1.5, gid="dot")
    wide = radius * 1.5
    corners = [(x - wide, y), (x, y + wide), (x + wide, y), (x, y - wide)]
    return Polygon(corners, closed=True, facecolor=TREND, edgecolor=PAPER, linewidth=1.5, gid="dot")


def sizes(lines: Sequence[Line]) -> tuple[Size, ...]:
    """Drawings as high as the lines need."""
    high = {size: _TOP + _BOTTOM + sum(_height(line, size) for line in lines) for size in (WIDE.name, NARROW.name)}
    return (
        Size(WIDE.name, _WIDTH, high[WIDE.name], _LETTERS, WIDE.radius),
        Size(NARROW.name, NARROW.width, high[NARROW.name], NARROW.text, NARROW.radius),
    )
