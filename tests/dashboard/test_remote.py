"""What is set of sites and terminals: checked before it is stored, and at the broker for whom it concerns."""

from __future__ import annotations

import queue
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, update

from dashboard import clearing, remote, schema, sending, store
from dashboard.remote import Place, PlaceError, Standing
from dashboard.sending import Sending
from ratings import remote as shape
from ratings import wire
from ratings.config import ConfigError
from ratings.remote import Remote, fingerprint
from tests.conftest import Mosquitto
from tests.dashboard.test_ingest import Run, Terminal, online
from tests.dashboard.test_ingest import connect as connect
from tests.dashboard.test_ingest import run as run

Wait = Callable[..., None]
SITE, STUA = Place("site", "Pro Sentret"), Place("terminal", "stua")
NB = '[kiosk]\nlanguages = ["nb"]'
HOURS = '[hours]\nmonday = ["10:00-16:00"]'


@pytest.fixture
def filled(database: Engine) -> Engine:
    """Two terminals of one site, and one of another."""
    with database.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
        store.add_terminal(connection, "Gang", "Pro Sentret", "Europe/Oslo")
        store.add_terminal(connection, "Flyplass", "Elsewhere", "Europe/Oslo")
    return database


def put(engine: Engine, place: Place, text: str) -> list[str]:
    with engine.begin() as connection:
        return remote.put(connection, place, shape.read(text, "the file"), "the file")


def messages(engine: Engine) -> dict[str, Remote]:
    """What each terminal is to have; those for whom nothing was ever set are left out."""
    with store.reading(engine) as connection:
        return {each: shape.decode(message) for each, message in remote.terminals(connection) if message is not None}


def revoke(engine: Engine, terminal: str, day: date | None = date(2026, 1, 1)) -> None:
    with engine.begin() as connection:
        connection.execute(update(schema.terminal).where(schema.terminal.c.id == terminal).values(revoked=day))


def test_what_is_set_of_a_site_is_for_all_its_terminals_and_a_terminals_own_sections_count_first(
    filled: Engine,
) -> None:
    assert messages(filled) == {}, "nothing was ever set: nothing is sent"
    assert put(filled, SITE, f"{NB}\n{HOURS}") == ["gang", "stua"]
    assert put(filled, STUA, '[kiosk]\nlanguages = ["th", "nb"]') == ["stua"]
    both = shape.read(f"{NB}\n{HOURS}", "")
    assert messages(filled) == {"gang": both, "stua": shape.read(f'[kiosk]\nlanguages = ["th", "nb"]\n{HOURS}', "")}
    put(filled, STUA, "")
    assert messages(filled) == {"gang": both, "stua": both}
    put(filled, SITE, "")
    assert messages(filled) == {"gang": Remote(), "stua": Remote()}, "taken back, which terminals must hear"


def test_what_is_set_is_what_is_found(filled: Engine) -> None:
    with store.reading(filled) as connection:
        assert remote.find(connection, SITE) is None
    put(filled, SITE, HOURS)
    with store.reading(filled) as connection:
        assert remote.find(connection, SITE) == shape.read(HOURS, "")
        assert remote.find(connection, STUA) is None
        with pytest.raises(PlaceError, match="there is no terminal 'Stua'; there are: 'flyplass', 'gang', 'stua'"):
            remote.find(connection, Place("terminal", "Stua"))
        with pytest.raises(PlaceError, match="there is no site 'Pro'; there are: 'Elsewhere', 'Pro Sentret'"):
            remote.find(connection, Place("site", "Pro"))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[[questions]]\nid = "a"\n[[questions]]\nid = "b"', "[[questions]] number 2 from: missing"),
        ('[release]\nmode = "live"', "the file: unknown key 'release'"),
        ("[hours]\nmonday = ['16:00-10:00']", "[hours] monday: "),
        ('[[follow_up.reasons]]\nid = "food"', "[[follow_up.reasons]] number 1 picture: missing"),
        (
            "[said.texts]\n" + "\n".join(f'x{each} = ["{"å" * 90}", "{"å" * 90}"]' for each in range(200)),
            "bytes as a message; allowed: 32768",
        ),
    ],
)
def test_what_a_terminal_would_refuse_is_refused_before_it_is_stored(text: str, what: str, filled: Engine) -> None:
    put(filled, SITE, NB)
    with pytest.raises(ConfigError) as refused:
        put(filled, SITE, text)
    assert what in str(refused.value)
    assert messages(filled)["stua"] == shape.read(NB, "")


def test_it_is_refused_also_where_no_terminal_is_left_that_would_refuse_it(filled: Engine) -> None:
    revoke(filled, "flyplass")
    with pytest.raises(ConfigError, match="number 2 from: missing"):
        put(filled, Place("site", "Elsewhere"), '[[questions]]\nid = "a"\n[[questions]]\nid = "b"')


def test_it_is_known_how_far_each_terminal_has_got(filled: Engine) -> None:
    def tell(terminal: str, **changes: Any) -> None:
        with filled.begin() as connection:
            payload = wire.encode(online(1, **changes)).decode()
            row = {"terminal_id": terminal, "received": datetime(2026, 1, 1, tzinfo=UTC), "payload": payload}
            connection.execute(schema.status.insert().values(row))

    def standings() -> list[Standing]:
        with store.reading(filled) as connection:
            return remote.standings(connection, SITE)

    assert [each.state for each in standings()] == ["nothing is set"] * 2
    put(filled, SITE, NB)
    assert [each.state for each in standings()] == ["not taken in yet"] * 2
    tell("stua", config=fingerprint(shape.encode(shape.read(NB, ""))))
    tell("gang", config_refused="[kiosk] languages: this terminal has no\n\x1b[2J")
    assert standings() == [
        Standing("gang", "refused", "[kiosk] languages: this terminal has no��[2J"),
        Standing("stua", "in force"),
    ]
    put(filled, SITE, HOURS)
    assert [each.state for each in standings()] == ["refused", "not taken in yet"]


# Which are due.


@pytest.fixture
def look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sending, clearing):
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)


@pytest.mark.usefixtures("look_always")
def test_each_is_sent_once_and_again_when_it_changes_or_the_terminal_says_that_it_has_another(filled: Engine) -> None:
    put(filled, SITE, NB)
    due = Sending(filled)
    message = shape.encode(shape.read(NB, ""))
    assert due.due() == [("gang", message), ("stua", message)]
    assert due.due() == []
    put(filled, STUA, HOURS)
    assert [each for each, _ in due.due()] == ["stua"]
    due.heard("gang", fingerprint(message))
    assert due.due() == []
    assert Sending(filled).due() != [], "of a new connection all"


@pytest.mark.parametrize("seconds", [0.0, 3600.0])
def test_what_a_broker_has_dropped_is_sent_again_when_the_terminal_says_so(
    filled: Engine, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_SECONDS", seconds)
    put(filled, SITE, NB)
    due = Sending(filled)
    message = shape.encode(shape.read(NB, ""))
    assert len(due.due()) == 2
    for told in ("", fingerprint(b"{}")):
        due.heard("gang", told)
        due.heard("flyplass", told)
        assert due.due() == [("gang", message)]
    due.heard("gang", fingerprint(message))
    assert due.due() == []


@pytest.mark.usefixtures("look_always")
def test_who_is_revoked_has_its_emptied_and_who_comes_back_gets_it_again(filled: Engine) -> None:
    put(filled, SITE, NB)
    due = Sending(filled)
    assert len(due.due()) == 2
    revoke(filled, "stua")
    assert due.due() == [("stua", b"")]
    assert due.due() == []
    revoke(filled, "stua", None)
    assert due.due() == [("stua", shape.encode(shape.read(NB, "")))]


@pytest.mark.usefixtures("look_always")
def test_many_are_sent_a_few_at_a_time_and_none_is_left_out(filled: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "AT_ONCE", 7)
    with filled.begin() as connection:
        for number in range(40):
            store.add_terminal(connection, f"Number {number}", "Pro Sentret", "Europe/Oslo")
    put(filled, SITE, NB)
    due, sent = Sending(filled), []
    while now := due.due():
        assert len(now) <= 7
        sent += [each for each, _ in now]
    assert len(sent) == len(set(sent)) == 42


# With a real broker.


class Observer:
    """Has at any time what the broker has retained, by terminal."""

    def __init__(self, port: int) -> None:
        self.port = port

    def retained(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        ready: queue.Queue[int] = queue.Queue()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        client.on_connect = lambda client, *_: client.subscribe([(wire.topic("+", "config"), 1), ("fence", 1)])
        client.on_subscribe = lambda client, *_: client.publish("fence", b"x", 1)

        def take(client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
            if message.topic == "fence":
                ready.put(1)
            elif message.payload:
                found[wire.terminal_of(message.topic)[0]] = bytes(message.payload)

        client.on_message = take
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        ready.get(timeout=20)
        client.disconnect()
        client.loop_stop()
        return found


@pytest.fixture
def observer(broker: Mosquitto) -> Observer:
    return Observer(broker.port)


@pytest.mark.usefixtures("look_always")
def test_what_is_set_is_retained_for_the_terminals_whom_it_concerns_and_cleared_for_the_revoked(
    filled: Engine, broker: Mosquitto, run: Run, observer: Observer, wait_for: Wait
) -> None:
    put(filled, SITE, NB)
    run(filled, broker.port)
    message = shape.encode(shape.read(NB, ""))
    wait_for(lambda: observer.retained() == {"gang": message, "stua": message})
    put(filled, STUA, HOURS)
    changed = shape.encode(shape.read(f"{NB}\n{HOURS}", ""))
    wait_for(lambda: observer.retained() == {"gang": message, "stua": changed})
    revoke(filled, "stua")
    wait_for(lambda: observer.retained() == {"gang": message})


@pytest.mark.usefixtures("look_always")
def test_a_broker_that_lost_its_memory_has_it_all_again(
    filled: Engine, broker: Mosquitto, run: Run, observer: Observer, wait_for: Wait
) -> None:
    put(filled, SITE, NB)
    run(filled, broker.port)
    wait_for(lambda: len(observer.retained()) == 2)
    broker.kill()
    broker.start()
    wait_for(lambda: len(observer.retained()) == 2)


@pytest.mark.usefixtures("look_always")
def test_a_dashboard_without_its_database_leaves_what_is_retained_alone(
    filled: Engine, broker: Mosquitto, run: Run, observer: Observer, wait_for: Wait, connect: Callable[..., Terminal]
) -> None:
    put(filled, SITE, NB)
    first = run(filled, broker.port)
    wait_for(lambda: len(observer.retained()) == 2)
    first.stop()
    with filled.begin() as connection:
        for table in (schema.site, schema.terminal):
            connection.execute(update(table).values(settings=None))  # Enrolled again; nothing was set yet.
    terminal = connect()
    run(filled, broker.port)
    terminal.wait_until("online")
    terminal.ask(online())
    assert len(observer.retained()) == 2


def test_a_terminal_that_says_it_has_another_is_sent_its_own_again(
    filled: Engine, broker: Mosquitto, run: Run, observer: Observer, wait_for: Wait, connect: Callable[..., Terminal]
) -> None:
    put(filled, SITE, NB)
    run(filled, broker.port)
    wait_for(lambda: len(observer.retained()) == 2)
    terminal = connect()
    heard: queue.Queue[bytes] = queue.Queue()
    terminal.mqtt.message_callback_add(wire.topic("stua", "config"), lambda *call: heard.put(bytes(call[2].payload)))
    terminal.mqtt.subscribe(wire.topic("stua", "config"), 1)
    message = heard.get(timeout=20)
    terminal.ask(online(config="0123456789abcdef"))
    assert heard.get(timeout=20) == message
    terminal.ask(online(config=fingerprint(message)))
    terminal.ask(online(config=fingerprint(message)))
    assert heard.empty()


def test_settings_that_cannot_be_read_stop_no_rating(
    filled: Engine, broker: Mosquitto, run: Run, connect: Callable[..., Terminal], caplog: pytest.LogCaptureFixture
) -> None:
    with filled.begin() as connection:
        connection.execute(update(schema.site).values(settings='{"of a newer version": 1}'))
    terminal = connect()
    run(filled, broker.port)
    terminal.wait_until("online")
    terminal.ask(online())
    terminal.ask(online())
    assert (
        "what is set of terminals is not sent: the database: the file: unknown key 'of a newer version'" in caplog.text
    )
