"""Ingest with a real broker: what goes in comes out acknowledged, whatever is lost, doubled, or killed."""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, func, select, text

from dashboard import ingest as module
from dashboard import schema, store, undecodable
from dashboard.ingest import Ingest
from ratings import wire
from ratings.config import Broker, Config
from ratings.scale import Counts
from ratings.table import Slice, Table
from ratings.wire import Ack, Batch, DashboardState, Status

if TYPE_CHECKING:
    from tests.conftest import Mosquitto

EPOCH = "11111111-1111-4111-8111-111111111111"
TODAY = date(2026, 11, 23)
WAIT = 20


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def total(month: int, counts: Counts) -> Table:
    return Table("visit", Slice.TOTAL, f"2026-{month:02}", {"counted": counts})


def batch(number: int, after: int, upto: int, *tables: Table | bytes) -> Batch:
    raw = [msgspec.Raw(each if isinstance(each, bytes) else wire.encode_table(each)) for each in tables]
    return Batch(EPOCH, uuid(number), after, upto, raw)


class Terminal:
    """Speaks for a terminal, as a courier would."""

    def __init__(self, port: int, name: str = "stua") -> None:
        self.name = name
        self.acks: queue.Queue[Ack] = queue.Queue()
        self.dashboard: queue.Queue[str] = queue.Queue()
        self.ready = threading.Event()
        self.mqtt = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self.mqtt.on_connect = lambda client, *_: client.subscribe([(wire.topic(name, "ack"), 1), (wire.DASHBOARD, 1)])
        self.mqtt.on_subscribe = lambda *_: self.ready.set()
        self.mqtt.on_message = self._take
        self.mqtt.connect("127.0.0.1", port)
        self.mqtt.loop_start()
        assert self.ready.wait(WAIT)

    def _take(self, client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic == wire.DASHBOARD:
            self.dashboard.put(wire.decode(bytes(message.payload), DashboardState).state)
        else:
            self.acks.put(wire.decode(bytes(message.payload), Ack))

    def send(self, message: Batch | Status) -> None:
        kind: Any = "tables" if isinstance(message, Batch) else "status"
        self.mqtt.publish(wire.topic(self.name, kind), wire.encode(message), qos=1, retain=kind == "status")

    def ask(self, message: Batch | Status) -> Ack:
        self.send(message)
        return self.acks.get(timeout=WAIT)

    def wait_until(self, state: str) -> None:
        while self.dashboard.get(timeout=WAIT) != state:
            pass

    def close(self) -> None:
        self.mqtt.disconnect()
        self.mqtt.loop_stop()


def online(revision: int = 1, **changes: Any) -> Status:
    return msgspec.structs.replace(Status("online", "0.1.0", EPOCH, revision, "closed"), **changes)


Run = Callable[..., Ingest]


@pytest.fixture
def run(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run an ingest in a thread, stopped at the end of the test."""
    caplog.set_level(logging.INFO, logger="fjes.ingest")
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 0.1)
    with ExitStack() as stack:

        def start(engine: Engine, port: int, **broker: Any) -> Ingest:
            ingest = Ingest(Config(broker=Broker(host="127.0.0.1", port=port, **broker)), engine, today=lambda: TODAY)
            thread = threading.Thread(target=ingest.run)
            thread.start()
            stack.callback(thread.join)
            stack.callback(ingest.stop)
            return ingest

        yield start


@pytest.fixture
def connect(broker: Mosquitto) -> Iterator[Callable[..., Terminal]]:
    with ExitStack() as stack:

        def make(name: str = "stua") -> Terminal:
            terminal = Terminal(broker.port, name)
            stack.callback(terminal.close)
            return terminal

        yield make


@pytest.fixture
def enrolled(database: Engine) -> Engine:
    with database.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
    return database


@pytest.fixture
def terminal(enrolled: Engine, broker: Mosquitto, run: Run, connect: Callable[..., Terminal]) -> Terminal:
    """A terminal that is connected and enrolled, and a dashboard that listens."""
    made = connect()
    run(enrolled, broker.port)
    made.wait_until("online")
    return made


def held(engine: Engine) -> list[tuple[str, int]]:
    with store.reading(engine) as connection:
        found = connection.execute(
            select(schema.released.c.period, schema.released.c.n).order_by(schema.released.c.period)
        )
        return [(row.period, row.n) for row in found]


def test_a_batch_goes_in_and_the_acknowledgement_comes_out(terminal: Terminal, enrolled: Engine) -> None:
    ack = terminal.ask(batch(1, 0, 2, total(1, (1, 0, 0, 0)), total(2, (0, 2, 0, 0))))

    assert ack == Ack(EPOCH, 2, uuid(1))
    assert held(enrolled) == [("2026-01", 1), ("2026-02", 2)]


def test_a_status_is_answered_with_what_the_database_holds_and_remembered(terminal: Terminal, enrolled: Engine) -> None:
    assert terminal.ask(online()) == Ack(EPOCH, 0, None)
    terminal.ask(batch(1, 0, 5, total(1, (1, 0, 0, 0))))
    assert terminal.ask(online(5, release="live")) == Ack(EPOCH, 5, uuid(1))

    with store.reading(enrolled) as connection:
        assert connection.scalar(select(schema.terminal.c.release)) == "live"
        stored = connection.scalar(select(schema.status.c.payload))
    assert stored == wire.encode(online(5, release="live")).decode().rstrip()


def test_a_gap_is_merged_but_not_passed_over(terminal: Terminal, enrolled: Engine) -> None:
    assert terminal.ask(batch(1, 3, 4, total(4, (4, 0, 0, 0)))) == Ack(EPOCH, 0, None)
    assert held(enrolled) == [("2026-04", 4)]

    tables = [total(month, (month, 0, 0, 0)) for month in (1, 2, 3, 4)]
    assert terminal.ask(batch(2, 0, 4, *tables)) == Ack(EPOCH, 4, uuid(2))
    assert held(enrolled) == [(f"2026-0{month}", month) for month in (1, 2, 3, 4)]


def test_a_bad_table_is_set_aside_word_for_word_and_stops_nothing(terminal: Terminal, enrolled: Engine) -> None:
    bad = [
        b'["visit", "total", "2027-01", {"counted": [1,0,0,0]}]',
        b'["visit","total","2026-01",{"counted":[-1,0,0,0]}]',
        b'["visit","mood","2026-01",{"counted":[1,0,0,0]}]',
        b'["visit","total","2026-13",{"counted":[1,0,0,0]}]',
        b'["visit","total","2026-03",{"counted":[9999999999,0,0,0]}]',
        b'{"something":"else \\u0000 altogether"}',
        b'"' + b"a long text that is no table " * 1500 + b'"',
    ]
    sent = batch(1, 0, 9, *bad[:3], total(2, (2, 0, 0, 0)), *bad[3:])

    assert [terminal.ask(sent), terminal.ask(sent)] == [Ack(EPOCH, 9, uuid(1))] * 2

    assert held(enrolled) == [("2026-02", 2)]
    with store.reading(enrolled) as connection:
        kept = connection.execute(select(schema.refused).order_by(schema.refused.c.id)).all()
    assert [row.payload.encode() for row in kept] == bad
    assert "2027-01 lies in the future" in kept[0].reason
    assert {(row.terminal_id, row.epoch, row.revision, row.day) for row in kept} == {("stua", EPOCH, 9, TODAY)}


def test_a_terminal_that_is_not_enrolled_gets_nothing_and_one_line_says_what_to_do(
    terminal: Terminal, enrolled: Engine, connect: Callable[..., Terminal], caplog: pytest.LogCaptureFixture
) -> None:
    foreign = connect("foreign")
    for _ in range(3):
        foreign.send(batch(1, 0, 1, total(1, (1, 0, 0, 0))))
        foreign.send(online())
    # Sent later by somebody else on the same broker: what came before has been looked at.
    foreign.mqtt.publish("fjes/v1/nobody/tables", b"end", qos=1).wait_for_publish(WAIT)
    terminal.ask(online())

    assert foreign.acks.empty()
    assert held(enrolled) == []
    lines = [each.message for each in caplog.records if "foreign" in each.message]
    assert len(lines) == 1
    assert "fjes dashboard terminal add NAME --site SITE --id foreign" in lines[0]


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff\xfe", b"null", b'{"epoch":"x"}', b"[" * 60_000, b"x" * 70_000, b'{"tables":[1],"secret-word":1}'],
)
def test_what_cannot_be_read_is_counted_and_not_acknowledged_and_its_content_is_in_no_log(
    payload: bytes, sqlite_url: str, broker: Mosquitto, run: Run, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    engine = store.open_engine(sqlite_url)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
    terminal = connect()
    run(engine, broker.port)
    terminal.wait_until("online")

    for _ in range(3):
        terminal.mqtt.publish(wire.topic("stua", "tables"), payload, qos=1)
    assert terminal.ask(online()) == Ack(EPOCH, 0, None)

    with store.reading(engine) as connection:
        assert connection.scalar(select(schema.terminal.c.undecodable)) == 3
        (kept,) = undecodable.listing(connection)
    assert (kept.terminal, kept.kind, kept.size, kept.day) == ("Stua", "tables", len(payload), TODAY)
    assert kept.payload == payload[: wire.MOST_BYTES]
    assert len([each for each in caplog.records if "could not be read" in each.message]) == 1
    assert "secret-word" not in caplog.text
    engine.dispose()


def test_terminals_hear_when_the_dashboard_comes_and_when_it_goes(
    enrolled: Engine, broker: Mosquitto, run: Run, connect: Callable[..., Terminal]
) -> None:
    terminal = connect()
    first = run(enrolled, broker.port)
    terminal.wait_until("online")
    first.stop()
    terminal.wait_until("offline")
    run(enrolled, broker.port)
    terminal.wait_until("online")


def test_a_wrong_password_is_said_once(
    enrolled: Engine, make_broker: Any, run: Run, caplog: pytest.LogCaptureFixture, wait_for: Any
) -> None:
    broker = make_broker(users={"dashboard": "right"}).start()
    run(enrolled, broker.port, username="dashboard", password="wrong-one")
    wait_for(lambda: broker.log().count("not authorised") >= 3, "three tries")

    lines = [each.message for each in caplog.records]
    assert len(lines) == 1, lines
    assert "refuses the dashboard (Not authorized); check [broker] username and password" in lines[0]
    assert "wrong-one" not in caplog.text


def test_the_right_password_lets_it_in(
    enrolled: Engine, make_broker: Any, run: Run, caplog: pytest.LogCaptureFixture, wait_for: Any
) -> None:
    broker = make_broker(users={"dashboard": "right"}).start()
    run(enrolled, broker.port, username="dashboard", password="right")
    wait_for(lambda: "connected to the broker" in caplog.text, "the connection")


def test_no_broker_is_said_once_and_it_recovers_when_the_broker_comes_goes_and_comes(
    enrolled: Engine, make_broker: Any, run: Run, caplog: pytest.LogCaptureFixture, wait_for: Any
) -> None:
    broker = make_broker()
    run(enrolled, broker.port)
    wait_for(lambda: "no broker answers" in caplog.text, "the line")
    broker.start()
    wait_for(lambda: caplog.text.count("connected to the broker") == 1, "the first connection")
    assert caplog.text.count("no broker answers") == 1
    broker.kill()
    wait_for(lambda: "was lost; connecting again" in caplog.text, "the loss to be seen")
    broker.start()
    wait_for(lambda: caplog.text.count("connected to the broker") == 2, "the second connection")

    terminal = Terminal(broker.port)
    try:
        terminal.wait_until("online")
        assert terminal.ask(batch(1, 0, 1, total(1, (1, 0, 0, 0)))).upto == 1
    finally:
        terminal.close()


def test_a_database_that_fails_is_said_nothing_is_acknowledged_and_it_goes_on(
    terminal: Terminal, enrolled: Engine, caplog: pytest.LogCaptureFixture, wait_for: Any
) -> None:
    with enrolled.begin() as connection:
        connection.execute(text("ALTER TABLE released RENAME TO away"))
    for number in (1, 2):
        terminal.send(batch(number, 0, 1, total(1, (1, 0, 0, 0))))
    assert terminal.ask(online()) == Ack(EPOCH, 0, None)
    assert len([each for each in caplog.records if "Nothing is lost: terminals send again" in each.message]) == 1

    with enrolled.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO released"))
    assert terminal.ask(batch(3, 0, 1, total(1, (1, 0, 0, 0)))) == Ack(EPOCH, 1, uuid(3))
    wait_for(lambda: "the database takes ratings again" in caplog.text, "the good news")


def test_a_failure_to_form_blocks_costs_no_rating(
    terminal: Terminal, enrolled: Engine, caplog: pytest.LogCaptureFixture, wait_for: Any
) -> None:
    with enrolled.begin() as connection:
        connection.execute(text("ALTER TABLE block RENAME TO away"))

    assert terminal.ask(batch(1, 0, 1, total(1, (20, 0, 0, 0)))).upto == 1
    wait_for(lambda: "The ratings are stored" in caplog.text, "the line")
    assert held(enrolled) == [("2026-01", 20)]


def test_a_total_that_reaches_the_threshold_becomes_a_block(
    terminal: Terminal, enrolled: Engine, wait_for: Any
) -> None:
    terminal.ask(batch(1, 0, 1, total(1, (20, 0, 0, 0))))

    def blocks() -> int:
        with store.reading(enrolled) as connection:
            return connection.scalar(select(func.count()).select_from(schema.block)) or 0

    wait_for(lambda: blocks() == 1, "the block")


def test_an_ingest_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    enrolled: Engine, database_url: str, broker: Mosquitto, connect: Callable[..., Terminal], tmp_path: Path
) -> None:
    (tmp_path / "fjes.toml").write_text(
        f'[broker]\nhost = "127.0.0.1"\nport = {broker.port}\n[dashboard]\ndatabase = "{database_url}"\n'
    )
    command = [sys.executable, "-m", "fjes", "dashboard", "ingest", "--config", str(tmp_path / "fjes.toml")]
    batches = [batch(n, n - 1, n, total((n - 1) % 12 + 1, (n, n, 0, 0))) for n in range(1, 37)]
    terminal = connect()
    for life in range(4):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            terminal.wait_until("online")
            known = terminal.ask(online()).upto
            last = life == 3
            for each in batches[known : len(batches) if last else known + 6]:
                terminal.send(each)
            while last and known < len(batches):
                known = terminal.acks.get(timeout=WAIT).upto
        finally:
            os.kill(process.pid, signal.SIGTERM if life == 3 else signal.SIGKILL)
            process.wait(WAIT)
        while not terminal.acks.empty():
            terminal.acks.get()

    assert process.returncode == 0
    assert held(enrolled) == [(f"2026-{month:02}", 2 * (24 + month)) for month in range(1, 13)]
