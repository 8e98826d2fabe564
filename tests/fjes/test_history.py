"""The demo's history keeps what it promises to show: read from the raw database, and as the pages may show it.

Sums of released tables and intervals are computed here anew, without the code under test.
"""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine

from dashboard import balance, disclosure, places, store
from dashboard.audit import audit
from dashboard.bands import Band, band, step
from dashboard.disclosure import Block, Shown, Splits
from dashboard.web import create_app
from fjes import history, simulated
from fjes.simulated import COUNTER, ENTRANCE, WAITING_ROOM
from ratings.config import DEFAULT_QUESTION, Dashboard
from ratings.period import Period, month
from ratings.sections import REASONS
from ratings.table import SKIPPED, Slice

THRESHOLD = 10
CENTRE, BRANCH = ENTRANCE.site, COUNTER.site
ANY_DAYS = [date(2026, 11, 23), date(2024, 2, 29), date(2027, 1, 1), date(2026, 8, 8)]

Four = tuple[int, int, int, int]


class Row(NamedTuple):
    """A released table as it lies in the database."""

    terminal: str
    slice: str
    first: date
    last: date
    cells: dict[str, list[int]]

    @property
    def counted(self) -> Four:
        return total([counts for key, counts in self.cells.items() if key != "repeat"])


def total(counts: Sequence[Sequence[int]]) -> Four:
    a, b, c, d = (sum(each[score] for each in counts) for score in range(4))
    return a, b, c, d


class Filled(NamedTuple):
    """A database with the history up to a day, and all of it published."""

    engine: Engine
    file: Path
    today: date

    def rows(self, terminal: str | None = None, slice_: str | None = None) -> list[Row]:
        with sqlite3.connect(self.file) as connection:
            found = connection.execute(
                "SELECT terminal_id, slice, first_day, last_day, cells FROM released ORDER BY 1, 2, 3"
            ).fetchall()
        rows = [Row(a, b, date.fromisoformat(c), date.fromisoformat(d), json.loads(e)) for a, b, c, d, e in found]
        return [row for row in rows if terminal in (None, row.terminal) and slice_ in (None, row.slice)]

    @property
    def everything(self) -> Period:
        return Period(date(2000, 1, 1), self.today)

    def blocks(self, site: str, asked: Period | None = None) -> Shown:
        with store.reading(self.engine) as connection:
            asked = asked or self.everything
            return disclosure.blocks(connection, place(connection, site), DEFAULT_QUESTION, asked, THRESHOLD)

    def splits(self, site: str, slice_: Slice, asked: Period | None = None) -> Splits:
        with store.reading(self.engine) as connection:
            asked = asked or self.everything
            return disclosure.splits(connection, place(connection, site), DEFAULT_QUESTION, slice_, asked, THRESHOLD)

    def last_year(self) -> Period:
        """The last four quarters that are over."""
        shown = self.splits(CENTRE, Slice.HOUR).splits
        return Period(shown[-4].days.first, shown[-1].days.last)

    def month(self, site: str, back: int) -> Four:
        """A month so many before the running one, as it is shown."""
        number = self.today.year * 12 + self.today.month - 1 - back
        wanted = month(number // 12, number % 12 + 1)
        return next(block.counts for block in self.blocks(site).blocks if block.days == wanted)


def place(connection: Connection, site: str) -> places.Site:
    return next(each for each in places.sites(connection) if each.name == site)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("Europe/Oslo"))


def fill(folder: Path, day: date, *, live: bool = False) -> Filled:
    file = folder / "fjes.db"
    engine = store.open_engine(f"sqlite:///{file}")
    history.fill(engine, noon(day), live=live)
    with engine.begin() as connection:
        for site in places.sites(connection):
            disclosure.publish(connection, site.id, DEFAULT_QUESTION, day, THRESHOLD)
    return Filled(engine, file, day)


@pytest.fixture(scope="module", params=ANY_DAYS, ids=str)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    made = fill(tmp_path_factory.mktemp("history"), request.param)
    yield made
    made.engine.dispose()


def test_three_simulated_terminals_stand_at_two_sites_and_none_releases_live(filled: Filled) -> None:
    with store.reading(filled.engine) as connection:
        sites = places.sites(connection)
    assert {site.name: [each.name for each in site.terminals] for site in sites} == {
        "Helsehuset Lindelia": ["Inngangen", "Venterommet"],
        "Helsekontoret Nordvika": ["Skranken"],
    }
    assert all(each.simulated and not each.live for site in sites for each in site.terminals)


def test_the_same_day_and_seed_make_the_same_history(tmp_path: Path) -> None:
    def dump(name: str, now: datetime, seed: int) -> list[tuple[object, ...]]:
        engine = store.open_engine(f"sqlite:///{tmp_path / name}")
        history.fill(engine, now, seed)
        engine.dispose()
        with sqlite3.connect(tmp_path / name) as connection:
            return connection.execute("SELECT * FROM released ORDER BY 1, 2, 3, 4, 5").fetchall()

    morning = noon(date(2026, 11, 23)) - timedelta(hours=5)
    first = dump("first", morning, 1)
    assert dump("again", morning + timedelta(hours=9), 1) == first
    assert dump("other", morning, 2) != first
    assert dump("later", morning + timedelta(days=40), 1) != first


def test_every_months_total_is_its_trend_and_every_quarters_slices_are_its_months(filled: Filled) -> None:
    for each in (ENTRANCE, WAITING_ROOM, COUNTER):
        months = filled.rows(each.id, "total")
        trend = filled.rows(each.id, "trend")
        for row in months:
            pieces = [piece.counted for piece in trend if row.first <= piece.first <= row.last]
            assert total(pieces) == row.counted
        slices = ["language", "hour"] + (["reason"] if each.asks_why else [])
        for slice_ in slices:
            quarters = filled.rows(each.id, slice_)
            assert len(quarters) in (8, 9)
            for row in quarters:
                assert total([one.counted for one in months if row.first <= one.first <= row.last]) == row.counted
    with store.reading(filled.engine) as connection:
        assert balance.imbalances(connection) == []


def test_nothing_below_the_least_minimum_is_in_a_table_and_nothing_of_what_is_not_over(filled: Filled) -> None:
    pooled = [row for row in filled.rows() if row.slice in ("language", "hour", "reason")]
    assert len(pooled) > 40
    assert min(sum(counts) for row in pooled for counts in row.cells.values()) >= 5
    for row in filled.rows(slice_="trend"):
        # A whole month in one piece is the month's total once more.
        assert sum(row.counted) >= 5 or month(row.first.year, row.first.month) == Period(row.first, row.last)
    assert all(row.last < filled.today for row in filled.rows())


def test_of_the_running_month_the_weeks_that_are_over_are_there_but_for_the_last(tmp_path: Path) -> None:
    made = fill(tmp_path, date(2026, 11, 23))
    found = [
        (row.first.day, row.last.day, row.counted) for row in made.rows(ENTRANCE.id, "trend") if row.first.month == 11
    ]
    made.engine.dispose()
    hours = simulated.counted(ENTRANCE, date(2026, 11, 23), 1, with_today=False).hours

    def come(first: int, last: int) -> Four:
        days = Period(date(2026, 11, first), date(2026, 11, last))
        return total([counts for hour, counts in hours.items() if hour.day in days and not hour.repeat])

    assert any(hour.repeat and hour.day == date(2026, 11, 11) for hour in hours), "no repeat that could be mixed in"
    assert found[-2:] == [(1, 8, come(1, 8)), (9, 15, come(9, 15))]


def test_the_audit_finds_nothing_in_all_that_is_published_of_it(filled: Filled) -> None:
    with store.reading(filled.engine) as connection:
        found = audit(connection, noon(filled.today), THRESHOLD)
    assert (found.findings, found.not_covered) == ((), ())
    assert found.hidden > 0, "nothing was hidden: there was nothing to audit"


def test_two_years_are_shown_month_by_month_at_the_large_site_and_ten_visits_a_day_at_its_entrance(
    filled: Filled,
) -> None:
    shown = filled.blocks(CENTRE)
    assert len(shown.blocks) >= 24
    assert all(block.days == month(block.days.first.year, block.days.first.month) for block in shown.blocks)
    assert shown.blocks[-1].days.next() == filled.today.replace(day=1)
    assert shown.hidden[-1].first == filled.today.replace(day=1), "a closed month is hidden"
    months = filled.rows(ENTRANCE.id, "total")
    days = sum((row.last - row.first).days + 1 for row in months) * 5 / 7
    assert 8 < sum(sum(row.counted) for row in months) / days < 12


def test_july_is_quiet_and_autumn_is_busy(filled: Filled) -> None:
    by_month: dict[int, list[int]] = defaultdict(list)
    for block in filled.blocks(CENTRE).blocks:
        by_month[block.days.first.month].append(sum(block.counts))
    mean = {number: sum(some) / len(some) for number, some in by_month.items()}
    assert min(mean, key=mean.__getitem__) == 7
    assert max(mean, key=mean.__getitem__) in (9, 10, 11)
    assert mean[7] < mean[10] / 2


def newcombe(before: Four, after: Four) -> tuple[float, float]:
    """The 95 % interval of the change of the satisfied share, from the quadratic that Wilson's interval solves."""

    def wilson(k: int, n: int) -> tuple[float, float]:
        # (p - k/n)² = z² p (1 - p) / n, as a p² + b p + c = 0.
        z2, p = 1.959964**2, k / n
        a, b, c = 1 + z2 / n, -(2 * p + z2 / n), p * p
        root = math.sqrt(b * b - 4 * a * c)
        return (-b - root) / (2 * a), (-b + root) / (2 * a)

    (k1, n1), (k2, n2) = ((counts[2] + counts[3], sum(counts)) for counts in (before, after))
    (low1, high1), (low2, high2) = wilson(k1, n1), wilson(k2, n2)
    p1, p2 = k1 / n1, k2 / n2
    return (
        p2 - p1 - math.sqrt((p2 - low2) ** 2 + (high1 - p1) ** 2),
        p2 - p1 + math.sqrt((high2 - p2) ** 2 + (p1 - low1) ** 2),
    )


def test_the_intervals_of_this_test_are_newcombes() -> None:
    # Newcombe (1998), table II, method 10: 56/70 - 48/80 is 0.0524 to 0.3339.
    low, high = newcombe((32, 0, 48, 0), (14, 0, 56, 0))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_two_months_dip_which_is_a_clear_change_and_so_is_their_recovery(filled: Filled) -> None:
    assert newcombe(filled.month(CENTRE, 7), filled.month(CENTRE, 6))[1] < -0.05
    assert newcombe(filled.month(CENTRE, 5), filled.month(CENTRE, 4))[0] > 0.05
    low, high = newcombe(filled.month(CENTRE, 2), filled.month(CENTRE, 1))
    assert low < 0 < high, "the page's first sentence should be that there was no clear change"


def test_the_heat_map_of_each_quarter_shows_every_hour_and_monday_morning_is_the_worst(filled: Filled) -> None:
    hours = {f"{day}-{hour}" for day in range(1, 6) for hour in range(10, 16)}
    shown = filled.splits(CENTRE, Slice.HOUR).splits
    assert len(shown) in (8, 9)
    for split in shown:
        steps = {part.key: part.satisfied.low for part in split.parts}
        assert steps.keys() == hours, "hours are pooled"
        assert steps["1-10"] == min(steps.values())
    year = filled.splits(CENTRE, Slice.HOUR, filled.last_year()).total
    assert year is not None
    steps = {part.key: part.satisfied.low for part in year.parts}
    assert steps.pop("1-10") < min(steps.values())


def test_a_language_that_few_speak_is_in_other_in_every_quarter(filled: Filled) -> None:
    shown = filled.splits(CENTRE, Slice.LANGUAGE).splits
    assert len(shown) in (8, 9)
    for each in (ENTRANCE, WAITING_ROOM):
        spoken = simulated.counted(each, filled.today, 1, with_today=False).languages
        for split in shown:
            assert 0 < sum(spoken[split.days]["th"]) < THRESHOLD, "nobody speaks it, or so many that it is shown"
    for split in shown:
        assert {part.key for part in split.parts} == {"nb", "en", "es", "ro", "unchosen", "other"}


def test_those_who_speak_romanian_are_less_satisfied_and_a_year_of_banded_quarters_is_told_in_bands(
    filled: Filled,
) -> None:
    asked = filled.last_year()
    found = filled.splits(CENTRE, Slice.LANGUAGE, asked)
    year = found.total
    assert year is not None
    parts = {part.key: part for part in year.parts}
    assert parts["ro"].satisfied.low <= parts["nb"].satisfied.low - 10
    tables = [row for row in filled.rows(slice_="language") if row.terminal != COUNTER.id and row.first in asked]
    for key in ("nb", "en", "ro"):
        counts = total([row.cells[key] for row in tables])
        assert (parts[key].n, parts[key].satisfied) == (band(sum(counts)), step(counts))
        assert parts[key].n == Band(100, None)
    assert all(part.counts is None for split in (*found.splits, year) for part in split.parts)


def test_what_mattered_most_is_shown_for_every_quarter_and_waiting_is_what_the_unhappy_name(filled: Filled) -> None:
    shown = filled.splits(CENTRE, Slice.REASON)
    assert len(shown.splits) in (8, 9)
    for split in shown.splits:
        steps = {part.key: part.satisfied.low for part in split.parts}
        assert steps.keys() == {*REASONS, SKIPPED}
        assert min(steps, key=steps.__getitem__) == "waiting"
    assert filled.rows(COUNTER.id, "reason") == []


def gathered(filled: Filled) -> list[Block]:
    return [block for block in filled.blocks(BRANCH).blocks if (block.days.last - block.days.first).days > 31]


def test_a_summer_of_the_small_site_is_gathered_and_a_range_that_cuts_it_is_widened(filled: Filled) -> None:
    summer = next(block for block in gathered(filled) if block.days.first.month == 7)
    july = next(row for row in filled.rows(COUNTER.id, "total") if row.first == summer.days.first)
    assert sum(july.counted) < THRESHOLD <= sum(summer.counts)
    asked = Period(summer.days.first - timedelta(days=30), july.last)
    shown = filled.blocks(BRANCH, asked)
    assert shown.widened
    assert shown.total is not None
    assert shown.total.days.last == summer.days.last
    usual = [sum(block.counts) for block in filled.blocks(BRANCH).blocks if block not in gathered(filled)]
    assert min(usual) >= THRESHOLD
    assert max(usual) < 50


def test_pounding_is_set_aside_and_stands_out_in_one_month(filled: Filled) -> None:
    repeats = {row.first: sum(row.cells.get("repeat", ())) for row in filled.rows(ENTRANCE.id, "total")}
    (worst, most), (_, next_) = Counter(repeats).most_common(2)
    number = filled.today.year * 12 + filled.today.month - 1 - 3
    assert worst == date(number // 12, number % 12 + 1, 1)
    assert most >= 50
    assert most > 2 * next_ > 0


def test_the_pages_of_both_sites_say_that_it_is_simulated(filled: Filled) -> None:
    client = create_app(filled.engine, Dashboard(), today=lambda: filled.today).test_client()
    with store.reading(filled.engine) as connection:
        sites = places.sites(connection)
    for site in sites:
        answered = client.get(f"/{site.key}?lang=en")
        assert answered.status_code == 200
        assert "Simulated data" in answered.text


@pytest.mark.parametrize("today", [date(2026, 11, 1), date(2026, 11, 23), date(2024, 2, 29), date(2027, 1, 1)])
def test_beside_the_kiosk_the_month_so_far_has_a_figure_on_its_first_day_and_only_the_kiosk_is_live(
    tmp_path: Path, today: date
) -> None:
    made = fill(tmp_path, today, live=True)
    with store.reading(made.engine) as connection:
        sites = places.sites(connection)
        so_far = disclosure.month_so_far(connection, place(connection, CENTRE), DEFAULT_QUESTION, today, THRESHOLD)
        assert balance.imbalances(connection) == []
    assert {each.name for site in sites for each in site.terminals if each.live} == {history.KIOSK.terminal}
    assert so_far.live
    assert so_far.counts is not None
    assert sum(so_far.counts) >= simulated.TODAY
    running = {row.terminal for row in made.rows() if row.last >= today}
    assert running == {history.KIOSK.id}, "another terminal has released what is not over"
    made.engine.dispose()


def test_the_history_and_all_that_is_published_of_it_take_a_second_or_two(tmp_path: Path) -> None:
    # Processor time, so that a busy machine does not count; measured: 0.6 s.
    began = time.process_time()
    fill(tmp_path, date(2026, 11, 23), live=True).engine.dispose()
    assert time.process_time() - began < 3
