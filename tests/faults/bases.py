"""Real databases for a dashboard, SQLite and PostgreSQL alike: made, lost, kept a copy of, and brought back."""

from __future__ import annotations

import contextlib
import shutil
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg

from dashboard import store
from tests.conftest import Postgres

TERMINAL = "stua"


class Base(Protocol):
    """One database. Nobody may be connected while it is lost, copied or restored."""

    url: str

    def lose(self) -> None:
        """It is gone; an empty one with the terminal enrolled takes its place."""
        ...

    def back_up(self) -> None:
        """Keep a copy."""
        ...

    def restore(self) -> None:
        """Go back to the copy, if there is one."""
        ...

    def remove(self) -> None:
        """It is not needed any more."""
        ...


def _enrol(url: str) -> None:
    engine = store.open_engine(url)
    store.upgrade(engine)
    with engine.begin() as connection:
        store.add_terminal(connection, "Stua", "Pro Sentret", "Europe/Oslo", terminal_id=TERMINAL)
    engine.dispose()


class SqliteBase:
    """A file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "fjes.db"
        self._copy = folder / "backup.db"
        self.url = f"sqlite:///{self._path}"
        self.lose()

    def lose(self) -> None:
        for name in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + name).unlink(missing_ok=True)
        _enrol(self.url)

    def back_up(self) -> None:
        # As an administrator does it: by SQLite's own means, the log included.
        import sqlite3

        with (
            contextlib.closing(sqlite3.connect(self._path)) as here,
            contextlib.closing(sqlite3.connect(self._copy)) as there,
        ):
            here.backup(there)

    def restore(self) -> None:
        if self._copy.exists():
            for name in ("-wal", "-shm"):
                self._path.with_name(self._path.name + name).unlink(missing_ok=True)
            shutil.copyfile(self._copy, self._path)

    def remove(self) -> None:
        """Its folder goes with the schedule."""


class PostgresBase:
    """A database of a cluster that several schedules use one after the other."""

    TEMPLATE = "faults_template"
    _number = count()

    def __init__(self, cluster: Postgres) -> None:
        self._cluster = cluster
        self._name = f"faults_{next(self._number)}"
        self._copy = f"{self._name}_backup"
        self._has_copy = False
        self.url = cluster.url(self._name)
        self._sql(f"CREATE DATABASE {self._name} TEMPLATE {self.TEMPLATE}")

    @classmethod
    def prepare(cls, cluster: Postgres) -> None:
        """Make what the databases are copied from; once for a cluster."""
        with contextlib.closing(psycopg.connect(cluster.url("postgres"), autocommit=True)) as connection:
            connection.execute(f"CREATE DATABASE {cls.TEMPLATE}".encode())
        _enrol(cluster.url(cls.TEMPLATE))

    def lose(self) -> None:
        self._sql(f"DROP DATABASE {self._name} WITH (FORCE)")
        self._sql(f"CREATE DATABASE {self._name} TEMPLATE {self.TEMPLATE}")

    def back_up(self) -> None:
        self._sql(f"DROP DATABASE IF EXISTS {self._copy} WITH (FORCE)")
        self._sql(f"CREATE DATABASE {self._copy} TEMPLATE {self._name}")
        self._has_copy = True

    def restore(self) -> None:
        if self._has_copy:
            self._sql(f"DROP DATABASE {self._name} WITH (FORCE)")
            self._sql(f"CREATE DATABASE {self._name} TEMPLATE {self._copy}")

    def remove(self) -> None:
        self._sql(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        self._sql(f"DROP DATABASE IF EXISTS {self._copy} WITH (FORCE)")

    def _sql(self, statement: str) -> None:
        with contextlib.closing(psycopg.connect(self._cluster.url("postgres"), autocommit=True)) as connection:
            connection.execute(statement.encode())
