"""What goes wrong outside, seen from the command line: one clear line that says what to do, and nothing is lost.

Each room tests its own troubles; here is what only the commands show, and that all of them keep to the rule.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import paho.mqtt.client as mqtt
import pytest
from click.testing import CliRunner, Result
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, event

from dashboard import store
from fjes.cli import main
from ratings import config
from ratings.scale import Score
from terminal import storage
from terminal.courier import Courier
from terminal.ledger import Ledger
from tests.conftest import Mosquitto, Postgres

Wait = Callable[..., None]

WITH_CONFIG = {
    "kiosk": ["terminal", "kiosk"],
    "courier": ["terminal", "courier"],
    "retire": ["terminal", "retire"],
    "ingest": ["dashboard", "ingest"],
    "web": ["dashboard", "web"],
    "migrate": ["dashboard", "migrate"],
    "enrol": ["dashboard", "terminal", "add", "Stua", "--site", "Pro Sentret"],
    "refused": ["dashboard", "refused", "list"],
    "report": ["report", "--from", "2022-01", "--to", "2022-03"],
    "import": ["import", "happyornot", "ratings.json", "--terminal", "Stua"],
}
WITH_DATABASE = [name for name in WITH_CONFIG if name not in ("kiosk", "courier", "retire")]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own, with a file of ten ratings in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ratings.json").write_text(
        json.dumps([{"ts": f"2022-01-{day:02}T12:00:00+01:00", "r": day % 4} for day in range(1, 11)])
    )
    return tmp_path


def configure(folder: Path, *, port: int = 1, broker: str = "", more: str = "") -> Path:
    """A configuration for all commands: store, state and database in one folder. Live, so that nothing waits."""
    path = folder / "fjes.toml"
    path.write_text(
        f"""
        [terminal]
        id = "stua"
        clock = "system"
        store = "{folder / "card"}"
        state = "{folder / "state"}"
        [kiosk]
        size = "800x480"
        [release]
        mode = "live"
        [broker]
        host = "127.0.0.1"
        port = {port}
        {broker}
        [dashboard]
        database = "sqlite:///{folder / "fjes.db"}"
        {more}
        """
    )
    return path


def invoke(name: str, path: Path) -> Result:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return CliRunner().invoke(main, [*WITH_CONFIG[name], "--config", str(path)])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def the_line(result: Result) -> str:
    """The one line that says what is wrong; how to call the command may stand before it."""
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
    lines = [line for line in result.stderr.splitlines() if not line.startswith(("Usage: ", "Try '")) and line]
    assert len(lines) == 1, result.output
    return lines[0]


@contextlib.contextmanager
def started(folder: Path, *arguments: str) -> Iterator[Callable[[], str]]:
    """`fjes` as a process of its own; gives what it has said so far. At the end it is asked to stop, and does."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment["SDL_VIDEODRIVER"] = "offscreen"  # No window on the screen of who runs the tests.
    said = folder / f"said-{len(list(folder.glob('said-*')))}"
    with said.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "fjes", *arguments], stdout=out, stderr=out, env=environment)
        try:
            yield said.read_text
            assert process.poll() is None, said.read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    assert process.returncode == 0
    assert "Traceback" not in said.read_text()


# Wrong configuration.


@pytest.mark.parametrize("name", WITH_CONFIG)
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"[terminal]\nidd = 'stua'\n", "[terminal]: unknown key 'idd'; allowed: id, timezone, store, state, clock"),
        (b"[dashboard]\nthreshold = 4\n", "[dashboard] threshold: Expected 'int' >= 5; allowed: a whole number from 5"),
        (b"[kiosk]\nsize = fullscreen\n", "not readable as TOML: Invalid value (at line 2, column 8)"),
        (b"[[questions]]\nplace = 'N\xe6rstua'\n", "line 2 is not UTF-8; save the file as UTF-8"),
        (None, "there is no such file; write one or name another with --config"),
    ],
    ids=["misspelt key", "wrong value", "no TOML", "Latin-1", "no file"],
)
def test_a_wrong_configuration_is_one_line_from_every_command_and_nothing_is_made(
    name: str, content: bytes | None, what: str, here: Path
) -> None:
    path = here / "fjes.toml"
    if content is not None:
        path.write_bytes(content)
    before = sorted(here.iterdir())
    line = the_line(invoke(name, path))
    assert re.sub(r"(?<=\.toml), line 2(?=: )", "", line).find(f"{path}: {what}") >= 0
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize("process", ["courier", "ingest"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_read_ends_a_process_with_one_line(
    content: str | None, process: str, here: Path
) -> None:
    ca = here / "ca.pem"
    if content is not None:
        ca.write_text(content)
    line = the_line(invoke(process, configure(here, broker=f"tls = true\nca = '{ca}'")))
    assert line.startswith(f"Error: [broker] ca: {ca} cannot be used (")
    assert "allowed: a file with the authority's certificate (PEM)" in line


def test_a_language_without_words_ends_the_kiosk_with_one_line_and_gives_the_store_back(here: Path) -> None:
    path = configure(here)
    path.write_text(path.read_text().replace("[kiosk]", "[kiosk]\nlanguages = ['xx']"))
    line = the_line(invoke("kiosk", path))
    assert "languages: 'xx' has no catalogue" in line
    assert "allowed: bg, en, es, nb, ro, th" in line
    open_store(here).close()


def test_a_picture_that_cannot_be_shown_ends_the_kiosk_with_one_line_and_gives_the_store_back(here: Path) -> None:
    texts = ", ".join(f'{language} = "Mat"' for language in config.LANGUAGES)
    path = configure(
        here, more=f'[[follow_up.reasons]]\nid = "food"\npicture = "{here}/food.png"\ntexts = {{ {texts} }}'
    )
    line = the_line(invoke("kiosk", path))
    assert line.startswith(
        f"Error: [[follow_up.reasons]] picture: {here}/food.png: there is no such file; allowed: a PNG"
    )
    open_store(here).close()


# Two kiosks on one store.


def open_store(folder: Path, name: str = "card") -> Ledger:
    settings = config.load(folder / "fjes.toml")
    return Ledger.open(folder / name, settings.release, ZoneInfo("Europe/Oslo"), ["nb"])


def is_counting(folder: Path) -> bool:
    """Whether a kiosk has made the cells of the periods that run: the last thing before it waits for visitors."""
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{folder}/card/open.db?mode=ro", uri=True)) as connection,
    ):
        return bool(connection.execute("SELECT count(*) FROM cell").fetchone()[0])
    return False


def test_a_second_kiosk_on_one_store_ends_with_one_line_and_the_first_goes_on(here: Path, wait_for: Wait) -> None:
    path = configure(here, more="[sound]\n        volume_percent = 0")
    with started(here, "terminal", "kiosk", "--config", str(path)) as said:
        wait_for(lambda: is_counting(here), "the first kiosk", 60)
        line = the_line(invoke("kiosk", path))
        assert line.startswith(f"Error: {here / 'card'}: another kiosk is running on this store. Stop it first, or ")
    assert "Error" not in said(), "the first has nothing to say of it"
    assert "Traceback" not in said()


# A store that is damaged, locked or full.


@pytest.mark.parametrize("file", ["open.db", "released.db"])
def test_a_damaged_store_ends_the_kiosk_with_one_line_and_is_left_as_it_is(file: str, here: Path) -> None:
    path = configure(here)
    open_store(here).close()
    damaged = here / "card" / file
    damaged.write_bytes(b"somebody's ratings, in pieces" * 500)
    line = the_line(invoke("kiosk", path))
    assert f"{damaged}: damaged. Nothing was changed. Keep a copy" in line
    assert damaged.read_bytes() == b"somebody's ratings, in pieces" * 500


def test_a_locked_store_ends_the_kiosk_with_one_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = configure(here)
    open_store(here).close()
    monkeypatch.setattr(storage, "BUSY_SECONDS", 0.05)
    with contextlib.closing(sqlite3.connect(here / "card" / "open.db", isolation_level=None)) as browser:
        browser.execute("BEGIN EXCLUSIVE")
        assert "locked by another program. Stop that program" in the_line(invoke("kiosk", path))
    open_store(here).close()


def test_a_full_card_ends_the_kiosk_with_one_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect_full(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA max_page_count=1")
        return connection

    path, connect = configure(here), storage.connect
    monkeypatch.setattr(storage, "connect", connect_full)
    assert "open.db: no space left. Free space on the card" in the_line(invoke("kiosk", path))
    monkeypatch.undo()
    open_store(here).close()


def test_a_damaged_outbox_is_said_once_by_the_courier_and_carried_when_it_is_whole_again(
    broker: Mosquitto, here: Path, wait_for: Wait
) -> None:
    path = configure(here, port=broker.port)
    open_store(here).close()
    outbox = here / "card" / "released.db"
    whole = outbox.read_bytes()
    outbox.write_bytes(b"somebody's ratings, in pieces" * 500)
    with started(here, "terminal", "courier", "--config", str(path)) as said:
        wait_for(lambda: "released.db: damaged. Nothing was changed" in said(), "the line", 60)
        (here / "whole").write_bytes(whole)
        os.replace(here / "whole", outbox)
        wait_for(lambda: f"connected to the broker at 127.0.0.1:{broker.port}" in said(), "the connection")
    assert len(said().splitlines()) == 2


# The dashboard's database: damaged, locked, full, a wrong password.


@pytest.mark.parametrize("name", WITH_DATABASE)
def test_a_damaged_database_is_one_line_from_every_command(name: str, here: Path) -> None:
    path, damaged = configure(here), here / "fjes.db"
    damaged.write_bytes(b"somebody's counts, in pieces" * 500)
    line = the_line(invoke(name, path))
    assert f"the database sqlite:///{damaged} is not a database, or is damaged; set the file aside" in line
    assert damaged.read_bytes() == b"somebody's counts, in pieces" * 500


@pytest.mark.parametrize("name", ["ingest", "migrate", "enrol", "import"])
def test_a_locked_database_is_one_line_from_every_command_that_writes(
    name: str, here: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configure(here)
    assert sqlite_url == f"sqlite:///{here / 'fjes.db'}"
    monkeypatch.setattr(store, "WAIT_SECONDS", 0.05)
    with contextlib.closing(sqlite3.connect(here / "fjes.db", isolation_level=None)) as browser:
        browser.execute("BEGIN IMMEDIATE")
        assert "is locked by another process for too long; end the other one" in the_line(invoke(name, path))
    if name != "ingest":
        assert invoke(name, path).exit_code == 0, "afterwards it goes in as if nothing had been"


def test_a_database_that_is_locked_can_still_be_read(
    here: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configure(here)
    assert invoke("import", path).exit_code == 0
    monkeypatch.setattr(store, "WAIT_SECONDS", 0.05)
    with contextlib.closing(sqlite3.connect(here / "fjes.db", isolation_level=None)) as browser:
        browser.execute("BEGIN IMMEDIATE")
        assert invoke("report", path).exit_code == 0


def test_a_disk_that_is_full_lets_nothing_of_an_import_in_and_all_of_it_later(here: Path, sqlite_url: str) -> None:
    def fill(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    path = configure(here)
    with contextlib.closing(sqlite3.connect(here / "fjes.db")) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    many = [
        {"ts": f"{year}-{number:02}-{day:02}T{hour:02}:00:00Z", "r": 3}
        for year in range(2010, 2022)
        for number in range(1, 13)
        for day in range(1, 29)
        for hour in (9, 15)
    ]
    (here / "ratings.json").write_text(json.dumps(many))
    event.listen(Engine, "connect", fill)
    try:
        line = the_line(invoke("import", path))
    finally:
        event.remove(Engine, "connect", fill)
    assert "is full: no room on the disk; make room, nothing was lost" in line
    assert line.endswith("Nothing of it was imported.")
    done = invoke("import", path)
    assert done.exit_code == 0
    assert f"{len(many):,} ratings imported" in done.output


def test_a_wrong_password_for_the_database_is_one_line_without_it(here: Path, postgres: Postgres) -> None:
    path = configure(here)
    url = postgres.url("fjes_template")
    wrong = url.replace(postgres.PASSWORD, "not-this-one")
    path.write_text(path.read_text().replace(f"sqlite:///{here / 'fjes.db'}", wrong))
    for name in WITH_DATABASE:
        line = the_line(invoke(name, path))
        assert "refuses the user or the password; check both in the database URL" in line
        assert "not-this-one" not in line


# The broker, and what it brings.


@pytest.mark.parametrize("process", ["courier", "ingest"])
def test_without_a_broker_a_process_says_so_once_and_stops_when_it_is_asked_to(
    process: str, here: Path, free_port: int, wait_for: Wait
) -> None:
    path = configure(here, port=free_port)
    open_store(here).close()
    with started(here, *WITH_CONFIG[process], "--config", str(path)) as said:
        wait_for(lambda: f"no broker answers at 127.0.0.1:{free_port}" in said(), "the line", 60)
        # Somebody else on that port, who is no broker: the next try has come, and changed nothing.
        with socket.create_server(("127.0.0.1", free_port)) as other:
            other.settimeout(60)
            other.accept()[0].close()
    assert said().count("no broker answers") == 1
    assert len(said().splitlines()) <= 2


@pytest.mark.parametrize("process", ["courier", "ingest"])
def test_a_wrong_password_for_the_broker_is_one_line_without_it(
    process: str, here: Path, make_broker: Callable[..., Mosquitto], wait_for: Wait
) -> None:
    strict = make_broker(users={"stua": "right"}).start()
    path = configure(here, port=strict.port, broker="username = 'stua'\npassword = 'not-this-one'")
    open_store(here).close()
    with started(here, *WITH_CONFIG[process], "--config", str(path)) as said:
        wait_for(lambda: strict.log().count("not authorised") >= 2, "two tries", 60)
    (line,) = said().splitlines()
    assert "Check [broker] username and password" in line or "check [broker] username and password" in line
    assert "not-this-one" not in line


def test_a_message_that_is_no_acknowledgement_is_said_once_and_stops_nothing(
    broker: Mosquitto, here: Path, wait_for: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    path = configure(here, port=broker.port)
    ledger = open_store(here)
    ledger.record("visit", Score.HAPPY, "nb", datetime(2022, 1, 7, 12, tzinfo=UTC))
    ledger.release(datetime(2022, 1, 7, 12, tzinfo=UTC), "visit")
    epoch = ledger.epoch
    ledger.close()
    heard: list[tuple[str, bytes]] = []
    somebody = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    somebody.on_message = lambda _, __, message: heard.append((message.topic, bytes(message.payload)))
    somebody.connect("127.0.0.1", broker.port)
    somebody.subscribe([("fjes/v1/stua/tables", 1), ("fjes/v1/stua/status", 1)])
    somebody.loop_start()
    courier = Courier(config.load(path))
    thread = threading.Thread(target=courier.run)
    thread.start()
    try:
        wait_for(lambda: heard, "the status: by then the courier listens")
        strange = [b"", b"nonsense", b"\xff", b"[" * 60_000, b"x" * 70_000, b'{"epoch":"x","upto":1,"batch":null}']
        for payload in strange:
            for _ in range(3):
                somebody.publish("fjes/v1/stua/ack", payload, 1)
        for other, upto in (("00000000-0000-4000-8000-000000000000", 2**53), (epoch, 0)):  # Another card's; then ours.
            somebody.publish("fjes/v1/stua/ack", json.dumps({"epoch": other, "upto": upto, "batch": None}), 1)
        wait_for(lambda: any(topic.endswith("tables") for topic, _ in heard), "the ratings")
    finally:
        courier.stop()
        thread.join(20)
        somebody.disconnect()
        somebody.loop_stop()
    (batch, *_) = (json.loads(payload) for topic, payload in heard if topic.endswith("tables"))
    assert (batch["epoch"], batch["after"], len(batch["tables"])) == (epoch, 0, 4)
    told = [each.message for each in caplog.records if "was not understood and is left alone" in each.message]
    assert len(told) == len(strange), "each once"
