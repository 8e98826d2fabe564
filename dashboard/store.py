"""The way into the dashboard's database: opening it, its migrations, and what is written to it.

SQLite or PostgreSQL, alike for everything above. A trouble that people can do something about (unreachable, locked,
damaged, full) is a `StoreError` wherever it strikes. Knows nothing of MQTT, pages or percentages, and never reads
counts for people: that is `dashboard/disclosure.py`.

On SQLite `engine.begin()` and `engine.connect()` take the write lock at once, so that whoever reads and then writes
is never refused half-way. Whoever only reads uses `reading(engine)`, which waits for nobody and holds up nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    case,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from dashboard import files, names, schema, trouble, versions
from dashboard.naming import plain
from dashboard.saying import say
from dashboard.trouble import NotAllowed, StoreError
from ratings.table import Epoch, Table, is_name

__all__ = [
    "StoreError",
    "add_terminal",
    "delete_epoch",
    "is_current",
    "merge",
    "note_change",
    "note_change_of_site",
    "open_engine",
    "reading",
    "upgrade",
]

WAIT_SECONDS = 10
"""How long a statement waits for a lock that somebody else holds, and a connection for a server."""

_READING = "fjes_reading"


def open_engine(url: str) -> Engine:
    """Open a database by its URL and see that it answers. Raises StoreError.

    `sqlite:////path/fjes.db` (the folder must be there, the file is made) or `postgresql://user:password@host/name`.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(f"the database URL cannot be read; {trouble.ALLOWED}") from None
    shown = parsed.render_as_string(hide_password=True)
    match parsed.get_backend_name():
        case "sqlite":
            folder = Path(parsed.database or ".").parent
            if not parsed.query and not folder.is_dir():
                raise StoreError(f"{shown}: the folder {folder} does not exist; make it, or name another database")
            if parsed.database and parsed.database != ":memory:" and not parsed.query:
                # Services of several users share it; SQLite would make it for one.
                with suppress(OSError):  # Said below, when it is opened.
                    files.share(Path(parsed.database))
            parsed = parsed.set(drivername="sqlite")
            arguments: dict[str, Any] = {"timeout": WAIT_SECONDS}
        case "postgresql" | "postgres":
            # A bare `postgresql:` means another driver to older SQLAlchemy; `postgres:` is what hosts hand out.
            parsed = parsed.set(drivername="postgresql+psycopg")
            # A server made without a locale keeps bytes as they come (SQL_ASCII): ours are always UTF-8.
            arguments = {"connect_timeout": WAIT_SECONDS, "client_encoding": "utf8"}
            if "options" not in parsed.query:
                arguments["options"] = f"-c lock_timeout={WAIT_SECONDS}s -c timezone=UTC"
        case other:
            raise StoreError(f"the database {other!r} is not known; {trouble.ALLOWED}")
    try:
        engine = create_engine(
            parsed,
            connect_args=arguments,
            # Errors may be logged, counts may not.
            hide_parameters=True,
            pool_pre_ping=parsed.get_backend_name() != "sqlite",
        )
    except (NoSuchModuleError, SQLAlchemyError) as error:
        raise StoreError(f"{shown}: {error}; {trouble.ALLOWED}") from None

    @event.listens_for(engine, "handle_error", retval=True)
    def plain_words(context: ExceptionContext) -> BaseException | None:
        explained = trouble.explain(context.original_exception, shown)
        if explained is None:
            trouble.forget_details(context.original_exception, context.sqlalchemy_exception)
        return explained

    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with reading(engine) as connection:
            if engine.dialect.name == "sqlite":
                # Reads the first page and the list of tables: a file that is no database is found out now.
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
    except BaseException:
        engine.dispose()
        raise
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Python's own idea of when a transaction begins leaves out DDL and SELECT; we begin them ourselves, below.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads, all from one state of the database."""
    with engine.connect() as connection:
        options: dict[str, Any] = {_READING: True}
        if engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        yield connection.execution_options(**options)


def is_current(connection: Connection) -> bool:
    """Whether the database has all tables of this version."""
    return schema.metadata.tables.keys() <= set(inspect(connection).get_table_names())


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the database to the tables of this version, from empty or from any earlier one. Raises StoreError.

    `to`: only as far as an older version.
    All or nothing, on both databases; two processes that start at once do it one after the other.
    """
    from alembic import command, util

    settings = versions.settings()
    shown = engine.url.render_as_string(hide_password=True)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(6463)")
            settings.attributes["connection"] = connection
            command.upgrade(settings, to)
    except util.CommandError as error:
        raise StoreError(
            f"{shown}: its tables are of a version that this Fjes does not know ({error}); "
            "update Fjes, or name another database"
        ) from None
    except SQLAlchemyError as error:
        raise StoreError(
            f"{shown}: its tables could not be brought up to date: {trouble.first_line(error)}; nothing was changed. "
            "Give Fjes a database of its own, and a user who may make tables in it"
        ) from error


def add_terminal(
    connection: Connection,
    name: str,
    site: str,
    timezone: str,
    *,
    terminal_id: str | None = None,
    simulated: bool = False,
) -> str:
    """Enrol a terminal; its site is made if new. Returns its id, made from the name if none is given.

    Raises StoreError where the name or id is taken, or one of them is not allowed.
    """
    name, site = name.strip(), site.strip()
    names.check_terminal(connection, name)
    names.check_site(site)
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotAllowed(
            say("the time zone %(zone)s is not known; allowed: a name such as Europe/Oslo"), zone=repr(timezone[:80])
        ) from None
    taken = {row.id: row.name for row in connection.execute(select(schema.terminal.c.id, schema.terminal.c.name))}
    if terminal_id is not None and not is_name(terminal_id):
        raise NotAllowed(
            say("the id %(id)s is not allowed; allowed: a–z, 0–9 and hyphens, at most 64"), id=repr(terminal_id[:80])
        )
    if terminal_id in taken:
        raise NotAllowed(
            say("the id %(id)s is taken by %(name)s; choose another"),
            is_taken=True,
            id=repr(terminal_id),
            name=repr(taken[terminal_id]),
        )
    chosen = terminal_id or _free_id(name, taken)
    site_id = names.site(connection, site)
    connection.execute(
        insert(schema.terminal).values(
            id=chosen, name=name, site_id=site_id, timezone=timezone, release="closed", simulated=simulated
        )
    )
    return chosen


def _free_id(name: str, taken: dict[str, str]) -> str:
    """An id that people recognise: `Stua Øst` becomes `stua-ost`, a second one `stua-ost-2`."""
    slug = plain(name, 56) or "terminal"
    number, candidate = 1, slug
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate


def merge(connection: Connection, terminal_id: str, epoch: Epoch | str, tables: Sequence[Table], revision: int) -> None:
    """Put tables in, each where the database has none of its kind with as many ratings or more.

    At a tie the higher `revision` wins (the `upto` of the batch that brought the table); should that tie too, the
    text of the cells decides: so any order and repetition of calls ends in the same rows. Where one call brings a
    table twice, the one with more ratings counts, at a tie the later.
    """
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for table in tables:
        key = (table.question, str(table.slice), table.period)
        n = table.n
        if key in rows and rows[key]["n"] > n:
            continue
        days, counted = table.days, table.counted
        rows[key] = {
            "terminal_id": terminal_id,
            "epoch": epoch,
            "question": table.question,
            "slice": str(table.slice),
            "period": table.period,
            "first_day": days.first,
            "last_day": days.last,
            "revision": revision,
            "cells": msgspec.json.encode({each: table.cells[each] for each in sorted(table.cells)}).decode(),
            "n": n,
            "very_unhappy": counted[0],
            "unhappy": counted[1],
            "happy": counted[2],
            "very_happy": counted[3],
        }
    if rows:
        # In one order everywhere: two that write at once wait for each other, instead of each for the other.
        connection.execute(_UPSERT[connection.dialect.name], [rows[key] for key in sorted(rows)])
        note_change(connection, terminal_id, max(row["last_day"] for row in rows.values()))


def _upsert(statement: sqlite.Insert | postgresql.Insert) -> Any:
    new, old = statement.excluded, schema.released.c
    as_many, as_new = new.n == old.n, new.revision == old.revision
    return statement.on_conflict_do_update(
        index_elements=list(schema.released.primary_key.columns),
        set_={each.name: new[each.name] for each in schema.released.columns if not each.primary_key},
        where=or_(
            new.n > old.n,
            as_many & (new.revision > old.revision),
            as_many & as_new & (new.cells > old.cells),
        ),
    )


_UPSERT = {
    "sqlite": _upsert(sqlite.insert(schema.released)),
    "postgresql": _upsert(postgresql.insert(schema.released)),
}


def delete_epoch(connection: Connection, terminal_id: str, epoch: Epoch | str) -> None:
    """Take out all that one epoch brought, and that it was ever there. For imports that are replaced."""
    for table in (schema.released, schema.refused, schema.imported, schema.epoch):
        connection.execute(delete(table).where(table.c.terminal_id == terminal_id, table.c.epoch == str(epoch)))
    note_change(connection, terminal_id)


def note_change(connection: Connection, terminal_id: str, last_day: date = date.min) -> None:
    """Count that something of a terminal's site has changed: whoever writes what pages are made of has to say so.

    `last_day`: the last one that what came is about.
    """
    here = select(schema.terminal.c.site_id).where(schema.terminal.c.id == terminal_id)
    connection.execute(_counted(connection, schema.site.c.id.in_(here), last_day))


def note_change_of_site(connection: Connection, site_id: int) -> None:
    """The same of a site as a whole."""
    connection.execute(_counted(connection, schema.site.c.id == site_id, date.min))


def _counted(connection: Connection, where: ColumnElement[bool], last_day: date) -> Any:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    sites = select(schema.site.c.id, literal(1), literal(last_day)).where(where)
    new, old = dialect.insert(schema.change).from_select(["site_id", "number", "last_day"], sites), schema.change.c
    later = case((new.excluded.last_day > old.last_day, new.excluded.last_day), else_=old.last_day)
    return new.on_conflict_do_update(index_elements=["site_id"], set_={"number": old.number + 1, "last_day": later})
