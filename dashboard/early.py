"""What has become due is published early, in a thread beside the pages, so that nobody who opens one waits for it.

Nothing hangs on it: a page publishes what is missing when it is opened. Ingest does the same for what it takes in
(`forming.py`); this is for what a new day brings, and for what came while ingest was busy.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from sqlalchemy import Engine

from dashboard import disclosure, places
from dashboard.every_minute import EveryMinute
from dashboard.store import StoreError, reading

log = logging.getLogger(__name__)

# A page waits for this thread's work where both want the interpreter: it rests four times as long as it works.
RESTS = 4.0
STUCK_SECONDS = 900.0
"""One site takes seconds, in the worst case minutes: after so long without going on, something is wrong."""


class Early(EveryMinute):
    """Of one database. `today` is for tests: which day it is everywhere."""

    def __init__(self, engine: Engine, threshold: int, today: Callable[[], date] | None = None) -> None:
        super().__init__("early")
        self._engine = engine
        self._threshold = threshold
        self._today = today
        self._went_on = time.monotonic()

    def is_well(self) -> bool:
        """Whether it runs, and has gone on lately."""
        return self._thread.is_alive() and time.monotonic() - self._went_on < STUCK_SECONDS

    def publish(self) -> None:
        """Publish what is due of every site. Raises StoreError."""
        with reading(self._engine) as connection:
            there = places.sites(connection)
            questions = disclosure.questions_by_site(connection)
        now = datetime.now(UTC)
        for site in there:
            began = self._went_on = time.monotonic()
            for question in questions.get(site.id, ()):
                day = self._today() if self._today else places.today(site, now)
                disclosure.publish_if_due(self._engine, [site.id], question, day, self._threshold)
            if self._ended.wait(RESTS * (time.monotonic() - began)):
                return

    def look(self) -> None:
        """Publish, and log where the database would not have it: whoever opens a page is told, too."""
        self._went_on = time.monotonic()
        try:
            self.publish()
        except StoreError as error:
            log.warning("what is due could not be published: %s", error)
