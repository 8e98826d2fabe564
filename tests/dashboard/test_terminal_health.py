"""How terminals are told to be: heard or silent, with what, and what is to be seen to. On both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Engine, insert

from dashboard import enrolled, exchange, quarantine, schema, store, terminal_health, undecodable
from dashboard.terminal_health import Health, Overview, Standing
from ratings import wire
from ratings.table import Slice, Table
from ratings.wire import Batch, ClockState, Condition, Room, Status
from tests.dashboard.filling import Filling

EPOCH = "11111111-1111-4111-8111-111111111111"
NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)


WELL = Status(
    "online",
    "1.2",
    EPOCH,
    0,
    "closed",
    hour="2026-11-23T14",
    day="2026-11-23",
    pending=0,
    clock=ClockState.NETWORK,
    room=Room.PLENTY,
    store=Condition.WELL,
)


def status(**told: Any) -> Status:
    """A terminal that is well and has nothing waiting, at NOW, but for what is told."""
    return structs.replace(WELL, **told)


@pytest.fixture
def stua(filling: Filling) -> Engine:
    """A database with one terminal, to which somebody listens."""
    filling.terminal("Stua")
    listen(filling.engine, NOW)
    return filling.engine


def listen(engine: Engine, moment: datetime) -> None:
    with engine.begin() as connection:
        terminal_health.listened(connection, moment)


def hear(engine: Engine, told: Status, moment: datetime = NOW, *, retained: bool = False, sure: bool = True) -> None:
    if told.hour == WELL.hour:
        told = structs.replace(told, hour=f"{moment:%Y-%m-%dT%H}")
    with engine.begin() as connection:
        exchange.handle_status(connection, "stua", told, moment, retained=retained, sure=sure)


def overview(engine: Engine, moment: datetime = NOW) -> Overview:
    with store.reading(engine) as connection:
        return terminal_health.look(connection, moment)


def look(engine: Engine, moment: datetime = NOW) -> Health:
    (health,) = overview(engine, moment).terminals
    return health


def remarks(engine: Engine, moment: datetime = NOW) -> list[str]:
    return [f"{'! ' if each.fault else ''}{each}" for each in look(engine, moment).remarks]


def test_a_terminal_that_is_heard_and_has_sent_all_is_well_though_nobody_pressed(stua: Engine) -> None:
    hear(stua, status())
    health = look(stua)
    assert (health.standing, health.since, health.pending) == (Standing.ONLINE, None, 0)
    assert (health.version, health.clock) == ("1.2", "network")
    assert health.whole == date(2026, 11, 23), "everything before today is here: what is not, was not pressed"
    assert health.well
    assert overview(stua).well
    assert remarks(stua) == []


def test_one_that_has_tables_waiting_is_not_taken_for_one_where_nobody_pressed(stua: Engine) -> None:
    hear(stua, status(pending=3, revision=9))
    assert (look(stua).pending, look(stua).whole) == (3, None)


def test_what_a_terminal_of_the_first_version_does_not_tell_is_reckoned_or_unknown(stua: Engine) -> None:
    with stua.begin() as connection:
        exchange.handle_batch(connection, "stua", Batch(EPOCH, EPOCH, 0, 4, []), NOW.date())
    hear(stua, Status("online", "0.1", EPOCH, 6, "closed"))
    health = look(stua)
    assert (health.standing, health.pending, health.whole, health.clock) == (Standing.ONLINE, 2, None, "unknown")
    assert health.well


def test_two_missed_statuses_are_silence_and_one_is_not(stua: Engine) -> None:
    hear(stua, status(), NOW - timedelta(minutes=30))
    assert look(stua).standing is Standing.ONLINE
    hear(stua, status(), NOW - timedelta(minutes=36))
    health = look(stua)
    assert (health.standing, health.well) == (Standing.SILENT, False)
    assert health.since is not None
    assert health.since.isoformat() == "2026-11-23T14:00:00+01:00", "to the hour, in its own zone"


def test_a_last_will_is_silence_at_once_and_leaves_what_was_told_before(stua: Engine) -> None:
    hear(stua, status(room=Room.LITTLE, version="1.3"), NOW - timedelta(minutes=10))
    hear(stua, status(state="offline", version="1.2"), NOW - timedelta(minutes=5))
    health = look(stua)
    assert (health.standing, health.version) == (Standing.SILENT, "1.3")
    assert remarks(stua) == ["! Its card is almost full."]
    assert health.whole == date(2026, 11, 23), "of what came before it fell silent"


def test_a_retained_last_will_that_comes_again_keeps_its_time(stua: Engine) -> None:
    hear(stua, status(), NOW - timedelta(days=3, minutes=10))
    hear(stua, status(state="offline"), NOW - timedelta(days=3))
    hear(stua, status(state="offline"), NOW, retained=True)
    since = look(stua).since
    assert since is not None
    assert since.date() == date(2026, 11, 20)


def test_one_that_was_enrolled_and_never_spoke_is_not_called_silent(stua: Engine) -> None:
    assert (look(stua).standing, look(stua).well) == (Standing.NEVER, True)


def test_one_that_said_goodbye_is_retired_until_it_speaks_again(stua: Engine) -> None:
    hear(stua, status(), NOW - timedelta(days=9))
    goodbye = status(state="offline", retired=True, hour="2026-11-15T14")
    hear(stua, goodbye, NOW - timedelta(days=8))
    hear(stua, goodbye, NOW, retained=True)
    health = look(stua)
    assert (health.standing, health.well) == (Standing.RETIRED, True)
    assert health.since is not None
    assert health.since.date() == date(2026, 11, 15)
    hear(stua, status())
    assert look(stua).standing is Standing.ONLINE


def test_a_revoked_one_is_no_trouble_whatever_it_said(stua: Engine) -> None:
    hear(stua, status(clock=ClockState.WRONG, room=Room.GONE))
    with stua.begin() as connection:
        connection.execute(schema.terminal.update().values(revoked=NOW.date()))
    assert (look(stua).standing, look(stua).well, remarks(stua)) == (Standing.REVOKED, True, [])


def test_while_nobody_listens_no_terminal_is_called_silent_but_that_is_said(stua: Engine) -> None:
    hear(stua, status(), NOW - timedelta(minutes=10))
    later = NOW + timedelta(days=2)
    assert look(stua, later).standing is Standing.ONLINE
    found = overview(stua, later)
    assert not found.well
    assert "since 2026-11-23 14:20 UTC" in str(found.remark)
    listen(stua, later)
    assert look(stua, later).standing is Standing.SILENT
    assert overview(stua, later).remark is None


def test_where_nobody_ever_listened_that_is_said(filling: Filling) -> None:
    assert overview(filling.engine).well, "no terminal, no trouble"
    filling.terminal("Stua")
    assert "Start `fjes dashboard ingest`" in str(overview(filling.engine).remark)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"clock": ClockState.WRONG}, "! Its clock is not known to be right"),
        ({"clock": ClockState.SYSTEM, "hour": "2026-11-23T17"}, "! Its clock is 3 hours ahead of the dashboard's"),
        ({"clock": ClockState.SYSTEM, "hour": "1970-01-01T00"}, "hours behind the dashboard's"),
        ({"room": Room.LITTLE}, "! Its card is almost full."),
        ({"room": Room.LOCKED}, "! Its card cannot be written"),
        ({"room": Room.GONE}, "! The folder of its ratings is not there"),
        ({"store": Condition.TROUBLE}, "! Its released ratings cannot be read."),
        ({"heat": Condition.TROUBLE}, "! It is too hot."),
        ({"power": Condition.TROUBLE}, "! Its power supply is too weak."),
        (
            {"config_refused": "[hours]\n: x"},
            "! It refuses what is set of it, and goes on as it was: [hours]\ufffd: x.",
        ),
        ({"buttons": Condition.TROUBLE}, "! One of its buttons is stuck"),
        ({"buttons": Condition.MISSING}, "! Its buttons cannot be used: it goes on by touch alone."),
        ({"pounding": "2026-11-23"}, "Somebody pounded on it before 2026-11-23"),
        ({"assumed": "2026-10"}, "Some of 2026-10 was placed there by assumption"),
        ({"day": "2026-11-20"}, "! Its kiosk has not looked since 2026-11-20"),
    ],
)
def test_what_a_terminal_tells_of_itself_is_said_in_words(stua: Engine, told: dict[str, Any], said: str) -> None:
    hear(stua, status(**told))
    (remark,) = remarks(stua)
    assert said in remark
    assert look(stua).well is (said[0] == "S")
    assert remark.isprintable()


@pytest.mark.parametrize(
    "told",
    [
        {"hour": "2026-11-23T13"},
        {"hour": "2026-11-23T15"},
        {"hour": "2026-99-99T99"},
        {"day": "2026-11-21"},
        {"day": "2026-13-01"},
        {"clock": "satellite", "room": "palace", "heat": "cosy"},
    ],
)
def test_what_is_no_trouble_or_not_known_here_is_none(stua: Engine, told: dict[str, Any]) -> None:
    hear(stua, status(**told))
    assert remarks(stua) == []


@pytest.mark.parametrize(("retained", "sure"), [(True, True), (False, False)])
def test_an_hour_that_was_not_told_just_now_or_to_a_clock_that_is_sure_proves_nothing(
    stua: Engine, retained: bool, sure: bool
) -> None:
    hear(stua, status(hour="2026-11-01T03"), retained=retained, sure=sure)
    assert remarks(stua) == []


def test_the_clock_that_is_wrong_is_the_reason_and_not_the_kiosk(stua: Engine) -> None:
    hear(stua, status(clock=ClockState.WRONG, hour="1970-01-01T00", day="2026-09-01"))
    assert len(remarks(stua)) == 1


def test_a_silent_terminals_kiosk_is_not_blamed(stua: Engine) -> None:
    hear(stua, status(), NOW - timedelta(days=20))
    assert (look(stua).standing, remarks(stua)) == (Standing.SILENT, [])


def test_what_was_refused_or_could_not_be_read_is_an_error_of_that_terminal(
    stua: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "MOST_OF_ONE", quarantine.Limit(2, 10**6))
    hear(stua, status())
    bad = [f'["nonsense",{number}]'.encode() for number in range(5)]
    with stua.begin() as connection:
        connection.execute(insert(schema.epoch).values(terminal_id="stua", epoch=EPOCH, upto=0))
        quarantine.keep(connection, "stua", EPOCH, 1, [(raw, "no table") for raw in bad], NOW.date())
        undecodable.keep(connection, "stua", "tables", b"?", "not a batch", NOW.date())
    assert [each.split(". See")[0] for each in remarks(stua)] == [
        "! Messages that could not be read: 1",
        "! Refused tables: 2",
        "! Refused tables for which there was no room: 3. Its card has them",
    ]


def test_books_that_do_not_balance_are_an_error_once_all_has_come(stua: Engine) -> None:
    tables = [
        Table("visit", Slice.TOTAL, "2026-07", {"counted": (1, 2, 3, 4)}),
        Table("visit", Slice.LANGUAGE, "2026-Q3", {"nb": (1, 2, 3, 5)}),
    ]
    with stua.begin() as connection:
        connection.execute(insert(schema.epoch).values(terminal_id="stua", epoch=EPOCH, upto=2))
        store.merge(connection, "stua", EPOCH, tables, 2)
    hear(stua, status(revision=3))
    assert remarks(stua) == [], "a table is still on its way"
    hear(stua, status(revision=2))
    (remark,) = remarks(stua)
    assert remark.startswith("! From 2026-07-01 to 2026-09-30, 'language' of the question 'visit' does not add up")
    assert not any(number in remark for number in ("10", "11")), "no counts"
    with store.reading(stua) as connection:
        assert terminal_health.look(connection, NOW, books=False).well, (
            "who only looks for what is stuck reads no books"
        )
    listen(stua, datetime(2028, 1, 1, tzinfo=UTC))
    assert not any("add up" in each for each in remarks(stua, datetime(2028, 1, 1, tzinfo=UTC))), "told long ago"


def test_every_terminal_is_told_by_site_and_name(filling: Filling) -> None:
    for name, site in (("B", "2"), ("A", "2"), ("C", "1")):
        filling.terminal(name, site)
    assert [each.terminal.name for each in overview(filling.engine).terminals] == ["C", "A", "B"]
    with store.reading(filling.engine) as connection:
        assert len(enrolled.listing(connection)) == 3


def test_a_version_that_a_screen_would_act_on_is_shown_plainly(stua: Engine) -> None:
    hear(stua, status(version="1\x1b[2J"))
    version = look(stua).version
    assert version is not None
    assert version.isprintable()


def test_a_stored_status_has_no_blanks_at_its_end(stua: Engine) -> None:
    hear(stua, status())
    with store.reading(stua) as connection:
        payload = connection.scalar(schema.status.select().with_only_columns(schema.status.c.payload))
    assert payload is not None
    assert payload == payload.strip()
    assert wire.decode(payload.encode(), Status) == status()


OTHER, THIRD = "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"


def two_cards(engine: Engine, moment: datetime = NOW) -> list[str]:
    """The days on which two cards were seen, as the terminals' page would tell them."""
    with store.reading(engine) as connection:
        (only,) = terminal_health.look(connection, moment).terminals
    return [str(each.values["day"]) for each in only.remarks if each.text.startswith("Two cards")]


def test_two_cards_that_take_turns_are_told_of_for_a_month(stua: Engine) -> None:
    later = NOW + timedelta(days=1)
    hear(stua, status())
    hear(stua, status(epoch=OTHER), NOW + timedelta(minutes=1))
    assert two_cards(stua, later) == [], "a card that was exchanged, or begun anew, does the same"
    hear(stua, status(), later)
    assert two_cards(stua, later) == ["2026-11-24"]
    listen(stua, NOW + timedelta(days=32))
    assert two_cards(stua, NOW + timedelta(days=32)) == ["2026-11-24"]
    assert two_cards(stua, NOW + timedelta(days=33)) == []


@pytest.mark.parametrize(
    "heard",
    [
        [(EPOCH, "online", False), (OTHER, "online", False), (THIRD, "online", False), (THIRD, "online", False)],
        # The last will of the card that was taken out comes when the broker misses it.
        [(EPOCH, "online", False), (OTHER, "online", False), (EPOCH, "offline", False), (OTHER, "online", False)],
        # What the broker has kept comes again when ingest comes back to it.
        [(EPOCH, "online", False), (OTHER, "online", False), (EPOCH, "online", True), (OTHER, "online", False)],
    ],
    ids=["three lives", "a last will", "kept by the broker"],
)
def test_one_card_after_another_is_nothing_to_tell_of(stua: Engine, heard: list[tuple[str, str, bool]]) -> None:
    for minute, (epoch, state, retained) in enumerate(heard):
        hear(stua, status(epoch=epoch, state=state), NOW + timedelta(minutes=minute), retained=retained)
    assert two_cards(stua) == []
