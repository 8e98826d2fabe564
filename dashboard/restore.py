"""A backup is put back: it is read to its end and found whole, and then takes the place of all that is there, at once.

Whatever interrupts it, the database is as it was, or as the backup was. One of an older version is brought up to date
on the way.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Engine, MetaData, Table, delete, func, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from dashboard import schema, store, trouble, versions
from dashboard.backup import FORMAT, MANIFEST, ROWS_AT_ONCE, BackupError, Manifest, member_of

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of a row: a line beyond that is no row of ours."""

Row = dict[str, Any]


def is_empty(connection: Connection) -> bool:
    """Whether a database holds nothing that a backup would replace."""
    return not any(connection.execute(select(table).limit(1)).first() for table in schema.metadata.sorted_tables)


def check(path: Path) -> Manifest:
    """Read a backup to its end. Raises BackupError where it could not be put back."""
    with _opened(path) as archive:
        return _checked(archive, path)


def put_back(engine: Engine, path: Path) -> Manifest:
    """Put a backup in the place of all that a database holds, which is up to date. Raises BackupError and StoreError.

    Those who read or write meanwhile see all of the old, or all of the new.
    """
    with _opened(path) as archive:
        manifest = _checked(archive, path)
        try:
            with _as_of_now(archive, manifest, path) as rows_of, engine.begin() as connection:
                _replace(connection, rows_of)
        except (IntegrityError, DataError, StatementError) as error:
            raise _damaged(path, trouble.first_line(error)) from None
    return manifest


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except OSError as error:
        raise BackupError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise _damaged(path, str(error)) from None


def _damaged(path: Path, why: str) -> BackupError:
    return BackupError(f"{path}: is no backup, or a damaged one ({why}); nothing was changed. Take another one")


def _checked(archive: zipfile.ZipFile, path: Path) -> Manifest:
    """Read all of it once. Raises BackupError where anything is not as the manifest says."""
    try:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except KeyError:
        raise _damaged(path, f"it has no {MANIFEST}") from None
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise _damaged(path, f"{MANIFEST}: {error}") from None
    if manifest.format != FORMAT or manifest.version not in versions.known():
        raise BackupError(f"{path}: was made by a newer Fjes; update this one first. Nothing was changed")
    if {*archive.namelist()} != {MANIFEST, *map(member_of, manifest.tables)}:
        raise _damaged(path, "files are missing, or too many")
    for table, member in manifest.tables.items():
        digest, rows = hashlib.sha256(), 0
        for line in _lines(archive, table, path):
            digest.update(line)
            rows += 1
        if (rows, digest.hexdigest()) != (member.rows, member.sha256):
            raise _damaged(path, f"{member_of(table)} is not what was written")
    return manifest


def _lines(archive: zipfile.ZipFile, table: str, path: Path) -> Iterator[bytes]:
    with archive.open(member_of(table)) as file:
        while line := file.readline(LONGEST_LINE):
            if not line.endswith(b"\n"):
                raise _damaged(path, f"{member_of(table)} has a line without an end")
            yield line


RowsOf = Callable[[Table], Iterable[Row]]


@contextmanager
def _as_of_now(archive: zipfile.ZipFile, manifest: Manifest, path: Path) -> Iterator[RowsOf]:
    """The rows of each table of this version."""
    if manifest.version == versions.known()[0] and manifest.tables.keys() == schema.metadata.tables.keys():
        yield lambda table: _rows(archive, table, path)
        return
    with tempfile.TemporaryDirectory(prefix="fjes-restore-") as folder:
        old = store.open_engine(f"sqlite:///{folder}/old.db")
        try:
            store.upgrade(old, manifest.version)
            then = MetaData()
            then.reflect(old, only=lambda name, _: name != "alembic_version")
            if then.tables.keys() != manifest.tables.keys():
                raise _damaged(path, "its tables are not those of its version")
            # What a table is of has changed since; what it was of is the database's own word.
            with old.begin() as connection:
                connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
                for table in then.sorted_tables:
                    connection.execute(delete(table))
                    _put(connection, table, _rows(archive, table, path))
            store.upgrade(old)
            with store.reading(old) as connection:
                yield lambda table: (dict(row) for row in connection.execute(select(table)).mappings())
        finally:
            old.dispose()


def _rows(archive: zipfile.ZipFile, table: Table, path: Path) -> Iterator[Row]:
    for number, line in enumerate(_lines(archive, table.name, path), 1):
        try:
            values = json.loads(line)
            if values.keys() != {*table.columns.keys()}:
                raise ValueError("other columns")
            yield {name: _value(table.columns[name], value) for name, value in values.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise _damaged(path, f"{member_of(table.name)}, line {number}: {error}") from None


def _value(column: Column[Any], value: Any) -> Any:
    """What `backup.py` made plain, as the column wants it. Raises ValueError or TypeError."""
    if value is None:
        return None
    kind = column.type.python_type
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    if kind is bytes:
        return base64.b64decode(value, validate=True)
    if type(value) is not kind:
        raise TypeError(f"{column.name} is no {kind.__name__}")
    return value


def _replace(connection: Connection, rows_of: RowsOf) -> None:
    tables = schema.metadata.sorted_tables
    change = schema.change.c
    latest: int = connection.scalar(select(func.max(change.number))) or 0
    for table in reversed(tables):
        for column in _into_itself(table):
            connection.execute(update(table).values({column.name: None}))
        connection.execute(delete(table))
    for table in tables:
        _put(connection, table, rows_of(table))
    # A page that was made of what was there before is of no number that is there now.
    connection.execute(update(schema.change).values(number=change.number + latest + 1))
    # Whoever has signed out, or was put out, since the backup stays out.
    for table in (schema.session, schema.departure):
        connection.execute(delete(table))
    if connection.dialect.name == "postgresql":
        for table in tables:
            _count_on(connection, table)


def _put(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    within = [column.name for column in _into_itself(table)]
    pointing: list[tuple[Any, Row]] = []
    rest = iter(rows)
    while some := list(itertools.islice(rest, ROWS_AT_ONCE)):
        # A row that names another of its own table: that one may come later.
        pointing += [(row["id"], {name: row[name] for name in within}) for row in some if within]
        connection.execute(insert(table), [row | dict.fromkeys(within) for row in some])
    for number, values in pointing:
        connection.execute(update(table).where(table.c.id == number).values(values))


def _into_itself(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns for key in column.foreign_keys if key.column.table is table]


def _count_on(connection: Connection, table: Table) -> None:
    """The next number that PostgreSQL gives is beyond all that are there, and all that it ever gave."""
    column = table.autoincrement_column
    if column is None:
        return
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    if connection.scalar(select(sequence)) is None:
        return
    largest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
    connection.execute(select(func.setval(sequence, func.greatest(largest, func.nextval(sequence)), False)))
