"""What bytes are thrown at: all that is read from the network. Each takes any bytes, and fails if something is amiss.

The same for atheris (`make fuzz`) and for hypothesis (`test_targets.py`). Bytes alone rarely get past a parser, so most
are put into good messages.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import paho.mqtt.client as mqtt
from msgspec import structs
from sqlalchemy import Connection, Engine, delete, func, select

from dashboard import exchange, quarantine, schema, store
from dashboard.ingest import Ingest
from ratings import wire
from ratings.config import Config, Terminal
from ratings.scale import Score
from ratings.table import check
from ratings.wire import Ack, Batch, DashboardState, Status, WireError
from terminal import remote
from terminal.courier import Courier
from terminal.delivery import confirmed
from terminal.ledger import Ledger
from terminal.remote import Received
from tests.terminal.conftest import EPOCH, OSLO, oslo

Target = Callable[[bytes], None]

TODAY = date(2026, 11, 23)
STUA = "stua"
TABLES = (
    b'["visit","total","2026-09",{"counted":[1,2,3,4],"repeat":[0,0,0,1]}]',
    b'["visit","trend","2026-09-07/2026-09-13",{"counted":[0,0,5,5]}]',
    b'["visit","language","2026-Q3",{"nb":[1,1,1,2],"other":[0,0,3,3],"unchosen":[5,0,0,0]}]',
    b'["visit","hour","2026-Q3",{"1-12/16":[0,0,0,5],"2/4":[0,0,0,5],"other":[0,0,0,5],"unknown":[0,0,0,9]}]',
    b'["visit","reason","2026-Q3",{"skipped":[1,1,1,2],"waiting":[0,0,3,3]}]',
)
BATCH = b"11111111-1111-4111-8111-111111111111"
BATCHES = tuple(
    b'{"epoch":"%s","batch":"%s","after":%d,"upto":%d,"tables":[%s]}'
    % (EPOCH.encode(), BATCH, after, after + 5, b",".join(tables))
    for after, tables in ((0, TABLES), (5, TABLES[:1]), (2**53 - 5, ()))
)
STATUSES = (
    wire.encode(Status("online", "0.1.0", EPOCH, 5, "closed", hour="2026-11-23T14", day="2026-11-23", pending=3)),
    wire.encode(Status("offline", "0.1.0", EPOCH, 5, "live", retired=True, assumed="2026-09", clock="battery")),
)
ACKS = tuple(map(wire.encode, (Ack(EPOCH, 1, None), Ack(EPOCH, 999, None), Ack(EPOCH, 2**53, BATCH.decode()))))
STATES = (wire.encode(DashboardState("online")), wire.encode(DashboardState("offline")))
SETTINGS = (
    b'{"questions":[{"id":"visit"},{"id":"help","from":"2026-10","texts":{"nb":"Fikk du hjelp?","en":"Helped?"}}]}',
    b'{"kiosk":{"languages":["nb","th"]},"said":{"texts":{"nb":["N\xc3\xa5 er det ryddet."]}}}',
    b'{"hours":{"monday":["10:00-16:00"],"closed":["2026-12-24/2026-12-26"]}}',
    b'{"follow_up":{"reasons":[{"id":"waiting"},{"id":"staff","texts":{"nb":"De som jobber her"}}]}}',
    b"{}",
)
TOPICS = tuple(f"fjes/v1/{STUA}/{kind}".encode() for kind in ("tables", "status", "ack", "config"))
KINDS: tuple[tuple[Any, tuple[bytes, ...]], ...] = (
    (Batch, BATCHES),
    (Status, STATUSES),
    (Ack, ACKS),
    (DashboardState, STATES),
)


def spliced(data: bytes, seeds: tuple[bytes, ...]) -> bytes:
    """The bytes as they are, or in the place of a part of one of the seeds: their first five say which."""
    if len(data) < 5 or data[0] % 8 == 0:
        return data[1:]
    seed = seeds[data[1] % len(seeds)]
    at = int.from_bytes(data[2:4]) % (len(seed) + 1)
    return seed[:at] + data[5:] + seed[at + data[4] % 32 :]


def decoding(data: bytes) -> None:
    """A payload is a message, which is sent and read again as it was; or a WireError."""
    kind, seeds = KINDS[(data or b"\0")[0] // 8 % len(KINDS)]
    try:
        message = wire.decode(spliced(data, seeds), kind)
    except WireError:
        return
    sent = wire.encode(message)
    assert wire.encode(wire.decode(sent, kind)) == sent


def tables(data: bytes) -> None:
    """A table of a batch is read, and then written and read as it was; or refused, in words."""
    raw = spliced(data, TABLES)
    try:
        table = wire.decode_table(raw)
    except WireError:
        return
    assert wire.decode_table(wire.encode_table(table)) == table
    with contextlib.suppress(ValueError):
        check(table, TODAY)
        _ = table.n, table.days, table.counted  # What is stored of it.


def topics(data: bytes) -> None:
    """A topic is a terminal's, and is the one that is made for it; or a WireError."""
    text = spliced(data, TOPICS).decode("utf-8", "surrogateescape")
    try:
        terminal, kind = wire.terminal_of(text)
    except WireError:
        return
    assert wire.topic(terminal, cast(Any, kind)) == text


class Answers:
    """In place of the broker: keeps what the ingest answers."""

    def __init__(self) -> None:
        self.acks: list[Ack] = []

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool = False) -> None:
        if topic == wire.topic(STUA, "ack"):
            self.acks.append(wire.decode(payload, Ack))


class Alarm(logging.Handler):
    """Fails where a process says that it hit a bug."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            raise record.exc_info[1]


class TakingIn:
    """The ingest, on a real database: a message is answered and all of it is stored; or neither."""

    EMPTY_AFTER = 500

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with engine.begin() as connection:
            store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo", terminal_id=STUA)
        self._ingest = Ingest(Config(), engine, today=lambda: TODAY)
        self._number = 0

    def __call__(self, data: bytes) -> None:
        self._number += 1
        if self._number % self.EMPTY_AFTER == 0:
            self._empty()
        kind, seeds = ("status", STATUSES) if data[:1] >= b"\xe0" else ("tables", BATCHES)
        payload = spliced(data, seeds)
        with store.reading(self._engine) as connection:
            before = self._numbers(connection)
        answers = Answers()
        message = mqtt.MQTTMessage(topic=wire.topic(STUA, cast(Any, kind)).encode())
        message.payload, message.retain = payload, bool(data[:1] < b"\x20")
        self._ingest._on_message(cast(mqtt.Client, answers), None, message)
        self._ingest._form()
        with store.reading(self._engine) as connection:
            try:
                read: Any = wire.decode(payload, cast(Any, Status if kind == "status" else Batch))
            except WireError:
                assert (answers.acks, self._numbers(connection)) == ([], before)
                return
            if isinstance(read, Batch):
                self._is_stored(connection, read)
            elif read.state == "offline":
                assert answers.acks == []
                return
            assert answers.acks == [exchange.held(connection, STUA, read.epoch)]

    def _is_stored(self, connection: Connection, batch: Batch) -> None:
        row, bad = schema.released.c, schema.refused.c
        for raw in map(bytes, batch.tables):
            try:
                table = quarantine.read(raw, TODAY)
            except ValueError:
                fingerprint = hashlib.sha256(raw).hexdigest()
                known = connection.scalar(select(func.count()).where(bad.fingerprint == fingerprint))
                unkept = connection.scalar(select(schema.epoch.c.unkept).where(schema.epoch.c.epoch == batch.epoch))
                assert known or unkept, raw
            else:
                where = (row.epoch == batch.epoch) & (row.question == table.question)
                where &= (row.slice == str(table.slice)) & (row.period == table.period)
                assert (connection.scalar(select(row.n).where(where)) or 0) >= table.n

    def _numbers(self, connection: Connection) -> list[int | None]:
        return [
            connection.scalar(select(func.count()).select_from(each))
            for each in (schema.released, schema.refused, schema.epoch, schema.status)
        ]

    def _empty(self) -> None:
        with self._engine.begin() as connection:
            for each in reversed(schema.metadata.sorted_tables):
                if each not in (schema.site, schema.terminal):
                    connection.execute(delete(each))


class Hearing:
    """The courier, on a real store: whatever comes down, it knows of no table that it does not have."""

    def __init__(self, folder: Path) -> None:
        self._config = Config(terminal=Terminal(id=STUA, store=folder / "card", state=folder / "state"))
        ledger = Ledger.open(folder / "card", self._config.release, OSLO, ["nb"], epoch=EPOCH)
        for month in (1, 2, 3, 4):
            ledger.record("visit", Score.HAPPY, "nb", oslo(2026, month, 7, 12))
            ledger.release(oslo(2026, month + 1, 7, 12), "visit")
        self._last = ledger.connection.execute("SELECT max(revision) FROM outbox.released").fetchone()[0]
        ledger.close()
        self._courier = Courier(self._config)

    def __call__(self, data: bytes) -> None:
        topic, seeds = (wire.DASHBOARD, STATES) if data[:1] >= b"\xe0" else (wire.topic(STUA, "ack"), ACKS)
        self._courier._received(topic, spliced(data, seeds))
        self._courier._delivery.next_batch()
        for epoch, revision in confirmed(self._config.terminal.state).items():
            assert (epoch, 0 <= revision <= self._last) == (EPOCH, True)


class Configuring:
    """The courier and the kiosk, and what the dashboard sets: the last good message holds, and nothing else is set."""

    def __init__(self, folder: Path) -> None:
        self._own = Config(terminal=Terminal(id=STUA, state=folder / "state"))
        self._received = Received(self._own)

    def __call__(self, data: bytes) -> None:
        payload, before = spliced(data, SETTINGS), remote.read(self._own.terminal.state)
        self._received.take(payload)
        kept = remote.read(self._own.terminal.state)
        assert kept == (before if self._received.refused or not payload else payload)
        status = Status("online", "0.1.0", EPOCH, 5, "closed")
        status = structs.replace(status, config=self._received.config, config_refused=self._received.refused)
        assert wire.decode(wire.encode(status), Status) == status
        if kept is not None:
            inside = remote.combine(self._own, kept)  # As the kiosk does.
            for name in ("terminal", "broker", "release", "staff", "buttons", "dashboard"):
                assert getattr(inside, name) == getattr(self._own, name)


NAMES = ("decoding", "tables", "topics", "taking-in", "hearing", "configuring")


@contextlib.contextmanager
def target(name: str) -> Iterator[Target]:
    """One of NAMES, ready; what it needs on the disk is gone afterwards."""
    simple: dict[str, Target] = {"decoding": decoding, "tables": tables, "topics": topics}
    if name in simple:
        yield simple[name]
        return
    logger, alarm = logging.getLogger("fjes"), Alarm()
    logger.addHandler(alarm)
    logger.propagate = False
    # Memory where there is some: nothing here is about the disk.
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="fjes-fuzz-", dir=memory if memory.is_dir() else None))
    engine = store.open_engine(f"sqlite:///{folder / 'fjes.db'}")
    try:
        store.upgrade(engine)
        match name:
            case "taking-in":
                yield TakingIn(engine)
            case "hearing":
                yield Hearing(folder)
            case _:
                yield Configuring(folder)
    finally:
        engine.dispose()
        shutil.rmtree(folder)
        logger.propagate = True
        logger.removeHandler(alarm)


def seeds(name: str) -> list[bytes]:
    """What to begin with: the good messages, whole, and put together."""
    good = {
        "decoding": [seed for _, each in KINDS for seed in each],
        "tables": list(TABLES),
        "topics": list(TOPICS),
        "taking-in": [*BATCHES, *STATUSES],
        "hearing": [*ACKS, *STATES],
        "configuring": list(SETTINGS),
    }[name]
    return [bytes([8 * which]) + seed for seed in good for which in (0, 1, 2, 3, 28)] + [bytes(range(1, 20))]
