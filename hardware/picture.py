"""The wiring as a picture (SVG), from the configuration: the header, a line for each wire, and what it leads to.

`python -m hardware.picture` writes the picture of the documentation, which a test compares. Opens no pins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from hardware import wiring
from hardware.wiring import HEADER, Kind, Wire
from ratings.config import Buttons
from ratings.scale import Score

SHOWN = Buttons(factory="lgpio", very_unhappy_led=5, unhappy_led=6, happy_led=13, very_happy_led=19)
"""What the documentation shows: the default pins, and LEDs."""
PLACE = Path(__file__).parent / "wiring.svg"

_INK, _SOFT, _PAPER, _BOARD, _LINE = "#12262e", "#40535b", "#ffffff", "#1f6f54", "#c9d2d4"
# Told apart by name and place, too: colour only helps.
_COLOURS = {
    Score.VERY_HAPPY: "#14724d",
    Score.HAPPY: "#6f5f00",
    Score.UNHAPPY: "#b4530a",
    Score.VERY_UNHAPPY: "#8a2f7a",
}
_GROUND, _POWER, _CLOCK = "#12262e", "#c4261d", "#1f5fa8"

_ROW, _TOP, _LEFT = 35, 118, 150
_COLUMN = 26
_LANE, _GAP = 10, 96
_BLOCK, _END = 262, 27


@dataclass(frozen=True, slots=True)
class _Line:
    """A wire as it is drawn: from a pin to the end of a part, or to several."""

    wire: Wire
    begin: float
    ends: tuple[float, ...]
    colour: str


def svg(settings: Buttons) -> str:
    """The picture of a wiring."""
    blocks = _blocks(settings)
    # The parts stand beside the header, spread over its height where they need less.
    heights = [len(wires) * _END + 40 for _, wires in blocks]
    total = 20 * _ROW
    room = max(14.0, (total - sum(heights)) / max(1, len(blocks) - 1))
    tops, top = [], float(_TOP - 12)
    for each in heights:
        tops.append(top)
        top += each + room
    lines = _lines(blocks, tops)
    # At least as wide as what is written above it.
    right = max(464.0, _LEFT + _COLUMN * 2 + _GAP + _LANE * len(lines) + 26)
    width, height = right + _BLOCK + 24, max(_TOP + total, top - room) + 40
    resistor = f"Small boxes are {wiring.RESISTOR_OHMS} Ω. " if settings.leds else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-labelledby="title about" font-family="Noto Sans, Arial, sans-serif">',
        '<title id="title">Wiring of the buttons, their LEDs and the clock</title>',
        f'<desc id="about">{escape(_told(settings))}</desc>',
        f'<rect width="{width:g}" height="{height:g}" fill="{_PAPER}"/>',
        _text(24, 40, "Wiring", 24, _INK, bold=True),
        _text(
            24,
            64,
            "Numbers beside the pins are those on boards and cables; GPIO numbers are those of fjes.toml.",
            13,
            _SOFT,
        ),
        _text(24, 82, f"Pin 1 is square, nearest to the card. {resistor}Wire with the power off.", 13, _SOFT),
        *_header(settings),
        *(_wire(line, _LEFT + _COLUMN * 2 + _GAP + _LANE * number, right) for number, line in enumerate(lines)),
        *(part for (title, wires), top in zip(blocks, tops, strict=True) for part in _block(title, wires, right, top)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _blocks(settings: Buttons) -> list[tuple[str, list[Wire]]]:
    """The parts with their wires, in the order in which they come on the header: so that few wires cross."""
    found = wiring.wires(settings)
    names = dict.fromkeys(wire.part for wire in found)
    blocks = [(name, [wire for wire in found if wire.part == name]) for name in names]
    order = {"contact": 0, "contact, other side": 1, "LED +": 2, "LED −": 3}
    for _, wires in blocks:
        wires.sort(key=lambda wire: order.get(wire.terminal, wire.pin))
    # The clock sits on the first pins whatever else is there.
    blocks.sort(key=lambda block: (block[0] != "hardware clock", block[1][0].pin))
    return blocks


def _lines(blocks: Sequence[tuple[str, list[Wire]]], tops: Sequence[float]) -> list[_Line]:
    """The wires to be drawn, from the left lane to the right one."""
    ends: dict[tuple[int, str], list[tuple[float, Wire]]] = {}
    for (title, wires), top in zip(blocks, tops, strict=True):
        for number, wire in enumerate(wires):
            # One line for all ends of a shared pin; but the clock has its own.
            key = wire.pin, title if title == "hardware clock" else ""
            ends.setdefault(key, []).append((top + 47 + number * _END, wire))
    found = [
        _Line(reached[0][1], _level(pin), tuple(level for level, _ in reached), _colour(reached[0][1], len(reached)))
        for (pin, _), reached in ends.items()
    ]
    # Of those that go down the later ones take the lanes on the left, of those that go up the earlier ones: then none
    # of the same direction cross.
    down = sorted((line for line in found if line.ends[-1] >= line.begin), key=lambda line: -line.begin)
    up = sorted((line for line in found if line.ends[-1] < line.begin), key=lambda line: line.begin)
    return [*down, *up]


def _level(pin: int) -> float:
    """How far down a wire leaves the header: beside its pin at the right, below it at the left."""
    row = (pin - 1) // 2
    return _TOP + row * _ROW + (_ROW / 2 if pin % 2 == 0 else _ROW)


def _colour(wire: Wire, ends: int) -> str:
    if wire.kind is Kind.GROUND:
        return _GROUND
    if wire.kind is Kind.POWER:
        return _POWER
    return _CLOCK if wire.score is None or ends > 1 else _COLOURS[wire.score]


def _wire(line: _Line, lane: float, right: float) -> str:
    pin = line.wire.pin
    row = _TOP + ((pin - 1) // 2) * _ROW + _ROW / 2
    x = _LEFT + _COLUMN * (0.5 if pin % 2 else 1.5)
    # From a pin at the left: down between two rows of pins, and on to the right below its neighbour.
    begin = f"M{x:g} {row:g} V{line.begin:g} H{lane:g}" if pin % 2 else f"M{x:g} {row:g} H{lane:g}"
    first, *others = line.ends
    paths = [f"{begin} V{first:g} H{right:g}", *(f"M{lane:g} {line.begin:g} V{end:g} H{right:g}" for end in others)]
    dots = "".join(
        f'<circle cx="{lane:g}" cy="{end:g}" r="3.6" fill="{line.colour}"/>' for end in sorted(line.ends)[:-1]
    )
    path = " ".join(paths)
    drawn = (
        f'<path d="{path}" fill="none" stroke="{_PAPER}" stroke-width="5.5" stroke-linejoin="round"/>'
        f'<path d="{path}" fill="none" stroke="{line.colour}" stroke-width="2.4" stroke-linejoin="round"/>{dots}'
        f'<circle cx="{x:g}" cy="{row:g}" r="4.4" fill="{line.colour}"/>'
    )
    if line.wire.kind is Kind.LED:
        drawn += (
            f'<rect x="{right - 21:g}" y="{first - 5:g}" width="17" height="10" rx="2" fill="{_PAPER}" '
            f'stroke="{line.colour}" stroke-width="2"/>'
        )
    return drawn


def _header(settings: Buttons) -> list[str]:
    used = {wire.pin for wire in wiring.wires(settings)}
    height = 20 * _ROW
    board = (
        f'<rect x="{_LEFT - 10}" y="{_TOP - 10}" width="{_COLUMN * 2 + 20}" height="{height + 20}" rx="9" '
        f'fill="{_BOARD}"/>'
    )
    parts = [board]
    for pin, name in enumerate(HEADER, 1):
        odd = pin % 2 == 1
        x = _LEFT + _COLUMN * (0.5 if odd else 1.5)
        y = _TOP + ((pin - 1) // 2) * _ROW + _ROW / 2
        shape = f'width="17" height="17" x="{x - 8.5:g}" y="{y - 8.5:g}" fill="#d9c58a"'
        # The first pin is square on every board.
        parts.append(f'<rect {shape} rx="{0 if pin == 1 else 8.5:g}"/>')
        label = f"GPIO {name}" if isinstance(name, int) else name
        weight = pin in used
        ink = _INK if weight else _SOFT
        if odd:
            parts.append(_text(_LEFT - 44, y + 4.5, label, 12.5, ink, anchor="end", bold=weight))
            parts.append(_text(_LEFT - 18, y + 4.5, str(pin), 11, _SOFT, anchor="end"))
        else:
            parts.append(_text(_LEFT + _COLUMN * 2 + 18, y - 6, str(pin), 11, _SOFT))
            parts.append(_text(_LEFT + _COLUMN * 2 + 38, y - 6, label, 12.5, ink, bold=weight))
    return parts


def _block(title: str, wires: Sequence[Wire], x: float, top: float) -> list[str]:
    height = len(wires) * _END + 40
    score = wires[0].score
    colour = _CLOCK if score is None else _COLOURS[score]
    parts = [
        f'<rect x="{x:g}" y="{top:g}" width="{_BLOCK}" height="{height:g}" rx="10" fill="#f6f2eb" stroke="{colour}" '
        'stroke-width="2"/>',
        _text(
            x + 16,
            top + 25,
            f"{title[0].upper()}{title[1:]}{'' if score is not None else ' (DS3231)'}",
            15,
            _INK,
            bold=True,
        ),
    ]
    for number, wire in enumerate(wires):
        y = top + 47 + number * _END
        where = f"GPIO {wire.gpio}, pin {wire.pin}" if wire.gpio is not None else f"{wire.kind.value}, pin {wire.pin}"
        parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="4.4" fill="{_PAPER}" stroke="{_INK}" stroke-width="1.8"/>')
        parts.append(_text(x + 16, y + 4.5, wire.terminal, 13, _INK))
        parts.append(_text(x + _BLOCK - 14, y + 4.5, where, 12.5, _SOFT, anchor="end"))
    return parts


def _told(settings: Buttons) -> str:
    """The picture in words, for those who do not see it."""
    return "; ".join(
        f"pin {wire.pin} to {wire.part}, {wire.terminal}" + (f" ({wire.note})" if wire.note else "")
        for wire in wiring.wires(settings)
    )


def _text(x: float, y: float, said: str, size: float, ink: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    style = f'font-size="{size:g}" fill="{ink}" text-anchor="{anchor}"{weight}'
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(said)}</text>'


if __name__ == "__main__":
    PLACE.write_text(svg(SHOWN), "utf-8")
