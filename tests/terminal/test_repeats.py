"""Who pounds is set aside; who visits is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ratings.config import Repeats
from terminal.repeats import Pounding


def set_aside(moments: list[float], settings: Repeats | None = None) -> list[int]:
    """The numbers (from 1) of the ratings that are repeats."""
    pounding = Pounding(settings or Repeats())
    return [number for number, moment in enumerate(moments, 1) if pounding.is_repeat(moment)]


def test_the_tenth_rating_within_forty_seconds_is_the_first_repeat() -> None:
    assert set_aside([n * 4.0 for n in range(10)]) == [10]


def test_ten_ratings_in_more_than_forty_seconds_all_count() -> None:
    assert set_aside([n * 4.5 for n in range(200)]) == []


def test_forty_seconds_after_the_first_repeat_ratings_count_again() -> None:
    pounded = [n * 4.0 for n in range(10)]
    assert set_aside([*pounded, 75.9]) == [10, 11]
    assert set_aside([*pounded, 76.1]) == [10]


def test_who_goes_on_pounding_stays_set_aside() -> None:
    assert set_aside([n * 3.2 for n in range(1000)]) == list(range(10, 1001))


def test_both_numbers_are_the_configurations() -> None:
    assert set_aside([0, 1, 2, 3], Repeats(ratings=3, seconds=2.0)) == [3, 4]


@given(st.lists(st.floats(4.5, 1000), max_size=200))
def test_nobody_is_set_aside_where_ratings_are_farther_apart_than_the_rule(gaps: list[float]) -> None:
    moments = [sum(gaps[:n]) for n in range(len(gaps))]
    assert set_aside(moments) == []


@given(st.lists(st.floats(0, 60), max_size=100))
def test_a_repeat_always_has_nine_ratings_close_before_it_or_a_repeat(gaps: list[float]) -> None:
    moments = [sum(gaps[:n]) for n in range(len(gaps))]
    aside = set_aside(moments)
    for number in aside:
        thick = number >= 10 and moments[number - 1] - moments[number - 10] <= 40
        assert thick or any(moments[number - 1] - moments[other - 1] <= 40 for other in aside if other < number)
