"""Cards that were offline for five years and kept everything: made by the real ledger and its own release.

The taps of a day are few, and are counted one by one; a busy place's are these, `times` as many in each counter. Only
the waiting for the disk is left out while a card is made.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ratings.config import LANGUAGES, Release
from ratings.period import DAY
from ratings.scale import Counts, Score
from ratings.table import Revision
from terminal import storage
from terminal.ledger import Ledger
from terminal.outbox import Outbox

ZONE = ZoneInfo("Europe/Oslo")
QUESTION = "visit"
FIRST, LAST = date(2021, 1, 1), date(2025, 12, 31)
A_DAY = 10
DEFAULTS = Release()
FINEST = Release(trend="day", language="month", hour="month")


@dataclass(frozen=True, slots=True)
class Place:
    """A place: how many times ten ratings a day, between which hours, and what its terminal releases."""

    name: str
    times: int = 1
    opens: int = 10
    closes: int = 16
    release: Release = DEFAULTS

    @property
    def ratings(self) -> int:
        """In the five years."""
        return ((LAST - FIRST).days + 1) * A_DAY * self.times


PLACES = (
    Place("10 a day"),
    Place("10,000 a day", 1000, 0, 24),
    Place("10,000 a day, by day and month", 1000, 0, 24, FINEST),
)


def taps() -> Iterator[tuple[date, float, Score, str]]:
    """Five years of ten a day: the day, how far between opening and closing, the score, the language."""
    chance = random.Random(5)
    day = FIRST
    while day <= LAST:
        for _ in range(A_DAY):
            score = chance.choices(list(Score), (4, 7, 24, 65))[0]
            yield day, chance.random(), score, chance.choice(LANGUAGES)
        day += DAY


def make(folder: Path, place: Place) -> None:
    """The store of one terminal in `folder`, with everything still to be sent."""
    ledger = Ledger.open(folder, place.release, ZONE, LANGUAGES)
    for name in ("main", "outbox"):
        ledger.connection.execute(f"PRAGMA {name}.synchronous=OFF")
    before = FIRST
    for day, share, score, language in taps():
        if day.month != before.month:
            _release(ledger, day, place.times)
        before = day
        hour = place.opens + share * (place.closes - place.opens)
        moment = datetime(day.year, day.month, day.day, int(hour), int(hour * 60 % 60), tzinfo=ZONE)
        ledger.record(QUESTION, score, language, moment)
    _release(ledger, LAST + DAY, place.times)
    ledger.close()


def _release(ledger: Ledger, today: date, times: int) -> None:
    """Release what has ended, after making it `times` as much."""
    with storage.transaction(ledger.connection):
        for question, slice_, days, period in ledger.cells.running(ledger.epoch):
            if days.last < today:
                cells = ledger.cells.read(ledger.epoch, question, slice_, period)
                more = {key: _times(counts, times - 1) for key, counts in cells.items()}
                ledger.cells.add(ledger.epoch, question, slice_, period, more)
    ledger.release(datetime(today.year, today.month, today.day, tzinfo=ZONE) + timedelta(minutes=1), QUESTION)


def _times(counts: Counts, times: int) -> Counts:
    one, two, three, four = counts
    return one * times, two * times, three * times, four * times


def make_empty(folder: Path) -> None:
    """The store of a terminal that nobody has tapped yet."""
    Ledger.open(folder, DEFAULTS, ZONE, LANGUAGES).close()


def pending(folder: Path) -> tuple[Revision, int]:
    """The last revision, and how many bytes of tables are to be sent."""
    outbox = Outbox(folder)
    ((epoch, last),) = outbox.epochs()
    return last, sum(len(encoded) for _, encoded in outbox.pending(epoch, Revision(0)))
