"""Quarantine, and what could not be read: bounded, so that nobody fills the disk; no good table is lost by it."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from sqlalchemy import Engine, func, select, update

from dashboard import exchange, quarantine, schema, store, undecodable
from dashboard.quarantine import Limit
from ratings import wire
from ratings.table import Slice, Table
from ratings.wire import Ack, Batch
from tests.dashboard.filling import Filling

EPOCH = "11111111-1111-4111-8111-111111111111"
TODAY = date(2026, 11, 23)


def total(month: str, happy: int) -> bytes:
    return wire.encode_table(Table("visit", Slice.TOTAL, month, {"counted": (0, 0, happy, 0)}))


def nonsense(number: int, size: int = 0) -> bytes:
    return f'["nonsense {number}{"x" * size}"]'.encode()


def send(engine: Engine, *tables: bytes, terminal: str = "stua", after: int = 0, today: date | None = TODAY) -> Ack:
    raw = [msgspec.Raw(each) for each in tables]
    with engine.begin() as connection:
        batch = Batch(EPOCH, EPOCH, after, after + len(tables), raw)
        return exchange.handle_batch(connection, terminal, batch, today)


def held(engine: Engine) -> dict[str, int]:
    with store.reading(engine) as connection:
        return {row.period: row.n for row in connection.execute(select(schema.released))}


def kept(engine: Engine, table: object = schema.refused) -> int:
    with store.reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def unkept(engine: Engine) -> int:
    with store.reading(engine) as connection:
        return connection.scalar(select(func.sum(schema.epoch.c.unkept))) or 0


@pytest.fixture
def stua(filling: Filling) -> Engine:
    filling.terminal("Stua")
    return filling.engine


def test_one_bad_table_among_good_ones_stops_none_of_them(stua: Engine) -> None:
    ack = send(stua, total("2026-08", 5), nonsense(1), total("2026-09", 6), b"\xff\x00", total("2027-01", 1))
    assert ack.upto == 5
    assert held(stua) == {"2026-08": 5, "2026-09": 6}
    assert kept(stua) == 3


def test_what_is_tried_again_merges_as_if_it_had_come_now(stua: Engine) -> None:
    send(stua, total("2027-01", 3))
    # Meanwhile the day has come, and more of the same month has been taken in.
    send(stua, total("2027-01", 9), after=1, today=date(2027, 2, 1))
    with stua.begin() as connection:
        accepted, left = quarantine.retry(connection, date(2027, 2, 1))
    assert (len(accepted), left) == (1, [])
    assert held(stua) == {"2027-01": 9}, "the one with more ratings stays"
    assert kept(stua) == 0


def test_nothing_of_a_revoked_terminal_is_taken_in_by_trying_again_until_it_is_reissued(stua: Engine) -> None:
    send(stua, total("2027-01", 3))
    revoke = update(schema.terminal)
    with stua.begin() as connection:
        connection.execute(revoke.values(revoked=TODAY))
        accepted, left = quarantine.retry(connection, date(2027, 2, 1))
    assert accepted == []
    assert "the terminal is revoked" in left[0].reason
    with stua.begin() as connection:
        connection.execute(revoke.values(revoked=None))
        assert len(quarantine.retry(connection, date(2027, 2, 1))[0]) == 1
    assert held(stua) == {"2027-01": 3}


@pytest.mark.parametrize("limit", [Limit(3, 10**6), Limit(1000, 3 * len(nonsense(1)))], ids=["number", "bytes"])
@pytest.mark.parametrize("whose", ["MOST_OF_ONE", "MOST_OF_ALL"])
def test_beyond_the_limit_good_tables_go_in_bad_ones_are_numbered_and_all_is_acknowledged(
    stua: Engine, monkeypatch: pytest.MonkeyPatch, whose: str, limit: Limit
) -> None:
    monkeypatch.setattr(quarantine, whose, limit)
    assert send(stua, *(nonsense(number) for number in range(5)), total("2026-08", 5)).upto == 6
    assert (kept(stua), unkept(stua)) == (3, 2)
    assert held(stua) == {"2026-08": 5}
    send(stua, nonsense(7), total("2026-09", 6), after=6)
    assert (kept(stua), unkept(stua)) == (3, 3)
    assert held(stua) == {"2026-08": 5, "2026-09": 6}


def test_one_terminal_takes_no_room_from_another(stua: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST_OF_ONE", Limit(3, 10**6))
    Filling(stua).terminal("Hall")
    send(stua, *(nonsense(number) for number in range(9)))
    send(stua, nonsense(1), terminal="hall")
    with store.reading(stua) as connection:
        assert [each.terminal for each in quarantine.listing(connection)] == ["Stua"] * 3 + ["Hall"]


def test_a_reason_that_names_something_endless_takes_no_room_either(stua: Engine) -> None:
    endless = wire.encode_table(Table("x" * 60_000, Slice.TOTAL, "2026-08", {}))
    send(stua, endless)
    with stua.begin() as connection:
        ((_, (found,)), (again,)) = quarantine.retry(connection, TODAY), quarantine.listing(connection)
    assert len(found.reason) == len(again.reason) == quarantine.MOST_REASON
    assert again.payload.encode() == endless


def test_the_same_bad_table_again_takes_no_room(stua: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST_OF_ONE", Limit(1, 10**6))
    for _ in range(3):
        send(stua, nonsense(1), nonsense(1))
    assert (kept(stua), unkept(stua)) == (1, 0)


def test_what_was_not_kept_is_had_again_from_the_card(stua: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST_OF_ONE", Limit(1, 10**6))
    tables = [total(f"2027-{month:02}", month) for month in range(1, 5)]
    send(stua, *tables)
    assert (kept(stua), unkept(stua)) == (1, 3)
    day = date(2027, 6, 1)
    with stua.begin() as connection:
        quarantine.retry(connection, day)
        assert quarantine.ask_again(connection) == ["stua"]
        # To the terminal the database is one that holds nothing and has heard of no batch.
        assert exchange.held(connection, "stua", EPOCH) == Ack(EPOCH, 0, None)
        assert quarantine.ask_again(connection) == []
    send(stua, *tables, today=day)
    assert held(stua) == {"2027-01": 1, "2027-02": 2, "2027-03": 3, "2027-04": 4}
    assert (kept(stua), unkept(stua)) == (0, 0)


def test_a_revoked_terminal_is_not_asked_again(stua: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST_OF_ONE", Limit(0, 0))
    send(stua, nonsense(1))
    with stua.begin() as connection:
        connection.execute(update(schema.terminal).values(revoked=TODAY))
        assert quarantine.ask_again(connection) == []
    assert unkept(stua) == 1


def unread(engine: Engine, payload: bytes, kind: str = "tables") -> None:
    with engine.begin() as connection:
        undecodable.keep(connection, "stua", kind, payload, "not a batch", TODAY)


def counted(engine: Engine) -> int | None:
    with store.reading(engine) as connection:
        return connection.scalar(select(schema.terminal.c.undecodable))


@pytest.mark.parametrize("limit", [Limit(3, 10**6), Limit(1000, 6)], ids=["number", "bytes"])
@pytest.mark.parametrize("whose", ["MOST_OF_ONE", "MOST_OF_ALL"])
def test_of_what_cannot_be_read_all_is_counted_and_a_few_are_kept(
    stua: Engine, monkeypatch: pytest.MonkeyPatch, whose: str, limit: Limit
) -> None:
    monkeypatch.setattr(undecodable, whose, limit)
    for number in range(10, 20):
        unread(stua, b"%d" % number)
        unread(stua, b"%d" % number)
    assert counted(stua) == 20
    assert kept(stua, schema.undecodable) == 3


def test_of_a_message_that_is_too_long_the_beginning_is_kept(stua: Engine) -> None:
    unread(stua, b"\x00\xff" * 100_000)
    with store.reading(stua) as connection:
        (found,) = undecodable.listing(connection)
    assert (found.size, found.payload) == (200_000, (b"\x00\xff" * 100_000)[: wire.MOST_BYTES])


def test_after_an_update_what_can_be_read_now_is_let_go_since_it_comes_again(stua: Engine) -> None:
    unread(stua, wire.encode(Batch(EPOCH, EPOCH, 0, 0, [])))
    unread(stua, b"?", "status")
    with stua.begin() as connection:
        assert undecodable.retry(connection) == 1
    assert (counted(stua), kept(stua, schema.undecodable)) == (2, 1)
    with stua.begin() as connection:
        connection.execute(
            schema.undecodable.update().values(payload=wire.encode(Batch(EPOCH, EPOCH, 0, 0, [])), kind="tables")
        )
        assert undecodable.retry(connection) == 1
    assert (counted(stua), kept(stua, schema.undecodable)) == (0, 0)


def test_what_was_looked_into_can_be_forgotten(stua: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST_OF_ONE", Limit(1, 10**6))
    send(stua, nonsense(1), nonsense(2), total("2026-08", 5))
    unread(stua, b"?")
    with stua.begin() as connection:
        assert quarantine.forget(connection, "stua") == 2
        assert undecodable.forget(connection, "stua") == 1
    assert (kept(stua), unkept(stua), counted(stua), kept(stua, schema.undecodable)) == (0, 0, 0, 0)
    assert held(stua) == {"2026-08": 5}
