"""Blocks are formed when it is quiet, once for all totals that came, and not too late where it never is."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine, func, select

from dashboard import forming, schema, store
from dashboard.forming import Forming
from ratings.table import Slice, Table

EPOCH = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def waiting(database: Engine) -> Forming:
    """Totals of three months of one terminal have come, each that could be a block."""
    with database.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo")
    ready = Forming(database, 10, lambda: date(2026, 11, 23))
    for month in (1, 2, 3):
        with database.begin() as connection:
            total = Table("visit", Slice.TOTAL, f"2026-0{month}", {"counted": (20, 0, 0, 0)})
            store.merge(connection, "stua", EPOCH, [total], month)
        ready.heard("stua", {"visit"})
    return ready


def blocks(engine: Engine) -> int:
    with store.reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(schema.block)) or 0


def test_blocks_wait_for_quiet_and_are_formed_once(
    waiting: Forming, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forming, "QUIET_SECONDS", 3600.0)
    monkeypatch.setattr(forming, "LONGEST_SECONDS", 7200.0)
    assert 0 < (waiting.seconds() or 0) <= 3600
    monkeypatch.setattr(forming, "QUIET_SECONDS", 0.0)
    assert waiting.seconds() == 0
    waiting.form()
    assert waiting.seconds() is None, "all three at once"
    assert blocks(database) == 3


def test_the_terminals_of_a_site_are_formed_together_and_other_sites_by_themselves(
    waiting: Forming, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.begin() as connection:
        store.add_terminal(connection, "Kjeller", "Pro Sentret", "Europe/Oslo")
        store.add_terminal(connection, "Loft", "Loftet", "Europe/Oslo")
    for terminal in ("kjeller", "loft"):
        waiting.heard(terminal, {"visit"})
    monkeypatch.setattr(forming, "QUIET_SECONDS", 0.0)
    rounds = 0
    while waiting.seconds() == 0:
        waiting.form()
        rounds += 1
    assert rounds == 2


def test_where_it_is_never_quiet_blocks_are_formed_all_the_same(
    waiting: Forming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forming, "QUIET_SECONDS", 3600.0)
    monkeypatch.setattr(forming, "LONGEST_SECONDS", 0.0)
    waiting.heard("stua", {"visit"})
    assert waiting.seconds() == 0


def test_tables_without_a_total_give_no_occasion(database: Engine) -> None:
    idle = Forming(database, 10, lambda: date(2026, 11, 23))
    idle.heard("stua", set())
    assert idle.seconds() is None


def test_blocks_are_formed_by_the_threshold_that_is_set(waiting: Forming, database: Engine) -> None:
    """Three months of twenty: by a threshold of thirty, the first two are one block, and the third waits."""
    higher = Forming(database, 30, lambda: date(2026, 11, 23))
    higher.heard("stua", {"visit"})
    higher.form()
    assert blocks(database) == 1
