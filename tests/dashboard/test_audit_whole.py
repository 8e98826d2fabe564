"""The audit of a whole dashboard: all its sites, questions, slices and sums, and what was remembered of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard import audit_memory, disclosure, places, splits, store
from dashboard.audit import Audit, Remembered, audit
from dashboard.audit_evidence import Record
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import parse_month
from ratings.scale import Counts
from ratings.table import COUNTED, Slice, Table
from tests.dashboard.filling import EPOCH, Filling, day

LEAST = 10
NOW = datetime(2022, 12, 31, 12, tzinfo=UTC)
STAY = "stay"
JANUARY = parse_month("2022-01")


def happy(n: int) -> Counts:
    return (0, 0, 0, n)


def total(n: int, terminal: str) -> Record:
    return Record(Slice.TOTAL, (terminal,), JANUARY, ((COUNTED, happy(n)),))


def looked(filling: Filling, before: Sequence[Remembered] = ()) -> Audit:
    """Publish all that there is to publish, and audit it."""
    with store.reading(filling.engine) as connection:
        ids = [each.id for each in places.sites(connection)]
    for question in (VISIT, STAY):
        disclosure.publish_if_due(filling.engine, ids, question, day("2022-12-31"), LEAST)
    with store.reading(filling.engine) as connection:
        return audit(connection, NOW, LEAST, before)


@pytest.fixture
def three(sqlite: Filling) -> Filling:
    """Three sites with a block of 30 and a hidden month of 4 each; one of them has been asked another question, too."""
    for name, site in (("Stua", "Nord"), ("Hall", "Sør"), ("Kjeller", "Vest")):
        terminal = sqlite.terminal(name, site)
        sqlite.month(terminal, "2022-01", happy(30))
        sqlite.month(terminal, "2022-02", happy(4))
    with sqlite.engine.begin() as connection:
        cells = {COUNTED: happy(30)}
        store.merge(connection, "stua", EPOCH, [Table(STAY, Slice.TOTAL, "2022-01", cells)], 2)
    return sqlite


THIRTY = [("Nord", VISIT, "stua"), ("Nord", STAY, "stua"), ("Sør", VISIT, "hall"), ("Vest", VISIT, "kjeller")]


def test_all_sites_and_questions_are_looked_at(three: Filling) -> None:
    found = looked(three)
    assert found.passed
    assert set(found.published) == {Remembered(site, asked, total(30, name)) for site, asked, name in THIRTY}
    assert found.hidden == 3


def test_what_was_told_before_is_found_in_each(three: Filling) -> None:
    found = looked(three, [Remembered(site, asked, total(27, name)) for site, asked, name in THIRTY])
    assert [(each.site, each.question, each.low) for each in sorted(found.findings, key=str)] == [
        (site, asked, 3) for site, asked, _ in sorted(THIRTY)
    ]


@pytest.mark.parametrize("where", THIRTY)
def test_what_is_remembered_is_of_its_site_and_question_alone(three: Filling, where: tuple[str, str, str]) -> None:
    site, asked, name = where
    before = Remembered(site, asked, total(27, name))
    found = looked(three, [before])
    assert [(each.site, each.question) for each in found.findings] == [(site, asked)]
    assert len(found.published) == len(THIRTY) + 1


def test_what_was_published_of_a_site_that_is_gone_stays_remembered(three: Filling) -> None:
    gone = Remembered("Øst", VISIT, total(27, "loft"))
    assert gone in looked(three, [gone]).published


def test_what_is_remembered_grows(three: Filling, tmp_path: Path) -> None:
    memory = tmp_path / "published.json"
    audit_memory.save(memory, looked(three).published)
    three.month("stua", "2022-03", happy(12))
    grown = looked(three, audit_memory.load(memory)).published
    audit_memory.save(memory, grown)
    assert set(audit_memory.load(memory)) == set(grown)
    assert len(grown) == len(THIRTY) + 1
    assert memory.stat().st_mode & 0o777 == 0o600


def test_the_trend_is_looked_at(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    sqlite.month(stua, "2022-01", happy(24))
    for days, n in (("2022-01-01/2022-01-09", 6), ("2022-01-10/2022-01-16", 6), ("2022-01-17/2022-01-31", 12)):
        sqlite.trend(stua, days, happy(n))
    found = looked(sqlite)
    assert [(each.record.slice, str(each.record.days.last)) for each in found.published] == [
        (Slice.TOTAL, "2022-01-31"),
        (Slice.TREND, "2022-01-16"),
        (Slice.TREND, "2022-01-31"),
    ]
    assert (found.passed, found.hidden) == (True, 2)


def test_the_tables_of_whole_sites_are_looked_at(sqlite: Filling, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Stua", "Hall"):
        terminal = sqlite.terminal(name)
        sqlite.month(terminal, "2022-01", happy(30))
        sqlite.split(terminal, Slice.LANGUAGE, "2022-01", {"nb": happy(30)})
    assert looked(sqlite).passed
    monkeypatch.setattr(splits, "EXACT", 1)
    table = "table by language 2022-01-01/2022-01-31 of"
    assert {each.figures for each in looked(sqlite).findings} == {
        (f"{table} {terminals}",) for terminals in ("stua", "hall", "hall, stua")
    }
