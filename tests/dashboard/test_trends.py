"""The trend on the page: one piece held back, what was shown stays, and nothing follows beside the blocks."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import Engine

from dashboard import disclosure, store
from dashboard.blocks import GRACE, Group, Published
from dashboard.crossing import Told, give_away
from dashboard.places import Place, Site, Terminal, sites, tree
from dashboard.trends import Shown, plan
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import Period, parse
from ratings.pooling import Piece
from ratings.scale import Counts, add
from tests.dashboard.filling import Filling, day, months, site
from tests.dashboard.random_sites import grow

LEAST = 10
SECOND = "00000000-0000-4000-8000-000000000002"
WEEKS = ("2022-03-01/2022-03-06", "2022-03-07/2022-03-13", "2022-03-14/2022-03-20", "2022-03-21/2022-03-31")


def happy(n: int) -> Counts:
    return (0, 0, 0, n)


def looked(
    engine: Engine,
    today: str,
    *,
    terminal: str | None = None,
    everything: bool = False,
    asked: Period | None = None,
    threshold: int = LEAST,
) -> dict[str, Counts]:
    with store.reading(engine) as connection:
        ids = [each.id for each in sites(connection)]
    disclosure.publish_if_due(engine, ids, VISIT, day(today), threshold)
    with store.reading(engine) as connection:
        place: Place = tree(connection) if everything else site(connection)
        if terminal is not None:
            place = next(each for each in site(connection).terminals if each.id == terminal)
        found = disclosure.trend(connection, place, VISIT, asked or months("2022-03", "2022-03"), threshold)
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


def test_a_week_that_is_not_over_counts_for_nothing(engine: Engine, filling: Filling) -> None:
    """A terminal that released live has sent it, and will send it again with more."""
    stua = filling.terminal("Stua")
    weeks(filling, stua, (12, 12))
    assert looked(engine, "2022-03-13") == {}
    assert looked(engine, "2022-03-14") == {WEEKS[0]: happy(12)}


def test_the_pieces_that_touch_some_days_are_shown_and_no_others(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    weeks(filling, stua, (12, 12, 12, 12))
    filling.month(stua, "2022-03", happy(48))
    middle = Period(day("2022-03-10"), day("2022-03-14"))
    for everything in (False, True):
        found = looked(engine, "2022-04-15", everything=everything, asked=middle)
        assert found == {WEEKS[1]: happy(12), WEEKS[2]: happy(12)}


def test_a_raised_threshold_gathers_pieces_again_and_hides_those_that_are_too_small(
    engine: Engine, filling: Filling
) -> None:
    stua = filling.terminal("Stua")
    weeks(filling, stua, (12, 12, 12, 12))
    filling.month(stua, "2022-03", happy(48))
    assert len(looked(engine, "2022-04-15")) == 4
    assert looked(engine, "2022-04-15", threshold=20) == {
        "2022-03-01/2022-03-13": happy(24),
        "2022-03-14/2022-03-31": happy(24),
    }
    assert looked(engine, "2022-04-15", threshold=49) == {}


def test_with_a_block_that_is_withdrawn_goes_its_trend(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    weeks(filling, stua, (12, 12, 12, 12))
    filling.month(stua, "2022-03", happy(48))
    assert len(looked(engine, "2022-04-15")) == 4
    filling.forget(stua)
    filling.month(stua, "2022-03", happy(4), epoch=SECOND)
    assert looked(engine, "2022-04-15") == {}


MARCH = months("2022-03", "2022-03")


def pieces_of(*numbers: int) -> list[Piece]:
    return [Piece(parse(days)[0], happy(n)) for days, n in zip(WEEKS, numbers, strict=False)]


def test_of_a_block_no_piece_is_made_that_is_too_small() -> None:
    """As where most of what was held back has gone: an import was replaced."""
    first, rest = pieces_of(20, 3)
    block = Published(MARCH, (Group(("stua",), happy(23)),))
    assert plan([Shown(first, ("stua",))], {"stua": [first, rest]}, (), [block], day("2022-06-01"), LEAST) == []


def test_the_pieces_of_a_block_are_those_of_its_terminals() -> None:
    """Who came too late and with too few to be in the block keeps the others from no piece, and is in none."""
    mine = pieces_of(12, 12, 12, 12)
    block = Published(MARCH, (Group(("stua",), happy(48)),))
    made = plan([], {"stua": mine, "hall": pieces_of(2, 2, 2, 2)}, (), [block], day("2022-06-01"), LEAST)
    assert made == [Shown(each, ("stua",)) for each in mine]


def test_live_terminals_are_in_no_piece_of_a_running_month_and_keep_nobody_waiting() -> None:
    """Their running counts are seen anyway: what they have in a piece could be subtracted from it."""
    pieces = {"stua": pieces_of(12, 12, 12), "kasse": pieces_of(12)}
    made = plan([], pieces, {"kasse"}, [], day("2022-03-25"), LEAST)
    assert made == [Shown(each, ("stua",)) for each in pieces["stua"][:2]]


def test_a_live_terminal_keeps_its_weeks_out_of_the_others(engine: Engine, filling: Filling) -> None:
    weeks(filling, filling.terminal("Stua"), (12, 12, 12))
    weeks(filling, filling.terminal("Kasse", live=True), (7,))
    assert list(looked(engine, "2022-03-25").values()) == [happy(12), happy(12)]


def test_pieces_that_were_shown_while_the_month_ran_are_reckoned_with_when_others_are_made() -> None:
    """Of the 36 in the first two weeks no more than 32 can be b's."""
    pieces = {"a": pieces_of(3, 3, 37, 37), "b": pieces_of(15, 15, 1, 1)}
    block = Published(MARCH, (Group(("a",), happy(80)), Group(("b",), happy(32))))
    first = Shown(pieces["a"][0].join(pieces["b"][0]), ("a", "b"))
    assert plan([first], pieces, (), [block], day("2022-06-01"), LEAST) == []
    pieces["a"][1], pieces["b"][1] = pieces_of(0, 8)[1], pieces_of(0, 10)[1]
    block = Published(MARCH, (Group(("a",), happy(85)), Group(("b",), happy(27))))
    assert len(plan([first], pieces, (), [block], day("2022-06-01"), LEAST)) == 3


def piece(days: str, counts: Counts, parts: dict[str, Counts]) -> Told:
    return Told(parse(days)[0], counts, parts)


@pytest.mark.parametrize(
    ("of_a", "of_b", "parts", "expected"),
    [
        ((0, 0, 0, 85), (0, 0, 0, 15), {"a": happy(6), "b": happy(14)}, True),  # a has at least 5 of the 20
        ((0, 0, 0, 85), (0, 0, 0, 15), {"a": happy(10), "b": happy(10)}, False),  # and is not small
        ((0, 0, 0, 80), (0, 0, 0, 20), {"a": happy(6), "b": happy(14)}, False),  # b may have had all
        ((8, 0, 0, 72), (1, 0, 0, 19), {"a": (5, 0, 0, 1), "b": (0, 0, 0, 14)}, True),  # four of five unhappy are a's
        ((0, 0, 0, 80), (20, 0, 0, 30), {"a": happy(4), "b": (12, 0, 0, 4)}, True),  # a has no more than the 8 happy
        ((0, 0, 0, 80), (20, 0, 0, 30), {"a": happy(4), "b": (12, 0, 0, 5)}, False),  # nine are enough not to know
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


def test_weeks_together_give_away_what_none_of_them_does() -> None:
    """Of 36 no more than 30 can be b's."""
    groups = [(("a",), happy(80)), (("b",), happy(30))]
    week = {"a": happy(3), "b": happy(15)}
    first, second = piece(WEEKS[0], happy(18), week), piece(WEEKS[1], happy(18), week)
    assert not give_away(groups, [first], LEAST)
    assert give_away(groups, [first, second], LEAST)


def test_what_is_left_of_all_terminals_together_is_not_small() -> None:
    """Nine are left of two terminals: of neither is it known how many, but of both."""
    groups = [(("a",), happy(30)), (("b",), happy(30))]
    assert give_away(groups, [piece(WEEKS[0], happy(51), {"a": happy(26), "b": happy(25)})], LEAST)
    assert not give_away(groups, [piece(WEEKS[0], happy(50), {"a": happy(26), "b": happy(24)})], LEAST)


def test_what_a_terminal_had_on_days_that_are_not_shown_is_given_away() -> None:
    """No more than 28 of its 30 can be in the week that is shown."""
    groups = [(("a",), happy(30)), (("b",), happy(40))]
    assert give_away(groups, [piece(WEEKS[0], happy(28), {"a": happy(25), "b": happy(3)})], LEAST)
    assert not give_away(groups, [piece(WEEKS[0], happy(30), {"a": happy(25), "b": happy(5)})], LEAST)


def test_a_week_that_was_one_terminals_alone_leaves_it_less_for_the_others() -> None:
    """Of 52 a had 40 in the first week: of the 20 in the third no more than 12 can be a's."""
    groups = [(("a",), happy(52)), (("b",), happy(40)), (("c",), happy(30))]
    between = piece(WEEKS[1], happy(32), {"b": happy(20), "c": happy(12)})
    third = piece(WEEKS[2], happy(20), {"a": happy(12), "b": happy(8)})
    assert give_away(groups, [piece(WEEKS[0], happy(40), {"a": happy(40)}), between, third], LEAST)
    assert not give_away(groups, [between, third], LEAST)


def test_terminals_that_are_in_the_trend_and_in_no_block_are_protected_too() -> None:
    """No more than 30 of the 33 can be a's; with fewer, nobody knows."""
    assert give_away([(("a",), happy(30))], [piece(WEEKS[0], happy(33), {"a": happy(28), "x": happy(5)})], LEAST)
    groups = [(("a",), happy(30)), (("b",), happy(15))]
    assert not give_away(groups, [piece(WEEKS[0], happy(20), {"a": happy(6), "b": happy(9), "x": happy(5)})], LEAST), (
        "what is over may be x's, too"
    )


def test_a_block_that_has_less_than_its_own_pieces_is_not_shown() -> None:
    """As where an import was replaced; also where others are in the trend."""
    mine = piece(WEEKS[0], happy(20), {"a": happy(20)})
    assert give_away([(("a",), happy(15))], [mine, piece(WEEKS[1], happy(12), {"x": happy(12)})], LEAST)


def site_blocks(engine: Engine, *, terminal: str | None = None) -> list[Counts]:
    """What is shown of March and April, of a terminal or of all."""
    with store.reading(engine) as connection:
        place: Place = site(connection)
        if terminal is not None:
            place = next(each for each in site(connection).terminals if each.id == terminal)
        found = disclosure.blocks(connection, place, VISIT, months("2022-03", "2022-04"), LEAST)
    return [block.counts for block in found.blocks]


def test_a_month_gathers_on_where_beside_its_trend_few_would_be_left(engine: Engine, filling: Filling) -> None:
    stua = filling.terminal("Stua")
    weeks(filling, stua, (20, 20))
    assert looked(engine, "2022-03-15") == {WEEKS[0]: happy(20)}
    filling.forget(stua)
    filling.month(stua, "2022-03", happy(23), epoch=SECOND)
    looked(engine, "2022-04-15")
    assert site_blocks(engine) == []
    filling.month(stua, "2022-04", happy(30), epoch=SECOND)
    looked(engine, "2022-05-15")
    assert site_blocks(engine) == [happy(53)]


def test_a_terminal_that_comes_late_stays_out_of_a_block_where_it_would_tell_of_a_week(
    engine: Engine, filling: Filling
) -> None:
    """Hall cannot have had more than its 15 of the 20 in the first week: Stua had at least 5."""
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    weeks(filling, stua, (6, 20, 20, 20))
    weeks(filling, hall, (14, 1))
    filling.trend(hall, WEEKS[2], (0, 0, 0, 0))
    assert looked(engine, "2022-03-22") == {WEEKS[0]: happy(20), WEEKS[1]: happy(21)}
    filling.month(stua, "2022-03", happy(66))
    looked(engine, "2022-04-15")
    assert site_blocks(engine) == [happy(66)]
    filling.month(hall, "2022-03", happy(15))
    looked(engine, "2022-06-15")
    assert site_blocks(engine) == [happy(66)]
    assert site_blocks(engine, terminal=hall) == []


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
