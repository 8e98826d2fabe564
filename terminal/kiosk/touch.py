"""When a touch counts. Knows no window: it is told what is under a finger.

The rule: a button counts when a finger is lifted inside it that was put down inside it. So a finger that slid or thinks
better of it can leave without voting (WCAG 2.5.2), and one that only wipes the screen does nothing.

- One finger at a time: from the moment a finger is put down on a button, others do nothing until it is lifted. Two
  fingers on two faces count once, for the one that was there first.
- A finger down for longer than `HELD_SECONDS` counts for nothing (somebody leans on the screen, or a drop of water
  does), and the next finger may.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from ratings.scale import Score

HELD_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Language:
    """The button of a language."""

    code: str


@dataclass(frozen=True, slots=True)
class Reason:
    """An answer to the follow-up question; None is to skip it."""

    id: str | None


@dataclass(frozen=True, slots=True)
class Listen:
    """The button that speaks."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the staff menu, by its name."""

    name: str


Target = Score | Language | Reason | Listen | Key
"""A button that may be touched."""


@dataclass(frozen=True, slots=True)
class _Down:
    finger: Hashable
    target: Target
    since: float


class Fingers:
    """The finger that matters, and the button it is on."""

    def __init__(self) -> None:
        self._down: _Down | None = None

    @property
    def target(self) -> Target | None:
        """The button that is held down, to be shown as pressed."""
        return self._down.target if self._down else None

    def put(self, finger: Hashable, target: Target | None, moment: float) -> None:
        """A finger came down on a button (None: beside all of them) at a moment in seconds."""
        if target is None or (self._down and moment - self._down.since <= HELD_SECONDS):
            return
        self._down = _Down(finger, target, moment)

    def lift(self, finger: Hashable, target: Target | None, moment: float) -> Target | None:
        """A finger was lifted over a button (None: beside all of them): the button that counts, or None."""
        down = self._down
        if down is None or down.finger != finger:
            return None
        self._down = None
        return target if target == down.target and moment - down.since <= HELD_SECONDS else None

    def forget(self) -> None:
        """The buttons have gone from the screen: whatever finger is down no longer counts."""
        self._down = None
