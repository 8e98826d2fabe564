"""The trend on the page: one piece held back, what was shown stays, and nothing follows beside the blocks."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import Engine

from dashboard import disclosure, store
from dashboard.blocks import GRACE
from dashboard.crossing import Told, give_away
from dashboard.places import Place, Site, Terminal, sites
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import parse
from ratings.scale import Counts, add
from tests.dashboard.filling import Filling, day, months, site
from tests.dashboard.random_sites import grow

LEAST = 10
SECOND = "00000000-0000-4000-8000-000000000002"
WEEKS = ("2022-03-01/2022-03-06", "2022-03-07/2022-03-13", "2022-03-14/2022-03-20", "2022-03-21/2022-03-31")


def happy(n: int) -> Counts:
    return (0, 0, 0, n)


def looked(engine: Engine, today: str, *, terminal: str | None = None, everything: bool = False) -> dict[str, Counts]:
    with store.reading(engine) as connection:
        ids = [each.id for each in sites(connection)]
    disclosure.publish_if_due(engine, ids, VISIT, day(today), LEAST)
    with store.reading(engine) as connection:
        place: Place = sites(connection) if everything else site(connection)
        if terminal is not None:
            place = next(each for each in site(connection).terminals if each.id == terminal)
        found = disclosure.trend(connection, place, VISIT, months("2022-03", "2022-03"), LEAST)
    return {f"{piece.days.first}/{piece.days.last}": piece.counts for piece in found}


def weeks(filling: Filling, terminal: str, numbers: tuple[int, ...], epoch: str | None = None) -> None:
    for days, n in zip(WEEKS, numbers, strict=False):
        if n:
            filling.trend(terminal, days, happy(n), **({"epoch": epoch} if epoch else {}))


def test_a_finished_month_shows_all_of_its_pieces(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    weeks(filling, stua, (12, 5, 14, 7))
    filling.month(stua, "2022-03", happy(38))
    assert looked(engine, "2022-04-01") == {
        WEEKS[0]: happy(12),
        "2022-03-07/2022-03-31": happy(26),
    }


def test_a_piece_that_was_shown_stays_when_a_terminal_comes_late(engine: Engine, filling: Filling) -> None:
    """Two looks, and a terminal of three ratings between them."""
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    weeks(filling, stua, (20, 20))
    assert looked(engine, "2022-03-15") == {WEEKS[0]: happy(20)}
    weeks(filling, hall, (3, 3, 3, 3))
    weeks(filling, stua, (20, 20, 20, 20))
    filling.month(stua, "2022-03", happy(80))
    filling.month(hall, "2022-03", happy(12))
    # Later pieces have Hall in them; the last one is held back, or the three of the first week would be the rest.
    assert looked(engine, "2022-04-15") == {WEEKS[0]: happy(20), WEEKS[1]: happy(23), WEEKS[2]: happy(23)}
    assert looked(engine, "2022-06-15") == {WEEKS[0]: happy(20), WEEKS[1]: happy(23), WEEKS[2]: happy(23)}


def test_the_rest_of_a_month_waits_for_pieces_that_are_on_their_way(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    weeks(filling, stua, (12, 12, 12))
    filling.month(stua, "2022-03", happy(48))
    end = day("2022-03-31")
    assert looked(engine, str(end + GRACE)) == {}
    weeks(filling, stua, (12, 12, 12, 12))
    assert looked(engine, str(end + GRACE)) == {each: happy(12) for each in WEEKS}


def test_a_terminal_has_a_trend_where_it_is_alone(engine: Engine, filling: Filling) -> None:
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    weeks(filling, stua, (12, 12, 12, 12))
    filling.month(stua, "2022-03", happy(48))
    assert looked(engine, "2022-04-15", terminal=stua) == {each: happy(12) for each in WEEKS}
    assert looked(engine, "2022-04-15", terminal=hall) == {}


def test_terminals_are_together_where_one_apart_would_tell_of_a_week(engine: Engine, filling: Filling) -> None:
    """Stua has 66 of 81, and Hall cannot have had more than 15 of the 20 in the first week: Stua had at least 5."""
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    weeks(filling, stua, (6, 20, 20, 20))
    weeks(filling, hall, (14, 1))
    filling.trend(hall, WEEKS[2], (0, 0, 0, 0))
    assert looked(engine, "2022-03-22") == {WEEKS[0]: happy(20), WEEKS[1]: happy(21)}
    filling.month(stua, "2022-03", happy(66))
    filling.month(hall, "2022-03", happy(15))
    looked(engine, "2022-04-15")
    with store.reading(engine) as connection:
        place = site(connection)
        both: list[Site | Terminal] = [place, *place.terminals]
        march = months("2022-03", "2022-03")
        found = {each.name: disclosure.blocks(connection, each, VISIT, march, LEAST).total for each in both}
    assert found["Pro Sentret"] is not None
    assert found["Pro Sentret"].counts == happy(81)
    assert (found["Stua"], found["Hall"]) == (None, None)


def test_several_sites_have_a_trend_in_common_unions(engine: Engine, filling: Filling) -> None:
    stua, other = filling.terminal("Stua"), filling.terminal("Kafé", "Annet sted")
    weeks(filling, stua, (12, 12, 12, 12))
    weeks(filling, other, (12, 5, 12, 12))
    filling.month(stua, "2022-03", happy(48))
    assert looked(engine, "2022-04-15", everything=True) == {each: happy(12) for each in WEEKS}
    filling.month(other, "2022-03", happy(41))
    assert looked(engine, "2022-04-15", everything=True) == {
        WEEKS[0]: happy(24),
        "2022-03-07/2022-03-20": happy(41),
        WEEKS[3]: happy(24),
    }


def test_above_a_site_only_blocks_whose_pieces_are_all_of_them_are_summed(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.terminal("Kafé", "Annet sted")
    weeks(filling, stua, (12, 12, 12, 12))
    filling.month(stua, "2022-03", happy(48))
    assert len(looked(engine, "2022-04-15", everything=True)) == 4
    filling.month(stua, "2022-03", happy(12), epoch=SECOND)
    assert len(looked(engine, "2022-04-15")) == 4
    assert looked(engine, "2022-04-15", everything=True) == {}


def piece(days: str, counts: Counts, parts: dict[str, Counts]) -> Told:
    return Told(parse(days)[0], counts, parts)


@pytest.mark.parametrize(
    ("of_a", "of_b", "parts", "expected"),
    [
        ((0, 0, 0, 85), (0, 0, 0, 15), {"a": happy(6), "b": happy(14)}, True),  # a has at least 5 of the 20
        ((0, 0, 0, 85), (0, 0, 0, 15), {"a": happy(10), "b": happy(10)}, False),  # and is not small
        ((0, 0, 0, 80), (0, 0, 0, 20), {"a": happy(6), "b": happy(14)}, False),  # b may have had all
        ((8, 0, 0, 72), (1, 0, 0, 19), {"a": (5, 0, 0, 1), "b": (0, 0, 0, 14)}, True),  # four of five unhappy are a's
    ],
)
def test_days_and_terminals_give_away_what_is_over(
    of_a: Counts, of_b: Counts, parts: dict[str, Counts], expected: bool
) -> None:
    told = piece(WEEKS[0], add(*parts.values()), parts)
    assert give_away([(("a",), of_a), (("b",), of_b)], [told], LEAST) is expected


def test_a_small_rest_is_given_away() -> None:
    told = piece(WEEKS[0], happy(20), {"a": happy(20)})
    assert give_away([(("a",), happy(25))], [told], LEAST)
    assert give_away([(("a",), (0, 0, 1, 19))], [told], LEAST)
    assert not give_away([(("a",), happy(30))], [told], LEAST)
    assert not give_away([(("a",), happy(20))], [told], LEAST)


@pytest.mark.parametrize("seed", range(100, 160))
def test_whatever_comes_when_pieces_stay_and_the_rest_of_a_block_is_large(seed: int) -> None:
    place = grow(seed)
    assert all(each.piece.n >= place.threshold for each in place.trend)
    assert all(not a.days.overlaps(b.days) for a, b in itertools.combinations(place.trend, 2))
    for block in place.blocks:
        whole = add(*(group.counts for group in block.groups))
        inside = [each for each in place.trend if block.days.covers(each.days)]
        members = {each for group in block.groups for each in group.terminals}
        if inside and all(set(each.terminals) <= members for each in inside):
            rest = sum(whole) - sum(each.piece.n for each in inside)
            assert rest == 0 or rest >= place.threshold


def test_a_piece_lies_in_one_block() -> None:
    for seed in range(160, 180):
        place = grow(seed)
        for block, each in itertools.product(place.blocks, place.trend):
            assert block.days.covers(each.days) or not block.days.overlaps(each.days)
