"""What leaves a terminal says nothing about few: no key is below the minimum, and none can be had by subtraction.

Tried by somebody who has all releases and calculates (`tests/terminal/attacker.py`), on the real ledger and release,
through months of visitors, a new question, a kiosk that is started anew with other settings, and another time zone.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ratings.config import Release as Settings
from ratings.scale import Score
from ratings.table import Epoch, Revision
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from tests.terminal.attacker import Attacker, Release, days_of, months_of, read
from tests.terminal.conftest import EPOCH, OSLO

LANGUAGES, REASONS = ["nb", "en", "th", "ro"], ["waiting", "staff"]
KEYS = {
    "language": [*LANGUAGES, "unchosen"],
    "reason": [*REASONS, "skipped"],
    "hour": [*(f"{day}-{hour}" for day in range(1, 8) for hour in range(24)), "unknown"],
}
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Half a year of midnights waits for the disk a thousand times, which is not what is tried here."""
FIRST, LAST = date(2026, 7, 1), date(2027, 1, 1)


@dataclass
class World:
    """Some months of one terminal, and what came of it."""

    minimum: int
    ratings: list[tuple[date, Score, str | None, str | None, int]]
    before: dict[str, Any]
    """The settings it starts with, and those from the day `restarted` on."""
    after: dict[str, Any]
    restarted: date
    moved: bool
    asked_anew: date
    """From this month on another question is asked."""
    released: dict[tuple[Epoch, str], list[Release]] = field(default_factory=dict)

    def question(self, day: date) -> str:
        return "visit" if day < self.asked_anew else "help"

    def run(self, folder: Path) -> None:
        ledger, zone, seen = self.open(folder, OSLO, self.before), OSLO, dict[tuple[Epoch, Revision], bytes]()
        taken: Counter[tuple[Epoch, str, str]] = Counter()
        by_day: dict[date, list[tuple[Score, str | None, str | None, int]]] = {}
        for day, *rest in self.ratings:
            by_day.setdefault(day, []).append(tuple(rest))  # type: ignore[arg-type]
        looks = sorted(
            {*by_day, self.restarted, self.asked_anew, LAST, *(FIRST + timedelta(days=n) for n in range(0, 184, 6))}
        )
        for day in looks:
            if day == self.restarted:
                ledger.close()
                zone = ZoneInfo("Europe/Helsinki") if self.moved else OSLO
                ledger = self.open(folder, zone, self.after)
            ledger.release(datetime(day.year, day.month, day.day, 0, 30, tzinfo=zone), self.question(day))
            self.look(folder, seen, taken, day)
            for score, language, reason, hour in by_day.get(day, ()):
                moment = datetime(day.year, day.month, day.day, hour, 5, tzinfo=zone)
                pending = ledger.record(self.question(day), score, language, moment)
                assert pending is not None
                if reason is not None:
                    ledger.choose(pending, reason)
                taken[ledger.epoch, self.question(day), f"{day:%Y-%m}"] += 1
        ledger.close()
        for (epoch, _), raw in sorted(seen.items()):
            table = read(raw)
            self.released.setdefault((epoch, table.question), []).append(table)

    def open(self, folder: Path, zone: ZoneInfo, given_: dict[str, Any]) -> Ledger:
        epoch = None if (folder / "open.db").exists() else EPOCH
        release = Settings(source_minimum=self.minimum, **given_)
        return Ledger.open(folder, release, zone, LANGUAGES, REASONS, epoch)

    def look(
        self,
        folder: Path,
        seen: dict[tuple[Epoch, Revision], bytes],
        taken: Counter[tuple[Epoch, str, str]],
        day: date,
    ) -> None:
        """Whoever looks every day sees what is new, and never anything that was there before change."""
        outbox = Outbox(folder)
        now = {(epoch, n): raw for epoch, _ in outbox.epochs() for n, raw in outbox.pending(epoch, Revision(0))}
        assert now.items() >= seen.items(), "what was released is not final"
        seen.update(now)
        # Whoever stands at the door and counts knows how many there were so far, of all that has come.
        for (epoch, question, month), n in taken.items():
            out = [read(raw) for (its, _), raw in seen.items() if its == epoch]
            pieces = [each for each in out if each.question == question and each.slice == "trend"]
            known = sum(each.keys["counted"] for each in pieces if each.period.startswith(month))
            assert known in (0, n) or n - known >= self.minimum, f"{n - known} of {month} follow on {day}"


grains = st.fixed_dictionaries(
    {"trend": st.sampled_from(["week", "day"])}
    | {name: st.sampled_from(["month", "quarter", "year"]) for name in ("language", "hour", "reason")}
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Few visitors, in bursts: what has to be hidden is most there."""
    # Drawn from a seed: a list of a hundred ratings is more than hypothesis can handle in time.
    chance = random.Random(draw(st.integers(0, 2**32)))
    number = draw(st.sampled_from([3, 12, 40, 100]))
    days = [FIRST + timedelta(days=chance.randrange(184)) for _ in range(draw(st.sampled_from([4, 20, 60])))]
    spread = draw(st.sampled_from([1, 3, 8]))
    ratings = [
        (
            chance.choice(days),
            chance.choice(list(Score)),
            chance.choice([*LANGUAGES[:spread], None]),
            chance.choice([*REASONS, None, None, None]),
            chance.randrange(9, 9 + spread),
        )
        for _ in range(number)
    ]
    settings_ = draw(grains)
    return World(
        minimum=draw(st.integers(5, 12)),
        ratings=sorted(ratings, key=lambda each: each[0]),
        before=settings_,
        after=draw(st.one_of(st.just(settings_), grains)),
        restarted=FIRST + timedelta(days=draw(st.integers(1, 180))),
        moved=draw(st.booleans()),
        asked_anew=draw(st.sampled_from([date(2026, 8, 1), date(2026, 11, 1), date(2028, 1, 1)])),
    )


def leaks(releases: Sequence[Release], minimum: int) -> Iterator[str]:
    """All that one epoch and question tell about fewer than the minimum, but for what the design allows."""
    attacker = Attacker(releases, KEYS)
    for table in releases:
        if table.slice in KEYS and len(table.keys) > 1:
            for key, n in table.keys.items():
                if n < minimum:
                    yield f"{table.slice} {table.period} {key} is released: {n}"
            whole = sorted(attacker.covers(table))
            for key in KEYS[table.slice]:
                for months in [whole, *([month] for month in whole if len(whole) > 1)]:
                    n = attacker.follows(attacker.of_key(table.slice, months, key)) or 0
                    if 0 < n < minimum:
                        yield f"{table.slice} {' '.join(months)} {key} follows: {n}"
        if table.slice == "total":
            month = days_of(table.period)
            counted = table.keys.get("counted", 0)
            for start in range(len(month)):
                for end in range(start + 1, len(month) + 1):
                    n = attacker.follows(attacker.of_days(month[start:end])) or 0
                    if 0 < n < minimum and n != counted:
                        yield f"{month[start]} to {month[end - 1]} follows: {n} of {counted}"


@settings(max_examples=60, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_nothing_about_few_is_released_or_follows_and_the_books_balance(world: World) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        world.run(Path(folder))
    for releases in world.released.values():
        assert list(leaks(releases, world.minimum)) == []
        assert_balanced(releases, changed=world.before != world.after)
    everything = [each for releases in world.released.values() for each in releases]
    for slice_ in ("total", "trend", *KEYS):
        counted = sum(sum(each.keys.values()) for each in everything if each.slice == slice_ and is_over(each))
        came = [day for day, *_ in world.ratings]
        assert counted == len(came), slice_


def is_over(release: Release) -> bool:
    return days_of(release.period)[0] < LAST


def assert_balanced(releases: Sequence[Release], *, changed: bool) -> None:
    """A month's pieces are the month, and a longer period's keys its months, where settings stayed as they were."""
    totals = {each.period: sum(each.keys.values()) for each in releases if each.slice == "total"}
    pieces: Counter[str] = Counter()
    for each in releases:
        if each.slice == "trend":
            pieces[each.period[:7]] += each.keys["counted"]
        elif each.slice != "total" and not changed:
            months = months_of(each.period)
            assert sum(each.keys.values()) == sum(totals.get(month, 0) for month in months), each
    assert +pieces == +Counter(totals)


def table(slice_: str, period: str, **keys: int) -> Release:
    return Release("visit", slice_, period, {key.replace("_", "-"): n for key, n in keys.items()})


def test_the_attacker_finds_what_is_released_and_what_follows() -> None:
    """Else nobody would know that they look at all."""
    month = table("total", "2026-07", counted=20)
    assert list(leaks([month, table("language", "2026-07", nb=16, en=4)], 5)) == [
        "language 2026-07 en is released: 4",
        *["language 2026-07 en follows: 4"],
    ]
    # One that is left out follows from the month; `other` that can be but one is that one.
    one_left = table("language", "2026-07", nb=5, en=5, ro=6, unchosen=0, other=4)
    assert "language 2026-07 th follows: 4" in list(leaks([month, one_left], 5))
    # A rest of the month that was held back for being small.
    assert any(
        "2026-07-20 to" in leak for leak in leaks([month, table("trend", "2026-07-01/2026-07-19", counted=17)], 5)
    )
    quarter = [table("total", f"2026-{number:02}", counted=n) for number, n in ((7, 2), (8, 20), (9, 0))]
    assert list(leaks([*quarter, table("language", "2026-Q3", nb=22)], 5)) == []
    assert list(leaks([month, table("trend", "2026-07-01/2026-07-31", counted=20)], 5)) == []
    assert list(leaks([month, table("language", "2026-07", nb=14, other=6)], 5)) == []
