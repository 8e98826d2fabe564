"""One visit in front of the terminal: asking, follow-up, thanks, out of order, closed. Knows no window, no database.

The rules:

- A press is recorded before anything thanks for it. When it cannot be recorded the terminal is out of order, and a
  while later it asks again: the next press tries again.
- Where there are reasons to choose from, the follow-up question comes between the press and the thank-you: after every
  rating, also one that is set aside as a repeat, and for as long. A reason or the skip button ends it, or it passes by
  itself. Its first moments take nothing, so that a double tap on a face chooses no reason. A reason that cannot be put
  on the disk is lost, and thanked for: the rating is safe.
- During the follow-up question and the thank-you, and while out of order, presses and language buttons do nothing.
- After the thank-you the terminal is as it was for the first visitor: first language, none chosen.
- A language that was chosen, and no face pressed, is forgotten after the idle time. Whoever has the question said is
  not gone: the idle time begins when it has been said. To listen is not to choose, whatever language it is in.
- Outside the opening hours it is closed: nothing is recorded, and presses and language buttons do nothing. A visit that
  is under way when they end is finished first: whoever chose a language may still press within the idle time, and the
  follow-up question and the thank-you are shown whole. When they begin it asks again.

Nothing here depends on which face was pressed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

from ratings.config import FollowUp, Kiosk
from ratings.scale import Score
from terminal.clock import Clock
from terminal.ledger import StoreError

RECOVERY_SECONDS = 10.0
"""How long the terminal stays out of order before it asks again."""

DEAF_SECONDS = 0.5
"""How long the follow-up question takes nothing: the second half of a double tap, sooner than anybody has read it."""

Choose = Callable[[str], None]
"""Puts the reason of one rating on the disk, by its id. Raises StoreError. Forgotten when the question has ended."""

Record = Callable[[Score, str | None], Choose | None]
"""Puts a rating on the disk, with the language that the visitor chose (None: none was touched). Raises StoreError.

Returns how a reason is put there, should the visitor give one; None where none is counted.
"""

IsOpen = Callable[[], bool]
"""Whether the terminal asks at this moment: its opening hours. Called at every look, so it is cheap."""


class State(StrEnum):
    """What the visitor sees."""

    ASKING = "asking"
    FOLLOW_UP = "follow-up"
    THANKS = "thanks"
    OUT_OF_ORDER = "out of order"
    CLOSED = "closed"


class Visit:
    """The state machine. Not thread-safe: one thread calls it."""

    def __init__(
        self,
        record: Record,
        kiosk: Kiosk,
        clock: Clock,
        is_open: IsOpen = lambda: True,
        follow_up: FollowUp | None = None,
    ) -> None:
        self._record = record
        self._kiosk = kiosk
        self._follow_up = follow_up or FollowUp()
        self._clock = clock
        self._is_open = is_open
        self._state = State.ASKING if is_open() else State.CLOSED
        self._chosen: str | None = None
        self._heard: str | None = None
        self._deadline: float | None = None
        self._choose: Choose | None = None
        self._deaf_until = 0.0

    @property
    def state(self) -> State:
        """What the visitor sees now."""
        return self._state

    @property
    def language(self) -> str:
        """The language the visitor reads: the chosen one, else the one that was listened to, else the first."""
        return self._chosen or self._heard or self._kiosk.languages[0]

    @property
    def chosen(self) -> str | None:
        """The language whose button was touched in this visit."""
        return self._chosen

    def deadline(self) -> float | None:
        """The moment (of `Clock.monotonic`) at which `advance` will change something; None while nothing is due.

        Opening and closing are not foretold: the calendar may be set at any time, so `advance` looks each time.
        """
        return self._deadline

    @property
    def takes_reasons(self) -> bool:
        """Whether a touch that begins now may answer the follow-up question."""
        return self._state is State.FOLLOW_UP and self._clock.monotonic() >= self._deaf_until

    def configure(self, kiosk: Kiosk, follow_up: FollowUp) -> None:
        """Go by other languages, times and reasons from now on; a language no longer shown is no longer chosen."""
        self._kiosk = kiosk
        self._follow_up = follow_up
        if self._chosen not in kiosk.languages:
            self._chosen = None
        if self._heard not in kiosk.languages:
            self._heard = None
        if self._state is State.FOLLOW_UP and not self._follow_up.reasons:
            self._thank()

    def choose(self, language: str) -> None:
        """A language button was touched. Raises ValueError for a language that is not shown."""
        if language not in self._kiosk.languages:
            raise ValueError(f"{language!r} is not one of the languages shown: {', '.join(self._kiosk.languages)}")
        self.advance()
        if self._state is State.ASKING:
            self._chosen = language
            self._deadline = self._clock.monotonic() + self._kiosk.idle_seconds

    def stay(self, language: str) -> None:
        """The visitor listens to the language that is shown: it stays for the idle time, and is nobody's choice."""
        if self._state is State.ASKING:
            self._heard = language
            self._deadline = self._clock.monotonic() + self._kiosk.idle_seconds

    def press(self, score: Score) -> bool:
        """A face or a button was pressed; returns whether it was recorded."""
        self.advance()
        if self._state is not State.ASKING:
            return False
        try:
            choose = self._record(score, self._chosen)
        except StoreError:
            # Nothing is logged here: a line in a log would tell when a visitor pressed.
            self._enter(State.OUT_OF_ORDER, RECOVERY_SECONDS)
            return False
        if self._follow_up.reasons:
            self._choose = choose
            self._enter(State.FOLLOW_UP, self._follow_up.seconds)
            self._deaf_until = self._clock.monotonic() + DEAF_SECONDS
        else:
            self._thank()
        return True

    def answer(self, reason: str | None) -> bool:
        """The follow-up question was answered with the id of a reason, or skipped (None); returns whether that counts.

        Raises ValueError for a reason that is not shown.
        """
        shown = [each.id for each in self._follow_up.reasons]
        if reason is not None and reason not in shown:
            raise ValueError(f"{reason!r} is not one of the reasons shown: {', '.join(shown)}")
        self.advance()
        if not self.takes_reasons:
            return False
        if reason is not None and self._choose is not None:
            # Nothing is logged: a line in a log would tell when a visitor chose. The rating stays, as skipped.
            with suppress(StoreError):
                self._choose(reason)
        self._thank()
        return True

    def advance(self) -> None:
        """Time has passed: do what is due."""
        if self._deadline is not None:
            if self._clock.monotonic() < self._deadline:
                return
            if self._state is State.FOLLOW_UP:
                self._thank()
                return
            self._chosen = self._heard = self._deadline = None
        self._state = State.ASKING if self._is_open() else State.CLOSED

    def leave(self) -> None:
        """Nobody is there any more: what was chosen is forgotten, and it asks as for the first visitor."""
        if self._state is State.ASKING:
            self._chosen = self._heard = self._deadline = None

    def _thank(self) -> None:
        self._choose = None
        self._enter(State.THANKS, self._kiosk.thanks_seconds)

    def _enter(self, state: State, seconds: float) -> None:
        # The clock is read after the commit: a slow card must not shorten the thank-you.
        self._state = state
        self._deadline = self._clock.monotonic() + seconds
