"""The plain way to bring ratings to a dashboard: one MQTT message and one database row a rating.

Written as well as it can be: paho, QoS 1, TLS, many messages under way at once, a persistent session, a row's own
number so that none counts twice, each committed before its message is acknowledged. By itself, as a process of the
bench: `python -m bench.plain send|receive SETTINGS`, which says by lines how far it is.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import psycopg
from msgspec import structs
from paho.mqtt.enums import CallbackAPIVersion

from bench import brokers, cards, postgres, processes
from dashboard.broker import Folder
from ratings import config, tls

SENDER, RECEIVER = LOGINS = ("plain-terminal", "plain-dashboard")
TOPIC = f"plain/{SENDER}/rating"
UNDER_WAY = 100
"""So many messages the sender has under way: paho allows 20, which is slower."""
UNLIMITED = "max_queued_messages 0\nmax_queued_bytes 0\nset_tcp_nodelay true"
STILL_SECONDS = 2.0
"""Nothing more has come for so long: what is missing does not come."""


@dataclass(frozen=True, slots=True)
class Brought:
    """How many of the ratings arrived, and how many seconds that took."""

    sent: int
    arrived: int
    seconds: float


def main(folder: Path, like: Folder, password: str) -> None:
    """Measure and print: with an unlimited queue, and with mosquitto's own limit."""
    card = folder / "plain.db"
    number = make(card)
    sqlite = bring(folder, like, password, card, f"sqlite:{folder / 'plain-1.db'}", UNLIMITED)
    _say("SQLite", sqlite)
    if postgres.is_installed():
        with postgres.running() as url:
            _say("PostgreSQL", bring(folder, like, password, card, url, UNLIMITED))
    lossy = bring(folder, like, password, card, f"sqlite:{folder / 'plain-2.db'}")
    print(f"    SQLite, mosquitto's stock queue limit: {lossy.sent - lossy.arrived:,} of {number:,} ratings are lost")
    busy = cards.PLACES[1]
    hours = busy.ratings / (sqlite.arrived / sqlite.seconds) / 3600
    print(f"    at that speed the {busy.ratings:,} ratings of {busy.name} take {hours:.1f} hours on SQLite", flush=True)


def _say(name: str, brought: Brought) -> None:
    print(
        f"    {name:<12}{brought.seconds:.1f} s for {brought.arrived:,} ratings, both ends running and connected "
        f"({brought.arrived / brought.seconds:,.0f} a second)",
        flush=True,
    )


def make(card: Path) -> int:
    """The ratings of ten a day, a row each; returns how many."""
    with contextlib.closing(sqlite3.connect(card)) as rows, rows:
        rows.execute("CREATE TABLE rating (id INTEGER PRIMARY KEY, at TEXT, score INTEGER, language TEXT)")
        rows.executemany(
            "INSERT INTO rating (at, score, language) VALUES (?, ?, ?)",
            ((f"{day}T{10 + int(share * 6)}:00", int(score), language) for day, share, score, language in cards.taps()),
        )
        return int(rows.execute("SELECT count(*) FROM rating").fetchone()[0])


def bring(folder: Path, like: Folder, password: str, card: Path, database: str, more: str = "") -> Brought:
    """All ratings of `card` from a process that sends to one that stores them in `database`."""
    with brokers.stock(folder / "stock.conf", like, more) as port, contextlib.ExitStack() as stack:
        ends = []
        for kind, login, where in (("receive", RECEIVER, database), ("send", SENDER, str(card))):
            told = structs.asdict(structs.replace(like.section(), port=port, username=login, password=password))
            settings = folder / f"{kind}.json"
            settings.write_text(json.dumps({"broker": told, "database": where}))
            ends.append(processes.Child("bench.plain", kind, str(settings)))
            stack.callback(ends[-1].close)
            ends[-1].hear()
        receive, send = ends
        began = time.monotonic()
        sent = send.ask("go")
        arrived, last = 0, time.monotonic()
        while arrived < sent and time.monotonic() < last + STILL_SECONDS:
            now = receive.ask("how many")
            if now != arrived:
                arrived, last = now, time.monotonic()
            time.sleep(0.01)
        return Brought(sent, arrived, last - began)


def send(client: mqtt.Client, card: str) -> None:
    """Publish every row, and wait until the broker has all."""
    number = 0
    with contextlib.closing(sqlite3.connect(card)) as rows:
        last = None
        for row in rows.execute("SELECT id, at, score, language FROM rating ORDER BY id"):
            last = client.publish(TOPIC, json.dumps(dict(zip(("id", "at", "score", "language"), row, strict=True))), 1)
            number += 1
        assert last is not None
        last.wait_for_publish()
    print(number, flush=True)


def receive(client: mqtt.Client, database: str) -> Callable[[], int]:
    """Store every message that comes, a commit each; returns how to ask how many there are."""
    marks = ["?"] * 5
    if database.startswith("sqlite:"):
        rows: Any = sqlite3.connect(database.partition(":")[2], check_same_thread=False)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            rows.execute(f"PRAGMA {pragma}")
    else:
        rows, marks = psycopg.connect(database), ["%s"] * 5
    rows.execute(
        "CREATE TABLE rating (terminal TEXT, id INTEGER, at TEXT, score INTEGER, language TEXT, "
        "PRIMARY KEY (terminal, id))"
    )
    rows.commit()
    stored = 0

    def store(client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
        nonlocal stored
        terminal, rating = message.topic.split("/")[1], json.loads(message.payload)
        rows.execute(
            f"INSERT INTO rating VALUES ({', '.join(marks)}) ON CONFLICT DO NOTHING",
            (terminal, rating["id"], rating["at"], rating["score"], rating["language"]),
        )
        rows.commit()
        stored += 1

    client.on_message = store
    client.subscribe("plain/+/rating", 1)
    return lambda: stored


def _lines() -> Iterator[str]:
    yield from sys.stdin


def end(kind: str, settings: Path) -> None:
    """One end, as a process of its own."""
    told = json.loads(settings.read_text())
    broker = config.Broker(**told["broker"])
    client = mqtt.Client(CallbackAPIVersion.VERSION2, broker.username or "", clean_session=False)
    client.max_inflight_messages_set(UNDER_WAY)
    client.on_socket_open = lambda _, __, opened: opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.username_pw_set(broker.username, broker.password)
    context = tls.context(broker)
    assert context is not None
    client.tls_set_context(context)
    client.connect(broker.host, broker.port)
    client.loop_start()
    while not client.is_connected():
        time.sleep(0.01)
    if kind == "send":
        print(0, flush=True)
        for _ in _lines():
            send(client, told["database"])
    else:
        stored = receive(client, told["database"])
        print(0, flush=True)
        for _ in _lines():
            print(stored(), flush=True)


if __name__ == "__main__":
    end(sys.argv[1], Path(sys.argv[2]))
