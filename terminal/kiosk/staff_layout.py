"""Where everything is in the staff menu: boxes from a width and a height. Knows no window, no words and no colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ratings.scale import Score
from terminal.kiosk.boxes import LEAST_TARGET, LEAST_TARGET_SHORT, Box, rounded, unit_of
from terminal.kiosk.staff import CLOSE, DIGITS, ERASE, OK, OTHER_LANGUAGE
from terminal.kiosk.touch import Key

_MARGIN = 26
_PILL = 66
_WIDEST = 200
_HEADER = 76


@dataclass(frozen=True, slots=True)
class Cell:
    """A key's target, and the pill that is seen."""

    target: Box
    pill: Box


@dataclass(frozen=True, slots=True)
class Pad:
    """The page that asks for the PIN. Of the typed digits only dots are shown, in `dots`."""

    title: Box
    dots: Box
    said: Box
    keys: dict[Key, Cell]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the status: its sign, its name, its value, and what to do, below both."""

    sign: Box
    name: Box
    value: Box
    todo: Box


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page with a heading, beside a sign or across; `body` is what is left between it and the keys at the foot."""

    sign: Box
    heading: Box
    title: Box
    body: Box
    keys: dict[Key, Cell]


def pad(width: int, height: int) -> Pad:
    """The PIN page of a screen of so many pixels."""
    unit = unit_of(width, height)
    upright = height > width
    order = [*DIGITS[1:], ERASE, DIGITS[0], OK]
    leaving = (OTHER_LANGUAGE, CLOSE)
    if upright:
        foot = LEAST_TARGET * unit
        tall = min(116 * unit, (height - foot) * 0.17)
        top = height - foot - 4 * tall
        left, across = _MARGIN * unit, width - 2 * _MARGIN * unit
        keys = _grid(order, left, top, across, tall, unit)
        keys |= _row(leaving, 0, height - foot, width, foot, unit)
        head = top
        column, middle = 0.0, float(width)
    else:
        tall = (height - 2 * 8 * unit) / 4
        across = min(width / 2 - _MARGIN * unit, 3 * tall * 1.12)
        middle = width - _MARGIN * unit - across
        keys = _grid(order, middle, 8 * unit, across, tall, unit)
        foot = LEAST_TARGET_SHORT * unit
        keys |= _row(leaving, 0, height - foot, middle, foot, unit)
        head, column = height - foot, 0.0
    side = _MARGIN * unit
    inner = middle - column - 2 * side
    # A little above the middle looks like the middle.
    y = column + (head - 176 * unit) * 0.46
    return Pad(
        title=rounded(side, y, inner, 56 * unit),
        dots=rounded(side, y + 64 * unit, inner, 36 * unit),
        said=rounded(side, y + 108 * unit, inner, 68 * unit),
        keys=keys,
    )


def sheet(width: int, height: int, keys: Sequence[Key]) -> Sheet:
    """Any other page, with these keys at its foot."""
    unit = unit_of(width, height)
    upright = height > width
    per_row = 3 if upright else 7
    tall = (LEAST_TARGET if upright else LEAST_TARGET_SHORT) * unit
    count = -(-len(keys) // per_row)
    longest = -(-len(keys) // count)
    placed: dict[Key, Cell] = {}
    for row in range(count):
        some = keys[row * longest : (row + 1) * longest]
        placed |= _row(some, 0, height - (count - row) * tall, width, tall, unit, of=longest)
    side, sign = _MARGIN * unit, 40 * unit
    header = _HEADER * unit
    left = side + sign + 14 * unit
    return Sheet(
        sign=rounded(side, (header - sign) / 2 + 4 * unit, sign, sign),
        heading=rounded(left, 4 * unit, width - left - side, header),
        title=rounded(side, 8 * unit, width - 2 * side, header - 8 * unit),
        body=rounded(side, header, width - 2 * side, height - header - count * tall),
        keys=placed,
    )


def leaves(width: int, height: int, body: Box, todos: Sequence[bool]) -> list[list[Row]]:
    """Where the lines of the status are, leaf by leaf; `todos` says of each whether it has something to do."""
    unit = unit_of(width, height)
    upright = height > width
    plain, more = (57, 100) if upright else (32, 56)
    talls = [(more if todo else plain) * unit for todo in todos]
    found: list[list[float]] = [[]]
    for tall in talls:
        if found[-1] and sum(found[-1]) + tall > body.height:
            found.append([])
        found[-1].append(tall)
    # As far apart on every leaf: the lines must not jump when it is turned.
    spare = min((body.height - sum(leaf)) / len(leaf) for leaf in found if leaf) if todos else 0.0
    spare = min(spare, 14 * unit)
    placed = []
    for leaf in found:
        y, rows = body.y + spare / 2, []
        for tall in leaf:
            rows.append(_row_at(body, y, unit, upright=upright))
            y += tall + spare
        placed.append(rows)
    return placed


def _row_at(body: Box, y: float, unit: float, *, upright: bool) -> Row:
    sign = 24 * unit
    left = body.x + sign + 14 * unit
    across = body.right - left
    column = 0.0 if upright else 190 * unit
    if upright:
        name, value = rounded(left, y + 2 * unit, across, 24 * unit), rounded(left, y + 26 * unit, across, 28 * unit)
        todo = rounded(left, y + 54 * unit, across, 42 * unit)
    else:
        name = rounded(left, y + unit, column - 10 * unit, 29 * unit)
        value = rounded(left + column, y + unit, across - column, 29 * unit)
        todo = rounded(left, y + 29 * unit, across, 24 * unit)
    return Row(rounded(body.x, name.y + (name.height - sign) / 2, sign, sign), name, value, todo)


def faces(width: int, height: int, body: Box, order: Sequence[Score]) -> dict[Score, Box]:
    """The squares of the four faces on the page that tests the buttons."""
    columns = 2 if height > width else 4
    lines = 4 // columns
    across, tall = body.width / columns, body.height / lines
    side = int(min(across, tall) * 0.78)
    return {
        score: Box(
            round(body.x + (number % columns + 0.5) * across - side / 2),
            round(body.y + (number // columns + 0.5) * tall - side / 2),
            side,
            side,
        )
        for number, score in enumerate(order)
    }


def choices(width: int, height: int, body: Box, keys: Sequence[Key]) -> dict[Key, Cell]:
    """Keys that fill a page: languages to be heard."""
    unit = unit_of(width, height)
    columns = 2 if height > width else 3
    tall = min(LEAST_TARGET_SHORT * unit, body.height / -(-len(keys) // columns)) if keys else 0.0
    placed: dict[Key, Cell] = {}
    for start in range(0, len(keys), columns):
        y = body.y + start / columns * tall
        placed |= _row(keys[start : start + columns], body.x, y, body.width, tall, unit, of=columns)
    return placed


def _grid(order: Sequence[Key], left: float, top: float, across: float, tall: float, unit: float) -> dict[Key, Cell]:
    wide, gap = across / 3, 10 * unit
    placed = {}
    for number, key in enumerate(order):
        x, y = left + number % 3 * wide, top + number // 3 * tall
        placed[key] = Cell(rounded(x, y, wide, tall), rounded(x + gap / 2, y + gap / 2, wide - gap, tall - gap))
    return placed


def _row(
    keys: Sequence[Key], left: float, top: float, across: float, tall: float, unit: float, of: int | None = None
) -> dict[Key, Cell]:
    """Keys side by side, all as wide as each other, in the middle; `of` is how many would fill the row."""
    gap = 12 * unit
    room = across - (2 * (_MARGIN - 6) * unit if left == 0 else 0)
    wide = min(room / (of or len(keys)), _WIDEST * unit)
    x = left + (across - wide * (of or len(keys))) / 2
    pill = min(_PILL * unit, tall - gap)
    placed = {}
    for key in keys:
        placed[key] = Cell(rounded(x, top, wide, tall), rounded(x + gap / 2, top + (tall - pill) / 2, wide - gap, pill))
        x += wide
    return placed
