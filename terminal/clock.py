"""What time it is: the one place where the terminal asks, so that tests and the demo can bring their own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Protocol

from terminal.trust import Trust


class Clock(Protocol):
    """A calendar and a stopwatch."""

    def now(self) -> datetime:
        """The moment, aware, in UTC. May jump when the system clock is set right."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        ...


class SystemClock:
    """The time of the machine."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since the machine started, or some other fixed moment."""
        return time.monotonic()


class CheckedClock(SystemClock):
    """The time of the machine, which may not be known yet. `known` gives the last day that was."""

    def __init__(self, trust: Trust, known: Callable[[], date | None]) -> None:
        self._trust = trust
        self._known = known

    def is_right(self) -> bool:
        """Whether `now` may be taken for the time."""
        return self._trust.is_right(self.now(), self._known())

    def known(self) -> date | None:
        """The last day that was known; None where none was yet."""
        return self._known()


def is_right(clock: Clock) -> bool:
    """Whether a clock is known to be right, as one is that has nobody to ask (of a test, or the demo)."""
    return not isinstance(clock, CheckedClock) or clock.is_right()


def last_known(clock: Clock) -> date | None:
    """The last day on which a clock was known to be right, where it can tell."""
    return clock.known() if isinstance(clock, CheckedClock) else None
