"""Pieces of trend of two lives of one epoch: none counts twice, and of what can be kept most is kept."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.lives import apart, together
from ratings.period import Period
from ratings.pooling import Piece

START = date(2026, 9, 1)


def piece(first: int, last: int, n: int) -> Piece:
    return Piece(Period(START + timedelta(days=first), START + timedelta(days=last)), (0, 0, n, 0))


pieces = st.builds(
    lambda first, length, n: piece(first, first + length, n), st.integers(0, 20), st.integers(0, 9), st.integers(0, 9)
)


def test_one_life_keeps_all_its_pieces() -> None:
    one = [piece(0, 6, 7), piece(7, 13, 0), piece(14, 29, 5)]
    assert apart(reversed(one)) == one


def test_of_a_copy_that_went_on_and_one_that_did_not_the_first_counts() -> None:
    went_on = [piece(7, 13, 7), piece(14, 20, 6), piece(21, 29, 8)]
    assert apart([piece(7, 29, 9), *went_on]) == went_on
    assert apart([*went_on, piece(7, 29, 9)]) == went_on


def test_epochs_add_up_where_their_days_agree() -> None:
    assert together([[piece(0, 6, 5)], [piece(7, 9, 1), piece(0, 6, 2)]]) == [piece(0, 6, 7), piece(7, 9, 1)]


def test_of_pieces_of_one_epoch_that_overlap_none_counts_twice() -> None:
    assert together([[piece(0, 6, 5), piece(0, 9, 8)], [piece(0, 9, 2)]]) == [piece(0, 9, 10)]


@given(st.lists(pieces, max_size=8, unique_by=lambda each: each.days))
def test_no_two_of_the_same_day_and_none_hold_more(some: list[Piece]) -> None:
    kept = apart(some)
    assert not any(a.days.overlaps(b.days) for a, b in combinations(kept, 2))
    assert kept == sorted(kept, key=lambda each: each.days)
    most = max(
        sum(each.n for each in chosen)
        for size in range(len(some) + 1)
        for chosen in combinations(some, size)
        if not any(a.days.overlaps(b.days) for a, b in combinations(chosen, 2))
    )
    assert sum(each.n for each in kept) == most
