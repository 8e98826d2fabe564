"""What may be shown: the rules one by one, and an attacker with a matrix who finds nothing by subtraction."""

import itertools
from datetime import date, timedelta

import numpy
import numpy.typing
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from dashboard import blocks_stored, disclosure, publishing, store
from dashboard.blocks import Group, Published, plan
from dashboard.disclosure import Shown
from dashboard.places import Site, Terminal, sites, tree
from dashboard.statistics import figures
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import Grain, Period, period_of, periods_between
from ratings.pooling import group_small
from ratings.scale import Counts
from ratings.table import Slice, Table
from tests.dashboard.filling import EPOCH, Filling, day, month_names, months, site

LEAST = 10
LATER = day("2022-12-31")


def publish(engine: Engine, today: date = LATER, threshold: int = LEAST) -> None:
    with store.reading(engine) as connection:
        ids = [each.id for each in sites(connection)]
    disclosure.publish_if_due(engine, ids, VISIT, today, threshold)


def shown(
    engine: Engine, first: str, last: str, *, terminal: str | None = None, today: date = LATER, threshold: int = LEAST
) -> Shown:
    publish(engine, today, threshold)
    with store.reading(engine) as connection:
        place: Site | Terminal = site(connection)
        if terminal is not None:
            place = next(each for each in site(connection).terminals if each.id == terminal)
        return disclosure.blocks(connection, place, VISIT, months(first, last), threshold)


def as_text(found: Shown) -> list[tuple[str, str, Counts]]:
    return [(f"{each.days.first:%Y-%m}", f"{each.days.last:%Y-%m}", each.counts) for each in found.blocks]


def test_a_month_that_reaches_the_threshold_is_a_block_and_smaller_ones_gather(
    engine: Engine, filling: Filling
) -> None:
    stua = filling.terminal("Stua")
    for name, counts in {"01": (0, 0, 5, 5), "02": (1, 0, 0, 3), "03": (0, 0, 0, 5), "04": (0, 0, 2, 1)}.items():
        filling.month(stua, f"2022-{name}", counts)
    filling.month(stua, "2022-05", (0, 0, 0, 4))
    found = shown(engine, "2022-01", "2022-05", today=day("2022-06-01"))
    assert as_text(found) == [("2022-01", "2022-01", (0, 0, 5, 5)), ("2022-02", "2022-04", (1, 0, 2, 9))]
    assert month_names(found.hidden) == ["2022-05"]
    assert found.total is not None
    assert found.total.counts == (1, 0, 7, 14)
    assert not found.widened


def test_a_month_is_closed_only_after_its_last_day(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 5, 50))
    assert not shown(engine, "2022-01", "2022-01", today=day("2022-01-31")).blocks
    assert shown(engine, "2022-01", "2022-01", today=day("2022-02-01")).blocks


def test_a_range_that_cuts_a_block_is_widened_and_one_outside_shows_nothing(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    for name in ("01", "02", "03"):
        filling.month(stua, f"2022-{name}", (0, 0, 0, 4))
    found = shown(engine, "2022-02", "2022-02")
    assert as_text(found) == [("2022-01", "2022-03", (0, 0, 0, 12))]
    assert found.widened
    assert found.hidden == ()
    nothing = shown(engine, "2021-11", "2021-12")
    assert (nothing.blocks, nothing.total, nothing.widened) == ((), None, False)
    assert month_names(nothing.hidden) == ["2021-11", "2021-12"]


def test_repeats_are_in_no_figure(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 5, 7), repeat=(40, 0, 0, 0))
    assert as_text(shown(engine, "2022-01", "2022-01"))[0][2] == (0, 0, 5, 7)


def test_a_terminal_is_shown_only_where_it_is_a_group_by_itself(engine: Engine, filling: Filling) -> None:
    big, small, tiny = (filling.terminal(name) for name in ("Big", "Small", "Tiny"))
    filling.month(big, "2022-01", (0, 0, 0, 30))
    filling.month(small, "2022-01", (0, 0, 0, 8))
    filling.month(tiny, "2022-01", (0, 0, 0, 3))
    assert as_text(shown(engine, "2022-01", "2022-01"))[0][2] == (0, 0, 0, 41)
    assert as_text(shown(engine, "2022-01", "2022-01", terminal=big))[0][2] == (0, 0, 0, 30)
    for each in (small, tiny):
        found = shown(engine, "2022-01", "2022-01", terminal=each)
        assert not found.blocks
        assert month_names(found.hidden) == ["2022-01"]
    with store.reading(engine) as connection:
        (block,) = blocks_stored.stored(connection, [site(connection).id], VISIT)[site(connection).id]
    assert [group.terminals for group in block.groups] == [(small, tiny), (big,)]


def test_no_group_of_terminals_is_left_below_the_threshold() -> None:
    assert group_small([("a", 6), ("b", 7), ("c", 8)], 10) == [["a", "b", "c"]]


def test_late_arrivals_show_only_once_they_are_a_thresholds_worth(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 5, 15))
    before = shown(engine, "2022-01", "2022-01")
    filling.month(stua, "2022-01", (0, 0, 5, 4), epoch="00000000-0000-4000-8000-000000000002")
    assert shown(engine, "2022-01", "2022-01") == before
    filling.month(stua, "2022-01", (0, 1, 0, 0), epoch="00000000-0000-4000-8000-000000000003")
    assert as_text(shown(engine, "2022-01", "2022-01"))[0][2] == (0, 1, 10, 19)


def test_a_newcomer_in_an_old_month_shows_only_once_it_reaches_the_threshold(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    filling.month(stua, "2022-01", (0, 0, 5, 15))
    before = shown(engine, "2022-01", "2022-01")
    filling.month(hall, "2022-01", (9, 0, 0, 0))
    assert shown(engine, "2022-01", "2022-01") == before
    filling.month(hall, "2022-01", (1, 0, 0, 0), epoch="00000000-0000-4000-8000-000000000002")
    assert as_text(shown(engine, "2022-01", "2022-01"))[0][2] == (10, 0, 5, 15)
    assert as_text(shown(engine, "2022-01", "2022-01", terminal=hall))[0][2] == (10, 0, 0, 0)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ((0, 0, 0, 35), (0, 0, 0, 40)),  # five fewer: too small a change to show
        ((0, 0, 0, 20), (0, 0, 0, 20)),
        ((0, 0, 0, 4), None),  # a figure of four is never shown, nor is the old one kept
        (None, None),
    ],
)
def test_an_import_that_is_replaced_by_less_follows_the_same_rule(
    engine: Engine, filling: Filling, left: Counts | None, expected: Counts | None
) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 0, 40))
    shown(engine, "2022-01", "2022-01")
    filling.forget(stua)
    if left is not None:
        filling.month(stua, "2022-01", left, epoch="00000000-0000-4000-8000-000000000002")
    found = shown(engine, "2022-01", "2022-01")
    assert [each.counts for each in found.blocks] == ([expected] if expected else [])
    assert month_names(found.hidden) == ([] if expected else ["2022-01"])


def test_of_a_group_that_is_withdrawn_nothing_is_in_a_sum_either(engine: Engine, filling: Filling) -> None:
    """Beside the figure of the other terminal the sum would tell of the four that are left."""
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    for each in (stua, hall):
        filling.month(each, "2022-01", (0, 0, 0, 40))
    assert as_text(shown(engine, "2022-01", "2022-01"))[0][2] == (0, 0, 0, 80)
    filling.forget(stua)
    filling.month(stua, "2022-01", (0, 0, 0, 4), epoch="00000000-0000-4000-8000-000000000002")
    assert as_text(shown(engine, "2022-01", "2022-01"))[0][2] == (0, 0, 0, 40)
    assert as_text(shown(engine, "2022-01", "2022-01", terminal=hall))[0][2] == (0, 0, 0, 40)


def test_what_comes_and_what_goes_are_each_a_figure(engine: Engine, filling: Filling) -> None:
    """Six in and six out are twelve moved, and would tell of six."""
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 6, 34))
    before = shown(engine, "2022-01", "2022-01")
    filling.forget(stua)
    filling.month(stua, "2022-01", (6, 0, 0, 34), epoch="00000000-0000-4000-8000-000000000002")
    assert shown(engine, "2022-01", "2022-01") == before


def test_a_figure_goes_by_all_that_was_ever_shown_in_its_place(engine: Engine, filling: Filling) -> None:
    """Forty, then too few and withdrawn, then forty-one would tell of one."""
    stua = filling.terminal("Stua")
    epochs = (f"00000000-0000-4000-8000-{number:012}" for number in range(2, 9))
    last = EPOCH
    seen: list[list[Counts]] = []
    for n in (40, 4, 41, 40, 25, 39, 40):
        filling.forget(stua, last)
        last = next(epochs)
        filling.month(stua, "2022-01", (0, 0, 0, n), epoch=last)
        seen.append([each.counts for each in shown(engine, "2022-01", "2022-01").blocks])
    assert [sum(counts[0]) if counts else None for counts in seen] == [40, None, None, 40, 25, 25, 40]
    with store.reading(engine) as connection:
        (block,) = blocks_stored.stored(connection, [site(connection).id], VISIT)[site(connection).id]
    assert [sum(counts) for counts in block.groups[0].earlier] == [40, 0, 40, 25]


def test_an_older_month_below_the_threshold_stays_hidden_until_there_are_enough(
    engine: Engine, filling: Filling
) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-02", (0, 0, 0, 30))
    before = shown(engine, "2022-01", "2022-02")
    filling.month(stua, "2022-01", (0, 0, 0, 9), epoch="00000000-0000-4000-8000-000000000002")
    assert as_text(shown(engine, "2022-01", "2022-02")) == as_text(before)
    filling.month(stua, "2022-01", (0, 0, 0, 1), epoch="00000000-0000-4000-8000-000000000003")
    assert as_text(shown(engine, "2022-01", "2022-02"))[0] == ("2022-01", "2022-01", (0, 0, 0, 10))


@pytest.mark.parametrize("threshold", [4, 1, 0, -10])
def test_nothing_is_published_below_the_least_threshold(engine: Engine, filling: Filling, threshold: int) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 0, 4))
    with engine.begin() as connection, pytest.raises(ValueError, match="at least 5"):
        disclosure.publish(connection, site(connection).id, VISIT, LATER, threshold)


def test_older_months_that_come_later_make_blocks_before_the_first(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-05", (0, 0, 0, 12))
    shown(engine, "2022-01", "2022-05")
    for name, n in {"01": 12, "02": 6, "03": 6, "04": 3}.items():
        filling.month(stua, f"2022-{name}", (0, 0, 0, n), epoch="00000000-0000-4000-8000-000000000002")
    assert [(first, last) for first, last, _ in as_text(shown(engine, "2022-01", "2022-05"))] == [
        ("2022-01", "2022-01"),
        ("2022-02", "2022-04"),
        ("2022-05", "2022-05"),
    ]


def test_what_a_group_showed_before_goes_along_with_it() -> None:
    january = period_of(Grain.MONTH, date(2022, 1, 1))
    found = [Published(january, (Group(("stua",), (0, 0, 0, 20), ((0, 0, 0, 40),)),), 1)]
    for n in (30, 50, 50):
        found = plan(found, {"stua": {january.first: (0, 0, 0, n)}}, date(2022, 12, 31), LEAST)
    assert [sum(counts) for counts in (*found[0].groups[0].earlier, found[0].groups[0].counts)] == [40, 20, 30, 50]


def test_a_block_waits_some_days_for_a_terminal_that_is_late(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    for each in (stua, hall):
        filling.month(each, "2022-01", (0, 0, 0, 12))
    filling.month(stua, "2022-02", (0, 0, 0, 20))
    assert not shown(engine, "2022-02", "2022-02", today=day("2022-03-01")).blocks
    filling.month(hall, "2022-02", (3, 0, 0, 0))
    assert as_text(shown(engine, "2022-02", "2022-02", today=day("2022-03-02")))[0][2] == (3, 0, 0, 20)
    filling.month(stua, "2022-03", (0, 0, 0, 20))
    assert not shown(engine, "2022-03", "2022-03", today=day("2022-04-07")).blocks
    assert shown(engine, "2022-03", "2022-03", today=day("2022-04-08")).blocks


def test_a_threshold_that_is_raised_hides_what_is_now_too_small(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    filling.month(stua, "2022-01", (0, 0, 0, 12))
    filling.month(hall, "2022-01", (0, 0, 0, 40))
    filling.month(stua, "2022-02", (0, 0, 0, 12))
    assert len(shown(engine, "2022-01", "2022-02").blocks) == 2
    assert as_text(shown(engine, "2022-01", "2022-02", threshold=20)) == [("2022-01", "2022-01", (0, 0, 0, 52))]
    # By itself in February, Stua has only twelve.
    assert not shown(engine, "2022-01", "2022-02", terminal=stua, threshold=20).blocks
    # The 40 alone would give away the 12.
    assert not shown(engine, "2022-01", "2022-02", terminal=hall, threshold=20).blocks


def test_several_sites_are_summed_over_stretches_that_cut_no_block(engine: Engine, filling: Filling) -> None:
    stua, other = filling.terminal("Stua"), filling.terminal("Kafé", "Annet sted")
    filling.terminal("Bod", "Tomt sted")
    for name in ("01", "02", "03"):
        filling.month(stua, f"2022-{name}", (0, 0, 0, 20))
    for name in ("02", "03"):
        filling.month(other, f"2022-{name}", (6, 0, 0, 0))
    publish(engine)
    with store.reading(engine) as connection:
        found = disclosure.blocks(connection, tree(connection), VISIT, months("2022-01", "2022-02"), LEAST)
    assert as_text(found) == [("2022-01", "2022-01", (0, 0, 0, 20)), ("2022-02", "2022-03", (12, 0, 0, 40))]
    assert found.widened
    assert {name: month_names(some) for name, some in found.missing} == {
        "Annet sted": ["2022-01"],
        "Tomt sted": ["2022-01", "2022-02", "2022-03"],
    }


def test_a_range_is_widened_again_where_its_wider_bounds_cut_the_block_of_another_site(
    engine: Engine, filling: Filling
) -> None:
    stua, other = filling.terminal("Stua"), filling.terminal("Kafé", "Annet sted")
    for name, (of_stua, of_other) in {"01": (6, 20), "02": (6, 6), "03": (20, 6)}.items():
        filling.month(stua, f"2022-{name}", (0, 0, 0, of_stua))
        filling.month(other, f"2022-{name}", (0, 0, 0, of_other))
    publish(engine)
    with store.reading(engine) as connection:
        everything = tree(connection)
        found = disclosure.blocks(connection, everything, VISIT, months("2022-01", "2022-01"), LEAST)
    assert as_text(found) == [("2022-01", "2022-03", (0, 0, 0, 64))]
    assert found.missing == ()


def test_above_a_site_a_raised_threshold_hides_what_it_hides_at_the_site(engine: Engine, filling: Filling) -> None:
    stua, other = filling.terminal("Stua"), filling.terminal("Kafé", "Annet sted")
    filling.month(stua, "2022-01", (0, 0, 0, 30))
    filling.month(other, "2022-01", (12, 0, 0, 0))
    publish(engine)
    publish(engine, threshold=20)
    with store.reading(engine) as connection:
        everything = tree(connection)
        found = disclosure.blocks(connection, everything, VISIT, months("2022-01", "2022-01"), 20)
    assert as_text(found) == [("2022-01", "2022-01", (0, 0, 0, 30))]
    assert found.missing == (("Annet sted", (months("2022-01", "2022-01"),)),)


def test_the_month_so_far_holds_one_piece_back(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")

    def so_far(today: str = "2022-03-29") -> disclosure.SoFar:
        publish(engine, day(today))
        with store.reading(engine) as connection:
            return disclosure.month_so_far(connection, site(connection), VISIT, day(today), LEAST)

    assert so_far().counts is None
    filling.trend(stua, "2022-03-01/2022-03-06", (0, 0, 0, 12))
    assert so_far().counts is None
    filling.trend(stua, "2022-03-07/2022-03-13", (0, 0, 4, 5))
    assert so_far().counts is None
    filling.trend(stua, "2022-03-14/2022-03-20", (1, 0, 0, 0))
    assert (so_far().days, so_far().counts) == (Period(day("2022-03-01"), day("2022-03-06")), (0, 0, 0, 12))
    assert not so_far().live
    # It is about the running month only.
    assert so_far("2022-04-01").counts is None


def test_the_month_so_far_takes_common_unions_and_waits_for_every_terminal(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    for days, n in {"01/2022-03-06": 20, "07/2022-03-13": 20, "14/2022-03-20": 20, "21/2022-03-27": 20}.items():
        filling.trend(stua, f"2022-03-{days}", (0, 0, 0, n))
    filling.trend(hall, "2022-03-01/2022-03-13", (3, 0, 0, 0))
    filling.trend(hall, "2022-03-14/2022-03-20", (5, 0, 0, 0))
    publish(engine, day("2022-03-29"))
    with store.reading(engine) as connection:
        found = disclosure.month_so_far(connection, site(connection), VISIT, day("2022-03-29"), LEAST)
    assert (found.days, found.counts) == (Period(day("2022-03-01"), day("2022-03-13")), (3, 0, 0, 40))


def test_a_live_terminal_shows_its_running_total_from_the_threshold_on(engine: Engine, filling: Filling) -> None:
    demo = filling.terminal("Demo", live=True)
    filling.month(demo, "2022-02", (0, 0, 0, 7))
    filling.month(demo, "2022-03", (0, 0, 4, 5))
    with store.reading(engine) as connection:
        assert disclosure.month_so_far(connection, site(connection), VISIT, day("2022-03-09"), LEAST).counts is None
    filling.month(demo, "2022-03", (0, 0, 4, 6))
    with store.reading(engine) as connection:
        found = disclosure.month_so_far(connection, site(connection), VISIT, day("2022-03-09"), LEAST)
    assert (found.counts, found.live) == ((0, 0, 4, 6), True)
    assert found.days == Period(day("2022-03-01"), day("2022-03-09"))
    assert not shown(engine, "2022-03", "2022-03", today=day("2022-03-09")).blocks


def test_what_a_terminal_sent_when_it_was_live_is_no_running_total_of_one_that_is_not(
    engine: Engine, filling: Filling
) -> None:
    was_live, demo = filling.terminal("Stua"), filling.terminal("Demo", live=True)
    filling.month(was_live, "2022-03", (0, 0, 0, 30))
    filling.month(demo, "2022-03", (0, 0, 4, 6))
    with store.reading(engine) as connection:
        found = disclosure.month_so_far(connection, site(connection), VISIT, day("2022-03-09"), LEAST)
    assert found.counts == (0, 0, 4, 6)


def test_a_share_of_the_satisfied_needs_the_threshold_on_its_own_base() -> None:
    assert figures((6, 0, 4, 5), LEAST).very_satisfied_of_satisfied is None
    assert figures((6, 0, 4, 6), LEAST).very_satisfied_of_satisfied is not None


# An attacker who reads every page, and knows linear algebra.

TERMINALS = ("a", "b", "c")
MONTHS = [period_of(Grain.MONTH, date(2022, number, 1)) for number in range(1, 6)]
SMALL = st.integers(0, 14)
STORES = st.fixed_dictionaries(
    {name: st.lists(SMALL, min_size=len(MONTHS), max_size=len(MONTHS)) for name in TERMINALS}
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STORES)
def test_no_count_below_the_threshold_can_be_had_by_subtraction(sqlite: Filling, numbers: dict[str, list[int]]) -> None:
    engine, filling = sqlite.engine, sqlite
    filling.empty()
    truth = numpy.zeros((len(TERMINALS), len(MONTHS)), dtype=int)
    for row, name in enumerate(TERMINALS):
        filling.terminal(name)
        for column, n in enumerate(numbers[name]):
            if n:
                filling.month(name, f"{MONTHS[column].first:%Y-%m}", (0, 0, 0, n))
                truth[row, column] = n
    publish(engine)

    # All that can be read: the site and each terminal, over every range.
    known: list[numpy.typing.NDArray[numpy.int_]] = []
    with store.reading(engine) as connection:
        place = site(connection)
        views: list[tuple[Site | Terminal, slice]] = [(place, slice(None))]
        views += [(each, slice(TERMINALS.index(each.id), TERMINALS.index(each.id) + 1)) for each in place.terminals]
        for (first, last), (view, rows) in itertools.product(itertools.combinations_with_replacement(MONTHS, 2), views):
            found = disclosure.blocks(connection, view, VISIT, Period(first.first, last.last), LEAST)
            for each in found.blocks:
                cells = numpy.zeros_like(truth)
                cells[rows, [each.days.covers(one) for one in MONTHS]] = 1
                # What is shown is the truth about what it says it is about.
                assert (cells * truth).sum() == sum(each.counts) >= LEAST
                known.append(cells.ravel())
    if not known:
        assert truth.sum() < LEAST
        return
    basis = numpy.array(known)
    rank = numpy.linalg.matrix_rank(basis)
    for some in itertools.chain.from_iterable(itertools.combinations(range(len(TERMINALS)), n) for n in (1, 2, 3)):
        for first, last in itertools.combinations_with_replacement(range(len(MONTHS)), 2):
            target = numpy.zeros_like(truth)
            target[list(some), first : last + 1] = 1
            n = (target * truth).sum()
            if 0 < n < LEAST:
                assert numpy.linalg.matrix_rank(numpy.vstack([basis, target.ravel()])) > rank, (some, first, last, n)


COUNTS = st.tuples(*[st.integers(0, 6)] * 4)
ARRIVAL = st.tuples(st.sampled_from(TERMINALS), st.sampled_from(MONTHS), COUNTS)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(ARRIVAL, max_size=6), max_size=8), st.integers(5, 20))
def test_whatever_arrives_or_goes_blocks_stay_and_change_by_a_thresholds_worth(
    days: list[list[tuple[str, Period, Counts]]], threshold: int
) -> None:
    truth: dict[str, dict[date, Counts]] = {}
    before: list[Published] = []
    for number, arrivals in enumerate(days):
        for terminal, arrived, counts in arrivals:
            truth.setdefault(terminal, {})[arrived.first] = counts
        today = date(2022, 3, 1) + timedelta(days=30 * number)
        visible = {
            each: {first: c for first, c in some.items() if first < today.replace(day=1)}
            for each, some in truth.items()
        }
        after = plan(before, visible, today, threshold)
        assert plan(after, visible, today, threshold) == after
        assert all(not one.days.overlaps(other.days) for one, other in itertools.combinations(after, 2))
        for old in before:
            new = next(block for block in after if block.days == old.days)
            assert [group.terminals for group in new.groups][: len(old.groups)] == [g.terminals for g in old.groups]
            for was, now in zip(old.groups, new.groups, strict=False):
                moved = sum(abs(a - b) for a, b in zip(was.counts, now.counts, strict=True))
                assert moved == 0 or moved >= threshold or now.n == 0
        for block in after:
            members = [each for group in block.groups for each in group.terminals]
            assert len(members) == len(set(members))
            assert all(group.n == 0 or group.n >= threshold for group in block.groups)
            assert (
                list(periods_between(Grain.MONTH, block.days.first, block.days.last))[-1].last
                == block.days.last
                < today
            )
        before = after


def test_publishing_twice_writes_nothing_the_second_time(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 0, 12))
    with engine.begin() as connection:
        place = site(connection)
        assert publishing.due(connection, [place.id], VISIT, LATER, LEAST)
        disclosure.publish(connection, place.id, VISIT, LATER, LEAST)
        assert not publishing.due(connection, [place.id], VISIT, LATER, LEAST)
        assert publishing.due(connection, [place.id], VISIT, LATER, LEAST - 1), (
            "by another threshold it is another plan"
        )
        disclosure.publish(connection, place.id, VISIT, LATER, LEAST)
        assert len(blocks_stored.stored(connection, [place.id], VISIT)[place.id]) == 1


@pytest.mark.parametrize(
    ("then", "now", "again"),
    [
        ("2022-03-20", "2022-03-21", False),  # Nothing can have become due.
        ("2022-03-31", "2022-04-01", True),  # A month is over,
        ("2022-04-07", "2022-04-08", True),  # and the wait for its last tables.
        ("2022-04-08", "2022-04-30", False),
    ],
)
def test_days_on_which_nothing_ends_are_not_looked_at(
    engine: Engine, filling: Filling, then: str, now: str, again: bool
) -> None:
    filling.month(filling.terminal("Stua"), "2022-01", (0, 0, 0, 12))
    with engine.begin() as connection:
        place = site(connection)
        disclosure.publish(connection, place.id, VISIT, day(then), LEAST)
        assert bool(publishing.due(connection, [place.id], VISIT, day(now), LEAST)) == again


def test_a_period_that_ends_after_its_table_came_is_looked_at_when_it_is_over(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-03", (0, 0, 0, 12))
    filling.trend(stua, "2022-03-07/2022-03-13", (0, 0, 0, 12))
    filling.trend(stua, "2022-04-04/2022-04-10", (0, 0, 0, 12))
    with engine.begin() as connection:
        place = site(connection)
        for today, again in (("2022-04-10", True), ("2022-04-11", True), ("2022-04-12", False)):
            assert bool(publishing.due(connection, [place.id], VISIT, day(today), LEAST)) == again
            disclosure.publish(connection, place.id, VISIT, day(today), LEAST)


def test_the_latest_question_comes_first(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 0, 12))
    with engine.begin() as connection:
        newer = Table("newer", Slice.TOTAL, "2022-02", {"counted": (0, 0, 0, 1)})
        store.merge(connection, stua, "00000000-0000-4000-8000-000000000009", [newer], 1)
        assert disclosure.questions(connection, [site(connection).id]) == ["newer", VISIT]
