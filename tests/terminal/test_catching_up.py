"""After a long time without a network: many full batches, one after the other, over the closed broker's TLS."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

from msgspec import structs
from sqlalchemy import Engine, func, select

from dashboard import schema, store
from dashboard.ingest import Ingest
from ratings import config
from ratings.config import Config
from ratings.table import Slice, Table, all_hours
from ratings.wire import MOST_BYTES, encode_table
from terminal import outbox
from terminal.courier import Courier
from terminal.ledger import Ledger
from terminal.outbox import Outbox
from tests.closed import made
from tests.terminal.test_courier import new_database, running

Wait = Callable[..., None]
STUA = ("stua", "the-password-of-stua")
YEARS = range(1820, 2020)


def fill(settings: Config) -> int:
    """Put two centuries of quarters into the outbox, each with all its hours; returns how many tables."""
    ledger = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])
    epoch = ledger.epoch
    ledger.close()
    cells = dict.fromkeys([key for key in all_hours() if key != "unknown"], (1, 20, 300, 4000))
    tables = [Table("visit", Slice.HOUR, f"{year}-Q{quarter}", cells) for year in YEARS for quarter in (1, 2, 3, 4)]
    with sqlite3.connect(settings.terminal.store / outbox.FILE) as connection:
        for table in tables:
            outbox.put(connection, "main", epoch, table)
    connection.close()
    assert sum(len(encode_table(each)) for each in tables) > 40 * MOST_BYTES
    return len(tables)


def held(engine: Engine) -> int:
    with store.reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(schema.released)) or 0


def test_two_centuries_arrive_over_one_connection(tmp_path: Path, wait_for: Wait) -> None:
    closed = made(tmp_path / "broker")
    closed.folder.set_logins(dict([STUA]))
    with closed:
        own = config.read(f'[terminal]\nid = "stua"\nstore = "{tmp_path / "card"}"\nstate = "{tmp_path / "state"}"')
        mine = structs.replace(own, broker=structs.replace(closed.folder.section(), username=STUA[0], password=STUA[1]))
        tables, engine = fill(mine), new_database(tmp_path / "1.db")
        theirs = structs.replace(own, broker=closed.dashboard)
        with running(Ingest(theirs, engine, today=lambda: date(2030, 1, 1))), running(Courier(mine)):
            wait_for(lambda: held(engine) == tables, "all tables", 60)
            assert closed.log().count("as stua") == 1, "nothing broke the connection"
        engine.dispose()
    assert Outbox(mine.terminal.store).epochs()[-1][1] == tables
