"""Ingest: its own process, which listens to the broker, has each message stored, and acknowledges after the commit.

The one place of the dashboard that speaks MQTT. What a message does is `dashboard/exchange.py`'s to say; this file
connects, and says in the log once what is wrong. It never logs contents or numbers of ratings.
"""

from __future__ import annotations

import logging
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from dashboard import clock, exchange, lineage, terminal_health, undecodable
from dashboard.clearing import Clearing
from dashboard.forming import Forming
from dashboard.sending import Sending
from dashboard.trouble import StoreError, first_line
from ratings import tls, wire
from ratings.config import Config, ConfigError
from ratings.patience import Patience
from ratings.watchdog import nothing
from ratings.wire import Ack, Batch, DashboardState, Status, WireError

log = logging.getLogger("fjes.ingest")

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 30.0
STEADY_SECONDS = 60.0
"""A connection that held this long was a good one: the next try need not wait long."""
OFTEN = 3
"""After so many that did not, the log tells of none until one holds again."""
RENEW_DAYS = 60
"""So long before the broker's certificate ends the log says so."""
MOST_REMEMBERED = 1000
"""Of how many terminals it is remembered what the log says of them; of more, the log is silent."""

CONNECT_SECONDS = 20.0
NOTE_SECONDS = 60.0
"""How often it is noted that somebody listens."""

_BREAKS = (
    "the broker at {where} ends every connection soon after it began. Check [broker] port and tls, that no other "
    "dashboard uses the same login, and the broker's log. Nothing is lost: terminals keep what they have. Trying again"
)


class Ingest:
    """Keeps one dashboard's database up to date. `run` blocks until `stop`, from any thread or a signal handler.

    `config` says which broker, and from how many ratings a block is published; `today` is a date in UTC, or None
    while the clock is not known right; `turned` is called in each round of the loop, at least once a minute. Raises
    ConfigError where the broker's authority cannot be read.
    """

    def __init__(
        self,
        config: Config,
        engine: Engine,
        *,
        today: Callable[[], date | None] = clock.known_today,
        turned: Callable[[], None] = nothing,
    ) -> None:
        self._turned = turned
        self._broker = config.dashboards_broker
        self._where = f"{config.broker.host}:{config.broker.port}"
        self._tls = tls.context(config.broker)
        self._engine = engine
        self._today = today
        self._stopping = threading.Event()
        self._said: dict[str, str] = {}
        self._said_of: dict[str, str] = {}
        self._connected = False
        self._short = 0
        self._clearing = Clearing(engine)
        self._forming = Forming(engine, config.dashboard.threshold, today)
        self._next_note = 0.0
        self._sending = Sending(engine)

    def run(self) -> None:
        """Connect, and connect again, until stopped."""
        patience = Patience(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, 0.5)
        while not self._stopping.is_set():
            self._turned()
            began = time.monotonic()
            self._session()
            if time.monotonic() - began > STEADY_SECONDS:
                patience.reset()
                self._short = 0
            self._stopping.wait(patience.next())

    def stop(self) -> None:
        """Ask `run` to end; it does within about half a second."""
        self._stopping.set()

    def _session(self) -> None:
        """One connection, from its beginning to its end. A client of its own: no old answer outlives its connection."""
        self._connected = self._answered = False
        self._next_note = 0.0
        self._clearing, self._sending = Clearing(self._engine), Sending(self._engine)
        client = self._client()
        try:
            client.connect(self._broker.host, self._broker.port, keepalive=60)
        except (OSError, ValueError) as error:  # ssl.SSLError and socket.gaierror are OSErrors
            self._say(
                "broker",
                f"{tls.explain(error, self._where)}. Nothing is lost: terminals keep what they have. Trying again",
            )
            return
        began = time.monotonic()
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and not self._stopping.is_set():
            soon = self._forming.seconds()
            self._turned()
            code = client.loop(0.5 if soon is None else min(soon, 0.5))
            self._form()
            if self._connected:
                self._tidy(client)
                if self._short >= OFTEN and time.monotonic() - began > STEADY_SECONDS:
                    self._short = 0
                    self._say("broker", f"connected to the broker at {self._where}, and it holds", logging.INFO)
        self._short += 1
        if self._stopping.is_set():
            self._leave(client)
        elif self._connected and self._short < OFTEN:
            self._say("broker", f"the connection to the broker at {self._where} was lost; connecting again")
        elif self._connected or not self._answered:
            self._say("broker", _BREAKS.format(where=self._where))

    def _client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            # Two at once must not throw each other out: both may merge, it comes to the same.
            client_id=f"fjes-dashboard-{secrets.token_hex(4)}",
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.connect_timeout = CONNECT_SECONDS
        client.will_set(wire.DASHBOARD, wire.encode(DashboardState("offline")), qos=1, retain=True)
        client.on_socket_open = _at_once
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: mqtt.Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self._answered = True
        if reason.is_failure:
            self._say(
                "broker",
                f"the broker at {self._where} refuses the dashboard ({reason}); check [broker] username and password "
                "in the configuration, and the user in the broker's password file. Trying again",
            )
            return
        self._connected = True
        if self._short < OFTEN:
            self._say("broker", f"connected to the broker at {self._where}", logging.INFO)
        self._see_certificate(client)
        client.subscribe([(wire.topic("+", "tables"), 1), (wire.topic("+", "status"), 1)])

    def _on_subscribe(
        self, client: mqtt.Client, data: Any, number: int, reasons: list[ReasonCode], properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._say(
                "topics",
                "the broker does not let the dashboard read fjes/v1/+/tables and fjes/v1/+/status; "
                "allow its user both in the broker's access file",
            )
            return
        # Only now: terminals send at once when they hear it.
        client.publish(wire.DASHBOARD, wire.encode(DashboardState("online")), qos=1, retain=True)

    def _see_certificate(self, client: mqtt.Client) -> None:
        """Say in time that the broker's certificate will end."""
        connection = client.socket()
        if isinstance(connection, ssl.SSLSocket) and (shown := connection.getpeercert()):
            ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
            if (ends - datetime.now(UTC)).days < RENEW_DAYS:
                self._say(
                    "certificate",
                    f"the certificate of the broker at {self._where} ends on {ends:%Y-%m-%d}: from then on no terminal "
                    "can connect. Renew it there: fjes dashboard broker init --renew",
                )

    def _tidy(self, client: mqtt.Client) -> None:
        """Every few seconds: clear from the broker what revoked terminals left, and send what was set of others."""
        try:
            for topic in self._clearing.due():
                self._clear(client, topic)
            if time.monotonic() >= self._next_note:
                with self._engine.begin() as connection:
                    terminal_health.listened(connection, datetime.now(UTC))
                self._next_note = time.monotonic() + NOTE_SECONDS
            for terminal, message in self._sending.due():
                client.publish(wire.topic(terminal, "config"), message, qos=1, retain=True)
        except ConfigError as error:
            self._say("settings", f"what is set of terminals is not sent: {error}. Set it again; ratings are taken in")
        except (StoreError, SQLAlchemyError) as error:
            self._say(
                "database", f"{first_line(error)}. Nothing is lost: terminals send again what was not acknowledged"
            )

    def _clear(self, client: mqtt.Client, topic: str) -> None:
        """Take a retained message from the broker."""
        client.publish(self._clearing.emptied(topic), b"", qos=1, retain=True)

    def _leave(self, client: mqtt.Client) -> None:
        """Say goodbye: a clean end sends no last will."""
        if self._connected:
            last = client.publish(wire.DASHBOARD, wire.encode(DashboardState("offline")), qos=1, retain=True)
            until = time.monotonic() + 2
            while not last.is_published() and time.monotonic() < until:
                if client.loop(0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    break
        client.disconnect()

    def _on_message(self, client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic == wire.DASHBOARD:
            return  # Our own, which a broker may send back unasked.
        if self._clearing.is_own(message.topic, message.payload):
            return
        try:
            terminal, kind = wire.terminal_of(message.topic)
        except WireError:
            self._say("topic", "a message came on a topic that no terminal has; it is left alone")
            return
        try:
            self._take(client, terminal, kind, bytes(message.payload), message.retain)
            if kind == "tables" and message.retain:
                self._clear(client, message.topic)  # No courier retains a batch; it would come at every connection.
        except (StoreError, SQLAlchemyError) as error:
            # Nothing was committed and nothing is acknowledged: the terminal sends it again.
            self._say(
                "database", f"{first_line(error)}. Nothing is lost: terminals send again what was not acknowledged"
            )
        except Exception:
            log.exception("a message from terminal %r hit a bug in Fjes; it was not acknowledged", terminal)

    def _take(self, client: mqtt.Client, terminal: str, kind: str, payload: bytes, retained: bool) -> None:
        try:
            if kind == "tables":
                self._tables(client, terminal, wire.decode(payload, Batch))
            elif kind == "status":
                self._status(client, terminal, wire.decode(payload, Status), retained)
        except WireError as error:
            if retained:
                self._clear(client, wire.topic(terminal, "tables" if kind == "tables" else "status"))
            self._undecodable(client, terminal, "tables" if kind == "tables" else "status", payload, str(error))

    def _undecodable(
        self, client: mqtt.Client, terminal: str, kind: Literal["tables", "status"], payload: bytes, reason: str
    ) -> None:
        with self._engine.begin() as connection:
            if not self._may_send(connection, client, terminal, kind):
                return
            undecodable.keep(connection, terminal, kind, payload, reason, self._today() or clock.utc_date())
        self._say_of(
            terminal,
            f"a message of kind {kind!r} from terminal {terminal!r} could not be read and was not acknowledged; "
            "update the older of the two, terminal or dashboard. It is kept: fjes dashboard refused list",
        )

    def _may_send(
        self, connection: Connection, client: mqtt.Client, terminal: str, kind: Literal["tables", "status"]
    ) -> bool:
        if exchange.is_enrolled(connection, terminal):
            return True
        self._stranger(client, terminal, kind, revoked=terminal in exchange.revoked(connection))
        return False

    def _tables(self, client: mqtt.Client, terminal: str, batch: Batch) -> None:
        with self._engine.begin() as connection:
            if not self._may_send(connection, client, terminal, "tables"):
                return
            ack, questions = exchange.take(connection, terminal, batch, self._today())
            owner = lineage.owner(connection, terminal, batch.epoch)
        self._answer(client, terminal, ack)
        self._forming.heard(owner, questions)

    def _status(self, client: mqtt.Client, terminal: str, status: Status, retained: bool) -> None:
        with self._engine.begin() as connection:
            if not self._may_send(connection, client, terminal, "status"):
                return
            sure = self._today() is not None
            now = datetime.now(UTC)
            ack = exchange.handle_status(connection, terminal, status, now, retained=retained, sure=sure)
        if status.state == "online":
            self._answer(client, terminal, ack)
            self._sending.heard(terminal, status.config)

    def _answer(self, client: mqtt.Client, terminal: str, ack: Ack) -> None:
        client.publish(wire.topic(terminal, "ack"), wire.encode(ack), qos=1)
        if "database" in self._said:
            self._said.pop("database")
            log.info("the database takes ratings again")

    def _form(self) -> None:
        """Form the blocks that a new total completes, by itself: a failure here costs no rating."""
        if self._forming.seconds() != 0:
            return
        try:
            self._forming.form()
        except (StoreError, SQLAlchemyError) as error:
            self._say(
                "blocks", f"{first_line(error)}. The ratings are stored; pages form their blocks when they are opened"
            )
        except Exception:
            log.exception("forming the blocks of a site hit a bug in Fjes; the ratings are stored")

    def _stranger(
        self, client: mqtt.Client, terminal: str, kind: Literal["tables", "status"], *, revoked: bool
    ) -> None:
        if revoked:
            # Its last will comes when its connection is ended, after all else was cleared.
            self._clear(client, wire.topic(terminal, kind))
            self._say_of(
                terminal,
                f"terminal {terminal!r} is revoked: nothing of it is stored or acknowledged. If it may send again: "
                f"fjes dashboard terminal reissue {terminal}",
            )
            return
        self._say_of(
            terminal,
            f"terminal {terminal!r} is not enrolled: nothing of it is stored or acknowledged. If it is yours: "
            f"fjes dashboard terminal add NAME --site SITE --id {terminal}",
        )

    def _say_of(self, terminal: str, words: str) -> None:
        """Log what is the matter with a terminal, once until it changes; anybody can make up names, so not of all."""
        if terminal in self._said_of or len(self._said_of) < MOST_REMEMBERED:
            if self._said_of.get(terminal) != words:
                log.warning("%s", words)
            self._said_of[terminal] = words

    def _say(self, subject: str, words: str, level: int = logging.WARNING) -> None:
        """Log what is the matter with a subject, once until it changes."""
        if self._said.get(subject) != words:
            self._said[subject] = words
            log.log(level, "%s", words)


def _at_once(client: mqtt.Client, data: Any, opened: Any) -> None:
    """Let no answer wait for the one before: a terminal sends its next batch when it has it (RFC 896)."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
