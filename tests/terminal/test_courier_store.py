"""The courier and the card: only released.db, only to read, one batch at a time, never in the kiosk's way."""

from __future__ import annotations

import logging
import queue
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, select

from dashboard import schema, store
from dashboard.ingest import Ingest
from ratings import wire
from ratings.config import Broker, Release
from ratings.period import Grain, periods_between, write
from ratings.table import Revision, Slice, Table, all_hours
from ratings.wire import MOST_BYTES, Ack, Batch
from terminal import courier as module
from terminal.courier import Courier
from terminal.delivery import Delivery
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from terminal.storage import StoreError, journal_of
from tests.conftest import Mosquitto
from tests.terminal.test_courier import held, new_database, running, settings_for, tap, today

Wait = Callable[..., None]
YEARS = date(2010, 1, 1), date(2019, 12, 31)


def opened(folder: Path) -> Ledger:
    settings = settings_for(folder, 1)
    return Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(opened(tmp_path)) as ledger:
        yield ledger


def ten_years(ledger: Ledger) -> tuple[int, int]:
    """All tables of a busy terminal, every hour of the week in each month's; returns their number and bytes."""
    four = (12345, 12345, 12345, 12345)
    tables = [
        Table("visit", slice_, write(period, grain), dict.fromkeys(keys, four))
        for slice_, grain, keys in (
            (Slice.TOTAL, Grain.MONTH, ["counted", "repeat"]),
            (Slice.TREND, Grain.DAY, ["counted"]),
            (Slice.LANGUAGE, Grain.MONTH, ["nb", "en", "es", "bg", "th", "ro", "unchosen"]),
            (Slice.HOUR, Grain.MONTH, all_hours()),
        )
        for period in periods_between(grain, *YEARS)
    ]
    with ledger.connection:
        ledger.connection.execute("BEGIN")
        for table in tables:
            ledger.put(ledger.epoch, table)
    return len(tables), sum(len(wire.encode_table(table)) for table in tables)


def test_however_much_waits_no_more_than_a_batch_is_in_memory(ledger: Ledger, tmp_path: Path) -> None:
    number, size = ten_years(ledger)
    assert (number, size > 10 * MOST_BYTES) == (len(list(periods_between(Grain.DAY, *YEARS))) + 3 * 120, True)
    delivery = Delivery(Outbox(ledger.path.parent), tmp_path / "state", Release(), "1.0")
    delivery.acknowledged(Ack(ledger.epoch, 0, None))
    tracemalloc.start()
    try:
        batches = 0
        while (batch := delivery.next_batch()) is not None:
            assert len(wire.encode(batch)) <= MOST_BYTES
            delivery.acknowledged(Ack(ledger.epoch, batch.upto, batch.batch))
            batches += 1
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert batches < size / MOST_BYTES * 1.2 + 2, "batches are full"
    assert most < 8 * MOST_BYTES, f"{most} bytes at once, of {size}"


def test_what_is_read_ends_with_the_table_that_fills_a_batch(ledger: Ledger) -> None:
    ten_years(ledger)
    outbox = Outbox(ledger.path.parent)
    sizes = [len(encoded) for _, encoded in outbox.pending(ledger.epoch, Revision(0), MOST_BYTES)]
    assert sum(sizes) >= MOST_BYTES > sum(sizes[:-1])
    assert len(outbox.pending(ledger.epoch, Revision(0), 1)) == 1


def test_it_reads_released_db_alone_and_writes_nothing_beside_it(
    broker: Mosquitto, tmp_path: Path, wait_for: Wait
) -> None:
    with closing(opened(tmp_path)) as ledger:
        tap(ledger, 7)
    card = settings_for(tmp_path, 1).terminal.store
    # What it has no business with is not even there, and what is there has a time that a write would move.
    for path in card.iterdir():
        if not path.name.startswith("released.db"):
            path.unlink()
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in card.iterdir()}
    engine = new_database(tmp_path / "fjes.db")
    settings = settings_for(tmp_path, broker.port)
    with running(Ingest(settings, engine, today=today)), running(Courier(settings)):
        wait_for(lambda: held(engine) == 7, "the ratings", 60)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in card.iterdir()} == before
    engine.dispose()


@pytest.mark.parametrize("command", ["courier", "retire"])
def test_it_leaves_no_core_when_it_crashes(tmp_path: Path, command: str) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    assert most != 0, "the machine allows no core dumps: nothing is shown"
    opened(tmp_path).close()
    where, file = settings_for(tmp_path, 1).terminal, tmp_path / "fjes.toml"
    file.write_text(
        f'[terminal]\nid = "stua"\nclock = "system"\nstore = "{where.store}"\nstate = "{where.state}"\n'
        '[broker]\nhost = "127.0.0.1"\nport = 1\n'
    )
    unlimited = "unlimited" if most == resource.RLIM_INFINITY else str(most)
    words = ["prlimit", f"--core={unlimited}:{unlimited}", sys.executable, "-m", "fjes", "terminal", command]
    with subprocess.Popen([*words, "--config", str(file)], stderr=subprocess.PIPE) as courier:
        try:
            # When it says that no broker answers, it is at work.
            assert courier.stderr is not None
            assert b"trying again" in courier.stderr.readline()
            assert resource.prlimit(courier.pid, resource.RLIMIT_CORE) == (0, 0)
        finally:
            courier.kill()


_CUT = """
import os, signal, sqlite3, sys
half = sqlite3.connect(sys.argv[1], isolation_level=None)
half.execute("PRAGMA journal_mode=PERSIST")
half.execute("PRAGMA cache_size=1")
half.execute("BEGIN")
half.execute("UPDATE released SET encoded=zeroblob(5000)")
os.kill(os.getpid(), signal.SIGKILL)
"""


def cut_off(ledger: Ledger) -> None:
    """The power goes in the middle of a change: the journal is on the disk, the database is half changed."""
    ended = subprocess.run([sys.executable, "-c", _CUT, str(ledger.released_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert any(journal_of(ledger.released_path).read_bytes()[:8]), "the cut came too early"


def test_a_change_that_was_cut_off_is_read_by_nobody_before_the_kiosk_has_put_it_right(
    broker: Mosquitto, tmp_path: Path, wait_for: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "fjes.courier")
    with closing(opened(tmp_path)) as ledger:
        tap(ledger, 7)
        tap(ledger, 5, month=2)
    settings, engine = settings_for(tmp_path, broker.port), new_database(tmp_path / "fjes.db")
    cut_off(ledger)
    with pytest.raises(
        StoreError, match=r"left in the middle of a change, by a cut of power\. The kiosk puts it right"
    ):
        Outbox(settings.terminal.store).epochs()
    with running(Ingest(settings, engine, today=today)), running(Courier(settings)):
        wait_for(lambda: "left in the middle of a change" in caplog.text, "the word")
        assert held(engine) == 0
        with closing(opened(tmp_path)):
            wait_for(lambda: held(engine) == 12, "the ratings", 60)
    assert caplog.text.count("left in the middle of a change") == 1
    engine.dispose()


def test_a_kiosk_that_is_cut_off_while_the_courier_runs_stops_it_no_longer_than_it_takes(
    broker: Mosquitto, tmp_path: Path, wait_for: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "fjes.courier")
    settings, engine = settings_for(tmp_path, broker.port), new_database(tmp_path / "fjes.db")
    with closing(opened(tmp_path)) as ledger:
        tap(ledger, 7)
    with running(Ingest(settings, engine, today=today)), running(Courier(settings)):
        wait_for(lambda: held(engine) == 7, "the first ratings", 60)
        cut_off(ledger)
        wait_for(lambda: "left in the middle of a change" in caplog.text, "the word")
        with closing(opened(tmp_path)) as again:
            tap(again, 5, month=2)
            wait_for(lambda: held(engine) == 12, "the rest", 60)
    engine.dispose()


def test_the_kiosk_never_waits_for_a_courier_that_catches_up(
    broker: Mosquitto, ledger: Ledger, tmp_path: Path, wait_for: Wait
) -> None:
    number, _ = ten_years(ledger)
    settings, engine = settings_for(tmp_path, broker.port), new_database(tmp_path / "fjes.db")
    ledger.connection.execute("PRAGMA busy_timeout=200")  # A tenth of what the kiosk has: the reads are short.
    with running(Ingest(settings, engine, today=today)), running(Courier(settings)):
        for month in range(1, 13):
            tap(ledger, 1, month)
        ((_, last),) = Outbox(settings.terminal.store).epochs()
        assert last > number
        wait_for(lambda: stored(engine) == last, "all of it", 60)
    engine.dispose()


def stored(engine: Engine) -> int:
    with store.reading(engine) as connection:
        return connection.scalar(select(schema.epoch.c.upto)) or 0


def test_one_batch_is_under_way_whatever_else_is_answered(
    broker: Mosquitto, ledger: Ledger, tmp_path: Path, wait_for: Wait
) -> None:
    ten_years(ledger)
    came: queue.Queue[Batch] = queue.Queue()
    dashboard = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    ready = threading.Event()
    dashboard.on_message = lambda _client, _data, message: came.put(wire.decode(bytes(message.payload), Batch))
    dashboard.on_connect = lambda client, *_: client.subscribe("fjes/v1/stua/tables", 1)
    dashboard.on_subscribe = lambda *_: ready.set()
    dashboard.connect("127.0.0.1", broker.port)
    dashboard.loop_start()
    assert ready.wait(20)

    def answer(upto: int, batch: str | None) -> None:
        dashboard.publish("fjes/v1/stua/ack", wire.encode(Ack(ledger.epoch, upto, batch)), 1)

    try:
        courier = Courier(settings_for(tmp_path, broker.port))
        courier._patience.next = lambda: 600.0  # type: ignore[method-assign]  # Nothing is given up in this test.
        with running(courier):
            wait_for(lambda: courier._online, "the connection")

            def asked_for() -> bool:
                answer(0, None)  # One that comes before the courier has subscribed is heard by nobody.
                return not came.empty()

            wait_for(asked_for, "the first batch")
            first = came.get(timeout=20)
            for _ in range(50):
                answer(0, None)
            answer(first.upto, first.batch)
            second = came.get(timeout=20)
            assert (second.after, came.empty()) == (first.upto, True)
    finally:
        dashboard.disconnect()
        dashboard.loop_stop()


def test_months_without_a_network_leave_nothing_behind_in_memory(
    ledger: Ledger, tmp_path: Path, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two minutes between two tries make five hundred a day: here without the waiting, at a port that refuses.
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 0.0001)
    monkeypatch.setattr(module, "LONGEST_WAIT_SECONDS", 0.0001)
    tap(ledger, 7)
    tries: list[int] = []
    connect = socket.create_connection

    def counted(*where: Any, **how: Any) -> socket.socket:
        tries.append(1)
        return connect(*where, **how)

    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        broker = Broker(host="127.0.0.1", port=nobody.getsockname()[1])
        settings = msgspec.structs.replace(settings_for(tmp_path, 1), broker=broker)
        monkeypatch.setattr(socket, "create_connection", counted)
        with running(Courier(settings)):
            wait_for(lambda: len(tries) > 200, "the first tries", 300)
            threads = threading.active_count()
            tracemalloc.start()
            try:
                before, _ = tracemalloc.get_traced_memory()
                wait_for(lambda: len(tries) > 1200, "many more", 300)
                after, _ = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert threading.active_count() <= threads + 1
    assert after - before < 300_000, f"{after - before} bytes more after a thousand tries"


def test_a_database_browser_that_holds_the_outbox_delays_and_costs_nothing(
    broker: Mosquitto, ledger: Ledger, tmp_path: Path, wait_for: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    tap(ledger, 7)
    settings, engine = settings_for(tmp_path, broker.port), new_database(tmp_path / "fjes.db")
    with closing(sqlite3.connect(ledger.released_path, isolation_level=None)) as browser:
        browser.execute("BEGIN EXCLUSIVE")
        with running(Ingest(settings, engine, today=today)), running(Courier(settings)):
            wait_for(lambda: "released.db: locked by another program" in caplog.text, "the word")
            browser.execute("ROLLBACK")
            wait_for(lambda: held(engine) == 7, "the ratings", 60)
    engine.dispose()
