"""The demo's broker does what Fjes needs of one: retained messages, last wills, QoS 1 both ways, a clean end."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from dashboard import store
from dashboard.ingest import Ingest
from fjes import embedded_broker
from ratings import wire
from ratings.config import Broker, Config
from ratings.wire import Ack, Batch


class Client:
    """A paho client with a queue of what it received."""

    def __init__(self, port: int, topic: str = "", will: tuple[str, bytes] | None = None) -> None:
        self.received: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.ready = False
        self.mqtt = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311, client_id=uuid.uuid4().hex)
        # amqtt also sends each newcomer what is retained on topics that others have subscribed to.
        self.mqtt.message_callback_add(topic or "nothing", lambda _client, _data, message: self.received.put(message))
        self.mqtt.on_connect = lambda client, *_: client.subscribe(topic, 1) if topic else self._be_ready()
        self.mqtt.on_subscribe = lambda *_: self._be_ready()
        if will:
            self.mqtt.will_set(*will, qos=1, retain=True)
        self.mqtt.connect("127.0.0.1", port)
        self.mqtt.loop_start()

    def _be_ready(self, *_: Any) -> None:
        self.ready = True

    def close(self) -> None:
        self.mqtt.disconnect()
        self.mqtt.loop_stop()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with embedded_broker.running() as port:
        yield port


@pytest.fixture
def connect(port: int, wait_for: Callable[..., None]) -> Iterator[Callable[..., Client]]:
    with ExitStack() as stack:

        def make(topic: str = "", will: tuple[str, bytes] | None = None) -> Client:
            client = Client(port, topic, will)
            stack.callback(client.close)
            wait_for(lambda: client.ready, "the client to be connected")
            return client

        yield make


def test_messages_go_both_ways_with_qos_1(connect: Callable[..., Client]) -> None:
    terminal, dashboard = connect("fjes/v1/a/ack"), connect("fjes/v1/+/tables")

    sent = terminal.mqtt.publish("fjes/v1/a/tables", b"x" * 60_000, qos=1)
    sent.wait_for_publish(10)
    up = dashboard.received.get(timeout=10)
    dashboard.mqtt.publish("fjes/v1/a/ack", b"got it", qos=1).wait_for_publish(10)
    down = terminal.received.get(timeout=10)

    assert (up.payload, up.qos) == (b"x" * 60_000, 1)
    assert (down.payload, down.qos) == (b"got it", 1)


def test_a_retained_message_waits_for_who_comes_later(connect: Callable[..., Client]) -> None:
    connect().mqtt.publish("fjes/v1/b/status", b"online", qos=1, retain=True).wait_for_publish(10)

    late = connect("fjes/v1/b/status").received.get(timeout=10)

    assert (late.payload, late.retain) == (b"online", True)


def test_a_last_will_is_sent_when_a_client_dies_and_is_kept(connect: Callable[..., Client]) -> None:
    watching = connect("fjes/v1/c/status")
    dying = connect(will=("fjes/v1/c/status", b"offline"))

    sock = dying.mqtt.socket()
    assert isinstance(sock, socket.socket)
    dying.mqtt.on_disconnect = lambda client, *_: client.disconnect()
    sock.shutdown(socket.SHUT_RDWR)

    assert watching.received.get(timeout=10).payload == b"offline"
    assert connect("fjes/v1/c/status").received.get(timeout=10).payload == b"offline"


def test_it_listens_on_this_machine_only_and_is_gone_after_its_end() -> None:
    with embedded_broker.running() as port:
        listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
        addresses = [line.split()[1] for line in listening.splitlines() if f":{port:04X} 0" in line]
        assert addresses == [f"0100007F:{port:04X}"]

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)


def test_it_ends_by_itself_when_the_demo_is_killed_and_says_nothing(wait_for: Callable[..., None]) -> None:
    script = (
        "from fjes import embedded_broker\n"
        "if __name__ == '__main__':\n"
        "    with embedded_broker.running() as port:\n"
        "        print(port, flush=True)\n"
        "        input()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    port = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    # The broker holds stderr too: its end comes when both are gone.
    _, errors = process.communicate(timeout=20)

    def refused() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            return True
        return False

    wait_for(refused, "the broker to end")
    assert errors == ""


def test_a_batch_is_taken_in_and_acknowledged_through_it(port: int, sqlite_url: str, connect: Any) -> None:
    epoch = "11111111-1111-4111-8111-111111111111"
    engine = store.open_engine(sqlite_url)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
    terminal, listening = connect("fjes/v1/stua/ack"), connect(wire.DASHBOARD)
    ingest = Ingest(Config(broker=Broker(host="127.0.0.1", port=port)), engine)
    thread = threading.Thread(target=ingest.run)
    thread.start()
    try:
        assert listening.received.get(timeout=10).payload == b'{"state":"online"}'
        raw = [msgspec.Raw(b'["visit","total","2026-01",{"counted":[1,2,3,4]}]')]
        terminal.mqtt.publish("fjes/v1/stua/tables", wire.encode(Batch(epoch, epoch, 0, 1, raw)), qos=1)
        assert wire.decode(bytes(terminal.received.get(timeout=10).payload), Ack) == Ack(epoch, 1, epoch)
    finally:
        ingest.stop()
        thread.join()
        engine.dispose()
    assert listening.received.get(timeout=10).payload == b'{"state":"offline"}'
