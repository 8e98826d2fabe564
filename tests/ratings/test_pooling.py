"""Pooling: nothing small is let out, nothing is lost, and no hour stands in two keys, however often it is pooled."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.period import DAY, Period
from ratings.pooling import LEAST, Piece, group_small, hold_one_back, pool
from ratings.scale import ZERO, Counts, add
from ratings.table import (
    OTHER,
    POOLED,
    SKIPPED,
    UNCHOSEN,
    UNKNOWN,
    Cells,
    Slice,
    Table,
    all_hours,
    check,
    parse_hour,
    stretch_key,
)

few = st.tuples(*[st.integers(0, 4)] * 4)
minimum = st.integers(LEAST, 30)
KEYS = {
    Slice.LANGUAGE: ["nb", "en", "es", "bg", "th", "ro", UNCHOSEN, OTHER],
    Slice.HOUR: [*all_hours(), OTHER],
    Slice.REASON: ["waiting-time", "staff", "rooms", "help", SKIPPED, OTHER],
}


@st.composite
def stretches(draw: st.DrawFn) -> Cells:
    """An `hour` table of stretches that do not overlap, of any form that a terminal may send."""
    cells: Cells = {}
    day = 1
    while day <= 7:
        last = draw(st.sampled_from([day, day, day, min(day + 1, 7), min(day + 2, 7)]))
        edges = sorted(draw(st.sets(st.integers(0, 24), max_size=6)))
        taken: set[int] = set()
        for begin, end in zip(edges[::2], edges[1::2], strict=False):
            cells[stretch_key(day, last, begin, end)] = draw(few)
            taken |= set(range(begin, end))
        for each in range(day, last + 1):
            for hour in draw(st.sets(st.integers(0, 23), max_size=3)) - taken:
                cells[stretch_key(each, each, hour, hour + 1)] = draw(few)
        day = last + 1
    for key in (UNKNOWN, OTHER):
        if draw(st.booleans()):
            cells[key] = draw(few)
    return cells


def dense(slice_: Slice) -> st.SearchStrategy[Cells]:
    return st.dictionaries(st.sampled_from(KEYS[slice_]), few, max_size=40)


tables = st.one_of(
    *(st.tuples(st.just(slice_), dense(slice_)) for slice_ in KEYS),
    st.tuples(st.just(Slice.HOUR), stretches()),
)


def hours_of(key: str) -> set[tuple[int, int]]:
    stretch = parse_hour(key)
    if stretch is None:
        return set()
    first, last, begin, end = stretch
    return {(day, hour) for day in range(first, last + 1) for hour in range(begin, end)}


def assert_sound(slice_: Slice, before: Cells, after: Cells, least: int) -> None:
    """All rules at once."""
    assert add(ZERO, *after.values()) == add(ZERO, *before.values()), "a rating was lost, made up or moved"
    assert all(sum(counts) >= least for counts in after.values()) or len(after) == 1
    check(Table("visit", slice_, "2020", after))  # Well formed: so no hour stands in two keys.
    covered = [hours_of(key) for key in after]
    assert sum(map(len, covered)) == len(set().union(*covered))


@given(tables, minimum)
def test_no_key_is_small_and_no_rating_is_lost(table: tuple[Slice, Cells], least: int) -> None:
    slice_, cells = table
    assert_sound(slice_, cells, pool(slice_, cells, least), least)


@given(tables, minimum)
def test_what_is_pooled_stays_as_it_is(table: tuple[Slice, Cells], least: int) -> None:
    slice_, cells = table
    pooled = pool(slice_, cells, least)
    assert pool(slice_, pooled, least) == pooled


@given(tables, minimum)
def test_it_depends_on_no_order_and_changes_nothing_that_it_was_given(table: tuple[Slice, Cells], least: int) -> None:
    slice_, cells = table
    given_ = dict(cells)
    pooled = pool(slice_, cells, least)
    assert cells == given_
    for order in (sorted(cells), sorted(cells, reverse=True), sorted(cells, key=lambda key: sum(cells[key]))):
        assert pool(slice_, {key: cells[key] for key in order}, least) == pooled


@given(tables, minimum, minimum, minimum)
def test_pooling_again_with_a_larger_minimum_is_as_sound(
    table: tuple[Slice, Cells], source: int, page: int, other_page: int
) -> None:
    slice_, cells = table
    pooled = pool(slice_, cells, source)
    for least in sorted((page, other_page)):
        before, pooled = pooled, pool(slice_, pooled, least)
        assert_sound(slice_, before, pooled, least)


@given(dense(Slice.HOUR), minimum)
def test_a_rating_stays_in_a_key_that_covers_its_hour_or_goes_to_other(cells: Cells, least: int) -> None:
    filled = {key: counts for key, counts in cells.items() if sum(counts)}
    for key, counts in pool(Slice.HOUR, cells, least).items():
        inside = [counts for each, counts in filled.items() if hours_of(each) and hours_of(each) <= hours_of(key)]
        if key not in (OTHER, UNKNOWN):
            assert counts == add(ZERO, *inside)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Both are small: they go to `other`.
        ({"1/3-0/24": (0, 0, 0, 8), "4-0/24": (0, 0, 0, 8)}, {OTHER: (0, 0, 0, 16)}),
        # Small days join each other, never the stretch; one left alone goes to `other`.
        (
            {"2/4-0/24": (0, 0, 0, 30), "1-9": (0, 0, 0, 3), "5-9": (0, 0, 0, 6), "6-9": (0, 0, 0, 6)},
            {"2/4-0/24": (0, 0, 0, 30), OTHER: (0, 0, 0, 15)},
        ),
        (
            {"1/3-0/24": (0, 0, 0, 30), "4-9": (0, 0, 0, 6), "5-9": (0, 0, 0, 6)},
            {"1/3-0/24": (0, 0, 0, 30), "4/5-0/24": (0, 0, 0, 12)},
        ),
        # Hours of days that a stretch speaks for are not drawn out over it.
        (
            {"1/3-5/9": (0, 0, 0, 12), "1-12": (0, 0, 0, 3), "2-10": (0, 0, 0, 6), "3-11": (0, 0, 0, 6)},
            {"1/3-5/9": (0, 0, 0, 12), OTHER: (0, 0, 0, 15)},
        ),
    ],
)
def test_a_stretch_over_weekdays_beside_single_days_is_never_overlapped(before: Cells, after: Cells) -> None:
    assert pool(Slice.HOUR, before, 10) == after


def test_small_languages_go_to_other_and_it_takes_in_the_next_smallest() -> None:
    cells: Cells = {"nb": (0, 0, 0, 30), "en": (0, 0, 6, 0), "th": (1, 0, 0, 0), UNCHOSEN: (0, 9, 0, 0)}
    assert pool(Slice.LANGUAGE, cells, 5) == {"nb": (0, 0, 0, 30), UNCHOSEN: (0, 9, 0, 0), OTHER: (1, 0, 6, 0)}


@pytest.mark.parametrize("slice_", POOLED)
def test_an_other_that_comes_too_small_takes_in_the_next_smallest_though_no_key_is_small(slice_: Slice) -> None:
    """As on the page, whose threshold is higher than the source's minimum."""
    one, two = {Slice.LANGUAGE: ("nb", "en"), Slice.HOUR: ("1-9", "1-12"), Slice.REASON: ("staff", "rooms")}[slice_]
    cells: Cells = {one: (0, 0, 0, 30), two: (0, 0, 12, 0), OTHER: (6, 0, 0, 0)}
    assert pool(slice_, cells, 10) == {one: (0, 0, 0, 30), OTHER: (6, 0, 12, 0)}


def test_a_tie_is_broken_by_name_not_by_order() -> None:
    cells: Cells = {"th": (0, 0, 0, 7), "en": (0, 0, 7, 0), "bg": (1, 0, 0, 0)}
    assert pool(Slice.LANGUAGE, cells, 5) == {"th": (0, 0, 0, 7), OTHER: (1, 0, 7, 0)}


def test_a_table_whose_ratings_all_sit_in_one_key_may_be_small() -> None:
    assert pool(Slice.LANGUAGE, {"nb": (0, 0, 0, 1), "en": ZERO}, 5) == {"nb": (0, 0, 0, 1)}
    assert pool(Slice.LANGUAGE, {}, 5) == {}


def test_small_hours_become_stretches_that_begin_where_the_last_ended() -> None:
    cells: Cells = {"1-9": (0, 0, 0, 2), "1-11": (0, 0, 0, 3), "1-14": (0, 0, 5, 0), "1-15": (1, 0, 0, 0)}
    assert pool(Slice.HOUR, cells, 5) == {"1-0/12": (0, 0, 0, 5), "1-14/24": (1, 0, 5, 0)}


def test_small_weekdays_beside_each_other_are_joined() -> None:
    cells: Cells = {"1-9": (0, 0, 0, 2), "2-9": (0, 0, 0, 3), "4-9": (0, 0, 5, 0)}
    assert pool(Slice.HOUR, cells, 5) == {"1/2-0/24": (0, 0, 0, 5), "4-9": (0, 0, 5, 0)}


# Trend: held one back.


@st.composite
def pieces(draw: st.DrawFn) -> list[Piece]:
    """The pieces of a month, in order."""
    made, day = [], date(2020, 9, 1)
    for counts in draw(st.lists(few, max_size=12)):
        last = day + DAY * draw(st.integers(0, 9))
        made.append(Piece(Period(day, last), counts))
        day = last + DAY
    return made


def total(found: list[Piece]) -> Counts:
    return add(ZERO, *(piece.counts for piece in found))


@given(pieces(), minimum, st.booleans())
def test_of_a_trend_nothing_is_lost_and_nothing_small_is_let_out(
    given_: list[Piece], least: int, complete: bool
) -> None:
    out, held = hold_one_back(given_, least, complete=complete)
    assert total(out + held) == total(given_)
    assert all(piece.n >= least for piece in out) or (complete and len(out) == 1)
    assert not (complete and held)


@given(pieces(), minimum)
def test_nothing_below_the_minimum_follows_from_the_months_total(given_: list[Piece], least: int) -> None:
    """Whoever knows the month's total and the pieces that are out knows their difference, at every moment."""
    for end in range(len(given_) + 1):
        out, _ = hold_one_back(given_[:end], least, complete=False)
        rest = sum(total(given_)) - sum(total(out))
        assert not out or rest >= least
    out, _ = hold_one_back(given_, least, complete=True)
    assert total(out) == total(given_)


@given(pieces(), minimum)
def test_what_is_out_never_changes_when_more_comes(given_: list[Piece], least: int) -> None:
    """Else two looks would tell the ratings between them."""
    steps = [hold_one_back(given_[:end], least, complete=False)[0] for end in range(len(given_) + 1)]
    steps.append(hold_one_back(given_, least, complete=True)[0])
    for earlier, later in pairwise(steps):
        assert later[: len(earlier)] == earlier


@given(pieces(), minimum, st.data())
def test_going_on_from_what_was_held_comes_to_the_same(given_: list[Piece], least: int, data: st.DataObject) -> None:
    """The terminal forgets what it has let out, and goes on with the rest."""
    cut = data.draw(st.integers(0, len(given_)))
    first, held = hold_one_back(given_[:cut], least, complete=False)
    then, _ = hold_one_back(held + given_[cut:], least, complete=True)
    assert first + then == hold_one_back(given_, least, complete=True)[0]


@given(pieces(), minimum, st.booleans())
def test_pieces_stay_in_order_and_side_by_side(given_: list[Piece], least: int, complete: bool) -> None:
    out, held = hold_one_back(given_, least, complete=complete)
    ends = [piece.days.last for piece in given_]
    follow = [piece.days for piece in out + held]
    assert [days.first for days in follow[1:]] == [days.next() for days in follow[:-1]]
    assert all(days.last in ends for days in follow)
    assert held == given_[len(given_) - len(held) :], "the held are as they came"


def test_a_piece_waits_until_the_next_has_enough() -> None:
    days = [Period(date(2020, 9, first), date(2020, 9, first + 6)) for first in (1, 8, 15, 22)]
    weeks = [Piece(each, (0, 0, 0, n)) for each, n in zip(days, (6, 3, 4, 2), strict=True)]
    assert hold_one_back(weeks[:2], 5, complete=False) == ([], weeks[:2])
    assert hold_one_back(weeks[:3], 5, complete=False) == ([weeks[0]], weeks[1:3])
    rest = Piece(Period(date(2020, 9, 8), date(2020, 9, 28)), (0, 0, 0, 9))
    assert hold_one_back(weeks, 5, complete=True) == ([weeks[0], rest], [])


# Terminals inside a block.


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 40), max_size=12), minimum)
def test_small_terminals_are_joined_and_every_one_is_in_one_group(sizes: dict[str, int], least: int) -> None:
    groups = group_small(sizes.items(), least)
    assert sorted(name for group in groups for name in group) == sorted(sizes)
    assert all(sum(sizes[name] for name in group) >= least for group in groups) or len(groups) == 1
    assert groups == group_small(sorted(sizes.items(), reverse=True), least)


@given(st.lists(st.integers(0, 40), max_size=12), minimum)
def test_a_terminal_that_is_large_enough_is_alone_unless_what_is_left_over_needs_it(
    sizes: list[int], least: int
) -> None:
    groups = group_small(list(enumerate(sizes)), least, order=lambda number: f"{number:03}")
    assert sum(len(group) > 1 and any(sizes[each] >= least for each in group) for group in groups) <= 1


def test_groups_are_made_from_the_smallest_on() -> None:
    assert group_small([("a", 6), ("b", 7), ("c", 8)], 10) == [["a", "b", "c"]]
    assert group_small([("a", 1), ("b", 12), ("c", 30)], 10) == [["a", "b"], ["c"]]
    assert group_small([("a", 30), ("b", 12), ("c", 1)], 10) == [["c", "b"], ["a"]]
    assert group_small([("a", 3)], 10) == [["a"]]
    assert group_small([], 10) == []
