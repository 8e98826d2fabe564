"""Where things are on a panel that hangs turned: from the window's pixels to the upright picture's, and back.

Points are pixels from the top left corner, y downwards. Knows no window and no settings.

Kivy's own `Window.rotation` is not used, although it brings the mouse provider's touches along (2.3.1): it cannot turn
touches other than the picture, turns the other way round, and leaves behind clipping (kivy #7406) and some other
providers' touches (kivy #5083). Here one matrix turns the picture, in whole pixels, and one method the touches.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from ratings.sections import Turn

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Symmetry:
    """A way to lay a square onto itself: left and right or above and below exchanged, and after that x and y.

    That is the order in which the kernel's `touchscreen-inverted-x`, `-inverted-y` and `-swapped-x-y` are applied.
    """

    invert_x: bool = False
    invert_y: bool = False
    swap: bool = False

    def __call__(self, point: Point) -> Point:
        """Where a point of the square, 0 to 1 each way, comes to lie."""
        x, y = point
        x = 1 - x if self.invert_x else x
        y = 1 - y if self.invert_y else y
        return (y, x) if self.swap else (x, y)

    def after(self, first: Symmetry) -> Symmetry:
        """Both in one: `first`, then this."""
        return _ALIKE[tuple(self(first(corner)) for corner in _CORNERS)]

    @property
    def back(self) -> Symmetry:
        """What undoes it."""
        return next(each for each in SYMMETRIES if each.after(self) == SYMMETRIES[0])


_CORNERS: tuple[Point, ...] = ((0, 0), (1, 0), (0, 1))
SYMMETRIES = tuple(Symmetry(x, y, swap) for x, y, swap in product((False, True), repeat=3))
"""All eight; the first leaves everything where it is."""
_ALIKE = {tuple(each(corner) for corner in _CORNERS): each for each in SYMMETRIES}

TURNS: dict[Turn, Symmetry] = {
    0: SYMMETRIES[0],
    90: Symmetry(invert_y=True, swap=True),
    180: Symmetry(invert_x=True, invert_y=True),
    270: Symmetry(invert_x=True, swap=True),
}
"""Clockwise."""


class Turning:
    """How the picture and the touches of one window are turned, clockwise, in degrees; `touch` None is as the picture.

    A finger put on something in the picture touches it where `touch` is what it should be: that is as the picture, but
    for panels whose touch layer is mounted, or already turned by the system, other than their picture.
    """

    def __init__(self, width: int, height: int, picture: Turn = 0, touch: Turn | None = None) -> None:
        self.angle = picture
        """By how many degrees the picture is turned."""
        self.window = (width, height)
        """Width and height of the window in pixels."""
        self.layout = (height, width) if TURNS[picture].swap else (width, height)
        """Width and height of the upright picture in pixels."""
        self._picture = TURNS[picture]
        self._untouch = TURNS[picture if touch is None else touch].back

    def touched(self, x: float, y: float) -> Point:
        """The point of the picture that a touch at a point of the window means."""
        return _scale(self._untouch(_share((x, y), self.window)), self.layout)

    def touches(self, x: float, y: float) -> Point:
        """The point of the window that a touch is at that means a point of the picture; undoes `touched`."""
        return _scale(self._untouch.back(_share((x, y), self.layout)), self.window)

    def shown(self, x: float, y: float) -> Point:
        """The point of the window in which a point of the picture is seen."""
        return _scale(self._picture(_share((x, y), self.layout)), self.window)

    @property
    def matrix(self) -> tuple[float, ...]:
        """What turns a picture drawn upright: 4 x 4 numbers as OpenGL wants them, column by column, y upwards.

        All of them are whole, so that a pixel of a texture stays a pixel of the screen.
        """

        def shown(x: int, y: int) -> tuple[int, int]:
            across, down = self.shown(x, self.layout[1] - y)
            return round(across), round(self.window[1] - down)

        origin, right, up = shown(0, 0), shown(1, 0), shown(0, 1)
        columns = (
            (right[0] - origin[0], right[1] - origin[1], 0, 0),
            (up[0] - origin[0], up[1] - origin[1], 0, 0),
            (0, 0, 1, 0),
            (origin[0], origin[1], 0, 1),
        )
        return tuple(float(number) for column in columns for number in column)


def _share(point: Point, size: tuple[int, int]) -> Point:
    return point[0] / size[0], point[1] / size[1]


def _scale(point: Point, size: tuple[int, int]) -> Point:
    return point[0] * size[0], point[1] * size[1]
