"""One at a time: of several processes on one database, one sends mail. Whoever is killed holds up nobody.

On PostgreSQL by a lock that its server holds as long as the connection is there; on SQLite, whose processes are all on
one machine, by a lock on a file beside the database.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from dashboard import files
from dashboard.trouble import StoreError

_NUMBER = 6464
"""Ours among PostgreSQL's advisory locks; DO NOT change: processes of two versions must not both send."""


@contextmanager
def alone(engine: Engine) -> Iterator[Callable[[], None] | None]:
    """Gives None where another one sends now. Else a call that raises StoreError once that cannot be known any more.

    Raises StoreError.
    """
    if engine.dialect.name == "sqlite":
        path = engine.url.database
        try:
            files.share(Path(f"{path}.mail"))
            handle = os.open(f"{path}.mail", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"{path}.mail cannot be opened ({error.strerror}); let the user who runs Fjes write it and its folder"
            ) from None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield lambda: None
        finally:
            os.close(handle)
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # A machine that lost its power says no goodbye: its lock is to end within minutes.
        for setting, seconds in (("idle", 60), ("interval", 10), ("count", 3)):
            connection.exec_driver_sql(f"SET tcp_keepalives_{setting} = {seconds}")
        if not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_NUMBER})").scalar():
            yield None
            return
        try:
            yield lambda: connection.exec_driver_sql("SELECT 1").close()
        finally:
            # Not back to the pool: closed, and the lock with it, whatever became of the connection.
            connection.detach()
