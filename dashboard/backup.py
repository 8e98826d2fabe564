"""A backup: all that the dashboard's database holds, in one file that goes back into either kind of database.

A zip file: `manifest.json`, and for each table a file of JSON lines, a row each. The manifest says of which version
the tables are, and what each file has to be, so that a damaged one is found before anything is replaced.
It holds counts exactly as they came: whoever has it has the database, and it is to be kept like that.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Table, select

from dashboard import schema, versions
from dashboard.store import reading

FORMAT = 1
MANIFEST = "manifest.json"
ROWS_AT_ONCE = 1000
NAMED = re.compile(r"fjes-\d{4}-\d\d-\d\dT\d{6}Z\.zip")


class BackupError(ValueError):
    """A backup that cannot be written or read; the text says which, why, and what to do."""


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file of a table has to be. `sha256`: of its lines, in hexadecimal."""

    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is in a backup. `version`: that of the tables, as the migrations are called."""

    format: int
    made: datetime
    version: str
    tables: dict[str, Member]

    @property
    def rows(self) -> int:
        """How many there are in all."""
        return sum(each.rows for each in self.tables.values())


def member_of(table: str) -> str:
    """What the file of a table is called."""
    return f"{table}.jsonl"


def name_at(moment: datetime) -> str:
    """What a backup of a moment (UTC) is called."""
    return f"fjes-{moment:%Y-%m-%dT%H%M%SZ}"


def write(engine: Engine, where: Path, moment: datetime | None = None) -> tuple[Path, Manifest]:
    """Write a backup of one state of a database to a new file, or to a new one in a folder. Raises BackupError.

    Returns where it is. Nobody has to stop meanwhile, and until it is whole it has another name.
    """
    moment = (moment or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    path = where / f"{name_at(moment)}.zip" if where.is_dir() else where
    if path.exists():
        raise BackupError(f"{path} is there already; name another file, or a folder")
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            try:
                if path.parent.stat().st_mode & stat.S_ISGID:
                    # Made so for a group that shares what is in there: the pages put back what the night has made.
                    os.fchmod(file.fileno(), 0o640)
                with reading(engine) as connection, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                    manifest = _fill(archive, connection, moment)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                part.unlink()
                raise
        os.replace(part, path)
    except OSError as error:
        raise BackupError(
            f"{path}: cannot be written ({error.strerror}); name a file in a folder that is there, has room, and that "
            "this user may write to"
        ) from None
    return path, manifest


def tidy(folder: Path, before: datetime) -> list[Path]:
    """Remove the backups of a folder that were made before a moment, by their names, but never the last. Returns them.

    What is called otherwise is left alone. Raises BackupError.
    """
    named = sorted(each for each in folder.glob("fjes-*.zip") if NAMED.fullmatch(each.name))
    old = [each for each in named[:-1] if each.name < f"{name_at(before.astimezone(UTC))}.zip"]
    for each in old:
        try:
            each.unlink()
        except OSError as error:
            raise BackupError(f"{each}: is too old, and cannot be removed ({error.strerror})") from None
    return old


def _fill(archive: zipfile.ZipFile, connection: Connection, moment: datetime) -> Manifest:
    members = {}
    for table in schema.metadata.sorted_tables:
        digest, rows = hashlib.sha256(), 0
        with archive.open(member_of(table.name), "w", force_zip64=True) as file:
            for line in _lines(connection, table):
                file.write(line)
                digest.update(line)
                rows += 1
        members[table.name] = Member(rows, digest.hexdigest())
    manifest = Manifest(FORMAT, moment, versions.of(connection), members)
    archive.writestr(MANIFEST, msgspec.json.encode(manifest))
    return manifest


def _lines(connection: Connection, table: Table) -> Iterator[bytes]:
    # In one order, so that the same database makes the same backup.
    statement = select(table).order_by(*table.primary_key.columns)
    for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(statement):
        values = {name: _plain(value) for name, value in row._mapping.items()}
        yield json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    """A value of a row as JSON has it; `restore.py` turns it back by the type of its column."""
    match value:
        case date():  # A datetime is one, too.
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value
