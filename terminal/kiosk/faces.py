"""The pictures of the kiosk, drawn with Pillow: four faces, the buttons, the signs. Knows no Kivy and no layout.

Each is drawn several times too large and brought down to its exact size in pixels, so that it is shown one to one,
smooth at any size. The faces are told apart by mouth and brow; colour only helps. All lengths are in radii of the face.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from ratings.scale import Score
from terminal.kiosk import theme
from terminal.kiosk.theme import Colour

STROKE = 0.112
"""Width of brows, closed eyes and lips."""
LIP = 0.08
"""How far a face stands above the background; a held face goes down by most of it."""
SINK = 0.06
PADDING = 0.09
"""Room around a face for its shadow, as a share of its diameter."""
HALO = 0.045
RING = 0.06
"""Around a face that is named: a ring of ink, and what parts it from the face."""

Point = tuple[float, float]


@dataclass(slots=True)
class _Sheet:
    """A drawing with its origin in the middle of a face; `radius` pixels to the unit, y downwards."""

    image: Image.Image
    centre: Point
    radius: float

    def place(self, point: Point) -> Point:
        return self.centre[0] + point[0] * self.radius, self.centre[1] + point[1] * self.radius

    def disc(self, centre: Point, radius: float, colour: Colour) -> None:
        x, y = self.place(centre)
        r = radius * self.radius
        ImageDraw.Draw(self.image).ellipse((x - r, y - r, x + r, y + r), fill=colour.rgb)

    def line(self, path: Sequence[Point], colour: Colour, width: float = STROKE) -> None:
        """A line with round ends and corners."""
        draw = ImageDraw.Draw(self.image)
        points = [self.place(point) for point in path]
        draw.line(points, fill=colour.rgb, width=round(width * self.radius))
        r = width * self.radius / 2
        for x, y in points:
            draw.ellipse((x - r, y - r, x + r, y + r), fill=colour.rgb)

    def area(self, path: Sequence[Point], colour: Colour) -> None:
        ImageDraw.Draw(self.image).polygon([self.place(point) for point in path], fill=colour.rgb)

    def within(self, path: Sequence[Point], paint: Callable[[_Sheet], None]) -> None:
        """Paint, but only inside the closed path."""
        stencil = Image.new("L", self.image.size, 0)
        ImageDraw.Draw(stencil).polygon([self.place(point) for point in path], fill=255)
        painted = self.image.copy()
        paint(_Sheet(painted, self.centre, self.radius))
        self.image.paste(painted, mask=stencil)


def face(score: Score, diameter: int, *, held: bool = False, named: bool = False) -> Image.Image:
    """A face, RGBA, `diameter` pixels across with `padding(diameter)` pixels of room around it.

    Perhaps held down, or lit while its name is heard: by a ring, which is the same for all.
    """
    skin = theme.SKINS[score]
    room = padding(diameter)
    oversize = _oversize(diameter)
    side = (diameter + 2 * room) * oversize
    outer = diameter * oversize / 2
    radius = outer / (1 + LIP / 2)
    sink = SINK if held else 0.0
    middle = side / 2
    top = middle - outer + radius
    sheet = _Sheet(Image.new("RGB", (side, side), skin.edge.rgb), (middle, top + sink * radius), radius)

    # The body: the edge shows as a rim, and as a lip below, until the face is held.
    sheet.disc((0, 0), 0.965, skin.held if held else skin.fill)
    _FEATURES[score](sheet)

    def outline(wider: float = 0.0) -> Image.Image:
        body = Image.new("L", (side, side), 0)
        stencil = ImageDraw.Draw(body)
        highest, lowest, r = top + sink * radius, top + LIP * radius, (1 + wider) * radius
        for centre in (highest, lowest):
            stencil.ellipse((middle - r, centre - r, middle + r, centre + r), fill=255)
        stencil.rectangle((middle - r, highest, middle + r, lowest), fill=255)
        return body.reduce(oversize)

    picture = sheet.image.reduce(oversize).convert("RGBA")
    body = outline()
    picture.putalpha(body)
    below = _shadow(body, room, held=held)
    for wider, colour in ((HALO + RING, theme.INK), (HALO, theme.PAPER)) if named else ():
        disc = Image.new("RGBA", below.size, colour.rgb)
        disc.putalpha(outline(wider))
        below = Image.alpha_composite(below, disc)
    return Image.alpha_composite(below, picture)


def padding(diameter: int) -> int:
    """Room in pixels on each side of a face of this diameter."""
    return math.ceil(diameter * PADDING)


def tick(diameter: int) -> Image.Image:
    """The sign of the thank-you, RGBA, `diameter` pixels across: a tick on a disc, of no face's colour."""
    side = diameter * _oversize(diameter)
    sheet = _Sheet(Image.new("RGB", (side, side), theme.INK.rgb), (side / 2, side / 2), side / 2)
    sheet.line([(-0.4, 0.04), (-0.12, 0.31), (0.42, -0.27)], theme.PAPER, 0.15)
    return _round(sheet, diameter)


def bar(diameter: int) -> Image.Image:
    """The sign of a kiosk out of order, RGBA, `diameter` pixels across: a bar on a disc."""
    side = diameter * _oversize(diameter)
    sheet = _Sheet(Image.new("RGB", (side, side), theme.SOFT_INK.rgb), (side / 2, side / 2), side / 2)
    sheet.line([(-0.42, 0), (0.42, 0)], theme.PAPER, 0.17)
    return _round(sheet, diameter)


def panel(width: int, height: int, radius: int, fill: Colour, edge: Colour, thickness: int) -> Image.Image:
    """A ground for texts, RGBA: round corners, an edge `thickness` pixels thick."""
    oversize = 2
    size, line = (width * oversize, height * oversize), thickness * oversize
    shape = Image.new("L", size, 0)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius * oversize, fill=255)
    picture = Image.new("RGB", size, edge.rgb)
    inside = (line, line, size[0] - 1 - line, size[1] - 1 - line)
    ImageDraw.Draw(picture).rounded_rectangle(inside, radius * oversize - line, fill=fill.rgb)
    result = picture.reduce(oversize).convert("RGBA")
    result.putalpha(shape.reduce(oversize))
    return result


def pill(width: int, height: int, fill: Colour, edge: Colour, thickness: int) -> Image.Image:
    """A language button without its name, RGBA: round ends, an edge `thickness` pixels thick."""
    oversize = _oversize(height)
    size = (width * oversize, height * oversize)
    line = thickness * oversize
    shape = Image.new("L", size, 0)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), size[1] / 2, fill=255)
    picture = Image.new("RGB", size, edge.rgb)
    inside = (line, line, size[0] - 1 - line, size[1] - 1 - line)
    ImageDraw.Draw(picture).rounded_rectangle(inside, size[1] / 2 - line, fill=fill.rgb)
    result = picture.reduce(oversize).convert("RGBA")
    result.putalpha(shape.reduce(oversize))
    return result


def loudspeaker(diameter: int, fill: Colour, edge: Colour, ink: Colour, thickness: int) -> Image.Image:
    """The button that speaks, RGBA, `diameter` pixels across: a loudspeaker on a disc with an edge like a pill's."""
    side = diameter * _oversize(diameter)
    sheet = _Sheet(Image.new("RGB", (side, side), edge.rgb), (side / 2, side / 2), side / 2)
    sheet.disc((0, 0), 1 - 2 * thickness / diameter, fill)
    horn = [(-0.58, -0.17), (-0.39, -0.17), (-0.12, -0.42), (-0.12, 0.42), (-0.39, 0.17), (-0.58, 0.17)]
    sheet.area(horn, ink)
    sheet.line([*horn, horn[0]], ink, 0.11)
    for reach in (0.27, 0.51):
        sheet.line(_arc((0.07, 0), reach, reach, -48, 48), ink, 0.11)
    return _round(sheet, diameter)


def _very_happy(sheet: _Sheet) -> None:
    for side in (-1, 1):
        sheet.line(_arc((side * 0.37, -0.19), 0.155, 0.17, 180, 360), theme.INK)
    mouth = [*_arc((0, 0.1), 0.56, 0.0, 180, 360), *_arc((0, 0.1), 0.56, 0.52, 0, 180)]
    sheet.area(mouth, theme.INK)
    sheet.line([*mouth, mouth[0]], theme.INK, 0.1)
    sheet.within(mouth, lambda inner: inner.area([(-1, 0), (1, 0), (1, 0.245), (-1, 0.245)], theme.PAPER))
    sheet.within(mouth, lambda inner: inner.area(_arc((0, 0.68), 0.34, 0.24, 0, 360), theme.TONGUE))


def _happy(sheet: _Sheet) -> None:
    for side in (-1, 1):
        sheet.disc((side * 0.36, -0.2), 0.112, theme.INK)
        sheet.line(_arc((side * 0.37, -0.42), 0.17, 0.09, 205, 335), theme.INK, 0.085)
    sheet.line(_arc((0, -0.02), 0.5, 0.47, 22, 158), theme.INK)


def _unhappy(sheet: _Sheet) -> None:
    for side in (-1, 1):
        sheet.disc((side * 0.36, -0.17), 0.112, theme.INK)
        sheet.line([(side * 0.23, -0.47), (side * 0.52, -0.41)], theme.INK, 0.085)
    sheet.line(_arc((0, 0.66), 0.44, 0.36, 205, 335), theme.INK)


def _very_unhappy(sheet: _Sheet) -> None:
    for side in (-1, 1):
        sheet.disc((side * 0.37, -0.15), 0.112, theme.INK)
        sheet.line([(side * 0.19, -0.54), (side * 0.58, -0.36)], theme.INK)
    mouth = [*_arc((0, 0.63), 0.48, 0.5, 180, 360), *_arc((0, 0.63), 0.48, 0.13, 360, 180)]
    sheet.area(mouth, theme.INK)
    sheet.line([*mouth, mouth[0]], theme.INK, 0.1)


_FEATURES: dict[Score, Callable[[_Sheet], None]] = {
    Score.VERY_HAPPY: _very_happy,
    Score.HAPPY: _happy,
    Score.UNHAPPY: _unhappy,
    Score.VERY_UNHAPPY: _very_unhappy,
}


def _oversize(diameter: int) -> int:
    """How many times too large to draw: what is large needs less to look smooth, and takes long enough."""
    return 6 if diameter <= 300 else 4


def _arc(centre: Point, across: float, down: float, begin: float, end: float) -> list[Point]:
    """Points on an ellipse with these half-axes, from one angle to another in degrees; 0 is right, 90 is below."""
    count = max(8, round(abs(end - begin) / 3))
    angles = (math.radians(begin + (end - begin) * step / count) for step in range(count + 1))
    return [(centre[0] + across * math.cos(angle), centre[1] + down * math.sin(angle)) for angle in angles]


def _shadow(body: Image.Image, room: int, *, held: bool) -> Image.Image:
    """A soft shadow a little below the body; a face held down has less of it."""
    strength = 0.10 if held else 0.20
    moved = ImageChops.offset(body, 0, max(1, round(room * (0.15 if held else 0.3))))
    soft = moved.filter(ImageFilter.GaussianBlur(room * 0.22)).point([round(level * strength) for level in range(256)])
    shadow = Image.new("RGBA", body.size, theme.INK.rgb)
    shadow.putalpha(soft)
    return shadow


def _round(sheet: _Sheet, diameter: int) -> Image.Image:
    stencil = Image.new("L", sheet.image.size, 0)
    ImageDraw.Draw(stencil).ellipse((0, 0, sheet.image.width - 1, sheet.image.height - 1), fill=255)
    oversize = _oversize(diameter)
    picture = sheet.image.reduce(oversize).convert("RGBA")
    picture.putalpha(stencil.reduce(oversize))
    return picture
