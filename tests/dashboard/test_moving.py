"""A terminal that moves: what was shown stays, nothing is lost, nothing counted twice, no figure is of two sites."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, func, select, update

from dashboard import (
    audit,
    cards,
    disclosure,
    enrolment,
    exchange,
    lineage,
    moving,
    places,
    quarantine,
    remote,
    schema,
    store,
)
from dashboard.broker import BrokerError, Folder
from dashboard.enrolled import EnrolmentError
from dashboard.enrolment import Newcomer
from dashboard.moving import Moved
from ratings import config, wire
from ratings import remote as shape
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.scale import Counts
from ratings.table import Slice, Table
from ratings.wire import Ack, Batch, Status
from tests.closed import made
from tests.dashboard.filling import months

DAY = date(2026, 11, 20)
LATER = date(2027, 1, 20)
OLD = "11111111-1111-4111-8111-111111111111"
NEW = "22222222-2222-4222-8222-222222222222"
BY = "Kari"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return made(tmp_path / "broker").folder


@pytest.fixture
def stua(database: Engine, folder: Folder) -> Engine:
    """Two terminals of a site, of which two months are shown, and of one some weeks of a third."""
    newcomers = [Newcomer("Stua", "Pro Sentret"), Newcomer("Hall", "Pro Sentret")]
    enrolment.enrol(database, newcomers, folder, cards.into({}), BY)
    weeks = ["2026-11-01/2026-11-08", "2026-11-09/2026-11-15"]
    send(database, "stua", OLD, [total("2026-09", 30), total("2026-10", 40), *(trend(each, 12) for each in weeks)])
    send(database, "hall", NEW.replace("2", "3"), [total("2026-09", 20), total("2026-10", 25)])
    publish(database, DAY)
    return database


def total(period: str, happy: int) -> bytes:
    return table(Slice.TOTAL, period, (1, 1, happy, 2))


def trend(days: str, happy: int) -> bytes:
    return table(Slice.TREND, days, (0, 0, happy, 0))


def table(slice_: Slice, period: str, counts: Counts) -> bytes:
    return wire.encode_table(Table(VISIT, slice_, period, {"counted": counts}))


def send(engine: Engine, terminal: str, epoch: str, tables: list[bytes], after: int = 0, today: date = LATER) -> Ack:
    batch = Batch(epoch, epoch, after, after + len(tables), [msgspec.Raw(each) for each in tables])
    with engine.begin() as connection:
        assert exchange.is_enrolled(connection, terminal)
        return exchange.handle_batch(connection, terminal, batch, today)


def publish(engine: Engine, today: date) -> None:
    with store.reading(engine) as connection:
        ids = [site.id for site in places.sites(connection)]
    disclosure.publish_if_due(engine, ids, VISIT, today, 10)


def shown(engine: Engine, site: str, terminal: str | None = None) -> list[tuple[str, int]]:
    """What is shown of a place: months and numbers of ratings."""
    with store.reading(engine) as connection:
        place, _ = places.find(places.sites(connection), site, terminal)
        blocks = disclosure.blocks(connection, place, VISIT, months("2026-01", "2027-01"), 10).blocks
        return [(f"{each.days.first:%Y-%m}", sum(each.counts)) for each in blocks]


def held(engine: Engine) -> dict[tuple[str, str], int]:
    row = schema.released.c
    with store.reading(engine) as connection:
        rows = connection.execute(
            select(row.terminal_id, row.slice, func.sum(row.n)).group_by(row.terminal_id, row.slice)
        )
        return {(terminal, slice_): int(n) for terminal, slice_, n in rows}


def move(engine: Engine, folder: Folder | None, terminal: str = "stua", **wanted: Any) -> tuple[Moved, dict[str, str]]:
    texts: dict[str, str] = {}
    newcomer = Newcomer(**({"name": "Lageret, inngang", "site": "Lageret"} | wanted))
    return moving.move(engine, terminal, newcomer, folder, cards.into(texts), DAY, BY), texts


def test_what_was_counted_stays_and_it_goes_on_as_another(stua: Engine, folder: Folder) -> None:
    before = shown(stua, "Pro Sentret"), shown(stua, "Pro Sentret", "Stua"), held(stua)
    assert before[0] == [("2026-09", 58), ("2026-10", 73)]
    done, texts = move(stua, folder, timezone="Europe/Oslo")
    assert (done.goes_on, done.after.id, done.after.site) == (True, "lageret-inngang", "Lageret")
    assert config.read(texts["lageret-inngang"]).terminal.id == "lageret-inngang"
    assert folder.users() == {"fjes_dashboard", "hall", "lageret-inngang"}
    with store.reading(stua) as connection:
        assert exchange.revoked(connection) == {"stua"}
        assert lineage.goes_on(connection) == {"stua": "lageret-inngang"}
    publish(stua, LATER)
    assert (shown(stua, "Pro Sentret"), shown(stua, "Pro Sentret", "Stua"), held(stua)) == before
    assert shown(stua, "Lageret") == []


def test_what_the_card_still_has_of_its_time_there_counts_there_and_once(stua: Engine, folder: Folder) -> None:
    move(stua, folder)
    new = "lageret-inngang"
    with store.reading(stua) as connection:
        assert exchange.held(connection, new, OLD) == Ack(OLD, 4, OLD), "it need not send all of it again"
        assert exchange.held(connection, new, NEW) == Ack(NEW, 0, None)
    # The rest of November, closed at its end; and the days after the move, of the new epoch.
    rest = [total("2026-11", 31), trend("2026-11-16/2026-11-30", 7)]
    assert send(stua, new, OLD, rest, after=4).upto == 6
    send(stua, new, NEW, [total("2026-11", 3), total("2026-12", 50)])
    once = held(stua)
    assert once[("stua", "total")] == 34 + 44 + 35
    assert once[(new, "total")] == 7 + 54
    # A card that sends all it has again, as after a loss: nothing counts at the other site, nothing twice.
    send(stua, new, OLD, [total("2026-09", 30), total("2026-10", 40), *rest])
    assert held(stua) == once
    publish(stua, LATER)
    assert shown(stua, "Pro Sentret") == [("2026-09", 58), ("2026-10", 73), ("2026-11", 35)]
    # Too few of November to be shown alone, as anywhere.
    assert shown(stua, "Lageret") == [("2026-11", 61)]
    with store.reading(stua) as connection:
        assert audit.audit(connection, noon(LATER), 10).findings == ()


def test_an_epoch_that_it_had_only_spoken_of_is_still_of_the_old_site(stua: Engine, folder: Folder) -> None:
    status = Status("online", "1", NEW, 0, "closed")
    with stua.begin() as connection:
        exchange.handle_status(connection, "stua", status, noon(DAY))
    move(stua, folder)
    send(stua, "lageret-inngang", NEW, [total("2026-11", 20)])
    assert held(stua)[("stua", "total")] == 34 + 44 + 24
    assert ("lageret-inngang", "total") not in held(stua)


def test_it_can_move_on_and_back(stua: Engine, folder: Folder) -> None:
    move(stua, folder)
    send(stua, "lageret-inngang", NEW, [total("2026-11", 20)])
    move(stua, folder, "lageret-inngang", name="Stua igjen", site="Pro Sentret")
    third = NEW.replace("2", "4")
    for epoch in (OLD, NEW, third):
        send(stua, "stua-igjen", epoch, [total("2026-12", 20)])
    assert {name: n for (name, slice_), n in held(stua).items() if slice_ == "total" and name != "hall"} == {
        "stua": 34 + 44 + 24,
        "lageret-inngang": 24 + 24,
        "stua-igjen": 24,
    }


def test_what_was_refused_of_its_time_there_is_taken_in_there(stua: Engine, folder: Folder) -> None:
    move(stua, folder)
    send(stua, "lageret-inngang", OLD, [total("2026-12", 20)], after=4, today=DAY)
    with stua.begin() as connection:
        accepted, kept = quarantine.retry(connection, LATER)
    assert (len(accepted), kept) == (1, [])
    assert held(stua)[("stua", "total")] == 34 + 44 + 24
    with stua.begin() as connection:
        connection.execute(update(schema.epoch).where(schema.epoch.c.epoch == OLD).values(unkept=1))
        assert quarantine.ask_again(connection) == ["stua"], "its card has it, and speaks by another name"
        connection.execute(update(schema.epoch).where(schema.epoch.c.epoch == OLD).values(unkept=1))
        connection.execute(update(schema.terminal).values(revoked=DAY))
        assert quarantine.ask_again(connection) == []


def test_one_of_which_nothing_has_come_just_moves(database: Engine, folder: Folder) -> None:
    enrolment.enrol(database, [Newcomer("Stua", "Pro Snetret")], folder, cards.into({}), BY)
    logins = folder.passwords.read_text()
    done, texts = move(database, folder, site=" Pro Sentret ")
    assert (done.goes_on, done.after.id, done.after.name, done.after.site) == (False, "stua", "Stua", "Pro Sentret")
    assert texts == {}
    assert folder.passwords.read_text() == logins
    send(database, "stua", OLD, [total("2026-10", 40)])
    publish(database, DAY)
    assert shown(database, "Pro Sentret") == [("2026-10", 44)]


def test_what_was_set_of_the_old_site_does_not_come_along(stua: Engine, folder: Folder) -> None:
    of_site = shape.read('[[questions]]\nplace = "Pro Sentret"\n', "here")
    with stua.begin() as connection:
        remote.put(connection, remote.Place("site", "Pro Sentret"), of_site, "here")
    move(stua, folder)
    with store.reading(stua) as connection:
        messages = dict(remote.terminals(connection))
    assert messages["hall"] == shape.encode(of_site)
    assert messages["lageret-inngang"] == shape.encode(shape.Remote()), "else its card would keep what it has"
    assert "stua" not in messages


@pytest.mark.parametrize(
    ("terminal", "wanted", "words"),
    [
        ("stua", {"site": "Pro Sentret"}, "it is at the site 'Pro Sentret' already"),
        ("stua", {"name": "Stua"}, "there is already a terminal called 'Stua'"),
        ("stua", {"name": ""}, "the terminal's name '' is not allowed"),
        ("stua", {"site": "a\nb"}, "the site's name"),
        ("stua", {"languages": ("norsk",)}, "'norsk' is not a language"),
        ("nobody", {}, "there is no terminal with the id 'nobody'"),
        ("borte", {}, "'Borte' is revoked"),
    ],
)
def test_what_cannot_be_moved_changes_nothing(
    stua: Engine, folder: Folder, terminal: str, wanted: dict[str, Any], words: str
) -> None:
    enrolment.enrol(stua, [Newcomer("Borte", "Pro Sentret")], folder, cards.into({}), BY)
    enrolment.revoke(stua, "borte", folder, DAY, BY)
    before = everything(stua, folder)
    with pytest.raises(EnrolmentError) as refused:
        move(stua, folder, terminal, **wanted)
    assert words in str(refused.value)
    assert everything(stua, folder) == before


def test_a_broker_that_cannot_be_written_keeps_it_where_it_is(stua: Engine, folder: Folder) -> None:
    before = everything(stua, folder)
    (folder.logins / ".passwords.new").mkdir()
    with pytest.raises(BrokerError):
        move(stua, folder)
    (folder.logins / ".passwords.new").rmdir()
    assert everything(stua, folder) == before


def test_one_that_has_gone_on_gets_no_file_any_more(stua: Engine, folder: Folder) -> None:
    move(stua, folder)
    with pytest.raises(EnrolmentError, match="'Stua' goes on at another site, as 'lageret-inngang'"):
        enrolment.reissue(stua, "stua", ("nb",), folder, cards.into({}), BY)
    with pytest.raises(EnrolmentError, match="'Stua' is revoked"):
        move(stua, folder)


def test_a_name_that_somebody_has_is_not_given_twice(stua: Engine) -> None:
    with pytest.raises(EnrolmentError, match="there is already a terminal called 'Hall'"):
        moving.rename(stua, "stua", "Hall", BY)
    with pytest.raises(EnrolmentError, match="it is called 'Stua' already"):
        moving.rename(stua, "stua", " Stua ", BY)
    with pytest.raises(EnrolmentError, match="is not allowed"):
        moving.rename(stua, "stua", "\u202e", BY)
    before, after = moving.rename(stua, "stua", " Salongen ", BY)
    assert (before.name, after.name, after.id) == ("Stua", "Salongen", "stua")
    assert shown(stua, "Pro Sentret", "Salongen") == [("2026-09", 34), ("2026-10", 44)]


def everything(engine: Engine, folder: Folder) -> list[object]:
    with store.reading(engine) as connection:
        tables = (schema.terminal, schema.site, schema.moved, schema.epoch, schema.deed)
        return [folder.passwords.read_text(), *(list(connection.execute(select(each))) for each in tables)]


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
