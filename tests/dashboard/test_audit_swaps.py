"""Swaps between classes: what they claim to be possible is, whatever sums have to stay as they are."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from dashboard.audit_classes import FIGURE, Class
from dashboard.audit_swaps import Swaps
from ratings.scale import Counts

ROWS, COLUMNS = range(2), range(2, 4)


def happy(n: int) -> Counts:
    return (0, 0, 0, n)


def kind(row: int, column: int) -> Class:
    """What is in two figures: the sum of a row, and that of a column."""
    return frozenset({(FIGURE, row, 1), (FIGURE, column, 1)})


def table(*numbers: int) -> dict[Class, Counts]:
    return {kind(*place): happy(n) for place, n in zip(itertools.product(ROWS, COLUMNS), numbers, strict=True)}


def test_one_of_four_can_be_empty_where_the_others_can_take_it() -> None:
    assert Swaps(table(5, 5, 20, 20)).can_be_empty([kind(0, 2)])
    assert not Swaps(table(25, 5, 20, 20)).can_be_empty([kind(0, 2)])


def test_a_row_or_a_column_whose_sum_is_known_cannot_be_empty() -> None:
    swaps = Swaps(table(5, 5, 20, 20))
    for column in COLUMNS:
        assert not swaps.can_be_empty([kind(row, column) for row in ROWS])
    assert not swaps.can_be_empty([kind(0, column) for column in COLUMNS])
    assert swaps.can_be_empty([kind(0, 2)])


@given(st.tuples(*[st.integers(0, 12)] * 4), st.integers(0, 40))
def test_no_more_is_claimed_than_sums_allow(numbers: tuple[int, int, int, int], n: int) -> None:
    """A cell of a table of two by two is no more than its row and its column, and no less than what is over in them."""
    a, b, c, d = numbers
    swaps = Swaps(table(*numbers))
    for places, least, most in (
        ([kind(0, 2)], max(0, a - d), a + min(b, c)),
        ([kind(0, 2), kind(1, 3)], max(0, a - d) + max(0, d - a), a + d + 2 * min(b, c)),
        ([kind(0, 2), kind(0, 3)], a + b, a + b),
        ([kind(0, 2), kind(1, 2)], a + c, a + c),
    ):
        assert not swaps.can_be_empty(places) or least == 0
        assert not swaps.can_hold(places, n) or most >= n
