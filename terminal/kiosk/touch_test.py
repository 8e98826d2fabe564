"""The scene that tests touches: a ring to be touched, five times, then what was found. Needs no reading but at its end.

The staff menu shows it, and `fjes terminal touch` in a window of its own (`touch_window.py`). Knows no ledger and no
visit; what was touched is kept until the test is started again, and is no rating.
"""

from __future__ import annotations

import math
from typing import Any

from PIL import Image, ImageDraw

from ratings.sections import Turn
from terminal.kiosk import faces, theme
from terminal.kiosk.boxes import LEAST_TARGET, rounded, unit_of
from terminal.kiosk.drawing import Painter, Placed, Text, upload
from terminal.kiosk.lettering import Lettering
from terminal.kiosk.theme import Colour
from terminal.kiosk.touch_judge import PLACES, Trial, Verdict
from terminal.kiosk.turning import Point

DOUBLE_SECONDS = 0.3
"""Nobody touches two places within this: what comes so soon is the same touch once more."""
WANDER = 26
"""How far a finger may seem to move until it is lifted, in units: 5 mm."""
READ_SECONDS = 1.0
"""A touch so soon after the last one was meant for a place, not for leaving."""

_OVERSIZE = 4


class TouchTest:
    """The test on one panel. Points are pixels of the upright picture; moments are seconds of a steady clock.

    `rotation` and `touch_rotation` are what the panel's touches are turned by now.
    """

    def __init__(
        self, width: int, height: int, lettering: Lettering, rotation: Turn = 0, touch_rotation: Turn | None = None
    ) -> None:
        self._size = (width, height)
        self._turned: tuple[Turn, Turn | None] = (rotation, touch_rotation)
        self._unit = unit_of(width, height)
        self._painter = Painter(lettering, height)
        self._radius = round(LEAST_TARGET / 2 * self._unit)
        sign = round(40 * self._unit)
        self._signs = {True: upload(faces.tick(sign)), False: upload(faces.bar(sign))}
        self._ring, self._dot = upload(_ring(self._radius)), upload(_dot(round(7 * self._unit)))
        self._badge = upload(_disc(round(20 * self._unit), theme.INK))
        self._numbers = [self._number(place) for place in range(len(PLACES))]
        self._said: Placed | None = None
        self.start()

    def start(self) -> None:
        """Begin, or begin anew."""
        width, height = self._size
        self._trial = Trial(width, height, self._radius, *self._turned)
        self._last = -math.inf
        self._down: Point | None = None
        self._doubled = False
        self.verdict: Verdict | None = None
        """What was found, once it is known."""
        self._said = None

    @property
    def finished(self) -> bool:
        """Whether the verdict is there."""
        return self.verdict is not None

    @property
    def stage(self) -> int:
        """Another number whenever there is something else to be drawn."""
        return len(self._trial.touches) + self.finished

    @property
    def deadline(self) -> float | None:
        """The moment at which `look` will find the verdict; None while it waits for a finger, or is there."""
        if self.finished or not self._trial.complete or self._down is not None:
            return None
        return self._last + DOUBLE_SECONDS

    @property
    def place(self) -> Point:
        """The middle of the ring that wants to be touched; of the last one, once all were."""
        return self._at(min(len(self._trial.touches), len(PLACES) - 1))

    def touch(self, x: float, y: float, moment: float) -> bool:
        """A finger was put down. Returns whether that leaves the scene: the verdict had been read."""
        if self.finished:
            return moment - self._last > READ_SECONDS
        if moment - self._last <= DOUBLE_SECONDS:
            # However often it comes, it is one touch that was doubled.
            self._trial.doubled += not self._doubled
            self._doubled = True
        else:
            self._trial.touches.append((x / self._size[0], y / self._size[1]))
            self._down, self._doubled = (x, y), False
        self._last = moment
        return False

    def lift(self, x: float, y: float, moment: float) -> None:
        """The finger was lifted."""
        if self._down is not None and not self.finished:
            self._trial.unsteady += math.dist(self._down, (x, y)) > WANDER * self._unit
            self._down = None
        self.look(moment)

    def look(self, moment: float) -> None:
        """Time has passed. The verdict waits a little for what may be the last touch once more."""
        deadline = self.deadline
        if deadline is not None and moment > deadline:
            self.give_up()

    def give_up(self) -> None:
        """Judge by what there is."""
        if self.verdict is None:
            self.verdict = self._trial.judge()

    def texts(self) -> list[Text]:
        """The lines of the verdict as they are set."""
        assert self.verdict is not None
        unit, (width, height) = self._unit, self._size
        head, *others = self.verdict.lines
        side, tall = 26 * unit, min(68 * unit, (height - 120 * unit) / len(self.verdict.lines))

        def fitted(line: str, size: float, ink: Colour, top: float) -> Text:
            return self._painter.fit(line, rounded(side, top, width - 2 * side, tall), round(size), 2, ink)

        # All that follow the first line are as small as the one that needs it most.
        small = min((fitted(line, 21 * unit, theme.INK, 0).block.size for line in others), default=0)
        top = (height + 56 * unit - tall * len(self.verdict.lines)) / 2
        sizes = [(head, 28 * unit, theme.INK), *((line, small, theme.SOFT_INK) for line in others)]
        return [fitted(line, size, ink, top + tall * row) for row, (line, size, ink) in enumerate(sizes)]

    def draw(self, group: Any) -> None:
        """The places touched so far and the next one, or the verdict."""
        if self.verdict is None:
            self._draw_places(group)
            return
        texts = self.texts()
        if self._said is None:
            self._said = self._painter.lay(texts)
        self._centred(group, self._signs[self.verdict.passed], (self._size[0] / 2, texts[0].box.y - 28 * self._unit))
        self._painter.show_all(group, self._said)

    def _draw_places(self, group: Any) -> None:
        for number, (x, y) in enumerate(self._trial.touches):
            landed = self._trial.landed(number)
            self._centred(group, self._signs[landed], self._at(number))
            if not landed:
                self._centred(group, self._dot, (x * self._size[0], y * self._size[1]))
        if not self._trial.complete:
            self._centred(group, self._ring, self.place)
            self._centred(group, self._badge, self._badge_at(len(self._trial.touches)))
            self._painter.show_all(group, self._numbers[len(self._trial.touches)])

    def _at(self, number: int) -> Point:
        return PLACES[number][0] * self._size[0], PLACES[number][1] * self._size[1]

    def _badge_at(self, number: int) -> Point:
        """On the ring, at its upper right."""
        x, y = self._at(number)
        return x + self._radius * math.sqrt(0.5), y - self._radius * math.sqrt(0.5)

    def _number(self, number: int) -> Placed:
        (x, y), side = self._badge_at(number), 26 * self._unit
        box = rounded(x - side / 2, y - side / 2, side, side)
        return self._painter.lay([self._painter.fit(str(number + 1), box, round(18 * self._unit), 1, theme.PAPER)])

    def _centred(self, group: Any, texture: Any, middle: Point) -> None:
        width, height = texture.size
        self._painter.show(group, texture, middle[0] - width / 2, middle[1] - height / 2, width, height)


def _ring(radius: int) -> Image.Image:
    """A ring with a cross in it, RGBA, twice as wide as `radius` pixels."""
    side, line = 2 * radius * _OVERSIZE, max(2, round(radius / 16)) * _OVERSIZE
    stencil = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(stencil)
    draw.ellipse((0, 0, side - 1, side - 1), fill=255)
    draw.ellipse((line, line, side - 1 - line, side - 1 - line), fill=0)
    arm, half, middle = side * 0.3, line // 2, side // 2
    draw.rectangle((middle - arm, middle - half, middle + arm - 1, middle + half - 1), fill=255)
    draw.rectangle((middle - half, middle - arm, middle + half - 1, middle + arm - 1), fill=255)
    return _inked(stencil, theme.INK)


def _disc(diameter: int, ink: Colour) -> Image.Image:
    side = diameter * _OVERSIZE
    stencil = Image.new("L", (side, side), 0)
    ImageDraw.Draw(stencil).ellipse((0, 0, side - 1, side - 1), fill=255)
    return _inked(stencil, ink)


def _dot(radius: int) -> Image.Image:
    """Where a touch was felt: a spot that is seen on any ground."""
    outer = _disc(2 * radius, theme.PAPER)
    inner = _disc(2 * (radius - max(1, radius // 3)), theme.INK)
    outer.alpha_composite(inner, ((outer.width - inner.width) // 2, (outer.height - inner.height) // 2))
    return outer


def _inked(stencil: Image.Image, ink: Colour) -> Image.Image:
    picture = Image.new("RGBA", (stencil.width // _OVERSIZE, stencil.height // _OVERSIZE), ink.rgb)
    picture.putalpha(stencil.reduce(_OVERSIZE))
    return picture
