"""The pictures of the reasons: own ones from files, and those that ship, drawn with Pillow in one style. Knows no Kivy.

Each is drawn several times too large and brought down to its exact size in pixels, as the faces are. They are to be
understood without reading; look at all of them, large and small, when one is changed. All lengths are in hundredths of
the picture's side, from its top left corner.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from PIL import Image, ImageDraw

from ratings.config import Reason
from terminal.kiosk import theme
from terminal.kiosk.theme import Colour

STROKE = 8.0
"""Width of a line."""
LEAST_PIXELS = 256
"""An own picture's side, at least: fewer look worn on a large screen."""
MOST_PIXELS = 4096

Point = tuple[float, float]

Picture = Callable[[int], Image.Image]
"""Draws a picture, RGBA, so many pixels square."""

_CARD_OVERSIZE = 4


_KEPT_PIXELS = 512
"""An own picture's side in memory, at most: no screen shows it larger."""


class PictureError(ValueError):
    """An own picture that cannot be shown; the text names the file and what is allowed."""


class _Plate:
    """Where a picture is drawn: how much ink there is. What is painted in `paper` takes ink away."""

    def __init__(self, side: int) -> None:
        self.image = Image.new("L", (side, side), 0)
        self._draw = ImageDraw.Draw(self.image)
        self._scale = side / 100

    def line(self, path: Sequence[Point], width: float = STROKE, *, paper: bool = False) -> None:
        """A line with round ends and corners."""
        points = self._place(path)
        self._draw.line(points, fill=self._tone(paper), width=round(width * self._scale))
        for point in path:
            self.disc(point, width / 2, paper=paper)

    def disc(self, centre: Point, radius: float, *, paper: bool = False) -> None:
        (x, y), r = centre, radius
        self._draw.ellipse(self._place([(x - r, y - r), (x + r, y + r)]), fill=self._tone(paper))

    def area(self, path: Iterable[Point], *, paper: bool = False, edge: float = 0.0) -> None:
        """A filled shape; `edge` makes it so much larger all around, with round corners."""
        corners = list(path)
        self._draw.polygon(self._place(corners), fill=self._tone(paper))
        if edge:
            self.line([*corners, corners[0]], 2 * edge, paper=paper)

    def _place(self, path: Iterable[Point]) -> list[Point]:
        return [(x * self._scale, y * self._scale) for x, y in path]

    @staticmethod
    def _tone(paper: bool) -> int:
        return 0 if paper else 255


def pictogram(reason: str, side: int) -> Image.Image:
    """The picture of a reason that ships, RGBA, `side` pixels square. Raises KeyError for any other."""
    oversize = 6 if side <= 200 else 4
    plate = _Plate(side * oversize)
    _DRAWN[reason](plate)
    picture = Image.new("RGBA", (side, side), theme.INK.rgb)
    picture.putalpha(plate.image.reduce(oversize))
    return picture


def pictures(reasons: Iterable[Reason]) -> dict[str, Picture]:
    """The pictures of reasons, by id; own ones are in memory from then on. Raises PictureError."""
    found: dict[str, Picture] = {}
    for reason in reasons:
        if reason.picture is None:
            found[reason.id] = partial(pictogram, reason.id)
        else:
            found[reason.id] = partial(_shrunk, _read(reason.picture))
    return found


def card(width: int, height: int, corner: int, fill: Colour, edge: Colour, thickness: int) -> Image.Image:
    """A reason's button without its picture and words, RGBA; `corner` is the radius. All in pixels."""
    size = (width * _CARD_OVERSIZE, height * _CARD_OVERSIZE)
    line, round_ = thickness * _CARD_OVERSIZE, corner * _CARD_OVERSIZE
    shape = Image.new("L", size, 0)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), round_, fill=255)
    picture = Image.new("RGB", size, edge.rgb)
    inside = (line, line, size[0] - 1 - line, size[1] - 1 - line)
    ImageDraw.Draw(picture).rounded_rectangle(inside, round_ - line, fill=fill.rgb)
    result = picture.reduce(_CARD_OVERSIZE).convert("RGBA")
    result.putalpha(shape.reduce(_CARD_OVERSIZE))
    return result


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def _read(path: Path) -> Image.Image:
    here = f"[[follow_up.reasons]] picture: {path}"
    allowed = f"allowed: a PNG file, square, {LEAST_PIXELS} to {MOST_PIXELS} pixels wide, that this user may read"
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            width, height = picture.size
            if width != height or not LEAST_PIXELS <= width <= MOST_PIXELS:
                raise PictureError(f"{here}: is {width}x{height} pixels; {allowed}")
            kept = min(width, _KEPT_PIXELS)
            return picture.convert("RGBA").resize((kept, kept), Image.Resampling.LANCZOS)
    except PictureError:
        raise
    except FileNotFoundError:
        raise PictureError(f"{here}: there is no such file; {allowed}") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        # Pillow says of a damaged PNG that its syntax is wrong.
        raise PictureError(f"{here}: cannot be read as a picture ({error}); {allowed}") from None


def _arc(centre: Point, across: float, down: float, begin: float, end: float) -> list[Point]:
    """Points on an ellipse with these half-axes, from one angle to another in degrees; 0 is right, 90 is below."""
    count = max(8, round(abs(end - begin) / 3))
    angles = (math.radians(begin + (end - begin) * step / count) for step in range(count + 1))
    return [(centre[0] + across * math.cos(angle), centre[1] + down * math.sin(angle)) for angle in angles]


def _box(left: float, top: float, right: float, bottom: float, corner: float) -> list[Point]:
    """A rectangle with round corners."""
    return [
        *_arc((right - corner, top + corner), corner, corner, -90, 0),
        *_arc((right - corner, bottom - corner), corner, corner, 0, 90),
        *_arc((left + corner, bottom - corner), corner, corner, 90, 180),
        *_arc((left + corner, top + corner), corner, corner, 180, 270),
    ]


def _waiting(plate: _Plate) -> None:
    """A clock, at four."""
    plate.disc((50, 50), 45)
    for angle in range(0, 360, 90):
        x, y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        plate.line([(50 + 37 * x, 50 + 37 * y), (50 + 38.5 * x, 50 + 38.5 * y)], 5, paper=True)
    plate.line([(50, 24), (50, 50), (66, 60)], STROKE, paper=True)


def _staff(plate: _Plate) -> None:
    """Somebody with a name badge on a ribbon."""
    plate.disc((50, 25), 19)
    plate.area([*_arc((50, 84), 40, 35, 180, 360), (90, 93), (10, 93)], edge=2)
    plate.line([(37, 53), (50, 68), (63, 53)], 4.5, paper=True)
    plate.area(_box(37, 66, 63, 86, 3), paper=True)
    plate.line([(45, 73), (55, 73)], 3.6)
    plate.line([(45, 80), (55, 80)], 3.6)


def _help(plate: _Plate) -> None:
    """A heart in an open hand."""
    plate.area(_heart((55, 27), 23))
    plate.area(_box(3, 61, 17, 96, 4))
    # The palm, from the wrist to the fingers' tips, and back below.
    upper = [(23, 69), *_arc((40, 72), 13, 12, 225, 290), *_arc((58, 71.5), 8, 6.5, 270, 420)]
    fingers = [(66, 78), *_arc((90, 66.5), 7, 6, 235, 405), *_arc((64, 80), 18, 14, 55, 90)]
    plate.area([*upper, *fingers, (38, 94), (23, 91)], edge=1.5)
    plate.line([(45, 80), (62, 80), (70, 76)], 4, paper=True)


def _information(plate: _Plate) -> None:
    """What somebody says, with an i in it."""
    plate.area([(24, 66), (24, 93), (52, 70)], edge=2.5)
    plate.area(_box(4, 6, 96, 77, 18))
    plate.disc((51, 24), 6.5, paper=True)
    plate.line([(43, 38), (51, 38), (51, 59)], STROKE, paper=True)
    plate.line([(41, 60), (61, 60)], STROKE, paper=True)


def _privacy(plate: _Plate) -> None:
    """A padlock, locked."""
    plate.line([(30, 50), (30, 30), *_arc((50, 29), 20, 20, 180, 360), (70, 50)], 11)
    plate.area(_box(13, 43, 87, 95, 9))
    plate.disc((50, 63), 8, paper=True)
    plate.area([(47.5, 66), (52.5, 66), (55, 81), (45, 81)], paper=True, edge=1.5)


def _place(plate: _Plate) -> None:
    """A house, with its door."""
    plate.area([(50, 13), (91, 50), (9, 50)], edge=5)
    plate.area([(20, 50), (80, 50), (80, 91), (20, 91)], edge=2.5)
    plate.area([*_arc((50, 65), 10.5, 9, 180, 360), (60.5, 97), (39.5, 97)], paper=True)


def _heart(centre: Point, size: float) -> list[Point]:
    x, y = centre
    points = []
    for step in range(120):
        angle = 2 * math.pi * step / 120
        across = 16 * math.sin(angle) ** 3
        down = 13 * math.cos(angle) - 5 * math.cos(2 * angle) - 2 * math.cos(3 * angle) - math.cos(4 * angle)
        points.append((x + size * across / 16, y - size * down / 16))
    return points


_DRAWN: dict[str, Callable[[_Plate], None]] = {
    "waiting": _waiting,
    "staff": _staff,
    "help": _help,
    "information": _information,
    "privacy": _privacy,
    "place": _place,
}
