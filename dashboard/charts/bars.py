"""The satisfied share of each part of a table, a bar each: the step it lies in, or the share and its interval."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import BoxStyle, Circle, FancyBboxPatch

from dashboard.charts.style import BAND, LINE, PAPER, RAIL, TREND, Size, text
from dashboard.language import Words

_SIDE, _TOP, _BOTTOM, _BAR = 6, 2, 26, 10
_AXIS: dict[int, tuple[Literal["left", "center", "right"], int]] = {
    0: ("left", -_SIDE),
    25: ("center", 0),
    50: ("center", 0),
    75: ("center", 0),
    100: ("right", _SIDE),
}
"""How a percentage stands below its line, and how far from it: none beyond the edge."""
_LETTERS = {"wide": 44, "narrow": 23}
"""As many of a name fit beside the longest share."""


@dataclass(frozen=True, slots=True)
class Bar:
    """`low` to `high` (0–100): a step, or where `percent` is known, the interval around it. `n`: ratings, in words."""

    name: str
    share: str
    n: str
    low: float
    high: float
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """`bars` from top to bottom, in the reader's language as is `heading`; at least one."""

    name: str
    heading: str
    bars: tuple[Bar, ...]

    def title(self, say: Words) -> str:
        """What is shown."""
        return self.heading

    def description(self, say: Words) -> str:
        """Every bar in words."""
        return ". ".join(f"{each.name}: {each.share}, {each.n}" for each in self.bars) + "."

    @property
    def sizes(self) -> tuple[Size, Size]:
        """As high as its bars need."""
        return self._size("wide", 580, 13, 5.5), self._size("narrow", 328, 12, 4.5)

    def _size(self, name: str, width: int, letters: int, radius: float) -> Size:
        heights = sum(_height(bar, name, letters) for bar in self.bars)
        return Size(name, width, round(_TOP + heights + _BOTTOM), letters, radius)

    def artists(self, size: Size, say: Words) -> Iterable[Artist]:
        """The axis, and for each bar its name and share, the rail, what is filled of it, and the number of ratings."""
        left, right = _SIDE, size.width - _SIDE

        def across(percent: float) -> float:
            return left + (right - left) * percent / 100

        for percent, (align, beside) in _AXIS.items():
            yield text(across(percent) + beside, 4, say.percent(percent), "axis", align, size.text - 1)
        y = float(size.height - _TOP)
        for bar in self.bars:
            lines = _lines(bar, size.name)
            for number, line in enumerate(lines):
                yield text(left, y - (number + 1) * _line(size.text), line, "name", "left", size.text, bold=True)
            yield text(right, y - _line(size.text), bar.share, "amount", "right", size.text, bold=True)
            below = y - len(lines) * _line(size.text) - 7 - _BAR
            yield _pill(left, right, below, RAIL, "rail")
            for percent in _AXIS:
                x = across(percent)
                yield Line2D([x, x], [below - 3, below + _BAR + 3], color=LINE, linewidth=1, gid="grid")
            if bar.percent is None:
                if bar.low > 0:
                    yield _pill(left, across(bar.low) + _BAR / 2, below, BAND, "band")
                yield _pill(across(bar.low), across(bar.high), below, TREND, "step")
            else:
                yield _pill(across(bar.low), across(bar.high), below, BAND, "band")
                centre = (across(bar.percent), below + _BAR / 2)
                yield Circle(centre, size.radius, facecolor=TREND, edgecolor=PAPER, linewidth=1.5, gid="dot")
            yield text(left, below - _line(size.text - 1), bar.n, "axis", "left", size.text - 1)
            y -= _height(bar, size.name, size.text)


def _lines(bar: Bar, size: str) -> list[str]:
    return textwrap.wrap(bar.name, _LETTERS[size]) or [""]


def _line(letters: int) -> float:
    return letters * 1.35


def _height(bar: Bar, size: str, letters: int) -> float:
    return len(_lines(bar, size)) * _line(letters) + 7 + _BAR + _line(letters - 1) + 20


def _pill(left: float, right: float, bottom: float, colour: str, kind: str) -> FancyBboxPatch:
    width = max(right - left, 1)
    rounded = BoxStyle.Round(pad=0, rounding_size=min(_BAR, width) / 2)
    return FancyBboxPatch((left, bottom), width, _BAR, boxstyle=rounded, facecolor=colour, edgecolor="none", gid=kind)
