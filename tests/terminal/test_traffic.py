"""Whoever records what a terminal sends learns nothing of a tap: the same messages, of one size, at the same times.

Two terminals with one seed, each with a courier as a process of its own, at a real broker, with the real ingest. At one
nobody taps, at the other many do; both release a month on the way.
"""

from __future__ import annotations

import contextlib
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine

from dashboard import store
from dashboard.ingest import Ingest
from ratings import config, wire
from ratings.config import Config
from ratings.scale import Score
from ratings.wire import Batch
from terminal.ledger import Ledger
from tests.conftest import Mosquitto, wait
from tests.terminal.conftest import EPOCH, oslo
from tests.terminal.test_courier import running, today

SEED = 20
SECONDS = 14.0
"""Some statuses, and the release of a month with its spread, by the times of tests/terminal/seeded.py."""
TOLERANCE_SECONDS = 0.6
"""How far times of two processes on a busy machine may be apart; a status comes every two seconds."""
TRIES = 3
NAMES = ("idle", "busy")
SEPTEMBER, OCTOBER = oslo(2026, 9, 7, 12), oslo(2026, 10, 7, 12)


@dataclass(frozen=True)
class Heard:
    """A message as somebody on the wire has it."""

    when: float
    topic: str
    payload: bytes


class Recorder:
    """A subscriber of all that terminals send, by the side of the broker."""

    def __init__(self, port: int) -> None:
        self.heard: list[Heard] = []
        ready: queue.Queue[bool] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self._client.on_message = lambda _client, _data, message: self.heard.append(
            Heard(time.monotonic(), message.topic, bytes(message.payload))
        )
        self._client.on_connect = lambda client, *_: client.subscribe(
            [("fjes/v1/+/status", 1), ("fjes/v1/+/tables", 1)]
        )
        self._client.on_subscribe = lambda *_: ready.put(True)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.get(timeout=20)

    def of(self, name: str) -> list[Heard]:
        """What one terminal has said so far."""
        return [each for each in list(self.heard) if each.topic.split("/")[2] == name]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def settings_for(folder: Path, name: str, port: int) -> Config:
    folder.mkdir(exist_ok=True)
    text = f"""
        [terminal]
        id = "{name}"
        clock = "system"
        store = "{folder / "card"}"
        state = "{folder / "state"}"
        [broker]
        host = "127.0.0.1"
        port = {port}
        """
    (folder / "fjes.toml").write_text(text)
    return config.read(text)


def seeded(folder: Path) -> subprocess.Popen[bytes]:
    words = ["terminal", "courier", "--quiet", "--config", str(folder / "fjes.toml")]
    return subprocess.Popen([sys.executable, "-m", "tests.terminal.seeded", str(SEED), *words])


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Engine]:
    """A dashboard's database that knows both."""
    engine = store.open_engine(f"sqlite:///{folder / 'dashboard.db'}")
    store.upgrade(engine)
    with engine.begin() as connection:
        for name in NAMES:
            store.add_terminal(connection, name, "Pro Sentret", "Europe/Oslo", terminal_id=name)
    yield engine
    engine.dispose()


def a_day(ledger: Ledger, recorder: Recorder, name: str, stop: threading.Event) -> None:
    """Midnight, so long after the first message that no other is near: a month is over. Then visitors, or none."""
    wait(lambda: recorder.of(name) or stop.is_set(), "the first message")
    stop.wait(max(0.0, recorder.of(name)[0].when + 0.9 - time.monotonic()))
    ledger.release(OCTOBER, "visit")
    if name == "busy":
        visitors(ledger, stop)


def visitors(ledger: Ledger, stop: threading.Event) -> None:
    """As many as the card takes: each is counted in the month that runs."""
    number = 0
    while not stop.is_set():
        pending = ledger.record("visit", Score(number % 4), "nb", OCTOBER, repeat=number % 7 == 0)
        if pending is not None:
            ledger.choose(pending, "staff")
        ledger.tidy()
        number += 1
        stop.wait(0.05)
    assert number > 50


def test_with_taps_and_without_the_same_is_sent_at_the_same_times(
    make_broker: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    """A machine that stands still for a moment makes the two differ, too; what a tap does, it does each time."""
    for left in reversed(range(TRIES)):
        folder = tmp_path / str(left)
        folder.mkdir()
        idle, busied = recorded(make_broker().start(), folder)
        assert len([topic for _, topic, _ in idle if topic == "status"]) >= 5, "too few to tell"
        assert len([topic for _, topic, _ in idle if topic == "tables"]) >= 1, "nothing was released meanwhile"
        both = list(zip(idle, busied, strict=False))
        apart = [abs(one - other) for (one, *_), (other, *_) in both]
        # One may have been stopped before what the other just sent.
        is_one_short = abs(len(idle) - len(busied)) <= 1
        same = is_one_short and all(one[1:] == other[1:] for one, other in both) and max(apart) < TOLERANCE_SECONDS
        if same or not left:
            break
    assert is_one_short
    assert [said for _, (_, *said) in both] == [said for (_, *said), _ in both]
    assert max(apart) < TOLERANCE_SECONDS, apart


Said = list[tuple[float, str, bytes]]


def recorded(broker: Mosquitto, folder: Path) -> tuple[Said, Said]:
    """What the idle and the busy terminal say in some seconds."""
    ledgers = {}
    for name in NAMES:
        settings = settings_for(folder / name, name, broker.port)
        card = settings.terminal.store
        ledgers[name] = Ledger.open(card, settings.release, settings.terminal.zone, ["nb"], ["staff"], EPOCH)
        ledgers[name].release(SEPTEMBER, "visit")
        for number in range(9):
            ledgers[name].record("visit", Score(number % 4), "nb", SEPTEMBER)
    recorder, stop, couriers = Recorder(broker.port), threading.Event(), []
    days = [threading.Thread(target=a_day, args=(ledgers[name], recorder, name, stop)) for name in NAMES]
    try:
        with opened(folder) as database, running(Ingest(settings, database, today=today)):
            couriers += [seeded(folder / name) for name in NAMES]
            for day in days:
                day.start()
            stop.wait(SECONDS)
    finally:
        stop.set()
        for day in days:
            if day.ident is not None:
                day.join()
        for courier in couriers:
            courier.terminate()
        codes = [courier.wait(20) for courier in couriers]
        recorder.close()
        for ledger in ledgers.values():
            ledger.close()
    assert codes == [0, 0]
    idle, busied = (timed(recorder.of(name)) for name in NAMES)
    return idle, busied


def timed(heard: list[Heard]) -> Said:
    """When after its first message a terminal said what until its goodbye, the random id of a batch left out."""
    own = [each for each in heard if b'"offline"' not in each.payload]
    said = []
    for each in own:
        kind = each.topic.split("/")[3]
        drawn = wire.decode(each.payload, Batch).batch if kind == "tables" else ""
        size = str(len(each.payload)).encode()
        payload = re.sub(rb'"hour":"[^"]*"', b"", each.payload.replace(drawn.encode(), b""))  # Which may end meanwhile.
        said.append((each.when - own[0].when, kind, payload + size))
    return said
