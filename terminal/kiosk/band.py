"""How "you said, we did" is set: a heading, and a line or two of staff's own below it. Knows no window, no layout."""

from __future__ import annotations

from collections.abc import Sequence

from terminal.kiosk import lines
from terminal.kiosk.lines import Block, Ruler

_SIZE = 18
"""Of a line, in units to the em, where there is room."""
_LEAST = 12
_HEADING = 0.84
"""Size of the heading, as a share of a line's."""
_PADDING = 2
_LEADING = 1
"""Between what may stand below a letter and what may stand above the next one."""
_ANY = 100_000


def blocks(
    heading: str, said: Sequence[str], ruler: Ruler, width: float, unit: float, height: float = _ANY
) -> list[Block]:
    """The heading and the lines, as large as a band of `width` by `height` pixels allows; the lines alike.

    A line is broken once where it must be.
    """
    found: list[Block] = []
    for size in range(int(_SIZE * unit), int(_LEAST * unit) - 1, -1):
        found = [lines.fit(text, ruler, width, _ANY, largest=size, lines=2) for text in said]
        alike = min(block.size for block in found)
        found = [lines.fit(text, ruler, width, _ANY, largest=alike, lines=2) for text in said]
        found.insert(
            0, lines.fit(heading, ruler, width, _ANY, largest=max(round(_HEADING * size), int(_LEAST * unit)), lines=1)
        )
        if needed(found, unit) <= height:
            break
    return found


def needed(found: Sequence[Block], unit: float) -> float:
    """How many pixels a band of these is high."""
    return sum(room(block, unit) for block in found) + 2 * _PADDING * unit


def room(block: Block, unit: float) -> float:
    """How many pixels one of them takes."""
    return block.height + _LEADING * unit
