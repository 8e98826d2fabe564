"""Pounding: ratings that come too thick and fast to be visitors are set aside as repeats, and counted apart.

The rule, the same for all four answers: the tenth rating within 40 seconds is a repeat, and so is every one in the 40
seconds after it. Since the terminal rests after each rating, only someone who presses all the time gets there. Knows
neither screen nor disk; remembers a handful of moments in memory, and nothing else.
"""

from __future__ import annotations

from collections import deque

from ratings.config import Repeats


class Pounding:
    """Tells repeats from ratings, one terminal's, by a monotonic clock in seconds."""

    def __init__(self, settings: Repeats) -> None:
        self._settings = settings
        self._recent: deque[float] = deque(maxlen=settings.ratings)
        self._aside_until = float("-inf")

    def is_repeat(self, moment: float) -> bool:
        """Whether a rating at `moment` is to be set aside. Ask once for each rating, in order."""
        self._recent.append(moment)
        thick = len(self._recent) == self._settings.ratings
        if thick and moment - self._recent[0] <= self._settings.seconds:
            self._aside_until = moment + self._settings.seconds
            # Those after it are judged by the rest of 40 seconds; who goes on pounding fills the window anew.
            self._recent.clear()
            return True
        return moment <= self._aside_until
