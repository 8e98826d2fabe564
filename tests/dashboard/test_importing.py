"""An import in the database: balanced books, nothing small let out, once only, and whole or not at all."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, inspect, select

from dashboard import schema, store
from dashboard.happyornot import Format, Hour, Reading
from dashboard.importing import ImportRefused, Outcome, Wishes, import_file, opened, tables
from ratings import period as periods
from ratings.period import Grain
from ratings.pooling import LEAST
from ratings.scale import ZERO, Counts, Score, add, one
from ratings.table import COUNTED, REPEAT, Slice, Table, check

NOW = datetime(2024, 6, 15, 12, tzinfo=UTC)
QUARTER: dict[int, Counts] = {1: (19, 18, 25, 53), 2: (13, 5, 8, 19), 3: (24, 5, 12, 28)}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = store.open_engine(database_url)
    yield made
    made.dispose()


def reading(*hours: tuple[str, date, int, bool, Counts]) -> Reading:
    made = Reading(Format.FEEDBACKS if hours[0][0] else Format.RAW, "element")
    for point, day, hour, repeat, counts in hours:
        key = Hour(point, day, hour, repeat)
        made.hours[key] = add(made.hours.get(key, ZERO), counts)
    return made


def quarter() -> Reading:
    """A first quarter of 2022 with known monthly counts, spread over its opening hours."""
    return reading(
        *(
            ("", date(2022, month, 1) + timedelta(days=at % 28), 9 + at % 8, False, one(score))
            for month, counts in QUARTER.items()
            for score in Score
            for at in range(counts[score])
        )
    )


def day(first: str, n: int = 12, point: str = "") -> tuple[str, date, int, bool, Counts]:
    return point, date.fromisoformat(first), 10, False, (0, 0, 0, n)


def put(
    engine: Engine,
    what: Reading,
    file: str = "a",
    terminal: str | None = "Reception",
    *,
    dry: bool = False,
    **wishes: Any,
) -> Outcome:
    return import_file(engine, what, file * 64, Wishes(terminal, **wishes), moment=NOW, threshold=10, dry=dry)


def everything(engine: Engine) -> dict[str, list[Any]]:
    with store.reading(engine) as connection:
        return {
            table.name: sorted(connection.execute(select(table)).all(), key=repr)
            for table in schema.metadata.sorted_tables
        }


def stored(engine: Engine, slice_: Slice) -> dict[tuple[str, str], dict[str, Counts]]:
    found = schema.released.c
    with store.reading(engine) as connection:
        rows = connection.execute(
            select(found.terminal_id, found.period, found.cells)
            .where(found.slice == str(slice_))
            .order_by(found.period)
        )
        return {
            (row.terminal_id, row.period): {key: tuple(four) for key, four in json.loads(row.cells).items()}
            for row in rows
        }


def test_the_months_are_what_the_file_says_and_are_published(engine: Engine) -> None:
    outcome = put(engine, quarter())
    assert stored(engine, Slice.TOTAL) == {
        ("reception", f"2022-0{month}"): {COUNTED: counts} for month, counts in QUARTER.items()
    }
    (share,) = outcome.shares
    assert (share.name, share.made, share.n, share.repeats) == ("Reception", True, 229, 0)
    shown = everything(engine)
    assert [row.last_day for row in shown["block"]] == [date(2022, 1, 31), date(2022, 2, 28), date(2022, 3, 31)]
    groups = [(row.very_unhappy, row.unhappy, row.happy, row.very_happy) for row in shown["block_group"]]
    assert groups == list(QUARTER.values())
    assert [f"{100 * (c + d) / sum((a, b, c, d)):.1f}" for a, b, c, d in groups] == ["67.8", "60.0", "58.0"]


def test_an_import_is_an_epoch_that_remembers_its_days_and_its_file(engine: Engine) -> None:
    put(engine, reading(day("2022-01-05"), day("2022-03-02")))
    found = everything(engine)
    (epoch,), (imported,) = found["epoch"], found["imported"]
    assert (imported.terminal_id, imported.epoch) == (epoch.terminal_id, epoch.epoch)
    assert (imported.first_day, imported.last_day) == (date(2022, 1, 5), date(2022, 3, 2))
    assert imported.file_hash == "a" * 64
    assert {row.epoch for row in found["released"]} == {epoch.epoch}
    assert {row.slice for row in found["released"]} == {"total", "trend", "hour"}


def test_the_same_file_again_changes_nothing(engine: Engine) -> None:
    put(engine, quarter())
    before = everything(engine)
    outcome = put(engine, quarter(), trend=Grain.DAY)
    assert outcome.known == ["Reception"]
    assert everything(engine) == before


def test_the_same_file_under_another_name_is_refused(engine: Engine) -> None:
    put(engine, quarter())
    before = everything(engine)
    with pytest.raises(ImportRefused, match="imported before, as Reception; under another name it would count twice"):
        put(engine, quarter(), terminal="Exit")
    assert everything(engine) == before


def test_a_file_that_overlaps_days_already_imported_is_refused_naming_them(engine: Engine) -> None:
    put(engine, reading(day("2022-01-05"), day("2022-03-02")), "a")
    before = everything(engine)
    with pytest.raises(ImportRefused, match=r"2022-03-02 to 2022-04-09 of this file .* 2022-01-05 to 2022-03-02"):
        put(engine, reading(day("2022-03-02"), day("2022-04-09")), "b")
    with pytest.raises(ImportRefused, match="Reception: 2022-02-01 of this file"):
        put(engine, reading(day("2022-02-01")), "b")
    assert everything(engine) == before


def test_days_beside_each_other_add_up_in_one_month(engine: Engine) -> None:
    put(engine, reading(day("2022-01-05"), day("2022-01-15")), "a")
    put(engine, reading(day("2022-01-16", 30)), "b")
    with store.reading(engine) as connection:
        found = schema.released.c
        rows = connection.scalars(select(found.n).where(found.slice == "total", found.period == "2022-01"))
        assert sorted(rows) == [24, 30]
    assert [row.very_happy for row in everything(engine)["block_group"]] == [54]


def test_the_same_days_at_another_terminal_do_not_overlap(engine: Engine) -> None:
    put(engine, reading(day("2022-01-05")), "a")
    put(engine, reading(day("2022-01-05")), "b", "Exit", site="Reception")
    assert len(everything(engine)["site"]) == 1


def test_replace_takes_the_place_of_imports_that_are_covered_whole(engine: Engine) -> None:
    put(engine, reading(day("2021-12-31")), "a")
    put(engine, reading(day("2022-01-05")), "b")
    put(engine, reading(day("2022-02-05"), day("2022-02-07")), "c")
    outcome = put(engine, reading(day("2022-01-01", 40), day("2022-02-28", 50)), "d", replace=True)
    assert outcome.replaced == 2
    assert {row.file_hash[0] for row in everything(engine)["imported"]} == {"a", "d"}
    assert len(everything(engine)["epoch"]) == 2
    assert {
        period: sum(sum(each) for each in cells.values()) for (_, period), cells in stored(engine, Slice.TOTAL).items()
    } == {
        "2021-12": 12,
        "2022-01": 40,
        "2022-02": 50,
    }


def test_replace_refuses_to_take_the_place_of_a_part(engine: Engine) -> None:
    put(engine, reading(day("2022-01-05"), day("2022-03-02")), "a")
    before = everything(engine)
    with pytest.raises(ImportRefused, match=r"only a part of .* 2022-01-05 to 2022-03-02"):
        put(engine, reading(day("2022-01-06"), day("2022-03-02")), "b", replace=True)
    assert everything(engine) == before


def test_replace_with_the_same_file_cuts_its_trend_anew_and_counts_once(engine: Engine) -> None:
    put(engine, quarter())
    totals = stored(engine, Slice.TOTAL)
    assert put(engine, quarter(), replace=True, trend=None).replaced == 1
    assert stored(engine, Slice.TOTAL) == totals
    assert stored(engine, Slice.TREND) == {}


def test_each_experience_point_is_a_terminal_and_all_are_in_one_site(engine: Engine) -> None:
    outcome = put(engine, reading(day("2022-01-05", 12, "7"), day("2022-01-06", 13, "8")), terminal=None)
    assert [(share.id, share.name, share.n) for share in outcome.shares] == [
        ("happyornot-7", "HappyOrNot 7", 12),
        ("happyornot-8", "HappyOrNot 8", 13),
    ]
    assert [row.name for row in everything(engine)["site"]] == ["HappyOrNot"]
    assert len(everything(engine)["imported"]) == 2
    # A later file with a new point stays in the site; the older point has its own days.
    put(engine, reading(day("2022-01-07", 12, "8"), day("2022-01-05", 12, "9")), "b", terminal=None)
    assert len(everything(engine)["site"]) == 1


def test_terminal_and_site_name_what_is_made(engine: Engine) -> None:
    put(engine, reading(day("2022-01-05", 12, "7")), terminal="Hall", site="Oslo S", timezone="Asia/Bangkok")
    (terminal,), (site,) = everything(engine)["terminal"], everything(engine)["site"]
    assert (terminal.name, terminal.id, terminal.timezone, site.name) == ("Hall 7", "hall-7", "Asia/Bangkok", "Oslo S")


def test_one_terminal_that_is_refused_keeps_the_whole_file_out(engine: Engine) -> None:
    put(engine, reading(day("2022-01-05", 12, "8")), "a")
    before = everything(engine)
    with pytest.raises(ImportRefused, match="Reception 8"):
        put(engine, reading(day("2022-01-04", 12, "7"), day("2022-01-05", 12, "8")), "b")
    assert everything(engine) == before


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"site": "Elsewhere"}, "at the site Oslo, not at Elsewhere"),
        ({"timezone": "Asia/Bangkok"}, "keeps the time of Europe/Oslo"),
        ({"terminal": "Demo"}, "Demo is simulated"),
        ({"terminal": None}, "name the place with --terminal"),
    ],
)
def test_a_terminal_that_is_not_as_asked_for_is_left_alone(engine: Engine, wishes: dict[str, Any], words: str) -> None:
    with engine.begin() as connection:
        store.add_terminal(connection, "Reception", "Oslo", "Europe/Oslo")
        store.add_terminal(connection, "Demo", "Oslo", "Europe/Oslo", simulated=True)
    before = everything(engine)
    with pytest.raises(ImportRefused, match=words):
        put(engine, quarter(), **wishes)
    assert everything(engine) == before


def test_more_than_people_can_press_is_refused(engine: Engine) -> None:
    with pytest.raises(ImportRefused, match="cannot be people"):
        put(engine, reading(day("2022-02-05", 28 * 86_400 + 1)))
    assert everything(engine)["terminal"] == []


def test_a_dry_run_changes_nothing_and_says_the_same(engine: Engine) -> None:
    before = everything(engine)
    tried = put(engine, quarter(), dry=True)
    assert everything(engine) == before
    assert put(engine, quarter()).shares == tried.shares
    with pytest.raises(ImportRefused, match="overlaps"):
        put(engine, reading(day("2022-02-05")), "b", dry=True)
    before = everything(engine)
    assert put(engine, reading(day("2022-01-01"), day("2022-03-31")), "b", replace=True, dry=True).replaced == 1
    assert everything(engine) == before


def test_a_dry_run_makes_no_database(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    with opened(f"sqlite:///{file}", dry=True) as engine:
        assert put(engine, quarter(), dry=True).shares[0].n == 229
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(store.StoreError), opened(f"sqlite:///{tmp_path}/nowhere/none.db", dry=True):
        pass
    with pytest.raises(store.StoreError), opened("nonsense", dry=True):
        pass


def test_a_dry_run_leaves_an_empty_database_empty(empty_database_url: str) -> None:
    store.open_engine(empty_database_url).dispose()
    with opened(empty_database_url, dry=True) as engine:
        assert put(engine, quarter(), dry=True).shares[0].n == 229
    left = store.open_engine(empty_database_url)
    assert inspect(left).get_table_names() == []
    left.dispose()


def test_two_imports_of_one_file_at_the_same_time_count_it_once(database_url: str) -> None:
    outcomes: list[Outcome] = []
    start = threading.Barrier(2)

    def work() -> None:
        engine = store.open_engine(database_url)
        start.wait(10)
        outcomes.append(put(engine, quarter()))
        engine.dispose()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(len(outcome.known) for outcome in outcomes) == [0, 1]
    engine = store.open_engine(database_url)
    assert len(everything(engine)["imported"]) == 1
    engine.dispose()


def test_a_month_that_still_runs_is_not_published(engine: Engine) -> None:
    put(engine, reading(day("2024-05-02"), day("2024-06-02")))
    assert [row.last_day for row in everything(engine)["block"]] == [date(2024, 5, 31)]


def by_slice(made: list[Table], slice_: Slice) -> list[Table]:
    return [table for table in made if table.slice is slice_]


def test_months_without_a_rating_between_others_are_told() -> None:
    made = tables(reading(day("2022-01-05"), day("2022-03-05")).hours, "visit", Grain.WEEK, NOW.date())
    assert [(table.period, table.n) for table in by_slice(made, Slice.TOTAL)] == [
        ("2022-01", 12),
        ("2022-02", 0),
        ("2022-03", 12),
    ]


def test_misuse_is_kept_apart_and_only_in_the_total() -> None:
    hours = reading(
        day("2022-01-05"), ("", date(2022, 1, 5), 10, True, (7, 0, 0, 0)), ("", date(2022, 4, 5), 9, True, (1, 0, 0, 0))
    ).hours
    made = tables(hours, "visit", Grain.DAY, NOW.date())
    assert [table.cells for table in by_slice(made, Slice.TOTAL)] == [
        {COUNTED: (0, 0, 0, 12), REPEAT: (7, 0, 0, 0)},
        {},
        {},
        {REPEAT: (1, 0, 0, 0)},
    ]
    assert all(table.counted == (0, 0, 0, 12) and table.n == 12 for table in made if table.slice is not Slice.TOTAL)
    assert {table.slice for table in made} == {Slice.TOTAL, Slice.TREND, Slice.HOUR}


def test_pieces_of_the_running_month_end_with_todays() -> None:
    hours = reading(*(day(f"2024-06-{at:02}", 20) for at in (4, 12))).hours
    made = by_slice(tables(hours, "visit", Grain.WEEK, date(2024, 6, 13)), Slice.TREND)
    assert [table.period for table in made] == ["2024-06-01/2024-06-09", "2024-06-10/2024-06-16"]
    made = by_slice(tables(hours, "visit", Grain.DAY, date(2024, 6, 13)), Slice.TREND)
    assert [table.period for table in made] == ["2024-06-01/2024-06-04", "2024-06-05/2024-06-13"]


_hours = st.dictionaries(
    st.builds(Hour, st.just(""), st.dates(date(2022, 10, 1), date(2023, 4, 30)), st.integers(0, 23), st.booleans()),
    st.tuples(*[st.integers(0, 3)] * 4).filter(any),
    min_size=1,
    max_size=60,
)


@given(_hours, st.sampled_from([Grain.WEEK, Grain.DAY]), st.dates(date(2023, 4, 29), date(2023, 5, 3)))
def test_the_books_balance_and_nothing_small_is_let_out(hours: dict[Hour, Counts], trend: Grain, today: date) -> None:
    made = tables(hours, "visit", trend, today)
    for table in made:
        check(table, today)
    assert sum(table.n for table in by_slice(made, Slice.TOTAL)) == sum(map(sum, hours.values()))
    counted = [(hour.day, counts) for hour, counts in hours.items() if not hour.repeat]
    months: dict[date, list[Table]] = defaultdict(list)
    for table in by_slice(made, Slice.TREND):
        months[periods.period_of(Grain.MONTH, table.days.first).first].append(table)
    for total in by_slice(made, Slice.TOTAL):
        exact = add(ZERO, *(counts for when, counts in counted if when in total.days))
        pieces = months[total.days.first]
        assert total.counted == exact
        assert add(ZERO, *(piece.counted for piece in pieces)) == exact
        assert len(pieces) <= 1 or all(piece.n >= LEAST for piece in pieces)
        # Pieces lie beside each other from the month's first day on.
        if pieces:
            edges = [total.days.first, *(piece.days.next() for piece in pieces)]
            assert [piece.days.first for piece in pieces] == edges[:-1]
    for table in by_slice(made, Slice.HOUR):
        assert table.counted == add(ZERO, *(counts for when, counts in counted if when in table.days))
        assert len(table.cells) == 1 or all(sum(counts) >= LEAST for counts in table.cells.values())


def test_the_quarter_of_a_small_place_lets_no_small_hour_out() -> None:
    hours = reading(
        *islice((day(f"2022-0{month}-1{at}", 1) for month in cycle((1, 2, 3)) for at in range(10)), 40)
    ).hours
    (table,) = by_slice(tables(hours, "visit", None, NOW.date()), Slice.HOUR)
    assert table.n == 40
    assert all(sum(counts) >= LEAST for counts in table.cells.values())
