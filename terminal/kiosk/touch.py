"""When a touch counts. Knows no window: it is told what is under a finger.

The rule: a button counts when a finger is lifted inside it that was put down inside it. So a finger that slid or thinks
better of it can leave without voting (WCAG 2.5.2), and one that only wipes the screen does nothing.

- One finger at a time: from the moment a finger is put down on a button, others do nothing until it is lifted. Two
  fingers on two faces count once, for the one that was there first.
- A finger down for longer than `HELD_SECONDS` counts for nothing (somebody leans on the screen, or a drop of water
  does), and the next finger may.
- A hardware button is a finger, but for one thing: it counts when it goes down. From then until it comes up, other
  buttons and fingers do nothing; one that is down for longer has counted once, and the next may.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
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

    def holds(self, moment: float) -> bool:
        """Whether a finger is down that lets no other count."""
        return self._down is not None and moment - self._down.since <= HELD_SECONDS

    def put(self, finger: Hashable, target: Target | None, moment: float) -> None:
        """A finger came down on a button (None: beside all of them) at a moment in seconds."""
        if target is None or self.holds(moment):
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


class Pushes:
    """The hardware button that matters: the one that counted, as long as it is down."""

    def __init__(self) -> None:
        self.is_down: Callable[[Score], bool] = lambda _: False
        """Whether a button is down at this moment; never, where there are none, or they count when they come up."""
        self._counted: tuple[Score, float] | None = None

    def holds(self, moment: float) -> bool:
        """Whether a button is down that lets nothing else count."""
        if self._counted is None:
            return False
        score, since = self._counted
        return moment - since <= HELD_SECONDS and self.is_down(score)

    def went_down(self, score: Score) -> None:
        """A button was pressed, whether that counts or not: so it has come up since it counted."""
        if self._counted is not None and self._counted[0] is score:
            self._counted = None

    def counted(self, score: Score, moment: float) -> None:
        """A button was pressed, and that was taken for a press."""
        self._counted = score, moment
