"""What the day and the hour decide: which question is asked, whether the terminal is open, when is released.

Knows no window. A clock that was moved, either way, is noticed at the next look. While it is not known to be right, the
last day that was decides, nothing is released, and the terminal is open: it asks rather too often than never.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Protocol

from ratings import period as periods
from ratings.config import Config, Question
from ratings.period import Grain
from ratings.scale import Score
from terminal import clock as clocks
from terminal import hours
from terminal.asked import Asked
from terminal.clock import Clock
from terminal.ledger import Pending, StoreError

LIVE_SECONDS = 3.0
"""How often running periods are released where `release.mode` is `live`."""
RETRY_SECONDS = 60.0
"""How long after a release that failed it is tried again."""

_NOWHEN = (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
"""No moment lies from the one to the other."""

_log = logging.getLogger(__name__)


class Ledger(Protocol):
    """What the kiosk wants of `terminal.ledger.Ledger`. Every method may raise StoreError."""

    def record(
        self, question: str, score: Score, language: str | None, moment: datetime, *, repeat: bool = False
    ) -> Pending | None:
        """Put a rating on the disk, or set it aside as a `repeat`; it is there when this returns."""
        ...

    def choose(self, pending: Pending, reason: str) -> None:
        """Put the reason of a rating on the disk."""
        ...

    def tidy(self) -> None:
        """Overwrite what the journal still tells of the last rating."""
        ...

    def release(self, moment: datetime, question: str) -> int:
        """Release what has closed."""
        ...

    def configure(self, languages: Sequence[str], reasons: Sequence[str] = ()) -> None:
        """Count by these languages and reasons from now on."""
        ...


class Calendar:
    """The calendar of one terminal. `asked` keeps the question of the month, where it may come from the dashboard."""

    def __init__(self, config: Config, clock: Clock, ledger: Ledger, asked: Asked | None = None) -> None:
        self._clock = clock
        self._ledger = ledger
        self._asked = asked
        self._complaint = ""
        self._next_release = -math.inf
        self._right = clocks.is_right(clock)
        self.configure(config)
        self.question = self._question_now()
        """The one asked now, as of the last `look`."""

    def configure(self, config: Config) -> None:
        """Go by these questions and opening hours from now on."""
        self._config = config
        self._hours = hours.Hours(config.hours, config.terminal.zone)
        self._opened, self._nothing_changes = True, _NOWHEN
        self._today = _NOWHEN

    def look(self) -> bool:
        """Find the question of the month, and release what is due. Returns whether another question is asked now."""
        before = self.question
        if self._is_another_day():
            self.question = self._question_now()
        if self._clock.monotonic() >= self._next_release:
            self._release()
        return self.question != before

    def deadline(self) -> float:
        """The moment (of `Clock.monotonic`) at which `look` or `is_open` find something new, if no clock is set."""
        changes = min(self._today[1], self._nothing_changes[1])
        return min(self._next_release, self._clock.monotonic() + (changes - self._clock.now()).total_seconds())

    def is_open(self) -> bool:
        """Whether the terminal asks now. Reckoned only when it may have changed, or the clock was moved."""
        if not clocks.is_right(self._clock):
            return True
        now = self._clock.now()
        if not self._nothing_changes[0] <= now < self._nothing_changes[1]:
            self._nothing_changes = now, self._hours.until(now)
            self._opened = self._hours.is_open(now)
        return self._opened

    def _is_another_day(self) -> bool:
        """At the start, and when the local day changed either way; then what has closed is to be released.

        Also when the clock came to be known right, or no longer is.
        """
        now, right = self._clock.now(), clocks.is_right(self._clock)
        if right == self._right and self._today[0] <= now < self._today[1]:
            return False
        self._right = right
        zone = self._config.terminal.zone
        day = periods.local_day(now, zone)
        self._today = periods.start_of_day(day, zone), periods.start_of_day(day + periods.DAY, zone)
        self._next_release = -math.inf
        return True

    def _question_now(self) -> Question:
        month = periods.period_of(Grain.MONTH, self._day())
        return self._asked.choose(self._config, month) if self._asked else self._config.question_in(month)

    def _day(self) -> date:
        known = None if clocks.is_right(self._clock) else clocks.last_known(self._clock)
        return known or periods.local_day(self._clock.now(), self._config.terminal.zone)

    def _release(self) -> None:
        pause = LIVE_SECONDS if self._config.release.mode == "live" else math.inf
        try:
            self._ledger.release(self._clock.now(), self.question.id)
        except StoreError as error:
            pause = RETRY_SECONDS
            if str(error) != self._complaint:
                self._complaint = str(error)
                _log.warning("nothing is released: %s", error)
        else:
            self._complaint = ""
        self._next_release = self._clock.monotonic() + pause
