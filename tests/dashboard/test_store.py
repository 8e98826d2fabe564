"""Opening, enrolling and merging; and each trouble with a database is one clear error that says what to do."""

from __future__ import annotations

import random
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.exc import IntegrityError

from dashboard import schema, store
from dashboard.store import StoreError
from dashboard.trouble import first_line, forget_details
from ratings.scale import Counts
from ratings.table import Slice, Table

if TYPE_CHECKING:
    from tests.conftest import Postgres

EPOCH = "11111111-1111-4111-8111-111111111111"


def total(counts: Counts, month: str = "2020-09", repeat: Counts | None = None) -> Table:
    cells = {"counted": counts} if repeat is None else {"counted": counts, "repeat": repeat}
    return Table("visit", Slice.TOTAL, month, cells)


@pytest.fixture
def connection(database: Engine) -> Iterator[Connection]:
    with database.begin() as connection:
        yield connection


def add_one(url: str) -> None:
    engine = store.open_engine(url)
    try:
        with engine.begin() as connection:
            store.merge(connection, "stua", EPOCH, [total((1, 0, 0, 0))], 2)
    finally:
        engine.dispose()


def rows(connection: Connection) -> list[tuple[str, int, int]]:
    found = connection.execute(
        select(schema.released.c.cells, schema.released.c.n, schema.released.c.revision).order_by(
            schema.released.c.question, schema.released.c.slice, schema.released.c.period
        )
    )
    return [(row.cells, row.n, row.revision) for row in found]


def test_a_table_is_kept_with_its_days_its_keys_in_order_and_repeats_in_no_count(connection: Connection) -> None:
    store.merge(connection, "stua", EPOCH, [total((1, 2, 3, 4), repeat=(9, 0, 0, 0))], 7)

    row = connection.execute(select(schema.released)).one()
    assert (str(row.first_day), str(row.last_day), row.revision) == ("2020-09-01", "2020-09-30", 7)
    assert row.cells == '{"counted":[1,2,3,4],"repeat":[9,0,0,0]}'
    assert (row.n, row.very_unhappy, row.unhappy, row.happy, row.very_happy) == (19, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("first", "second", "wins"),
    [
        (((5, 0, 0, 0), 1), ((6, 0, 0, 0), 1), 1),
        (((5, 0, 0, 0), 9), ((6, 0, 0, 0), 1), 1),
        (((5, 0, 0, 0), 1), ((4, 0, 0, 0), 9), 0),
        (((5, 0, 0, 0), 1), ((0, 5, 0, 0), 2), 1),
        (((5, 0, 0, 0), 2), ((0, 5, 0, 0), 1), 0),
    ],
)
def test_the_table_with_more_ratings_is_kept_at_a_tie_the_later_revision(
    connection: Connection, first: tuple[Counts, int], second: tuple[Counts, int], wins: int
) -> None:
    for counts, revision in (first, second):
        store.merge(connection, "stua", EPOCH, [total(counts)], revision)

    counts, revision = (first, second)[wins]
    assert rows(connection) == [(f'{{"counted":{list(counts)}}}'.replace(" ", ""), sum(counts), revision)]


def test_within_one_call_the_later_of_two_equals_is_kept(connection: Connection) -> None:
    tables = [total((1, 0, 0, 0)), total((3, 0, 0, 0)), total((0, 3, 0, 0)), total((0, 0, 2, 0))]

    store.merge(connection, "stua", EPOCH, tables, 1)

    assert rows(connection) == [('{"counted":[0,3,0,0]}', 3, 1)]


def test_merging_in_any_order_any_number_of_times_ends_in_the_same_rows(database: Engine) -> None:
    chance = random.Random(5)
    calls = [
        ([total((a, b, 0, 0), f"2020-0{month}") for month in (1, 2, 3)], revision)
        for a in range(3)
        for b in range(3)
        for revision in (1, 2)
    ]
    ends = set()
    for _ in range(5):
        chance.shuffle(calls)
        with database.begin() as connection:
            store.delete_epoch(connection, "stua", EPOCH)
            for tables, revision in [*calls, *calls[:7]]:
                store.merge(connection, "stua", EPOCH, tables, revision)
            ends.add(str(rows(connection)))
    assert len(ends) == 1


def test_terminals_epochs_and_questions_do_not_touch_each_other(connection: Connection) -> None:
    other = EPOCH.replace("1111-", "2222-")
    for terminal, epoch in (("a", EPOCH), ("b", EPOCH), ("a", other)):
        store.merge(connection, terminal, epoch, [total((1, 0, 0, 0))], 1)

    store.delete_epoch(connection, "a", EPOCH)

    found = connection.execute(select(schema.released.c.terminal_id, schema.released.c.epoch)).all()
    assert sorted(tuple(row) for row in found) == [("a", other), ("b", EPOCH)]


def test_the_database_itself_refuses_negative_counts(database: Engine) -> None:
    with pytest.raises(IntegrityError) as caught, database.begin() as connection:
        store.merge(connection, "stua", EPOCH, [total((-1, 0, 0, 77_341))], 1)
    said = "".join(traceback.format_exception(caught.value))
    assert "INSERT INTO released" in said
    assert "77341" not in said, "errors may be logged, counts may not"
    assert '"counted"' not in first_line(caught.value)


def test_of_what_a_server_says_of_a_bug_the_row_is_left_out() -> None:
    error = ValueError("a row breaks a rule\nDETAIL: Failing row contains (77341).")
    forget_details(error, None, ValueError())
    assert str(error) == "a row breaks a rule"


def test_a_terminal_gets_an_id_that_people_recognise_and_its_site(connection: Connection) -> None:
    add = store.add_terminal

    assert add(connection, "Stua Øst", "Pro Sentret", "Europe/Oslo") == "stua-ost"
    assert add(connection, "stua øst", "Pro Sentret", "Europe/Oslo") == "stua-ost-2"
    assert add(connection, "ห้อง", "Another", "Asia/Bangkok", simulated=True) == "terminal"
    assert add(connection, "Four", "Another", "UTC", terminal_id="no-4") == "no-4"
    assert connection.scalars(select(schema.site.c.name).order_by(schema.site.c.id)).all() == ["Pro Sentret", "Another"]
    assert connection.scalars(select(schema.terminal.c.id).where(schema.terminal.c.simulated)).all() == ["terminal"]


@pytest.mark.parametrize(
    ("name", "site", "zone", "terminal_id", "says"),
    [
        ("", "Site", "UTC", None, "name '' is not allowed; allowed: 1 to 200"),
        ("Stua", "x" * 201, "UTC", None, "site's name"),
        ("Two\nlines", "Site", "UTC", None, "in one line"),
        ("Stua", "Site", "Mars/Olympus", None, "such as Europe/Oslo"),
        ("Stua", "Site", "UTC", "A/B", "allowed: a–z, 0–9 and hyphens"),
        ("Taken", "Site", "UTC", None, "already a terminal called 'Taken'; choose another"),
        ("Stua", "Site", "UTC", "taken", "is taken by 'Taken'"),
    ],
)
def test_what_cannot_be_enrolled_is_said(
    connection: Connection, name: str, site: str, zone: str, terminal_id: str | None, says: str
) -> None:
    store.add_terminal(connection, "Taken", "Site", "UTC")

    with pytest.raises(StoreError, match=says):
        store.add_terminal(connection, name, site, zone, terminal_id=terminal_id)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "URL cannot be read; allowed: sqlite:"),
        ("mysql://u:secret@h/d", "'mysql' is not known; allowed: sqlite:"),
        ("sqlite:////no/such/folder/fjes.db", "/no/such/folder does not exist; make it"),
    ],
)
def test_an_url_that_cannot_be_used_is_said(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        store.open_engine(url)
    assert "secret" not in str(caught.value)


def test_sqlite_is_safe_against_a_cut_of_power_and_lets_readers_in(sqlite_url: str) -> None:
    engine = store.open_engine(sqlite_url)
    with engine.begin() as writing, store.reading(engine) as reading:
        pragmas = {name: writing.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")}
        assert pragmas == {"journal_mode": "wal", "synchronous": 2}
        assert writing.scalar(text("PRAGMA foreign_keys")) == 1
        store.add_terminal(writing, "Stua", "Site", "UTC")
        assert reading.execute(select(schema.terminal)).all() == []
    engine.dispose()


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "fjes.db").write_bytes(b"Something else altogether.\n" * 200)

    with pytest.raises(StoreError, match=r"fjes\.db is not a database, or is damaged; set the file aside"):
        store.open_engine(f"sqlite:///{tmp_path / 'fjes.db'}")


def test_a_database_with_damaged_pages_is_said(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    engine = store.open_engine(sqlite_url)
    with engine.begin() as connection:
        for year in range(2000, 2024):
            tables = [total((month, 0, 0, 0), f"{year}-{month:02}") for month in range(1, 13)]
            store.merge(connection, "stua", EPOCH, tables, 1)
    engine.dispose()
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = plain.execute("PRAGMA page_size").fetchone()[0]
    content = path.read_bytes()
    path.write_bytes(content[: 2 * size] + b"\xa5" * (len(content) - 2 * size))

    with pytest.raises(StoreError, match="is damaged; set the file aside and restore a backup"):
        add_one(sqlite_url)


def test_a_locked_sqlite_is_said(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "WAIT_SECONDS", 0.1)
    first, second = store.open_engine(sqlite_url), store.open_engine(sqlite_url)

    with first.begin(), pytest.raises(StoreError, match="is locked by another process for too long"), second.begin():
        pass

    with second.begin() as connection:
        store.add_terminal(connection, "Stua", "Site", "UTC")
    first.dispose()
    second.dispose()


def test_a_locked_postgresql_is_said(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store.open_engine(postgres_url)
    impatient = store.open_engine(f"{postgres_url}?options=-c%20lock_timeout=100ms")

    with first.begin() as holding:
        holding.execute(text("LOCK TABLE released"))
        with (
            pytest.raises(StoreError, match="is locked by another process for too long"),
            impatient.begin() as connection,
        ):
            store.merge(connection, "stua", EPOCH, [total((1, 0, 0, 0))], 1)
    first.dispose()
    impatient.dispose()


def test_a_full_disk_is_said_and_loses_nothing_that_was_there(sqlite_url: str) -> None:
    engine = store.open_engine(sqlite_url)

    @event.listens_for(engine, "connect")
    def small_disk(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 60")

    engine.pool.dispose()
    engine.pool = engine.pool.recreate()
    with engine.begin() as connection:
        store.merge(connection, "stua", EPOCH, [total((1, 0, 0, 0))], 1)

    months = [f"{year}-{month:02}" for year in range(1900, 2100) for month in range(1, 13)]
    with pytest.raises(StoreError, match="is full: no room on the disk; make room"), engine.begin() as connection:
        store.merge(connection, "stua", EPOCH, [total((1, 0, 0, 0), month) for month in months], 1)

    with store.reading(engine) as connection:
        assert rows(connection) == [('{"counted":[1,0,0,0]}', 1, 1)]
    engine.dispose()


def test_a_postgresql_that_does_not_answer_is_said(free_port: int) -> None:
    with pytest.raises(StoreError, match="cannot be reached; check that PostgreSQL runs") as caught:
        store.open_engine(f"postgresql://fjes:secret@127.0.0.1:{free_port}/fjes")
    assert "secret" not in str(caught.value)


def test_a_wrong_password_for_postgresql_is_said(postgres: Postgres) -> None:
    with pytest.raises(StoreError, match="refuses the user or the password"):
        store.open_engine(f"postgresql://{postgres.USER}:wrong@127.0.0.1:{postgres.port}/postgres")


def test_a_database_that_postgresql_does_not_have_is_said(postgres: Postgres) -> None:
    with pytest.raises(StoreError, match="does not exist on that server; make it with createdb"):
        store.open_engine(postgres.url("nothing_here"))


def test_a_postgresql_that_goes_away_is_said_and_used_again_when_it_is_back(
    postgres: Postgres, postgres_url: str
) -> None:
    engine = store.open_engine(postgres_url)
    postgres.stop()
    try:
        with pytest.raises(StoreError, match=r"start PostgreSQL|check that PostgreSQL runs"), engine.begin():
            pass
    finally:
        postgres.start()

    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Site", "UTC")
    engine.dispose()


def test_a_postgresql_made_without_a_locale_serves_as_well(postgres: Postgres) -> None:
    postgres._sql("CREATE DATABASE no_locale ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    try:
        engine = store.open_engine(postgres.url("no_locale"))
        store.upgrade(engine)
        with engine.begin() as connection:
            store.add_terminal(connection, "Stua på Bjølsen", "Sjøholmen", "Europe/Oslo")
        with store.reading(engine) as connection:
            assert list(connection.scalars(select(schema.terminal.c.name))) == ["Stua på Bjølsen"]
        engine.dispose()
    finally:
        postgres._sql("DROP DATABASE no_locale WITH (FORCE)")
