"""Drawings rendered with matplotlib (`Figure`, never pyplot): as SVG to put into a page. As files: `paper.py`.

The same drawing gives the same bytes, so that each is rendered once. Knows no database and nothing of what is drawn.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol
from xml.etree import ElementTree

import matplotlib
from matplotlib.artist import Artist
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.transforms import IdentityTransform, Transform

from dashboard.charts.style import Size
from dashboard.language import Words, words

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

SVG = "http://www.w3.org/2000/svg"

_lock = Lock()
"""matplotlib's settings and fonts are shared by all threads; one draws at a time."""


_OWN: dict[RcKeyType, Any] = {name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"}
"""What matplotlib has by itself, without the `matplotlibrc` of the machine. The backend we name ourselves."""


class Drawing(Hashable, Protocol):
    """What is drawn: a frozen dataclass, since each is rendered once. `name` is unique on a page, and plain ASCII."""

    @property
    def name(self) -> str:
        """What its parts, and its files, are called."""
        ...

    def title(self, say: Words) -> str:
        """What it shows, in some words."""

    def description(self, say: Words) -> str:
        """What it shows, with all figures, for those who do not see it."""

    def artists(self, size: Size, say: Words) -> Iterable[Artist]:
        """Everything on it, back to front; lengths in pixels, the origin at the bottom left."""


@contextmanager
def drawing_with(settings: dict[RcKeyType, Any]) -> Iterator[None]:
    """Draw alone, with some of matplotlib's settings, and its own for all others, whatever this machine has.

    A letter that its font lacks is no reason to warn.
    """
    with _lock, matplotlib.rc_context(_OWN | settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph ", UserWarning)
        yield


def put(figure: Figure, artists: Iterable[Artist], where: Transform) -> None:
    """Put artists on a figure, each over those before it."""
    for artist in artists:
        artist.set_transform(where)
        artist.set_zorder(len(figure.artists) + len(figure.lines) + len(figure.patches) + len(figure.texts))
        figure.add_artist(artist)


@lru_cache(maxsize=512)
def svg(drawing: Drawing, language: str, size: Size) -> str:
    """The drawing as an SVG element to put into a page."""
    say = words(language)
    with drawing_with({"svg.fonttype": "none", "svg.hashsalt": f"fjes-{drawing.name}-{size.name}"}):
        figure = Figure(figsize=(size.width / 72, size.height / 72), dpi=72)
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        put(figure, drawing.artists(size, say), IdentityTransform())
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return _cleaned(out.getvalue(), drawing.title(say), drawing.description(say), drawing.name, size.name)


def _cleaned(svg: bytes, title: str, description: str, name: str, size: str) -> str:
    """What matplotlib wrote, made fit for a page: styles as attributes (a strict policy forbids inline styles), parts
    with classes instead of ids, the page's own font, no fixed size, and a title and description.
    """
    ElementTree.register_namespace("", SVG)
    source = ElementTree.fromstring(svg)  # noqa: S314 (our own drawing)
    prefix = f"{name}-{size}"
    root = ElementTree.Element(
        f"{{{SVG}}}svg",
        {
            "viewBox": source.attrib["viewBox"],
            "class": f"chart chart-{size} {name}",
            "role": "img",
            "aria-labelledby": f"{prefix}-title {prefix}-description",
        },
    )
    for tag, words_ in (("title", title), ("desc", description)):
        child = ElementTree.SubElement(
            root, f"{{{SVG}}}{tag}", {"id": f"{prefix}-{tag if tag == 'title' else 'description'}"}
        )
        child.text = words_
    for group in source.iter(f"{{{SVG}}}g"):
        kind = group.attrib.get("id", "")
        if kind not in KINDS:
            continue
        for shape in group.iter():
            if shape.tag in (f"{{{SVG}}}path", f"{{{SVG}}}text"):
                plain = ElementTree.SubElement(root, shape.tag, {"class": kind} | _attributes(shape))
                plain.text = shape.text
    return ElementTree.tostring(root, encoding="unicode")


KINDS = {
    *("grid", "axis", "mark", "hidden", "band", "line", "dot", "amount"),
    *("rail", "name", "step", "ring", "in-heat", "in-heat-7", *(f"heat-{number}" for number in range(8))),
    *("inside", "pattern"),
    *(f"{kind}-{score}" for kind in ("area", "fill", "rim") for score in range(4)),
    *("ink", "tooth", "tongue", "stroke"),
}
"""What parts of a drawing can be; the stylesheet has a rule for each."""

_KEPT = {
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-linejoin",
    "stroke-linecap",
    "text-anchor",
    "font-size",
    "font-weight",
}


def _attributes(shape: ElementTree.Element) -> dict[str, str]:
    """A shape's place and look, the look as attributes, which any rule of a stylesheet overrides."""
    found: dict[str, str] = {name: value for name, value in shape.attrib.items() if name in ("d", "x", "y")}
    for rule in shape.attrib.get("style", "").split(";"):
        name, _, value = (part.strip() for part in rule.partition(":"))
        if name == "font":
            words_ = value.split("'")[0].split()
            found |= {"font-size": next(each for each in words_ if each.endswith("px")).removesuffix("px")}
            found |= {"font-weight": "700"} if words_[0] in ("bold", "700") else {}
        elif name in _KEPT:
            found[name] = value.removesuffix("px")
    return found
