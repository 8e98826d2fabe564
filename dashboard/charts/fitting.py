"""How wide words are in the pages' typeface, and how much of a name there is room for. Knows no drawing."""

from __future__ import annotations

from functools import cache

from dashboard import typeface

ELLIPSIS = "…"


def width(words: str, pixels: float, *, bold: bool = False) -> float:
    """How wide some words are, in pixels. Letters of other scripts are taken for as wide as they are high."""
    advances, units = _advances("bold" if bold else "regular")
    return sum(advances.get(ord(letter), units) for letter in words) * pixels / units


def fitted(words: str, room: float, pixels: float, *, bold: bool = False) -> str:
    """As much of some words as there is room for, with an ellipsis where that is not all."""
    if width(words, pixels, bold=bold) <= room:
        return words
    kept = words[: int(room)]  # No letter is narrower than a pixel: hostile names are not measured to their end.
    while kept and width(kept.rstrip() + ELLIPSIS, pixels, bold=bold) > room:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


@cache
def _advances(weight: str) -> tuple[dict[int, int], int]:
    """The width of each letter, and how many of its units a letter is high."""
    from fontTools.ttLib import TTFont

    with TTFont(typeface.FOLDER / typeface.WEIGHTS[weight], lazy=True) as font:
        widths, letters = font["hmtx"].metrics, font.getBestCmap()
        return {letter: widths[name][0] for letter, name in letters.items()}, int(font["head"].unitsPerEm)
