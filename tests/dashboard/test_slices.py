"""Languages, hours and reasons on the page: what is published when, how it is told, and what changes it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sqlalchemy import Engine, delete

from dashboard import disclosure, schema, store
from dashboard.bands import Band, Step, band, step
from dashboard.blocks import GRACE, Group, Published
from dashboard.disclosure import Part, Splits
from dashboard.places import Place, sites, tree
from dashboard.slices import Books, Stored, Unit, plan
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import DAY
from ratings.scale import ZERO, Counts, add
from ratings.table import OTHER, POOLED, Cells, Slice
from tests.dashboard.filling import EPOCH, Filling, day, month_names, months, site
from tests.dashboard.random_sites import Site, grow

LEAST = 10
LATER = day("2022-12-31")
SECOND, THIRD = "00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000003"


def quarter(filling: Filling, terminal: str, cells: Cells, *, number: int = 1, epoch: str | None = None) -> None:
    """A quarter's languages, and its ratings in its last month, so that the books balance."""
    put = epoch or EPOCH
    last = 3 * number
    for month in (last - 2, last - 1):
        filling.month(terminal, f"2022-{month:02}", ZERO, epoch=put)
    filling.month(terminal, f"2022-{last:02}", add(*cells.values()), epoch=put)
    filling.split(terminal, Slice.LANGUAGE, f"2022-Q{number}", cells, epoch=put)


def shown(
    engine: Engine,
    first: str = "2022-01",
    last: str = "2022-03",
    *,
    terminal: str | None = None,
    everything: bool = False,
    slice_: Slice = Slice.LANGUAGE,
    today: str = "2022-12-31",
    threshold: int = LEAST,
) -> Splits:
    with store.reading(engine) as connection:
        ids = [each.id for each in sites(connection)]
    disclosure.publish_if_due(engine, ids, VISIT, day(today), threshold)
    with store.reading(engine) as connection:
        place: Place = tree(connection) if everything else site(connection)
        if terminal is not None:
            place = next(each for each in site(connection).terminals if each.id == terminal)
        return disclosure.splits(connection, place, VISIT, slice_, months(first, last), threshold)


def told(found: Splits) -> dict[str, tuple[Band, Step]]:
    assert found.total is not None
    return {part.key: (part.n, part.satisfied) for part in found.total.parts}


def test_a_quarter_is_told_in_bands_and_its_small_keys_are_pooled(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    quarter(filling, stua, {"nb": (2, 1, 10, 17), "en": (0, 0, 1, 10), "es": (1, 0, 0, 5), "bg": (0, 0, 2, 3)})
    found = shown(engine)
    assert told(found) == {
        "nb": (Band(30, 49), Step(90, 95)),
        "en": (Band(10, 14), Step(95, 100)),
        OTHER: (Band(10, 14), Step(90, 95)),
    }
    assert all(part.counts is None for part in found.splits[0].parts)
    assert (found.hidden, found.missing, found.widened) == ((), (), False)


def test_a_number_of_ratings_is_a_band() -> None:
    numbers = (5, 9, 10, 14, 15, 19, 20, 29, 30, 49, 50, 99)
    assert [(band(n).low, band(n).high) for n in numbers[::2]] == list(zip(numbers[::2], numbers[1::2], strict=True))
    assert [band(n) for n in numbers[::2]] == [band(n) for n in numbers[1::2]]
    assert band(100) == band(5000) == Band(100, None)


def test_no_band_begins_below_the_least() -> None:
    with pytest.raises(ValueError, match="below 5"):
        band(4)


SHARES = {
    (0, 0, 0, 12): (95, 100),
    (1, 0, 19, 0): (95, 100),
    (1, 0, 18, 0): (90, 95),
    (10, 10, 0, 0): (0, 5),
    (19, 0, 1, 0): (0, 5),
    (18, 0, 1, 0): (5, 10),
    (5, 5, 5, 5): (50, 55),
    (8, 1, 0, 11): (55, 60),
}


@pytest.mark.parametrize(("counts", "expected"), SHARES.items())
def test_a_share_is_a_step_of_five_points_with_coded_ends(counts: Counts, expected: tuple[int, int]) -> None:
    assert step(counts) == Step(*expected)


def test_counts_are_shown_only_where_every_key_is_large(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    quarter(filling, stua, {"nb": (0, 0, 50, 50), "en": (0, 0, 50, 49)})
    assert [part.counts for part in shown(engine).splits[0].parts] == [None, None]
    quarter(filling, stua, {"nb": (0, 0, 50, 50), "en": (0, 0, 50, 50)}, number=2)
    assert shown(engine, "2022-04", "2022-06").splits[0].parts == (
        Part("en", Band(100, None), Step(95, 100), (0, 0, 50, 50)),
        Part("nb", Band(100, None), Step(95, 100), (0, 0, 50, 50)),
    )


def test_a_sum_is_told_in_bands_where_a_part_of_it_is(engine: Engine, filling: Filling) -> None:
    """Else the exact sum, less what is told exactly, would be the rest, exactly: a terminal, a site, or a quarter."""
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    other = filling.terminal("Kafé", "Annet sted")
    large, small = {"nb": (0, 0, 50, 50), "en": (0, 0, 50, 51)}, {"nb": (1, 2, 50, 40), "en": (3, 1, 50, 50)}
    quarter(filling, stua, large)
    quarter(filling, stua, large, number=2)
    quarter(filling, hall, small)
    quarter(filling, other, large)

    def exact(*of: str, **place: Any) -> bool:
        found = shown(engine, *of, **place)
        assert found.total is not None
        return all(part.counts for part in found.total.parts)

    assert exact(terminal=stua)
    assert not exact(terminal=hall)
    assert not exact(), "the site less one terminal is the other"
    assert exact("2022-04", "2022-06")
    assert exact("2022-04", "2022-06", everything=True)
    assert not exact(everything=True), "all sites less the large one are the small one"
    assert not exact("2022-01", "2022-06"), "two quarters less the second are the first"
    assert not shown(engine, "2022-01", "2022-06").splits[0].parts[0].counts
    assert shown(engine, "2022-01", "2022-06").splits[1].parts[0].counts


def test_only_whole_periods_are_shown_and_a_range_that_cuts_one_is_widened(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    quarter(filling, stua, {"nb": (0, 0, 0, 30)})
    found = shown(engine, "2022-02", "2022-04")
    assert found.total is not None
    assert found.total.days == months("2022-01", "2022-03")
    assert found.widened
    assert month_names(found.hidden) == ["2022-04"]


def test_a_period_that_is_not_over_is_not_shown(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua", live=True)
    quarter(filling, stua, {"nb": (0, 0, 0, 30)})
    assert not shown(engine, today="2022-03-31").splits
    assert shown(engine, today="2022-04-01").splits


def test_a_table_is_shown_only_for_whole_blocks(engine: Engine, filling: Filling) -> None:
    """Else the part of the block that is in no table would follow."""
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-02", (0, 0, 0, 8))
    filling.month(stua, "2022-04", (0, 0, 0, 4))
    filling.month(stua, "2022-06", (0, 0, 0, 10))
    filling.split(stua, Slice.LANGUAGE, "2022-Q1", {"nb": (0, 0, 0, 8)})
    filling.split(stua, Slice.LANGUAGE, "2022-Q2", {"nb": (0, 0, 0, 14)})
    found = shown(engine)
    assert found.total is not None
    assert found.total.days == months("2022-01", "2022-06")
    assert told(found) == {"nb": (Band(20, 29), Step(95, 100))}


def test_a_period_with_a_hidden_month_is_not_shown(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 0, 30))
    filling.month(stua, "2022-03", (0, 0, 0, 6))
    filling.split(stua, Slice.LANGUAGE, "2022-Q1", {"nb": (0, 0, 0, 36)})
    assert not shown(engine).splits


def test_a_period_waits_for_a_month_without_ratings_that_is_in_no_block_yet(engine: Engine, filling: Filling) -> None:
    """The block that the month will be in may reach into the next quarter: then the two are shown together."""
    stua = filling.terminal("Stua")
    for name, n in {"01": 30, "02": 0, "03": 0}.items():
        filling.month(stua, f"2022-{name}", (0, 0, 0, n))
    filling.split(stua, Slice.LANGUAGE, "2022-Q1", {"nb": (0, 0, 0, 30)})
    assert not shown(engine, today="2022-04-15").splits
    filling.month(stua, "2022-04", (0, 0, 0, 20))
    filling.split(stua, Slice.LANGUAGE, "2022-Q2", {"nb": (0, 0, 0, 20)})
    for name in ("05", "06"):
        filling.month(stua, f"2022-{name}", (0, 0, 0, 20))
    filling.split(stua, Slice.LANGUAGE, "2022-Q2", {"nb": (0, 0, 0, 60)})
    found = shown(engine, today="2022-07-15")
    assert [split.days for split in found.splits] == [months("2022-01", "2022-06")]


def test_in_a_sum_over_terminals_a_key_is_shown_where_every_terminal_shows_it(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    quarter(filling, stua, {"nb": (0, 0, 0, 30), "es": (0, 0, 0, 12)})
    quarter(filling, hall, {"nb": (0, 0, 0, 30), "es": (6, 0, 0, 0), "en": (0, 0, 0, 12)})
    assert set(told(shown(engine, terminal=stua))) == {"nb", "es"}
    assert set(told(shown(engine, terminal=hall))) == {"nb", OTHER}
    # Stua's Spanish must not be subtracted from the site's.
    assert told(shown(engine)) == {"nb": (Band(50, 99), Step(95, 100)), OTHER: (Band(30, 49), Step(80, 85))}


def test_terminals_that_a_block_shows_together_are_never_apart(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    quarter(filling, stua, {"nb": (0, 0, 0, 30)})
    quarter(filling, hall, {"nb": (0, 0, 0, 7)})
    assert told(shown(engine)) == {"nb": (Band(30, 49), Step(95, 100))}
    assert not shown(engine, terminal=stua).splits
    assert not shown(engine, terminal=hall).splits


def test_terminals_together_are_hidden_where_one_shows_apart_in_another_month(engine: Engine, filling: Filling) -> None:
    """Of 27 in Spanish, no more than 23 can be others': the rest is Stua's, however few."""
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    for name, (of_stua, of_hall) in {"01": (3, 9), "02": (30, 11), "03": (30, 0)}.items():
        filling.month(stua, f"2022-{name}", (0, 0, 0, of_stua))
        filling.month(hall, f"2022-{name}", (0, 0, 0, of_hall))
    filling.split(stua, Slice.LANGUAGE, "2022-Q1", {"nb": (0, 0, 0, 56), "es": (0, 0, 0, 7)})
    filling.split(hall, Slice.LANGUAGE, "2022-Q1", {"es": (0, 0, 0, 20)})
    assert not shown(engine).splits


@pytest.mark.parametrize("keys", [("en", "en"), ("en", "es")])
@pytest.mark.parametrize(("unhappy", "safe"), [(6, False), (9, True)])
def test_terminals_together_are_hidden_where_one_can_hardly_have_given_an_answer(
    keys: tuple[str, str], unhappy: int, safe: bool
) -> None:
    """All of a key, or of what is pooled, were very unhappy; in Hall's only block hardly anybody was."""
    one, other = keys
    cells: dict[str, list[tuple[str, Counts]]] = {
        "hall": [("nb", (0, 0, 0, 12)), (one, (2, 0, 0, 0)), (other, (1, 0, 0, 0))],
        "stua": [("nb", (unhappy - 3, 0, 0, 20)), (one, (3, 0, 0, 0)), (other, (3, 0, 0, 0))],
        "kjeller": [("nb", (0, 0, 0, 15)), (one, (2, 0, 0, 0)), (other, (3, 0, 0, 0))],
    }
    stored = [
        Stored(name, months("2022-01", "2022-03"), {key: add(*(c for k, c in some if k == key)) for key, _ in some})
        for name, some in cells.items()
    ]
    blocks = [
        Published(months("2022-01", "2022-01"), (Group(("hall", "stua"), (unhappy, 0, 0, 22)),)),
        Published(months("2022-02", "2022-03"), (Group(("kjeller", "stua"), (11, 0, 0, 25)),)),
    ]
    monthly = {name: {day("2022-01-01"): ZERO} for name in cells}
    tables = plan([], Books(Slice.LANGUAGE, stored, blocks, monthly, LATER, LEAST))
    assert bool(tables) is safe


def test_several_sites_are_summed_over_common_stretches(engine: Engine, filling: Filling) -> None:
    stua, other = filling.terminal("Stua"), filling.terminal("Kafé", "Annet sted")
    filling.terminal("Bod", "Tomt sted")
    quarter(filling, stua, {"nb": (0, 0, 0, 30), "es": (0, 0, 0, 12)})
    quarter(filling, other, {"nb": (0, 0, 0, 30), "es": (0, 0, 0, 15)})
    found = shown(engine, everything=True)
    assert told(found) == {"nb": (Band(50, 99), Step(95, 100)), "es": (Band(20, 29), Step(95, 100))}
    assert found.missing == ("Tomt sted",)


def test_a_range_is_widened_again_where_the_table_of_one_site_cuts_those_of_another(
    engine: Engine, filling: Filling
) -> None:
    """Stua's half-year is one table, since a block reaches from one quarter into the next: of Kafé, too, it is all."""
    stua, other = filling.terminal("Stua"), filling.terminal("Kafé", "Annet sted")
    for name, n in {"02": 8, "04": 4, "06": 18}.items():
        filling.month(stua, f"2022-{name}", (0, 0, 0, n))
    filling.split(stua, Slice.LANGUAGE, "2022-Q1", {"nb": (0, 0, 0, 8)})
    filling.split(stua, Slice.LANGUAGE, "2022-Q2", {"nb": (0, 0, 0, 22)})
    for number in (1, 2):
        quarter(filling, other, {"nb": (30, 0, 0, 0)}, number=number)
    found = shown(engine, "2022-02", "2022-02", everything=True)
    assert [split.days for split in found.splits] == [months("2022-01", "2022-06")]
    assert told(found) == {"nb": (Band(50, 99), Step(30, 35))}


@pytest.mark.parametrize(("n", "is_coarse"), [(81, True), (80, False)])
def test_a_site_with_at_most_a_tenth_does_not_widen_the_tables_of_the_others(
    engine: Engine, filling: Filling, n: int, is_coarse: bool
) -> None:
    """The same with 18 of Stua's, whose half-year is one table, beside many of Kafé's."""
    stua, other = filling.terminal("Stua"), filling.terminal("Kafé", "Annet sted")
    for name, of_stua in {"02": 8, "06": 10}.items():
        filling.month(stua, f"2022-{name}", (0, 0, 0, of_stua))
    filling.split(stua, Slice.LANGUAGE, "2022-Q1", {"nb": (0, 0, 0, 8)})
    filling.split(stua, Slice.LANGUAGE, "2022-Q2", {"nb": (0, 0, 0, 10)})
    for number in (1, 2):
        quarter(filling, other, {"nb": (n, 0, 0, 0)}, number=number)
    found = shown(engine, "2022-02", "2022-02", everything=True)
    if is_coarse:
        assert [split.days for split in found.splits] == [months("2022-01", "2022-03")]
        assert told(found) == {"nb": (Band(50, 99), Step(0, 5))}
        assert (found.apart, found.missing) == (("Pro Sentret",), ())
    else:
        assert [split.days for split in found.splits] == [months("2022-01", "2022-06")]
        assert told(found) == {"nb": (Band(100, None), Step(10, 15))}
        assert (found.apart, found.missing) == ((), ())
    assert len(shown(engine, "2022-02", "2022-02").splits) == 1


def test_a_table_waits_some_days_for_what_is_late(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    quarter(filling, stua, {"nb": (0, 0, 0, 30)})
    filling.month(hall, "2022-03", (0, 0, 0, 20))
    end = day("2022-03-31")
    assert not shown(engine, today=str(end + GRACE)).splits
    filling.split(hall, Slice.LANGUAGE, "2022-Q1", {"en": (0, 0, 0, 20)})
    assert set(told(shown(engine, today=str(end + GRACE)))) == {"nb", "en"}


def test_a_slice_that_was_switched_on_in_the_midst_of_a_period_is_shown_from_the_next(
    engine: Engine, filling: Filling
) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-03", (0, 0, 0, 50))
    filling.split(stua, Slice.LANGUAGE, "2022-Q1", {"nb": (0, 0, 0, 30)})
    filling.month(stua, "2022-06", (0, 0, 0, 30))
    filling.split(stua, Slice.LANGUAGE, "2022-Q2", {"nb": (0, 0, 0, 30)})
    found = shown(engine, "2022-01", "2022-06")
    assert [split.days for split in found.splits] == [months("2022-04", "2022-06")]


def test_a_month_waits_for_a_terminal_that_counts_by_quarter(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    for terminal in (stua, hall):
        filling.month(terminal, "2022-01", (0, 0, 0, 20))
    filling.split(stua, Slice.LANGUAGE, "2022-01", {"nb": (0, 0, 0, 20)})
    end = day("2022-03-31")
    assert not shown(engine, today=str(end + GRACE)).splits
    # Then it is shown without.
    assert shown(engine, today=str(end + GRACE + DAY)).missing == ("Hall",)


def late(filling: Filling, terminal: str, cells: Cells, epoch: str = SECOND) -> None:
    filling.month(terminal, "2022-01", add(*cells.values()), epoch=epoch)
    filling.split(terminal, Slice.LANGUAGE, "2022-Q1", cells, epoch=epoch)


def test_what_comes_late_is_shown_only_where_it_is_a_thresholds_worth_in_every_key(
    engine: Engine, filling: Filling
) -> None:
    stua = filling.terminal("Stua")
    quarter(filling, stua, {"nb": (0, 0, 0, 19), "en": (0, 0, 0, 29)})
    before = shown(engine)
    late(filling, stua, {"nb": (0, 0, 0, 10), "en": (0, 0, 0, 5)})
    # Blocks changed, and they tell the sum: five English ratings would follow from ten Norwegian ones.
    assert shown(engine) == before
    late(filling, stua, {"nb": (0, 0, 0, 5), "en": (0, 0, 0, 5)}, THIRD)
    assert told(shown(engine)) == {"nb": (Band(30, 49), Step(95, 100)), "en": (Band(30, 49), Step(95, 100))}


def test_a_key_goes_by_all_that_was_ever_shown_in_its_place(engine: Engine, filling: Filling) -> None:
    """Forty Norwegian ratings, then twenty-five, then thirty-nine: that would tell of one that is not there again."""
    stua = filling.terminal("Stua")
    epochs = [EPOCH, *(f"00000000-0000-4000-8000-{number:012}" for number in range(2, 9))]
    seen: list[dict[str, int]] = []
    for number, (nb, en) in enumerate([(40, 40), (25, 40), (39, 60), (40, 75)]):
        filling.forget(stua, epochs[max(number - 1, 0)])
        quarter(filling, stua, {"nb": (0, 0, 0, nb), "en": (0, 0, 0, en)}, epoch=epochs[number])
        seen.append({key: band_.low for key, (band_, _) in told(shown(engine)).items()})
    assert seen == [
        {"nb": 30, "en": 30},
        {"nb": 20, "en": 30},
        {"nb": 20, "en": 30},
        {"nb": 30, "en": 50},
    ]


def test_keys_stay_as_they_were_first_published(engine: Engine, filling: Filling) -> None:
    """Shown apart later, Spanish would tell how many of the rest had been Spanish before."""
    stua = filling.terminal("Stua")
    quarter(filling, stua, {"nb": (0, 0, 0, 30), "es": (0, 0, 0, 6), "th": (0, 0, 0, 5)})
    assert set(told(shown(engine))) == {"nb", OTHER}
    late(filling, stua, {"es": (20, 0, 0, 0), "th": (10, 0, 0, 0)})
    assert told(shown(engine)) == {"nb": (Band(30, 49), Step(95, 100)), OTHER: (Band(30, 49), Step(25, 30))}


def test_a_terminal_that_comes_late_makes_a_unit_of_its_own(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    quarter(filling, stua, {"nb": (0, 0, 0, 30)})
    shown(engine)
    quarter(filling, hall, {"nb": (0, 0, 0, 12)})
    assert told(shown(engine, terminal=hall)) == {"nb": (Band(10, 14), Step(95, 100))}
    assert told(shown(engine)) == {"nb": (Band(30, 49), Step(95, 100))}


@pytest.mark.parametrize("left", [(0, 0, 0, 4), None])
def test_a_table_of_which_too_few_are_left_is_withdrawn(engine: Engine, filling: Filling, left: Counts | None) -> None:
    stua = filling.terminal("Stua")
    quarter(filling, stua, {"nb": (0, 0, 0, 30)})
    assert shown(engine).splits
    filling.forget(stua)
    if left:
        quarter(filling, stua, {"nb": left}, epoch=SECOND)
    assert not shown(engine).splits


def test_a_table_of_which_one_key_has_too_few_left_is_withdrawn(engine: Engine, filling: Filling) -> None:
    """Pooled anew, it would tell by how much the others changed."""
    stua = filling.terminal("Stua")
    quarter(filling, stua, {"nb": (0, 0, 0, 30), "en": (0, 0, 0, 20)})
    assert set(told(shown(engine))) == {"nb", "en"}
    filling.forget(stua)
    quarter(filling, stua, {"nb": (0, 0, 0, 30), "en": (0, 0, 0, 4)}, epoch=SECOND)
    assert not shown(engine).splits


def test_a_terminal_whose_block_is_withdrawn_is_not_named_as_missing(engine: Engine, filling: Filling) -> None:
    """That would tell that it still has ratings, too few to be shown."""
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    for each in (stua, hall):
        quarter(filling, each, {"nb": (0, 0, 0, 30)})
    assert told(shown(engine)) == {"nb": (Band(50, 99), Step(95, 100))}
    filling.forget(stua)
    quarter(filling, stua, {"nb": (0, 0, 0, 4)}, epoch=SECOND)
    found = shown(engine)
    assert told(found) == {"nb": (Band(30, 49), Step(95, 100))}
    assert found.missing == ()


def test_in_a_sum_over_quarters_a_key_is_shown_where_each_of_them_shows_it(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    quarter(filling, stua, {"nb": (0, 0, 0, 30), "es": (0, 0, 0, 12)})
    quarter(filling, stua, {"nb": (0, 0, 0, 30), "es": (0, 0, 0, 6), "th": (0, 0, 0, 5)}, number=2)
    found = shown(engine, "2022-01", "2022-06")
    assert [{part.key for part in split.parts} for split in found.splits] == [{"nb", "es"}, {"nb", OTHER}]
    # Spanish alone would be that of one quarter, and taken for that of two.
    assert told(found) == {"nb": (Band(50, 99), Step(95, 100)), OTHER: (Band(20, 29), Step(95, 100))}


def test_a_threshold_that_is_raised_pools_again(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    quarter(filling, stua, {"nb": (0, 0, 0, 30), "en": (0, 0, 0, 12), "es": (0, 0, 0, 11)})
    assert set(told(shown(engine))) == {"nb", "en", "es"}
    assert set(told(shown(engine, threshold=20))) == {"nb", OTHER}
    assert not shown(engine, threshold=54).splits


def test_the_sum_that_is_kept_is_what_its_units_add_up_to(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    quarter(filling, stua, {"nb": (0, 0, 0, 20), "en": (0, 0, 0, 16), "es": (0, 0, 0, 12)})
    quarter(filling, hall, {"nb": (0, 0, 0, 20), OTHER: (0, 0, 0, 12)})
    places: list[dict[str, Any]] = [{}, {"terminal": stua}, {"terminal": hall}, {"everything": True}]
    kept: list[object] = []
    late: Cells
    for late in ({}, {"nb": (0, 0, 10, 0)}):
        if late:
            quarter(filling, filling.terminal("Bod"), late)
        before = [shown(engine, threshold=at, **place) for place in places for at in (LEAST, 15, 100)]
        assert before not in kept
        kept.append(before)
        with engine.begin() as connection:
            connection.execute(delete(schema.slice_sum))
        assert [shown(engine, threshold=at, **place) for place in places for at in (LEAST, 15, 100)] == before


def test_publishing_again_changes_nothing(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    quarter(filling, stua, {"nb": (0, 0, 0, 30), "es": (0, 0, 0, 6)})
    before = shown(engine)
    for _ in range(2):
        with engine.begin() as connection:
            disclosure.publish(connection, site(connection).id, VISIT, LATER, LEAST)
    assert shown(engine) == before


@pytest.mark.parametrize("seed", range(60))
def test_whatever_comes_when_units_and_keys_stay_and_change_by_a_thresholds_worth(seed: int) -> None:
    place = grow(seed)
    for slice_ in POOLED:
        tables = place.splits[slice_]
        assert all(not one.days.overlaps(other.days) for one, other in itertools.combinations(tables, 2))
        for table in tables:
            there = [each for unit in table.units for each in unit.terminals]
            assert len(there) == len(set(there))
            for block in place.blocks:
                assert table.days.covers(block.days) or not table.days.overlaps(block.days)
            for unit in table.units:
                _is_well_published(place, unit)
    # Looking again, nothing is due.
    before = (place.blocks, place.trend, {**place.splits})
    place.publish()
    assert (place.blocks, place.trend, place.splits) == before


def _is_well_published(place: Site, unit: Unit) -> None:
    known = [cells for cells in (*unit.earlier, unit.cells) if cells]
    for cells in known:
        assert all(sum(counts) >= place.threshold for counts in cells.values())
    for old, new in itertools.combinations(known, 2):
        for key in old.keys() | new.keys():
            moved = [b - a for a, b in zip(old.get(key, ZERO), new.get(key, ZERO), strict=True)]
            for part in (sum(each for each in moved if each > 0), -sum(each for each in moved if each < 0)):
                assert part == 0 or part >= place.threshold


def test_random_sites_show_something() -> None:
    """Rules that hide everything would pass all of the above."""
    places = [grow(seed) for seed in range(60)]
    assert sum(bool(place.splits[Slice.LANGUAGE]) for place in places) > 20
    assert sum(bool(place.trend) for place in places) > 20
    assert sum(len(table.units) > 1 for place in places for table in place.splits[Slice.HOUR]) > 5
    assert sum(bool(group.earlier) for place in places for block in place.blocks for group in block.groups) > 5
