"""What the status says of a terminal, and that no tap moves it: neither what is in it, nor its size, nor its time."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from dashboard import schema, store
from dashboard.ingest import Ingest
from ratings import config, wire
from ratings.config import Config
from ratings.scale import Score
from ratings.table import Revision
from ratings.wire import Ack, ClockState, Condition, DashboardState, Status
from terminal import courier as module
from terminal import machine
from terminal.courier import Courier
from terminal.delivery import Delivery
from terminal.faults import Faults
from terminal.ledger import ClockError, Ledger
from terminal.outbox import Outbox
from terminal.reporter import Reporter
from terminal.storage import StoreError
from terminal.trust import Trust
from tests.conftest import Mosquitto
from tests.terminal.board import Board
from tests.terminal.conftest import oslo
from tests.terminal.test_courier import held, new_database, running, today

NOON = oslo(2026, 11, 23, 12)


def settings_for(tmp_path: Path, port: int = 1883) -> Config:
    return config.read(
        f"""
        [terminal]
        id = "stua"
        store = "{tmp_path / "card"}"
        state = "{tmp_path / "state"}"
        [broker]
        host = "127.0.0.1"
        port = {port}
        """
    )


def opened(settings: Config, trust: Trust | None = None) -> Ledger:
    return Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb", "th"], trust=trust)


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return settings_for(tmp_path)


@pytest.fixture
def ledger(settings: Config) -> Iterator[Ledger]:
    """A card with a month released, and one that runs."""
    ledger = opened(settings)
    ledger.record("visit", Score.HAPPY, "nb", oslo(2026, 10, 7, 12))
    ledger.release(NOON, "visit")
    yield ledger
    with contextlib.suppress(OSError):  # Closed by the test itself.
        ledger.close()


def reporter(settings: Config, trust: Trust | None = None, now: datetime = NOON) -> Reporter:
    outbox = Outbox(settings.terminal.store)
    delivery = Delivery(outbox, settings.terminal.state, settings.release, "1.0")
    trust = trust or Trust("system")
    return Reporter(settings, outbox, delivery, trust, lambda: now, machine.Places(Path("/none"), Path("/none")))


def test_it_tells_the_hour_the_day_of_the_last_look_and_what_waits(settings: Config, ledger: Ledger) -> None:
    status = reporter(settings).status()
    epoch, last = Outbox(settings.terminal.store).epochs()[-1]
    assert (status.state, status.epoch, status.revision, status.pending) == ("online", epoch, last, last)
    assert (status.hour, status.day, status.assumed) == ("2026-11-23T11", "2026-11-23", "")
    assert (status.clock, status.store, status.room) == (
        ClockState.SYSTEM,
        Condition.WELL,
        machine.room(settings.terminal.store),
    )
    assert (status.heat, status.power) == (Condition.UNKNOWN, Condition.UNKNOWN)


def test_what_was_acknowledged_waits_no_more(settings: Config, ledger: Ledger) -> None:
    outbox = Outbox(settings.terminal.store)
    delivery = Delivery(outbox, settings.terminal.state, settings.release, "1.0")
    delivery.acknowledged(Ack(ledger.epoch, 0, None))
    batch = delivery.next_batch()
    assert batch is not None
    assert reporter(settings).status().pending == batch.upto > 0
    delivery.acknowledged(Ack(ledger.epoch, batch.upto, batch.batch))
    assert reporter(settings).status().pending == 0


def test_the_tables_of_an_older_epoch_wait_as_well(settings: Config, ledger: Ledger) -> None:
    before = reporter(settings).status().pending
    ledger.close()
    moved = Ledger.open(settings.terminal.store, settings.release, ZoneInfo("Asia/Bangkok"), ["nb"])
    try:
        assert reporter(settings).status().pending == before
        assert reporter(settings).status().revision == Revision(0)
    finally:
        moved.close()


def test_a_clock_that_is_not_known_right_is_told_and_what_vouches_when_it_is(tmp_path: Path) -> None:
    settings, board = settings_for(tmp_path), Board(tmp_path / "board", NOON)
    ledger = opened(settings, board.trust)
    with pytest.raises(ClockError):
        ledger.release(board.clock(), "visit")
    ledger.record("visit", Score.HAPPY, "nb", board.clock())
    status = reporter(settings, board.trust, board.clock()).status()
    assert (status.clock, status.hour, status.day) == (ClockState.WRONG, "1970-01-01T00", "")
    ledger.release(board.network(), "visit")
    status = reporter(settings, board.trust, board.clock()).status()
    assert (status.clock, status.hour, status.day) == (ClockState.NETWORK, "2026-11-23T11", "2026-11-23")
    ledger.close()


def test_that_something_was_placed_by_assumption_is_told_when_its_month_is_released(tmp_path: Path) -> None:
    settings, board = settings_for(tmp_path), Board(tmp_path / "board", NOON)
    ledger = opened(settings, board.trust)
    ledger.release(board.network(), "visit")
    ledger.close()
    ledger = opened(settings, board.start(off_hours=1))
    ledger.record("visit", Score.HAPPY, "nb", board.clock())
    ledger.close()
    ledger = opened(settings, board.start(off_hours=1))
    before = reporter(settings, board.trust, board.network()).status()
    ledger.release(board.clock(), "visit")
    now = reporter(settings, board.trust, board.clock()).status()
    assert now == before, "it has just happened, and nobody is told"
    board.after(24 * 8)
    ledger.release(board.clock(), "visit")
    assert reporter(settings, board.trust, board.clock()).status().assumed == "2026-11"
    ledger.close()


def test_a_store_that_cannot_be_read_any_more_is_told_with_what_was_known(settings: Config, ledger: Ledger) -> None:
    telling = reporter(settings)
    before = telling.status()
    ledger.close()
    ledger.released_path.rename(ledger.released_path.with_suffix(".lost"))
    after = telling.status()
    assert after.store == Condition.TROUBLE
    assert (after.epoch, after.revision, after.day) == (before.epoch, before.revision, before.day)
    with pytest.raises(StoreError):
        reporter(settings).status()
    ledger.released_path.with_suffix(".lost").rename(ledger.released_path)
    assert telling.status() == before
    opened(settings).close()


def test_no_tap_of_a_running_period_moves_a_byte_of_it(settings: Config, ledger: Ledger) -> None:
    telling = reporter(settings)
    before = wire.encode(telling.status())
    for hour in range(30):
        ledger.record(
            "visit", Score(hour % 4), "nb" if hour % 2 else None, NOON + timedelta(hours=hour), repeat=hour % 5 == 0
        )
        assert wire.encode(telling.status()) == before
    ledger.release(NOON + timedelta(hours=6), "visit")
    assert wire.encode(telling.status()) == before
    with_taps = wire.decode(wire.encode(reporter(settings).status()), Status)
    ledger.release(NOON + timedelta(days=1), "visit")
    next_day = reporter(settings).status()
    assert next_day == wire.decode(wire.encode(next_day), Status)
    assert (next_day.day, with_taps.day) == ("2026-11-24", "2026-11-23")
    assert len(wire.encode(next_day)) == len(before)


def test_a_day_with_taps_and_a_day_without_look_alike_from_outside(tmp_path: Path) -> None:
    told = []
    for name, taps in (("busy", 40), ("idle", 0)):
        settings = settings_for(tmp_path / name)
        ledger = opened(settings)
        ledger.release(oslo(2026, 11, 3, 9), "visit")
        for number in range(taps):
            ledger.record("visit", Score(number % 4), "nb", oslo(2026, 11, 3, 10))
        ledger.release(oslo(2026, 11, 4), "visit")
        status = reporter(settings).status()
        told.append(wire.encode(status).replace(status.epoch.encode(), b""))
        ledger.close()
    assert told[0] == told[1]


def test_no_tap_makes_the_courier_speak_or_changes_what_it_says(
    broker: Mosquitto, tmp_path: Path, wait_for: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(tmp_path, broker.port)
    heard: queue.Queue[bytes] = queue.Queue()
    dashboard = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    ready: queue.Queue[bool] = queue.Queue()
    dashboard.on_message = lambda _client, _data, message: heard.put(bytes(message.payload))
    dashboard.on_connect = lambda client, *_: client.subscribe("fjes/v1/stua/#", 1)
    dashboard.on_subscribe = lambda *_: ready.put(True)
    dashboard.connect("127.0.0.1", broker.port)
    dashboard.loop_start()
    assert ready.get(timeout=20)
    ledger = opened(settings)
    ledger.release(datetime.now(UTC), "visit")
    # An answer ends the asking; from then on a status comes every quarter of an hour, and this test takes seconds.
    monkeypatch.setattr(module, "STATUS_SECONDS", 3600.0)

    def answer() -> bytes:
        status = heard.get(timeout=20)
        ack = Ack(wire.decode(status, Status).epoch, 0, None)
        dashboard.publish("fjes/v1/stua/ack", wire.encode(ack), 1)
        return status

    try:
        with running(Courier(settings)):
            before = answer()
            for _ in range(100):
                ledger.record("visit", Score.HAPPY, "nb", datetime.now(UTC))
            # The own acknowledgement comes back by the wildcard; nothing else may.
            spoken = [each for each in iter_now(heard) if b'"state"' in each or b'"tables"' in each]
            assert spoken == []
            dashboard.publish(wire.DASHBOARD, wire.encode(DashboardState("online")), 1)
            wait_for(lambda: not heard.empty())
            after = answer()
        assert after.replace(hour(after), b"") == before.replace(hour(before), b"")
        assert len(after) == len(before)
    finally:
        dashboard.disconnect()
        dashboard.loop_stop()
        ledger.close()


def test_faults_are_told_with_the_release_of_the_next_day_and_not_when_they_happen(
    settings: Config, ledger: Ledger
) -> None:
    telling = reporter(settings)
    ledger.faults, stuck = Faults(), [False]
    ledger.faults.stuck = lambda: stuck[0]
    before = wire.encode(telling.status())
    # Somebody pounds, a button is stuck; the kiosk looks once more on the same day.
    ledger.faults.pounded, stuck[0] = True, True
    ledger.record("visit", Score.HAPPY, "nb", NOON, repeat=True)
    ledger.release(NOON + timedelta(hours=2), "visit")
    assert wire.encode(telling.status()) == before
    ledger.release(NOON + timedelta(days=1), "visit")
    status = telling.status()
    assert (status.day, status.pounding, status.buttons) == ("2026-11-24", "2026-11-24", Condition.TROUBLE)
    assert len(wire.encode(status)) == len(before)
    stuck[0] = False
    ledger.release(NOON + timedelta(days=1, hours=2), "visit")
    assert telling.status() == status
    ledger.release(NOON + timedelta(days=2), "visit")
    status = telling.status()
    assert (status.day, status.pounding, status.buttons) == ("2026-11-25", "2026-11-24", Condition.WELL)


def test_buttons_that_are_missing_are_told_when_the_kiosk_finds_it_and_until_they_are_there(
    settings: Config, ledger: Ledger
) -> None:
    telling = reporter(settings)
    ledger.faults = Faults()
    ledger.release(NOON, "visit")
    assert telling.status().buttons == Condition.UNKNOWN
    # The kiosk was started again on the same day, and its chip is gone.
    ledger.faults = Faults()
    ledger.faults.buttons_missing = True
    ledger.release(NOON + timedelta(hours=1), "visit")
    assert telling.status().buttons == Condition.MISSING
    ledger.release(NOON + timedelta(days=1), "visit")
    assert telling.status().buttons == Condition.MISSING
    # And again, with buttons, of which one is stuck: that waits for the next day.
    ledger.faults = Faults()
    ledger.faults.stuck = lambda: True
    ledger.release(NOON + timedelta(days=1, hours=1), "visit")
    assert telling.status().buttons == Condition.WELL
    ledger.release(NOON + timedelta(days=2), "visit")
    assert telling.status().buttons == Condition.TROUBLE
    # What was told of the day is not taken back by a start without trouble.
    ledger.faults = Faults()
    ledger.faults.stuck = lambda: False
    ledger.release(NOON + timedelta(days=2, hours=1), "visit")
    assert telling.status().buttons == Condition.TROUBLE


def test_a_stuck_button_is_forgotten_when_it_has_been_told_and_not_when_that_failed(
    settings: Config, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.faults, forgotten = Faults(), []
    ledger.faults.stuck, ledger.faults.forget_stuck = lambda: True, lambda: forgotten.append(True)
    monkeypatch.setattr("terminal.release.closed_periods", fails)
    with pytest.raises(StoreError, match="full"):
        ledger.release(NOON + timedelta(days=1), "visit")
    assert forgotten == []
    monkeypatch.undo()
    ledger.release(NOON + timedelta(days=1), "visit")
    assert forgotten == [True]
    ledger.release(NOON + timedelta(days=1, hours=3), "visit")
    assert forgotten == [True]
    assert reporter(settings).status().buttons == Condition.TROUBLE


def test_a_fault_that_could_not_be_written_is_told_by_the_next_release(
    settings: Config, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.faults = Faults()
    ledger.faults.pounded = True
    monkeypatch.setattr("terminal.release.closed_periods", fails)
    with pytest.raises(StoreError, match="full"):
        ledger.release(NOON + timedelta(days=1), "visit")
    monkeypatch.undo()
    assert reporter(settings).status().pounding == ""
    ledger.release(NOON + timedelta(days=1), "visit")
    assert reporter(settings).status().pounding == "2026-11-24"
    assert not ledger.faults.pounded


def fails(*_: object) -> int:
    raise OSError(28, "the card is full")


def iter_now(messages: queue.Queue[bytes]) -> list[bytes]:
    found = []
    while not messages.empty():
        found.append(messages.get())
    return found


def hour(status: bytes) -> bytes:
    """The one thing that time itself moves."""
    return wire.decode(status, Status).hour.encode()


def test_when_all_has_arrived_that_was_waiting_it_says_so_once_and_soon(
    broker: Mosquitto, settings: Config, ledger: Ledger, tmp_path: Path, wait_for: Callable[..., None]
) -> None:
    engine = new_database(tmp_path / "fjes.db")
    told: list[int | None] = []
    heard = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    heard.on_message = lambda _client, _data, message: told.append(wire.decode(bytes(message.payload), Status).pending)
    heard.on_connect = lambda client, *_: client.subscribe("fjes/v1/stua/status", 1)
    heard.connect("127.0.0.1", broker.port)
    heard.loop_start()
    settings = settings_for(tmp_path, broker.port)
    with running(Ingest(settings, engine, today=today)), running(Courier(settings)):
        wait_for(lambda: told[-1:] == [0], "the news", 60)
        assert told[0] == Outbox(settings.terminal.store).epochs()[-1][1] > 0
        with store.reading(engine) as connection:
            wait_for(lambda: held(engine) == 1)
            assert connection.scalar(select(schema.epoch.c.upto)) == told[0]
    assert told.count(0) <= 2, "the news, and the goodbye"
    heard.disconnect()
    heard.loop_stop()
    engine.dispose()
