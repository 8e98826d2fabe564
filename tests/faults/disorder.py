"""One schedule of real processes: a kiosk, a courier, an ingest and a broker, and what goes wrong, from one seed.

The seed decides what goes wrong and in which order; when exactly it strikes is the machine's to decide, so that a
schedule run again is alike, and not the same. At the end all is well for a while, and the dashboard must hold what the
card has, and the card what was thanked for: nothing less, and nothing that was refused.
"""

from __future__ import annotations

import contextlib
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from ratings import wire
from ratings.scale import Score
from ratings.table import Slice
from tests.conftest import wait
from tests.faults.bases import TERMINAL, Base
from tests.faults.proxy import Way
from tests.faults.site import Process, Site

MOST_DAYS = 700
"""All schedules lie in the past, so that nothing is released that the dashboard takes for the future."""
ARRIVE_SECONDS = 60.0
FLOOD = 1200
"""More messages than a stock mosquitto keeps for a subscriber that does not read: 20 under way, 1000 waiting."""


class Broker(StrEnum):
    """What the broker is like. All are mosquitto."""

    STOCK = "stock"
    KEEPING = "keeping its memory on the disk"
    SCANT = "dropping whatever has to wait"


SETTINGS = {
    Broker.STOCK: "",
    Broker.KEEPING: "persistence true\npersistence_location {folder}/\nautosave_interval 1",
    Broker.SCANT: "max_queued_messages 1\nmax_inflight_messages 1",
}


class Schedule:
    """One schedule. `run` raises AssertionError where something was lost or doubled; `tell` hears each step."""

    def __init__(self, seed: int, folder: Path, base: Base, tell: Callable[[str], None] = lambda _: None) -> None:
        self.events: Counter[str] = Counter()
        self.dropped = 0
        """How often the broker said that it drops messages for a subscriber."""
        self._dice = dice = random.Random(seed)
        self._tell = tell
        self._folder = folder
        self.broker = list(Broker)[seed // 2 % len(Broker)]
        self._site = Site(
            folder,
            base,
            dice.choice(("closed", "closed", "live")),
            datetime.now(UTC).replace(hour=12, minute=0) - timedelta(days=MOST_DAYS + 200),
            reasons=dice.random() < 0.5,
            more=SETTINGS[self.broker].format(folder=folder),
        )
        self._days = 0
        self._full = False
        self._went_back = False
        """Whether the dashboard's database has lost what was acknowledged."""
        self.thanked = [0, 0, 0, 0]
        self._perhaps = [0, 0, 0, 0]
        """Pressed, and the kiosk was killed before it answered."""

    def run(self) -> None:
        """Start all, let it happen, let all be well, and look."""
        try:
            self._site.broker.start()
            self._site.start_kiosk(0)
            self._site.courier.start()
            self._site.ingest.start()
            for each in (self._site.courier, self._site.ingest):
                wait(lambda each=each: "connected to the broker" in each.log(), f"the {each.name} to connect", 60)  # type: ignore[misc]
            self._taps()
            for _ in range(self._dice.randrange(14, 26)):
                self._step()
            self._end_well()
            self._look()
        finally:
            self.dropped = self._site.broker.log().count("messages are being dropped")
            self._site.close()

    def _step(self) -> None:
        steps: list[tuple[int, Callable[[], str]]] = [
            (26, self._taps),
            (14, self._time_passes),
            (5, self._kiosk_killed),
            (6, self._courier_killed),
            (6, self._ingest_killed),
            (5, self._broker_killed),
            (3, self._broker_wiped),
            (3, self._held_up),
            (6 if self.broker is Broker.STOCK else 2, self._flood),
            (3, self._database_lost),
            (5, self._database_restored),
            (5, self._backup),
            (4, self._disk_full),
            (4, self._dashboards_disk_full),
            (12, self._network),
            (8, self._rest),
        ]
        step = self._dice.choices([each for _, each in steps], [weight for weight, _ in steps])[0]
        name = step.__name__.strip("_").replace("_", " ")
        self._tell(f"{name} {step()}")
        self.events[name] += 1
        time.sleep(self._dice.choice((0.0, 0.0, 0.1, 0.4)))

    # The terminal.

    def _taps(self) -> str:
        scores = [self._dice.choice(list(Score)) for _ in range(self._dice.choice((1, 2, 6)))]
        return ", ".join(f"{score.name} {self._tap(score)}" for score in scores)

    def _tap(self, score: Score) -> str:
        self._site.kiosk.say(f"tap {int(score)}")
        answer = self._site.kiosk.hear()
        if answer == "thanked":
            self.thanked[score] += 1
        else:
            assert answer == "refused", f"the kiosk says {answer!r}"
            assert self._full, "the kiosk is out of order, and its disk has space"
        return answer

    def _time_passes(self, days: int = 0) -> str:
        days = min(days or self._dice.choice((1, 8, 31)), MOST_DAYS - self._days)
        self._days += days
        self._site.kiosk.say(f"days {days}")
        answer = self._site.kiosk.hear()
        assert answer == "released" or (answer == "not released" and self._full), f"the kiosk says {answer!r}"
        return f"{days}, {answer}"

    def _kiosk_killed(self) -> str:
        """In the middle of a tap, or of a release."""
        kiosk, score = self._site.kiosk, self._dice.choice(list(Score))
        releases = self._dice.random() < 0.4 and self._days < MOST_DAYS - 31
        self._days += 31 if releases else 0
        kiosk.say("days 31" if releases else f"tap {int(score)}")
        after = self._dice.uniform(0, 0.08)
        time.sleep(after)
        kiosk.end(signal.SIGKILL)
        answer = kiosk.rest_of_answers()
        if answer == ["thanked"]:
            self.thanked[score] += 1
        elif not releases and answer != ["refused"]:
            self._perhaps[score] += 1
        self._full = False
        self._site.start_kiosk(self._days)
        return f"{1000 * after:.0f} ms into a {'release' if releases else 'tap'}: {answer or 'no answer'}"

    def _disk_full(self) -> str:
        """The kiosk's, after so many bytes, and perhaps the courier's; sometimes it stays so until the kiosk ends."""
        room, courier = self._dice.choice((0, 4096, 40_000, 120_000)), self._dice.random() < 0.5
        self._site.kiosk.limit_files(room)
        if courier:
            self._site.courier.limit_files(room)
        self._full = True
        told = f"from {room} bytes on; taps {self._taps()}; days {self._time_passes()}"
        if courier:
            told += self._has_space(self._site.courier)
        if self._dice.random() < 0.8:
            self._site.kiosk.limit_files(-1)
            self._full = False
            told += "; then no more"
        return told

    def _has_space(self, process: Process) -> str:
        process.limit_files(-1)
        # One that had only begun to start may have given up.
        return f", the {process.name} started again" if process.start_again() else ""

    def _courier_killed(self) -> str:
        return self._killed(self._site.courier)

    # The dashboard.

    def _ingest_killed(self) -> str:
        told = self._killed(self._site.ingest)
        self._see_acknowledgements()
        return told

    def _killed(self, process: Process) -> str:
        number = self._dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
        process.end(number)
        time.sleep(self._dice.choice((0.0, 0.3)))
        process.start()
        return number.name

    def _held_up(self) -> str:
        """Stopped for a moment in whatever it does, and lost to the network, as a machine that swaps."""
        process = self._dice.choice((self._site.courier, self._site.ingest))
        process.send(signal.SIGSTOP)
        time.sleep(0.5)
        process.send(signal.SIGCONT)
        return process.name

    def _flood(self) -> str:
        """More comes than ingest reads meanwhile: a broker with a limit drops, and tells nobody who sent it."""
        for way in self._site.ways:
            way.set(Way.GOOD)
        with self._loud() as client:
            self._site.ingest.send(signal.SIGSTOP)
            # Well formed, and of a terminal that nobody knows.
            payload = wire.encode(wire.Batch(str(uuid.UUID(int=0)), str(uuid.UUID(int=0)), 0, 0, []))
            sent = [client.publish(wire.topic("loud", "tables"), payload, 1) for _ in range(FLOOD)]
            wait(lambda: all(each.is_published() for each in sent), "the broker to confirm", 30)
        passed = self._time_passes(31)  # A month's total is released, whatever was tapped.
        time.sleep(0.8)
        self._site.ingest.send(signal.SIGCONT)
        # Nothing else happens meanwhile that would have the courier begin anew.
        self._wait_until_arrived()
        return f"of {FLOOD} messages; days {passed}"

    @contextlib.contextmanager
    def _loud(self) -> Iterator[mqtt.Client]:
        """Another client of the broker, when dashboard and terminal have told it that they are there, and are quiet."""
        online: set[str] = set()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        client.max_inflight_messages_set(FLOOD)
        client.on_message = lambda _client, _data, message: (
            online.add(message.topic) if b'"online"' in message.payload else online.discard(message.topic)
        )
        client.connect("127.0.0.1", self._site.broker.port)
        client.subscribe([(wire.DASHBOARD, 1), (wire.topic(TERMINAL, "status"), 1)])
        client.loop_start()
        try:
            wait(lambda: len(online) == 2, "dashboard and terminal to be online", ARRIVE_SECONDS)
            self._wait_until_arrived()
            yield client
        finally:
            client.disconnect()
            client.loop_stop()

    def _dashboards_disk_full(self) -> str:
        """While something arrives. (A PostgreSQL has a disk of its own, which is left alone.)"""
        room = self._dice.choice((0, 20_000))
        self._site.ingest.limit_files(room)
        days = self._time_passes()
        time.sleep(0.8)
        self._see_acknowledgements()
        return f"from {room} bytes on; days {days}{self._has_space(self._site.ingest)}"

    def _backup(self) -> str:
        return self._without_ingest(self._site.base.back_up)

    def _database_lost(self) -> str:
        told = self._without_ingest(self._site.base.lose)
        self._went_back = True
        return told

    def _database_restored(self) -> str:
        told = self._without_ingest(self._site.base.restore)
        self._went_back = True
        return told

    def _see_acknowledgements(self) -> None:
        """Nothing is acknowledged that is not stored; after a loss, the courier has to hear of it first."""
        wrong = self._site.acknowledged_too_soon()
        assert self._went_back or not wrong, wrong

    def _without_ingest(self, action: Callable[[], None]) -> str:
        self._site.ingest.end(signal.SIGKILL)
        self._see_acknowledgements()
        action()
        self._site.ingest.start()
        return ""

    # What is between them.

    def _broker_killed(self) -> str:
        self._site.broker.kill()
        time.sleep(self._dice.choice((0.0, 0.5)))
        self._site.broker.start()
        return ""

    def _broker_wiped(self) -> str:
        self._site.broker.kill()
        (self._folder / "mosquitto.db").unlink(missing_ok=True)
        self._site.broker.start()
        return ""

    def _network(self) -> str:
        side, way = self._dice.randrange(2), self._dice.choice([*Way, Way.GOOD])
        self._site.ways[side].set(way)
        return f"of the {('terminal', 'dashboard')[side]}: {way}"

    def _rest(self) -> str:
        time.sleep(1)
        return ""

    # The end.

    def _end_well(self) -> None:
        self._tell("all is well from now on")
        site = self._site
        for way in site.ways:
            way.set(Way.GOOD)
        for process in (site.kiosk, site.courier):
            process.limit_files(-1)
        self._full = False
        # A quarter later everything has closed.
        self._days += 100
        site.kiosk.say("days 100")
        assert (answer := site.kiosk.hear()) == "released", f"the kiosk says {answer!r}"
        assert not site.still_open(), f"{site.still_open()} counters of closed periods were not released"
        self._wait_until_arrived()

    def _wait_until_arrived(self) -> None:
        wait(self._site.arrived, "the dashboard to have what the card has", ARRIVE_SECONDS)

    def _look(self) -> None:
        counted = self._site.in_base()
        slices = set(Slice) if any(counted[Slice.REASON]) else set(Slice) - {Slice.REASON}
        for slice_ in slices:
            assert counted[slice_] == counted[Slice.TOTAL], f"the books do not balance: {counted}"
        found = counted[Slice.TOTAL]
        for score in Score:
            least, most = self.thanked[score], self.thanked[score] + self._perhaps[score]
            assert least <= found[score] <= most, f"{score.name}: {found[score]} counted, {least} to {most} thanked for"
