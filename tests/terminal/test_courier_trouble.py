"""What keeps a courier from its broker: it says so in words, once, waits longer each time, and goes on by itself.

A clock that is wrong cannot be had in a test, but for TLS it is the same whether the clock is in 1970 or a certificate
begins later: certificates are made that are not valid yet, or no more. Broker, TLS, ledger and ingest are real.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import create_engine

from dashboard import authority
from dashboard import ingest as ingest_module
from dashboard.authority import Pair
from dashboard.ingest import Ingest
from ratings import config
from ratings.config import Broker, Config, ConfigError
from terminal import courier as module
from terminal.courier import Courier
from terminal.ledger import Ledger
from tests.closed import HOST, Closed, made
from tests.terminal.test_courier import held, new_database, running, tap

Wait = Callable[..., None]
NOW = datetime.now(UTC)
LATER, LONG_AGO = NOW + timedelta(days=400), datetime(2005, 1, 1, tzinfo=UTC)

# What paho leaves to the garbage collector when a handshake fails; it is closed by then, but Python mentions it.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Closed]:
    ready = made(tmp_path / "broker")
    ready.folder.set_logins({"stua": "right"})
    yield ready
    ready.stop()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fjes")
    for each in (module, ingest_module):
        monkeypatch.setattr(each, "FIRST_WAIT_SECONDS", 0.05)
        monkeypatch.setattr(each, "LONGEST_WAIT_SECONDS", 0.4)


def settings_for(tmp_path: Path, broker: Broker) -> Config:
    base = config.read(
        f"""
        [terminal]
        id = "stua"
        store = "{tmp_path / "card"}"
        state = "{tmp_path / "state"}"
        [release]
        mode = "live"
        """
    )
    return msgspec.structs.replace(base, broker=broker)


def login(closed: Closed) -> Broker:
    """A terminal's, as its file has it."""
    return msgspec.structs.replace(closed.folder.section(), username="stua", password="right")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    settings = settings_for(tmp_path, Broker())
    opened = Ledger.open(settings.terminal.store, settings.release, settings.terminal.zone, ["nb"])
    tap(opened, 7)
    yield opened
    opened.close()


def delivers(closed: Closed, tmp_path: Path, wait_for: Wait) -> None:
    """Whatever was: now it arrives."""
    engine = new_database(tmp_path / "fjes.db")
    settings = settings_for(tmp_path, closed.dashboard)
    with running(Ingest(settings, engine, today=lambda: date(2030, 1, 1))):
        wait_for(lambda: held(engine) == 7, "the ratings", 60)
    engine.dispose()


def own(closed: Closed) -> Pair:
    return Pair(closed.folder.ca_key.read_bytes(), closed.folder.ca.read_bytes())


def not_yet(closed: Closed) -> Pair:
    return authority.issue(own(closed), [HOST], LATER)


def expired(closed: Closed) -> Pair:
    return authority.issue(own(closed), [HOST], LONG_AGO)


def somebody_elses(closed: Closed) -> Pair:
    return authority.issue(authority.make_authority("somebody", NOW), [HOST], NOW)


def of_another_name(closed: Closed) -> Pair:
    return authority.issue(own(closed), ["other.example", "192.0.2.1"], NOW)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (not_yet, "is not valid yet by this machine's clock. Most likely the clock is wrong, and this passes once"),
        (expired, "has expired by this machine's clock. If the clock is right, renew it there"),
        (somebody_elses, "is not from the authority that is trusted here"),
        (of_another_name, "is for other names. Set [broker] host to a name that is in it"),
    ],
)
def test_a_certificate_that_cannot_be_believed_is_said_once_and_when_it_can_all_arrives(
    wrong: Callable[[Closed], Pair],
    words: str,
    closed: Closed,
    ledger: Ledger,
    tmp_path: Path,
    wait_for: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    good = closed.folder.server.read_bytes()
    closed.folder.server.write_bytes(wrong(closed).both)
    closed.start()
    with running(Courier(settings_for(tmp_path, login(closed)))):
        wait_for(lambda: closed.log().count("New connection") >= 5, "some tries")
        assert f"the certificate of the broker at {HOST}:{closed.port} {words}" in caplog.text
        assert len(caplog.records) == 1, "once"
        assert "right" not in caplog.text.replace("clock is right", ""), "no password"
        assert "as stua" not in closed.log(), "and none was sent"
        closed.folder.server.write_bytes(good)
        assert closed.folder.reload() is None
        delivers(closed, tmp_path, wait_for)


@pytest.mark.parametrize("wrong", [not_yet, expired, somebody_elses, of_another_name])
def test_the_dashboard_says_the_same(
    wrong: Callable[[Closed], Pair], closed: Closed, tmp_path: Path, wait_for: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    good = closed.folder.server.read_bytes()
    closed.folder.server.write_bytes(wrong(closed).both)
    closed.start()
    engine = new_database(tmp_path / "fjes.db")
    with running(Ingest(settings_for(tmp_path, closed.dashboard), engine)):
        wait_for(lambda: closed.log().count("New connection") >= 5, "some tries")
        (line,) = caplog.messages
        assert line.startswith(f"the certificate of the broker at {HOST}:{closed.port} is") or "has expired" in line
        assert line.endswith("Nothing is lost: terminals keep what they have. Trying again")
        closed.folder.server.write_bytes(good)
        assert closed.folder.reload() is None
        wait_for(lambda: "connected to the broker" in caplog.text, "the connection")
    engine.dispose()


def test_the_dashboard_says_in_time_that_the_certificate_will_end(
    closed: Closed, tmp_path: Path, wait_for: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    soon = NOW - timedelta(days=authority.SERVER_DAYS - 30)
    closed.folder.server.write_bytes(authority.issue(own(closed), [HOST], soon).both)
    engine = new_database(tmp_path / "fjes.db")
    with closed, running(Ingest(settings_for(tmp_path, closed.dashboard), engine)):
        wait_for(lambda: "connected to the broker" in caplog.text, "the connection")
        end = (soon + timedelta(days=authority.SERVER_DAYS)).date()
        wait_for(lambda: f"ends on {end}: from then on no terminal can connect. Renew it" in caplog.text, "the line")
    engine.dispose()


def test_a_broker_that_speaks_no_tls_is_said_once(
    make_broker: Callable[..., object],
    closed: Closed,
    ledger: Ledger,
    tmp_path: Path,
    wait_for: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        listening(closed.port, lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as came,
        running(Courier(settings_for(tmp_path, login(closed)))),
    ):
        wait_for(lambda: len(came) >= 4, "some tries")
    assert f"no TLS with what answers at {HOST}:{closed.port}" in caplog.text
    assert len(caplog.records) == 1


def test_a_name_that_does_not_exist_is_said(
    ledger: Ledger, tmp_path: Path, wait_for: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = Broker(host="broker.invalid", port=8883)
    with running(Courier(settings_for(tmp_path, nowhere))):
        wait_for(lambda: "the name of the broker at broker.invalid:8883 cannot be found (" in caplog.text, "it", 60)


def test_a_name_that_cannot_be_found_is_said_once_and_when_it_can_all_arrives(
    closed: Closed,
    ledger: Ledger,
    tmp_path: Path,
    wait_for: Wait,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[str] = []
    found = socket.getaddrinfo

    def name_server(host: str, *rest: object, **more: object) -> object:
        tries.append(host)
        if len(tries) < 5:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return found(host, *rest, **more)  # type: ignore[arg-type]

    closed.start()
    monkeypatch.setattr(socket, "getaddrinfo", name_server)  # The network of a test has no name server to break.
    with running(Courier(settings_for(tmp_path, login(closed)))):
        wait_for(lambda: "connected to the broker" in caplog.text, "the connection", 60)
        assert caplog.messages[0].startswith(f"the name of the broker at {HOST}:{closed.port} cannot be found (")
        assert "Check [broker] host, the network and its name server (DNS)" in caplog.text
        assert caplog.text.count("cannot be found") == 1
        monkeypatch.undo()
        delivers(closed, tmp_path, wait_for)


@contextlib.contextmanager
def listening(port: int, do: Callable[[socket.socket], object]) -> Iterator[list[float]]:
    """Somebody on a port, who does something with each connection and ends it; gives when they came."""
    came: list[float] = []
    ended = threading.Event()
    with socket.create_server((HOST, port)) as server:
        server.settimeout(0.05)

        def serve() -> None:
            while not ended.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = server.accept()
                    came.append(time.monotonic())
                    with connection:
                        do(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield came
        finally:
            ended.set()
            thread.join()


def let_in_and_drop(connection: socket.socket) -> None:
    """As a broker in front of which something is broken: lets everyone in, and ends the connection."""
    connection.settimeout(5)
    connection.recv(4096)
    connection.sendall(b"\x20\x02\x00\x00")  # CONNACK: accepted


@pytest.mark.parametrize("do", [lambda _: None, let_in_and_drop], ids=["at once", "after it let in"])
def test_a_broker_that_accepts_and_drops_is_said_once_and_left_in_peace(
    do: Callable[[socket.socket], object],
    make_broker: Callable[..., Closed],
    ledger: Ledger,
    tmp_path: Path,
    wait_for: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    real = make_broker()
    plain = Broker(host=HOST, port=real.port)
    with contextlib.ExitStack() as stack:
        with listening(real.port, do) as came:
            # Only now: a try before anything listens would be a line of its own in the log.
            stack.enter_context(running(Courier(settings_for(tmp_path, plain), seed=1)))
            wait_for(lambda: len(came) >= 12, "some tries")
        waits = [later - earlier for earlier, later in itertools.pairwise(came)]
        assert sum(waits[-3:]) > sum(waits[:3]), "it waits longer"
        assert len({round(each, 2) for each in waits[-5:]}) > 1, "and not in step with others"
        told = [each for each in caplog.messages if "ends every connection soon after it began" in each]
        assert len(told) == 1
        assert len(caplog.messages) <= 6, "then the log is quiet"
        real.start()
        engine = new_database(tmp_path / "fjes.db")
        with running(Ingest(settings_for(tmp_path, plain), engine, today=lambda: date(2030, 1, 1))):
            wait_for(lambda: held(engine) == 7, "the ratings", 60)
        engine.dispose()


def test_a_connection_that_holds_again_is_said(
    make_broker: Callable[..., Closed],
    ledger: Ledger,
    tmp_path: Path,
    wait_for: Wait,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "STEADY_SECONDS", 0.5)
    real = make_broker()
    with running(Courier(settings_for(tmp_path, Broker(host=HOST, port=real.port)))):
        with listening(real.port, let_in_and_drop):
            wait_for(lambda: "ends every connection" in caplog.text, "the line")
        real.start()
        wait_for(lambda: "connected to the broker" in caplog.messages[-1] and "it holds" in caplog.messages[-1], "news")


def test_a_courier_that_is_stopped_while_nobody_answers_its_handshake_ends_at_once(
    ledger: Ledger, closed: Closed, tmp_path: Path, wait_for: Wait
) -> None:
    ended = threading.Event()
    with listening(closed.port, lambda _: ended.wait(30)) as came:
        courier = Courier(settings_for(tmp_path, login(closed)))
        thread = threading.Thread(target=courier.run)
        thread.start()
        wait_for(lambda: came, "the try")
        began = time.monotonic()
        courier.stop()
        thread.join(10)
        assert time.monotonic() - began < 3
        ended.set()


def ingest(settings: Config) -> Ingest:
    return Ingest(settings, create_engine("sqlite://"))


@pytest.mark.parametrize("process", [Courier, ingest])
def test_an_authority_that_cannot_be_read_is_named_first(process: Callable[[Config], object], tmp_path: Path) -> None:
    for content in (None, "no certificate"):
        ca = tmp_path / "ca.pem"
        if content is not None:
            ca.write_text(content)
        with pytest.raises(ConfigError, match=r"^\[broker\] ca: .*ca\.pem cannot be used \("):
            process(settings_for(tmp_path, Broker(tls=True, ca=ca)))
