"""What the staff menu shows, from a real store, a real outbox and a real courier."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.ingest import Ingest
from ratings import config
from ratings.config import Config
from ratings.scale import Score
from ratings.table import Epoch, Revision
from ratings.wire import Ack
from terminal import connection, delivery, health, machine
from terminal.connection import Note, Standing
from terminal.courier import Courier
from terminal.delivery import Delivery
from terminal.health import Around, Line
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from tests.conftest import Mosquitto
from tests.terminal.conftest import oslo
from tests.terminal.test_courier import new_database, running, today

Wait = Callable[..., None]

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AROUND = Around("kmsdrm", 800, 480, buttons=True)


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return settings_for(tmp_path)


def settings_for(tmp_path: Path, more: str = "") -> Config:
    return config.read(
        f"""
        [terminal]
        id = "stua"
        store = "{tmp_path / "card"}"
        state = "{tmp_path / "state"}"
        [buttons]
        factory = "mock"
        {more}
        """
    )


@pytest.fixture
def ledger(settings: Config) -> Iterator[Ledger]:
    ledger = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])
    yield ledger
    ledger.close()


def lines(settings: Config, around: Around = AROUND, now: datetime = NOW) -> dict[str, Line]:
    return {line.name.text: line for line in health.look(settings, now, around)}


def said(line: Line) -> str:
    return line.value.text % dict(line.value.values)


def release_some(ledger: Ledger) -> None:
    for number in range(20):
        ledger.record("visit", Score(number % 4), "nb", oslo(2026, 1, 7, 12))
    ledger.release(oslo(2026, 2, 2, 12), "visit")


def test_a_terminal_that_is_well_says_so_of_everything(settings: Config, ledger: Ledger) -> None:
    note = Note(settings.terminal.state)
    note.tell(Standing.DASHBOARD)
    found = lines(settings)
    assert list(found) == [
        "Connection",
        "Waiting to be sent",
        "Last acknowledged",
        "Network",
        "Clock",
        "Storage",
        "Buttons",
        "Screen",
        "Terminal",
    ]
    # Whether this machine's clock and network are well is its own affair.
    assert {name for name, line in found.items() if line.todo} <= {"Clock", "Network"}
    assert said(found["Clock"]) == "2026-03-02 10:00, Europe/Oslo"
    assert said(found["Screen"]) == "kmsdrm, 800 × 480"
    assert said(found["Terminal"]).startswith("stua, Fjes 0.")
    assert said(found["Last acknowledged"]) == "Never yet."
    note.close()


def test_nothing_in_it_moves_with_a_tap(settings: Config, ledger: Ledger) -> None:
    release_some(ledger)
    ledger.release(oslo(2026, 3, 2, 10), "visit")
    before = health.look(settings, NOW, AROUND)
    for number in range(100):
        ledger.record("visit", Score(number % 4), "nb", oslo(2026, 3, 2, 10))
        assert health.look(settings, NOW, AROUND) == before
    ledger.tidy()
    assert health.look(settings, NOW, AROUND) == before


def test_of_open_db_it_reads_nothing(settings: Config, ledger: Ledger) -> None:
    release_some(ledger)
    before = health.look(settings, NOW, AROUND)
    for name in ("open.db", "open.db-journal"):
        os.rename(settings.terminal.store / name, settings.terminal.store / f"{name}.elsewhere")
    assert health.look(settings, NOW, AROUND) == before


def test_released_tables_beyond_the_acknowledgement_wait_and_ratings_are_not_told(
    settings: Config, ledger: Ledger
) -> None:
    release_some(ledger)
    outbox = Outbox(settings.terminal.store)
    ((epoch, last),) = outbox.epochs()
    count = len(outbox.pending(epoch, Revision(0)))
    assert 0 < count < 20
    line = lines(settings)["Waiting to be sent"]
    assert said(line) == f"Released tables: {count}"
    assert line.todo is not None
    telling = Delivery(outbox, settings.terminal.state, settings.release, "0")
    telling.acknowledged(Ack(epoch, last - 1, None))
    assert said(lines(settings)["Waiting to be sent"]) == "Released tables: 1"
    os.utime(settings.terminal.state / delivery.STATE_FILE, (0, oslo(2026, 3, 1, 23, 59).timestamp()))
    assert said(lines(settings)["Last acknowledged"]) == "2026-03-01 23:59"
    telling.acknowledged(Ack(epoch, last, None))
    assert lines(settings)["Waiting to be sent"].todo is None
    assert said(lines(settings)["Waiting to be sent"]).startswith("Nothing")


def test_a_lost_acknowledgement_makes_all_released_tables_wait(settings: Config, ledger: Ledger) -> None:
    release_some(ledger)
    telling = Delivery(Outbox(settings.terminal.store), settings.terminal.state, settings.release, "0")
    telling.acknowledged(Ack(Epoch(ledger.epoch), 99, None))
    (settings.terminal.state / delivery.STATE_FILE).write_bytes(b"\x00")
    assert said(lines(settings)["Waiting to be sent"]).startswith("Released tables: ")


def test_where_running_counts_are_released_neither_tables_nor_times_are_told(tmp_path: Path) -> None:
    live = settings_for(tmp_path, '[release]\nmode = "live"')
    ledger = Ledger.open(live.terminal.store, live.release, live.terminal.zone, ["nb"])
    before = health.look(live, NOW, AROUND)
    ledger.record("visit", Score.HAPPY, "nb", NOW)
    ledger.release(NOW, "visit")
    assert health.look(live, NOW, AROUND) == before
    assert not {"Waiting to be sent", "Last acknowledged"} & set(lines(live))
    ledger.close()


def test_the_connection_goes_from_no_courier_to_the_dashboard_and_back(
    make_broker: Callable[..., Mosquitto], tmp_path: Path, wait_for: Wait
) -> None:
    late = make_broker(users={"stua": "right", "dashboard": "other"})
    access = f'[broker]\nhost = "127.0.0.1"\nport = {late.port}\n'
    settings = settings_for(tmp_path, access + 'username = "stua"\npassword = "right"')
    ledger = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])
    engine = new_database(tmp_path / "1.db")
    listening = settings_for(tmp_path, access + 'username = "dashboard"\npassword = "other"')

    def shown(words: str) -> Callable[[], bool]:
        return lambda: said(lines(settings)["Connection"]).startswith(words)

    assert shown("The courier is not running.")()
    with running(Courier(settings)):
        wait_for(shown(f"No broker answers at 127.0.0.1:{late.port}."))
        assert lines(settings)["Connection"].todo is not None
        late.start()
        wait_for(shown("The broker answers, the dashboard does not."))
        with running(Ingest(listening, engine, today=today)):
            wait_for(shown("The dashboard answers."))
            assert lines(settings)["Connection"].todo is None
            told = (settings.terminal.state / connection.FILE).stat().st_mtime_ns
            ledger.record("visit", Score.HAPPY, "nb", NOW)
            ledger.release(NOW, "visit")
            assert (settings.terminal.state / connection.FILE).stat().st_mtime_ns == told
        late.stop()
        wait_for(shown("No broker answers"))
    assert shown("The courier is not running.")()
    engine.dispose()
    ledger.close()


def test_a_refused_courier_is_told_apart(make_broker: Callable[..., Mosquitto], tmp_path: Path, wait_for: Wait) -> None:
    strict = make_broker(users={"stua": "right"}).start()
    settings = settings_for(
        tmp_path, f'[broker]\nhost = "127.0.0.1"\nport = {strict.port}\nusername = "stua"\npassword = "wrong"'
    )
    ledger = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])
    with running(Courier(settings)):
        wait_for(lambda: said(lines(settings)["Connection"]) == "The broker refuses this terminal.")
    ledger.close()


def test_a_courier_that_was_killed_is_not_taken_for_a_running_one(tmp_path: Path, wait_for: Wait) -> None:
    program = (
        "import sys; from pathlib import Path; from terminal.connection import Note, Standing\n"
        "note = Note(Path(sys.argv[1])); note.tell(Standing.DASHBOARD); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert connection.read(tmp_path) is Standing.DASHBOARD
        process.kill()
    assert connection.read(tmp_path) is None


def test_a_look_of_the_kiosks_keeps_no_courier_from_telling(tmp_path: Path) -> None:
    note = Note(tmp_path)
    other = Note(tmp_path)  # A second one is not let in, and breaks nothing.
    other.tell(Standing.REFUSED)
    assert connection.read(tmp_path) is Standing.STARTING
    note.close()
    other.tell(Standing.SILENT)
    assert connection.read(tmp_path) is Standing.SILENT
    other.close()
    other.tell(Standing.BROKER)
    assert connection.read(tmp_path) is None


def test_a_word_is_written_when_it_changes_and_at_no_other_time(tmp_path: Path) -> None:
    note, file = Note(tmp_path), tmp_path / connection.FILE
    note.tell(Standing.DASHBOARD)
    os.utime(file, ns=(1, 1))
    note.tell(Standing.DASHBOARD)
    assert file.stat().st_mtime_ns == 1
    note.tell(Standing.SILENT)
    assert file.stat().st_mtime_ns != 1
    note.close()


def test_a_damaged_word_is_no_courier(tmp_path: Path) -> None:
    note = Note(tmp_path)
    (tmp_path / connection.FILE).write_bytes(b"\xff\x00")
    assert connection.read(tmp_path) is None
    note.close()


def test_a_state_folder_that_cannot_be_made_stops_no_courier(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    note = Note(tmp_path / "file" / "state")
    note.tell(Standing.BROKER)
    note.close()


def test_a_store_that_is_gone_is_a_line_and_no_error(settings: Config, tmp_path: Path) -> None:
    found = lines(settings)
    assert said(found["Storage"]) == f"{tmp_path / 'card'} is not there."
    assert found["Storage"].todo is not None
    assert found["Waiting to be sent"].todo is not None


def test_free_room_is_told_in_words(settings: Config, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    free = shutil.disk_usage(settings.terminal.store).free
    monkeypatch.setattr(machine, "PLENTY_BYTES", 0)
    assert said(lines(settings)["Storage"]) == "Plenty of room."
    monkeypatch.setattr(machine, "PLENTY_BYTES", free * 2)
    monkeypatch.setattr(machine, "LITTLE_BYTES", 0)
    assert said(lines(settings)["Storage"]) == "Enough room."
    monkeypatch.setattr(machine, "LITTLE_BYTES", free * 2)
    assert said(lines(settings)["Storage"]) == "Almost full."
    assert lines(settings)["Storage"].todo is not None


def test_a_card_that_cannot_be_written_is_told(
    settings: Config, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # Root may write everywhere.
    line = lines(settings)["Storage"]
    assert said(line) == "The card cannot be written."
    assert line.todo is not None


def test_buttons_that_cannot_be_used_are_told_and_none_are_none(settings: Config, tmp_path: Path) -> None:
    assert lines(settings)["Buttons"].todo is None
    assert lines(settings, Around("x11", 800, 480, buttons=False))["Buttons"].todo is not None
    assert "Buttons" not in lines(config.read(f'[terminal]\nstore = "{tmp_path}"\nstate = "{tmp_path}"'))


def test_addresses_are_read_as_the_kernel_lists_them(tmp_path: Path) -> None:
    (tmp_path / "fib_trie").write_text(
        """Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.17
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
Local:
        |-- 192.0.2.17
           /32 host LOCAL
"""
    )
    (tmp_path / "if_inet6").write_text(
        "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
        "20010db8000000000000000000000002 04 40 00 82     eth0\n"
        "00000000000000000000000000000001 01 80 10 80       lo\n"
    )
    assert health.addresses(tmp_path) == ["192.0.2.17", "2001:db8::2"]
    assert health.addresses(tmp_path / "none") == []
    assert "127.0.0.1" not in health.addresses()


def test_a_mistake_in_the_file_is_told_where_the_terminal_goes_by_an_earlier_one(settings: Config) -> None:
    assert "Configuration" not in lines(settings)
    told = lines(settings, Around("x11", 800, 480, buttons=True, mistake=("fjes.toml", 12)))["Configuration"]
    assert dict(told.value.values) == {"file": "fjes.toml", "line": "12"}
    assert told.todo is not None
    assert (
        "line"
        not in lines(settings, Around("x11", 800, 480, buttons=True, mistake=("a", None)))["Configuration"].value.text
    )
