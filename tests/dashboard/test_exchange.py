"""The protocol's dashboard end, without a network: no order, repetition or loss of messages changes the result."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from dashboard import exchange, quarantine, schema, store
from ratings import wire
from ratings.table import Slice, Table
from ratings.wire import Ack, Batch, Status

EPOCH = "11111111-1111-4111-8111-111111111111"
TODAY = date(2026, 11, 23)

# A terminal's tables by revision, from 1 on: a month may come again with more ratings, or with others (a reason moved).
Tables = list[Table]
Cut = tuple[int, int]

tables = st.lists(
    st.builds(
        lambda month, counts: Table("visit", Slice.TOTAL, f"2026-{month:02}", {"counted": counts}),
        st.integers(1, 4),
        st.tuples(*[st.integers(0, 3)] * 4),
    ),
    min_size=1,
    max_size=8,
)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Tables, list[Cut], list[Cut]]:
    """Tables, and two schedules that both deliver every batch at least once, in some order, some of them twice."""
    all_tables = draw(tables)
    bounds = sorted({0, len(all_tables), *draw(st.lists(st.integers(0, len(all_tables)), max_size=4))})
    cuts = list(pairwise(bounds))
    cuts += draw(st.lists(st.sampled_from([(a, b) for a in bounds for b in bounds if a <= b]), max_size=3))
    one, other = (draw(st.permutations(cuts + draw(st.lists(st.sampled_from(cuts), max_size=3)))) for _ in "ab")
    return all_tables, one, other


def batch_of(all_tables: Tables, cut: Cut, name: int) -> Batch:
    after, upto = cut
    raw = [msgspec.Raw(wire.encode_table(table)) for table in all_tables[after:upto]]
    return Batch(EPOCH, f"00000000-0000-4000-8000-{name:012}", after, upto, raw)


@pytest.fixture
def enrolled(database: Engine) -> Engine:
    with database.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
    return database


def released(connection: Connection) -> list[tuple[object, ...]]:
    table = schema.released
    return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]


def deliver(connection: Connection, all_tables: Tables, schedule: list[Cut]) -> list[Ack]:
    numbers = count(1)
    return [
        exchange.handle_batch(connection, "stua", batch_of(all_tables, cut, next(numbers)), TODAY) for cut in schedule
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schedules())
def test_batches_in_any_order_and_any_number_end_in_the_same_rows(
    enrolled: Engine, made: tuple[Tables, list[Cut], list[Cut]]
) -> None:
    all_tables, *both = made
    ends = []
    for schedule in both:
        with enrolled.connect() as connection:
            deliver(connection, all_tables, schedule)
            ends.append(released(connection))
            connection.rollback()
    assert ends[0] == ends[1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schedules())
def test_what_is_acknowledged_is_held_and_never_taken_back(
    enrolled: Engine, made: tuple[Tables, list[Cut], list[Cut]]
) -> None:
    all_tables, schedule, _ = made
    with enrolled.connect() as connection:
        upto = 0
        for number, cut in enumerate(schedule):
            ack = exchange.handle_batch(connection, "stua", batch_of(all_tables, cut, number), TODAY)
            assert ack.upto >= upto
            upto = ack.upto
            most: dict[str, int] = {}
            for table in all_tables[:upto]:
                most[table.period] = max(most.get(table.period, 0), table.n)
            held = {row.period: row.n for row in connection.execute(select(schema.released))}
            assert all(held[period] >= n for period, n in most.items())
            assert ack == exchange.held(connection, "stua", EPOCH)
        connection.rollback()


def status(state: str = "online", revision: int = 3) -> Status:
    return Status("offline" if state == "offline" else "online", "0.1.0", EPOCH, revision, "closed")


def test_a_retained_status_that_is_known_keeps_its_time(enrolled: Engine) -> None:
    first = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def received(moment: datetime, message: Status, retained: bool) -> object:
        with enrolled.begin() as connection:
            exchange.handle_status(connection, "stua", message, moment, retained=retained)
        with store.reading(enrolled) as connection:
            found = connection.scalar(select(schema.status.c.received))
        assert found is not None
        return found.replace(tzinfo=UTC)  # SQLite keeps no zone; what is stored is UTC.

    assert received(first, status(), False) == first
    assert received(first + timedelta(days=1), status(), True) == first
    assert received(first + timedelta(days=2), status("offline"), True) == first + timedelta(days=2)
    assert received(first + timedelta(days=3), status("offline"), False) == first + timedelta(days=3)


def test_what_was_refused_for_its_date_is_taken_in_when_the_day_has_come(enrolled: Engine) -> None:
    early = Table("visit", Slice.TOTAL, "2026-12", {"counted": (1, 2, 3, 4)})
    raw = [msgspec.Raw(wire.encode_table(early)), msgspec.Raw(b'["nonsense"]')]
    with enrolled.begin() as connection:
        exchange.handle_batch(connection, "stua", Batch(EPOCH, EPOCH, 0, 2, raw), TODAY)
    with enrolled.begin() as connection:
        assert [len(part) for part in quarantine.retry(connection, TODAY)] == [0, 2]
        assert released(connection) == []

    with enrolled.begin() as connection:
        accepted, kept = quarantine.retry(connection, date(2026, 12, 1))

    assert [(each.terminal, each.payload) for each in accepted] == [("Stua", wire.encode_table(early).decode())]
    assert [each.payload for each in kept] == ['["nonsense"]']
    with store.reading(enrolled) as connection:
        assert [row.n for row in connection.execute(select(schema.released))] == [10]
        assert [each.payload for each in quarantine.listing(connection)] == ['["nonsense"]']


def test_a_future_period_is_taken_in_while_the_clock_is_not_known_right(enrolled: Engine) -> None:
    later = Table("visit", Slice.TOTAL, "2029-12", {"counted": (1, 0, 0, 0)})
    with enrolled.begin() as connection:
        exchange.handle_batch(connection, "stua", batch_of([later], (0, 1), 1), None)
        assert len(released(connection)) == 1
