"""Charts as SVG, drawn with matplotlib (`Figure`, never pyplot): the satisfied share month by month with its interval.

The same figures give the same bytes. Text stays text, and every part has a class, so that a page's stylesheet can set
its colours (dark mode, print); without one the colours here hold. Knows no database; cached by what it draws.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from threading import Lock
from xml.etree import ElementTree

import matplotlib
from matplotlib.artist import Artist
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import BoxStyle, Circle, FancyBboxPatch, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from dashboard.language import Words, words
from dashboard.statistics import Share
from ratings.period import Grain, Period, periods_between

SVG = "http://www.w3.org/2000/svg"

INK, SOFT_INK, LINE, PAPER, BAND, TREND = "#12262e", "#40535b", "#ddd4c5", "#fffdf9", "#bfe5d3", "#14724d"
"""The stylesheet has the same, and others for the dark."""

_lock = Lock()
"""matplotlib's settings and fonts are shared by all threads; one draws at a time."""


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of whole months and its share."""

    days: Period
    share: Share


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

_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 6, 26, 46


@lru_cache(maxsize=256)
def satisfied_by_month(points: tuple[Point, ...], hidden: tuple[Period, ...], language: str, size: Size) -> str:
    """The chart, as an SVG element to put into a page. A block of several months lies over all of them.

    `points` and `hidden` (months without a figure) in order; at least one point.
    """
    say = words(language)
    everything = [*(each.days for each in points), *hidden]
    span = Period(min(each.first for each in everything), max(each.last for each in everything))
    with _lock, matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": f"fjes-{size.name}"}):
        figure = Figure(figsize=(size.width / 72, size.height / 72), dpi=72)
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        for artist in _artists(points, hidden, span, say, size):
            artist.set_transform(IdentityTransform())
            figure.add_artist(artist)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    title = say("Satisfied visitors, %(months)s", months=say.months(span))
    return _cleaned(out.getvalue(), title, _description(points, hidden, say), f"chart-{size.name}")


def _artists(
    points: Iterable[Point], hidden: Iterable[Period], span: Period, say: Words, size: Size
) -> Iterable[Artist]:
    """Everything on the drawing, back to front; lengths in pixels, the origin at the bottom left."""
    months = list(periods_between(Grain.MONTH, span.first, span.last))
    step = (size.width - _LEFT - _RIGHT) / len(months)
    top, bottom = size.height - _TOP, float(_BOTTOM)

    def across(days: Period) -> tuple[float, float]:
        first = next(number for number, month in enumerate(months) if month.last >= days.first)
        last = next(number for number, month in enumerate(months) if month.last >= days.last)
        return _LEFT + first * step, _LEFT + (last + 1) * step

    def up(percent: float) -> float:
        return bottom + (top - bottom) * percent / 100

    def text(x: float, y: float, words_: str, kind: str, align: str, pixels: int, bold: bool = False) -> Text:
        weight = "bold" if bold else "normal"
        colour = INK if kind == "amount" else SOFT_INK
        return Text(x, y, words_, color=colour, fontsize=pixels, ha=align, va="baseline", weight=weight, gid=kind)

    for percent in (0, 25, 50, 75, 100):
        y = up(percent)
        yield Line2D([_LEFT, size.width - _RIGHT], [y, y], color=LINE, linewidth=1, gid="grid")
        yield text(_LEFT - 8, y - 4, say.percent(percent), "axis", "right", size.text - 1)
    for month in hidden:
        left, right = across(month)
        yield Rectangle(
            (left + step * 0.16, bottom + 1),
            right - left - step * 0.32,
            top - bottom - 1,
            facecolor="none",
            edgecolor=SOFT_INK,
            linestyle=(0, (2, 4)),
            linewidth=1,
            gid="hidden",
        )
    middles = [sum(across(point.days)) / 2 for point in points]
    heights = [up(point.share.percent) for point in points]
    for point in points:
        left, right = across(point.days)
        gap = step * 0.16
        low, high = up(point.share.low), up(point.share.high)
        yield FancyBboxPatch(
            (left + gap, low),
            right - left - 2 * gap,
            max(high - low, 2),
            boxstyle=BoxStyle.Round(pad=0, rounding_size=min(5, max(high - low, 2) / 2)),
            facecolor=BAND,
            edgecolor="none",
            gid="band",
        )
    for one, other in pairwise(zip(points, middles, heights, strict=True)):
        # Over hidden months there is no line: it would say something about them.
        if one[0].days.next() == other[0].days.first:
            yield Line2D([one[1], other[1]], [one[2], other[2]], color=TREND, linewidth=2, gid="line")
    for point, x, y in zip(points, middles, heights, strict=True):
        left, right = across(point.days)
        if right - left > step * 1.5:
            gap = step * 0.16
            yield Line2D([left + gap, right - gap], [y, y], color=TREND, linewidth=4, gid="line")
        yield Circle((x, y), size.radius, facecolor=TREND, edgecolor=PAPER, linewidth=1.5, gid="dot")
        above = up(point.share.high) + 7
        yield text(
            x,
            above,
            say.percent(point.share.percent) if step > 34 else _bare(point, say),
            "amount",
            "center",
            size.text,
            True,
        )
    yield from _months(months, step, say, size, text)


def _bare(point: Point, say: Words) -> str:
    """A percentage without its sign, where there is no room for it; the axis has the sign."""
    return say.percent(point.share.percent).rstrip("%").strip()


def _months(months: list[Period], step: float, say: Words, size: Size, text: object) -> Iterable[Artist]:
    """Names of months below the axis, and the year where one begins."""
    assert callable(text)
    for number, month in enumerate(months):
        x = _LEFT + (number + 0.5) * step
        name = say.months_short(month)
        yield text(x, _BOTTOM - 19, name if step > 34 else name[:1].upper(), "axis", "center", size.text - 1)
        if number == 0 or month.first.month == 1:
            yield text(x, _BOTTOM - 37, f"{month.first.year}", "axis", "center", size.text - 1)


def _description(points: Iterable[Point], hidden: tuple[Period, ...], say: Words) -> str:
    """The chart in words, for those who do not see it."""
    parts = [
        say(
            "%(months)s: %(percent)s, interval %(interval)s",
            months=say.months(point.days),
            percent=say.percent(point.share.percent),
            interval=say.interval(point.share.low, point.share.high, 0),
        )
        for point in points
    ]
    if hidden:
        parts.append(say("%(months)s: hidden to protect visitors", months=say.listed(hidden)))
    return ". ".join(parts) + "."


def _cleaned(svg: bytes, title: str, description: str, name: str) -> str:
    """What matplotlib wrote, made fit for a page: styles as attributes (a strict policy forbids inline styles), parts
    with classes instead of ids, the page's own font, no fixed size, and a title and description.
    """
    ElementTree.register_namespace("", SVG)
    source = ElementTree.fromstring(svg)  # noqa: S314 (our own drawing)
    root = ElementTree.Element(
        f"{{{SVG}}}svg",
        {
            "viewBox": source.attrib["viewBox"],
            "class": f"chart {name}",
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-description",
        },
    )
    for tag, words_ in (("title", title), ("desc", description)):
        child = ElementTree.SubElement(
            root, f"{{{SVG}}}{tag}", {"id": f"{name}-{tag if tag == 'title' else 'description'}"}
        )
        child.text = words_
    for group in source.iter(f"{{{SVG}}}g"):
        kind = group.attrib.get("id", "")
        if kind not in _KINDS:
            continue
        for shape in group.iter():
            if shape.tag in (f"{{{SVG}}}path", f"{{{SVG}}}text"):
                plain = ElementTree.SubElement(root, shape.tag, {"class": kind} | _attributes(shape))
                plain.text = shape.text
    return ElementTree.tostring(root, encoding="unicode")


_KINDS = {"grid", "axis", "hidden", "band", "line", "dot", "amount"}
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
