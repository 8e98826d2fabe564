"""The pictures of the steps in `hardware/README.md` (SVG): faces to cut out, the lid, a button from the side.

`python -m hardware.steps` writes them, and a test compares. Plain drawings: the faces to print are the screen's
own (`fjes hardware faces`).
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from ratings.scale import Score

FOLDER = Path(__file__).parent / "pictures"
_INK, _SOFT, _PAPER, _SAND = "#12262e", "#40535b", "#ffffff", "#f6f2eb"
_SKINS = {
    Score.VERY_HAPPY: ("#2bb07a", "#14724d"),
    Score.HAPPY: ("#a3cf45", "#5d8418"),
    Score.UNHAPPY: ("#fbb034", "#a96f06"),
    Score.VERY_UNHAPPY: ("#ee6a55", "#ad3625"),
}
# Of a face with a radius of 100.
_MOUTHS = {
    Score.VERY_HAPPY: f'<path d="M-56 10 H56 A56 52 0 0 1 -56 10 Z" fill="{_INK}"/>',
    Score.HAPPY: '<path d="M-46 16 Q0 72 46 16"/>',
    Score.UNHAPPY: '<path d="M-40 52 Q0 12 40 52"/>',
    Score.VERY_UNHAPPY: f'<path d="M-48 62 A48 50 0 0 1 48 62 Q0 46 -48 62 Z" fill="{_INK}"/>',
}
_BROWS = {
    Score.VERY_HAPPY: '<path d="M-52 -16 Q-37 -46 -22 -16 M22 -16 Q37 -46 52 -16"/>',
    Score.HAPPY: "",
    Score.UNHAPPY: '<path d="M-52 -41 L-23 -47 M23 -47 L52 -41" stroke-width="9"/>',
    Score.VERY_UNHAPPY: '<path d="M-58 -36 L-19 -54 M19 -54 L58 -36"/>',
}
_NAMES = {score: score.name.replace("_", " ").capitalize() for score in Score}
_ORDER = sorted(Score, reverse=True)


def pictures() -> dict[str, str]:
    """Each picture by the name of its file."""
    return {"faces.svg": _faces(), "lid.svg": _lid(), "button.svg": _button()}


def _face(score: Score, x: float, y: float, radius: float) -> str:
    fill, edge = _SKINS[score]
    eyes = "" if score is Score.VERY_HAPPY else f'<g fill="{_INK}" stroke="none">{_dot(-36)}{_dot(36)}</g>'
    return (
        f'<g transform="translate({x:g} {y:g}) scale({radius / 100:g})" fill="none" stroke="{_INK}" stroke-width="11" '
        'stroke-linecap="round" stroke-linejoin="round">'
        f'<circle r="96" fill="{fill}" stroke="{edge}" stroke-width="7"/>'
        f"{_BROWS[score]}{eyes}{_MOUTHS[score]}</g>"
    )


def _dot(x: float) -> str:
    return f'<circle cx="{x:g}" cy="-17" r="11"/>'


def _faces() -> str:
    parts = []
    for number, score in enumerate(_ORDER):
        x = 90 + number * 140
        parts.append(f'<circle cx="{x}" cy="80" r="56" fill="none" stroke="{_SOFT}" stroke-dasharray="4 4"/>')
        parts.append(_face(score, x, 80, 50))
        parts.append(_text(x, 162, _NAMES[score], anchor="middle"))
    return _svg(600, 182, "Four faces with dashed rings to cut along", parts)


def _lid() -> str:
    left, apart = 96, 136
    parts = [f'<rect x="16" y="16" width="568" height="150" rx="14" fill="{_SAND}" stroke="{_INK}" stroke-width="2"/>']
    for number, score in enumerate(_ORDER):
        x = left + number * apart
        parts.append(f'<circle cx="{x}" cy="82" r="33" fill="{_PAPER}" stroke="{_INK}" stroke-width="2"/>')
        parts.append(f'<path d="M{x - 42} 82 h84 M{x} 40 v84" stroke="{_SOFT}" stroke-width="1"/>')
        parts.append(_text(x, 146, _NAMES[score], anchor="middle"))
    for number in range(3):
        x = left + number * apart
        parts.append(
            f'<path d="M{x} 194 h{apart} M{x} 188 v12 M{x + apart} 188 v12" stroke="{_INK}" stroke-width="1.5"/>'
        )
        parts.append(_text(x + apart / 2, 214, "62 mm", anchor="middle"))
    parts.append(f'<path d="M{left} 49 L{left + 74} 34" stroke="{_SOFT}"/>')
    parts.append(_text(left + 78, 38, "30 mm across"))
    return _svg(600, 228, "The lid with four holes, 62 mm from middle to middle", parts)


def _button() -> str:
    """From the side: what is above the lid, and what is below it."""
    middle = 170
    shapes = [
        (30, 26, 118, 26, "#eaf3f6", 10, "clear cap"),
        (62, 64, 106, 9, _SKINS[Score.HAPPY][0], 2, "face, cut out, right way up"),
        (84, 80, 110, 30, _PAPER, 4, "plunger with the LED inside"),
        (124, 120, 168, 16, _PAPER, 6, "collar"),
        (152, 146, 300, 16, "#d9c9a8", 0, "lid"),
        (184, 174, 150, 18, "#c9d2d4", 4, "nut, from behind"),
        (220, 200, 104, 70, _PAPER, 6, "body"),
    ]
    parts = []
    for row, (_, y, width, height, fill, radius, name) in enumerate(shapes):
        parts.append(
            f'<rect x="{middle - width / 2:g}" y="{y}" width="{width}" height="{height}" rx="{radius}" fill="{fill}" '
            f'stroke="{_INK}" stroke-width="2"/>'
        )
        level = y + height / 2
        edge = middle + width / 2
        parts.append(f'<path d="M{edge:g} {level:g} H352" stroke="{_SOFT}" stroke-dasharray="2 3"/>')
        parts.append(_text(360, level + 5, name, bold=row in (1, 4)))
    tabs = {-44: "contact", -18: "LED −", 18: "LED +", 44: "contact"}
    for x, name in tabs.items():
        parts.append(
            f'<rect x="{middle + x - 4}" y="270" width="8" height="24" fill="#d9c58a" stroke="{_INK}" '
            'stroke-width="1.5"/>'
        )
        slanted = -70 if x < 0 else 70
        end = middle + x + slanted * (0.9 if abs(x) > 20 else 0.25)
        level = 318 if abs(x) > 20 else 340
        parts.append(f'<path d="M{middle + x} 294 L{end:g} {level - 13}" stroke="{_SOFT}"/>')
        parts.append(_text(end, level, name, anchor="middle"))
    return _svg(600, 356, "A button from the side: cap, face, plunger, collar, lid, nut, body and four tabs", parts)


def _text(x: float, y: float, said: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    style = f'font-size="14" fill="{_INK}" text-anchor="{anchor}"{weight}'
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(said)}</text>'


def _svg(width: int, height: int, title: str, parts: list[str]) -> str:
    inner = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="title" font-family="Noto Sans, Arial, sans-serif">\n<title id="title">'
        f'{escape(title)}</title>\n<rect width="{width}" height="{height}" fill="{_PAPER}"/>\n{inner}\n</svg>\n'
    )


if __name__ == "__main__":
    for name, picture in pictures().items():
        (FOLDER / name).write_text(picture, "utf-8")
