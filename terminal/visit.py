"""One visit in front of the terminal: asking, thanks, out of order, closed. Knows no window and no database.

The rules:

- A press is recorded before anything thanks for it. When it cannot be recorded the terminal is out of order, and a
  while later it asks again: the next press tries again.
- During the thank-you, and while out of order, presses and language buttons do nothing.
- After the thank-you the terminal is as it was for the first visitor: first language, none chosen.
- A language that was chosen, and no face pressed, is forgotten after the idle time.
- Outside the opening hours it is closed: nothing is recorded, and presses and language buttons do nothing. A visit that
  is under way when they end is finished first: whoever chose a language may still press within the idle time, and the
  thank-you is shown whole. When they begin it asks again.

Nothing here depends on which face was pressed.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from ratings.config import Kiosk
from ratings.scale import Score
from terminal.clock import Clock
from terminal.ledger import StoreError

RECOVERY_SECONDS = 10.0
"""How long the terminal stays out of order before it asks again."""

Record = Callable[[Score, str | None], None]
"""Puts a rating on the disk, with the language that the visitor chose (None: none was touched). Raises StoreError."""

IsOpen = Callable[[], bool]
"""Whether the terminal asks at this moment: its opening hours. Called at every look, so it is cheap."""


class State(StrEnum):
    """What the visitor sees."""

    ASKING = "asking"
    THANKS = "thanks"
    OUT_OF_ORDER = "out of order"
    CLOSED = "closed"


class Visit:
    """The state machine. Not thread-safe: one thread calls it."""

    def __init__(self, record: Record, kiosk: Kiosk, clock: Clock, is_open: IsOpen = lambda: True) -> None:
        self._record = record
        self._kiosk = kiosk
        self._clock = clock
        self._is_open = is_open
        self._state = State.ASKING if is_open() else State.CLOSED
        self._chosen: str | None = None
        self._deadline: float | None = None

    @property
    def state(self) -> State:
        """What the visitor sees now."""
        return self._state

    @property
    def language(self) -> str:
        """The language the visitor reads: the chosen one, else the first."""
        return self._chosen or self._kiosk.languages[0]

    @property
    def chosen(self) -> str | None:
        """The language whose button was touched in this visit."""
        return self._chosen

    def deadline(self) -> float | None:
        """The moment (of `Clock.monotonic`) at which `advance` will change something; None while nothing is due.

        Opening and closing are not foretold: the calendar may be set at any time, so `advance` looks each time.
        """
        return self._deadline

    def configure(self, kiosk: Kiosk) -> None:
        """Go by other languages and times from now on; a language that is no longer shown is no longer chosen."""
        self._kiosk = kiosk
        if self._chosen not in kiosk.languages:
            self._chosen = None

    def choose(self, language: str) -> None:
        """A language button was touched. Raises ValueError for a language that is not shown."""
        if language not in self._kiosk.languages:
            raise ValueError(f"{language!r} is not one of the languages shown: {', '.join(self._kiosk.languages)}")
        self.advance()
        if self._state is State.ASKING:
            self._chosen = language
            self._deadline = self._clock.monotonic() + self._kiosk.idle_seconds

    def press(self, score: Score) -> bool:
        """A face or a button was pressed; returns whether it was recorded."""
        self.advance()
        if self._state is not State.ASKING:
            return False
        try:
            self._record(score, self._chosen)
        except StoreError:
            # Nothing is logged here: a line in a log would tell when a visitor pressed.
            self._enter(State.OUT_OF_ORDER, RECOVERY_SECONDS)
            return False
        self._enter(State.THANKS, self._kiosk.thanks_seconds)
        return True

    def advance(self) -> None:
        """Time has passed: do what is due."""
        if self._deadline is not None:
            if self._clock.monotonic() < self._deadline:
                return
            self._chosen = None
            self._deadline = None
        self._state = State.ASKING if self._is_open() else State.CLOSED

    def _enter(self, state: State, seconds: float) -> None:
        # The clock is read after the commit: a slow card must not shorten the thank-you.
        self._state = state
        self._deadline = self._clock.monotonic() + seconds
