"""Watchdogs: what systemd would hear through its socket, from loops that turn and from loops that are really stuck."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from dashboard import authority, awake, store
from dashboard.ingest import Ingest
from dashboard.secure import Secure
from dashboard.web import create_app
from ratings import config, wire
from ratings.config import Config, Dashboard
from ratings.watchdog import ROUNDS, Watchdog
from ratings.wire import Status
from terminal.courier import Courier
from terminal.ledger import Ledger
from tests.conftest import Mosquitto
from tests.dashboard.conftest import serving

SECONDS = 2.0
"""`WatchdogSec`, for tests."""
LIMIT_SECONDS = 60.0
START = b"READY=1\nWATCHDOG=1"
AGAIN = b"WATCHDOG=1"
STATUS = wire.encode(Status("online", "1", "11111111-1111-4111-8111-111111111111", 0, "closed"))


class Systemd:
    """Listens where `NOTIFY_SOCKET` says, as systemd does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def variables(self, seconds: float = SECONDS) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self._path), "WATCHDOG_USEC": str(round(seconds * 1_000_000))}

    def watchdog(self, seconds: float = SECONDS) -> Watchdog:
        return Watchdog.of(self.variables(seconds))

    def hears(self, seconds: float = LIMIT_SECONDS) -> bytes | None:
        """What comes next; None where nothing comes in so long."""
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(4096)
        except TimeoutError:
            return None

    def forgets(self) -> None:
        """Let go of what has come already."""
        self._socket.setblocking(False)
        try:
            while self._socket.recv(4096):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with closing(Systemd(tmp_path / "notify")) as listening:
        yield listening


def turns(systemd: Systemd) -> None:
    """It has started, and goes on telling."""
    assert systemd.hears() == START
    assert [systemd.hears() for _ in range(3)] == [AGAIN] * 3


def is_stuck(systemd: Systemd) -> None:
    """Nothing is heard in the time in which systemd would end it."""
    systemd.forgets()
    assert systemd.hears(SECONDS) is None


@contextmanager
def in_a_thread(process: Courier | Ingest) -> Iterator[None]:
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        yield
    finally:
        process.stop()
        thread.join(LIMIT_SECONDS)
        assert not thread.is_alive()


def terminal(tmp_path: Path, port: int = 1) -> str:
    return f"""
        [terminal]
        id = "stua"
        store = "{tmp_path / "card"}"
        state = "{tmp_path / "state"}"
        [release]
        mode = "live"
        [kiosk]
        size = "800x480"
        [broker]
        host = "127.0.0.1"
        port = {port}
        [dashboard]
        database = "sqlite:///{tmp_path / "fjes.db"}"
        """


def settings(tmp_path: Path, port: int = 1) -> Config:
    return config.read(terminal(tmp_path, port))


def card(tmp_path: Path) -> None:
    of = settings(tmp_path)
    Ledger.open(of.terminal.store, of.release, of.terminal.zone, ["nb"]).close()


def test_the_couriers_loop_tells_that_it_turns_and_says_nothing_when_it_is_stuck(
    tmp_path: Path, broker: Mosquitto, systemd: Systemd
) -> None:
    card(tmp_path)
    courier, let_go = Courier(settings(tmp_path, broker.port), turned=systemd.watchdog().turned), threading.Event()
    with in_a_thread(courier):
        turns(systemd)
        # As if something it has to do had no end. Its other thread, which reads the network, goes on.
        courier._events.put(partial(_wait_for, let_go))
        is_stuck(systemd)
        let_go.set()
        assert systemd.hears() == AGAIN


def test_a_courier_that_waits_for_the_kiosks_store_turns(tmp_path: Path, systemd: Systemd) -> None:
    with in_a_thread(Courier(settings(tmp_path), turned=systemd.watchdog().turned)):
        turns(systemd)


def test_ingests_loop_tells_that_it_turns_and_says_nothing_when_it_is_stuck(
    tmp_path: Path, broker: Mosquitto, systemd: Systemd
) -> None:
    of, let_go = settings(tmp_path, broker.port), threading.Event()
    engine = store.open_engine(of.dashboard.database)
    store.upgrade(engine)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo", terminal_id="stua")

    def today() -> date:
        _wait_for(let_go)
        return date(2026, 11, 29)

    with in_a_thread(Ingest(of, engine, today=today, turned=systemd.watchdog().turned)):
        turns(systemd)
        somebody = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        somebody.connect("127.0.0.1", broker.port)
        somebody.loop_start()
        # What is to be done with a message has no end.
        somebody.publish(wire.topic("stua", "status"), STATUS, 1).wait_for_publish(LIMIT_SECONDS)
        while systemd.hears(SECONDS) is not None:
            pass  # Until the message is there.
        is_stuck(systemd)
        let_go.set()
        assert systemd.hears() == AGAIN
        somebody.disconnect()
        somebody.loop_stop()
    engine.dispose()


def test_an_ingest_without_its_broker_turns(tmp_path: Path, systemd: Systemd) -> None:
    of = settings(tmp_path)
    engine = store.open_engine(of.dashboard.database)
    store.upgrade(engine)
    with in_a_thread(Ingest(of, engine, turned=systemd.watchdog().turned)):
        assert systemd.hears() == START
        assert systemd.hears() == AGAIN
    engine.dispose()


def test_the_pages_tell_that_they_answer_and_say_nothing_when_all_of_their_threads_are_stuck(
    tmp_path: Path, systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awake, "ANSWER_SECONDS", 1.0)
    engine = store.open_engine(settings(tmp_path).dashboard.database)
    store.upgrade(engine)
    app, let_go = create_app(engine, Dashboard()), threading.Event()

    @app.get("/endless")
    def endless() -> str:
        _wait_for(let_go)
        return ""

    with serving(app) as address:
        port = int(address.rpartition(":")[2])
        stopping = awake.watch(Dashboard(), systemd.watchdog(), port=port)
        turns(systemd)
        visitors = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
        for each in visitors:
            each.sendall(b"GET /endless HTTP/1.1\r\nHost: fjes\r\n\r\n")
        # The loop that takes connections still turns; nobody gets an answer.
        while systemd.hears(SECONDS) is not None:
            pass
        is_stuck(systemd)
        let_go.set()
        assert systemd.hears() == AGAIN
        stopping.set()
        for each in visitors:
            each.close()
    engine.dispose()


def test_pages_by_https_are_asked_by_https_whatever_their_certificate_says(tmp_path: Path, free_port: int) -> None:
    own = authority.make_authority("fjes.example.org", datetime.now(UTC))
    pair = authority.issue(own, ("fjes.example.org",), datetime.now(UTC))
    (tmp_path / "certificate").write_bytes(pair.certificate)
    (tmp_path / "key").write_bytes(pair.key)
    engine = store.open_engine(settings(tmp_path).dashboard.database)
    store.upgrade(engine)
    of = Dashboard(host="0.0.0.0", certificate=tmp_path / "certificate", key=tmp_path / "key")
    assert not awake.Asked(of, free_port).answers(), "nobody listens"
    listening = Secure(create_app(engine, of), of.host, 0, tmp_path / "certificate", tmp_path / "key")
    thread = threading.Thread(target=listening.run)
    thread.start()
    try:
        assert awake.Asked(of, listening.port).answers()
    finally:
        listening.close()
        thread.join(LIMIT_SECONDS)
    engine.dispose()


STUCK = """
import sys, threading
from pathlib import Path
from ratings import config
from ratings.watchdog import Watchdog
from terminal.clock import SystemClock
from terminal.kiosk.app import Kiosk
from terminal.ledger import Ledger
import os

settings = config.load(Path(sys.argv[1]))
ledger = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, settings.kiosk.languages)
kiosk = Kiosk(settings, SystemClock(), ledger, turned=Watchdog.of(os.environ).turned)
from kivy.clock import Clock

def others():
    for line in sys.stdin:
        # As if a driver did not come back from drawing: in the midst of a frame.
        Clock.schedule_once(lambda _: threading.Event().wait())
        kiosk.refresh()
        print("stuck", flush=True)

threading.Thread(target=others, daemon=True).start()
kiosk.run()
"""


def test_the_kiosks_frame_loop_tells_that_it_turns_and_says_nothing_when_it_is_stuck(
    tmp_path: Path, systemd: Systemd
) -> None:
    (tmp_path / "fjes.toml").write_text(terminal(tmp_path))
    command = [sys.executable, "-c", STUCK, str(tmp_path / "fjes.toml")]
    environment = _without_screen() | systemd.variables()
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as kiosk:
        try:
            turns(systemd)
            assert kiosk.stdin
            assert kiosk.stdout
            kiosk.stdin.write("\n")
            kiosk.stdin.flush()
            assert kiosk.stdout.readline() == "stuck\n"
            while systemd.hears(SECONDS) is not None:
                pass
            is_stuck(systemd)
            assert kiosk.poll() is None, "it ended by itself"
        finally:
            kiosk.kill()


@pytest.mark.parametrize("what", ["terminal kiosk", "terminal courier", "dashboard ingest", "dashboard web"])
def test_each_command_tells_the_systemd_that_started_it(
    what: str, tmp_path: Path, broker: Mosquitto, systemd: Systemd, free_port: int
) -> None:
    card(tmp_path)
    text = terminal(tmp_path, broker.port) + f"port = {free_port}\n"
    (tmp_path / "fjes.toml").write_text(text)
    command = [sys.executable, "-m", "fjes", *what.split(), "--quiet", "--config", str(tmp_path / "fjes.toml")]
    with subprocess.Popen(command, env=_without_screen() | systemd.variables(), stdout=subprocess.DEVNULL) as process:
        try:
            turns(systemd)
            process.terminate()
            assert process.wait(LIMIT_SECONDS) == 0
        finally:
            process.kill()


def _without_screen() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}


def _wait_for(event: threading.Event) -> None:
    assert event.wait(LIMIT_SECONDS)


# The protocol itself.


def test_it_is_told_a_few_times_within_the_watchdogs_seconds_and_no_more(systemd: Systemd) -> None:
    now = 0.0
    watchdog = Watchdog(systemd.variables()["NOTIFY_SOCKET"], 60, lambda: now)
    for _ in range(60_000):  # A thousand rounds a second, for a minute.
        watchdog.turned()
        now += 0.001
    heard = [systemd.hears(0.2) for _ in range(ROUNDS + 1)]
    assert heard == [START, *[AGAIN] * (ROUNDS - 1), None]


def test_without_systemd_nothing_is_told_and_nothing_fails() -> None:
    for variables in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/at/all"}):
        watchdog = Watchdog.of(variables)
        watchdog.turned()
        watchdog.turned()
        assert watchdog.rest is None


def test_a_watchdog_that_was_meant_for_another_process_is_left_alone(systemd: Systemd) -> None:
    watchdog = Watchdog.of(systemd.variables() | {"WATCHDOG_PID": "1"})
    watchdog.turned()
    watchdog.turned()
    assert (systemd.hears(0.2), systemd.hears(0.2)) == (b"READY=1", None)


def test_an_abstract_address_is_understood() -> None:
    name = f"fjes-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(LIMIT_SECONDS)
        Watchdog(f"@{name}", None).turned()
        assert listening.recv(100) == b"READY=1"
