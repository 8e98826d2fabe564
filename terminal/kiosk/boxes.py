"""Rectangles on the screen, and how large a target must be. Knows no window.

All lengths are pixels; y grows downwards. A *unit* is a pixel of the smallest panel, 800x480 (7 inches, 154 x 86 mm):
20 mm there are 112 units at most, and no target is smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

LEAST_TARGET = 104
"""20 mm in units along the long side of the 7-inch panel."""
LEAST_TARGET_SHORT = 112
"""20 mm in units along its short side: its pixels are not square."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first pixel to the right of it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first pixel below it."""
        return self.y + self.height

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is inside."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def overlaps(self, other: Box) -> bool:
        """Whether the two have a pixel in common."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


def unit_of(width: int, height: int) -> float:
    """The pixels of a unit on a screen of `width` by `height` pixels, upright or across."""
    return min(width / 480, height / 800) if height > width else min(width / 800, height / 480)


def rounded(x: float, y: float, width: float, height: float) -> Box:
    """Whole pixels, edge by edge, so that boxes that touch neither overlap nor leave a gap."""
    left, top = round(x), round(y)
    return Box(left, top, round(x + width) - left, round(y + height) - top)
