"""`fjes dashboard`: each command does its one thing, and a trouble is one line that says what to do."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from dashboard import exchange, quarantine, store, terminal_health, undecodable
from fjes.cli import main
from ratings import config, wire
from terminal.courier import Courier
from terminal.ledger import Ledger
from tests.conftest import Mosquitto, free_port, listens
from tests.terminal.test_courier import held, running, tap

Wait = Callable[..., None]


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


def test_no_count_is_listed_of_what_was_refused_or_could_not_be_read(sqlite_url: str) -> None:
    """One that was refused for its date tells as much of few visitors as any."""
    impossible = b'["visit","language","2025-Q4",{"nb":[17,0,0,23],"th":[ 1, 0,0, 4294967296 ]}]'
    ahead = b'["visit","language","2026-Q4",{"nb":[17,0,0,23],"th":[ 1, 0,0, 3 ]}]'
    engine = store.open_engine(sqlite_url)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
        refused = []
        for raw, why in ((impossible, "counts of 'th'"), (ahead, "in the future")):
            with pytest.raises(ValueError, match=why) as found:
                quarantine.read(raw, date(2026, 1, 2))
            refused.append((raw, str(found.value)))
        quarantine.keep(connection, "stua", "e", 1, refused, date(2026, 1, 2))
        undecodable.keep(connection, "stua", "tables", b'{"tables":[' + ahead + b"]", "not a batch", date(2026, 1, 2))
    engine.dispose()

    listed = fjes("refused", "list", "--database", sqlite_url).output
    shown = [line.strip() for line in listed.splitlines() if '"visit"' in line]
    assert shown[0] == '["visit","language","2025-Q4",{"nb":[…,…,…,…],"th":[ …, …,…, … ]}]'
    assert len(shown) == 3
    assert not re.search(r"\b(17|23)\b|4294967296", listed)


def test_what_could_not_be_kept_or_read_is_listed_and_forgotten(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "MOST_OF_ONE", quarantine.Limit(1, 10**6))
    epoch = "11111111-1111-4111-8111-111111111111"
    engine = store.open_engine(sqlite_url)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
        bad = [msgspec.Raw(b'["a\\u001b[2J"]'), msgspec.Raw(b'["b"]'), msgspec.Raw(b'["c"]')]
        exchange.handle_batch(connection, "stua", wire.Batch(epoch, epoch, 0, 3, bad), date(2026, 1, 2))
        for number in range(3):
            undecodable.keep(connection, "stua", "tables", b"\x1b[2J" * 5000, "not a batch", date(2026, 1, number + 1))
    engine.dispose()

    listed = fjes("refused", "list", "--database", sqlite_url).output
    assert "Stua: no room for 2 more." in listed
    assert "2026-01-01  Stua: of kind 'tables', 20000 bytes, could not be read: not a batch" in listed
    assert "Stua: 3 messages could not be read" in listed
    assert "\x1b" not in listed, "nothing that a screen would act on"
    assert max(map(len, listed.splitlines())) < 5000

    tried = fjes("refused", "retry", "--database", sqlite_url).output
    assert "Still refused: 1." in tried
    assert "send all they have again: stua." in tried

    assert fjes("refused", "forget", "stuua", "--database", sqlite_url).output == (
        "Error: there is no terminal with the id 'stuua'; there are: stua\n"
    )
    forgotten = fjes("refused", "forget", "stua", "--database", sqlite_url).output
    assert forgotten == "Forgotten of 'Stua': refused tables: 1; messages that could not be read: 3.\n"
    assert fjes("refused", "list", "--database", sqlite_url).output == "Nothing was refused.\n"


def test_the_list_tells_how_terminals_are_and_its_exit_code_whether_all_is_well(sqlite_url: str) -> None:
    engine = store.open_engine(sqlite_url)

    def hear(name: str, **told: object) -> None:
        now = datetime.now(UTC)
        status = wire.Status("online", "1.2", "11111111-1111-4111-8111-111111111111", 0, "closed", pending=0)
        told = {"hour": f"{now:%Y-%m-%dT%H}", "day": f"{now:%Y-%m-%d}", "clock": "network"} | told
        with engine.begin() as connection:
            exchange.handle_status(connection, name, msgspec.structs.replace(status, **told), now)
            terminal_health.listened(connection, now)

    with engine.begin() as connection:
        for name in ("Hall", "Stua", "Venterom"):
            store.add_terminal(connection, name, "Pro Sentret", "Europe/Oslo")
    hear("stua")
    hear("hall", pending=3)
    listed = fjes("terminal", "list", "--database", sqlite_url)
    head, hall, stua, venterom = (re.split("  +", line) for line in listed.output.splitlines())
    today = datetime.now(UTC).date()
    assert head == ["id", "terminal", "heard", "waiting", "clock", "version"]
    assert stua == [
        "stua",
        "Pro Sentret: Stua (Europe/Oslo)",
        f"online; all before {today} is here",
        "nothing",
        "network",
        "1.2",
    ]
    assert hall == ["hall", "Pro Sentret: Hall (Europe/Oslo)", "online", "3 tables", "network", "1.2"]
    assert venterom == ["venterom", "Pro Sentret: Venterom (Europe/Oslo)", "never yet"]
    checked = fjes("terminal", "list", "--check", "--database", sqlite_url)
    assert (checked.exit_code, checked.output) == (0, "")

    hear("stua", clock="wrong", assumed="2026-01")
    listed = fjes("terminal", "list", "--database", sqlite_url)
    assert "    ! Its clock is not known to be right" in listed.output
    assert "    Some of 2026-01 was placed there by assumption" in listed.output
    assert listed.exit_code == 0
    checked = fjes("terminal", "list", "--check", "--database", sqlite_url)
    assert checked.exit_code == 1
    assert "stua" in checked.output
    assert "hall" not in checked.output
    engine.dispose()


def test_ingest_without_its_configuration_says_so(tmp_path: Path) -> None:
    result = fjes("ingest", "--config", str(tmp_path / "fjes.toml"))

    assert result.exit_code == 1
    assert "there is no such file" in result.output


@contextlib.contextmanager
def serving(folder: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The real process of the pages."""
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "fjes", "dashboard", "web", *more], stdout=said, stderr=said, cwd=folder
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_pages_and_ingest_can_be_one_process_that_ends_when_it_is_told_to(
    tmp_path: Path, sqlite_url: str, broker: Mosquitto, wait_for: Wait
) -> None:
    engine = store.open_engine(sqlite_url)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
    port = free_port()
    settings = tmp_path / "fjes.toml"
    settings.write_text(
        f"""
        [terminal]
        id = "stua"
        store = "{tmp_path / "card"}"
        state = "{tmp_path / "state"}"
        [release]
        mode = "live"
        [broker]
        host = "127.0.0.1"
        port = {broker.port}
        [dashboard]
        database = "{sqlite_url}"
        port = {port}
        sign_in = false
        """
    )
    loaded = config.load(settings)
    with contextlib.closing(Ledger.open(loaded.terminal.store, loaded.release, loaded.terminal.zone, ["nb"])) as ledger:
        tap(ledger, 7)
    with serving(tmp_path, "--ingest", "--config", str(settings)) as process:
        with running(Courier(loaded)):
            wait_for(lambda: held(engine) == 7, "the ratings", 60)
        wait_for(lambda: listens(port), "the page to be served", 60)
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/?lang=en", timeout=30).read().decode()
        assert "Pro Sentret" in page
        process.terminate()
        assert process.wait(30) == 0
    assert "Traceback" not in (tmp_path / "said").read_text()
    engine.dispose()


def test_ingest_beside_the_pages_needs_to_know_the_broker(sqlite_url: str) -> None:
    result = fjes("web", "--ingest", "--database", sqlite_url)
    assert result.exit_code == 2
    assert "--ingest needs --config" in result.output
