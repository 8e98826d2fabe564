"""Tables: what they hold, how hours are written, and what is refused in which words."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.scale import MAX_COUNT
from ratings.table import (
    COUNTED,
    MOST_A_DAY,
    OTHER,
    REPEAT,
    SKIPPED,
    UNCHOSEN,
    UNKNOWN,
    Cells,
    Slice,
    Table,
    all_hours,
    check,
    hour_key,
    is_key,
    is_name,
    parse_hour,
    stretch_key,
)

TODAY = date(2020, 9, 15)
GOOD = {
    Slice.TOTAL: Table("visit", Slice.TOTAL, "2020-09", {COUNTED: (1, 2, 3, 4), REPEAT: (0, 0, 0, 1)}),
    Slice.TREND: Table("visit", Slice.TREND, "2020-09-07/2020-09-13", {COUNTED: (1, 2, 3, 4)}),
    Slice.LANGUAGE: Table("visit", Slice.LANGUAGE, "2020-Q3", {"nb": (0, 0, 1, 8), UNCHOSEN: (5, 0, 0, 0)}),
    Slice.HOUR: Table("visit", Slice.HOUR, "2020", {"1-12/16": (5, 0, 0, 0), "2/3-0/24": (0, 5, 0, 0)}),
    Slice.REASON: Table("visit", Slice.REASON, "2020-09", {"waiting-time": (5, 0, 0, 0), SKIPPED: (0, 0, 0, 5)}),
}


@pytest.mark.parametrize("slice_", Slice)
def test_a_well_formed_table_passes(slice_: Slice) -> None:
    check(GOOD[slice_], TODAY)
    check(GOOD[slice_])


def test_every_rating_is_compared_in_a_merge_but_repeats_enter_no_percentage() -> None:
    table = GOOD[Slice.TOTAL]
    assert table.n == 11
    assert table.counted == (1, 2, 3, 4)
    assert Table("visit", Slice.TOTAL, "2020-09").counted == (0, 0, 0, 0)


def test_a_table_knows_its_days() -> None:
    assert (GOOD[Slice.LANGUAGE].days.first, GOOD[Slice.LANGUAGE].days.last) == (date(2020, 7, 1), date(2020, 9, 30))


@pytest.mark.parametrize(
    ("slice_", "period", "why"),
    [
        (Slice.TOTAL, "2020-Q3", "a total is of a month, not of '2020-Q3'"),
        (Slice.TOTAL, "2020", "a total is of a month"),
        (Slice.TOTAL, "2020-09-01/2020-09-30", "a total is of a month"),
        (Slice.TREND, "2020-09", "a trend is of a range of days, not of '2020-09'"),
        (Slice.TREND, "2020-08-31/2020-09-06", "a piece of trend lies within one month, '2020-08-31/2020-09-06' does"),
        (Slice.LANGUAGE, "2020-09-07/2020-09-13", "a table by language is of a month, quarter or year, not of '2020-"),
        (Slice.HOUR, "2020-09-07/2020-09-07", "a table by hour is of a month, quarter or year"),
        (Slice.REASON, "2020-09-07/2020-09-07", "a table by reason is of a month, quarter or year"),
        (Slice.TOTAL, "2020-13", "'2020-13' is not a period"),
        (Slice.TOTAL, "", "'' is not a period"),
    ],
)
def test_a_period_that_does_not_fit_the_slice_is_refused(slice_: Slice, period: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"period|month|days") as refused:
        check(Table("visit", slice_, period))
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("slice_", "key"),
    [
        (Slice.TOTAL, "nb"),
        (Slice.TOTAL, OTHER),
        (Slice.TREND, REPEAT),
        (Slice.LANGUAGE, "norsk"),
        (Slice.LANGUAGE, "NB"),
        (Slice.LANGUAGE, ""),
        (Slice.LANGUAGE, UNKNOWN),
        (Slice.LANGUAGE, "nb-" + "-".join(["abcdefgh"] * 4)),
        (Slice.HOUR, "8-1"),
        (Slice.HOUR, "1-24"),
        (Slice.HOUR, UNCHOSEN),
        (Slice.REASON, "Waiting"),
        (Slice.REASON, "-"),
        (Slice.REASON, "a" * 65),
    ],
)
def test_a_key_that_does_not_fit_the_slice_is_refused_by_name(slice_: Slice, key: str) -> None:
    table = Table("visit", slice_, GOOD[slice_].period, {key: (1, 0, 0, 0)})
    with pytest.raises(ValueError, match=f"is not a key of a table by {slice_}") as refused:
        check(table)
    assert repr(key) in str(refused.value)


@pytest.mark.parametrize(
    "counts", [(-1, 0, 0, 0), (0, 0, 0, MAX_COUNT + 1), (10**5000, 0, 0, 0), (1, 2, 3), (1, 2, 3, 4, 5), ()]
)
def test_counts_that_are_negative_absurd_or_not_four_are_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"are not four numbers from 0 to 4294967295|integer string conversion"):
        check(Table("visit", Slice.TOTAL, "2020-09", {COUNTED: counts}))  # type: ignore[dict-item]


def test_more_ratings_than_one_a_second_are_not_people() -> None:
    period, most = "2020-09-07/2020-09-08", 2 * MOST_A_DAY
    check(Table("visit", Slice.TREND, period, {COUNTED: (most, 0, 0, 0)}))
    with pytest.raises(ValueError, match="172801 ratings in 2 days are more than one a second"):
        check(Table("visit", Slice.TREND, period, {COUNTED: (most, 0, 0, 1)}))


@pytest.mark.parametrize("question", ["", "Visit", "a b", "fjes/v1", "+", "-a", "a-", "é", "a" * 65, "a\n"])
def test_a_question_that_is_no_name_is_refused(question: str) -> None:
    assert not is_name(question)
    with pytest.raises(ValueError, match="is not a name: a–z, 0–9 and hyphens, at most 64"):
        check(Table(question, Slice.TOTAL, "2020-09"))


@pytest.mark.parametrize("name", ["visit", "a", "7", "a-7", "a" * 64])
def test_names_are_what_a_topic_can_hold(name: str) -> None:
    assert is_name(name)


def test_the_future_is_refused_with_a_days_tolerance_and_only_where_today_is_known() -> None:
    tomorrow = Table("visit", Slice.TREND, "2020-09-16/2020-09-20")
    later = Table("visit", Slice.TREND, "2020-09-17/2020-09-20")
    check(tomorrow, TODAY)
    check(later)
    check(Table("visit", Slice.TOTAL, "9999-12"))
    with pytest.raises(ValueError, match="2020-09-17/2020-09-20 lies in the future: today is 2020-09-15"):
        check(later, TODAY)
    with pytest.raises(ValueError, match="lies in the future"):
        check(Table("visit", Slice.TOTAL, "9999-12"), TODAY)


@pytest.mark.parametrize("keys", [("1-14", "1-12/16"), ("1/3-0/24", "2-5"), ("1/3-0/24", "3/4-0/24"), ("7-0", "7-0/2")])
def test_an_hour_that_stands_in_two_keys_is_refused(keys: tuple[str, str]) -> None:
    cells: Cells = dict.fromkeys((*keys, OTHER, UNKNOWN), (5, 0, 0, 0))
    with pytest.raises(ValueError, match=r"the hour '\d-\d+' stands in two keys"):
        check(Table("visit", Slice.HOUR, "2020-Q3", cells))


def test_the_hour_is_written_as_weekday_and_hour_of_the_place() -> None:
    oslo = ZoneInfo("Europe/Oslo")
    assert hour_key(datetime(2020, 9, 7, 14, 59, tzinfo=oslo)) == "1-14"
    assert hour_key(datetime(2020, 9, 13, 0, 0, tzinfo=oslo)) == "7-0"


def test_there_are_168_hours_in_a_week_and_one_that_nobody_knows() -> None:
    assert len(all_hours()) == len(set(all_hours())) == 169
    assert all(is_key(Slice.HOUR, key) for key in all_hours())


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 23), st.integers(1, 24))
def test_a_stretch_is_read_as_what_was_written(first: int, last: int, begin: int, end: int) -> None:
    first, last = min(first, last), max(first, last)
    begin, end = min(begin, end - 1), max(begin + 1, end)
    assert parse_hour(stretch_key(first, last, begin, end)) == (first, last, begin, end)


def test_stretches_are_written_as_the_agreement_says() -> None:
    assert stretch_key(1, 1, 14, 15) == "1-14"
    assert stretch_key(1, 1, 12, 16) == "1-12/16"
    assert stretch_key(1, 3, 0, 24) == "1/3-0/24"


@given(st.text(alphabet="0123456789-/ ٣", max_size=9))
def test_no_stretch_is_written_in_two_ways(text: str) -> None:
    if stretch := parse_hour(text):
        assert stretch_key(*stretch) == text


@pytest.mark.parametrize(
    "key", ["unknown", "other", "", "0-1", "8-1", "1-24", "1-5/5", "1-6/5", "1-5/25", "2/1-0", "1/1-0", "1-05", "1-5/6"]
)
def test_what_is_no_stretch_is_none(key: str) -> None:
    assert parse_hour(key) is None
