"""When blocks are formed: once new totals have come and it is quiet again, so that no acknowledgement waits for it.

A terminal that catches up sends batch after batch, of which each may bring totals; its site's blocks are formed once.
Nothing hangs on it: pages and reports form what is missing when they are opened. Knows no MQTT.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from dashboard import disclosure, schema
from ratings.period import local_day

QUIET_SECONDS = 2.0
"""So long no total has come: then it is quiet."""
LONGEST_SECONDS = 30.0
"""Blocks wait no longer than this, should it never be quiet."""


class Forming:
    """Of one dashboard. `today` is a date in UTC, or None while the clock is not known right."""

    def __init__(self, engine: Engine, threshold: int, today: Callable[[], date | None]) -> None:
        self._engine = engine
        self._threshold = threshold
        self._today = today
        self._waiting: set[tuple[str, str]] = set()
        self._first = self._last = 0.0

    def heard(self, terminal_id: str, questions: set[str]) -> None:
        """Totals of these questions have come from a terminal."""
        if questions:
            self._last = time.monotonic()
            self._first = self._first if self._waiting else self._last
            self._waiting |= {(terminal_id, question) for question in questions}

    def seconds(self) -> float | None:
        """How long until something is due; None where nothing waits."""
        if not self._waiting:
            return None
        due = min(self._last + QUIET_SECONDS, self._first + LONGEST_SECONDS)
        return max(0.0, due - time.monotonic())

    def form(self) -> None:
        """Form the blocks of one site and question that wait. Raises StoreError; then it is left to pages."""
        terminal_id, question = self._waiting.pop()
        with self._engine.begin() as connection:
            here = schema.terminal.c
            place = connection.execute(select(here.site_id, here.timezone).where(here.id == terminal_id)).one()
            today = self._today() or local_day(datetime.now(UTC), ZoneInfo(place.timezone))
            # One site's terminals send at about the same time: what it has is formed once for all of them.
            beside = connection.scalars(select(here.id).where(here.site_id == place.site_id))
            self._waiting -= {(each, question) for each in beside}
            disclosure.publish(connection, place.site_id, question, today, self._threshold)
