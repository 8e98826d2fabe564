"""Four steps, in an order that is stored and sent, and sums that keep them apart."""

from __future__ import annotations

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from ratings.scale import MAX_COUNT, ZERO, Counts, Score, add, one, subtract

counts = st.tuples(*[st.integers(0, MAX_COUNT)] * 4)


def test_the_steps_are_those_of_happyornots_button_index() -> None:
    assert [(step.name, int(step)) for step in Score] == [
        ("VERY_UNHAPPY", 0),
        ("UNHAPPY", 1),
        ("HAPPY", 2),
        ("VERY_HAPPY", 3),
    ]


def test_four_of_the_largest_counts_fit_the_cell_on_the_card() -> None:
    assert MAX_COUNT.bit_length() == 32


def test_a_rating_is_one_at_its_own_step() -> None:
    assert [one(step) for step in Score] == [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]


def test_the_sum_of_nothing_is_zero() -> None:
    assert add() == ZERO


@given(st.lists(st.sampled_from(Score)))
def test_adding_single_ratings_counts_them(scores: list[Score]) -> None:
    assert add(*map(one, scores)) == tuple(scores.count(step) for step in Score)


@given(st.lists(counts))
def test_sums_depend_on_no_order_and_no_grouping(terms: list[Counts]) -> None:
    shuffled = sorted(terms, reverse=True)
    assert add(*terms) == add(*shuffled) == reduce(add, terms, ZERO)


@given(counts, counts)
def test_what_was_added_can_be_taken_away(first: Counts, second: Counts) -> None:
    assert subtract(add(first, second), second) == first
    assert sum(subtract(first, second)) == sum(first) - sum(second)
