"""A broker that drops messages and says nothing to who sent them: mosquitto with its stock queue limit of 1000."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, func, select

from dashboard import schema, store
from dashboard.ingest import Ingest
from ratings import config, wire
from ratings.config import Config
from ratings.table import Slice, Table, all_hours
from terminal import outbox
from terminal.courier import Courier
from terminal.ledger import Ledger
from tests.closed import Somebody
from tests.conftest import LIMIT_SECONDS, Mosquitto
from tests.terminal.test_courier import running

Wait = Callable[..., None]
TERMINALS = ("stua", "kjeller", "loft")
NOISY = "noisy"
FLOOD = 3000
"""More than the stock limit, which is 1000, and the few that are under way."""


def settings_for(tmp_path: Path, port: int, terminal: str) -> Config:
    """Live, since closed release spreads its sending over minutes."""
    folder = tmp_path / terminal
    return config.read(
        f'[terminal]\nid = "{terminal}"\nstore = "{folder}/card"\nstate = "{folder}/state"\n'
        f'[release]\nmode = "live"\n[broker]\nhost = "127.0.0.1"\nport = {port}'
    )


def fill(settings: Config) -> int:
    """Twenty years of quarters with all their hours: several full batches; returns how many tables."""
    ledger = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])
    epoch = ledger.epoch
    ledger.close()
    cells = dict.fromkeys([key for key in all_hours() if key != "unknown"], (1, 20, 300, 4000))
    quarters = [f"{year}-Q{quarter}" for year in range(2000, 2020) for quarter in (1, 2, 3, 4)]
    with contextlib.closing(sqlite3.connect(settings.terminal.store / outbox.FILE)) as connection, connection:
        for quarter in quarters:
            outbox.put(connection, "main", epoch, Table("visit", Slice.HOUR, quarter, cells))
    return len(quarters)


@contextlib.contextmanager
def held_up(path: Path) -> Iterator[None]:
    """Somebody else writes the dashboard's database, and takes his time."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def flood(port: int) -> None:
    """Have the broker confirm more messages for the dashboard than it keeps."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.max_inflight_messages_set(FLOOD)
    client.connect("127.0.0.1", port)
    client.loop_start()
    sent = [client.publish(wire.topic(NOISY, "status"), b"noise", 1) for _ in range(FLOOD)]
    for each in sent:
        each.wait_for_publish(LIMIT_SECONDS)
        assert each.is_published(), "the broker says that it has it"
    client.disconnect()
    client.loop_stop()


def held(engine: Engine) -> dict[str, int]:
    row = schema.released.c
    with store.reading(engine) as connection:
        rows = connection.execute(select(row.terminal_id, func.count()).group_by(row.terminal_id))
        return {str(terminal): int(number) for terminal, number in rows}


def test_a_queue_that_drops_silently_changes_nothing(broker: Mosquitto, tmp_path: Path, wait_for: Wait) -> None:
    path = tmp_path / "fjes.db"
    engine = store.open_engine(f"sqlite:///{path}")
    store.upgrade(engine)
    with engine.begin() as connection:
        for terminal in (*TERMINALS, NOISY):
            store.add_terminal(connection, terminal, "Pro Sentret", "Europe/Oslo", terminal_id=terminal)
    every = [settings_for(tmp_path, broker.port, terminal) for terminal in TERMINALS]
    pending = dict(zip(TERMINALS, map(fill, every), strict=True))
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(Ingest(every[0], engine, today=lambda: date(2030, 1, 1))))
        listener = Somebody(broker.port, None, None)
        stack.callback(listener.close)
        listener.listen(wire.DASHBOARD)
        wait_for(lambda: listener.heard, "the ingest to listen")
        with held_up(path):
            flood(broker.port)
            for settings in every:
                stack.enter_context(running(Courier(settings)))
            wait_for(lambda: all(f"as {terminal} " in broker.log() for terminal in TERMINALS), "the couriers")
            wait_for(lambda: "being dropped for client fjes-dashboard-" in broker.log(), "the broker to drop messages")
            flood(broker.port)
        wait_for(lambda: held(engine) == pending, "everything", 120)
    engine.dispose()
