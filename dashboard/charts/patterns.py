"""Areas of the four answers: the face's colour and a pattern of its own, so that they are told apart without colour.

Patterns are drawn as lines, not as fills that refer to something: so they live in any page and in any file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from matplotlib.artist import Artist
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from dashboard.charts.style import FACE_INK, FILLS, RIMS
from ratings.scale import Score

Box = tuple[float, float, float, float]
"""Left, bottom, right and top of a rectangle, in pixels."""

_Line = tuple[tuple[float, float], tuple[float, float]]

_APART = 6.5
"""Pixels between two lines of a pattern."""


def rectangles(boxes: Sequence[Box]) -> Path:
    """As one path: matplotlib takes its time for each thing that is drawn, however small."""
    corners = [
        corner
        for left, bottom, right, top in boxes
        for corner in ((left, bottom), (right, bottom), (right, top), (left, top), (left, bottom))
    ]
    return Path(corners, [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(boxes))


def areas(score: Score, boxes: Sequence[Box]) -> Iterable[Artist]:
    """Rectangles of an answer: very happy plain, happy in slants, unhappy in level lines, very unhappy a lattice."""
    if not boxes:
        return
    fill, rim = FILLS[score], RIMS[score]
    yield PathPatch(rectangles(boxes), facecolor=fill, edgecolor=rim, linewidth=1, gid=f"area-{score:d}")
    lines = [line for box in boxes for line in _pattern(score, *box)]
    if lines:
        path = Path([point for line in lines for point in line], [Path.MOVETO, Path.LINETO] * len(lines))
        path.should_simplify = False
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
