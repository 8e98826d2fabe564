"""How staff find their menu: a finger held in the top left corner. Nothing shows that it is there. Knows no window.

The rule: one finger, put down in the corner beside all buttons and kept in it for `HOLD_SECONDS`, with no other finger
on the screen from the first moment to the last. A hand that leans there, a wipe, or two fingers open nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from terminal.kiosk.boxes import Box, unit_of

HOLD_SECONDS = 3.0
_SIDE = 96
"""Units. Above the faces, whatever the size of the screen; a test sees to it."""


@dataclass(frozen=True, slots=True)
class _Hold:
    finger: int
    since: float


class Corner:
    """The fingers in the corner. `contacts` is how many fingers the panel feels, where it can tell (else 0)."""

    def __init__(self, contacts: Callable[[], int] = lambda: 0) -> None:
        self._contacts = contacts
        self._fingers: set[int] = set()
        self._hold: _Hold | None = None

    def put(self, finger: int, *, inside: bool, moment: float) -> None:
        """A finger came down; `inside` is whether it is in the corner and on no button."""
        alone = not self._fingers
        self._fingers.add(finger)
        self._hold = _Hold(finger, moment) if inside and alone and self._contacts() <= 1 else None

    def move(self, finger: int, *, inside: bool) -> None:
        """A finger moved."""
        if not inside and self._hold is not None and self._hold.finger == finger:
            self._hold = None

    def lift(self, finger: int) -> None:
        """A finger was lifted."""
        self._fingers.discard(finger)
        if self._hold is not None and self._hold.finger == finger:
            self._hold = None

    def forget(self) -> None:
        """Whatever is held no longer counts."""
        self._hold = None

    def deadline(self) -> float | None:
        """The moment at which the hold is complete; None while there is none."""
        return self._hold.since + HOLD_SECONDS if self._hold is not None else None

    def look(self, moment: float) -> bool:
        """Whether it has been held for long enough; says so once."""
        if self._hold is None:
            return False
        if self._contacts() > 1:
            self._hold = None
            return False
        if moment - self._hold.since < HOLD_SECONDS:
            return False
        self._hold = None
        return True


def box(width: int, height: int) -> Box:
    """The corner of a screen of this size."""
    side = round(_SIDE * unit_of(width, height))
    return Box(0, 0, side, side)
