"""`fjes dashboard`: each command does its one thing, and a trouble is one line that says what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard import quarantine, store
from fjes.cli import main


def fjes(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["dashboard", *arguments], catch_exceptions=False)


def test_a_terminal_is_enrolled_in_a_database_that_is_made(empty_database_url: str) -> None:
    result = fjes("terminal", "add", "Stua", "--site", "Pro Sentret", "--database", empty_database_url)

    assert result.output == (
        "Terminal 'Stua' of 'Pro Sentret' is enrolled. In its fjes.toml, under [terminal], write: id = 'stua'\n"
    )
    again = fjes("terminal", "add", "Stua", "--site", "Pro Sentret", "--database", empty_database_url)
    assert (again.exit_code, again.output) == (
        1,
        "Error: there is already a terminal called 'Stua'; choose another name\n",
    )


def test_the_database_is_brought_up_to_date(empty_database_url: str) -> None:
    for _ in range(2):
        result = fjes("migrate", "--database", empty_database_url)
        assert (result.exit_code, result.output) == (0, "The database is up to date.\n")


@pytest.mark.parametrize("command", [["migrate"], ["refused", "list"], ["refused", "retry"]])
def test_a_database_that_cannot_be_used_ends_with_one_line(command: list[str], tmp_path: Path) -> None:
    result = fjes(*command, "--database", f"sqlite:///{tmp_path}/missing/fjes.db")

    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "does not exist; make it" in result.output
    assert result.output.count("\n") == 1


def test_what_was_refused_is_listed_and_can_be_tried_again(sqlite_url: str) -> None:
    assert fjes("refused", "list", "--database", sqlite_url).output == "Nothing was refused.\n"
    engine = store.open_engine(sqlite_url)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
        good, bad = b'["visit","total","2026-01",{"counted":[1,0,0,0]}]', b'["nonsense"]'
        quarantine.keep(connection, "stua", "e", 1, [(good, "the clock"), (bad, "no table")], date(2026, 1, 2))
    engine.dispose()

    listed = fjes("refused", "list", "--database", sqlite_url).output
    assert "2026-01-02  Stua: the clock" in listed
    assert bad.decode() in listed
    tried = fjes("refused", "retry", "--database", sqlite_url).output
    assert tried.startswith("Taken in now: 1. Still refused: 1.\nStua: not a table")


def test_ingest_without_its_configuration_says_so(tmp_path: Path) -> None:
    result = fjes("ingest", "--config", str(tmp_path / "fjes.toml"))

    assert result.exit_code == 1
    assert "there is no such file" in result.output
