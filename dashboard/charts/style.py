"""How charts look: the colours of the stylesheet, the sizes of a drawing, and how to draw in pixels.

Every artist has a kind (its `gid`), which becomes a class in a page, so that the stylesheet can set its colours for
the dark and for print; in files the colours here hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from matplotlib.patches import Rectangle
from matplotlib.text import Text

INK, SOFT_INK, LINE, PAPER, BAND, TREND = "#12262e", "#40535b", "#ddd4c5", "#fffdf9", "#bfe5d3", "#14724d"
RAIL, FACE_INK = "#ebe4d8", "#12262e"
"""The stylesheet has the same, and others for the dark."""

FILLS = ("#ee6a55", "#fbb034", "#a3cf45", "#2bb07a")
RIMS = ("#ad3625", "#a96f06", "#5d8418", "#14724d")
"""The four faces and their edges, indexed by `Score`."""

HEAT = ("#def3e7", "#e9f1d9", "#f4eac8", "#fae0a8", "#fbcb7e", "#f8af65", "#f38d5b", "#ee6a55")
"""Shares from high to low, darker step by step, so that they can be told apart without colour, too."""


@dataclass(frozen=True, slots=True)
class Size:
    """A drawing's measures in pixels: a wide one for screens and paper, a narrow one for phones."""

    name: str
    width: int
    height: int
    text: int
    radius: float


WIDE = Size("wide", 580, 420, 13, 5.5)
NARROW = Size("narrow", 328, 280, 12, 4.5)


def text(
    x: float,
    y: float,
    words: str,
    kind: str,
    align: Literal["left", "center", "right"],
    pixels: int,
    *,
    bold: bool = False,
) -> Text:
    """Words on a drawing; their baseline is at `y`."""
    colour = SOFT_INK if kind == "axis" else INK
    weight = "bold" if bold else "normal"
    found = Text(x, y, words, color=colour, fontsize=pixels, ha=align, va="baseline", weight=weight, gid=kind)
    found.set_parse_math(False)  # A name with two dollar signs is a name.
    return found


def hidden(left: float, bottom: float, right: float, top: float) -> Rectangle:
    """The mark for a figure that is hidden: an empty box, dashed."""
    return Rectangle(
        (left, bottom),
        right - left,
        top - bottom,
        facecolor="none",
        edgecolor=SOFT_INK,
        linestyle=(0, (2, 4)),
        linewidth=1,
        gid="hidden",
    )
