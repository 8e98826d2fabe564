"""The courier takes in what the dashboard has set: the last good one stays, whatever comes, and whenever power goes."""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ratings import config, remote, wire
from ratings.config import Config
from ratings.wire import MOST_BYTES, REFUSAL_LENGTH, Status
from terminal import courier as module
from terminal.courier import Courier
from terminal.ledger import Ledger
from terminal.remote import FILE, Received, combine, keep, read
from tests.conftest import Mosquitto
from tests.terminal.test_courier import running, settings_for

Wait = Callable[..., None]

GOOD = b'{"kiosk": {"languages": ["nb", "th"]}}'
BETTER = b'{"kiosk": {"languages": ["nb", "ro"]}, "said": {"texts": {"nb": ["N\xc3\xa5 er det ryddet."]}}}'
BAD: dict[str, bytes] = {
    "no JSON": b"{",
    "of another program": b"\xff\xfe\x00",
    "nested without end": b"[" * 60_000,
    "too long": b'{"said": {}}' + b" " * MOST_BYTES,
    "what protects visitors": b'{"said": {}, "release": {"mode": "live"}}',
    "a newer dashboard's": b'{"said": {}, "colours": {"face": "green"}}',
    "a language that is not there": b'{"kiosk": {"languages": ["nb", "so"]}}',
    "out of the folder": b'{"kiosk": {"languages": ["nb", "staff/nb"]}}',
    "a picture": b'{"follow_up": {"reasons": [{"id": "staff", "picture": "/etc/fjes/fjes.toml"}]}}',
    "a line end for the log": b'{"x\\nERROR all is lost\\u001b[2J": 1}',
}


def own(folder: Path) -> Config:
    return config.read(f'[terminal]\nid = "stua"\nstate = "{folder / "state"}"')


def test_the_last_good_one_is_in_force_and_kept_as_it_came(tmp_path: Path) -> None:
    received = Received(own(tmp_path))
    assert (received.config, received.refused) == ("", "")
    for payload in (GOOD, BETTER):
        assert received.take(payload)
        assert read(tmp_path / "state") == payload
        assert (received.config, received.refused) == (remote.fingerprint(payload), "")
    assert not received.take(BETTER), "nothing new"
    assert Received(own(tmp_path)).config == remote.fingerprint(BETTER), "known after a new start"


@pytest.mark.parametrize("payload", BAD.values(), ids=list(BAD))
def test_a_bad_one_is_refused_the_last_good_one_stays_and_it_is_said_why(
    payload: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    received = Received(own(tmp_path))
    received.take(GOOD)
    assert received.take(payload)
    assert not received.take(payload)
    assert read(tmp_path / "state") == GOOD
    assert received.config == remote.fingerprint(GOOD)
    assert 0 < len(received.refused) <= REFUSAL_LENGTH
    assert received.refused.isprintable()
    assert [record.levelno for record in caplog.records] == [logging.WARNING], "said once"
    assert received.take(GOOD), "the reason is over"
    assert received.refused == ""


def test_an_emptied_topic_changes_nothing(tmp_path: Path) -> None:
    received = Received(own(tmp_path))
    received.take(GOOD)
    assert not received.take(b"")
    assert (read(tmp_path / "state"), received.refused) == (GOOD, "")


def test_what_is_not_set_any_more_is_the_files_again(tmp_path: Path) -> None:
    received = Received(own(tmp_path))
    received.take(GOOD)
    received.take(b"{}")
    assert combine(own(tmp_path), read(tmp_path / "state") or b"") == own(tmp_path)


def test_a_state_folder_that_takes_nothing_keeps_the_last_good_one_and_says_so(tmp_path: Path) -> None:
    received = Received(own(tmp_path))
    received.take(GOOD)
    (tmp_path / "state" / f"{FILE}.new").mkdir()  # Stands in the way, for root as for anybody.
    assert received.take(BETTER)
    assert received.refused.startswith("cannot be kept in ")
    assert (read(tmp_path / "state"), received.config) == (GOOD, remote.fingerprint(GOOD))
    (tmp_path / "state" / f"{FILE}.new").rmdir()
    assert received.take(BETTER)
    assert (received.config, received.refused) == (remote.fingerprint(BETTER), "")


@pytest.mark.parametrize("damage", [b"", GOOD[:-5], b"\0" * 200], ids=["empty", "cut", "zeros"])
def test_a_damaged_file_counts_as_none_until_the_broker_sends_it_again(damage: bytes, tmp_path: Path) -> None:
    keep(tmp_path / "state", damage)
    received = Received(own(tmp_path))
    assert received.config == ""
    received.take(GOOD)
    assert read(tmp_path / "state") == GOOD


_WRITER = """
import os, sys
from pathlib import Path
from terminal import remote

folder, cut_at = Path(sys.argv[1]), int(sys.argv[2])
step = 0
def cut(event, arguments):
    # Power goes before the next call to the system that touches the folder.
    global step
    if event in ("open", "os.rename") and str(folder) in str(arguments):
        step += 1
        if step == cut_at:
            os.kill(os.getpid(), 9)
sys.addaudithook(cut)
flush = os.fsync
def fsync(descriptor):
    cut("open", (folder,))
    flush(descriptor)
    cut("open", (folder,))
os.fsync = fsync
remote.keep(folder, sys.argv[3].encode())
"""


def test_whatever_step_the_power_goes_at_one_of_both_is_there_whole(tmp_path: Path) -> None:
    state = tmp_path / "state"
    found = []
    for cut_at in range(1, 30):
        keep(state, GOOD)
        ended = subprocess.run([sys.executable, "-c", _WRITER, str(state), str(cut_at), BETTER.decode()], check=False)
        assert ended.returncode in (0, -9)
        found.append(read(state))
        assert Received(own(tmp_path)).config in map(remote.fingerprint, (GOOD, BETTER))
        if ended.returncode == 0:
            break
    assert set(found) == {GOOD, BETTER}
    assert found == sorted(found, key=lambda each: each == BETTER), "once the new one is there, it stays"
    assert len(found) > 5, "it was cut at too few steps to tell"


# With a real broker.


class Dashboard:
    """Publishes configurations as ingest does, and hears the statuses."""

    def __init__(self, port: int) -> None:
        self.statuses: queue.Queue[Status] = queue.Queue()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self.client.on_connect = lambda client, *_: client.subscribe(wire.topic("stua", "status"), 1)
        self.client.on_message = self._heard
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _heard(self, client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        if message.payload:
            self.statuses.put(wire.decode(bytes(message.payload), Status))

    def publish(self, payload: bytes, *, retain: bool = True) -> None:
        self.client.publish(wire.topic("stua", "config"), payload, 1, retain=retain).wait_for_publish(20)

    def status(self, condition: Callable[[Status], bool]) -> Status:
        """The first status from now on for which this holds."""
        while not condition(status := self.statuses.get(timeout=20)):
            pass
        return status

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def dashboard(broker: Mosquitto) -> Iterator[Dashboard]:
    made = Dashboard(broker.port)
    yield made
    made.close()


@pytest.fixture
def settings(broker: Mosquitto, tmp_path: Path) -> Iterator[Config]:
    """Of a terminal whose kiosk has made the store."""
    settings = settings_for(tmp_path, broker.port)
    ledger = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])
    yield settings
    ledger.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONFIGURE_SECONDS", 0.0)


def test_a_courier_takes_in_what_is_retained_and_what_comes_later_and_says_so(
    dashboard: Dashboard, settings: Config
) -> None:
    dashboard.publish(GOOD)
    with running(Courier(settings)):
        dashboard.status(lambda status: status.config == remote.fingerprint(GOOD))
        dashboard.publish(BETTER)
        dashboard.status(lambda status: status.config == remote.fingerprint(BETTER))
        assert read(settings.terminal.state) == BETTER


def test_hostile_ones_stop_neither_the_courier_nor_the_one_in_force(
    dashboard: Dashboard, settings: Config, wait_for: Wait
) -> None:
    with running(Courier(settings)):
        dashboard.publish(GOOD)
        dashboard.status(lambda status: status.config == remote.fingerprint(GOOD))
        for payload in BAD.values():
            dashboard.publish(payload)
            refused = dashboard.status(lambda status: bool(status.config_refused))
            assert refused.config == remote.fingerprint(GOOD)
            dashboard.publish(b"", retain=True)
            dashboard.publish(GOOD, retain=False)
            dashboard.status(lambda status: not status.config_refused)
        dashboard.publish(json.dumps({"release": {"mode": "closed"}}).encode())
        told = dashboard.status(lambda status: bool(status.config_refused))
        assert told.config_refused.startswith("the file: unknown key 'release'; allowed: questions, kiosk, hours")
        assert told.release == settings.release.mode


def test_one_that_changes_all_the_time_is_not_written_all_the_time(
    dashboard: Dashboard, settings: Config, monkeypatch: pytest.MonkeyPatch, wait_for: Wait
) -> None:
    monkeypatch.setattr(module, "CONFIGURE_SECONDS", 3600.0)
    took: list[bytes] = []
    take = Received.take

    def overheard(self: Received, payload: bytes) -> bool:
        took.append(payload)
        return take(self, payload)

    monkeypatch.setattr(Received, "take", overheard)
    with running(Courier(settings)):
        dashboard.status(lambda status: status.state == "online")
        dashboard.publish(GOOD)
        wait_for(lambda: took == [GOOD])
        for _ in range(100):
            dashboard.publish(BETTER)
            dashboard.publish(GOOD)
        dashboard.client.publish(wire.DASHBOARD, wire.encode(wire.DashboardState("online")), 1).wait_for_publish(20)
        dashboard.status(lambda status: status.state == "online")
        assert took == [GOOD]
