"""The whole way of a remote configuration: from the command of IT, over a real broker, onto the card and the screen."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard import sending, store
from dashboard.ingest import Ingest
from fjes.cli import main
from ratings import config, remote
from terminal.courier import Courier
from tests.conftest import Mosquitto
from tests.terminal.test_courier import running
from tests.test_bad_input import configure, is_counting, started

Wait = Callable[..., None]
SITE = ("--site", "Pro Sentret")


def fjes(folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, ["dashboard", "config", *arguments, "--config", str(folder / "fjes.toml")])
    assert result.exit_code == 0, result.output
    return result.output


def counted_languages(folder: Path) -> set[str]:
    """The keys of the running periods by language."""
    with contextlib.closing(sqlite3.connect(f"file:{folder}/card/open.db?mode=ro", uri=True)) as connection:
        return {key for (key,) in connection.execute("SELECT key FROM cell WHERE slice='language'")}


def test_what_it_sets_is_on_the_card_in_force_and_told_and_outlives_the_network(
    broker: Mosquitto, tmp_path: Path, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", 0.1)
    path = configure(tmp_path, port=broker.port)
    settings = config.load(path)
    engine = store.open_engine(settings.dashboard.database)
    store.upgrade(engine)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
    with started(tmp_path, "terminal", "kiosk", "--config", str(path)):
        wait_for(lambda: is_counting(tmp_path))
    assert counted_languages(tmp_path) == {*config.LANGUAGES, "unchosen"}

    (tmp_path / "site.toml").write_text('[kiosk]\nlanguages = ["en", "th"]\n[[follow_up.reasons]]\nid = "staff"')
    with running(Ingest(settings, engine)), running(Courier(config.load(path))):
        fjes(tmp_path, "set", str(tmp_path / "site.toml"), *SITE)
        wait_for(lambda: "# stua: in force" in fjes(tmp_path, "show", *SITE))
        (tmp_path / "site.toml").write_text('[kiosk]\nlanguages = ["en", "so"]')
        fjes(tmp_path, "set", str(tmp_path / "site.toml"), *SITE)
        wait_for(lambda: "# stua: refused: [kiosk] languages: this" in fjes(tmp_path, "show", *SITE))
    broker.stop()

    with started(tmp_path, "terminal", "kiosk", "--config", str(path)):
        wait_for(lambda: reason_is_counted(tmp_path))
    assert remote.decode((tmp_path / "state" / "config.json").read_bytes()).kiosk == remote.Shown(
        languages=["en", "th"]
    )
    engine.dispose()


def reason_is_counted(folder: Path) -> bool:
    """Whether the kiosk has made the cells of the reason that the dashboard has set."""
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{folder}/card/open.db?mode=ro", uri=True)) as connection,
    ):
        return {key for (key,) in connection.execute("SELECT key FROM cell WHERE slice='reason'")} == {
            "staff",
            "skipped",
        }
    return False


def test_a_kiosk_that_finds_nothing_to_trust_goes_by_its_own_file_with_one_line(tmp_path: Path, wait_for: Wait) -> None:
    path = configure(tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "config.json").write_text('{"release": {"mode": "live"}}')
    with started(tmp_path, "terminal", "kiosk", "--config", str(path)) as said:
        wait_for(lambda: is_counting(tmp_path))
        wait_for(lambda: "goes by its own file" in said())
    lines = [line for line in said().splitlines() if "what the dashboard has set" in line]
    assert len(lines) == 1
    assert "unknown key 'release'" in lines[0]
