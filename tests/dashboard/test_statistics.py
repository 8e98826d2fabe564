"""Shares and intervals, against published values and rules that hold for all counts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.statistics import difference, figures, share, wilson

COUNTS = st.tuples(*[st.integers(0, 10_000)] * 4)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # Newcombe (1998), Statist. Med. 17: 857–872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_the_published_one(k: int, n: int, low: float, high: float) -> None:
    assert list(wilson(k, n)) == pytest.approx([low, high], abs=5e-5)


@pytest.mark.parametrize(
    ("k1", "n1", "k2", "n2", "low", "high"),
    # Newcombe (1998), Statist. Med. 17: 873–890, table II, method 10.
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(
    k1: int, n1: int, k2: int, n2: int, low: float, high: float
) -> None:
    assert list(difference(k1, n1, k2, n2)) == pytest.approx([low, high], abs=5e-5)


def test_the_report_that_can_be_read_two_ways_has_both_readings_labelled() -> None:
    of_all = figures((2, 1, 4, 93))
    assert of_all.satisfied is not None
    assert of_all.very_satisfied is not None
    assert of_all.very_satisfied_of_satisfied is not None
    assert (of_all.satisfied.percent, of_all.very_satisfied.percent) == (97, 93)
    assert of_all.very_satisfied_of_satisfied.percent == pytest.approx(100 * 93 / 97)
    assert of_all.very_satisfied_of_satisfied.n == of_all.satisfied_n == 97


def test_no_ratings_is_no_ratings_and_never_zero_percent() -> None:
    nothing = figures((0, 0, 0, 0))
    assert (nothing.n, nothing.satisfied, nothing.very_satisfied) == (0, None, None)
    assert nothing.distribution == (None, None, None, None)
    unhappy = figures((5, 5, 0, 0))
    assert unhappy.satisfied is not None
    assert unhappy.satisfied.percent == 0
    assert unhappy.very_satisfied_of_satisfied is None


def test_a_base_below_the_least_gives_no_share() -> None:
    some = figures((6, 0, 4, 5), least=10)
    assert some.satisfied is not None
    assert some.very_satisfied_of_satisfied is None
    assert figures((3, 3, 2, 1), least=10).satisfied is None


@pytest.mark.parametrize(("k", "n"), [(-1, 4), (5, 4), (0, 0)])
def test_what_is_not_a_share_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        wilson(k, n)


@given(st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_lies_in_bounds_and_mirrors(pair: tuple[int, int]) -> None:
    k, n = pair
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    mirrored = wilson(n - k, n)
    assert list(mirrored) == pytest.approx([1 - high, 1 - low], abs=1e-12)


@given(st.integers(1, 10**6), st.data())
def test_the_bounds_solve_the_equation_that_defines_them(n: int, data: st.DataObject) -> None:
    # Wilson's own definition: |p - bound| = z * sqrt(bound (1 - bound) / n).
    k = data.draw(st.integers(0, n))
    for bound in wilson(k, n):
        assert abs(k / n - bound) == pytest.approx(
            1.959963984540054 * math.sqrt(bound * (1 - bound) / n), rel=1e-6, abs=1e-7
        )


@given(COUNTS)
def test_shares_lie_within_each_other(counts: tuple[int, int, int, int]) -> None:
    found = figures(counts)
    if found.satisfied is None:
        assert sum(counts) == 0
        return
    assert found.very_satisfied is not None
    assert 0 <= found.very_satisfied.percent <= found.satisfied.percent <= 100
    assert sum(each.percent for each in found.distribution if each) == pytest.approx(100)
    if found.very_satisfied_of_satisfied:
        assert found.very_satisfied_of_satisfied.percent >= found.very_satisfied.percent - 1e-9


@given(st.integers(0, 50), st.integers(1, 50))
def test_more_ratings_with_the_same_share_make_a_narrower_interval(k: int, more: int) -> None:
    n = k + more
    assert wilson(2 * k, 2 * n)[1] - wilson(2 * k, 2 * n)[0] < wilson(k, n)[1] - wilson(k, n)[0]


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_a_difference_turned_round_is_mirrored(n1: int, n2: int, data: st.DataObject) -> None:
    k1, k2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    low, high = difference(k1, n1, k2, n2)
    assert list(difference(k2, n2, k1, n1)) == pytest.approx([-high, -low])
    assert low <= k1 / n1 - k2 / n2 <= high


def test_a_share_of_none_is_none() -> None:
    assert share(0, 0) is None
