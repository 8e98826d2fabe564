"""Where everything is on the asking screen and on messages: boxes from a width and a height. Knows no window, no words
and no colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ratings.scale import Score
from terminal.kiosk.boxes import LEAST_TARGET, LEAST_TARGET_SHORT, Box, rounded, unit_of

MARGIN = 26
"""Of what is written and touched, at the sides, in units."""
_GAP = 26
_PILL = 66
_PILL_IN_ROWS = 74
_PILL_GAP = 12
_NAME = 21
"""Size of a language's name; as large as the captions."""
_ROOM = 148
"""Smaller faces do not stand closer: their captions need the room."""
_LISTEN = 84
"""The disc of the listen button; its target is larger."""
_SAID = 72
_SAID_UPRIGHT = 104
"""The most that the band of "you said, we did" takes: what needs more is set smaller."""
_NARROWEST_PADDING = 11


@dataclass(frozen=True, slots=True)
class Face:
    """A face's target, the square its picture fills, and the room for its caption."""

    target: Box
    picture: Box
    caption: Box


@dataclass(frozen=True, slots=True)
class Language:
    """A language button's target, and the pill that is seen."""

    target: Box
    pill: Box


@dataclass(frozen=True, slots=True)
class Listen:
    """The listen button's target, and the square that its picture fills."""

    target: Box
    picture: Box


@dataclass(frozen=True, slots=True)
class Message:
    """A screen that says one thing: a sign, a large line, a smaller one. Sizes are the largest allowed."""

    sign: Box
    heading: Box
    heading_size: int
    line: Box
    line_size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole screen. Sizes of letters are the largest allowed, in pixels of an em.

    `listen` and `said`, the band of "you said, we did", are there only where room was asked for.
    """

    width: int
    height: int
    unit: float
    question: Box
    question_size: int
    question_lines: int
    faces: dict[Score, Face]
    caption_size: int
    languages: tuple[Language, ...]
    name_size: int
    listen: Listen | None
    said: Box | None
    message: Message


def arrange(
    width: int,
    height: int,
    names: Sequence[float],
    best_face: Literal["left", "right"] = "left",
    *,
    listen: bool = False,
    said: float = 0.0,
) -> Layout:
    """The layout of a window of `width` by `height` pixels.

    `names` are the widths of the languages' names in ems, in order; a single one gets no button. `listen` leaves room
    for the listen button, `said` as many pixels as "you said, we did" would have, within limits.
    """
    upright = height > width
    unit = unit_of(width, height)
    buttons, name_size, foot = _languages(width, height, unit, names, per_row=3 if upright else 7)
    columns, rows = (2, 2) if upright else (4, 1)
    lines = 3 if upright else 2

    top, asked, air = 16 * unit, (158 if upright else 112) * unit, 9 * unit
    band = min(said, (_SAID_UPRIGHT if upright else _SAID) * unit)
    if band:
        # So that the faces need not pay for it.
        top, asked, air = 8 * unit, (132 if upright else 104 if listen else 96) * unit, 4 * unit
    caption, space = 32 * unit, 6 * unit
    room = height - foot - band - top - asked - (rows + 1) * air
    across = (width - 2 * MARGIN * unit - (columns - 1) * _GAP * unit) / columns
    diameter = int(min(across, room / rows - caption - space))
    spare = room - rows * (diameter + space + caption)

    # What is left over goes above and below the question and around the faces, not into the faces' distances.
    asked += spare * 0.4
    air += spare * 0.6 / (rows + 1)
    # The outer faces stand on the same margins as question and languages, unless that would tear them apart.
    flush = (width - 2 * MARGIN * unit - diameter) / (columns - 1)
    pitch = int(min(width / columns, flush, max(diameter, _ROOM * unit) * (1.32 if columns == 4 else 1.5)))
    left = (width - columns * pitch) / 2
    cells = []
    for row in range(rows):
        y = top + asked + air + row * (diameter + space + caption + air)
        for column in range(columns):
            x = left + column * pitch
            dead = 4 * unit
            reach = min(air / 2, 10 * unit)
            cells.append(
                Face(
                    target=rounded(x + dead, y - reach, pitch - 2 * dead, diameter + space + caption + reach),
                    picture=Box(round(x + (pitch - diameter) / 2), round(y), diameter, diameter),
                    caption=rounded(x + dead, y + diameter + space, pitch - 2 * dead, caption),
                )
            )
    beside = (_LISTEN + 14) * unit if listen else 0.0
    return Layout(
        width=width,
        height=height,
        unit=unit,
        question=rounded(MARGIN * unit, top, width - 2 * MARGIN * unit - beside, asked),
        question_size=int(44 * unit),
        # What is narrower is broken more often.
        question_lines=lines + (1 if listen and upright else 0),
        faces=dict(zip(_order(columns, best_face), cells, strict=True)),
        caption_size=int(22 * unit),
        languages=buttons,
        name_size=name_size,
        listen=_listen(width, top, asked, unit) if listen else None,
        said=rounded(0, height - foot - band, width, band) if band else None,
        message=_message(width, height, unit),
    )


def _listen(width: int, top: float, asked: float, unit: float) -> Listen:
    """The button beside the question that it says: what a sign stands beside is what it is taken for."""
    size, target = _LISTEN * unit, LEAST_TARGET_SHORT * unit
    x, y = width - (MARGIN + _LISTEN / 2) * unit, top + asked / 2
    # Where the question has less room than a finger wants, the target reaches up to the screen's edge.
    high = min(y - target / 2, top + asked - target)
    return Listen(
        target=rounded(x - target / 2, high, target, target),
        picture=Box(round(x - size / 2), round(y - size / 2), round(size), round(size)),
    )


def _order(columns: int, best_face: Literal["left", "right"]) -> list[Score]:
    """The faces in reading order. In two rows the good ones stay above; left and right change places."""
    order = sorted(Score, reverse=True)
    if best_face == "left":
        return order
    return [score for start in range(0, 4, columns) for score in reversed(order[start : start + columns])]


def _languages(
    width: int, height: int, unit: float, names: Sequence[float], per_row: int
) -> tuple[tuple[Language, ...], int, float]:
    """The language buttons, the size of their names, and how much of the screen's foot they take."""
    if len(names) < 2:
        return (), int(_NAME * unit), MARGIN * unit
    rows = -(-len(names) // per_row)
    longest = -(-len(names) // rows)
    if height > width:
        tall, pill = LEAST_TARGET, _PILL if rows == 1 else _PILL_IN_ROWS
    else:
        # More languages than fit a row of the small panel: the only case in which targets get smaller.
        tall, pill = (LEAST_TARGET_SHORT, _PILL) if rows == 1 else (84, _PILL)
    foot = rows * tall * unit
    size = _NAME * unit
    buttons: list[Language] = []
    if rows > 1:
        # Rows above each other want columns: every button is as wide as the widest.
        names = [max(names)] * len(names)
    room = width - 2 * MARGIN * unit
    for row in range(rows):
        ems = names[row * longest : (row + 1) * longest]
        while size > 1 and sum(_pills(ems, size, room, unit)) + _PILL_GAP * unit * (len(ems) - 1) > room + 1:
            size -= 0.5
    for row in range(rows):
        ems = names[row * longest : (row + 1) * longest]
        widths = _pills(ems, size, room, unit)
        gap = _PILL_GAP * unit
        x = (width - sum(widths) - gap * (len(widths) - 1)) / 2
        y = height - foot + row * tall * unit
        begin = 0.0
        pill_y = y + (tall - pill) * unit / 2
        for number, wide in enumerate(widths):
            end = width if number == len(widths) - 1 else x + wide + gap / 2
            buttons.append(
                Language(
                    target=rounded(begin, y, end - begin, tall * unit),
                    pill=rounded(x, pill_y, wide, pill * unit),
                )
            )
            x += wide + gap
            begin = end
    return tuple(buttons), int(size), foot


def _pills(names: Sequence[float], size: float, room: float, unit: float) -> list[float]:
    """Widths of the pills of a row: equal room around each name, none too narrow to be hit, filling the row."""
    least = (LEAST_TARGET - _PILL_GAP) * unit
    texts = [name * size for name in names]
    gaps = _PILL_GAP * unit * (len(texts) - 1)

    def widths(padding: float) -> list[float]:
        return [max(least, text + 2 * padding) for text in texts]

    # Widen the padding until the row is full, but not beyond what still looks like a button.
    padding, most = _NARROWEST_PADDING * unit, 40 * unit
    while padding + 0.25 <= most and sum(widths(padding + 0.25)) + gaps <= room:
        padding += 0.25
    return widths(padding)


def _message(width: int, height: int, unit: float) -> Message:
    sign, space, heading = 108 * unit, 26 * unit, 92 * unit
    # Upright, the smaller line often needs two.
    line = (102 if height > width else 72) * unit
    side = 40 * unit
    # A little above the middle looks like the middle.
    y = (height - sign - space - heading - line) * 0.48
    return Message(
        sign=Box(round((width - sign) / 2), round(y), round(sign), round(sign)),
        heading=rounded(side, y + sign + space, width - 2 * side, heading),
        heading_size=int(64 * unit),
        line=rounded(side, y + sign + space + heading, width - 2 * side, line),
        line_size=int(28 * unit),
    )
