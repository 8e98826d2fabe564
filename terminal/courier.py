"""The courier: its own process, which carries the outbox to the broker. The one place of the terminal with a network.

It reads `released.db` only. No message is ever caused by a tap: in closed release nothing here changes with one.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from ratings import wire
from ratings.config import Config, ConfigError
from ratings.wire import Ack, DashboardState, WireError
from terminal.connection import Note, Standing
from terminal.delivery import Delivery
from terminal.outbox import Outbox
from terminal.storage import StoreError

log = logging.getLogger("fjes.courier")

STATUS_SECONDS = 15 * 60.0
"""How often the status is sent, give or take a tenth."""


class Courier:
    """Carries one terminal's outbox. `run` blocks until `stop` is called from another thread or a signal handler.

    Raises ConfigError where the broker's authority cannot be read.
    """

    def __init__(self, config: Config, *, seed: int | None = None) -> None:
        live = config.release.mode == "live"
        self._terminal = config.terminal.id
        self._broker = config.broker
        self._look_seconds = 1.0 if live else 60.0
        self._spread_seconds = 0.0 if live else 600.0
        self._patience = _Patience(5.0 if live else 30.0, 600.0)
        self._random = random.Random(seed)  # noqa: S311 - spreads the load, hides nothing
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._delivery = Delivery(Outbox(config.terminal.store), config.terminal.state, config.release, version("fjes"))
        self._client = self._make_client()
        self._said: str | None = None
        self._note: Note | None = None
        self._state_folder = config.terminal.state
        self._online = False
        self._next_status = 0.0
        self._urgent = False
        self._send_at: float | None = None
        self._give_up_at = 0.0

    def run(self) -> None:
        """Connect, and keep the dashboard up to date, until stopped."""
        self._note = Note(self._state_folder)
        try:
            self._run()
        finally:
            self._note.close()

    def _run(self) -> None:
        self._wait_for_store()
        if self._stopping.is_set():
            return
        self._client.will_set(self._topic("status"), wire.encode(self._delivery.status("offline")), 1, retain=True)
        self._client.connect_async(self._broker.host, self._broker.port, keepalive=60)
        self._client.loop_start()
        try:
            while not self._stopping.is_set():
                try:
                    event = self._events.get(timeout=self._look_seconds)
                except queue.Empty:
                    event = _nothing
                event()
                self._work()
        finally:
            self._leave()

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stopping.set()
        self._events.put(_nothing)

    def _wait_for_store(self) -> None:
        """The kiosk makes the store; whichever starts first, the other waits."""
        while not self._stopping.is_set():
            try:
                self._delivery.status()
            except StoreError as error:
                self._say(logging.WARNING, f"{error} Trying again every few seconds.")
                self._stopping.wait(min(self._look_seconds, 5.0))
            else:
                return

    def _work(self) -> None:
        """Send what is due."""
        now = time.monotonic()
        if not self._online:
            return
        try:
            if now >= self._next_status:
                self._send_status()
            if self._delivery.in_flight is not None and now >= self._give_up_at:
                self._delivery.give_up()
                self._send_status()  # Perhaps the dashboard is away: its answer shows that it is there.
            self._tell(Standing.BROKER if self._delivery.unheard() else Standing.DASHBOARD)
            if self._may_send(now) and (batch := self._delivery.next_batch()) is not None:
                self._give_up_at = now + self._patience.next()
                self._client.publish(self._topic("tables"), wire.encode(batch), 1)
        except StoreError as error:
            # The kiosk may have a recovery to finish, or is writing just now.
            self._say(logging.WARNING, f"{error} Trying again.")

    def _may_send(self, now: float) -> bool:
        """Whether the moment has come: at once after a silence, spread out when a period has just been released."""
        if not self._delivery.is_due():
            self._urgent = self._urgent and self._delivery.unheard()
            self._send_at = None
            return False
        if self._send_at is None:
            self._send_at = now + self._random.uniform(0.0, self._spread_seconds)
        return self._urgent or now >= self._send_at

    def _send_status(self) -> None:
        soon = self._patience.next() if self._delivery.unheard() else STATUS_SECONDS
        self._next_status = time.monotonic() + soon * self._random.uniform(0.9, 1.1)
        self._client.publish(self._topic("status"), wire.encode(self._delivery.status()), 1, retain=True)

    def _connected(self) -> None:
        self._online = True
        self._say(logging.INFO, f"connected to the broker at {self._broker.host}:{self._broker.port}")
        for topic in (self._topic("ack"), wire.DASHBOARD):
            self._client.subscribe(topic, 1)
        self._begin()

    def _begin(self) -> None:
        """Speak up at once: what is pending has waited long enough."""
        self._delivery.restart()
        self._patience.reset()
        self._next_status = 0.0
        self._urgent = True

    def _disconnected(self, why: str, standing: Standing = Standing.SILENT) -> None:
        self._online = False
        self._delivery.restart()
        self._tell(standing)
        self._say(logging.WARNING, why)

    def _lost(self) -> None:
        if self._online:  # Otherwise the reason has been told already.
            self._disconnected("the connection to the broker was lost; trying again")

    def _received(self, topic: str, payload: bytes) -> None:
        try:
            if topic == wire.DASHBOARD and wire.decode(payload, DashboardState).state == "online":
                self._begin()
            if topic != self._topic("ack"):
                return  # A broker may hand us more than we asked for.
            self._delivery.acknowledged(wire.decode(payload, Ack))
            self._patience.reset()
        except WireError as error:
            self._say(logging.WARNING, f"a message on {topic} was not understood and is left alone: {error}")
        except StoreError as error:
            self._say(logging.WARNING, f"{error} Trying again.")

    def _leave(self) -> None:
        if self._online:
            try:
                farewell = self._client.publish(
                    self._topic("status"), wire.encode(self._delivery.status("offline")), 1, retain=True
                )
                farewell.wait_for_publish(2.0)
            except (StoreError, ValueError, RuntimeError) as error:
                log.info("left without a goodbye: %s", error)
        self._client.disconnect()
        self._client.loop_stop()

    def _topic(self, kind: Any) -> str:
        return wire.topic(self._terminal, kind)

    def _make_client(self) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self._terminal, protocol=mqtt.MQTTv311)
        client.reconnect_delay_set(1, 120)
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            try:
                client.tls_set(ca_certs=str(self._broker.ca) if self._broker.ca else None)
            except OSError as error:  # ssl.SSLError is one
                raise ConfigError(
                    f"[broker] ca: {self._broker.ca} cannot be used ({error.strerror}); "
                    "allowed: a file with the authority's certificate (PEM) that this user may read"
                ) from None
        # paho calls from its own thread; everything is done in `run`'s.
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda *_: self._events.put(
            lambda: self._disconnected(
                f"no broker answers at {self._broker.host}:{self._broker.port}. Check [broker] host and port, the "
                "network, and that the broker runs. Ratings are kept on the card; trying again."
            )
        )
        client.on_disconnect = lambda *_: self._events.put(self._lost)
        client.on_message = lambda _, __, message: self._events.put(
            lambda: self._received(message.topic, bytes(message.payload))
        )
        return client

    def _on_connect(self, client: mqtt.Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            self._events.put(
                lambda: self._disconnected(
                    f"the broker refuses this terminal ({reason}). Check [broker] username and password; ask the "
                    "dashboard's administrator for a new fjes.toml. Ratings are kept on the card; trying again.",
                    Standing.REFUSED,
                )
            )
        else:
            self._events.put(self._connected)

    def _tell(self, standing: Standing) -> None:
        """Let the staff menu know."""
        if self._note is not None:
            self._note.tell(standing)

    def _say(self, level: int, what: str) -> None:
        """Log a state once, not at every try."""
        if what != self._said:
            self._said = what
            log.log(level, "%s", what)


class _Patience:
    """How long to wait for an answer: twice as long each time none came."""

    def __init__(self, first: float, most: float) -> None:
        self._first = self._now = first
        self._most = most

    def next(self) -> float:
        waited, self._now = self._now, min(self._now * 2, self._most)
        return waited

    def reset(self) -> None:
        self._now = self._first


def _nothing() -> None:
    """Wake the loop."""
