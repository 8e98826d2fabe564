"""Simulated visitors of the demo's places: when they come, what they speak, how it was, and why.

All that the pages are to show is laid down here: quiet months and busy ones, one hour that is worse than the others, a
dip and its recovery, a language that few speak, a month in which somebody pounded. Gives out what a terminal would have
counted; knows neither tables nor a database: that is `fjes/history.py`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from dashboard.happyornot import Hour
from ratings import period as periods
from ratings.period import Grain, Period
from ratings.scale import ZERO, Counts, Score, add, one
from ratings.table import SKIPPED, UNCHOSEN, Cells

MONTHS = 24
"""At least so many closed months, from the beginning of a quarter on: every quarter that is over is whole."""
DIP = (6, 5)
"""So many months before the running one it goes badly at places that have a dip."""
POUNDING = 3
"""So many months before the running one somebody pounds again and again, where somebody does."""
WORST = (1, 10)
"""ISO weekday and hour at which it goes wrong: on Monday morning everybody comes at once."""
RARE = "th"
RARE_EVERY = 150
"""Every so many-th visitor of a terminal speaks it: a few in a quarter, and always too few for a figure."""
TODAY = 24
"""Visitors of today, where release is live: a figure can be shown on the first day of a month, too."""

_MOOD = (2, 4, 22, 72)
"""Weights of the four scores, worst first, where all is well."""
_IN_DIP, _AT_WORST, _AFTER_WORST = 5, 15, 3
_OF_LANGUAGE = {"ro": 4}
"""Times so much the weights of the unhappy scores grow: in the dip, at the worst hour and in the one after it, and for
those whose language nobody speaks there."""

_WEEKDAYS = {1: 1.15, 2: 1.0, 3: 1.05, 4: 0.95, 5: 0.85}
_HOURS = {10: 1.2, 11: 1.1, 12: 0.9, 13: 1.0, 14: 0.95, 15: 0.85}
_SEASONS = {1: 0.9, 7: 0.5, 8: 0.95, 9: 1.15, 10: 1.25, 11: 1.2, 12: 0.85}
"""Times so many come; in a month that is not named, as many as usual."""

_MANY = {"nb": 39.0, "en": 22.0, "es": 12.0, "ro": 11.0, "bg": 4.5, UNCHOSEN: 11.5}
_FEW = {"nb": 58.0, "en": 18.0, "es": 8.0, UNCHOSEN: 16.0}
_PRAISE = {"help": 26, "staff": 22, "privacy": 9, "place": 6, "information": 5, "waiting": 2, SKIPPED: 30}
_BLAME = {"waiting": 34, "information": 15, "place": 8, "staff": 6, "help": 5, "privacy": 2, SKIPPED: 30}
"""Weights of languages, and of reasons: those of the happy, and those of the unhappy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A terminal, the site it stands at, and who comes there: `visits` on a usual day.

    `asks_why`: its follow-up question is switched on.
    """

    terminal: str
    site: str
    visits: float
    weekdays: Sequence[int] = (1, 2, 3, 4, 5)
    hours: Sequence[int] = (10, 11, 12, 13, 14, 15)
    seasons: Mapping[int, float] = field(default_factory=lambda: _SEASONS)
    languages: Mapping[str, float] = field(default_factory=lambda: _MANY)
    asks_why: bool = False
    has_dip: bool = False
    is_pounded: bool = False

    @property
    def id(self) -> str:
        """The terminal's id."""
        return self.terminal.lower()


_CENTRE, _BRANCH = "Helsehuset Lindelia", "Helsekontoret Nordvika"
ENTRANCE = Place(terminal="Inngangen", site=_CENTRE, visits=11, asks_why=True, has_dip=True, is_pounded=True)
WAITING_ROOM = Place(
    terminal="Venterommet", site=_CENTRE, visits=7, hours=(10, 11, 12, 13), asks_why=True, has_dip=True
)
COUNTER = Place(
    terminal="Skranken",
    site=_BRANCH,
    visits=3,
    weekdays=(2, 4),
    hours=(10, 11, 12, 13),
    # In these so few that they are shown together with what follows only.
    seasons={7: 0.15, 8: 0.2, 12: 0.25},
    languages=_FEW,
)
PLACES = (ENTRANCE, WAITING_ROOM, COUNTER)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a terminal has counted: by hour (repeats apart), and by quarter the languages and the reasons."""

    hours: dict[Hour, Counts] = field(default_factory=dict)
    languages: dict[Period, Cells] = field(default_factory=dict)
    reasons: dict[Period, Cells] = field(default_factory=dict)


def counted(place: Place, today: date, seed: int, *, with_today: bool) -> Counted:
    """What has been counted at a place up to yesterday, or up to now. Same seed and day, same counts."""
    chance = random.Random(f"{seed} {place.terminal}")  # noqa: S311 - a simulation that is the same every time
    done = Counted()
    visitor = 0
    for hour, visits in _visits(place, today, chance):
        for _ in range(visits):
            visitor += 1
            _count(done, place, hour, today, chance, is_rare=visitor % RARE_EVERY == 0)
    if place.is_pounded:
        for hour, counts in _pounding(done, today, chance):
            done.hours[hour] = counts
    if with_today:
        for _ in range(TODAY):
            _count(done, place, Hour("", today, chance.choice(place.hours), False), today, chance, is_rare=False)
    return done


def _visits(place: Place, today: date, chance: random.Random) -> Iterator[tuple[Hour, int]]:
    """How many come in each hour until yesterday: by chance as many as are expected, or one more."""
    shape = sum(_HOURS[hour] for hour in place.hours)
    day = periods.period_of(Grain.QUARTER, months_before(today, MONTHS).first).first
    while day < today:
        if day.isoweekday() in place.weekdays:
            visits = place.visits * place.seasons.get(day.month, 1) * _WEEKDAYS[day.isoweekday()]
            for hour in place.hours:
                yield Hour("", day, hour, False), int(visits * _HOURS[hour] / shape + chance.random())
        day += periods.DAY


def _count(done: Counted, place: Place, hour: Hour, today: date, chance: random.Random, *, is_rare: bool) -> None:
    """Count one visitor wherever a terminal would."""
    language = RARE if is_rare else _one_of(place.languages, chance)
    trouble = _OF_LANGUAGE.get(language, 1) * _trouble(place, hour, today)
    a, b, c, d = _MOOD
    score = chance.choices(list(Score), (a * trouble, b * trouble, c, d))[0]
    quarter = periods.period_of(Grain.QUARTER, hour.day)
    done.hours[hour] = add(done.hours.get(hour, ZERO), one(score))
    _add(done.languages.setdefault(quarter, {}), language, score)
    if place.asks_why:
        why = _one_of(_PRAISE if score >= Score.HAPPY else _BLAME, chance)
        _add(done.reasons.setdefault(quarter, {}), why, score)


def _one_of(weights: Mapping[str, float], chance: random.Random) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def _add(cells: Cells, key: str, score: Score) -> None:
    cells[key] = add(cells.get(key, ZERO), one(score))


def _trouble(place: Place, hour: Hour, today: date) -> int:
    """Times so much the unhappy scores weigh."""
    weekday, worst = WORST
    trouble = _IN_DIP if place.has_dip and any(hour.day in months_before(today, back) for back in DIP) else 1
    if hour.day.isoweekday() == weekday and hour.hour in (worst, worst + 1):
        trouble *= _AT_WORST if hour.hour == worst else _AFTER_WORST
    return trouble


def _pounding(done: Counted, today: date, chance: random.Random) -> list[tuple[Hour, Counts]]:
    """Presses set aside, each time on one face: once in a month, but every third day in one of them."""
    found = []
    for hour in {hour.day: hour for hour in done.hours}.values():
        if hour.day.day == 11 or (hour.day in months_before(today, POUNDING) and hour.day.day % 3 == 0):
            presses = chance.randrange(10, 21)
            face = chance.choice((Score.VERY_UNHAPPY, Score.VERY_HAPPY))
            found.append((Hour("", hour.day, hour.hour, True), add(ZERO, *[one(face)] * presses)))
    return found


def months_before(today: date, number: int) -> Period:
    """The month so many before the running one."""
    month = periods.period_of(Grain.MONTH, today)
    for _ in range(number):
        month = periods.period_of(Grain.MONTH, month.first - periods.DAY)
    return month
