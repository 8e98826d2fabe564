"""After a long time without a network: many full batches, one after the other, over the closed broker's TLS."""

from __future__ import annotations

import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import Engine, func, select

from dashboard import schema, store
from dashboard.ingest import Ingest
from ratings import config
from ratings.config import Config
from ratings.table import Slice, Table, all_hours
from ratings.wire import MOST_BYTES, Ack, encode, encode_table
from terminal import outbox
from terminal.courier import Courier
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from tests.closed import Closed, made, the_dashboard
from tests.terminal.test_courier import new_database, running

Wait = Callable[..., None]
STUA = ("stua", "the-password-of-stua")
YEARS = range(1920, 2020)


def fill(settings: Config) -> int:
    """Put a century of quarters into the outbox, each with all its hours; returns how many tables."""
    ledger = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])
    epoch = ledger.epoch
    ledger.close()
    cells = dict.fromkeys([key for key in all_hours() if key != "unknown"], (1, 20, 300, 4000))
    tables = [Table("visit", Slice.HOUR, f"{year}-Q{quarter}", cells) for year in YEARS for quarter in (1, 2, 3, 4)]
    with sqlite3.connect(settings.terminal.store / outbox.FILE) as connection:
        for table in tables:
            outbox.put(connection, "main", epoch, table)
    connection.close()
    assert sum(len(encode_table(each)) for each in tables) > 20 * MOST_BYTES
    return len(tables)


def held(engine: Engine) -> int:
    with store.reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(schema.released)) or 0


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Closed]:
    """A closed broker that runs, with one terminal enrolled."""
    ready = made(tmp_path / "broker")
    ready.folder.set_logins(dict([STUA]))
    with ready:
        yield ready


def settings_for(closed: Closed, tmp_path: Path) -> Config:
    own = config.read(f'[terminal]\nid = "stua"\nstore = "{tmp_path / "card"}"\nstate = "{tmp_path / "state"}"')
    login = structs.replace(closed.folder.section(), username=STUA[0], password=STUA[1])
    return structs.replace(own, broker=login)


def test_only_the_connections_own_thread_writes_to_it(
    closed: Closed, tmp_path: Path, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, wrote = ssl.SSLSocket.send, set[str]()

    def noting(self: ssl.SSLSocket, data: bytes, flags: int = 0) -> int:
        wrote.add(threading.current_thread().name)
        return send(self, data, flags)

    monkeypatch.setattr(ssl.SSLSocket, "send", noting)
    settings = settings_for(closed, tmp_path)
    fill(settings)
    with the_dashboard(closed) as dashboard, running(Courier(settings), "courier"):
        wait_for(lambda: "fjes/v1/stua/status" in dashboard.topics(), "the status")
        epoch = Outbox(settings.terminal.store).epochs()[-1][0]
        dashboard.say("fjes/v1/stua/ack", encode(Ack(epoch, 0, None)))
        wait_for(lambda: "fjes/v1/stua/tables" in dashboard.topics(), "a batch")
    assert "broker" in wrote, "that thread's name"
    assert "courier" not in wrote


def test_a_century_arrives_over_one_connection(closed: Closed, tmp_path: Path, wait_for: Wait) -> None:
    mine = settings_for(closed, tmp_path)
    theirs = structs.replace(mine, broker=closed.dashboard)
    tables, engine = fill(mine), new_database(tmp_path / "1.db")
    with running(Ingest(theirs, engine, today=lambda: date(2030, 1, 1))), running(Courier(mine)):
        wait_for(lambda: held(engine) == tables, "all tables", 60)
        assert closed.log().count("as stua") == 1, "nothing broke the connection"
    engine.dispose()
