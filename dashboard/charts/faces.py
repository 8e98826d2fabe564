"""The four faces in drawings: read from the pages' shapes, `templates/faces.html`, so that they are the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path as File
from typing import Any
from xml.etree import ElementTree

from matplotlib.artist import Artist
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from dashboard.charts.style import FACE_INK, FILLS, RIMS
from ratings.scale import Score

_SHAPES = File(__file__).parent.parent / "templates/faces.html"
_COLOURS = {"ink": FACE_INK, "tooth": "#ffffff", "tongue": "#f2766b"}
_STROKES = {"stroke": 0.112, "stroke thin": 0.08}
"""How thick lines are, in radii; as in the stylesheet."""


def face(score: Score, x: float, y: float, radius: float) -> Iterable[Artist]:
    """A face around a point."""
    where = Affine2D().scale(radius, -radius).translate(x, y)
    for kind, path in _shapes()[score]:
        placed = where.transform_path(path)
        if kind in _STROKES:
            width = _STROKES[kind] * radius
            yield PathPatch(
                placed,
                facecolor="none",
                edgecolor=FACE_INK,
                linewidth=width,
                capstyle="round",
                joinstyle="round",
                gid="stroke",
            )
        else:
            yield PathPatch(placed, facecolor=_colour(kind), edgecolor="none", gid=kind)


def _colour(kind: str) -> str:
    name, _, number = kind.partition("-")
    return {"fill": FILLS, "rim": RIMS}[name][int(number)] if number else _COLOURS[kind]


@cache
def _shapes() -> dict[Score, list[tuple[str, Path]]]:
    """Each face's shapes by kind, in radii, back to front; y counts downwards."""
    markup = re.sub(r"\{#.*?#\}", "", _SHAPES.read_text("utf-8"), flags=re.DOTALL)
    root = ElementTree.fromstring(markup)  # noqa: S314 (our own template)
    return {
        Score(int(symbol.attrib["id"].removeprefix("face-"))): [(each.attrib["class"], _path(each)) for each in symbol]
        for symbol in root
    }


def _path(shape: ElementTree.Element) -> Path:
    if shape.tag == "circle":
        x, y, radius = (float(shape.get(name, 0)) for name in ("cx", "cy", "r"))
        return Path.circle((x, y), radius)
    return _read(shape.attrib["d"])


_CODES = {"moveTo": Path.MOVETO, "lineTo": Path.LINETO, "curveTo": Path.CURVE4, "qCurveTo": Path.CURVE3}


def _read(d: str) -> Path:
    """What SVG writes as a path."""
    from fontTools.pens.recordingPen import RecordingPen
    from fontTools.svgLib.path import parse_path

    pen = RecordingPen()
    parse_path(d, pen)
    points: list[tuple[float, float]] = []
    codes: list[Any] = []
    for step, given in pen.value:
        if step == "closePath":
            points.append(points[-1])
            codes.append(Path.CLOSEPOLY)
        elif step != "endPath":
            points += given
            codes += [_CODES[step]] * len(given)
    return Path(points, codes)
