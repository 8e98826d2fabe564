"""A site whose months are shown together only does not make those of all others coarse: it is left out, by name."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from dashboard import disclosure, store, visits
from dashboard.disclosure import Shown
from dashboard.places import tree
from dashboard.stretches import LEFT_OUT, MONTH, coarse, spans
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import DAY, Grain, Period, periods_between, write
from ratings.scale import Counts, add
from tests.dashboard.filling import Filling, day, month, month_names, months, site
from tests.dashboard.reading import read, rows
from tests.dashboard.test_web import wilson

TODAY = day("2022-01-15")
YEAR = [f"2021-{number:02}" for number in range(1, 13)]
LARGE: dict[str, Counts] = {name: (1, 2, 10 + number, 30 - number) for number, name in enumerate(YEAR)}
TINY: dict[str, Counts] = dict.fromkeys(YEAR[:8], (1, 0, 0, 0)) | {"2021-09": (0, 0, 1, 1)}


def whole(text: str) -> Period:
    first, _, last = text.partition("/")
    return months(first, last or first)


@pytest.fixture
def two(filling: Filling) -> Filling:
    """A large site whose months are each a block, and a tiny one with one block of nine months."""
    large, tiny = filling.terminal("Stor", "Stor"), filling.terminal("Liten", "Liten")
    for name, counts in LARGE.items():
        filling.month(large, name, counts)
    for name, counts in TINY.items():
        filling.month(tiny, name, counts)
    return filling


def shown(engine: Engine, asked: Period, name: str = "") -> Shown:
    with store.reading(engine) as connection:
        top = tree(connection)
    disclosure.publish_if_due(engine, [each.id for each in top.sites], VISIT, TODAY, 10)
    with store.reading(engine) as connection:
        place = site(connection, name) if name else top
        return disclosure.blocks(connection, place, VISIT, asked, 10)


def by_month(found: Shown) -> dict[str, Counts]:
    return {write(block.days, Grain.MONTH): block.counts for block in found.blocks}


def test_the_months_of_a_large_site_are_those_of_the_area_and_the_tiny_one_is_named(two: Filling) -> None:
    found = shown(two.engine, months("2021-01", "2021-12"))
    assert by_month(found) == LARGE
    assert found.total is not None
    assert found.total.counts == add(*LARGE.values())
    assert not found.widened
    ((name, apart),) = found.apart
    assert (name, month_names(apart)) == ("Liten", YEAR[:9])
    ((name, missing),) = found.missing
    assert (name, month_names(missing)) == ("Liten", YEAR)
    # By itself it is shown as ever.
    alone = shown(two.engine, months("2021-05", "2021-05"), "Liten")
    assert [(block.days, block.counts) for block in alone.blocks] == [
        (months("2021-01", "2021-09"), add(*TINY.values()))
    ]


def test_a_month_is_of_the_same_sites_whatever_range_is_asked_for(two: Filling) -> None:
    """So the months add up to the year on every page."""
    for first, last in itertools.combinations_with_replacement(YEAR, 2):
        found = shown(two.engine, months(first, last))
        assert by_month(found) == {name: LARGE[name] for name in YEAR if first <= name <= last}


def test_where_it_has_more_than_a_tenth_it_is_part_of_the_sum(filling: Filling) -> None:
    november, december = "2021-11", "2021-12"
    large, tiny = filling.terminal("Stor", "Stor"), filling.terminal("Liten", "Liten")
    for name, of_large, of_tiny in ((november, 50, 5), (december, 48, 6)):
        filling.month(large, name, (0, 0, 0, of_large))
        filling.month(tiny, name, (of_tiny, 0, 0, 0))
    found = shown(filling.engine, months(november, november))
    assert [(block.days, block.counts) for block in found.blocks] == [(months(november, december), (11, 0, 0, 98))]
    assert (found.apart, found.missing) == ((), ())
    # With twelve that came late, it is less than a tenth.
    filling.month(large, december, (0, 0, 0, 60))
    found = shown(filling.engine, months(november, november))
    assert by_month(found) == {november: (0, 0, 0, 50)}
    assert [name for name, _ in found.apart] == ["Liten"]


def test_the_trend_of_an_area_is_as_fine_as_that_of_nearly_all_its_ratings(filling: Filling) -> None:
    large, tiny = filling.terminal("Stor", "Stor"), filling.terminal("Liten", "Liten")
    weeks = []
    for each in periods_between(Grain.MONTH, day("2021-01-01"), day("2021-03-31")):
        name = write(each, Grain.MONTH)
        filling.month(tiny, name, (0, 0, 0, 4))
        filling.trend(tiny, f"{each.first}/{each.last}", (0, 0, 0, 4))
        pieces = list(periods_between(Grain.WEEK, each.first, each.last))
        filling.month(large, name, (0, 0, 10 * len(pieces), 20 * len(pieces)))
        for piece in pieces:
            filling.trend(large, write(piece, Grain.WEEK), (0, 0, 10, 20))
        weeks += pieces
    shown(filling.engine, months("2021-01", "2021-03"))
    with store.reading(filling.engine) as connection:
        found = disclosure.trend_of(connection, tree(connection), VISIT, months("2021-01", "2021-03"), 10)
    assert [(piece.days, piece.counts) for piece in found.pieces] == [(each, (0, 0, 10, 20)) for each in weeks]
    assert found.missing == (("Liten", tuple(weeks)),)


def test_every_page_of_the_area_says_who_is_left_out(two: Filling) -> None:
    with two.engine.begin() as connection:
        for place in tree(connection).sites:
            for name in YEAR:
                visits.put(connection, place.id, month(name), 100 if place.name == "Stor" else 7)
    said = "Liten is left out of January–September 2021: it has so few ratings that its months are shown together only."
    text = read(two, "/all?lang=en&month=2021-09", TODAY)
    assert said in text
    counts = LARGE["2021-09"]
    k, n = counts[2] + counts[3], sum(counts)
    low, high = wilson(k, n)
    assert rows(text)[0] == ["September 2021", f"{100 * k / n:.1f}%", f"{low:.1f}–{high:.1f}%", f"{n}"]
    # The visits that its ratings are compared with are those of the large site, too.
    assert "43 of 100 visits answered" in text
    assert said in read(two, "/all/report?lang=en&from=2021-01&to=2021-12", TODAY)
    assert "utelatt i januar–september 2021: stedet har så få" in read(two, "/all?lang=nb&month=2021-09", TODAY)
    found = rows(read(two, "/all/places?lang=en&from=2021-06&to=2021-06", TODAY), "months beside-table")
    assert [row[0] for row in found] == ["All sites Without Liten", "Liten January–September 2021", "Stor"]


def test_months_that_only_the_one_left_out_has_are_hidden_and_it_is_said_why(filling: Filling) -> None:
    large, tiny = filling.terminal("Stor", "Stor"), filling.terminal("Liten", "Liten")
    for name in YEAR[6:]:
        filling.month(large, name, LARGE[name])
    for name, counts in TINY.items():
        filling.month(tiny, name, counts)
    found = shown(filling.engine, months("2021-06", "2021-08"))
    assert by_month(found) == {name: LARGE[name] for name in YEAR[6:8]}
    assert month_names(found.hidden) == ["2021-06"]
    assert [(name, month_names(some)) for name, some in found.apart] == [("Liten", ["2021-06", "2021-07", "2021-08"])]
    nothing = shown(filling.engine, months("2021-02", "2021-03"))
    assert nothing.total is None
    assert ("Liten", ["2021-02", "2021-03"]) in [(name, month_names(some)) for name, some in nothing.apart]
    text = read(filling, "/all/report?lang=en&from=2021-02&to=2021-03", TODAY)
    assert "Liten is left out of February–March 2021: it has so few ratings" in text
    assert "Stor is left out: it has no figure that may be shown." in text


EXAMPLES = [
    ({"2021-01": 40, "2021-02": 40, "2021-03": 40, "2021-01/2021-03": 13}, {"2021-01/2021-03"}),
    ({"2021-01": 40, "2021-02": 40, "2021-03": 40, "2021-01/2021-03": 14}, set()),
    # Without it the others would be no finer.
    ({"2021-01/2021-02": 100, "2021-02/2021-03": 10}, set()),
    ({"2021-01/2021-03": 100}, set()),
    # As few as it takes.
    ({"2021-01": 200, "2021-02": 200, "2021-01/2021-02": 10, "2021-03": 9, "2021-02/2021-03": 9}, None),
    ({"2021-01/2021-02": 200, "2021-03/2021-04": 200, "2021-01/2021-04": 10}, {"2021-01/2021-04"}),
    # Each lot by itself.
    ({"2021-01": 90, "2021-02": 90, "2021-01/2021-02": 10, "2021-06": 9, "2021-05/2021-06": 11}, {"2021-01/2021-02"}),
]


@pytest.mark.parametrize(("numbers", "out"), EXAMPLES, ids=[str(number) for number in range(len(EXAMPLES))])
def test_what_is_left_out(numbers: dict[str, int], out: set[str] | None) -> None:
    found = coarse({whole(text): n for text, n in numbers.items()})
    assert found == ({whole("2021-01/2021-02"), whole("2021-02/2021-03")} if out is None else set(map(whole, out)))


@st.composite
def stretches(draw: st.DrawFn) -> dict[Period, int]:
    found = {}
    for _ in range(draw(st.integers(1, 12))):
        first = draw(st.integers(0, 11))
        last = draw(st.integers(first, 11))
        found[months(YEAR[first], YEAR[last])] = draw(st.sampled_from((10, 12, 40, 300, 3000)))
    return found


@given(stretches())
def test_no_lot_loses_more_than_a_tenth_and_what_is_lost_is_worth_it(numbers: dict[Period, int]) -> None:
    out = coarse(numbers)
    assert all((each.last - each.first + DAY) > MONTH for each in out)
    for _, some in spans(numbers, lambda each: each):
        lost = [each for each in some if each in out]
        assert LEFT_OUT * sum(numbers[each] for each in lost) <= sum(numbers[each] for each in some)
        assert not lost or len(spans(set(some) - out, lambda each: each)) > 1
        # A lot says for itself what it loses, whatever else there is.
        assert coarse({each: numbers[each] for each in some}) == set(lost)
