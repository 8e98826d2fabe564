"""The courier: its own process, which carries the outbox to the broker. The one place of the terminal with a network.

It reads `released.db` only. No message is ever caused by a tap: in closed release nothing here changes with one.
"""

from __future__ import annotations

import logging
import random
import socket
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from ratings import tls, wire
from ratings.config import Config
from ratings.patience import Patience
from ratings.watchdog import nothing
from ratings.wire import Ack, DashboardState, WireError
from terminal.connection import Note, Standing
from terminal.delivery import Delivery
from terminal.events import Events
from terminal.outbox import Outbox
from terminal.remote import Received
from terminal.reporter import Reporter
from terminal.storage import StoreError

log = logging.getLogger("fjes.courier")

STATUS_SECONDS = 15 * 60.0
"""How often the status is sent, give or take a tenth."""
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 120.0
"""Between two tries to connect: twice as long each time, and spread by half of it both ways."""
STEADY_SECONDS = 60.0
"""A connection that held this long was a good one: the next try need not wait long."""
OFTEN = 3
"""After so many connections that did not, the log tells of none until one holds again."""
CONFIGURE_SECONDS = 10.0
"""Between two configurations that are taken in: one that changes all the time must not wear out the card."""
CONNECT_SECONDS = 20.0
MOST_WAITING = 50
"""So many messages of the broker's wait to be handled; more stay in the network."""

_KEPT = "Ratings are kept on the card; trying again."


class Courier:
    """Carries one terminal's outbox. `run` blocks until `stop` is called from another thread or a signal handler.

    With `leaving` it hurries, and ends by itself when the dashboard has everything and the broker the goodbye: then
    `left` is true. `turned` is called in each round of its loop, at least once a minute.
    Raises ConfigError where the broker's authority cannot be read.
    """

    def __init__(
        self,
        config: Config,
        *,
        seed: int | None = None,
        leaving: bool = False,
        turned: Callable[[], None] = nothing,
    ) -> None:
        self.left = False
        self._turned = turned
        self._leaving = leaving
        live = config.release.mode == "live"
        self._terminal = config.terminal.id
        self._broker = config.broker
        self._live = live
        self._look_seconds = 1.0 if live else 60.0
        self._spread_seconds = 0.0 if live else 600.0
        self._patience = Patience(5.0 if live else 30.0, 600.0)
        self._random = random.Random(seed)  # noqa: S311 - spreads the load, hides nothing
        self._events = Events()
        self._stopping = threading.Event()
        outbox = Outbox(config.terminal.store)
        self._delivery = Delivery(outbox, config.terminal.state, config.release, version("fjes"))
        self._remote = Received(config)
        self._reporter = Reporter(config, outbox, self._delivery, received=self._remote)
        self._tls = tls.context(config.broker)
        self._where = f"{config.broker.host}:{config.broker.port}"
        self._client: mqtt.Client | None = None
        self._thread: threading.Thread | None = None
        self._room = threading.Semaphore(MOST_WAITING)
        self._retry = Patience(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, 0.5, self._random)
        self._connect_at = 0.0
        self._began = 0.0
        self._short = 0
        self._answered = False
        self._said: str | None = None
        self._note: Note | None = None
        self._state_folder = config.terminal.state
        self._online = False
        self._next_status = 0.0
        self._urgent = False
        self._send_at: float | None = None
        self._give_up_at = 0.0
        self._configuration: bytes | None = None
        self._configure_at = 0.0

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
        try:
            while not self._stopping.is_set():
                self._turned()
                rest = self._look_seconds
                if self._client is None:
                    rest = min(rest, self._connect_at - time.monotonic())
                    if rest <= 0:
                        self._connect()
                        continue
                if (event := self._events.get(rest)) is not None:
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
            self._turned()
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
        if self._short >= OFTEN and now - self._began > STEADY_SECONDS:
            self._short = 0
            self._say(logging.INFO, f"connected to the broker at {self._where}, and it holds")
        if self._configuration is not None and now >= self._configure_at:
            payload, self._configuration = self._configuration, None
            self._configure_at = now + CONFIGURE_SECONDS
            if self._remote.take(payload):
                self._next_status = 0.0
        try:
            if now >= self._next_status:
                self._send_status()
            if self._delivery.in_flight is not None and now >= self._give_up_at:
                self._delivery.give_up()
                self._send_status()  # Perhaps the dashboard is away: its answer shows that it is there.
            self._tell(Standing.BROKER if self._delivery.unheard() else Standing.DASHBOARD)
            if self._leaving and self._delivery.is_complete():
                self._stopping.set()
                return
            if self._has_news():
                self._send_status()
            if self._may_send(now) and (batch := self._delivery.next_batch()) is not None:
                self._give_up_at = now + self._patience.next()
                self._publish("tables", wire.encode(batch))
        except StoreError as error:
            # The kiosk may have a recovery to finish, or is writing just now.
            self._say(logging.WARNING, f"{error} Trying again.")

    def _has_news(self) -> bool:
        """Whether all has come that the last status said was waiting. Where release is live, more is soon to wait."""
        waited = self._reporter.waiting and not self._live
        return waited and not self._delivery.unheard() and not self._delivery.is_due()

    def _may_send(self, now: float) -> bool:
        """Whether the moment has come: at once after a silence, spread out when a period has just been released."""
        if not self._delivery.is_due():
            self._urgent = self._urgent and self._delivery.unheard()
            self._send_at = None
            return False
        if self._send_at is None:
            self._send_at = now + self._random.uniform(0.0, self._spread_seconds)
        return self._urgent or self._leaving or now >= self._send_at

    def _send_status(self) -> None:
        soon = self._patience.next() if self._delivery.unheard() else STATUS_SECONDS
        self._next_status = time.monotonic() + soon * self._random.uniform(0.9, 1.1)
        self._publish("status", wire.encode(self._reporter.status()))

    def _publish(self, kind: Literal["tables", "status"], payload: bytes) -> mqtt.MQTTMessageInfo | None:
        if self._client is None:
            return None
        return self._client.publish(self._topic(kind), payload, 1, retain=kind == "status")

    def _connect(self) -> None:
        """Begin a connection, in a thread of its own: name servers and handshakes may take their time."""
        try:
            client = self._make_client()
            will = wire.encode(self._reporter.status("offline"))
        except StoreError as error:
            self._say(logging.WARNING, f"{error} Trying again.")
            self._connect_at = time.monotonic() + self._retry.next()
            return
        client.will_set(self._topic("status"), will, 1, retain=True)
        self._client, self._began, self._answered = client, time.monotonic(), False
        self._thread = threading.Thread(target=self._converse, args=(client,), name="broker", daemon=True)
        self._thread.start()

    def _converse(self, client: mqtt.Client) -> None:
        """One connection, from its beginning to its end."""
        trouble: Exception | None = None
        try:
            client.connect(self._broker.host, self._broker.port, keepalive=60)
            while client.loop() == MQTTErrorCode.MQTT_ERR_SUCCESS:
                pass
        except Exception as error:
            trouble = error.with_traceback(None)  # Which would hold on to the connection.
        self._post(client, lambda: self._ended(trouble))

    def _post(self, client: mqtt.Client, event: Callable[[], None]) -> None:
        """Have something done in `run`'s thread, unless the connection that it is about is over by then."""
        self._events.put(lambda: event() if client is self._client else None)

    def _connected(self) -> None:
        self._online = self._answered = True
        if self._short < OFTEN:
            self._say(logging.INFO, f"connected to the broker at {self._where}")
        assert self._client is not None
        self._client.subscribe([(self._topic("ack"), 1), (self._topic("config"), 1), (wire.DASHBOARD, 1)])
        self._begin()

    def _begin(self) -> None:
        """Speak up at once: what is pending has waited long enough."""
        self._delivery.restart()
        self._patience.reset()
        self._next_status = 0.0
        self._urgent = True

    def _refused(self, reason: ReasonCode) -> None:
        self._answered = True
        self._tell(Standing.REFUSED)
        self._say(
            logging.WARNING,
            f"the broker refuses this terminal ({reason}). Check [broker] username and password; ask the "
            f"dashboard's administrator for a new fjes.toml. {_KEPT}",
        )

    def _ended(self, trouble: Exception | None) -> None:
        """The connection is over, or none came about; the next try waits its time."""
        self._client = None
        was_online, self._online = self._online, False
        self._delivery.restart()
        self._short += trouble is None or was_online
        if was_online and time.monotonic() - self._began > STEADY_SECONDS:
            self._retry.reset()
            self._short = 0
        self._connect_at = time.monotonic() + self._retry.next()
        if self._answered and not was_online:
            return  # Refused: the reason has been told.
        self._tell(Standing.SILENT)
        if trouble is not None and not was_online:
            self._say(logging.WARNING, f"{tls.explain(trouble, self._where)}. {_KEPT}")
        elif was_online and self._short < OFTEN:
            self._say(logging.WARNING, "the connection to the broker was lost; trying again")
        else:
            self._say(
                logging.WARNING,
                f"the broker at {self._where} ends every connection soon after it began. Check [broker] port and tls, "
                f"that no other terminal has a copy of this card, and the broker's log. {_KEPT}",
            )

    def _received(self, topic: str, payload: bytes) -> None:
        try:
            if topic == wire.DASHBOARD and wire.decode(payload, DashboardState).state == "online":
                self._begin()
            if topic == self._topic("config"):
                self._configuration = payload
            if topic != self._topic("ack"):
                return  # A broker may hand us more than we asked for.
            self._delivery.acknowledged(wire.decode(payload, Ack))
            self._patience.reset()
        except WireError as error:
            self._say(logging.WARNING, f"a message on {topic} was not understood and is left alone: {error}")
        except StoreError as error:
            self._say(logging.WARNING, f"{error} Trying again.")

    def _leave(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        if self._online:
            try:
                retired = self._leaving and self._delivery.is_complete()
                farewell = wire.encode(self._reporter.status("offline", retired=retired))
                said = client.publish(self._topic("status"), farewell, 1, retain=True)
                said.wait_for_publish(10.0 if retired else 2.0)
                self.left = retired and said.is_published()
            except (StoreError, ValueError, RuntimeError) as error:
                log.info("left without a goodbye: %s", error)
        client.disconnect()
        if self._thread is not None and self._online:
            self._thread.join(5.0)  # One that has not come through yet ends with the process.
        # What it still had to say knows this courier, which would say it: left to the garbage collector, they would end
        # in whatever order, and its sockets might be found open.
        client.on_connect = client.on_message = None
        self._events.clear()

    def _topic(self, kind: Any) -> str:
        return wire.topic(self._terminal, kind)

    def _make_client(self) -> mqtt.Client:
        # A new one for each connection: nothing that was begun on one goes on in the next.
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=self._terminal, protocol=mqtt.MQTTv311, reconnect_on_failure=False
        )
        client.connect_timeout = CONNECT_SECONDS
        client.max_queued_messages_set(MOST_WAITING)  # Of a broker that confirms nothing.
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        # Where nobody asks to be told when there is something to write, paho writes from whichever thread publishes,
        # at the same time as the connection's own thread, and TLS breaks. Now it wakes that one.
        client.on_socket_register_write = _nothing_to_do
        client.on_socket_open = _at_once
        # paho calls from the connection's thread; everything is done in `run`'s.
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: mqtt.Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self._post(client, lambda: self._refused(reason) if reason.is_failure else self._connected())

    def _on_message(self, client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        self._room.acquire()

        def handle() -> None:
            self._room.release()
            if client is self._client:
                self._received(message.topic, bytes(message.payload))

        self._events.put(handle)

    def _tell(self, standing: Standing) -> None:
        """Let the staff menu know."""
        if self._note is not None:
            self._note.tell(standing)

    def _say(self, level: int, what: str) -> None:
        """Log a state once, not at every try."""
        if what != self._said:
            self._said = what
            log.log(level, "%s", what)


def _nothing() -> None:
    """Wake the loop."""


def _at_once(client: mqtt.Client, data: Any, opened: Any) -> None:
    """Let no small packet wait for the answer to the one before: one batch is under way at a time (RFC 896)."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _nothing_to_do(client: mqtt.Client, data: Any, opened: Any) -> None:
    """paho's loop is woken by its own means."""
