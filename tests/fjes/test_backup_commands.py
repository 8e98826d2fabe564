"""`fjes dashboard backup` and `restore`, as somebody types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fjes.cli import main


def fjes(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["dashboard", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def full(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'fjes.db'}"
    assert fjes("terminal", "add", "Stua", "--site", "Pro Sentret", "--database", url).exit_code == 0
    return url


def test_a_backup_goes_into_a_folder_and_back_into_an_empty_database(
    full: str, tmp_path: Path, empty_database_url: str
) -> None:
    saved = fjes("backup", tmp_path, "--database", full)
    (path,) = tmp_path.glob("fjes-*Z.zip")
    assert saved.output.startswith(f"{path}: 3 rows, 0.0 MB.")
    put_back = fjes("restore", path, "--database", empty_database_url)
    assert put_back.exit_code == 0
    assert put_back.output.startswith("Put back as of 20")
    assert "audit --remember" in put_back.output
    listed = fjes("terminal", "list", "--database", empty_database_url)
    assert "Stua" in listed.output


def test_a_database_that_holds_something_is_replaced_only_where_that_is_asked_for(full: str, tmp_path: Path) -> None:
    path = tmp_path / "one.zip"
    assert fjes("backup", path, "--database", full).exit_code == 0
    assert fjes("terminal", "add", "Hall", "--site", "Pro Sentret", "--database", full).exit_code == 0
    refused = fjes("restore", path, "--database", full)
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: the database is not empty.")
    assert "--replace" in refused.output
    assert "Hall" in fjes("terminal", "list", "--database", full).output
    assert fjes("restore", path, "--replace", "--database", full).exit_code == 0
    assert "Hall" not in fjes("terminal", "list", "--database", full).output


@pytest.mark.parametrize(
    "command", [["backup", "/nowhere/at/all.zip"], ["restore", "/nowhere/at/all.zip", "--replace"]]
)
def test_a_file_that_cannot_be_had_ends_with_one_line(full: str, command: list[str]) -> None:
    result = fjes(*command, "--database", full)
    assert result.exit_code == 1
    assert result.output.startswith("Error: /nowhere/at/all.zip: cannot be ")
    assert result.output.count("\n") == 1
