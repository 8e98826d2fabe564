"""What the audit reckons with: which counts are hidden, what a figure says of them, and what nobody was told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dashboard.audit import Finding, judge
from dashboard.audit_bounds import Bounds
from dashboard.audit_evidence import Books, Cell, Evidence, Figure, Record, evidence, records, targets, whole_sites
from dashboard.audit_system import rows
from dashboard.bands import EXACT, Band, Step, band, step
from dashboard.blocks import Group, Published
from dashboard.slices import Divided, Stored, Unit
from dashboard.trends import Shown
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import Period, parse_month
from ratings.pooling import Piece
from ratings.scale import Counts, add
from ratings.table import COUNTED, Cells, Slice
from tests.dashboard.filling import months

LEAST = 10
JANUARY, FEBRUARY, MARCH = (parse_month(f"2022-0{number}") for number in (1, 2, 3))
QUARTER = months("2022-01", "2022-03")


def happy(n: int) -> Counts:
    return (0, 0, 0, n)


def total(days: Period, counts: Counts, *terminals: str) -> Record:
    return Record(Slice.TOTAL, terminals, days, ((COUNTED, counts),))


def language(days: Period, cells: Cells, *terminals: str) -> Record:
    return Record(Slice.LANGUAGE, terminals, days, tuple(sorted(cells.items())))


def found(books: Books, *told: Record) -> list[Finding]:
    return judge("Pro Sentret", VISIT, books, told, [], LEAST)[0]


# What is hidden.


def test_what_a_terminal_has_in_a_whole_block_is_hidden_though_none_of_its_months_is_known() -> None:
    books = Books(
        {"stua": {JANUARY.first: happy(30)}, "hall": {JANUARY.first: happy(5), FEBRUARY.first: happy(4)}}, {}, {}
    )
    block = months("2022-01", "2022-02")
    findings = found(books, total(block, happy(39), "hall", "stua"), total(block, happy(30), "stua"))
    assert [(each.what, each.low, each.high) for each in findings] == [("terminal hall in 2022-01-01/2022-02-28", 9, 9)]


def test_known_within_eight_is_too_much_and_within_nine_is_not() -> None:
    block = months("2022-01", "2022-02")
    stua = {JANUARY.first: happy(30), FEBRUARY.first: happy(30)}
    for last, known in ((3, True), (4, False)):
        books = Books({"stua": stua, "hall": {JANUARY.first: happy(5), FEBRUARY.first: happy(last)}}, {}, {})
        findings = found(books, total(block, happy(65 + last), "hall", "stua"), total(block, happy(60), "stua"))
        january = [each for each in findings if each.what == "terminal hall in 2022-01-01/2022-01-31"]
        assert [(each.low, each.high) for each in january] == ([(0, 8)] if known else [])


def test_what_bands_leave_may_be_as_many_as_the_threshold_less_one() -> None:
    """Four keys of at least ten each leave nine of 49, and eight of 48."""
    for most, known in ((9, False), (8, True)):
        cells = {key: happy(10) for key in ("bg", "en", "es")} | {"nb": happy(most + 3), "th": happy(7)}
        books = Books(
            {"stua": {JANUARY.first: happy(40 + most)}}, {}, {Slice.LANGUAGE: [Stored("stua", QUARTER, cells)]}
        )
        shown = {key: counts for key, counts in cells.items() if key != "th"}
        findings = found(books, total(JANUARY, happy(40 + most), "stua"), language(QUARTER, shown, "stua"))
        assert [(each.low, each.high) for each in findings] == ([(0, 8)] if known else [])


def test_as_many_as_the_threshold_may_come_or_go_and_some_come_while_others_go() -> None:
    for before, after in ((happy(30), happy(40)), (happy(40), happy(30)), ((15, 0, 0, 20), happy(32))):
        books = Books({"stua": {JANUARY.first: after}}, {}, {})
        assert found(books, total(JANUARY, before, "stua"), total(JANUARY, after, "stua")) == []


def test_what_came_or_went_is_known_by_its_share_where_bands_do_not_tell_it() -> None:
    """None of ten to fourteen was happy; now some are, so somebody has come, for nobody has gone; or the other way."""
    few, more = (12, 0, 0, 0), (12, 0, 0, 2)
    for then, now, what in ((few, more, "came"), (more, few, "went")):
        books = Books({}, {}, {Slice.LANGUAGE: [Stored("stua", QUARTER, {"nb": now})]})
        findings = found(books, *(language(QUARTER, {"nb": counts}, "stua") for counts in (then, now)))
        assert [(each.what, each.low) for each in findings] == [
            (f"what {what} after table by language 2022-01-01/2022-03-31 of stua, nb", 2)
        ]


def test_that_a_band_lets_only_few_have_come_says_of_nobody_that_they_did() -> None:
    books = Books({}, {}, {Slice.LANGUAGE: [Stored("stua", QUARTER, {"nb": happy(14)})]})
    assert found(books, *(language(QUARTER, {"nb": happy(n)}, "stua") for n in (12, 14))) == []


def test_figures_without_which_it_would_be_known_as_well_are_not_named() -> None:
    books = Books(
        {
            "stua": {JANUARY.first: happy(12), FEBRUARY.first: happy(14), MARCH.first: happy(4)},
            "hall": {JANUARY.first: happy(20)},
        },
        {},
        {},
    )
    (finding,) = found(
        books,
        total(JANUARY, happy(32), "hall", "stua"),
        total(QUARTER, happy(30), "stua"),
        total(months("2022-01", "2022-02"), happy(26), "stua"),
    )
    assert finding.figures == ("block 2022-01-01/2022-03-31 of stua", "block 2022-01-01/2022-02-28 of stua")


def test_figures_that_contradict_what_is_true_are_a_bug_and_no_finding() -> None:
    cell = Cell(Slice.LANGUAGE, "stua", JANUARY, "nb")
    wrong = Figure("", frozenset([cell]), happy(5), band=Band(9, 5), step=Step(95, 100))
    with pytest.raises(RuntimeError, match="no solution where the truth is one"):
        Bounds(Evidence({cell: happy(5)}, [wrong]), LEAST).of(frozenset([cell]))


def test_sums_that_are_shown_beside_the_tables_are_reckoned_with() -> None:
    cells: dict[str, Cells] = {"stua": {"nb": happy(30), "es": happy(12)}, "hall": {"nb": happy(30), "es": happy(6)}}
    stored = [Stored(name, QUARTER, table) for name, table in cells.items()]
    books = Books(
        {name: {JANUARY.first: add(*table.values())} for name, table in cells.items()}, {}, {Slice.LANGUAGE: stored}
    )
    told = [total(JANUARY, happy(42), "stua"), language(QUARTER, cells["stua"], "stua")]
    wrong = language(QUARTER, {"es": happy(18), "nb": happy(60)}, "hall", "stua")
    for now, findings in (([], 0), ([wrong], 1)):
        assert len(judge("Pro Sentret", VISIT, books, told, now, LEAST)[0]) == findings


def test_months_of_a_site_and_of_terminals_pieces_and_keys_are_hidden() -> None:
    books = Books(
        {"stua": {JANUARY.first: happy(12)}, "hall": {JANUARY.first: happy(8), FEBRUARY.first: happy(4)}},
        {"stua": [Piece(Period(JANUARY.first, JANUARY.first), happy(12))]},
        {Slice.LANGUAGE: [Stored("stua", JANUARY, {"nb": happy(12)})]},
    )
    told = [total(months("2022-01", "2022-02"), happy(24), "hall", "stua")]
    seen = evidence(books, told)
    hidden = {what: seen.truth(cells) for what, cells in targets(seen, told).items()}
    assert hidden == {
        "terminal stua in 2022-01-01/2022-01-31": happy(12),
        "terminal hall in 2022-01-01/2022-01-31": happy(8),
        "terminal hall in 2022-02-01/2022-02-28": happy(4),
        "terminal stua in the days 2022-01-01/2022-01-01": happy(12),
        "terminal stua in 2022-01-01/2022-01-31, language nb": happy(12),
        "the site in 2022-01-01/2022-01-31": happy(20),
        "the site in 2022-02-01/2022-02-28": happy(4),
        "terminal stua in 2022-01-01/2022-02-28": happy(12),
        "terminal hall in 2022-01-01/2022-02-28": happy(12),
    }


# What somebody might have, for what anybody knows.


def test_that_nobody_of_a_terminal_chose_a_key_is_not_known_either() -> None:
    """One of hall's would follow from kjeller's, if it were known that none of the Thai speakers was at stua."""
    languages: dict[str, Cells] = {
        "hall": {"nb": (14, 0, 0, 17), "th": (6, 0, 0, 0)},
        "kjeller": {"nb": (3, 0, 0, 8), "th": (6, 0, 0, 0)},
        "stua": {"nb": (20, 0, 0, 25)},
    }
    books = Books(
        {
            "hall": {JANUARY.first: happy(3), MARCH.first: (20, 0, 0, 14)},
            "kjeller": {JANUARY.first: happy(4), FEBRUARY.first: (9, 0, 0, 4)},
            "stua": {JANUARY.first: happy(5), MARCH.first: (20, 0, 0, 20)},
        },
        {},
        {Slice.LANGUAGE: [Stored(name, QUARTER, cells) for name, cells in languages.items()]},
    )
    told = [
        total(JANUARY, happy(12), "hall", "kjeller", "stua"),
        total(FEBRUARY, (9, 0, 0, 4), "kjeller"),
        total(MARCH, (20, 0, 0, 14), "hall"),
        total(MARCH, (20, 0, 0, 20), "stua"),
        language(QUARTER, {"nb": (37, 0, 0, 50), "th": (12, 0, 0, 0)}, "hall", "kjeller", "stua"),
    ]
    assert found(books, *told) == []
    # Where a table says that there was none at stua, it is known.
    apart = language(QUARTER, {"nb": (20, 0, 0, 25)}, "stua")
    known = {each.what: each.low for each in found(books, *told, apart)}
    assert known["terminal hall in 2022-01-01/2022-03-31, language th"] == 1


# What a figure says.

few = st.tuples(*[st.integers(0, 40)] * 4)


@given(few, few)
def test_a_band_and_a_step_say_all_that_they_say_and_no_more(truth: Counts, other: Counts) -> None:
    """Also at the ends: "5 % or less" has its 5 % in it, and 85–90 % has not its 90 %."""
    assume(sum(truth) >= 5 and sum(other) >= 5)
    assert says(truth, truth)
    assert says(truth, other) == (band(sum(truth)) == band(sum(other)) and step(truth) == step(other))


def test_what_lies_at_an_edge_is_told_as_the_step_that_it_is_in() -> None:
    assert not says((0, 0, 0, 20), (2, 0, 0, 18))  # 100 and 90 %
    assert says((0, 0, 0, 20), (1, 0, 0, 19))  # 100 and 95 %
    assert says((20, 0, 0, 0), (19, 0, 0, 1))  # 0 and 5 %
    assert not says((20, 0, 0, 0), (18, 0, 0, 2))  # 0 and 10 %
    assert not says((10, 0, 0, 10), (9, 0, 0, 11))  # 50 and 55 %
    assert not says((9, 0, 0, 11), (10, 0, 0, 10))


def test_from_so_many_on_a_band_has_no_upper_end() -> None:
    assert says(happy(EXACT), happy(10 * EXACT))


def says(truth: Counts, other: Counts) -> bool:
    """Whether what is told of some counts could have been told of others."""
    told = rows(Figure("", frozenset(), truth, band=band(sum(truth)), step=step(truth)))
    return all(low <= sum(map(int.__mul__, weights, other)) <= high for weights, low, high in told)


def test_counts_are_told_score_by_score() -> None:
    told = rows(Figure("", frozenset(), (1, 2, 3, 4), counts=(1, 2, 3, 4)))
    assert [(low, high) for _, low, high in told] == [(1, 1), (2, 2), (3, 3), (4, 4)]


# What was ever published.


def test_all_that_a_block_a_piece_and_a_table_ever_showed_is_published() -> None:
    block = Published(JANUARY, (Group(("stua",), happy(40), (happy(12), happy(25))),))
    trend = Shown(Piece(JANUARY, happy(12)), ("stua",))
    table = Divided(JANUARY, (Unit(("stua",), {"nb": happy(40)}, ({"nb": happy(12)},)),))
    assert records([block], [trend], {Slice.LANGUAGE: [table]}) == [
        total(JANUARY, happy(12), "stua"),
        total(JANUARY, happy(25), "stua"),
        total(JANUARY, happy(40), "stua"),
        Record(Slice.TREND, ("stua",), JANUARY, ((COUNTED, happy(12)),)),
        language(JANUARY, {"nb": happy(12)}, "stua"),
        language(JANUARY, {"nb": happy(40)}, "stua"),
    ]


def test_what_is_withdrawn_is_told_no_more_and_was_told_before() -> None:
    block = Published(JANUARY, (Group(("stua",), happy(0), (happy(12),)),))
    table = Divided(JANUARY, (Unit(("stua",), {}, ({"nb": happy(12)},)),))
    assert records([block], [], {Slice.LANGUAGE: [table]}) == [
        total(JANUARY, happy(12), "stua"),
        language(JANUARY, {"nb": happy(12)}, "stua"),
    ]


def test_the_tables_of_a_whole_site_are_sums_that_are_shown_beside_them() -> None:
    units = tuple(Unit((name,), cells) for name, cells in TABLES.items())
    assert whole_sites({Slice.LANGUAGE: [Divided(JANUARY, units)]}) == [
        replace(language(JANUARY, {"nb": happy(50), "other": happy(24)}, "hall", "stua"), least=12)
    ]
    assert whole_sites({Slice.LANGUAGE: [Divided(JANUARY, units[:1])]}) == []
    withdrawn = Unit(("hall",), {}, (units[1].cells,))
    assert whole_sites({Slice.LANGUAGE: [Divided(JANUARY, (units[0], withdrawn))]}) == []


TABLES: dict[str, Cells] = {
    "stua": {"nb": happy(20), "th": happy(12)},
    "hall": {"nb": happy(30), "other": happy(12)},
}


# What adds up.


def test_pieces_stand_for_their_month_only_where_they_are_all_of_it() -> None:
    week, rest = Period(JANUARY.first, JANUARY.first), Period(JANUARY.last, JANUARY.last)
    pieces = [Piece(week, happy(12)), Piece(rest, happy(11))]
    for n, parts in ((23, 2), (24, 1)):
        seen = evidence(Books({"stua": {JANUARY.first: happy(n)}}, {"stua": pieces}, {}), [])
        (month,) = (cells for cell, cells in seen.parts.items() if cell.slice is Slice.TOTAL)
        assert len(month) == parts
        assert seen.truth(seen.within(Slice.TOTAL, ["stua"], QUARTER)) == happy(n)


def test_keys_balance_with_months_where_they_do_and_terminals_that_are_told_alike_do_so_together() -> None:
    stored = [
        Stored("stua", QUARTER, {"nb": happy(12)}),
        Stored("hall", QUARTER, {"nb": happy(6), "th": happy(5)}),
        Stored("kjeller", QUARTER, {"nb": happy(20)}),
    ]
    monthly = {"stua": {JANUARY.first: happy(12)}, "hall": {JANUARY.first: happy(11)}, "kjeller": {}}
    books = Books(monthly | {"kjeller": {JANUARY.first: happy(21)}}, {}, {Slice.LANGUAGE: stored})
    apart = [total(JANUARY, happy(12), "stua"), total(JANUARY, happy(11), "hall")]
    table = language(QUARTER, {"nb": happy(18), "th": happy(5)}, "hall", "stua")
    assert [sizes(books, *told) for told in ([table], [*apart, table])] == [
        [({"hall", "stua"}, 23)],
        [({"hall"}, 11), ({"stua"}, 12)],
    ]


def test_only_blocks_and_tables_of_a_tables_own_days_divide_its_terminals() -> None:
    april = parse_month("2022-04")
    books = Books(
        {
            "stua": {JANUARY.first: happy(12), april.first: happy(10)},
            "hall": {JANUARY.first: happy(11), april.first: happy(10)},
        },
        {},
        {Slice.LANGUAGE: [Stored("stua", QUARTER, {"nb": happy(12)}), Stored("hall", QUARTER, {"nb": happy(11)})]},
    )
    table = language(QUARTER, {"nb": happy(23)}, "hall", "stua")
    later = [total(april, happy(10), "stua"), total(april, happy(10), "hall")]
    assert sizes(books, table, *later) == [({"hall", "stua"}, 23)]


def test_keys_that_are_not_all_of_the_months_balance_with_nothing() -> None:
    books = Books(
        {"stua": {JANUARY.first: happy(13)}}, {}, {Slice.LANGUAGE: [Stored("stua", QUARTER, {"nb": happy(12)})]}
    )
    assert sizes(books, language(QUARTER, {"nb": happy(12)}, "stua")) == []


def test_what_a_terminal_sent_in_two_lives_adds_up() -> None:
    stored = [Stored("stua", QUARTER, {"nb": happy(n)}) for n in (12, 30)]
    assert evidence(Books({}, {}, {Slice.LANGUAGE: stored}), []).truth(
        [Cell(Slice.LANGUAGE, "stua", QUARTER, "nb")]
    ) == happy(42)


def sizes(books: Books, *told: Record) -> list[tuple[set[str], int]]:
    seen = evidence(books, told)
    return [({cell.terminal for cell in each.keys}, sum(seen.truth(each.months))) for each in seen.balances]


def test_a_key_tells_of_all_that_went_into_it() -> None:
    stored = [
        Stored("stua", QUARTER, {"1-12": happy(10), "1-13": happy(8), "1-14/16": happy(5), "2-12": happy(7)}),
        Stored("hall", QUARTER, {"1-14": happy(20)}),
    ]
    told = Record(Slice.HOUR, ("stua",), QUARTER, (("1-12", happy(10)), ("1-13/16", happy(13)), ("other", happy(7))))
    figures = evidence(Books({}, {}, {Slice.HOUR: stored}), [told]).figures
    assert [{cell.key for cell in each.cells if cell.terminal == "stua"} for each in figures] == [
        {"1-12"},
        {"1-13", "1-14/16", "1-13/16"},
        {"2-12", "other"},
    ]


def test_a_table_is_told_as_the_page_tells_it() -> None:
    large, small = {"nb": happy(EXACT), "en": happy(EXACT)}, {"nb": happy(EXACT), "en": happy(EXACT - 1)}
    books = Books({}, {}, {Slice.LANGUAGE: [Stored("stua", QUARTER, large)]})
    for cells, exact in ((large, True), (small, False)):
        seen = evidence(books, [language(QUARTER, cells, "stua")])
        assert [(each.then, each.counts is not None) for each in seen.figures] == [
            (counts, exact) for _, counts in sorted(cells.items())
        ]
        assert seen.exact == []
        assert add(*(seen.truth(each.cells) for each in seen.figures)) == happy(2 * EXACT)
