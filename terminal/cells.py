"""The tables of `open.db`: cells, and up to which day each slice is closed. SQL only: no rule of what counts where.

A **cell** is four counts of one (epoch, question, slice, period, key), in one fixed-width blob, so that counting
never moves anything in the file. Counts that are held have HELD or EARLIER in the place of a period. Everything here
is part of a transaction of the caller's.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable
from datetime import date
from typing import Literal

from ratings import period as periods
from ratings.period import Period
from ratings.scale import MAX_COUNT, Counts, Score, add
from ratings.table import Cells as TableCells
from ratings.table import Epoch, Slice

HELD = "held"
"""Counted since the machine started, under a clock that is not known to be right."""
EARLIER = "earlier"
"""The same, of earlier starts of the machine."""

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS main.cell (
        epoch TEXT NOT NULL, question TEXT NOT NULL, slice TEXT NOT NULL, period TEXT NOT NULL, key TEXT NOT NULL,
        counts BLOB NOT NULL CHECK (length(counts) = 16),
        PRIMARY KEY (epoch, question, slice, period, key)
    ) WITHOUT ROWID, STRICT""",
    # Up to which day a slice has been released: a tap that claims an earlier day counts in the first day after it.
    """CREATE TABLE IF NOT EXISTS main.closed (
        epoch TEXT NOT NULL, slice TEXT NOT NULL, through TEXT NOT NULL,
        PRIMARY KEY (epoch, slice)
    ) WITHOUT ROWID, STRICT""",
    """CREATE TABLE IF NOT EXISTS main.meta (
        name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL
    ) WITHOUT ROWID, STRICT""",
    # Running months in which something was placed by assumption.
    """CREATE TABLE IF NOT EXISTS main.assumed (
        epoch TEXT NOT NULL, period TEXT NOT NULL,
        PRIMARY KEY (epoch, period)
    ) WITHOUT ROWID, STRICT""",
)

_FOUR = struct.Struct(">4I")
_NONE = _FOUR.pack(0, 0, 0, 0)
_WHERE = "epoch=? AND question=? AND slice=? AND period=?"


class Cells:
    """The cells of one card. Raises sqlite3.Error as it comes; the ledger puts it into words."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def meta(self, name: str) -> str | None:
        """A fact about the store; None where it was never set."""
        found = self._connection.execute("SELECT value FROM main.meta WHERE name=?", (name,)).fetchone()
        return found[0] if found else None

    def set_meta(self, name: str, value: str) -> None:
        """Set a fact about the store; nothing is written where it is known already."""
        self._connection.execute(
            "INSERT INTO main.meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value=excluded.value"
            " WHERE value<>excluded.value",
            (name, value),
        )

    def epochs(self) -> set[Epoch]:
        """The epochs that have cells."""
        return {Epoch(row[0]) for row in self._connection.execute("SELECT DISTINCT epoch FROM main.cell")}

    def running(self, epoch: Epoch) -> list[tuple[str, Slice, Period, str]]:
        """The periods of an epoch that have cells: (question, slice, days, written form), in order of days."""
        rows = self._connection.execute(
            "SELECT DISTINCT question, slice, period FROM main.cell WHERE epoch=? AND period NOT IN (?, ?)",
            (epoch, HELD, EARLIER),
        )
        found = [(question, Slice(slice_), periods.parse(text)[0], text) for question, slice_, text in rows]
        return sorted(found, key=lambda each: (each[0], each[1], each[2]))

    def held(self, which: str) -> list[tuple[Epoch, str]]:
        """The (epoch, question) that have cells in HELD or EARLIER, in order."""
        rows = self._connection.execute(
            "SELECT DISTINCT epoch, question FROM main.cell WHERE period=? ORDER BY epoch, question", (which,)
        )
        return [(Epoch(epoch), question) for epoch, question in rows]

    def read(self, epoch: Epoch, question: str, slice_: Slice, period: str) -> TableCells:
        """The counts of one running period; keys without a rating are left out."""
        rows = self._connection.execute(
            f"SELECT key, counts FROM main.cell WHERE {_WHERE} AND counts<>?",  # noqa: S608
            (epoch, question, slice_, period, _NONE),
        )
        return {key: _FOUR.unpack(counts) for key, counts in rows}

    def make(self, epoch: Epoch, question: str, slice_: Slice, period: str, keys: Iterable[str]) -> bool:
        """Make the cells of a period that are not there yet, empty; whether any was made."""
        made = self._connection.executemany(
            "INSERT OR IGNORE INTO main.cell VALUES (?, ?, ?, ?, ?, ?)",
            ((epoch, question, slice_, period, key, _NONE) for key in sorted(keys)),
        )
        return made.rowcount > 0

    def change(
        self, epoch: Epoch, question: str, slice_: Slice, period: str, key: str, score: Score, by: Literal[1, -1]
    ) -> None:
        """Add one to a cell or take one away. KeyError where there is no cell; OverflowError where it is full."""
        where = (epoch, question, slice_, period, key)
        counts: list[int] = list(self._four(where))
        if not 0 <= counts[score] + by <= MAX_COUNT:
            raise OverflowError(key)
        counts[score] += by
        self._set(where, counts)

    def add(self, epoch: Epoch, question: str, slice_: Slice, period: str, cells: TableCells) -> None:
        """Add counts to cells that are there. KeyError and OverflowError as in `change`."""
        for key, more in sorted(cells.items()):
            where = (epoch, question, slice_, period, key)
            counts = add(self._four(where), more)
            if max(counts) > MAX_COUNT:
                raise OverflowError(key)
            self._set(where, counts)

    def _four(self, where: tuple[str, ...]) -> Counts:
        found = self._connection.execute(
            f"SELECT counts FROM main.cell WHERE {_WHERE} AND key=?",  # noqa: S608
            where,
        ).fetchone()
        if found is None:
            raise KeyError(where[-1])
        four: Counts = _FOUR.unpack(found[0])
        return four

    def _set(self, where: tuple[str, ...], counts: Iterable[int]) -> None:
        self._connection.execute(
            f"UPDATE main.cell SET counts=? WHERE {_WHERE} AND key=?",  # noqa: S608
            (_FOUR.pack(*counts), *where),
        )

    def forget(self, epoch: Epoch, question: str, slice_: Slice, period: str) -> None:
        """Remove the cells of a period. With `secure_delete`, their bytes are overwritten with zeros."""
        self._connection.execute(
            f"DELETE FROM main.cell WHERE {_WHERE}",  # noqa: S608
            (epoch, question, slice_, period),
        )

    def closed(self, epoch: Epoch) -> dict[Slice, date]:
        """Up to which day each slice is closed."""
        rows = self._connection.execute("SELECT slice, through FROM main.closed WHERE epoch=?", (epoch,))
        return {Slice(slice_): date.fromisoformat(through) for slice_, through in rows}

    def close(self, epoch: Epoch, slice_: Slice, through: date) -> None:
        """Let no tap of a slice count at `through` or earlier any more."""
        self._connection.execute(
            "INSERT INTO main.closed VALUES (?, ?, ?) ON CONFLICT (epoch, slice)"
            " DO UPDATE SET through=excluded.through WHERE excluded.through>through",
            (epoch, slice_, through.isoformat()),
        )

    def assume(self, epoch: Epoch, period: str) -> None:
        """Note that something was placed in a month by assumption."""
        self._connection.execute("INSERT OR IGNORE INTO main.assumed VALUES (?, ?)", (epoch, period))

    def was_assumed(self, epoch: Epoch, period: str) -> bool:
        """Take out the note of a month; whether there was one."""
        where = (epoch, period)
        return self._connection.execute("DELETE FROM main.assumed WHERE epoch=? AND period=?", where).rowcount > 0
