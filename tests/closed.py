"""The broker that `fjes dashboard broker init` makes, run by the real mosquitto, and somebody who tries things."""

from __future__ import annotations

import contextlib
import getpass
import queue
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from dashboard import broker
from dashboard.broker import Folder, Given, Wishes
from ratings import config, tls
from ratings.config import Broker
from tests.conftest import LIMIT_SECONDS, Mosquitto, free_port, wait

HOST = "127.0.0.1"


class Closed(Mosquitto):
    """A mosquitto on the folder of `init`, stopped and started as the other one is."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.port = folder.section().port
        self._folder = folder.path
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dashboard(self) -> Broker:
        """The dashboard's login, as `init` has written it."""
        return config.load(self.folder.dashboard).broker

    def start(self) -> Closed:
        """Start it, and wait until it also listens to signals."""
        before = self.log().count(" running")
        super().start()
        wait(lambda: self.log().count(" running") > before, "mosquitto to run")
        return self

    def __enter__(self) -> Closed:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def made(path: Path, *, hosts: tuple[str, ...] = (HOST,), connections: int = 50, given: Given | None = None) -> Closed:
    """The folder of a broker on a free port, not yet started."""
    wishes = Wishes(hosts, free_port(), HOST, connections, getpass.getuser(), given)
    return Closed(broker.init(path, wishes, datetime.now(UTC)))


class Somebody:
    """A client that notes what happens to it: the answer to its login, what it hears, and that it was thrown out."""

    def __init__(
        self,
        port: int,
        trusts: ssl.SSLContext | None,
        login: tuple[str, str] | None,
        *,
        client_id: str = "",
        will: str | None = None,
    ) -> None:
        self.answer: queue.Queue[str] = queue.Queue()
        self.heard: list[tuple[str, bytes, bool]] = []
        self.thrown_out = threading.Event()
        self._acknowledged: set[int] = set()
        self.mqtt = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv311, reconnect_on_failure=False
        )
        if trusts is not None:
            self.mqtt.tls_set_context(trusts)
        if login is not None:
            self.mqtt.username_pw_set(*login)
        if will is not None:
            self.mqtt.will_set(will, b"a last will", 1, retain=True)
        self.mqtt.on_connect = lambda _, __, ___, reason, ____: self.answer.put(str(reason))
        self.mqtt.on_disconnect = lambda *_: self.thrown_out.set()
        self.mqtt.on_message = lambda _, __, each: self.heard.append((each.topic, bytes(each.payload), each.retain))
        self.mqtt.on_publish = lambda _, __, number, *___: self._acknowledged.add(number)
        self.mqtt.on_subscribe = lambda _, __, number, *___: self._acknowledged.add(number)
        self.mqtt.connect(HOST, port)
        self.mqtt.loop_start()

    def listen(self, *topics: str) -> None:
        """Subscribe, and wait for the broker's answer."""
        _, number = self.mqtt.subscribe([(topic, 1) for topic in topics])
        assert number is not None
        wait(lambda: number in self._acknowledged, "the broker to answer a subscription")

    def say(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> None:
        """Publish, and wait for the broker's answer (it answers alike, whether it was allowed or not)."""
        number = self.mqtt.publish(topic, payload, 1, retain).mid
        wait(lambda: number in self._acknowledged, "the broker to answer a message")

    def topics(self) -> set[str]:
        return {topic for topic, _, _ in self.heard}

    def close(self) -> None:
        self.mqtt.disconnect()
        self.mqtt.loop_stop()


@contextlib.contextmanager
def somebody(closed: Closed, login: tuple[str, str] | None, **wishes: Any) -> Iterator[Somebody]:
    """Somebody who trusts the broker and logs in, or tries to."""
    there = Somebody(closed.port, tls.context(closed.folder.section()), login, **wishes)
    try:
        yield there
    finally:
        there.close()


@contextlib.contextmanager
def let_in(closed: Closed, *login: str, **wishes: Any) -> Iterator[Somebody]:
    """Somebody who is let in."""
    with somebody(closed, (login[0], login[1]), **wishes) as there:
        assert there.answer.get(timeout=LIMIT_SECONDS) == "Success"
        yield there


@contextlib.contextmanager
def the_dashboard(closed: Closed, *topics: str) -> Iterator[Somebody]:
    """The dashboard's own login, which hears all that it may."""
    login = closed.dashboard
    assert login.username is not None
    assert login.password is not None
    with let_in(closed, login.username, login.password) as there:
        there.listen(*(topics or ("fjes/v1/+/tables", "fjes/v1/+/status", "fjes/v1/dashboard")))
        yield there
