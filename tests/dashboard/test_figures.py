"""The figures of every page against an independent computation: plain formulas over what was put in, on both databases.

Nothing here is computed by the code under test, not even z, a band, or how a number is rounded. The histories are
random, and so large that nothing in them is hidden: what is hidden has tests of its own.
"""

from __future__ import annotations

import csv
import io
import math
import random
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import NormalDist

import pytest
from flask.testing import FlaskClient

from dashboard import store, visits
from dashboard.places import sites
from ratings.scale import Counts
from ratings.table import Slice
from tests.dashboard.filling import Filling, day, month
from tests.dashboard.reading import client, words

TODAY = day("2022-04-20")
MONTHS = [f"2021-{number:02}" for number in range(1, 13)] + ["2022-01", "2022-02", "2022-03"]
NAMES = dict(
    zip(
        MONTHS,
        [
            *(f"{name} 2021" for name in ("January", "February", "March", "April", "May", "June", "July", "August")),
            *(f"{name} 2021" for name in ("September", "October", "November", "December")),
            *("January 2022", "February 2022", "March 2022"),
        ],
        strict=True,
    )
)
QUARTERS = {"2021-Q4": MONTHS[9:12], "2022-Q1": MONTHS[12:15]}
WEEKS = ["2022-03-01/2022-03-06", "2022-03-07/2022-03-13", "2022-03-14/2022-03-20", "2022-03-21/2022-03-31"]
RUNNING = ["2022-04-01/2022-04-10", "2022-04-11/2022-04-17"]
KEYS = {
    Slice.LANGUAGE: ["nb", "en", "th"],
    Slice.HOUR: ["1-9", "2-13", "5-15"],
    Slice.REASON: ["help", "waiting", "skipped"],
}
PLACES = {"Hall": "Nord", "Stua": "Nord", "Kasse": "Sør"}
"""Terminals and their sites."""


# --- The formulas, as the papers have them.

Z = NormalDist().inv_cdf(0.975)


def plus(some: Iterable[Counts]) -> Counts:
    a, b, c, d = (sum(each) for each in zip(*some, strict=True))
    return a, b, c, d


def satisfied(counts: Counts) -> tuple[int, int]:
    return counts[2] + counts[3], sum(counts)


def wilson(k: int, n: int) -> tuple[float, float]:
    """The roots of (p - k/n)² = z² p (1 - p) / n, in percent (Wilson 1927)."""
    a, b, c = 1 + Z**2 / n, -(2 * k / n + Z**2 / n), (k / n) ** 2
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    return 100 * (-b - root) / (2 * a), 100 * (-b + root) / (2 * a)


def newcombe(now: Counts, then: Counts) -> tuple[float, float, float]:
    """A difference in percentage points and its interval (Newcombe 1998, method 10)."""
    (k1, n1), (k2, n2) = satisfied(now), satisfied(then)
    p1, p2 = 100 * k1 / n1, 100 * k2 / n2
    (l1, u1), (l2, u2) = wilson(k1, n1), wilson(k2, n2)
    return (
        p1 - p2,
        p1 - p2 - math.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2),
        p1 - p2 + math.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2),
    )


def in_words(now: Counts, then: Counts) -> str:
    points, low, high = newcombe(now, then)
    if low <= 0 <= high:
        return "no clear change"
    size = abs(points)
    return f"{'up' if points > 0 else 'down'} by {rounded(size, 0 if size >= 0.5 else 1)} points"


def compared(now: Counts, then: Counts) -> str:
    return f"({percent(*satisfied(then))}) {in_words(now, then)}"


def rounded(number: float | Fraction, decimals: int) -> str:
    """Half up, as people round."""
    scaled = math.floor(Fraction(number) * 10**decimals + Fraction(1, 2))
    return f"{scaled / 10**decimals:.{decimals}f}"


def percent(k: int, n: int, decimals: int = 0) -> str:
    return f"{rounded(Fraction(100 * k, n), decimals)}%"


def interval(k: int, n: int, decimals: int = 0) -> str:
    low, high = wilson(k, n)
    return f"{rounded(low, decimals)}–{rounded(high, decimals)}%"


def band(n: int, *, least: int = 10) -> tuple[str, str]:
    """As a number of ratings is told; of repeats, fewer than the threshold, too."""
    if n < least:
        return ("0", "0") if n == 0 else ("1", "9")
    bands = [(10, 14), (15, 19), (20, 29), (30, 49), (50, 99)]
    return next(((str(low), str(high)) for low, high in bands if low <= n <= high), ("100", ""))


def step(k: int, n: int) -> tuple[float, float]:
    """As a share is told: five points, the ends coded."""
    share = Fraction(100 * k, n)
    if share >= 95:
        return 95, 100
    if share <= 5:
        return 0, 5
    return 5 * (share // 5), 5 * (share // 5) + 5


# --- A random history.


@dataclass
class History:
    """What was put in: by terminal, and by month, days or key."""

    filling: Filling
    asked: FlaskClient
    ids: dict[str, str] = field(default_factory=dict)
    months: dict[str, dict[str, Counts]] = field(default_factory=lambda: defaultdict(dict))
    trend: dict[str, dict[str, Counts]] = field(default_factory=lambda: defaultdict(dict))
    repeats: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    keys: dict[tuple[Slice, str], dict[str, dict[str, Counts]]] = field(default_factory=lambda: defaultdict(dict))
    visits: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    def of(self, terminals: Iterable[str], *names: str) -> Counts:
        """All ratings of some terminals in some months."""
        return plus(self.months[each][name] for each in terminals for name in names)

    def read(self, address: str) -> str:
        """The text of a page."""
        answer = self.asked.get(address)
        assert answer.status_code == 200, address
        return words(answer.get_data(as_text=True)).replace("\N{NO-BREAK SPACE}", " ")

    def rows(self, address: str) -> list[dict[str, str]]:
        """The rows of a table as a file."""
        answer = self.asked.get(address)
        assert answer.status_code == 200, address
        return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))


def parted(chance: random.Random, counts: Counts, parts: int, least: int) -> list[Counts]:
    """Counts, divided at random into parts of which none is too small."""
    while True:
        found = [[0, 0, 0, 0] for _ in range(parts)]
        for score, number in enumerate(counts):
            for _ in range(number):
                found[chance.randrange(parts)][score] += 1
        if all(sum(each) >= least for each in found):
            return [(a, b, c, d) for a, b, c, d in found]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filling]:
    """A database for all that is read here; nothing is written once it is filled."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            path = tmp_path_factory.mktemp("figures") / "fjes.db"
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            url = f"sqlite:///{path}"
        else:
            url = stack.enter_context(request.getfixturevalue("postgres").database("fjes_template"))
        engine = store.open_engine(url)
        stack.callback(engine.dispose)
        yield Filling(engine)


@pytest.fixture(scope="module", params=[1, 2, 3])
def history(request: pytest.FixtureRequest, empty: Filling) -> History:
    filling = empty
    filling.empty()
    chance = random.Random(request.param)
    made = History(filling, client(filling, TODAY))
    for name, site in PLACES.items():
        made.ids[name] = filling.terminal(name, site)
        large = 12 if name == "Kasse" else 1
        good = chance.uniform(0.5, 0.99)
        for text in MONTHS:
            if chance.random() < 0.2:
                good = chance.uniform(0.3, 0.99)
            weights = [(1 - good) / 2, (1 - good) / 2, good / 3, 2 * good / 3]
            pressed = chance.choices(range(4), weights, k=large * chance.randint(60, 140))
            a, b, c, d = (pressed.count(score) for score in range(4))
            made.months[name][text] = a, b, c, d
            made.repeats[name][text] = chance.choice((0, 0, 4, 12, 33, 180))
            repeat = (0, 0, 0, made.repeats[name][text])
            filling.month(made.ids[name], text, (a, b, c, d), repeat=repeat)
        for piece, counts in zip(WEEKS, parted(chance, made.months[name]["2022-03"], 4, 12), strict=True):
            made.trend[name][piece] = counts
        for piece, counts in zip(RUNNING, parted(chance, (10, 10, 20, 40), 2, 12), strict=True):
            made.trend[name][piece] = counts
        for piece, counts in made.trend[name].items():
            filling.trend(made.ids[name], piece, counts)
        for slice_, keys in KEYS.items():
            for quarter, names in QUARTERS.items():
                cells = dict(zip(keys, parted(chance, made.of([name], *names), 3, 12), strict=True))
                made.keys[slice_, quarter][name] = cells
                filling.split(made.ids[name], slice_, quarter, cells)
    with filling.engine.begin() as connection:
        for site_ in sites(connection):
            there = [name for name, of in PLACES.items() if of == site_.name]
            for text in MONTHS:
                number = sum(made.of(there, text)) + chance.randint(0, 400)
                made.visits[site_.name][text] = number
                visits.put(connection, site_.id, month(text), number)
    return made


def addresses(history: History) -> dict[str, tuple[str, list[str]]]:
    """Each place: its address, and the terminals in it."""
    with history.filling.engine.connect() as connection:
        numbers = {each.name: each.id for each in sites(connection)}
    return {
        "all": ("/all", list(PLACES)),
        "Nord": (f"/site-{numbers['Nord']}", ["Hall", "Stua"]),
        "Sør": (f"/site-{numbers['Sør']}", ["Kasse"]),
        "Stua": (f"/terminal-{history.ids['Stua']}", ["Stua"]),
    }


def check_share(row: dict[str, str], k: int, n: int, name: str = "satisfied") -> None:
    """A share with its interval, as a file has it."""
    found = [float(row[key]) for key in (name, "interval_low", "interval_high")]
    assert found == pytest.approx([100 * k / n, *wilson(k, n)], abs=0.0001)


# --- The pages.


def test_the_overview(history: History) -> None:
    for name, (address, there) in addresses(history).items():
        counts = history.of(there, "2022-03")
        k, n = satisfied(counts)
        very, of_n = counts[3], f"{n:,}"
        text = history.read(f"{address}?lang=en")
        for said in (
            f"satisfied {percent(k, n)} {k:,} of {of_n} ratings 95% interval {interval(k, n)}",
            f"very satisfied {percent(very, n)} {very:,} of {of_n} ratings 95% interval {interval(very, n)}",
            f"of the satisfied are very satisfied {percent(very, k)} {very:,} of {k:,} satisfied 95% interval "
            f"{interval(very, k)}",
            f"Against February 2022 {compared(counts, history.of(there, '2022-02'))}",
            f"Against March 2021 {compared(counts, history.of(there, '2021-03'))}",
        ):
            assert said in text, (name, said)
        shown = history.rows(f"{address}/overview/months.csv?lang=en")
        assert [row["months_from"] for row in shown] == MONTHS[:1:-1]
        for row in shown:
            of_month = satisfied(history.of(there, row["months_from"]))
            check_share(row, *of_month)
            assert row["ratings"] == str(of_month[1])
            low, high = (rounded(each, 1) for each in wilson(*of_month))
            title = NAMES[row["months_from"]]
            assert f"{title} {percent(*of_month, 1)} {low}–{high}% {of_month[1]:,}" in text


def test_the_four_answers(history: History) -> None:
    faces = ["very_unhappy", "unhappy", "happy", "very_happy"]
    for address, there in addresses(history).values():
        for row in history.rows(f"{address}/overview/answers.csv?lang=en"):
            counts = history.of(there, "2022-03")
            k = counts[faces.index(row["answer_key"])]
            check_share(row, k, sum(counts), "share")
            assert row["ratings"] == str(k)
        for row in history.rows(f"{address}/overview/answers-by-month.csv?lang=en"):
            counts = history.of(there, row["months_from"])
            assert [float(row[face]) for face in faces] == pytest.approx(
                [100 * each / sum(counts) for each in counts], abs=0.0001
            )
            assert row["ratings"] == str(sum(counts))


def test_the_month_so_far_and_the_trend(history: History) -> None:
    for name, (address, there) in addresses(history).items():
        if name in ("Stua", "all"):
            continue
        pieces = {days: plus(history.trend[each][days] for each in there) for days in [*WEEKS, *RUNNING]}
        so_far = pieces[RUNNING[0]]
        k, n = satisfied(so_far)
        text = history.read(f"{address}?lang=en")
        said = f"1–10 April 2022 {percent(k, n)} satisfied {k:,} of {n:,} ratings 95% interval {interval(k, n)}"
        assert said in text
        assert f"{percent(so_far[3], n)} very satisfied. {percent(so_far[3], k)} of the satisfied" in text
        shown = [
            row for row in history.rows(f"{address}/trend/trend.csv?lang=en&from=2022-03&to=2022-03") if not row["note"]
        ]
        assert [f"{row['days_from']}/{row['days_to']}" for row in shown] == [RUNNING[0], *WEEKS[::-1]]
        for row in shown:
            k, n = satisfied(pieces[f"{row['days_from']}/{row['days_to']}"])
            check_share(row, k, n)
            assert row["ratings"] == str(n)


def test_the_trend_of_several_sites(history: History) -> None:
    rows = history.rows("/all/trend/trend.csv?lang=en&from=2022-03&to=2022-03")
    assert [f"{row['days_from']}/{row['days_to']}" for row in rows] == WEEKS[::-1]
    for row in rows:
        k, n = satisfied(plus(history.trend[each][f"{row['days_from']}/{row['days_to']}"] for each in PLACES))
        check_share(row, k, n)
        assert row["ratings"] == str(n)


@pytest.mark.parametrize("slice_", list(KEYS))
@pytest.mark.parametrize("asked", [["2021-Q4"], ["2022-Q1"], ["2021-Q4", "2022-Q1"]], ids="+".join)
def test_languages_hours_and_reasons(history: History, slice_: Slice, asked: list[str]) -> None:
    first, last = QUARTERS[asked[0]][0], QUARTERS[asked[-1]][-1]
    page = f"{slice_}s"
    for name, (address, there) in addresses(history).items():
        if name == "Stua":
            continue
        rows = history.rows(f"{address}/{page}/{page}.csv?lang=en&from={first}&to={last}")
        assert {row[f"{slice_}_key"] for row in rows} == set(KEYS[slice_])
        parts = {
            key: [history.keys[slice_, quarter][each][key] for quarter in asked for each in there]
            for key in KEYS[slice_]
        }
        # Exactly only where every key of every table of a site is large.
        exact = name == "Sør"
        if exact:
            assert all(sum(each) >= 100 for some in parts.values() for each in some)
        for row in rows:
            k, n = satisfied(plus(parts[row[f"{slice_}_key"]]))
            if exact:
                assert (row["ratings_low"], row["ratings_high"]) == (str(n), str(n))
                shown = [float(row[key]) for key in ("satisfied_low", "interval_low", "interval_high")]
                assert shown == pytest.approx([100 * k / n, *wilson(k, n)], abs=0.0001)
            else:
                assert (row["ratings_low"], row["ratings_high"]) == band(n)
                assert (float(row["satisfied_low"]), float(row["satisfied_high"])) == step(k, n)
                assert row["interval_low"] == row["interval_high"] == ""


@pytest.mark.parametrize(("first", "last"), [(14, 14), (12, 14), (8, 13)])
def test_side_by_side(history: History, first: int, last: int) -> None:
    asked, before = MONTHS[first : last + 1], MONTHS[2 * first - last - 1 : first]
    query = f"?lang=en&from={asked[0]}&to={asked[-1]}"
    for address, there in (
        ("/all", {"All sites": list(PLACES), "Nord": ["Hall", "Stua"], "Sør": ["Kasse"]}),
        (addresses(history)["Nord"][0], {"Hall": ["Hall"], "Stua": ["Stua"]}),
    ):
        rows = history.rows(f"{address}/places/beside.csv{query}")
        assert [row["place"] for row in rows] == list(there)
        text = history.read(f"{address}/places{query}")
        for row in rows:
            now, then = (history.of(there[row["place"]], *months) for months in (asked, before))
            check_share(row, *satisfied(now))
            assert row["ratings"] == str(sum(now))
            assert (row["months_from"], row["months_to"]) == (asked[0], asked[-1])
            assert (row["against_from"], row["against_to"]) == (before[0], before[-1])
            points, low, high = newcombe(now, then)
            shown = [float(row[key]) for key in ("change_points", "change_low", "change_high")]
            assert shown == pytest.approx([points, low, high], abs=0.0001)
            assert row["change"] == ("up" if low > 0 else "down" if high < 0 else "unclear")
            k, n = satisfied(now)
            said = f"{percent(k, n, 1)} {interval(k, n)} of {n:,} {n:,} {in_words(now, then)}"
            assert f"{row['place']} {said}" in text


def test_repeats(history: History) -> None:
    for name, (address, there) in addresses(history).items():
        if name == "all":
            continue
        rows = history.rows(f"{address}/repeats/repeats.csv?lang=en&from={MONTHS[0]}&to={MONTHS[-1]}")
        assert [row["months_from"] for row in rows] == MONTHS[::-1]
        for row in rows:
            text = row["months_from"]
            aside, n = sum(history.repeats[each][text] for each in there), sum(history.of(there, text))
            assert row["ratings"] == str(n)
            assert (row["repeats_low"], row["repeats_high"]) == band(aside)
            share = (row["share_low"], row["share_high"])
            if aside == 0:
                assert share in (("0.0", "0.0"), ("", ""))
            elif aside >= 100 and n >= 100:
                assert tuple(map(float, share)) == step(aside, n + aside)
            else:
                assert share == ("", "")


@pytest.mark.parametrize(("first", "last"), [(0, 11), (8, 11), (14, 14)])
def test_the_annual_report(history: History, first: int, last: int) -> None:
    asked = MONTHS[first : last + 1]
    for name, (address, there) in addresses(history).items():
        counts = history.of(there, *asked)
        k, n = satisfied(counts)
        very = counts[3]
        query = f"?lang=en&from={asked[0]}&to={asked[-1]}"
        text = history.read(f"{address}/report{query}")
        for said in (
            f"{percent(k, n)} satisfied {k:,} of {n:,} ratings 95% interval {interval(k, n)}",
            f"{percent(very, n)} very satisfied {very:,} of {n:,} ratings 95% interval {interval(very, n)}",
            f"{percent(very, k)} of the satisfied are very satisfied {very:,} of {k:,} satisfied",
            f"{percent(k, n)} are satisfied; {percent(very, n)} are very satisfied. Both are shares of all {n:,} "
            f"ratings. Of the {k:,} who are satisfied, {percent(very, k)} are very satisfied.",
        ):
            assert said in text, (name, said)
        for face, each in zip(("Very unhappy", "Unhappy", "Happy", "Very happy"), counts, strict=True):
            assert f"{face} {percent(each, n, 1)} {each:,}" in text
        for row in history.rows(f"{address}/report/months.csv{query}"):
            of_month = satisfied(history.of(there, row["months_from"]))
            check_share(row, *of_month)
            assert row["ratings"] == str(of_month[1])


def test_the_response_rate(history: History) -> None:
    for name, (address, there) in addresses(history).items():
        year = f"/report?lang=en&from={MONTHS[0]}&to={MONTHS[11]}"
        for asked, page in ((["2022-03"], "?lang=en"), (MONTHS[:12], year)):
            n = sum(history.of(there, *asked))
            number = sum(history.visits[site][text] for site in {PLACES[each] for each in there} for text in asked)
            said = f"Response rate: {n:,} of {number:,} visits answered, {percent(n, number)}."
            assert (said in history.read(f"{address}{page}")) == (name != "Stua"), (name, said)
