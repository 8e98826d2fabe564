"""The ledger, `open.db`: counters of periods still running. A tap adds one to a few of them, and leaves nothing else.

Knows no network and no window. Which cells a tap counts in is decided here; how they lie in the file is
`terminal/cells.py`'s, and what has closed moves to the outbox by `terminal/release.py`. All cells of a period are made
together, in order of their keys, before its first tap.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ratings import period as periods
from ratings.config import Release
from ratings.period import Grain, Period
from ratings.scale import MAX_COUNT, Score
from ratings.table import COUNTED, REPEAT, UNCHOSEN, UNKNOWN, Epoch, Slice, Table, all_hours, hour_key
from terminal import outbox, release, storage
from terminal.cells import SCHEMA, Cells
from terminal.storage import StoreError as StoreError  # The error of every method here.

FILE = "open.db"
OUTBOX = "outbox"
"""The name that released.db is attached under."""


class Ledger:
    """The counters of one terminal. Open it with `Ledger.open`; one process at a time."""

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, lock: int, settings: Release, zone: ZoneInfo
    ) -> None:
        self.path = folder / FILE
        self.released_path = folder / outbox.FILE
        self.settings = settings
        self.zone = zone
        self.connection = connection
        self.cells = Cells(connection)
        self.keys: dict[Slice, Sequence[str]] = {}
        self.epoch = Epoch("")
        self._lock = lock
        # Periods that have cells, with their written form, by (question, slice): a picture of the file, to save
        # reads at each tap.
        self._running: dict[tuple[str, Slice], list[tuple[Period, str]]] = {}
        self._through: dict[Slice, date] = {}
        self._stale = False
        # Databases whose journal still holds what was before the last change.
        self._unwiped: set[Path] = set()
        self._reshape = False

    @classmethod
    def open(
        cls,
        folder: Path,
        settings: Release,
        zone: ZoneInfo,
        languages: Sequence[str],
        epoch: Epoch | None = None,
    ) -> Ledger:
        """Open the store in `folder`, or make it; finish what a power cut interrupted; wipe the journals.

        `epoch` is for a new store; by default it is random. A changed time zone begins a new epoch.
        Raises StoreError.
        """
        path = folder / FILE
        with storage.plain_errors(path):
            folder.mkdir(parents=True, exist_ok=True)
        lock = storage.lock(folder)
        connection: sqlite3.Connection | None = None
        try:
            with storage.plain_errors(path):
                connection = storage.connect(path)
            with storage.plain_errors(folder / outbox.FILE):
                storage.attach(connection, folder / outbox.FILE, OUTBOX)
            ledger = cls(folder, connection, lock, settings, zone)
            ledger.keys = {
                Slice.TOTAL: [COUNTED, REPEAT],
                Slice.TREND: [COUNTED],
                Slice.LANGUAGE: [*languages, UNCHOSEN],
                Slice.HOUR: all_hours(),
            }
            with storage.plain_errors(path):
                ledger._begin(epoch)
                ledger.tidy()
        except BaseException:
            if connection is not None:
                connection.close()
            os.close(lock)
            raise
        return ledger

    def record(
        self, question: str, score: Score, language: str | None, moment: datetime, *, repeat: bool = False
    ) -> None:
        """Count one rating. It is on the disk when this returns; StoreError means that it was not counted.

        `language` is None where the visitor touched none. `repeat` sets a rating aside: it enters no percentage.
        """
        local = moment.astimezone(self.zone)
        day = local.date()
        with self._changing(self.path):
            self._prepare(question, day)
            self._add(question, Slice.TOTAL, day, REPEAT if repeat else COUNTED, score)
            if not repeat:
                if self.settings.trend != "none":
                    self._add(question, Slice.TREND, day, COUNTED, score)
                self._add(question, Slice.LANGUAGE, day, language or UNCHOSEN, score)
                # A clock that names a day already released does not know the hour either.
                right = self._day(Slice.HOUR, day) == day
                self._add(question, Slice.HOUR, day, hour_key(local) if right else UNKNOWN, score)
        with contextlib.suppress(StoreError):  # The rating is safe; what failed here is tried again by `tidy`.
            self._settle()

    def release(self, moment: datetime, question: str) -> int:
        """Move what has closed to the outbox, and make the cells of the periods that have begun.

        `question` is the one asked now: periods of any other are closed. Returns how many tables were written.
        Raises StoreError; then nothing was moved, and it can be called again.
        """
        today = periods.local_day(moment, self.zone)
        with self._changing(self.path, self.released_path):
            written = release.closed_periods(self, today, question)
            if self.settings.mode == "live":
                written += release.running_periods(self)
            self._load()
            self._prepare(question, today)
        self.tidy()
        return written

    def tidy(self) -> None:
        """Wipe from the journals what would tell of the last tap. Called when the thank-you is on the screen.

        A tap leaves the outbox's journal alone: its time would tell of the tap to whoever may look at the outbox.
        """
        if not self._unwiped:
            return
        self._settle()
        with storage.plain_errors(self.path):
            for path in sorted(self._unwiped):
                storage.wipe_journal(path)
        self._unwiped.clear()

    def _settle(self) -> None:
        """Write the file anew, by keys: new or removed periods leave its pages in an order of their own."""
        if self._reshape:
            with storage.plain_errors(self.path):
                self.connection.execute("VACUUM main")
            self._reshape = False

    def close(self) -> None:
        """Close the files and let another process have the store."""
        self.connection.close()
        os.close(self._lock)

    def epochs(self) -> list[Epoch]:
        """All epochs that have cells, those before the current one first."""
        return [*sorted(self.cells.epochs() - {self.epoch}), self.epoch]

    def move(self, epoch: Epoch, question: str, slice_: Slice, period: str, through: date) -> None:
        """Take a period out of the ledger, its table being in the outbox; part of the release's transaction."""
        self.cells.forget(epoch, question, slice_, period)
        self.cells.close(epoch, slice_, through)
        self._reshape = True

    def put(self, epoch: Epoch, table: Table) -> bool:
        """Write a table to the outbox; part of the release's transaction. False where it is there already."""
        return outbox.put(self.connection, OUTBOX, epoch, table)

    def has_released(self, epoch: Epoch, question: str, slice_: Slice, period: str) -> bool:
        """Whether the outbox holds a table of this very period."""
        return outbox.holds(self.connection, OUTBOX, epoch, question, slice_, period)

    @contextlib.contextmanager
    def _changing(self, *databases: Path) -> Iterator[None]:
        """One transaction on some databases; after one that failed, the picture in memory is taken from the file."""
        before = self.connection.total_changes
        try:
            with storage.plain_errors(self.path), storage.transaction(self.connection):
                if self._stale:
                    self._load()
                yield
            if self.connection.total_changes != before:
                self._unwiped.update(databases)
        except BaseException:
            self._stale = True
            raise

    def _begin(self, epoch: Epoch | None) -> None:
        """Make the tables of a new store, or see that the two files belong together."""
        new = not self._has("main", "cell")
        if new != (not self._has(OUTBOX, "released")):
            missing = self.path if new else self.released_path
            raise StoreError(
                f"{missing}: missing or empty, though the other file of the store is there. Put it back; "
                f"or keep a copy of {self.path.parent}, move it aside and start again with a new store."
            )
        with storage.transaction(self.connection):
            if new:
                for statement in SCHEMA:
                    self.connection.execute(statement)
                for statement in outbox.SCHEMA:
                    self.connection.execute(statement.format(name=OUTBOX))
            if self.cells.meta("timezone") != self.zone.key:
                epoch = epoch or Epoch(str(uuid.uuid4()))
                self.connection.execute(f"INSERT INTO {OUTBOX}.epoch (epoch) VALUES (?)", (epoch,))  # noqa: S608
                self.cells.set_meta("epoch", epoch)
                self.cells.set_meta("timezone", self.zone.key)
        self._load()
        with storage.transaction(self.connection):
            for question, slice_, _, text in self.cells.running(self.epoch):
                self._make(question, slice_, text)  # A language was added since.
        # Whatever a power cut left behind is written anew and wiped.
        self._unwiped = {self.path, self.released_path}
        self._reshape = True

    def _has(self, name: str, table: str) -> bool:
        found = self.connection.execute(f"SELECT 1 FROM {name}.sqlite_schema WHERE name=?", (table,))  # noqa: S608
        return found.fetchone() is not None

    def _load(self) -> None:
        """Take the picture in memory from the file."""
        self.epoch = Epoch(self.cells.meta("epoch") or "")
        self._running = {}
        for question, slice_, days, text in self.cells.running(self.epoch):
            self._running.setdefault((question, slice_), []).append((days, text))
        self._through = self.cells.closed(self.epoch)
        self._stale = False

    def grain(self, slice_: Slice) -> Grain | None:
        """How long the periods of a slice are; None where it is not counted."""
        match slice_:
            case Slice.TOTAL:
                return Grain.MONTH
            case Slice.TREND:
                return Grain(self.settings.trend) if self.settings.trend != "none" else None
            case Slice.LANGUAGE:
                return Grain(self.settings.language)
            case Slice.HOUR:
                return Grain(self.settings.hour)
            case Slice.REASON:
                return None  # The follow-up question is not asked yet.

    def _day(self, slice_: Slice, day: date) -> date:
        """The day a tap counts at: the one it claims, or the first that is not released."""
        through = self._through.get(slice_)
        return day if through is None or day > through else through + periods.DAY

    def _prepare(self, question: str, day: date) -> None:
        """Make the cells of all periods that a tap of `day` counts in, where they are not there yet."""
        for slice_ in self.keys:
            grain = self.grain(slice_)
            if grain is None or self._find(question, slice_, self._day(slice_, day)):
                continue
            period = self._new_period(question, slice_, grain, self._day(slice_, day))
            text = periods.write(period, Grain.DAY if slice_ is Slice.TREND else grain)
            self._make(question, slice_, text)
            self._running.setdefault((question, slice_), []).append((period, text))

    def _find(self, question: str, slice_: Slice, day: date) -> str | None:
        return next((text for days, text in self._running.get((question, slice_), ()) if day in days), None)

    def _new_period(self, question: str, slice_: Slice, grain: Grain, day: date) -> Period:
        """The period of a day; a piece of trend is cut where other settings have left pieces beside it."""
        period = periods.period_of(grain, day)
        if slice_ is not Slice.TREND:
            return period
        first, last = period.first, period.last
        if (through := self._through.get(slice_)) is not None:
            first = max(first, through + periods.DAY)
        for other, _ in self._running.get((question, slice_), ()):
            if first <= other.last < day:
                first = other.next()
            if day < other.first <= last:
                last = other.first - periods.DAY
        return Period(first, last)

    def _make(self, question: str, slice_: Slice, period: str) -> None:
        self._reshape |= self.cells.make(self.epoch, question, slice_, period, self.keys[slice_])

    def _add(self, question: str, slice_: Slice, day: date, key: str, score: Score) -> None:
        period = self._find(question, slice_, self._day(slice_, day))
        assert period is not None, "prepared before"
        try:
            self.cells.add(self.epoch, question, slice_, period, key, score)
        except KeyError:
            raise StoreError(
                f"{self.path}: {key!r} is not counted by {slice_}. Add it to the languages in the configuration."
            ) from None
        except OverflowError:
            raise StoreError(
                f"{self.path}: a counter is full at {MAX_COUNT}. This cannot be people: check the touch."
            ) from None
