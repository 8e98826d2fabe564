"""The audit: it has nothing to say of random sites whose rules are kept, and finds each rule that is broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard import audit_classes, audit_memory, blocks, disclosure, places, slices, splits, store, summing, trends
from dashboard.audit import Finding, Remembered, audit, judge
from dashboard.audit_evidence import Books, Record, evidence, whole_sites
from dashboard.audit_swaps import Swaps
from dashboard.bands import Band
from dashboard.blocks import Group
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import Period, parse_month
from ratings.pooling import Piece, hold_one_back, pool
from ratings.scale import Counts, add
from ratings.table import COUNTED, Cells, Slice
from tests.dashboard.filling import Filling, day, months
from tests.dashboard.many_audits import judged
from tests.dashboard.random_sites import grow

LEAST = 10
SECOND = "00000000-0000-4000-8000-000000000002"
NOW = datetime(2022, 12, 31, 12, tzinfo=UTC)
SEEDS = range(50)
"""For each of three thresholds. `make audits` looks at thousands."""


@pytest.mark.parametrize("threshold", [5, 10, 17])
def test_random_sites_tell_of_nobody(threshold: int) -> None:
    """Terminals of all sizes, that come late, twice, or for a while; looked at every few days."""
    for seed in SEEDS:
        assert judged(grow(seed * 3 + threshold, threshold=threshold)) == [], seed


def test_even_who_knew_every_published_count_exactly_would_learn_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """So no sum of them can tell anything, in whatever bands it is told: each is of whole ones (`test_unions.py`)."""
    monkeypatch.setattr(splits, "EXACT", 1)
    findings = [each for seed in SEEDS for each in judged(grow(seed, threshold=(5, 10, 17)[seed % 3]))]
    assert findings, "nothing was told exactly"
    assert [each for each in findings if each.low is not None] == []


# Rules that are broken, one by one, and random sites in which it shows. Many rules stand behind another one, which then
# has to be broken, too.

_plan = blocks.plan


def _whole_pieces(pieces: Sequence[Piece], minimum: int, *, complete: bool) -> tuple[list[Piece], list[Piece]]:
    return [piece for piece in hold_one_back(pieces, minimum, complete=True)[0] if piece.n >= minimum], []


def _whatever_there_is(days: Period, terminals: Sequence[str], kept: slices.Books) -> Cells | None:
    return summing.together(kept.slice, [table.cells for table in kept.tables(days, terminals)]) or None


def _each_by_itself(groups: Sequence[Group]) -> list[tuple[str, ...]]:
    return sorted({(each,) for group in groups for each in group.terminals})


def _stored_periods(kept: slices.Books) -> list[Period]:
    return sorted({table.days for table in kept.stored})


BROKEN: dict[str, tuple[list[tuple[Any, str, Any]], tuple[int, ...]]] = {
    "no threshold for blocks": (
        [(blocks, "plan", lambda before, monthly, today, _, trend=(): _plan(before, monthly, today, 1, trend))],
        (0, 1, 2),
    ),
    "no threshold for terminals": (
        [(blocks, "group_small", lambda sizes, _: [[terminal] for terminal, _ in sizes])],
        (0, 3, 4),
    ),
    "a block changes by less": ([(blocks, "may_change", lambda *_: True)], (5, 6, 11)),
    "a table changes by less": ([(slices, "may_change", lambda *_: True)], (28, 194)),
    "no piece is held back": (
        [
            (trends, "hold_one_back", _whole_pieces),
            (trends, "give_away", lambda *_: False),
            (blocks, "give_away", lambda *_: False),
        ],
        (6, 7, 9),
    ),
    "pieces of any size": (
        [(trends, "hold_one_back", lambda pieces, _, complete: (list(pieces), []))],
        (0, 1, 2),
    ),
    "terminals and days cross": (
        [(blocks, "give_away", lambda *_: False), (trends, "give_away", lambda *_: False)],
        (16, 38, 61),
    ),
    "terminals and keys cross": ([(slices, "tells", lambda *_, **__: False)], (268,)),
    "keys below the threshold": (
        [
            (slices, "pool", lambda slice_, cells, _: pool(slice_, cells, 5)),
            (slices, "_is_safe", lambda _, __, page, ___: all(sum(counts) >= 5 for counts in page.values())),
        ],
        (3, 8, 11),
    ),
    "books that do not balance": ([(slices, "_cells", _whatever_there_is)], (5, 6, 7)),
    "periods that cut a block": (
        [
            (slices.Books, "are_open", lambda *_: False),
            (slices, "_cells", _whatever_there_is),
            (slices, "_ranges", _stored_periods),
        ],
        (5, 6, 7),
    ),
    "terminals apart that blocks show together": (
        [(slices, "_never_apart", _each_by_itself), (slices, "_cells", _whatever_there_is)],
        (0, 3, 4),
    ),
    "counts where bands are due": ([(splits, "EXACT", 1)], (0, 3, 4)),
}


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[int, ...]]:
    def break_rule(name: str) -> tuple[int, ...]:
        for place, what, other in BROKEN[name][0]:
            monkeypatch.setattr(place, what, other)
        return BROKEN[name][1]

    return break_rule


@pytest.mark.parametrize("rule", BROKEN)
def test_the_audit_finds_a_broken_rule(rule: str, breaking: Callable[[str], tuple[int, ...]]) -> None:
    assert any(judged(grow(seed)) for seed in breaking(rule))


@pytest.mark.parametrize("rule", ["no piece is held back", "terminals apart that blocks show together", "none"])
def test_what_swaps_show_the_solver_shows_too(
    rule: str, breaking: Callable[[str], tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearly all counts are found safe without the solver: it must say the same of each."""
    for seed in (*(breaking(rule) if rule in BROKEN else ()), 3, 19, 40):
        site = grow(seed, most_terminals=3)
        with monkeypatch.context() as without:
            found = judged(site)
            without.setattr(Swaps, "can_be_empty", lambda *_: False)
            assert judged(site) == found


@pytest.mark.parametrize(
    ("rule", "seeds"),
    [
        ("no threshold for blocks", (0, 11)),
        ("no threshold for terminals", (21,)),
        ("no piece is held back", (16,)),
        ("none", (3, 19)),
    ],
)
def test_what_is_found_of_terminals_joined_is_found_of_each_apart(
    rule: str, seeds: tuple[int, ...], breaking: Callable[[str], tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sites in which joining too much, or asking too little of a joined terminal's keys, gives other findings."""
    if rule in BROKEN:
        breaking(rule)
    for seed in seeds:
        site = grow(seed)
        with monkeypatch.context() as apart:
            found = judged(site)
            apart.setattr(audit_classes, "_joined", lambda *_: {})
            assert judged(site) == found, seed


# What an attacker can put together, by hand.


def happy(n: int) -> Counts:
    return (0, 0, 0, n)


def month(text: str) -> Period:
    return parse_month(f"2022-{text}")


def total(days: Period, n: int, *terminals: str) -> Record:
    return Record(Slice.TOTAL, terminals, days, ((COUNTED, happy(n)),))


def language(days: Period, cells: Cells, *terminals: str) -> Record:
    return Record(Slice.LANGUAGE, terminals, days, tuple(sorted(cells.items())))


def found(books: Books, *told: Record) -> list[Finding]:
    return judge("Pro Sentret", VISIT, books, told, [], LEAST)[0]


def months_of(**terminals: dict[str, int]) -> Books:
    monthly = {
        name: {month(text).first: happy(n) for text, n in numbers.items()} for name, numbers in terminals.items()
    }
    return Books(monthly, {}, {})


def test_a_block_that_is_cut_gives_away_the_rest() -> None:
    site = months_of(stua={"01": 12, "02": 14, "03": 4})
    long, short = months("2022-01", "2022-03"), months("2022-01", "2022-02")
    assert found(site, total(long, 30, "stua")) == []
    assert found(site, total(long, 30, "stua"), total(short, 26, "stua")) == [
        Finding(
            "Pro Sentret",
            VISIT,
            "terminal stua in 2022-03-01/2022-03-31",
            4,
            4,
            ("block 2022-01-01/2022-03-31 of stua", "block 2022-01-01/2022-02-28 of stua"),
        )
    ]


def test_a_site_less_one_terminal_is_the_other() -> None:
    site = months_of(stua={"01": 30}, hall={"01": 6})
    assert found(site, total(month("01"), 36, "stua", "hall")) == []
    (finding,) = found(site, total(month("01"), 36, "stua", "hall"), total(month("01"), 30, "stua"))
    assert (finding.what, finding.low, finding.high) == ("terminal hall in 2022-01-01/2022-01-31", 6, 6)


def test_a_block_less_what_a_quarter_is_told_to_have_is_known_within_a_band() -> None:
    site = months_of(stua={"02": 10, "04": 3})
    site = replace(
        site, stored={Slice.LANGUAGE: [slices.Stored("stua", months("2022-01", "2022-03"), {"nb": happy(10)})]}
    )
    told = [total(months("2022-02", "2022-04"), 13, "stua")]
    assert found(site, *told) == []
    findings = found(site, *told, language(months("2022-01", "2022-03"), {"nb": happy(10)}, "stua"))
    assert [(each.what, each.low, each.high) for each in findings] == [
        ("terminal stua in 2022-04-01/2022-04-30", 0, 3),
    ]


def test_other_is_subtracted_where_a_sum_shows_what_a_terminal_has_pooled() -> None:
    quarter = months("2022-01", "2022-03")
    cells = {"stua": {"nb": happy(30), "es": happy(12)}, "hall": {"nb": happy(30), "es": happy(6), "en": happy(5)}}
    stored = [slices.Stored(name, quarter, table) for name, table in cells.items()]
    site = Books(
        {name: {month("01").first: add(*table.values())} for name, table in cells.items()}, {}, {Slice.LANGUAGE: stored}
    )
    apart = [
        total(month("01"), 42, "stua"),
        total(month("01"), 41, "hall"),
        language(quarter, {"nb": happy(30), "es": happy(12)}, "stua"),
        language(quarter, {"nb": happy(30), "other": happy(11)}, "hall"),
    ]
    assert found(site, *apart, language(quarter, {"nb": happy(60), "other": happy(23)}, "hall", "stua")) == []
    findings = found(
        site, *apart, language(quarter, {"nb": happy(60), "es": happy(18), "other": happy(5)}, "hall", "stua")
    )
    assert "terminal hall in 2022-01-01/2022-03-31, language es" in {each.what for each in findings}


def test_the_sum_of_a_site_is_told_as_its_page_tells_it() -> None:
    quarter = months("2022-01", "2022-03")
    cells = {"stua": {"nb": happy(70), "en": happy(60)}, "hall": {"nb": happy(80), "en": happy(55)}}
    stored = [slices.Stored(name, quarter, table) for name, table in cells.items()]
    units = tuple(slices.Unit((name,), table) for name, table in cells.items())
    (whole,) = whole_sites({Slice.LANGUAGE: [slices.Divided(quarter, units)]})
    told = evidence(Books({}, {}, {Slice.LANGUAGE: stored}), [whole]).figures
    assert [(each.then, each.counts, each.band) for each in told] == [
        (happy(115), None, Band(100, None)),
        (happy(150), None, Band(100, None)),
    ]


def test_bands_tighten_each_other() -> None:
    """Four keys of at least ten each leave a fifth no more than what is over in a total that everybody knows."""
    quarter = months("2022-01", "2022-03")
    cells = {key: happy(10) for key in ("bg", "en", "es", "nb")} | {"th": happy(7)}
    site = Books(
        {"stua": {month("01").first: happy(47)}}, {}, {Slice.LANGUAGE: [slices.Stored("stua", quarter, cells)]}
    )
    shown = {key: counts for key, counts in cells.items() if key != "th"}
    findings = found(site, total(month("01"), 47, "stua"), language(quarter, shown, "stua"))
    assert [(each.what, each.low, each.high) for each in findings] == [
        ("terminal stua in 2022-01-01/2022-03-31, language th", 0, 7)
    ]


def test_a_score_that_a_terminal_hardly_has_leaves_it_little_of_a_key() -> None:
    """Hall is in both blocks, so that nothing is told of a terminal; but all who were unhappy were of January."""
    quarter, january, february = months("2022-01", "2022-03"), (6, 0, 0, 6), happy(30)
    keys: dict[str, Cells] = {
        "stua": {"nb": happy(4), "en": (3, 0, 0, 0)},
        "hall": {"nb": happy(15), "en": (3, 0, 0, 6)},
        "kjeller": {"nb": happy(11)},
    }
    monthly = {
        "stua": {month("01").first: (3, 0, 0, 4)},
        "hall": {month("01").first: (3, 0, 0, 2), month("02").first: happy(19)},
        "kjeller": {month("02").first: happy(11)},
    }
    stored = [slices.Stored(name, quarter, cells) for name, cells in keys.items()]
    findings = found(
        Books(monthly, {}, {Slice.LANGUAGE: stored}),
        Record(Slice.TOTAL, ("hall", "stua"), month("01"), ((COUNTED, january),)),
        Record(Slice.TOTAL, ("hall", "kjeller"), month("02"), ((COUNTED, february),)),
        language(quarter, {"nb": happy(30), "en": (6, 0, 0, 6)}, "hall", "kjeller", "stua"),
    )
    assert [(each.what, each.low, each.high) for each in findings] == [
        ("terminal stua in 2022-01-01/2022-03-31, language nb", 0, 8)
    ]


def test_what_a_terminal_is_known_to_have_is_in_its_only_key() -> None:
    site = months_of(stua={"01": 3, "02": 5}, hall={"01": 27})
    quarter = months("2022-01", "2022-03")
    stored = [slices.Stored(name, quarter, {"nb": happy(n)}) for name, n in (("stua", 8), ("hall", 27))]
    findings = found(
        replace(site, stored={Slice.LANGUAGE: stored}),
        total(month("01"), 30, "hall", "stua"),
        total(month("02"), 5, "stua"),
        language(quarter, {"nb": happy(35)}, "hall", "stua"),
    )
    assert {each.what: (each.low, each.high) for each in findings} == {
        "terminal stua in 2022-02-01/2022-02-28": (5, 5),
        "terminal stua in 2022-01-01/2022-03-31, language nb": (5, None),
    }


def test_what_came_between_two_looks_is_known() -> None:
    site = months_of(stua={"01": 33})
    assert found(site, total(month("01"), 30, "stua")) == []
    (finding,) = found(site, total(month("01"), 30, "stua"), total(month("01"), 33, "stua"))
    assert finding.what == "what came after block 2022-01-01/2022-01-31 of stua"
    assert (finding.low, finding.high) == (3, 3)


def test_what_went_between_two_looks_is_known() -> None:
    site = months_of(stua={"01": 27})
    (finding,) = found(site, total(month("01"), 30, "stua"), total(month("01"), 27, "stua"))
    assert (finding.what, finding.low, finding.high) == ("what went after block 2022-01-01/2022-01-31 of stua", 3, 3)


# The whole path: a database, a backup of it, and the command's memory.


def publish(engine: Engine) -> None:
    with store.reading(engine) as connection:
        ids = [each.id for each in places.sites(connection)]
    disclosure.publish_if_due(engine, ids, VISIT, day("2022-12-31"), LEAST)


def test_a_database_is_audited_and_live_sites_are_not_covered(engine: Engine, filling: Filling) -> None:
    stua, _ = filling.terminal("Stua"), filling.terminal("Kiosk", "Live", live=True)
    filling.month(stua, "2022-01", happy(12))
    filling.month(stua, "2022-02", happy(4))
    filling.split(stua, Slice.LANGUAGE, "2022-01", {"nb": happy(7), "en": happy(5)})
    publish(engine)
    with store.reading(engine) as connection:
        looked = audit(connection, NOW, LEAST)
    assert looked.passed
    assert looked.not_covered == ("Live",)
    assert {each.record.slice for each in looked.published} == {Slice.TOTAL, Slice.LANGUAGE}
    assert looked.hidden == 3  # February, seven Norwegian and five English


def test_a_backup_that_was_restored_and_published_from_again_is_found(sqlite: Filling, tmp_path: Path) -> None:
    """Hall's nine came a month late: left out of the block that everybody saw, and within the one formed again."""
    engine, filling, memory = sqlite.engine, sqlite, tmp_path / "published.json"
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    filling.month(stua, "2022-01", happy(30))
    publish(engine)
    with store.reading(engine) as connection:
        looked = audit(connection, NOW, LEAST, audit_memory.load(memory))
    audit_memory.save(memory, looked.published)
    assert looked.passed

    filling.empty()  # The backup was from before the block was formed.
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    filling.month(stua, "2022-01", happy(30))
    filling.month(hall, "2022-01", happy(9))
    publish(engine)
    with store.reading(engine) as connection:
        assert audit(connection, NOW, LEAST).passed  # By itself it knows of nothing else.
        looked = audit(connection, NOW, LEAST, audit_memory.load(memory))
    (finding,) = looked.findings
    assert (finding.what, finding.low, finding.high) == (f"terminal {hall} in 2022-01-01/2022-01-31", 9, 9)


def test_the_memory_is_kept_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    memory = tmp_path / "published.json"
    assert audit_memory.load(memory) == []
    kept = [Remembered("Pro Sentret", VISIT, language(month("01"), {"nb": happy(12)}, "stua"))]
    for _ in range(2):
        audit_memory.save(memory, kept)
        assert audit_memory.load(memory) == kept
    assert memory.stat().st_mode & 0o777 == 0o600
    memory.write_bytes(memory.read_bytes()[:-2])
    with pytest.raises(audit_memory.ForgottenError, match=r"published\.json.*put this one back from a backup"):
        audit_memory.load(memory)
    with pytest.raises(audit_memory.ForgottenError, match="cannot be read"):
        audit_memory.load(tmp_path)
