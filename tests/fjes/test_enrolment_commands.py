"""From nothing to a terminal that delivers, by the commands that IT types; and what happens to one that is revoked.

Everything is real: mosquitto on the folder that was made, TLS, the file that `add` wrote, courier and ingest.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from dashboard import schema, store
from dashboard.broker import Folder
from fjes.cli import main
from ratings import config
from ratings.scale import Score
from ratings.table import Slice
from terminal import identity
from terminal.ledger import Ledger
from tests.closed import HOST, Closed, let_in, somebody
from tests.conftest import LIMIT_SECONDS, free_port

Wait = Callable[..., None]
OBSERVER = ("observer", "the-password-of-the-observer")


def fjes(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["dashboard", *map(str, arguments)], catch_exceptions=False)


def done(*arguments: str | Path) -> str:
    result = fjes(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str | Path) -> str:
    """The one line that says what is wrong."""
    result = fjes(*arguments)
    assert result.exit_code in (1, 2), result.output
    (line,) = [each for each in result.stderr.splitlines() if each.startswith("Error: ")]
    return line.removeprefix("Error: ")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def settings(here: Path, sqlite_url: str) -> Path:
    """A dashboard with a broker, set up as docs/enrolment.md says."""
    done(
        "broker",
        "init",
        "--folder",
        "broker",
        "--host",
        HOST,
        "--port",
        str(free_port()),
        "--listen",
        HOST,
        "--user",
        getpass.getuser(),
    )
    path = here / "fjes.toml"
    path.write_text((here / "broker/dashboard.toml").read_text() + f'database = "{sqlite_url}"\n')
    return path


@pytest.fixture
def closed(settings: Path, here: Path) -> Iterator[Closed]:
    folder = Folder(here / "broker")
    # Who looks on: one login is one connection, and the dashboard's is in use.
    folder.access.write_text(f"{folder.access.read_text()}\nuser {OBSERVER[0]}\ntopic read #\n")
    folder.set_logins(dict([OBSERVER]))
    with Closed(folder) as running:
        yield running


@pytest.fixture
def engine(settings: Path, sqlite_url: str) -> Iterator[Engine]:
    opened = store.open_engine(sqlite_url)
    yield opened
    opened.dispose()


@contextlib.contextmanager
def process(folder: Path, *arguments: str | Path) -> Iterator[Callable[[], str]]:
    """A command as a process of its own; gives what it has said so far."""
    said = folder / f"said-{len(list(folder.glob('said-*')))}"
    with said.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-m", "fjes", *map(str, arguments)], stdout=out, stderr=out)
        try:
            yield said.read_text
            assert running.poll() is None, said.read_text()
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(30)
    assert "Traceback" not in said.read_text()


def card(file: Path, base: Path) -> Path:
    """The file on its card: as `add` wrote it, but for the folders, and live, so that no test waits for minutes."""
    base.mkdir()
    text = file.read_text().replace("[terminal]\n", f'[terminal]\nstore = "{base}/store"\nstate = "{base}/state"\n')
    path = base / "fjes.toml"
    path.write_text(text + '[release]\nmode = "live"\n')
    return path


@contextlib.contextmanager
def tapped(card: Path) -> Iterator[Callable[[int, int], None]]:
    """Its ledger, as the kiosk would open it; gives what taps so often in a month."""
    there = config.load(card)
    ledger = Ledger.open(
        there.terminal.store,
        there.release,
        ZoneInfo(there.terminal.timezone),
        ["nb"],
        owner=identity.read(there.terminal.store, terminal=there.terminal.id),
    )

    def tap(times: int, month: int) -> None:
        when = datetime(2020, month, 7, 12, tzinfo=UTC)
        for number in range(times):
            ledger.record("visit", Score(number % 4), "nb", when)
        ledger.release(when, "visit")

    try:
        yield tap
    finally:
        ledger.close()


def held(engine: Engine) -> dict[str, int]:
    """How many ratings the dashboard holds of each terminal."""
    row, found = schema.released.c, dict[str, int]()
    with store.reading(engine) as connection:
        for terminal, n in connection.execute(select(row.terminal_id, row.n).where(row.slice == Slice.TOTAL)):
            found[terminal] = found.get(terminal, 0) + n
    return found


def test_from_nothing_to_a_terminal_that_delivers_and_back(
    closed: Closed, settings: Path, engine: Engine, here: Path, wait_for: Wait
) -> None:
    told = done("terminal", "add", "Stua", "--site", "Pro Sentret", "--config", settings)
    assert told == "Terminal 'Stua' of 'Pro Sentret' is enrolled. For its card, as fjes.toml: stua.fjes.toml\n"
    done("terminal", "add", "Venterom", "--site", "Pro Sentret", "--write", "other.toml", "--config", settings)
    first, other = card(here / "stua.fjes.toml", here / "1"), card(here / "other.toml", here / "2")
    with (
        tapped(first) as tap,
        tapped(other) as tap_other,
        process(here, "dashboard", "ingest", "--config", settings) as ingest,
        process(here, "terminal", "courier", "--config", other),
    ):
        tap(7, 1)
        tap_other(3, 1)
        with process(here, "terminal", "courier", "--config", first) as courier:
            wait_for(lambda: held(engine) == {"stua": 7, "venterom": 3}, "what was tapped", 60)

            # Revoked while it is connected: it is thrown out, and nothing more of it counts.
            done("terminal", "revoke", "stua", "--config", settings)
            wait_for(lambda: "refuses this terminal" in courier(), "its courier to be refused", 60)
            tap(5, 2)
            tap_other(2, 2)
            wait_for(lambda: held(engine) == {"stua": 7, "venterom": 5}, "the other one, which goes on", 60)
            wait_for(lambda: left(closed, "stua") == set(), "the broker to be cleared", 60)
        assert left(closed, "venterom") == {"fjes/v1/venterom/status"}
        _, stua, venterom = done("terminal", "list", "--config", settings).splitlines()[:3]
        assert re.split("  +", stua) == [
            "stua",
            "Pro Sentret: Stua (Europe/Oslo)",
            f"revoked on {datetime.now(UTC).date()}",
        ]
        assert re.match("venterom  +Pro Sentret: Venterom .Europe/Oslo.  +online", venterom)

        # Reissued: the same card with the new file delivers what it kept meanwhile.
        done("terminal", "reissue", "stua", "--write", "again.toml", "--config", settings)
        old, new = config.load(here / "stua.fjes.toml").broker, config.load(here / "again.toml").broker
        first.write_text(first.read_text().replace(old.password or "?", new.password or "?"))
        with process(here, "terminal", "courier", "--config", first):
            wait_for(lambda: held(engine) == {"stua": 12, "venterom": 5}, "what was kept", 60)
        log, passwords = (
            closed.log() + ingest() + courier(),
            [config.load(each).broker.password for each in (first, other)],
        )
    assert "Client <unknown> disconnected, not authorised" in closed.log()
    for password in [*passwords, old.password, closed.dashboard.password]:
        assert password is not None
        assert password not in log


def test_carried_to_another_site_with_the_same_card(
    closed: Closed, settings: Path, engine: Engine, here: Path, wait_for: Wait
) -> None:
    done("terminal", "add", "Stua", "--site", "Pro Snetret", "--config", settings)
    told = done("terminal", "move", "stua", "--site", "Pro Sentret", "--config", settings)
    assert told == "Terminal 'Stua' of 'Pro Snetret' is at 'Pro Sentret' now.\n", "nothing had come of it"
    told = done("terminal", "rename", "stua", "Salongen", "--config", settings)
    assert told == "Terminal 'Stua' of 'Pro Sentret' is called 'Salongen' now.\n"
    first = card(here / "stua.fjes.toml", here / "1")
    with process(here, "dashboard", "ingest", "--config", settings):
        with tapped(first) as tap, process(here, "terminal", "courier", "--config", first):
            tap(7, 1)
            wait_for(lambda: held(engine) == {"stua": 7}, "what was tapped", 60)
        with tapped(first) as tap:
            tap(3, 1)  # And not delivered before it was moved.
        move = ("terminal", "move", "stua", "--site", "Lageret", "--config", settings)
        assert "--name is needed: what was counted stays" in refused(*move)
        told = done(*move, "--name", "Inngangen")
        assert told == (
            "What was counted stays with 'Salongen' of 'Pro Sentret', which has ended.\n"
            "It goes on as 'Inngangen' of 'Lageret'. For its card, as fjes.toml: inngangen.fjes.toml\n"
        )
        for old, new in zip(
            (here / "stua.fjes.toml").read_text().splitlines(), (here / "inngangen.fjes.toml").read_text().splitlines(),
            strict=True,
        ):  # fmt: skip
            first.write_text(first.read_text().replace(old, new) if old and old != new else first.read_text())
        assert config.load(first).terminal.id == "inngangen"
        with tapped(first) as tap, process(here, "terminal", "courier", "--config", first):
            tap(5, 1)
            wait_for(lambda: held(engine) == {"stua": 10, "inngangen": 5}, "both lives of the card", 60)
    assert "is revoked: reissue it first" in refused(
        "terminal", "move", "stua", "--site", "x", "--name", "y", "--config", settings
    )


def left(closed: Closed, terminal: str) -> set[str]:
    """What of a terminal is retained at the broker."""
    with let_in(closed, *OBSERVER) as observer:
        observer.listen("fjes/#")
        observer.listen("none")  # Its answer comes after what is retained.
        return {topic for topic, payload, kept in observer.heard if kept and payload and f"/{terminal}/" in topic}


def test_what_an_enrolled_terminal_retains_where_nothing_is_to_be_retained_is_cleared(
    closed: Closed, settings: Path, engine: Engine, here: Path, wait_for: Wait
) -> None:
    done("terminal", "add", "Stua", "--site", "Pro Sentret", "--config", settings)
    login = config.load(here / "stua.fjes.toml").broker
    with let_in(closed, login.username or "", login.password or "") as stua:
        stua.say("fjes/v1/stua/tables", b"junk", retain=True)
        stua.say("fjes/v1/stua/status", b"junk", retain=True)
    assert len(left(closed, "stua")) == 2
    with process(here, "dashboard", "ingest", "--config", settings) as said:
        wait_for(lambda: left(closed, "stua") == set(), "the junk to go", 60)
    assert said().count("could not be read") == 2, "each once"


def test_the_demo_and_other_brokers_go_on_as_before(here: Path, sqlite_url: str) -> None:
    told = done("terminal", "add", "Stua", "--site", "Pro Sentret", "--database", sqlite_url)
    assert told.endswith("is enrolled. In its fjes.toml, under [terminal], write: id = 'stua'\n")
    assert list(here.glob("*.toml")) == []
    told = done("terminal", "revoke", "stua", "--database", sqlite_url)
    assert "Its login is as it was: no broker's folder is named in [dashboard] broker." in told
    assert "no broker's folder is named" in refused("terminal", "reissue", "stua", "--database", sqlite_url)


def test_fifty_from_a_list_or_none(closed: Closed, settings: Path, engine: Engine, here: Path, wait_for: Wait) -> None:
    (here / "cards").mkdir()
    rows = [f"Rom {number},Pro Sentret,Europe/Oslo,nb en" for number in range(50)]
    table = here / "terminals.csv"
    table.write_text("\n".join(["name,site,timezone,languages", *rows, "Rom 7,Pro Sentret,,"]))
    command = ("terminal", "add", "--csv", table, "--write", here / "cards", "--config", settings)
    assert refused(*command) == "line 52: there is already a terminal called 'Rom 7'; choose another name"
    assert list((here / "cards").iterdir()) == []
    assert done("terminal", "list", "--config", settings) == "No terminal is enrolled.\n"

    table.write_text("\n".join(["name,site,timezone,languages", *rows]))
    assert done(*command).count("is enrolled. For its card") == 50
    files = sorted((here / "cards").iterdir())
    assert len(files) == 50
    wait_for(lambda: "Reloading config" in closed.log(), "the broker to read its logins")
    login = config.load(files[-1]).broker
    with let_in(closed, login.username or "", login.password or ""):
        pass
    assert refused(*command).startswith("line 2: there is already a terminal")


def test_no_password_is_shown(settings: Path, here: Path) -> None:
    folder = here / "other"
    shown = done("broker", "init", "--folder", folder, "--host", HOST)
    shown += done("terminal", "add", "Stua", "--site", "Oslo", "--config", settings)
    shown += done("terminal", "reissue", "stua", "--write", "new", "--config", settings)
    shown += done("terminal", "list", "--config", settings)
    shown += refused("terminal", "reissue", "stua", "--write", "new", "--config", settings)
    for file in (folder / "dashboard.toml", here / "stua.fjes.toml", here / "new"):
        assert (config.load(file).broker.password or "?") not in shown
    assert not re.search(r"\$7\$", shown)


def test_a_revoked_terminal_is_kept_out_before_it_says_a_word(closed: Closed, settings: Path, here: Path) -> None:
    done("terminal", "add", "Stua", "--site", "Pro Sentret", "--config", settings)
    login = config.load(here / "stua.fjes.toml").broker
    done("terminal", "revoke", "stua", "--config", settings)
    with somebody(closed, (login.username or "", login.password or "")) as gone:
        assert "authori" in gone.answer.get(timeout=LIMIT_SECONDS).lower()


def test_a_broker_that_does_not_run_is_told_of_by_hand(settings: Path, here: Path) -> None:
    told = done("terminal", "add", "Stua", "--site", "Pro Sentret", "--config", settings)
    assert "The broker does not run on this machine. It reads its logins when it starts; else" in told
    assert "systemctl reload mosquitto" in told


def test_what_init_says_is_true(here: Path) -> None:
    told = done("broker", "init", "--folder", "broker", "--host", HOST, "--host", "broker.example")
    folder = Folder(here / "broker")
    for path in (folder.configuration, folder.dashboard, folder.ca_key):
        assert str(path) in told
        assert path.exists()
    assert "there is something already" in refused("broker", "init", "--folder", "broker", "--host", HOST)
    told = done("broker", "init", "--folder", "broker", "--renew", "--host", "new.example")
    assert told.startswith(f"A new certificate for new.example is in {Path('broker/server.pem')}.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["broker", "init", "--folder", "b"], "--host is missing"),
        (["broker", "init", "--folder", "b", "--host", "a", "--ca", "x"], "belong together"),
        (["broker", "init", "--folder", "b", "--renew"], "No such file or directory"),
        (["broker", "init", "--folder", "b", "--host", "a b"], "'a b' is not a name or an address"),
        (["terminal", "add", "Stua"], "NAME and --site are needed, or --csv"),
        (["terminal", "add"], "NAME and --site are needed, or --csv"),
        (["terminal", "add", "Stua", "--csv", "x"], "--csv lists names and sites"),
        (["terminal", "add", "--csv", "none.csv"], "none.csv: cannot be read (No such file"),
        (["terminal", "add", "Stua", "--site", "Oslo", "--write", "x"], "--write needs a broker's folder"),
        (["terminal", "add", "Stua", "--site", "Oslo", "--languages", "norsk"], "'norsk' is not a language"),
        (["terminal", "rename", "nobody", "Hall"], "there is no terminal with the id 'nobody'; there are: none"),
        (["terminal", "move", "nobody", "--site", "Oslo"], "there is no terminal with the id 'nobody'"),
        (["terminal", "move", "nobody"], "Missing option '--site'"),
        (["terminal", "revoke", "nobody"], "there is no terminal with the id 'nobody'; there are: none"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(
    arguments: list[str], words: str, here: Path, sqlite_url: str
) -> None:
    before = sorted(each.name for each in here.iterdir())
    more = ["--database", sqlite_url] if arguments[0] == "terminal" else []
    assert words in refused(*arguments, *more)
    assert sorted(each.name for each in here.iterdir() if not each.name.startswith("fjes.db-")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes folders for other users")
def test_a_folder_that_the_brokers_user_cannot_get_into_is_said(here: Path) -> None:
    (here / "closed").mkdir(mode=0o700)
    told = done("broker", "init", "--folder", "closed/broker", "--host", HOST, "--user", "nobody")
    assert "The user nobody cannot get into" in told
    assert "there is no user 'nix'" in refused("broker", "init", "--folder", "b", "--host", HOST, "--user", "nix")
