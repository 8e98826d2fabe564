"""What leaves the terminal: closed periods, once, pooled, final, with the books in balance."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratings import period as periods
from ratings import wire
from ratings.config import Release
from ratings.scale import ZERO, Counts, Score, add
from ratings.table import POOLED, REPEAT, Epoch, Revision, Slice, Table, check
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from tests.terminal.conftest import EPOCH, OSLO, oslo

Open = Callable[..., Ledger]


def released(ledger: Ledger, epoch: Epoch = EPOCH) -> list[Table]:
    """What the courier would carry."""
    return [wire.decode_table(raw) for _, raw in Outbox(ledger.path.parent).pending(epoch, Revision(0))]


def by_period(tables: list[Table], slice_: Slice) -> dict[str, dict[str, Counts]]:
    return {table.period: table.cells for table in tables if table.slice is slice_}


def put(ledger: Ledger, day: date, n: int, language: str | None = "nb") -> None:
    for number in range(n):
        ledger.record("visit", Score(number % 4), language, datetime(day.year, day.month, day.day, 12, tzinfo=OSLO))


def test_a_month_is_released_when_it_has_closed_and_not_before(open_ledger: Open) -> None:
    ledger = open_ledger()
    put(ledger, date(2020, 9, 7), 6)
    assert ledger.release(oslo(2020, 9, 30, 23, 59), "visit") == 0
    ledger.release(oslo(2020, 10, 1), "visit")
    assert by_period(released(ledger), Slice.TOTAL) == {"2020-09": {"counted": (2, 2, 1, 1)}}


def test_midnight_is_the_terminals_own(open_ledger: Open) -> None:
    ledger = open_ledger(zone=ZoneInfo("Pacific/Auckland"))
    ledger.record("visit", Score.HAPPY, None, datetime.fromisoformat("2020-09-30T10:59:00+00:00"))  # 23:59 there
    assert ledger.release(datetime.fromisoformat("2020-09-30T10:59:59+00:00"), "visit") == 0
    assert ledger.release(datetime.fromisoformat("2020-09-30T11:00:00+00:00"), "visit") > 0


def test_a_month_without_a_rating_is_told_as_such(open_ledger: Open) -> None:
    ledger = open_ledger()
    ledger.release(oslo(2020, 9, 30), "visit")
    ledger.release(oslo(2020, 10, 1), "visit")
    assert by_period(released(ledger), Slice.TOTAL) == {"2020-09": {}}
    assert not by_period(released(ledger), Slice.HOUR)


def test_released_cells_are_gone_from_the_ledger(open_ledger: Open) -> None:
    ledger = open_ledger()
    put(ledger, date(2020, 9, 7), 6)
    ledger.release(oslo(2021, 1, 1), "visit")
    assert {text for _, _, _, text in ledger.cells.running(EPOCH)} == {"2021-01", "2021-Q1", "2021-01-01/2021-01-10"}
    assert b"2020-09counted" not in ledger.path.read_bytes()


def test_small_languages_are_pooled_and_the_next_smallest_taken_in(open_ledger: Open) -> None:
    ledger = open_ledger()
    put(ledger, date(2020, 9, 7), 20, "nb")
    put(ledger, date(2020, 9, 8), 6, "en")
    put(ledger, date(2020, 9, 8), 1, "th")
    ledger.release(oslo(2020, 10, 1), "visit")
    assert {key: sum(n) for key, n in by_period(released(ledger), Slice.LANGUAGE)["2020-Q3"].items()} == {
        "nb": 20,
        "other": 7,
    }


def test_trend_is_held_one_back_until_the_next_has_enough(open_ledger: Open) -> None:
    ledger = open_ledger()
    put(ledger, date(2020, 9, 3), 7)
    ledger.release(oslo(2020, 9, 7), "visit")
    ledger.release(oslo(2020, 9, 14), "visit")
    assert not by_period(released(ledger), Slice.TREND), "the first week may be had by subtraction from the month"
    put(ledger, date(2020, 9, 15), 4)
    ledger.release(oslo(2020, 9, 21), "visit")
    assert not by_period(released(ledger), Slice.TREND), "the second piece is below the minimum"
    put(ledger, date(2020, 9, 22), 1)
    ledger.release(oslo(2020, 10, 1), "visit")
    assert {period: sum(cells["counted"]) for period, cells in by_period(released(ledger), Slice.TREND).items()} == {
        "2020-09-01/2020-09-06": 7,
        "2020-09-07/2020-09-30": 5,
    }


def test_a_clock_set_back_counts_in_the_earliest_periods_that_are_not_released(open_ledger: Open) -> None:
    ledger = open_ledger()
    put(ledger, date(2020, 9, 7), 6)
    ledger.release(oslo(2020, 10, 2), "visit")
    ledger.record("visit", Score.HAPPY, "nb", oslo(1970, 1, 1, 1))
    ledger.release(oslo(2021, 1, 2), "visit")
    tables = released(ledger)
    assert by_period(tables, Slice.TOTAL)["2020-09"] == {"counted": (2, 2, 1, 1)}, "a released table is final"
    assert by_period(tables, Slice.TOTAL)["2020-10"] == {"counted": (0, 0, 1, 0)}
    assert by_period(tables, Slice.HOUR)["2020-Q4"] == {"unknown": (0, 0, 1, 0)}
    assert by_period(tables, Slice.TREND)["2020-10-01/2020-10-04"] == {"counted": (0, 0, 1, 0)}


def test_a_new_question_closes_the_old_ones_periods(open_ledger: Open) -> None:
    ledger = open_ledger()
    put(ledger, date(2020, 11, 3), 6)
    ledger.release(oslo(2020, 12, 1), "help")
    ledger.record("help", Score.HAPPY, "nb", oslo(2020, 12, 1, 12))
    tables = released(ledger)
    assert {table.question for table in tables} == {"visit"}
    assert by_period(tables, Slice.LANGUAGE)["2020-Q4"] == {"nb": (2, 2, 1, 1)}
    assert {question for question, _, _, _ in ledger.cells.running(EPOCH)} == {"help"}


@pytest.mark.parametrize("mode", ["closed", "live"])
def test_a_clock_that_was_ahead_and_came_back_opens_no_table_of_the_next_question_again(
    open_ledger: Open, mode: str
) -> None:
    ledger = open_ledger(mode=mode)
    ahead, right = oslo(2021, 1, 5, 12), oslo(2020, 12, 24, 12)
    for clock, question, scores in (
        (ahead, "next", [Score.HAPPY] * 6),
        (right, "visit", [Score.UNHAPPY] * 5),  # Closes the next question's periods, before their time.
        (ahead, "next", [Score.VERY_HAPPY]),
        (right, "visit", [Score.VERY_UNHAPPY]),
        (ahead, "next", [Score.HAPPY]),
    ):
        ledger.release(clock, question)
        for score in scores:
            ledger.record(question, score, "nb", clock)
    ledger.release(oslo(2022, 1, 1), "last")
    for slice_ in set(Slice) - {Slice.REASON}:
        found: dict[str, Counts] = {}
        for epoch, _ in Outbox(ledger.path.parent).epochs():
            for table in released(ledger, epoch):
                if table.slice is slice_:
                    found[table.question] = add(found.get(table.question, ZERO), table.counted)
        assert found["next"] == (0, 0, 7, 1), slice_
        assert found["visit"] == (1, 5, 0, 0), slice_


def test_a_new_time_zone_begins_a_new_epoch_and_the_old_one_is_released_when_it_closes(open_ledger: Open) -> None:
    ledger = open_ledger()
    put(ledger, date(2020, 9, 7), 6)
    ledger.close()
    moved = open_ledger(zone=ZoneInfo("America/Bogota"))
    assert moved.epoch != EPOCH
    moved.record("visit", Score.HAPPY, "nb", oslo(2020, 9, 8, 23))
    moved.release(oslo(2021, 1, 2), "visit")
    assert by_period(released(moved), Slice.TOTAL)["2020-09"] == {"counted": (2, 2, 1, 1)}
    assert by_period(released(moved, moved.epoch), Slice.TOTAL)["2020-09"] == {"counted": (0, 0, 1, 0)}
    assert [epoch for epoch, _ in Outbox(moved.path.parent).epochs()] == [EPOCH, moved.epoch]


def test_live_release_lets_running_periods_out_and_grows_them(open_ledger: Open) -> None:
    ledger = open_ledger(mode="live")
    put(ledger, date(2020, 9, 7), 1)
    ledger.release(oslo(2020, 9, 7, 13), "visit")
    assert by_period(released(ledger), Slice.TOTAL) == {"2020-09": {"counted": (1, 0, 0, 0)}}
    assert ledger.release(oslo(2020, 9, 7, 13), "visit") == 0, "nothing has changed, nothing is written"
    put(ledger, date(2020, 9, 7), 2)
    ledger.release(oslo(2020, 9, 7, 14), "visit")
    assert by_period(released(ledger), Slice.TOTAL) == {"2020-09": {"counted": (2, 1, 0, 0)}}
    ledger.release(oslo(2021, 1, 1), "visit")
    assert by_period(released(ledger), Slice.TOTAL)["2020-09"] == {"counted": (2, 1, 0, 0)}
    assert by_period(released(ledger), Slice.TREND) == {"2020-09-07/2020-09-13": {"counted": (2, 1, 0, 0)}}
    revisions = [revision for revision, _ in Outbox(ledger.path.parent).pending(EPOCH, Revision(0))]
    assert revisions == sorted(set(revisions))


def test_going_from_live_to_closed_counts_no_week_twice(open_ledger: Open) -> None:
    live = open_ledger(mode="live")
    put(live, date(2020, 9, 3), 2)
    put(live, date(2020, 9, 9), 3)
    live.release(oslo(2020, 9, 9, 13), "visit")
    live.close()
    closed = open_ledger()
    put(closed, date(2020, 9, 16), 9)
    closed.release(oslo(2020, 10, 1), "visit")
    assert sum(table.n for table in released(closed) if table.slice is Slice.TREND) == 14


@pytest.mark.parametrize(("before", "after"), [("week", "day"), ("day", "week")])
def test_a_changed_grain_leaves_no_day_in_two_pieces(open_ledger: Open, before: str, after: str) -> None:
    first = open_ledger(trend=before)
    put(first, date(2020, 9, 9), 6)
    first.release(oslo(2020, 9, 10), "visit")
    first.close()
    second = open_ledger(trend=after)
    put(second, date(2020, 9, 11), 6)
    put(second, date(2020, 9, 18), 6)
    second.release(oslo(2020, 10, 1), "visit")
    pieces = [table.days for table in released(second) if table.slice is Slice.TREND]
    assert not any(a.overlaps(b) for a in pieces for b in pieces if a is not b)
    assert sum(table.n for table in released(second) if table.slice is Slice.TREND) == 18


def test_a_release_interrupted_by_an_error_moves_nothing_and_can_be_repeated(
    open_ledger: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger()
    put(ledger, date(2020, 9, 7), 6)
    pages = ledger.connection.execute("PRAGMA outbox.page_count").fetchone()[0]
    ledger.connection.execute(f"PRAGMA outbox.max_page_count={pages}")
    for month in range(10, 13):  # Empty pages of the outbox are filled first.
        put(ledger, date(2020, month, 7), 90)
    before = {
        text: ledger.cells.read(EPOCH, "visit", slice_, text) for _, slice_, _, text in ledger.cells.running(EPOCH)
    }
    original = ledger.put
    calls = 0

    def third_fails(epoch: Epoch, table: Table) -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(28, "No space left on device")
        return original(epoch, table)

    monkeypatch.setattr(ledger, "put", third_fails)
    with pytest.raises(Exception, match="No space left"):
        ledger.release(oslo(2021, 1, 1), "visit")
    assert released(ledger) == []
    assert before == {
        text: ledger.cells.read(EPOCH, "visit", slice_, text) for _, slice_, _, text in ledger.cells.running(EPOCH)
    }
    monkeypatch.undo()
    ledger.connection.execute("PRAGMA outbox.max_page_count=100000")
    ledger.release(oslo(2021, 1, 1), "visit")
    assert sum(table.n for table in released(ledger) if table.slice is Slice.TOTAL) == 276


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 183),
            st.sampled_from(Score),
            st.sampled_from(["nb", "en", "th", None]),
            st.sampled_from(["waiting", "staff", None]),
        ),
        max_size=120,
    ),
    st.sampled_from(["week", "day"]),
    st.integers(5, 12),
    st.integers(0, 1000),
)
def test_the_books_balance_and_nothing_small_follows_from_what_is_released(
    taps: list[tuple[int, Score, str | None, str | None]], trend: str, minimum: int, seed: int
) -> None:
    hours = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        settings_ = Release(trend=trend, source_minimum=minimum)  # type: ignore[arg-type]
        ledger = Ledger.open(Path(folder), settings_, OSLO, ["nb", "en", "th"], ["waiting", "staff"], EPOCH)
        start = oslo(2020, 7, 1)
        last = -1
        for day, score, language, reason in sorted(taps, key=lambda tap: tap[0]):
            moment = start + timedelta(days=day, hours=hours.randrange(8, 17))
            if day != last:
                ledger.release(moment.replace(hour=0), "visit")
                last = day
            pending = ledger.record("visit", score, language, moment)
            if reason is not None:
                assert pending is not None
                ledger.choose(pending, reason)
        ledger.release(oslo(2021, 1, 1), "visit")
        tables = released(ledger)
        ledger.close()
    for table in tables:
        check(table, date(2021, 1, 1))
    expected = add(ZERO, *(_one(score) for _, score, _, _ in taps))
    for slice_ in Slice:
        assert add(ZERO, *(table.counted for table in tables if table.slice is slice_)) == expected
    for quarter in ("2020-Q3", "2020-Q4"):
        days = periods.parse(quarter)[0]
        months = add(ZERO, *(t.counted for t in tables if t.slice is Slice.TOTAL and days.covers(t.days)))
        for slice_ in POOLED:
            assert add(ZERO, *(t.counted for t in tables if t.slice is slice_ and t.period == quarter)) == months
    for table in tables:
        if table.slice in POOLED and len(table.cells) > 1:
            assert all(sum(counts) >= minimum for counts in table.cells.values())
        if table.slice is Slice.TOTAL:
            pieces = [t.n for t in tables if t.slice is Slice.TREND and table.days.covers(t.days)]
            assert sum(pieces) == table.n
            assert len(pieces) <= 1 or min(pieces) >= minimum
        assert REPEAT not in table.cells


def _one(score: Score) -> Counts:
    return tuple(int(step == score) for step in Score)  # type: ignore[return-value]
