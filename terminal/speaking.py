"""What is being said: the question, a pause, then each face by its name. Knows no sound, no files and no window.

It goes by the clock alone: what a recording lasts is told to it. A part begins when `advance` finds that it is due, not
when it was planned, so a loop that comes late cuts nothing off, and face and voice stay together.

Nothing here is started by a rating, and nothing depends on which face was pressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ratings.scale import Score
from terminal.clock import Clock

QUESTION_PAUSE = 0.6
"""Seconds of silence between the question and the first face: whoever listens turns to the faces."""
PAUSE = 0.4
"""Seconds of silence between two faces."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is said in one go, for so many seconds: a face's name, or (None) the question."""

    names: Score | None
    seconds: float


class Speaking:
    """The parts, one after another. Not thread-safe: one thread calls it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parts: tuple[Part, ...] = ()
        self._at = 0
        self._silent = False
        self._until = 0.0

    @property
    def active(self) -> bool:
        """Whether something is being said, or is still to be said."""
        return bool(self._parts)

    @property
    def part(self) -> int | None:
        """Which part is heard now, counted from 0; None in a pause, and when nothing is said."""
        return self._at if self._parts and not self._silent else None

    @property
    def naming(self) -> Score | None:
        """The face whose name is heard now."""
        return None if self.part is None else self._parts[self.part].names

    def deadline(self) -> float | None:
        """The moment (of `Clock.monotonic`) at which `advance` will change something; None while nothing is said."""
        return self._until if self._parts else None

    def start(self, parts: Sequence[Part]) -> None:
        """Begin with the first part, now, whatever was said before."""
        self._parts = tuple(parts)
        self._say(0)

    def stop(self) -> None:
        """Say no more."""
        self._parts = ()

    def advance(self) -> bool:
        """Time has passed: go one step on where that is due; returns whether it did."""
        if not self._parts or self._clock.monotonic() < self._until:
            return False
        if self._silent:
            self._say(self._at + 1)
        elif self._at == len(self._parts) - 1:
            self.stop()
        else:
            self._silent = True
            pause = QUESTION_PAUSE if self._parts[self._at].names is None else PAUSE
            self._until = self._clock.monotonic() + pause
        return True

    def _say(self, part: int) -> None:
        self._at, self._silent = part, False
        if self._parts:
            self._until = self._clock.monotonic() + self._parts[part].seconds
