"""Simulated visitors: they touch the real kiosk through its real touch input, on a clock that waits for nobody.

Each is told what to press, and what to answer where a reason is asked for; what they were told is what the dashboard
must show in the end.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ratings import period as periods
from ratings.period import Grain
from ratings.scale import ZERO, Counts, Score, add, one
from ratings.table import SKIPPED, Cells
from terminal.visit import DEAF_SECONDS, State

if TYPE_CHECKING:
    from ratings.config import Config
    from terminal.kiosk.driver import Driver

_MOOD = (4, 8, 24, 64)
_TOUCHES_A_LANGUAGE = 0.7
_GIVES_A_REASON = 0.6
_TOUCHES_SKIP = 0.5
"""Of those who give none; the others walk away."""


class DemoClock:
    """A clock that stands where it is put, until it is let go and tells the machine's time."""

    def __init__(self) -> None:
        self._standing: datetime | None = None
        self._skipped = 0.0

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return self._standing or datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; grows by what was skipped, and by itself."""
        return time.monotonic() + self._skipped

    def stand(self, moment: datetime) -> None:
        """Stand at a moment."""
        self._standing = moment.astimezone(UTC)

    def skip(self, seconds: float) -> None:
        """Let seconds pass at once."""
        self._skipped += seconds

    def go(self) -> None:
        """Tell the machine's time."""
        self._standing = None


class Visitors:
    """Visitors of one kiosk. `told` is what they were told to press, by month (`2020-09`), `reasons` why, by period."""

    def __init__(self, driver: Driver, clock: DemoClock, config: Config, seed: int = 1) -> None:
        self.told: dict[str, Counts] = {}
        self.reasons: dict[str, Cells] = {}
        self._driver = driver
        self._clock = clock
        self._config = config
        self._chance = random.Random(seed)  # noqa: S311 - a simulation that is the same every time

    def come(self, number: int, since: datetime, until: datetime) -> None:
        """So many visits, spread evenly from one moment to another. Raises TimeoutError where the kiosk hangs."""
        for visit in range(number):
            moment = since + (until - since) * (visit + 1) / (number + 1)
            self._visit(moment)

    def _visit(self, moment: datetime) -> None:
        driver = self._driver
        self._clock.stand(moment)
        driver.pump(lambda: driver.kiosk.visit.state is State.ASKING)
        if self._chance.random() < _TOUCHES_A_LANGUAGE:
            driver.touch(*driver.language_centre(self._chance.choice(self._config.kiosk.languages)))
        score = self._chance.choices(list(Score), _MOOD)[0]
        driver.touch(*driver.face_centre(score))
        month = self._period(Grain.MONTH, moment)
        self.told[month] = add(self.told.get(month, ZERO), one(score))
        if self._config.follow_up.reasons:
            cells = self.reasons.setdefault(self._period(Grain(self._config.release.reason), moment), {})
            reason = self._answer()
            cells[reason] = add(cells.get(reason, ZERO), one(score))
        # Past the thank-you, and so late that nobody takes them for one who pounds.
        self._clock.skip(self._config.kiosk.thanks_seconds + self._config.repeats.seconds)

    def _answer(self) -> str:
        """Give a reason, touch skip, or walk away; returns under which key it counts."""
        driver, chance = self._driver, self._chance
        self._clock.skip(DEAF_SECONDS)
        reason = None
        if chance.random() < _GIVES_A_REASON:
            reason = chance.choice(self._config.follow_up.reasons).id
            driver.touch(*driver.reason_centre(reason))
        elif chance.random() < _TOUCHES_SKIP:
            driver.touch(*driver.reason_centre(None))
        else:
            self._clock.skip(self._config.follow_up.seconds)
        driver.pump(lambda: driver.kiosk.visit.state is State.THANKS)
        return reason or SKIPPED

    def _period(self, grain: Grain, moment: datetime) -> str:
        day = periods.local_day(moment, self._config.terminal.zone)
        return periods.write(periods.period_of(grain, day), grain)


def begin_of_last_month(now: datetime) -> datetime:
    """The first moment of the month before; `now` is local and aware."""
    running = periods.period_of(Grain.MONTH, now.date())
    first = periods.period_of(Grain.MONTH, running.first - timedelta(days=1)).first
    return datetime(first.year, first.month, first.day, tzinfo=now.tzinfo)
