"""Areas of the four answers: the face's colour and a pattern of its own, so that they are told apart without colour.

Patterns are drawn as lines, not as fills that refer to something: so they live in any page and in any file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from matplotlib.artist import Artist
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from dashboard.charts.style import FACE_INK, FILLS, RIMS
from ratings.scale import Score

_Line = tuple[tuple[float, float], tuple[float, float]]

_APART = 6.5
"""Pixels between two lines of a pattern."""


def area(score: Score, x: float, y: float, width: float, height: float) -> Iterable[Artist]:
    """A rectangle of an answer: very happy plain, happy in slants, unhappy in level lines, very unhappy a lattice."""
    yield Rectangle(
        (x, y), width, height, facecolor=FILLS[score], edgecolor=RIMS[score], linewidth=1, gid=f"area-{score:d}"
    )
    lines = list(_pattern(score, x, y, x + width, y + height))
    if lines:
        path = Path([point for line in lines for point in line], [Path.MOVETO, Path.LINETO] * len(lines))
        yield PathPatch(path, facecolor="none", edgecolor=FACE_INK, linewidth=0.75, gid="pattern")


def _pattern(score: Score, left: float, bottom: float, right: float, top: float) -> Iterator[_Line]:
    match score:
        case Score.VERY_HAPPY:
            return
        case Score.HAPPY:
            yield from _rising(left, bottom, right, top)
        case Score.UNHAPPY:
            for y in _steps(bottom, top):
                yield (left, y), (right, y)
        case Score.VERY_UNHAPPY:
            yield from _rising(left, bottom, right, top)
            # Falling lines are rising ones in a mirror.
            for (x1, y1), (x2, y2) in _rising(-right, bottom, -left, top):
                yield (-x1, y1), (-x2, y2)


def _rising(left: float, bottom: float, right: float, top: float) -> Iterator[_Line]:
    """Lines at 45°, cut off at the edges: along each, x - y stays the same."""
    for number in _steps(left - top, right - bottom, _APART * math.sqrt(2)):
        low, high = max(bottom, left - number), min(top, right - number)
        if high > low:
            yield (number + low, low), (number + high, high)


def _steps(low: float, high: float, apart: float = _APART) -> Iterator[float]:
    """Multiples of a distance that lie inside: so patterns of areas side by side fit together."""
    number = math.floor(low / apart) + 1
    while number * apart < high:
        yield number * apart
        number += 1
