"""The ledger, `open.db`: counters of periods still running. A tap adds one to a few of them, and leaves nothing else.

A reason that is chosen after it moves one. Knows no network and no window. Which cells a tap counts in is decided here;
how they lie in the file is `terminal/cells.py`'s, and what has closed moves to the outbox by `terminal/release.py`. All
cells of a period are made together, in order of their keys, before its first tap. While the clock is not known to be
right, `terminal/holding.py` counts; whose store this is, and when a new epoch begins, is `terminal/epochs.py`'s.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ratings import period as periods
from ratings.config import Release
from ratings.period import Grain
from ratings.scale import MAX_COUNT, ZERO, Score
from ratings.table import COUNTED, REPEAT, SKIPPED, UNCHOSEN, UNKNOWN, Epoch, Slice, Table, hour_key
from terminal import epochs, holding, identity, keys, outbox, release, storage
from terminal.cells import HELD, SCHEMA, Cells
from terminal.faults import Faults
from terminal.identity import Identity
from terminal.running import Running
from terminal.storage import StoreError as StoreError  # The error of every method here.
from terminal.trust import Trust

FILE = "open.db"
OUTBOX = "outbox"
"""The name that released.db is attached under."""


class ClockError(StoreError):
    """Nothing is released, since the clock is not known to be right; what is tapped is kept."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Where a rating whose reason may still be chosen is counted as skipped. Keep it no longer than that, nowhere.

    `period` is HELD where it is not known yet.
    """

    epoch: Epoch
    question: str
    period: str
    score: Score


class Ledger:
    """The counters of one terminal. Open it with `Ledger.open`; one process at a time."""

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        lock: int,
        settings: Release,
        zone: ZoneInfo,
        trust: Trust | None,
        state: Path | None,
    ) -> None:
        self.path = folder / FILE
        self.released_path = folder / outbox.FILE
        self.settings = settings
        self.zone = zone
        self.trust = trust
        self.state = state
        self.connection = connection
        self.cells = Cells(connection)
        self.faults: Faults | None = None
        """What the day's release tells of; None where nothing watches."""
        self.keys: dict[Slice, Sequence[str]] = {}
        self.epoch = Epoch("")
        self.known: date | None = None
        """The last day on which the clock was known to be right, as of the last release."""
        self.placed: dict[str, str] = {}
        """Into which period the reasons of a question went that were held when the clock became right."""
        self.looked = trust.uptime() if trust else 0.0
        """When the clock was looked at last, in seconds since the machine started."""
        self._lock = lock
        self._running = Running()
        self._stale = False
        self._told = False
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
        reasons: Sequence[str] = (),
        epoch: Epoch | None = None,
        *,
        trust: Trust | None = None,
        owner: Identity = identity.UNKNOWN,
        state: Path | None = None,
    ) -> Ledger:
        """Open the store in `folder`, or make it; finish what a power cut interrupted; wipe the journals.

        `reasons` are the answers to the follow-up question; where there are none, it is not asked and not counted.
        `epoch` is for a new store; by default it is random. A changed time zone begins a new epoch, as does another
        `owner`, or what the courier has noticed in its folder `state`. `trust` judges the clock; None: it is right.
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
            ledger = cls(folder, connection, lock, settings, zone, trust, state)
            ledger.keys = keys.of(languages, reasons)
            with storage.plain_errors(path):
                ledger._begin(epoch, owner)
                ledger.tidy()
        except BaseException:
            if connection is not None:
                connection.close()
            os.close(lock)
            raise
        return ledger

    def record(
        self, question: str, score: Score, language: str | None, moment: datetime, *, repeat: bool = False
    ) -> Pending | None:
        """Count one rating. It is on the disk when this returns; StoreError means that it was not counted.

        `language` is None where the visitor touched none. `repeat` sets a rating aside: it enters no percentage.
        Returns what `choose` needs, should the visitor give a reason; None where none is counted.
        """
        right = self.is_right(moment)
        with self._changing(self.path):
            if right:
                pending = self._record(question, score, language, moment.astimezone(self.zone), repeat=repeat)
            else:
                has_reason = holding.record(self, question, score, language, repeat=repeat)
                pending = Pending(self.epoch, question, HELD, score) if has_reason else None
        with contextlib.suppress(StoreError):  # The rating is safe; what failed here is tried again by `tidy`.
            self._settle()
        return pending

    def _record(
        self, question: str, score: Score, language: str | None, local: datetime, *, repeat: bool
    ) -> Pending | None:
        day = local.date()
        pending = None
        self._prepare(question, day)
        self._add(question, Slice.TOTAL, day, REPEAT if repeat else COUNTED, score)
        if not repeat:
            if self.settings.trend != "none":
                self._add(question, Slice.TREND, day, COUNTED, score)
            self._add(question, Slice.LANGUAGE, day, language or UNCHOSEN, score)
            # A clock that names a day already released does not know the hour either.
            right = self._running.day(Slice.HOUR, day) == day
            self._add(question, Slice.HOUR, day, hour_key(local) if right else UNKNOWN, score)
            if Slice.REASON in self.keys:
                period = self._add(question, Slice.REASON, day, SKIPPED, score)
                pending = Pending(self.epoch, question, period, score)
        return pending

    def choose(self, pending: Pending, reason: str) -> None:
        """Move a rating from `skipped` to the reason its visitor chose; it stays where its period has been released.

        It is on the disk when this returns. StoreError means that it was not moved. Once for each `pending`.
        """
        with self._changing(self.path), self.refusing(Slice.REASON, reason):
            where = (pending.epoch, pending.question, Slice.REASON, pending.period)
            if pending.period == HELD and not self.cells.read(*where):
                where = (*where[:3], self.placed.get(pending.question, HELD))
            if self.cells.read(*where).get(SKIPPED, ZERO)[pending.score]:
                self.cells.change(*where, reason, pending.score, 1)
                self.cells.change(*where, SKIPPED, pending.score, -1)

    def release(self, moment: datetime, question: str) -> int:
        """Move what has closed to the outbox, and make the cells of the periods that have begun.

        `question` is the one asked now: periods of any other are closed. Returns how many tables were written.
        What was held is counted where it belongs. Raises StoreError; then nothing was moved, and it can be called
        again; its ClockError while the clock is not known to be right.
        """
        return self._let_out(moment, question)

    def retire(self, moment: datetime) -> int:
        """Release all that runs, too, as if its periods were over: nothing is asked here any more.

        Returns how many tables were written: 0 when there was nothing left. A store that is used again all the same
        counts in a new epoch what would open a table again. Raises as `release` does.
        """
        return self._let_out(moment, None) if self.cells.epochs() else 0

    def _let_out(self, moment: datetime, question: str | None) -> int:
        right, self._told = self.is_right(moment), False
        self.looked = self.trust.uptime() if self.trust else 0.0
        with self._changing(self.path, self.released_path):
            epochs.heed(self)
            if right:
                written = self._release(periods.local_day(moment, self.zone), moment, question)
            elif question is not None:
                holding.prepare(self, question)
        if self._told and self.faults is not None:
            self.faults.were_told()
        self.tidy()
        if not right:
            raise ClockError(
                "the clock is not known to be right. What is tapped is kept apart, and counted when it is: "
                "connect the network, or fit a battery clock; or set [terminal] clock in fjes.toml."
            )
        return written

    def _release(self, today: date, moment: datetime, question: str | None) -> int:
        holding.place(self, moment, today)
        self.cells.set_meta("known", today.isoformat())
        is_new_day = outbox.look(self.connection, OUTBOX, today)
        if self.faults is not None:
            told = outbox.told(self.connection, OUTBOX)
            of_the_day = self.faults.of_the_day(today) if is_new_day else {}
            outbox.tell(self.connection, OUTBOX, self.faults.of_the_machine(told) | of_the_day)
            self._told = is_new_day
        written = release.closed_periods(self, today, question)
        if self.settings.mode == "live":
            written += release.running_periods(self)
        self.reload()
        if question is not None:
            self._prepare(question, today)
        return written

    def is_right(self, moment: datetime) -> bool:
        """Whether a moment, the system clock's, may be taken for the time."""
        return self.trust is None or self.trust.is_right(moment, self.known)

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
                # SQLite reads both files' schemas anew after it. With the next tap, the outbox's file would tell when.
                self._has(OUTBOX, "released")
            self._reshape = False

    def configure(self, languages: Sequence[str], reasons: Sequence[str] = ()) -> None:
        """Count by these languages and reasons from now on, in periods that run as in those that begin.

        What was counted by others stays as it is. Raises StoreError; then nothing has changed.
        """
        before, self.keys = self.keys, keys.of(languages, reasons)
        if self.keys == before:
            return
        try:
            with self._changing(self.path):
                keys.widen(self)
        except BaseException:
            self.keys = before
            raise
        with contextlib.suppress(StoreError):  # Tried again after the next rating.
            self._settle()
            self.tidy()

    def close(self) -> None:
        """Close the files and let another process have the store."""
        self.connection.close()
        os.close(self._lock)

    def epochs(self) -> list[Epoch]:
        """All epochs that have cells, those before the current one first."""
        return [*sorted(self.cells.epochs() - {self.epoch}), self.epoch]

    def move(self, epoch: Epoch, question: str, slice_: Slice, period: str, through: date) -> None:
        """Take a period out of the ledger, its table being in the outbox; part of the release's transaction."""
        self.forget(epoch, question, slice_, period)
        self.cells.close(epoch, slice_, through)

    def put(self, epoch: Epoch, table: Table) -> bool:
        """Write a table to the outbox; part of the release's transaction. False where it is there already."""
        return outbox.put(self.connection, OUTBOX, epoch, table)

    def assume(self, epoch: Epoch, period: str) -> None:
        """Tell the outbox that something was placed in a month by assumption; part of the release's transaction."""
        outbox.assume(self.connection, OUTBOX, epoch, period)

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
                    self.reload()
                yield
            if self.connection.total_changes != before:
                self._unwiped.update(databases)
        except BaseException:
            self._stale = True
            self.placed.clear()
            raise

    def _begin(self, epoch: Epoch | None, owner: Identity) -> None:
        """Make the tables of a new store, or see that the two files belong together."""
        new = not self._has("main", "cell")
        if new != (not self._has(OUTBOX, "released")):
            missing = self.path if new else self.released_path
            raise StoreError(
                f"{missing}: missing or empty, though the other file of the store is there. Put it back; "
                f"or keep a copy of {self.path.parent}, move it aside and start again with a new store."
            )
        with storage.transaction(self.connection):
            for statement in (*SCHEMA, *outbox.SCHEMA):
                self.connection.execute(statement.format(name=OUTBOX))
            epochs.open_store(self, owner, epoch)
            epochs.heed(self)
            holding.open_store(self)
        self.reload()
        with storage.transaction(self.connection):
            keys.widen(self)
        # Whatever a power cut left behind is written anew and wiped.
        self._unwiped = {self.path, self.released_path}
        self._reshape = True

    def _has(self, name: str, table: str) -> bool:
        found = self.connection.execute(f"SELECT 1 FROM {name}.sqlite_schema WHERE name=?", (table,))  # noqa: S608
        return found.fetchone() is not None

    def reload(self) -> None:
        """Take the picture in memory from the file."""
        self.epoch = Epoch(self.cells.meta("epoch") or "")
        known = self.cells.meta("known")
        self.known = date.fromisoformat(known) if known else None
        self._running = Running(self.cells.running(self.epoch), self.cells.closed(self.epoch))
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
                return Grain(self.settings.reason) if slice_ in self.keys else None

    def _prepare(self, question: str, day: date) -> None:
        """Make the cells of all periods that a tap of `day` counts in, where they are not there yet."""
        if epochs.is_over(self, self.epoch, self._running, question, self.keys, day):
            epochs.begin(self)
            self.reload()
        for slice_ in self.keys:
            grain = self.grain(slice_)
            if grain is not None and self._running.find(question, slice_, day) is None:
                self.make(self.epoch, question, slice_, self._running.begin(question, slice_, grain, day))

    def make(self, epoch: Epoch, question: str, slice_: Slice, period: str, keys: Iterable[str] = ()) -> None:
        """Make the cells of a period, those of `keys` among them; part of a transaction."""
        wanted = {*self.keys.get(slice_, ()), *keys}
        self._reshape |= self.cells.make(epoch, question, slice_, period, wanted)

    def forget(self, epoch: Epoch, question: str, slice_: Slice, period: str) -> None:
        """Take the cells of a period out of the ledger; part of a transaction."""
        self.cells.forget(epoch, question, slice_, period)
        self._reshape = True

    def _add(self, question: str, slice_: Slice, day: date, key: str, score: Score) -> str:
        """Count one; returns the written form of the period it counts in."""
        period = self._running.find(question, slice_, day)
        assert period is not None, "prepared before"
        with self.refusing(slice_, key):
            self.cells.change(self.epoch, question, slice_, period, key, score, 1)
        return period

    @contextlib.contextmanager
    def refusing(self, slice_: Slice, key: str) -> Iterator[None]:
        """Put into words that a cell is missing or full."""
        try:
            yield
        except KeyError:
            where = "reasons of the follow-up question" if slice_ is Slice.REASON else "languages"
            raise StoreError(
                f"{self.path}: {key!r} is not counted by {slice_}. Add it to the {where} in the configuration."
            ) from None
        except OverflowError:
            raise StoreError(
                f"{self.path}: a counter is full at {MAX_COUNT}. This cannot be people: check the touch."
            ) from None
