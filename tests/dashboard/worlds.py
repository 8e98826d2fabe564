"""What the pages are checked with: databases with much to show, with little, with what is hidden, with nothing."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard import areas
from fjes import history, simulated
from ratings import period as periods
from ratings.period import Grain
from ratings.scale import Counts
from ratings.table import Slice
from tests.dashboard.filling import Filling, day

TODAY = day("2022-04-12")
"""Which day it is in all of them."""

LONG_WORD = "Donaudampfschifffahrtsgesellschaft" * 5


def rich(filling: Filling) -> None:
    """All there is to show: the demo's sites, one live and one closed, and one with hundreds of ratings."""
    history.fill(filling.engine, datetime(2022, 4, 12, 14, tzinfo=ZoneInfo("Europe/Oslo")), live=True)
    _busy(filling, filling.terminal("Kasse", "Kafeen"))
    with filling.engine.begin() as connection:
        areas.put(connection, [place.site for place in simulated.PLACES], "Oslo / Sentrum")


def odd(filling: Filling) -> None:
    """Names to stumble on, and a site that is left out of sums since it has too few ratings."""
    for name, site in (("<script>alert(1)</script>", "<img src=x onerror=alert(1)>"), ("=1+1", LONG_WORD)):
        filling.month(filling.terminal(name, site), "2022-03", (2, 3, 9, 21))
    filling.month(filling.terminal("Stille", "Et lite sted"), "2022-03", (0, 0, 1, 3))


def _busy(filling: Filling, terminal: str) -> None:
    """A quarter in which every key has a hundred ratings and more: exact figures for languages, hours and reasons."""
    for month in ("2022-01", "2022-02", "2022-03"):
        filling.month(terminal, month, (80, 160, 640, 1120), repeat=(40, 0, 0, 3))
        days = periods.parse_month(month)
        weeks = list(periods.periods_between(Grain.WEEK, days.first, days.last))
        for week in weeks:
            filling.trend(terminal, periods.write(week, Grain.WEEK), _part((80, 160, 640, 1120), len(weeks)))
    for slice_, keys in (
        (Slice.LANGUAGE, ["nb", "en", "es", "bg", "th", "unchosen"]),
        (Slice.HOUR, [f"{weekday}-{hour}" for weekday in range(1, 7) for hour in range(9, 17)]),
        (Slice.REASON, ["help", "staff", "waiting", "skipped"]),
    ):
        filling.split(terminal, slice_, "2022-Q1", dict.fromkeys(keys, _part((240, 480, 1920, 3360), len(keys))))


def _part(counts: Counts, parts: int) -> Counts:
    a, b, c, d = (count // parts for count in counts)
    return a, b, c, d


def small(filling: Filling) -> None:
    """A few ratings a month: several months make a block, and most keys are pooled."""
    terminal = filling.terminal("Stua", "Et lite sted")
    for number, month in enumerate(periods.periods_between(Grain.MONTH, day("2021-06-01"), day("2022-03-31"))):
        filling.month(terminal, periods.write(month, Grain.MONTH), (number % 2, 0, 2, 4), repeat=(1, 0, 0, 0))
        filling.trend(terminal, f"{month.first}/{month.last}", (number % 2, 0, 2, 4))
    filling.split(terminal, Slice.LANGUAGE, "2022-Q1", {"nb": (0, 0, 4, 8), "other": (2, 0, 2, 4)})
    filling.split(terminal, Slice.HOUR, "2022-Q1", {"1-10/13": (1, 0, 3, 8), "2-12/15": (1, 0, 3, 4)})
    filling.split(terminal, Slice.REASON, "2022-Q1", {"help": (0, 0, 4, 8), "other": (2, 0, 2, 4)})


def hidden(filling: Filling) -> None:
    """Too few ratings to show any figure of."""
    terminal = filling.terminal("Stua")
    filling.month(terminal, "2022-03", (1, 0, 2, 4), repeat=(1, 0, 0, 0))
    filling.trend(terminal, "2022-03-01/2022-03-31", (1, 0, 2, 4))
    filling.split(terminal, Slice.LANGUAGE, "2022-Q1", {"nb": (1, 0, 2, 4)})
    filling.split(terminal, Slice.HOUR, "2022-Q1", {"1-10/13": (1, 0, 2, 4)})
    filling.split(terminal, Slice.REASON, "2022-Q1", {"skipped": (1, 0, 2, 4)})


def new(filling: Filling) -> None:
    """A terminal that nobody has touched yet."""
    filling.terminal("Stua")


def empty(_: Filling) -> None:
    """No terminal at all."""


WORLDS: dict[str, Callable[[Filling], None]] = {each.__name__: each for each in (rich, odd, small, hidden, new, empty)}
