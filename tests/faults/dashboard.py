"""A simulated dashboard: the real exchange and store on SQLite, with crashes, losses and backups of its database."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, select

from dashboard import exchange, schema, store
from ratings import wire
from ratings.wire import Batch, Status
from tests.faults.device import Message
from tests.faults.disk import Disk
from tests.faults.model import Figures, Tables

EVER = date(2090, 1, 1)


def template(folder: Path, terminals: list[tuple[str, str]]) -> Path:
    """A database with these terminals (id and time zone) enrolled, to be copied."""
    path = folder / "template.db"
    engine = store.open_engine(f"sqlite:///{path}")
    store.upgrade(engine)
    with engine.begin() as connection:
        for terminal, zone in terminals:
            store.add_terminal(connection, terminal.capitalize(), "Pro Sentret", zone, terminal_id=terminal)
    engine.dispose()
    return path


class Dashboard:
    """One dashboard, whose database may be lost, and come back as an old copy."""

    def __init__(self, folder: Path, made: Path, disk: Disk, figures: Figures) -> None:
        self.seen = Tables()
        self._folder = folder
        self._template = made
        self._disk = disk
        self._figures = figures
        self._backup: tuple[Path, Tables] | None = None
        self._path = folder / "fjes.db"
        shutil.copyfile(made, self._path)
        self._engine = self._open()

    def _open(self) -> Engine:
        return store.open_engine(f"sqlite:///{self._path}")

    def take_in(self, terminal: str, message: Message, now: datetime, cut: int | None) -> bytes | None:
        """What ingest does with a message; the answer, None where ingest was cut off (before which write, is `cut`)."""
        cut_off = False

        def go() -> None:
            nonlocal cut_off
            cut_off = True
            self._copy_to(self._folder / "left")

        if cut is None:
            answer = self._handle(terminal, message, now)
        else:
            with self._disk.calling(go, cut):
                answer = self._handle(terminal, message, now)
        if cut_off:
            self._figures.cut += 1
            self._put(self._folder / "left")
            if not self._holds(terminal, message):
                return None
        self._remember(message)
        return None if cut_off else answer

    def _handle(self, terminal: str, message: Message, now: datetime) -> bytes:
        with self._engine.begin() as connection:
            if b'"state"' in message.payload:
                ack = exchange.handle_status(connection, terminal, wire.decode(message.payload, Status), now)
            else:
                ack = exchange.handle_batch(connection, terminal, wire.decode(message.payload, Batch), EVER)
        return wire.encode(ack)

    def _remember(self, message: Message) -> None:
        for where, taps in message.tables:
            self.seen.merge(where, taps)

    def _holds(self, terminal: str, message: Message) -> bool:
        """Whether a batch is in the database after all: it is there as a whole, or not at all."""
        if not message.tables:
            return False
        batch = wire.decode(message.payload, Batch)
        there = {
            (row.question, row.slice, row.period): row.n
            for row in self.rows()
            if row.terminal_id == terminal and row.epoch == batch.epoch
        }
        tables = [wire.decode_table(raw) for raw in batch.tables]
        found = [there.get((t.question, t.slice, t.period), -1) >= t.n for t in tables]
        return all(found)

    def restart(self) -> None:
        """Ingest's process ends, and starts again."""
        self._engine.dispose()
        self._engine = self._open()

    def back_up(self) -> None:
        """Keep a copy."""
        self._copy_to(self._folder / "backup")
        self._backup = (self._folder / "backup", self.seen.copy())

    def lose(self) -> None:
        """The database is gone; a new one is made, and the terminals are enrolled again."""
        self._engine.dispose()
        self._remove()
        shutil.copyfile(self._template, self._path)
        self.seen = Tables()
        self._engine = self._open()

    def restore(self) -> bool:
        """Go back to the copy; False where there is none."""
        if self._backup is None:
            return False
        path, seen = self._backup
        self._put(path)
        self.seen = seen.copy()
        return True

    def rows(self) -> list[Row[Any]]:
        """All tables that are in the database."""
        with store.reading(self._engine) as connection:
            return list(connection.execute(select(schema.released)).all())

    def refused(self) -> int:
        """How many tables are in quarantine."""
        with store.reading(self._engine) as connection:
            return len(connection.execute(select(schema.refused.c.id)).all())

    def close(self) -> None:
        """Switch off."""
        self._engine.dispose()

    def _copy_to(self, folder: Path) -> None:
        """The files as they are at this instant: the database and its log."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in ("fjes.db", "fjes.db-wal"):
            if (self._folder / name).exists():
                shutil.copyfile(self._folder / name, folder / name)

    def _put(self, folder: Path) -> None:
        self._engine.dispose()
        self._remove()
        for file in folder.iterdir():
            shutil.copyfile(file, self._folder / file.name)
        self._engine = self._open()

    def _remove(self) -> None:
        for name in ("fjes.db", "fjes.db-wal", "fjes.db-shm"):
            (self._folder / name).unlink(missing_ok=True)
