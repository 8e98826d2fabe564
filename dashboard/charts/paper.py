"""A drawing as a file that stands alone: what it is above it, what it rests on below, on paper, in our own typeface.

PNG with two dots a pixel; PDF with the typeface in it; SVG with its letters as shapes, so that it looks the same
wherever it is put. Knows no database and nothing of what is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.font_manager import FontEntry, FontProperties, fontManager
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Stroke
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from dashboard.charts.rendering import SVG, Drawing, drawing_with, put
from dashboard.charts.style import LINE, PAPER, SOFT_INK, Size, text
from dashboard.language import words
from dashboard.typeface import FOLDER, WEIGHTS

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

_MARGIN = 32
_DOTS = {"png": 2}
"""Dots a pixel, where a file has dots."""

_TITLE, _PLACE, _SOURCE = 19, 14, 12
_MOST_LINES = 3
_MOST_LETTERS = 400
"""So many letters of a text are drawn at most."""

_FONT = "Fjes Text"
_SETTINGS: dict[RcKeyType, Any] = {
    # Where ours lacks a letter, matplotlib's own has it more often than not.
    "font.family": [_FONT, "DejaVu Sans"],
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "fjes",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a drawing. `hidden`: what its mark for hidden figures means, where it has one."""

    place: str
    warnings: tuple[str, ...]
    hidden: str | None
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of text; `space` is above it."""

    words: str
    pixels: int
    soft: bool
    bold: bool
    space: int = 0

    @property
    def height(self) -> int:
        return self.space + round(1.4 * self.pixels)


@lru_cache(maxsize=64)
def picture(drawing: Drawing, language: str, size: Size, frame: Frame, ending: str) -> bytes:
    """The drawing as a file: `ending` is png, svg or pdf."""
    say = words(language)
    title, dots = drawing.title(say), _DOTS.get(ending, 1)
    with drawing_with(_SETTINGS):
        _load_font()
        above = [*_lines(title, size, _TITLE, bold=True), *_lines(frame.place, size, _PLACE, soft=True, space=2)]
        for each in frame.warnings:
            above += _lines(each, size, _SOURCE + 1, bold=True, space=6)
        below = [line for each in frame.source for line in _lines(each, size, _SOURCE, soft=True)]
        key = 28 if frame.hidden else 0
        top = _MARGIN + sum(line.height for line in above) + 14
        bottom = _MARGIN + sum(line.height for line in below) + 22 + key
        width, height = size.width + 2 * _MARGIN, top + size.height + bottom
        figure = Figure(figsize=(width / 72, height / 72), dpi=72 * dots, facecolor=PAPER)
        put(figure, _with_halos(drawing.artists(size, say)), Affine2D().translate(_MARGIN, bottom).scale(dots))
        around = [*_written(above, height - _MARGIN), *_written(below, bottom - key - 22)]
        if frame.hidden:
            around += _key(frame.hidden, bottom - 18)
        rule = bottom - key - 14
        around.append(Line2D([_MARGIN, width - _MARGIN], [rule, rule], color=LINE, linewidth=1))
        put(figure, around, Affine2D().scale(dots))
        out = io.BytesIO()
        figure.savefig(out, format=ending, dpi=72 * dots, metadata=_METADATA[ending] | {"Title": title})
    if ending != "svg":
        return out.getvalue()
    return _described(out.getvalue(), [frame.place, *frame.warnings, drawing.description(say), *frame.source])


_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": "Fjes"},
    "svg": {"Creator": "Fjes", "Date": None},
    "pdf": {"Creator": "Fjes", "Producer": None, "CreationDate": None},
}


@cache
def _load_font() -> None:
    """Make our typeface known to matplotlib, by a name that no font of the machine has."""
    for weight, file in WEIGHTS.items():
        fontManager.ttflist.append(
            FontEntry(fname=str(FOLDER / file), name=_FONT, weight=700 if weight == "bold" else 400)
        )


def _with_halos(artists: Iterable[Artist]) -> Iterator[Artist]:
    """Amounts stand out from what they cross, as in a page, whose stylesheet does it."""
    for artist in artists:
        if isinstance(artist, Text) and artist.get_gid() == "amount":
            x, y = artist.get_position()
            halo = Text(x, y, artist.get_text(), ha=artist.get_horizontalalignment(), va="baseline", parse_math=False)
            halo.set_fontproperties(artist.get_fontproperties())
            halo.set_path_effects([Stroke(linewidth=4, foreground=PAPER, joinstyle="round")])
            yield halo
        yield artist


def _lines(
    words_: str, size: Size, pixels: int, *, soft: bool = False, bold: bool = False, space: int = 0
) -> Iterator[_Line]:
    """A text in as many lines as it needs, and no more than a few: what is longer ends with dots."""
    face = FontProperties(family=_FONT, weight="bold" if bold else "normal", size=pixels)

    def fits(text: str) -> bool:
        return text_to_path.get_text_width_height_descent(text, face, ismath=False)[0] <= size.width

    rest = words_.strip() if len(words_) <= _MOST_LETTERS else words_[:_MOST_LETTERS].strip() + "…"
    for number in range(_MOST_LINES):
        line, rest = _first(rest, fits)
        if rest and number == _MOST_LINES - 1:
            while line and not fits(line + "…"):
                line = line[:-1]
            line += "…"
        yield _Line(line, pixels, soft, bold, space if number == 0 else 0)
        if not rest:
            return


def _first(text_: str, fits: Callable[[str], bool]) -> tuple[str, str]:
    """As many words as fit, and the rest; of a word that is longer than a line, as many letters as fit."""
    if fits(text_):
        return text_, ""
    for end in (number for number in range(len(text_) - 1, 0, -1) if text_[number] == " "):
        if fits(text_[:end]):
            return text_[:end], text_[end + 1 :]
    end = next(number for number in range(len(text_) - 1, 0, -1) if number == 1 or fits(text_[:number]))
    return text_[:end], text_[end:]


def _written(lines: Iterable[_Line], top: float) -> Iterator[Artist]:
    """Lines of text, one below the other."""
    for line in lines:
        top -= line.height
        kind = "axis" if line.soft else "amount"
        yield text(_MARGIN, top + 0.4 * line.pixels, line.words, kind, "left", line.pixels, bold=line.bold)


def _key(hidden: str, middle: float) -> Iterator[Artist]:
    """The mark for hidden figures, and what it means."""
    box = (_MARGIN + 0.5, middle - 7)
    yield Rectangle(box, 14, 14, facecolor="none", edgecolor=SOFT_INK, linestyle=(0, (2, 3)), linewidth=1)
    yield text(_MARGIN + 22, middle - 4, hidden, "axis", "left", _SOURCE)


def _described(svg: bytes, texts: Sequence[str]) -> bytes:
    """With all that it shows and says in words, for those who do not see it: its letters are shapes."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own drawing)
    root.set("role", "img")
    said = ElementTree.Element(f"{{{SVG}}}desc")
    said.text = "\n".join(texts)
    root.insert(1, said)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
