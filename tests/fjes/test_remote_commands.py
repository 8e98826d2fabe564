"""`fjes dashboard config`: a file goes in, comes out as it is set, and what is wrong is one line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard import exchange, store
from fjes.cli import main
from ratings import remote
from ratings.wire import Status

FILE = """
[[questions]]
id = "visit"
place = "Pro Sentret"
[[questions]]
id = "help"
from = "2027-01"
texts = { nb = "Fikk du \\"hjelp\\"?", en = "Did you get help?" }
[kiosk]
languages = ["nb", "en"]
[hours]
monday = ["10:00-16:00"]
tuesday = []
[[follow_up.reasons]]
id = "waiting"
[said]
texts = { nb = ["Nå åpner vi klokka ni.", "Takk!"] }
"""


@pytest.fixture
def url(sqlite_url: str) -> str:
    engine = store.open_engine(sqlite_url)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
        store.add_terminal(connection, "Gang", "Pro Sentret", "Europe/Oslo")
    engine.dispose()
    return sqlite_url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(FILE)
    return path


def fjes(url: str, *arguments: object) -> Result:
    command = ["dashboard", "config", *map(str, arguments), "--database", url]
    return CliRunner().invoke(main, command, catch_exceptions=False)


def test_what_was_set_is_shown_as_a_file_that_sets_the_same(url: str, file: Path) -> None:
    for _ in range(2):
        result = fjes(url, "set", file, "--site", "Pro Sentret")
        assert (result.exit_code, result.output) == (0, "Set. Sent within seconds while ingest runs, to: gang, stua.\n")
        shown = fjes(url, "show", "--site", "Pro Sentret").output
        assert remote.read(shown, "shown") == remote.read(FILE, "the file")
        file.write_text(shown)
    assert shown.endswith("# gang: not taken in yet\n# stua: not taken in yet\n")


def test_a_terminals_own_is_set_shown_and_cleared(url: str, file: Path) -> None:
    fjes(url, "set", file, "--site", "Pro Sentret")
    assert fjes(url, "show", "--terminal", "stua").output == "# stua: not taken in yet\n"
    file.write_text('[kiosk]\nlanguages = ["th"]')
    assert fjes(url, "set", file, "--terminal", "stua").output.endswith("to: stua.\n")
    assert fjes(url, "show", "--terminal", "stua").output.startswith("[kiosk]\nlanguages = [")
    assert fjes(url, "clear", "--terminal", "stua").output == "Nothing is set of it any more. Concerned: stua.\n"
    assert fjes(url, "show", "--terminal", "stua").output.strip() == "# stua: not taken in yet"
    assert "Concerned: gang, stua." in fjes(url, "clear", "--site", "Pro Sentret").output


def test_it_is_shown_why_a_terminal_refuses(url: str, file: Path) -> None:
    fjes(url, "set", file, "--site", "Pro Sentret")
    engine = store.open_engine(url)
    with engine.begin() as connection:
        told = Status("online", "1", "0" * 8 + "-0000-4000-8000-" + "0" * 12, 1, "closed", config_refused="no room")
        exchange.handle_status(connection, "gang", told, datetime.now(UTC))
    engine.dispose()
    assert "# gang: refused: no room\n" in fjes(url, "show", "--site", "Pro Sentret").output


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"[kiosk]\nlanguages = []", "[kiosk] languages: "),
        (b"[kiosk\n", "not readable as TOML"),
        (b"\xff", "cannot be read as UTF-8"),
        (b"[staff]\npin = 'x'", "the file: unknown key 'staff'; allowed: questions, kiosk, hours, follow_up, said"),
        (b"[[questions]]\nid = 'b'\n[[questions]]\nid = 'c'", "[[questions]] number 2 from: missing"),
    ],
)
def test_a_bad_file_is_one_line_and_what_was_set_stays(content: bytes, what: str, url: str, file: Path) -> None:
    fjes(url, "set", file, "--site", "Pro Sentret")
    before = fjes(url, "show", "--site", "Pro Sentret").output
    file.write_bytes(content)
    result = fjes(url, "set", file, "--site", "Pro Sentret")
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {file}: {what}")
    assert result.output.count("\n") == 1
    assert fjes(url, "show", "--site", "Pro Sentret").output == before


@pytest.mark.parametrize(
    ("place", "code", "what"),
    [
        ([], 2, "give either --site or --terminal"),
        (["--site", "Pro Sentret", "--terminal", "stua"], 2, "give either --site or --terminal"),
        (["--site", "Nowhere"], 1, "there is no site 'Nowhere'; there are: 'Pro Sentret'"),
        (["--terminal", "Stua"], 1, "there is no terminal 'Stua'; there are: 'gang', 'stua'"),
    ],
)
def test_a_place_that_there_is_not_is_said_with_those_that_there_are(
    place: list[str], code: int, what: str, url: str, file: Path
) -> None:
    for arguments in (["set", file], ["show"], ["clear"]):
        result = fjes(url, *arguments, *place)
        assert (result.exit_code, what in result.output) == (code, True)
