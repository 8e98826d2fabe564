"""How long to wait before the next try: twice as long each time, so that whoever is in trouble is left in peace."""

from __future__ import annotations

import random


class Patience:
    """Waits from `first` up to `most` seconds, each spread by the share `spread` of it both ways.

    Spread, since whatever ended one connection may have ended all of them at once.
    """

    def __init__(self, first: float, most: float, spread: float = 0.0, source: random.Random | None = None) -> None:
        self._first = self._now = first
        self._most = most
        self._spread = spread
        self._random = source or random.Random()  # noqa: S311 - spreads the load, hides nothing

    def next(self) -> float:
        """Seconds to wait now."""
        waited, self._now = self._now, min(self._now * 2, self._most)
        return waited * self._random.uniform(1 - self._spread, 1 + self._spread)

    def reset(self) -> None:
        """It went well: begin anew."""
        self._now = self._first
