"""The books balance at both ends: whatever is tapped and set, no fault is found; one number off, and it is.

The real ledger, release and outbox, and the real store; nothing between them but the tables.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

from dashboard import balance, schema, store
from ratings.config import Release
from ratings.scale import Score
from ratings.table import Revision, Slice, Table
from ratings.wire import decode_table
from terminal.ledger import Ledger
from terminal.outbox import Outbox

OSLO = ZoneInfo("Europe/Oslo")
BEGIN = datetime(2026, 1, 5, 9, tzinfo=OSLO)

# A card's life: taps, days that go by, settings that change.
steps = st.lists(
    st.one_of(
        st.tuples(st.just("tap"), st.integers(1, 9)),
        st.tuples(st.just("days"), st.integers(1, 45)),
        st.tuples(st.just("late"), st.integers(1, 80)),
        st.tuples(st.just("trend"), st.sampled_from(["week", "day", "none"])),
        st.tuples(st.sampled_from(["language", "hour", "reason"]), st.sampled_from(["month", "quarter", "year"])),
        st.tuples(st.just("reasons"), st.booleans()),
        st.tuples(st.just("question"), st.sampled_from(["visit", "stay"])),
    ),
    max_size=30,
)


@dataclass
class Card:
    """A card on which settings are changed as its file would be: the kiosk starts again."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    reasons: bool = True
    question: str = "visit"
    now: datetime = BEGIN

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.ledger = Ledger.open(
            self.folder, Release(**self.settings), OSLO, ["nb", "th"], ["waiting", "staff"] if self.reasons else []
        )
        self.ledger.release(self.now, self.question)

    def do(self, what: str, value: Any) -> None:
        match what:
            case "tap" | "late":
                moment = self.now - timedelta(days=value if what == "late" else 0)
                for number in range(value if what == "tap" else 1):
                    pending = self.ledger.record(self.question, Score(number % 4), "th" if number % 3 else None, moment)
                    if pending is not None and number % 2:
                        self.ledger.choose(pending, "staff")
                self.ledger.record(self.question, Score.HAPPY, "nb", moment, repeat=True)
            case "days":
                for days in [*[5] * (value // 5), value % 5]:
                    self.now += timedelta(days=days)
                    self.ledger.release(self.now, self.question)
            case "question":
                if self.question == "visit":  # At a month's start, and once: an id does not come back.
                    self.now = (self.now.replace(day=1) + timedelta(days=32)).replace(day=1)
                    self.question = value
                    self.ledger.release(self.now, value)
            case _:
                self.ledger.close()
                if what == "reasons":
                    self.reasons = value
                else:
                    self.settings[what] = value
                self.start()

    def tables(self) -> Iterator[tuple[str, Table]]:
        outbox = Outbox(self.folder)
        for epoch, _ in outbox.epochs():
            for _, encoded in outbox.pending(epoch, Revision(0)):
                yield epoch, decode_table(encoded)


def take_in(engine: Engine, card: Card) -> None:
    with engine.begin() as connection:
        for epoch, table in card.tables():
            store.merge(connection, "stua", epoch, [table], 1)


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where there is such a place: what a disk keeps is not what is tried here, and years go by."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        yield Path(name)


@pytest.fixture
def engine(sqlite_template: Path, folder: Path) -> Iterator[Engine]:
    shutil.copyfile(sqlite_template, folder / "fjes.db")
    opened = store.open_engine(f"sqlite:///{folder}/fjes.db")
    with opened.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", OSLO.key)
    yield opened
    opened.dispose()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.sampled_from(["closed", "live"]))
def test_whatever_is_tapped_and_set_no_fault_is_found(
    engine: Engine, folder: Path, todo: list[tuple[str, Any]], mode: str
) -> None:
    with engine.begin() as connection:
        connection.execute(schema.released.delete())
    shutil.rmtree(folder / "card", ignore_errors=True)
    card = Card(folder / "card", {"mode": mode})
    for what, value in [*todo, ("days", 45), ("days", 45)]:
        card.do(what, value)
        take_in(engine, card)
        with store.reading(engine) as connection:
            assert balance.imbalances(connection) == []
    card.ledger.close()


def year(folder: Path) -> Card:
    card = Card(folder)
    for _ in range(12):
        card.do("tap", 9)
        card.do("days", 10)
        card.do("tap", 9)
        card.do("days", 21)
    card.do("days", 60)
    card.ledger.close()
    return card


@pytest.mark.parametrize("slice_", [each for each in Slice if each is not Slice.TOTAL])
@pytest.mark.parametrize("by", [1, -1])
def test_one_rating_too_many_or_too_few_in_the_middle_is_found_where_it_is(
    engine: Engine, folder: Path, slice_: Slice, by: int
) -> None:
    take_in(engine, year(folder / "card"))
    row = schema.released.c
    with engine.begin() as connection:
        found = connection.execute(
            select(row.period, row.first_day).where(row.slice == slice_).order_by(row.first_day)
        ).all()
        period, first = found[len(found) // 2]
        where = (row.slice == slice_) & (row.period == period)
        values = {"happy": row.happy + by, "n": row.n + by}
        connection.execute(update(schema.released).where(where).values(**values))
    with store.reading(engine) as connection:
        (imbalance,) = balance.imbalances(connection)
        assert balance.imbalances(connection, ["hall"]) == []
        assert balance.imbalances(connection, ["stua"]) == [imbalance]
    assert (imbalance.terminal_id, imbalance.question, imbalance.slice) == ("stua", "visit", slice_)
    assert first in imbalance.days


def test_a_score_that_moved_is_found_though_the_sum_is_right(engine: Engine, folder: Path) -> None:
    take_in(engine, year(folder / "card"))
    row = schema.released.c
    with engine.begin() as connection:
        where = (row.slice == Slice.LANGUAGE) & (row.period == "2026-Q2")
        moved = {"happy": row.happy - 1, "unhappy": row.unhappy + 1}
        connection.execute(update(schema.released).where(where).values(**moved))
    with store.reading(engine) as connection:
        assert [each.slice for each in balance.imbalances(connection)] == [Slice.LANGUAGE]


def test_a_month_that_is_missing_is_found_in_all_that_was_counted_beside_it(engine: Engine, folder: Path) -> None:
    take_in(engine, year(folder / "card"))
    row = schema.released.c
    with engine.begin() as connection:
        where = (row.slice == Slice.TOTAL) & (row.period == "2026-05")
        connection.execute(schema.released.delete().where(where))
    with store.reading(engine) as connection:
        found = {each.slice for each in balance.imbalances(connection)}
    assert found == {Slice.LANGUAGE, Slice.HOUR, Slice.REASON}
