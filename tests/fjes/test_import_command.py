"""`fjes import happyornot` as people run it: what it says, its exit codes, and that it never repeats a text."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dashboard import store
from fjes.cli import main

SECRET = "Kari was rude to me"
QUARTER = {1: (19, 18, 25, 53), 2: (13, 5, 8, 19), 3: (24, 5, 12, 28)}
Run = Callable[..., Result]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "fjes.db"


@pytest.fixture
def run(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.delenv("FJES_DATABASE", raising=False)
    monkeypatch.chdir(database.parent)

    def command(*words: object) -> Result:
        result = CliRunner().invoke(main, ["import", "happyornot", *map(str, words)], catch_exceptions=False)
        assert SECRET not in result.output
        return result

    yield command
    for file in database.parent.glob("fjes.db*"):
        assert SECRET.encode() not in file.read_bytes()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, Any], Path]:
    def written(name: str, what: Any) -> Path:
        (tmp_path / name).write_bytes(what if isinstance(what, bytes) else json.dumps(what).encode())
        return tmp_path / name

    return written


def raw(r: Any = 3, ts: str = "2022-01-05T10:00:00+01:00", **more: Any) -> dict[str, Any]:
    return {"ts": ts, "r": r, **more}


def quarter() -> list[dict[str, Any]]:
    return [
        raw(score, f"2022-{month:02}-{1 + at % 28:02}T1{at % 10}:00:00.000-06:00", text=SECRET)
        for month, counts in QUARTER.items()
        for score, n in enumerate(counts)
        for at in range(n)
    ]


def feedback(**changes: Any) -> dict[str, Any]:
    return {
        "feedbackId": str(uuid.uuid4()),
        "localTime": "2022-01-05T10:00:00",
        "experiencePointId": 7,
        "buttonIndex": 3,
        "misuse": False,
    } | changes


def totals(database: Path) -> list[tuple[str, tuple[int, ...]]]:
    engine = store.open_engine(f"sqlite:///{database}")
    with store.reading(engine) as connection:
        rows = connection.exec_driver_sql(
            "SELECT period, very_unhappy, unhappy, happy, very_happy FROM released WHERE slice = 'total' ORDER BY 1"
        ).all()
    engine.dispose()
    return [(row[0], tuple(row[1:])) for row in rows]


def test_a_quarter_goes_in_once(run: Run, write: Callable[[str, Any], Path], database: Path) -> None:
    file = write("quarter.json", quarter())
    first = run(file, "--terminal", "Reception")
    assert (first.exit_code, first.stderr) == (0, "")
    assert "raw results, 229 ratings imported" in first.output
    assert "Reception (new): 2022-01-01 to 2022-03-28, 229 counted, 0 set aside as misuse" in first.output
    assert totals(database) == [(f"2022-0{month}", counts) for month, counts in QUARTER.items()]
    before = database.read_bytes()
    again = run(file, "--terminal", "Reception")
    assert (again.exit_code, again.stderr) == (0, "")
    assert "was imported before, as Reception; nothing was changed" in again.output
    assert database.read_bytes() == before


def test_damaged_elements_are_listed_and_the_rest_goes_in(
    run: Run, write: Callable[[str, Any], Path], database: Path
) -> None:
    file = write("a.json", [raw(), raw(4, text=SECRET), raw("3"), raw(ts=SECRET), {SECRET: SECRET}, raw(0)])
    result = run(file, "--terminal", "Reception")
    assert result.exit_code == 1
    assert [line.partition(f"{file}: ")[2] for line in result.stderr.splitlines()][:5] == [
        "element 2 refused: r is not a whole number from 0 to 3 (surveys with five or eleven steps cannot be counted "
        "on four)",
        "element 3 refused: r is not a whole number from 0 to 3 (surveys with five or eleven steps cannot be counted "
        "on four)",
        "element 4 refused: ts is not an ISO time with its offset, such as 2022-01-31T14:05:00.000+01:00",
        "element 5 refused: ts is missing",
        "4 refused; all others went in.",
    ]
    assert totals(database) == [("2022-01", (1, 0, 0, 1))]


def test_of_many_damaged_elements_twenty_are_listed(run: Run, write: Callable[[str, Any], Path]) -> None:
    result = run(write("a.json", [raw(), *[raw(9)] * 1_055]), "--terminal", "Reception")
    assert result.exit_code == 1
    assert sum("refused: " in line for line in result.stderr.splitlines()) == 20
    assert "and 1,035 more" in result.stderr


def test_where_nothing_can_be_read_nothing_is_made(
    run: Run, write: Callable[[str, Any], Path], database: Path, tmp_path: Path
) -> None:
    for path in (
        write("damaged.json", [raw(9)]),
        write("cut.json", json.dumps([raw(), raw()]).encode()[:-5]),
        write("utf16.json", json.dumps([raw()]).encode("utf-16")),
        write("empty.json", b""),
        write("words.txt", SECRET.encode()),
        write("nested.json", b"[" * 50_000),
        tmp_path,
        tmp_path / "none.json",
    ):
        result = run(path, "--terminal", "Reception")
        assert (result.exit_code, result.stdout) == (2, ""), path
        assert str(path) in result.stderr
        assert not database.exists()


def test_a_file_without_ratings_is_no_error(run: Run, write: Callable[[str, Any], Path], database: Path) -> None:
    result = run(write("a.json", []), "--terminal", "Reception")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "holds no ratings" in result.output
    assert not database.exists()


def test_raw_results_need_a_name_for_their_place(run: Run, write: Callable[[str, Any], Path], database: Path) -> None:
    result = run(write("a.json", [raw()]))
    assert result.exit_code == 2
    assert "--terminal NAME" in result.stderr
    assert not database.exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--config", "nowhere.toml"),
        ("--timezone", "Oslo"),
        ("--timezone", "/etc"),
        ("--terminal", ""),
        ("--site", "a\nb"),
        ("--question", "A b"),
        ("--trend", "year"),
    ],
)
def test_options_that_cannot_be_used_are_named(
    run: Run, write: Callable[[str, Any], Path], option: str, value: str
) -> None:
    result = run(write("a.json", [raw()]), "--terminal", "Reception", option, value)
    assert result.exit_code == 2
    assert option in result.stderr


def test_feedbacks_say_how_many_were_set_aside_or_doubled(
    run: Run, write: Callable[[str, Any], Path], database: Path
) -> None:
    one = feedback()
    elements = [one, one, feedback(misuse=True), feedback(experiencePointId=8, surveyId=1), feedback(surveyId=2)]
    result = run(write("a.json", elements), "--terminal", "Hall")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Hall 7 (new): 2022-01-05 to 2022-01-05, 2 counted, 1 set aside as misuse" in result.output
    assert "Hall 8 (new): 2022-01-05 to 2022-01-05, 1 counted, 0 set aside as misuse" in result.output
    assert "counted once: 1" in result.output
    assert "of 2 surveys" in result.output
    assert totals(database) == [("2022-01", (0, 0, 0, 2)), ("2022-01", (0, 0, 0, 1))]


def test_a_dry_run_says_what_would_happen(run: Run, write: Callable[[str, Any], Path], database: Path) -> None:
    result = run(write("a.json", [*quarter(), raw(7)]), "--terminal", "Reception", "--dry-run")
    assert result.exit_code == 1
    assert "229 ratings would be imported (dry run: nothing was changed)" in result.output
    assert not database.exists()


def test_overlap_is_refused_and_replace_takes_its_place(
    run: Run, write: Callable[[str, Any], Path], database: Path
) -> None:
    run(write("a.json", [raw(0)]), "--terminal", "Reception")
    longer = write("b.json", [raw(1), raw(1, "2022-01-07T10:00:00Z")])
    refused = run(longer, "--terminal", "Reception")
    assert refused.exit_code == 2
    assert (
        "Reception: 2022-01-05 to 2022-01-07 of this file overlaps what was imported before: 2022-01-05"
        in refused.stderr
    )
    assert totals(database) == [("2022-01", (1, 0, 0, 0))]
    replaced = run(longer, "--terminal", "Reception", "--replace")
    assert (replaced.exit_code, replaced.stderr) == (0, "")
    assert "earlier imports replaced: 1" in replaced.output
    assert totals(database) == [("2022-01", (0, 2, 0, 0))]


def test_each_of_several_files_stands_for_itself(run: Run, write: Callable[[str, Any], Path], database: Path) -> None:
    files = [
        write("a.json", [raw(0)]),
        write("b.json", b"nonsense"),
        write("c.json", [raw(1, "2022-02-01T10:00:00Z"), raw(5)]),
        write("d.json", [raw(2)]),
    ]
    result = run(*files, "--terminal", "Reception")
    assert result.exit_code == 2
    assert totals(database) == [("2022-01", (1, 0, 0, 0)), ("2022-02", (0, 1, 0, 0))]


def test_a_database_that_cannot_be_used_is_said_in_words(run: Run, write: Callable[[str, Any], Path]) -> None:
    file = write("a.json", [raw()])
    for url in (f"sqlite:///{file}", f"sqlite:///{file}/none/fjes.db", "mysql://somewhere", "nonsense"):
        for more in ([], ["--dry-run"]):
            result = run(file, "--terminal", "Reception", "--database", url, *more)
            assert (result.exit_code, result.stdout) == (2, ""), url
            assert result.stderr.endswith("Nothing was imported.\n")


def test_the_database_is_found_by_option_file_or_environment(
    run: Run, write: Callable[[str, Any], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write("a.json", [raw()])
    config = write("fjes.toml", f'[dashboard]\ndatabase = "sqlite:///{tmp_path}/config.db"'.encode())
    monkeypatch.setenv("FJES_DATABASE", f"sqlite:///{tmp_path}/environment.db")
    words = (file, "--terminal", "Reception")
    assert run(*words, "--config", config, "--database", f"sqlite:///{tmp_path}/option.db").exit_code == 0
    assert {path.name for path in tmp_path.glob("*.db")} == {"option.db"}
    assert run(*words, "--config", config).exit_code == 0
    assert {path.name for path in tmp_path.glob("*.db")} == {"option.db", "config.db"}
    assert run(*words).exit_code == 0
    assert {path.name for path in tmp_path.glob("*.db")} == {"option.db", "config.db", "environment.db"}


def test_a_long_file_shows_its_progress_to_who_looks(tmp_path: Path, write: Callable[[str, Any], Path]) -> None:
    begin = datetime(2022, 1, 1, tzinfo=UTC)
    long = write("long.json", [raw(at % 4, (begin + timedelta(minutes=at)).isoformat()) for at in range(60_000)])
    short = write("short.json", [raw()])

    def seen(file: Path) -> bytes:
        mine, theirs = pty.openpty()
        command = [
            sys.executable,
            "-m",
            "fjes",
            "import",
            "happyornot",
            str(file),
            "--terminal",
            file.name,
            "--dry-run",
        ]
        with subprocess.Popen(
            command,
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(store.__file__).parents[1])},
        ) as process:
            os.close(theirs)
            shown = b""
            try:
                while chunk := os.read(mine, 4096):
                    shown += chunk
            except OSError:
                pass  # What a pseudo-terminal says at its end.
            os.close(mine)
        assert process.returncode == 0
        return shown

    assert b"100%" in seen(long)
    assert seen(short) == b""
