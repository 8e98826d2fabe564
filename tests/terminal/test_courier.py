"""The courier between a real card, a real broker and the real ingest."""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from dashboard import schema, store
from dashboard.ingest import Ingest
from ratings import config
from ratings.config import Config
from ratings.scale import Score
from ratings.table import Slice
from ratings.wire import Ack
from terminal.courier import Courier
from terminal.ledger import Ledger
from tests.conftest import Mosquitto
from tests.terminal.conftest import oslo

Wait = Callable[..., None]


def settings_for(tmp_path: Path, port: int, more: str = "") -> Config:
    """A terminal and a dashboard on one broker. Live, since closed release spreads its sending over minutes."""
    return config.read(
        f"""
        [terminal]
        id = "stua"
        store = "{tmp_path / "card"}"
        state = "{tmp_path / "state"}"
        [release]
        mode = "live"
        [broker]
        host = "127.0.0.1"
        port = {port}
        {more}
        """
    )


@contextlib.contextmanager
def running(process: Courier | Ingest, name: str | None = None) -> Iterator[None]:
    """Its `run` in a thread, until the end of the block."""
    thread = threading.Thread(target=process.run, name=name)
    thread.start()
    try:
        yield
    finally:
        process.stop()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    settings = settings_for(tmp_path, 1)
    ledger = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])
    yield ledger
    ledger.close()


def new_database(path: Path) -> Engine:
    engine = store.open_engine(f"sqlite:///{path}")
    store.upgrade(engine)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo", terminal_id="stua")
    return engine


def tap(ledger: Ledger, times: int, month: int = 1) -> None:
    for number in range(times):
        ledger.record("visit", Score(number % 4), "nb", oslo(2020, month, 7, 12))
    ledger.release(oslo(2020, month, 7, 12), "visit")


def held(engine: Engine) -> int:
    """How many ratings the dashboard holds."""
    row = schema.released.c
    with store.reading(engine) as connection:
        return sum(connection.scalars(select(row.n).where(row.slice == Slice.TOTAL)))


def today() -> date:
    return date(2030, 1, 1)


def test_what_is_released_arrives_and_goes_on_arriving(
    broker: Mosquitto, ledger: Ledger, tmp_path: Path, wait_for: Wait
) -> None:
    settings, engine = settings_for(tmp_path, broker.port), new_database(tmp_path / "1.db")
    tap(ledger, 7)
    with running(Ingest(settings, engine, today=today)), running(Courier(settings)):
        wait_for(lambda: held(engine) == 7)
        tap(ledger, 5, month=2)
        wait_for(lambda: held(engine) == 12)
    engine.dispose()


def test_a_dashboard_that_lost_its_database_is_filled_again_unasked(
    broker: Mosquitto, ledger: Ledger, tmp_path: Path, wait_for: Wait
) -> None:
    settings, first = settings_for(tmp_path, broker.port), new_database(tmp_path / "1.db")
    tap(ledger, 7)
    with running(Courier(settings)):
        with running(Ingest(settings, first, today=today)):
            wait_for(lambda: held(first) == 7)
        second = new_database(tmp_path / "2.db")
        with running(Ingest(settings, second, today=today)):
            wait_for(lambda: held(second) == 7)
    first.dispose()
    second.dispose()


def test_a_courier_without_a_broker_says_so_once_and_delivers_when_one_comes(
    make_broker: Callable[..., Mosquitto],
    ledger: Ledger,
    tmp_path: Path,
    wait_for: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "fjes.courier")
    late = make_broker()
    settings, engine = settings_for(tmp_path, late.port), new_database(tmp_path / "1.db")
    tap(ledger, 7)
    with running(Courier(settings)):
        wait_for(lambda: f"no broker answers at 127.0.0.1:{late.port}" in caplog.text)
        late.start()
        with running(Ingest(settings, engine, today=today)):
            wait_for(lambda: held(engine) == 7)
    assert caplog.text.count("no broker answers") == 1
    engine.dispose()


def test_a_wrong_password_is_said_once_and_nothing_is_lost(
    make_broker: Callable[..., Mosquitto],
    ledger: Ledger,
    tmp_path: Path,
    wait_for: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    strict = make_broker(users={"stua": "right", "dashboard": "other"}).start()
    tap(ledger, 7)
    wrong = settings_for(tmp_path, strict.port, 'username = "stua"\npassword = "wrong"')
    with running(Courier(wrong)):
        wait_for(lambda: "refuses this terminal" in caplog.text)
        wait_for(lambda: strict.log().count("not authorised") > 1)
    assert caplog.text.count("refuses this terminal") == 1
    assert "wrong" not in caplog.text.replace("wrong-password", "")
    engine = new_database(tmp_path / "1.db")
    listening = settings_for(tmp_path, strict.port, 'username = "dashboard"\npassword = "other"')
    right = settings_for(tmp_path, strict.port, 'username = "stua"\npassword = "right"')
    with running(Ingest(listening, engine, today=today)), running(Courier(right)):
        wait_for(lambda: held(engine) == 7)
    engine.dispose()


def test_a_broker_that_is_killed_and_forgets_all_changes_nothing(
    broker: Mosquitto, ledger: Ledger, tmp_path: Path, wait_for: Wait
) -> None:
    settings, engine = settings_for(tmp_path, broker.port), new_database(tmp_path / "1.db")
    with running(Ingest(settings, engine, today=today)), running(Courier(settings)):
        for month in (1, 2, 3):
            tap(ledger, 4, month)
            broker.kill()
            broker.start()
        wait_for(lambda: held(engine) == 12, seconds=60)
    engine.dispose()


def test_a_courier_started_before_the_kiosk_waits_for_the_store(
    broker: Mosquitto, tmp_path: Path, wait_for: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    settings, engine = settings_for(tmp_path, broker.port), new_database(tmp_path / "1.db")
    with running(Courier(settings)):
        wait_for(lambda: "released.db: cannot be opened" in caplog.text)
        ledger = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])
        tap(ledger, 3)
        with running(Ingest(settings, engine, today=today)):
            wait_for(lambda: held(engine) == 3)
    ledger.close()
    engine.dispose()


def test_closed_release_is_spread_so_that_a_months_end_is_no_stampede(ledger: Ledger, tmp_path: Path) -> None:
    settings = config.read(f'[terminal]\nid = "stua"\nstore = "{tmp_path / "card"}"')
    tap(ledger, 7)
    waits = set()
    for seed in range(5):
        courier = Courier(settings, seed=seed)
        delivery = courier._delivery
        delivery.acknowledged(Ack(ledger.epoch, 0, None))
        assert not courier._may_send(1000.0), "released just now: it waits its turn"
        waits.add(courier._send_at)
        assert courier._may_send(1000.0 + timedelta(minutes=10).total_seconds())
    assert len(waits) == 5


def test_a_connection_that_was_left_is_gone_at_once(
    ledger: Ledger, broker: Mosquitto, tmp_path: Path, wait_for: Callable[..., None]
) -> None:
    """Left to the garbage collector, its sockets could be found open at the end of the process, which says so."""
    gc.disable()
    try:
        left = _connected_and_left(Courier(settings_for(tmp_path, broker.port)), wait_for)
        wait_for(lambda: left() is None, "the connection to be gone")
    finally:
        gc.enable()


def _connected_and_left(courier: Courier, wait_for: Callable[..., None]) -> weakref.ref[Any]:
    with running(courier):
        wait_for(lambda: courier._online, "the courier at the broker")
        return weakref.ref(courier._client)
