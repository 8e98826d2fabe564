"""`fjes dashboard audit` as people and timers run it: what it says, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from dashboard import disclosure, schema, splits, store
from fjes.cli import main
from ratings.config import DEFAULT_QUESTION
from ratings.table import Slice
from tests.dashboard.filling import Filling, day, site

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A database with one published block of 30, and a hidden month of 4."""
    monkeypatch.setenv("FJES_DATABASE", sqlite_url)
    engine = store.open_engine(sqlite_url)
    filling = Filling(engine)
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 0, 30))
    filling.month(stua, "2022-02", (0, 0, 0, 4))
    with engine.begin() as connection:
        disclosure.publish(connection, site(connection).id, DEFAULT_QUESTION, day("2022-12-31"), 10)
    engine.dispose()
    return lambda *words: CliRunner().invoke(main, ["dashboard", "audit", *map(str, words)])


@pytest.fixture
def told_before(run: Run, sqlite_url: str) -> None:
    """As if the block had been shown with 27 before: three came between two looks."""
    engine = store.open_engine(sqlite_url)
    with engine.begin() as connection:
        counts = {"very_unhappy": 0, "unhappy": 0, "happy": 0, "very_happy": 27}
        connection.execute(insert(schema.earlier_group).values(block_id=1, number=0, change=0, **counts))
    engine.dispose()


def test_a_good_dashboard_passes(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    assert result.output == (
        "1 published figures and tables, 1 counts that are hidden, threshold 10.\n"
        "Nothing is told of fewer than the threshold.\n"
    )


@pytest.mark.usefixtures("told_before")
def test_what_was_told_is_said_with_the_figures_that_tell_it(run: Run) -> None:
    result = run()
    assert result.exit_code == 1
    assert (
        "Pro Sentret, visit: what came after block 2022-01-01/2022-01-31 of stua: between 3 and 3 ratings, "
        "which follows from\n"
        "    block 2022-01-01/2022-01-31 of stua\n"
        "    block 2022-01-01/2022-01-31 of stua\n"
    ) in result.output
    assert "1 found." in result.output


@pytest.mark.usefixtures("told_before")
def test_programs_get_the_same(run: Run) -> None:
    result = run("--json")
    document = json.loads(result.output)
    assert result.exit_code == 1
    assert (document["passed"], document["hidden"]) == (False, 1)
    assert [(each["low"], each["high"]) for each in document["findings"]] == [(3, 3)]


def test_what_is_published_is_remembered_outside_the_database(run: Run, tmp_path: Path) -> None:
    memory = tmp_path / "published.json"
    assert run("--remember", memory).exit_code == 0
    (kept,) = json.loads(memory.read_bytes())
    assert kept["site"] == "Pro Sentret"
    # A backup is restored, from which the block was told with other counts.
    memory.write_text(memory.read_text().replace("30", "32"))
    result = run("--remember", memory)
    assert result.exit_code == 1
    assert "what went after block" in result.output


@pytest.mark.parametrize("content", ["", "[", '{"a": 1}', '[{"site": 1}]', "\0\0", "[[[["])
def test_a_damaged_memory_is_refused_and_left_alone(run: Run, tmp_path: Path, content: str) -> None:
    memory = tmp_path / "published.json"
    memory.write_text(content)
    result = run("--remember", memory)
    assert result.exit_code == 1
    assert "is not what an audit has written" in result.output
    assert memory.read_text() == content


def test_a_memory_that_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    result = run("--remember", tmp_path / "missing" / "published.json")
    assert result.exit_code == 1
    assert "cannot be written (No such file or directory); name a file in a folder of this user" in result.output


def test_it_goes_by_the_threshold_of_the_configuration(run: Run, tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "fjes.toml").write_text(f'[dashboard]\nthreshold = 35\ndatabase = "{sqlite_url}"\n')
    result = run("--config", tmp_path / "fjes.toml")
    assert result.exit_code == 1
    assert "threshold 35." in result.output
    assert "terminal stua in 2022-01-01/2022-01-31: between 30 and 30 ratings" in result.output


def test_sites_that_release_live_are_named(run: Run, sqlite_url: str) -> None:
    engine = store.open_engine(sqlite_url)
    Filling(engine).terminal("Kasse", "Kafeen", live=True)
    engine.dispose()
    result = run()
    assert result.exit_code == 0
    assert "Not covered, since its running counts are shown live: Kafeen." in result.output
    assert json.loads(run("--json").output)["not_covered"] == ["Kafeen"]


def test_exact_figures_where_bands_are_due_are_said(run: Run, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which no page shows, unless the rule is broken."""
    engine = store.open_engine(sqlite_url)
    filling = Filling(engine)
    filling.split("stua", Slice.LANGUAGE, "2022-01", {"nb": (0, 0, 0, 30)})
    with engine.begin() as connection:
        disclosure.publish(connection, site(connection).id, DEFAULT_QUESTION, day("2022-12-31"), 10)
    engine.dispose()
    assert run().exit_code == 0
    monkeypatch.setattr(splits, "EXACT", 1)
    result = run()
    assert result.exit_code == 1
    assert (
        "Pro Sentret, visit: table by language 2022-01-01/2022-01-31 of stua: exact figures where bands are due.\n"
        in result.output
    )
