"""Opening hours: by the clock on the wall, also in the nights in which it is put forward and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings import config
from ratings.opening import WEEKDAYS
from terminal.hours import FARTHEST, Hours

OSLO = ZoneInfo("Europe/Oslo")


def oslo(*when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=OSLO, fold=fold)  # type: ignore[misc,arg-type]


def hours(zone: ZoneInfo = OSLO, **days: list[str]) -> Hours:
    return Hours(config.Hours(**days), zone)  # type: ignore[arg-type]


WEEK = hours(
    monday=["10:00-12:00", "13:00-16:00"],
    friday=["22:00-24:00"],
    saturday=["00:00-02:00"],
    closed=["2026-03-16", "2026-12-24/2027-01-01"],
)


@pytest.mark.parametrize(
    ("moment", "is_open", "until"),
    [
        # 2 March 2026 is a Monday.
        (oslo(2026, 3, 2, 9, 59, 59), False, oslo(2026, 3, 2, 10)),
        (oslo(2026, 3, 2, 10), True, oslo(2026, 3, 2, 12)),
        (oslo(2026, 3, 2, 11, 59, 59), True, oslo(2026, 3, 2, 12)),
        (oslo(2026, 3, 2, 12), False, oslo(2026, 3, 2, 13)),
        (oslo(2026, 3, 2, 16), False, oslo(2026, 3, 6, 22)),
        # Past midnight it stays open, without a gap.
        (oslo(2026, 3, 6, 23, 59, 59), True, oslo(2026, 3, 7, 2)),
        (oslo(2026, 3, 7, 0), True, oslo(2026, 3, 7, 2)),
        (oslo(2026, 3, 7, 2), False, oslo(2026, 3, 9, 10)),
        # A Monday that is closed; a fortnight that is.
        (oslo(2026, 3, 16, 11), False, oslo(2026, 3, 20, 22)),
        (oslo(2026, 12, 21, 16), False, oslo(2027, 1, 2, 0)),
    ],
)
def test_it_is_open_by_weekday_and_closed_on_holidays(moment: datetime, is_open: bool, until: datetime) -> None:
    assert WEEK.is_open(moment) is is_open
    assert WEEK.until(moment) == until


def test_without_hours_it_is_always_open_and_never_changes() -> None:
    now = oslo(2026, 3, 2, 9)
    assert hours().is_open(now)
    assert hours().until(now) == now + FARTHEST


def test_with_holidays_alone_it_is_open_around_the_clock_on_all_other_days() -> None:
    closed = hours(closed=["2026-12-24"])
    assert closed.until(oslo(2026, 12, 1)) == oslo(2026, 12, 24)
    assert not closed.is_open(oslo(2026, 12, 24, 12))
    assert closed.until(oslo(2026, 12, 24, 12)) == oslo(2026, 12, 25)


def test_a_day_of_summer_opens_an_hour_earlier_by_the_sun() -> None:
    daily = hours(OSLO, **{day: ["10:00-16:00"] for day in WEEKDAYS})
    assert daily.until(oslo(2026, 3, 28, 20)) == datetime(2026, 3, 29, 8, tzinfo=UTC)
    assert daily.until(oslo(2026, 10, 24, 20)) == datetime(2026, 10, 25, 9, tzinfo=UTC)


def test_an_hour_that_is_left_out_opens_nothing_and_what_begins_in_it_begins_with_the_next() -> None:
    before = oslo(2026, 3, 29, 1, 59, 59)  # A second later it is three.
    lost = hours(sunday=["02:00-03:00", "05:00-06:00"])
    assert lost.until(before) == oslo(2026, 3, 29, 5)
    half = hours(sunday=["02:30-04:00"])
    assert half.until(before) == oslo(2026, 3, 29, 3)
    cut = hours(sunday=["01:00-02:30"])
    assert cut.until(before) == oslo(2026, 3, 29, 3)
    assert not cut.is_open(oslo(2026, 3, 29, 3))


def test_an_hour_that_comes_twice_is_open_both_times() -> None:
    twice = hours(sunday=["02:00-02:30"])
    first, again = oslo(2026, 10, 25, 2), oslo(2026, 10, 25, 2, fold=1)
    assert again.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=1)
    assert twice.until(oslo(2026, 10, 25, 1)) == first.astimezone(UTC)
    assert twice.until(first) == first.astimezone(UTC) + timedelta(minutes=30)
    assert twice.until(first + timedelta(minutes=30)) == again.astimezone(UTC)
    # The clock is put back before the stretch is over, and it begins anew.
    late = hours(sunday=["02:30-04:00"])
    assert late.until(oslo(2026, 10, 25, 2, 30)) == again.astimezone(UTC)
    assert late.until(again) == again.astimezone(UTC) + timedelta(minutes=30)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        WEEK.is_open(datetime(2026, 3, 2))  # noqa: DTZ001


minutes = st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True).map(sorted)


def written(quarters: list[int]) -> list[str]:
    times = [f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in quarters]
    return [f"{begin}-{end}" for begin, end in zip(times[::2], times[1::2], strict=False)]


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.sampled_from(WEEKDAYS), minutes.map(written), min_size=1),
    st.sampled_from(["Europe/Oslo", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_nothing_changes_before_it_says_so_and_then_it_does(
    days: dict[str, list[str]], zone: str, moment: datetime
) -> None:
    kept = hours(ZoneInfo(zone), **days)
    now, until = kept.is_open(moment), kept.until(moment)
    assert until > moment
    assert kept.is_open(until) is not now
    assert kept.is_open(until - timedelta(microseconds=1)) is now
    step = max(timedelta(minutes=7), (until - moment) / 200)
    while moment < until:
        assert kept.is_open(moment) is now
        moment += step
