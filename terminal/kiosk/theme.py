"""Colours and how well they stand out. Numbers only: tests compute the contrasts from here."""

from __future__ import annotations

from dataclasses import dataclass

from ratings.scale import Score


@dataclass(frozen=True, slots=True)
class Colour:
    """An opaque colour, sRGB, 0–255."""

    red: int
    green: int
    blue: int

    @classmethod
    def read(cls, text: str) -> Colour:
        """Read `#12262e`."""
        return cls(*bytes.fromhex(text.removeprefix("#")))

    @property
    def rgb(self) -> tuple[int, int, int]:
        """As Pillow wants it."""
        return self.red, self.green, self.blue

    @property
    def rgba(self) -> tuple[float, float, float, float]:
        """As OpenGL wants it, 0–1."""
        return self.red / 255, self.green / 255, self.blue / 255, 1.0

    @property
    def luminance(self) -> float:
        """Relative luminance, 0–1 (WCAG 2.2, "relative luminance")."""

        def linear(part: int) -> float:
            share = part / 255
            return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

        return 0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio, 1–21 (WCAG 2.2, "contrast ratio")."""
    dark, light = sorted((one.luminance, other.luminance))
    return (light + 0.05) / (dark + 0.05)


@dataclass(frozen=True, slots=True)
class Skin:
    """A face's colours: what it is filled with, and its edge, which must stand out from the background."""

    fill: Colour
    held: Colour
    edge: Colour


BACKGROUND = Colour.read("#f6f2eb")
INK = Colour.read("#12262e")
"""Question, features of the faces, the button of the language in use."""
SOFT_INK = Colour.read("#40535b")
"""Captions, the second line of a message."""
PAPER = Colour.read("#ffffff")
"""Language buttons, and the writing on ink."""
HELD_PAPER = Colour.read("#dfe6e4")
BAND = Colour.read("#e8e0d2")
"""What "you said, we did" stands on: darker than the background, and nothing that looks like a button."""
LINE = Colour.read("#74858b")
"""The edge of a language button."""
TONGUE = Colour.read("#f2766b")

SKINS = {
    Score.VERY_HAPPY: Skin(Colour.read("#2bb07a"), Colour.read("#28a573"), Colour.read("#14724d")),
    Score.HAPPY: Skin(Colour.read("#a3cf45"), Colour.read("#8fb83b"), Colour.read("#5d8418")),
    Score.UNHAPPY: Skin(Colour.read("#fbb034"), Colour.read("#e29a24"), Colour.read("#a96f06")),
    Score.VERY_UNHAPPY: Skin(Colour.read("#ee6a55"), Colour.read("#e36350"), Colour.read("#ad3625")),
}
