"""Sums of pooled tables: a key means the same in every table, and no rating is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.summing import label_of, relabelled, together
from ratings.pooling import pool
from ratings.scale import ZERO, add
from ratings.table import OTHER, SKIPPED, UNCHOSEN, UNKNOWN, Cells, Slice, Table, all_hours, check

KEYS = {
    Slice.LANGUAGE: ["nb", "en", "es", "bg", "th", "ro", UNCHOSEN],
    Slice.HOUR: all_hours(),
    Slice.REASON: ["waiting", "staff", "place", SKIPPED],
}
few = st.tuples(*[st.integers(0, 6)] * 4)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Slice, list[Cells]]:
    """Some terminals' tables of one slice, each pooled at its source with a minimum of its own."""
    slice_ = draw(st.sampled_from(list(KEYS)))
    made = draw(st.lists(st.dictionaries(st.sampled_from(KEYS[slice_]), few, max_size=25), min_size=1, max_size=4))
    return slice_, [pool(slice_, cells, draw(st.integers(5, 20))) for cells in made]


def test_a_key_that_one_table_has_pooled_is_pooled_in_the_sum() -> None:
    one, other = {"nb": (0, 0, 0, 20), "th": (0, 0, 0, 12)}, {"nb": (0, 0, 0, 30), OTHER: (0, 0, 0, 14)}
    assert together(Slice.LANGUAGE, [one, other]) == {"nb": (0, 0, 0, 50), OTHER: (0, 0, 0, 26)}


def test_a_key_that_one_table_does_not_have_is_shown_where_nothing_was_pooled_there() -> None:
    one, other = {"nb": (0, 0, 0, 20), "th": (0, 0, 0, 12)}, {"nb": (0, 0, 0, 30)}
    assert together(Slice.LANGUAGE, [one, other]) == {"nb": (0, 0, 0, 50), "th": (0, 0, 0, 12)}


def test_hours_are_coarsened_to_common_unions() -> None:
    one = {"1-12/16": (0, 0, 0, 10), "1-16": (0, 0, 0, 10), "2-9": (0, 0, 0, 10)}
    other = {"1-15/18": (0, 0, 0, 1), "1-10": (1, 0, 0, 0)}
    assert together(Slice.HOUR, [one, other]) == {
        "1-10": (1, 0, 0, 0),
        "1-12/18": (0, 0, 0, 21),
        "2-9": (0, 0, 0, 10),
    }


def test_an_hour_that_may_be_in_a_tables_other_is_not_shown() -> None:
    one, other = {"1-12/14": (0, 0, 0, 10)}, {"1-12": (0, 0, 0, 5), OTHER: (0, 0, 0, 5)}
    assert together(Slice.HOUR, [one, other]) == {OTHER: (0, 0, 0, 20)}


@given(tables())
def test_no_rating_is_lost_and_no_hour_stands_in_two_keys(drawn: tuple[Slice, list[Cells]]) -> None:
    slice_, cells = drawn
    summed = together(slice_, cells)
    assert add(ZERO, *summed.values()) == add(ZERO, *(counts for table in cells for counts in table.values()))
    check(Table("visit", slice_, "2022-Q1", summed))


@given(tables())
def test_what_a_key_of_the_sum_says_is_true_of_every_table(drawn: tuple[Slice, list[Cells]]) -> None:
    slice_, cells = drawn
    summed = together(slice_, cells)
    for label, counts in summed.items():
        if label != OTHER:
            # All that any table has under the key is in it, and no table that pools can have more of it unseen.
            mine = [c for table in cells for key, c in table.items() if label_of(slice_, key, [label]) == label]
            assert counts == add(ZERO, *mine)


@given(tables())
def test_a_table_that_was_labelled_goes_under_its_labels_again(drawn: tuple[Slice, list[Cells]]) -> None:
    slice_, cells = drawn
    summed = together(slice_, cells)
    assert relabelled(slice_, summed, list(summed)) == summed
    pooled = pool(slice_, summed, 20)
    if OTHER in pooled or slice_ is not Slice.HOUR:
        again = relabelled(slice_, summed, list(pooled))
        assert again == pooled


def test_a_stretch_that_is_cut_by_a_label_has_no_place() -> None:
    assert relabelled(Slice.HOUR, {"1-12/16": (0, 0, 0, 9)}, ["1-12", "1-13/16"]) is None
    assert relabelled(Slice.HOUR, {UNKNOWN: (0, 0, 0, 9)}, ["1-12", OTHER]) == {OTHER: (0, 0, 0, 9)}
