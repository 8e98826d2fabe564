"""Periods: weeks cut at month ends, written forms, and days that begin where the clocks of a place say."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.period import (
    DAY,
    SHORTEST_WEEK,
    Grain,
    Period,
    days,
    local_day,
    month,
    parse,
    parse_month,
    period_of,
    periods_between,
    start_of_day,
    write,
)

OSLO = ZoneInfo("Europe/Oslo")
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
MONTHS = [month(year, number) for year in range(2010, 2041) for number in range(1, 13)]
any_day = st.dates()
grains = st.sampled_from(Grain)


def weeks(of: Period) -> list[Period]:
    return list(periods_between(Grain.WEEK, of.first, of.last))


def length(period: Period) -> int:
    return (period.last - period.first).days + 1


def test_the_weeks_of_a_month_are_the_month_cut_in_pieces_of_4_to_10_days() -> None:
    for each in MONTHS:
        pieces = weeks(each)
        assert (pieces[0].first, pieces[-1].last) == (each.first, each.last)
        assert all(one.next() == other.first for one, other in pairwise(pieces))
        assert all(SHORTEST_WEEK <= length(piece) <= 7 + SHORTEST_WEEK - 1 for piece in pieces), each


def test_within_a_month_every_piece_begins_on_a_monday() -> None:
    for each in MONTHS:
        assert all(piece.first.isoweekday() == 1 for piece in weeks(each)[1:]), each


def test_only_a_rest_of_fewer_than_four_days_joins_the_week_beside_it() -> None:
    for each in MONTHS:
        starts = {piece.first for piece in weeks(each)}
        mondays = [each.first + DAY * number for number in range(1, length(each))]
        for monday in (day for day in mondays if day.isoweekday() == 1):
            before, after = (monday - each.first).days, (each.last - monday).days + 1
            # Of the days before the first Monday, and from the last one on, there may be too few.
            assert (monday in starts) == (before >= SHORTEST_WEEK and after >= SHORTEST_WEEK), monday


def test_weeks_of_a_month_that_is_known_are_as_the_calendar_on_the_wall_has_them() -> None:
    assert [write(piece, Grain.WEEK) for piece in weeks(month(2020, 8))] == [
        "2020-08-01/2020-08-09",  # Saturday 1 and Sunday 2 join
        "2020-08-10/2020-08-16",
        "2020-08-17/2020-08-23",
        "2020-08-24/2020-08-31",  # and so does Monday 31
    ]
    assert [length(piece) for piece in weeks(month(2021, 2))] == [7, 7, 7, 7]


@given(any_day, grains)
def test_every_day_lies_in_exactly_the_period_that_all_its_days_have(day: date, grain: Grain) -> None:
    period = period_of(grain, day)
    assert day in period
    assert period_of(grain, period.first) == period_of(grain, period.last) == period


@given(any_day)
def test_shorter_periods_nest_in_longer_ones(day: date) -> None:
    nested = [period_of(grain, day) for grain in Grain]
    assert all(longer.covers(shorter) for shorter, longer in pairwise(nested))


@given(any_day, grains)
def test_the_written_form_is_read_as_what_was_written(day: date, grain: Grain) -> None:
    period = period_of(grain, day)
    read, read_grain = parse(write(period, grain))
    assert read == period
    assert read_grain == (None if grain in (Grain.DAY, Grain.WEEK) else grain)


@given(any_day, any_day)
def test_any_range_of_days_is_read_as_what_was_written(one: date, other: date) -> None:
    period = days(min(one, other), max(one, other))
    assert parse(write(period, Grain.DAY)) == (period, None)


@given(st.text(alphabet="0123456789-/Q٣ \n", max_size=22))
def test_no_period_is_written_in_two_ways(text: str) -> None:
    with contextlib.suppress(ValueError):
        period, grain = parse(text)
        assert write(period, grain or Grain.DAY) == text


def test_written_forms_are_those_of_the_agreement() -> None:
    day = date(2020, 9, 7)
    forms = ["2020-09-07/2020-09-07", "2020-09-07/2020-09-13", "2020-09", "2020-Q3", "2020"]
    assert [write(period_of(grain, day), grain) for grain in Grain] == forms
    assert write(period_of(Grain.MONTH, date(33, 4, 3)), Grain.MONTH) == "0033-04"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "allowed are 2020-09, 2020-Q3, 2020 and"),
        ("september", "allowed are"),
        ("2020-9", "allowed are"),
        ("2020-09\n", "allowed are"),
        ("٢٠٢٠-٠٩", "allowed are"),
        ("2020-Q5", "allowed are"),
        ("2020-09-07", "allowed are"),
        ("2020-13", "month must be in"),
        ("2020-00", "month must be in"),
        ("0000", "year 0 is out of range"),
        ("2021-02-28/2021-02-29", "day is out of range"),
        ("2020-09-13/2020-09-07", "before it begins"),
    ],
)
def test_what_is_no_period_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="is not a period") as refused:
        parse(text)
    assert repr(text) in str(refused.value)
    assert why in str(refused.value)


@pytest.mark.parametrize("text", ["2020", "2020-Q3", "2020-9", "2020-09-07/2020-09-13", "x"])
def test_what_is_another_period_is_no_month(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month: write it as 2020-09"):
        parse_month(text)


def test_leap_days_and_year_ends_belong_where_they_are() -> None:
    leap = date(2024, 2, 29)
    assert parse_month("2024-02").last == leap
    assert parse_month("2100-02").last == date(2100, 2, 28)
    assert parse("2024")[0] == Period(date(2024, 1, 1), date(2024, 12, 31))
    assert parse("2024-Q1")[0].last == date(2024, 3, 31)
    # ISO week 1 of 2026 begins in December; our weeks do not.
    assert period_of(Grain.WEEK, date(2025, 12, 31)) == Period(date(2025, 12, 22), date(2025, 12, 31))
    assert period_of(Grain.WEEK, date(2026, 1, 1)) == Period(date(2026, 1, 1), date(2026, 1, 4))


@pytest.mark.parametrize("grain", Grain)
def test_the_last_day_of_the_calendar_has_a_period_but_no_next_one(grain: Grain) -> None:
    period = period_of(grain, date.max)
    assert period.last == date.max
    assert parse(write(period, grain))[0] == period
    assert list(periods_between(grain, period.first, date.max)) == [period]
    with pytest.raises(ValueError, match="there is no day after 9999-12-31"):
        period.next()


@given(any_day, st.integers(0, 400), grains)
def test_the_periods_between_two_days_follow_each_other_without_a_gap(day: date, more: int, grain: Grain) -> None:
    last = day + min(DAY * more, date.max - day)
    found = list(periods_between(grain, day, last))
    assert day in found[0]
    assert last in found[-1]
    assert all(one.next() == other.first for one, other in pairwise(found))


def test_periods_say_what_they_cover_and_what_they_touch() -> None:
    whole, part, beside = month(2020, 9), days(date(2020, 9, 30), date(2020, 10, 2)), month(2020, 11)
    assert whole.covers(whole)
    assert not whole.covers(part)
    assert whole.overlaps(part)
    assert part.overlaps(whole)
    assert not whole.overlaps(beside)
    assert date(2020, 9, 30) in whole
    assert date(2020, 10, 1) not in whole
    with pytest.raises(ValueError, match="before it begins"):
        days(date(2020, 9, 2), date(2020, 9, 1))


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        local_day(datetime(2020, 9, 7, 12), OSLO)  # noqa: DTZ001 - the very thing


def test_a_clock_at_the_end_of_time_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="set the clock right"):
        local_day(datetime(9999, 12, 31, 23, 30, tzinfo=UTC), OSLO)
    with pytest.raises(ValueError, match="set the clock right"):
        start_of_day(date.min, OSLO)


def test_the_day_is_that_of_the_place() -> None:
    moment = datetime(2020, 12, 31, 23, 30, tzinfo=UTC)
    assert local_day(moment, OSLO) == date(2021, 1, 1)
    assert local_day(moment, ZoneInfo("America/New_York")) == date(2020, 12, 31)
    assert local_day(moment, ZoneInfo("Pacific/Kiritimati")) == date(2021, 1, 1)


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("Europe/Oslo", date(2021, 3, 28), "2021-03-27T23:00", 23),
        ("Europe/Oslo", date(2021, 10, 31), "2021-10-30T22:00", 25),
        ("Europe/Oslo", date(2020, 2, 29), "2020-02-28T23:00", 24),
        # Midnight does not exist: the day begins at one o'clock.
        ("America/Sao_Paulo", date(2017, 10, 15), "2017-10-15T03:00", 23),
        ("Asia/Beirut", date(2021, 3, 28), "2021-03-27T22:00", 23),
        ("Africa/Cairo", date(2023, 4, 28), "2023-04-27T22:00", 23),
        # The clock goes back at midnight: the day before is longer.
        ("America/Sao_Paulo", date(2018, 2, 17), "2018-02-17T02:00", 25),
        ("America/Sao_Paulo", date(2018, 2, 18), "2018-02-18T03:00", 24),
        # Midnight comes twice: the day begins at the first.
        ("America/Havana", date(2021, 11, 7), "2021-11-07T04:00", 25),
        ("Atlantic/Azores", date(2020, 10, 25), "2020-10-25T00:00", 25),
        # Half an hour only.
        ("Australia/Lord_Howe", date(2021, 4, 4), "2021-04-03T13:00", 24.5),
        # A day that the place skipped has no hours, and those beside it are whole.
        ("Pacific/Apia", date(2011, 12, 29), "2011-12-29T10:00", 24),
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00", 0),
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00", 24),
    ],
)
def test_a_day_begins_and_ends_where_the_clocks_of_the_place_say(
    zone: str, day: date, begins: str, hours: float
) -> None:
    begin, end = start_of_day(day, ZoneInfo(zone)), start_of_day(day + DAY, ZoneInfo(zone))
    assert begin == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert end - begin == timedelta(hours=hours)


@given(st.sampled_from(ZONES), st.dates(date(1850, 1, 1), date(2060, 1, 1)))
def test_the_first_moment_of_a_day_is_the_first_one_in_every_zone(zone: str, day: date) -> None:
    place = ZoneInfo(zone)
    begin = start_of_day(day, place)
    assert begin.tzinfo is UTC
    assert local_day(begin, place) in (day, day + DAY)  # The next where the place skipped it.
    assert local_day(begin - timedelta(microseconds=1), place) < day
