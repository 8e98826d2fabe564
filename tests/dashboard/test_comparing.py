"""What is lowest and highest, and when a difference is called clear: never for counts of which that is not true."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.bands import band, step
from dashboard.comparing import Compared, compare
from dashboard.disclosure import Part
from dashboard.statistics import difference
from ratings.scale import Counts
from ratings.table import OTHER, SKIPPED, UNCHOSEN, UNKNOWN


def part(key: str, satisfied: int, n: int, *, exact: bool = False) -> Part:
    counts: Counts = (n - satisfied, 0, 0, satisfied)
    return Part(key, band(n), step(counts), counts if exact else None)


def keys(parts: tuple[Part, ...]) -> list[str]:
    return [each.key for each in parts]


def found(*parts: Part) -> Compared:
    compared = compare(parts)
    assert compared is not None
    return compared


def test_a_large_difference_of_many_ratings_is_clear() -> None:
    told = found(part("1-10", 60, 100), part("1-11", 95, 100), part("1-12", 88, 100))
    assert told.clear is not None
    assert (keys(told.clear.low), keys(told.clear.high)) == (["1-10"], ["1-11"])
    assert told.extremes == told.clear


def test_the_same_difference_of_few_ratings_is_not() -> None:
    told = found(part("1-10", 6, 10), part("1-11", 10, 10), part("1-12", 9, 10))
    assert told.clear is None
    assert told.extremes is not None
    assert (keys(told.extremes.low), keys(told.extremes.high)) == (["1-10"], ["1-11"])


def test_shares_of_one_step_are_alike_however_they_differ_inside() -> None:
    assert found(part("nb", 800, 1000), part("en", 849, 1000)) == Compared(None, None)


def test_where_counts_are_shown_they_decide() -> None:
    told = found(part("nb", 800, 1000, exact=True), part("en", 849, 1000, exact=True))
    assert told.clear is not None
    assert (keys(told.clear.low), keys(told.clear.high)) == (["nb"], ["en"])


def test_a_lower_share_of_few_does_not_hide_a_clear_one_of_many() -> None:
    told = found(part("few", 7, 10), part("many", 76, 100), part("best", 99, 100))
    assert told.clear is not None
    assert keys(told.clear.low) == ["many"]
    assert told.extremes is not None
    assert keys(told.extremes.low) == ["few"]


def test_several_of_one_step_are_named_together() -> None:
    told = found(part("a", 60, 100), part("b", 62, 100), part("c", 95, 100), part("d", 97, 100))
    assert told.clear is not None
    assert (set(keys(told.clear.low)), set(keys(told.clear.high))) == ({"a", "b"}, {"c", "d"})


def test_the_more_there_are_to_pick_from_the_larger_a_difference_must_be() -> None:
    pair = part("low", 80, 100), part("high", 96, 100)
    assert found(*pair).clear is not None
    assert found(*pair, *(part(f"1-{hour}", 92, 100) for hour in range(10, 22))).clear is None


@pytest.mark.parametrize("key", [OTHER, UNKNOWN, SKIPPED])
def test_what_is_nobodys_choice_is_not_compared(key: str) -> None:
    assert compare([part(key, 10, 100), part("nb", 95, 100)]) is None
    told = found(part(key, 10, 100), part("nb", 95, 100), part(UNCHOSEN, 95, 100))
    assert told == Compared(None, None)


def test_one_alone_is_compared_with_nothing() -> None:
    assert compare([part("nb", 95, 100)]) is None
    assert compare([]) is None


@st.composite
def numbers(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Some parts: how many of how many are satisfied."""
    sizes = draw(st.lists(st.integers(5, 400), min_size=2, max_size=8))
    return [(draw(st.integers(0, n)), n) for n in sizes]


@given(numbers())
def test_whatever_the_counts_what_is_called_clear_in_bands_is_clear_in_them(counts: list[tuple[int, int]]) -> None:
    """Computed from the counts that the bands do not tell, with the interval that every page uses."""
    told = found(*(part(str(number), k, n) for number, (k, n) in enumerate(counts)))
    if told.clear is None:
        return
    z = NormalDist().inv_cdf(1 - 0.025 / math.comb(len(counts), 2))
    for low in told.clear.low:
        for high in told.clear.high:
            assert difference(*counts[int(high.key)], *counts[int(low.key)], z)[0] > 0


@given(numbers())
def test_where_all_parts_are_exact_clear_is_the_interval_and_nothing_else(counts: list[tuple[int, int]]) -> None:
    told = found(*(part(str(number), k, n, exact=True) for number, (k, n) in enumerate(counts)))
    z = NormalDist().inv_cdf(1 - 0.025 / math.comb(len(counts), 2))
    apart = [(k2 / n2, -k1 / n1) for k1, n1 in counts for k2, n2 in counts if difference(k1, n1, k2, n2, z)[0] > 1e-9]
    assert (told.clear is not None) == bool(apart)
    if told.clear is not None:
        k, n = counts[int(told.clear.low[0].key)]
        assert k / n == min(apart)[0]
