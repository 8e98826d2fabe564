"""SQLite files on the card: opened so that their bytes do not tell in which order taps came.

Knows nothing of ratings. What is needed for that, measured with SQLite: fixed-width cells, `WITHOUT ROWID`, no
write-ahead log, `secure_delete`, and a journal that is kept, preallocated, and overwritten with zeros after use.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

JOURNAL_BYTES = 128 * 1024
"""The journal's length while idle: more than a tap needs, so that taps never change its size."""

BUSY_SECONDS = 2.0
"""How long a write waits for the courier's short read."""

LOCK = "kiosk.lock"

OWN, SHARED = 0o600, 0o640
"""Who may open a file of the card: the kiosk's user alone, or its group, the courier's, to read as well."""

_PAGE = 4096


class StoreError(Exception):
    """Ratings cannot be kept or read. The text says what is wrong, where, and what to do."""


@contextlib.contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(_explain(error, path)) from error
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror or error}. Check that the card is not full and that this user may write there."
        ) from error


def _explain(error: sqlite3.Error, path: Path) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    match primary:
        case sqlite3.SQLITE_FULL:
            return f"{path}: no space left. Free space on the card; ratings taken so far are safe."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{path}: locked by another program. Stop that program (a database browser?) and try again."
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return (
                f"{path}: damaged. Nothing was changed. Keep a copy of the folder for rescue, move the folder aside, "
                "and start again: a new store is made, and what the dashboard has already stays there."
            )
        case sqlite3.SQLITE_READONLY if code == sqlite3.SQLITE_READONLY_ROLLBACK:
            return f"{path}: left in the middle of a change, by a cut of power. The kiosk puts it right when it starts."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return f"{path}: may not be written. Check the owner of the file and that the card is not write-protected."
        case sqlite3.SQLITE_CANTOPEN:
            return f"{path}: cannot be opened. Check that the folder exists and that this user may open what is in it."
        case sqlite3.SQLITE_IOERR:
            return f"{path}: the card does not read or write ({error}). Replace it; copy the folder first if you can."
        case _:
            return f"{path}: {error}."


def journal_of(path: Path) -> Path:
    """SQLite's rollback journal of a database."""
    return path.with_name(path.name + "-journal")


def lock(folder: Path) -> int:
    """Take the store for this process alone; the descriptor keeps it until it is closed. Raises StoreError."""
    path = folder / LOCK
    with plain_errors(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise StoreError(
                f"{folder}: another kiosk is running on this store. Stop it first, or name another folder "
                "under [terminal] store in the configuration."
            ) from None
    return descriptor


def connect(path: Path) -> sqlite3.Connection:
    """Open or make a database that is nobody else's. Transactions are begun and ended by the caller."""
    _let_in(path, OWN)
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    try:
        connection.execute("PRAGMA temp_store=MEMORY")  # Nothing of ratings goes to /tmp.
        prepare(connection, "main")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def attach(connection: sqlite3.Connection, path: Path, name: str) -> None:
    """Attach a second database under `name`, which the courier may read."""
    _let_in(path, SHARED)
    connection.execute(f"ATTACH DATABASE ? AS {name}", (str(path),))
    prepare(connection, name)


def _let_in(path: Path, mode: int) -> None:
    """Make a database, and let in who may open it and its journal; SQLite makes journals as their databases are."""
    for each in (path, journal_of(path)):
        if each == path or each.exists():
            descriptor = os.open(each, os.O_RDWR | os.O_CREAT, mode)
            try:
                os.fchmod(descriptor, mode)  # Whatever the umask is, and whoever copied it here.
            finally:
                os.close(descriptor)


def prepare(connection: sqlite3.Connection, name: str) -> None:
    """Set what durability and history independence need. Reading the file finishes a recovery that is due."""
    connection.execute(f"PRAGMA {name}.page_size={_PAGE}")
    connection.execute(f"PRAGMA {name}.auto_vacuum=NONE")
    connection.execute(f"PRAGMA {name}.secure_delete=ON")
    connection.execute(f"PRAGMA {name}.synchronous=FULL")
    mode = connection.execute(f"PRAGMA {name}.journal_mode=PERSIST").fetchone()[0]
    if mode != "persist":
        raise sqlite3.OperationalError(f"journal mode is {mode}, not persist")
    fault = connection.execute(f"PRAGMA {name}.quick_check(1)").fetchone()[0]
    if fault != "ok":
        error = sqlite3.DatabaseError(fault)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def wipe_journal(path: Path) -> None:
    """Overwrite the journal of an idle database with zeros, to its preallocated length, down to the disk.

    The journal holds pages as they were before the last transaction: crossed with the database, they would tell
    the last tap. Call it between transactions only. (SQLite takes its locks on the database, not on the journal.)
    """
    descriptor = os.open(journal_of(path), os.O_RDWR | os.O_CREAT, OWN)
    try:
        length = os.fstat(descriptor).st_size
        if not length:
            # A journal that the courier may not look into keeps it from the database, too.
            os.fchmod(descriptor, path.stat().st_mode & 0o777)
        os.pwrite(descriptor, bytes(max(length, JOURNAL_BYTES)), 0)
        if length > JOURNAL_BYTES:
            os.ftruncate(descriptor, JOURNAL_BYTES)
        # Not fsync: it would have the time of this, and so of the tap, written to the card as well (mounted lazytime).
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and on the disk when it ends without an error."""
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
