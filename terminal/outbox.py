"""The outbox, `released.db`: final tables, numbered, waiting for the courier and kept for a dashboard that lost them.

The kiosk process writes it (`terminal/release.py`); the courier only reads it. Nothing of a running period is in it,
unless the terminal releases live.
"""

from __future__ import annotations

import contextlib
import sqlite3
import urllib.parse
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from ratings import period as periods
from ratings.period import Period
from ratings.table import Epoch, Revision, Slice, Table
from ratings.wire import encode_table
from terminal.storage import StoreError, plain_errors

FILE = "released.db"

SCHEMA = (
    # Epochs by number; the last one is current.
    """CREATE TABLE IF NOT EXISTS {name}.epoch (
        number INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
        epoch TEXT NOT NULL UNIQUE
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS {name}.released (
        epoch TEXT NOT NULL,
        revision INTEGER NOT NULL CHECK (revision > 0),
        question TEXT NOT NULL,
        slice TEXT NOT NULL,
        period TEXT NOT NULL,
        encoded BLOB NOT NULL,
        PRIMARY KEY (epoch, revision),
        UNIQUE (epoch, question, slice, period)
    ) WITHOUT ROWID, STRICT""",
    # Revisions that another life of the card has used up: a copy's, or its own before it was rewound.
    """CREATE TABLE IF NOT EXISTS {name}.used (
        epoch TEXT NOT NULL PRIMARY KEY,
        upto INTEGER NOT NULL CHECK (upto > 0)
    ) WITHOUT ROWID, STRICT""",
    # Released months in which something was placed by assumption, for want of a clock: for the status.
    """CREATE TABLE IF NOT EXISTS {name}.assumed (
        epoch TEXT NOT NULL, period TEXT NOT NULL,
        PRIMARY KEY (epoch, period)
    ) WITHOUT ROWID, STRICT""",
    # The last day on which it was looked for what has closed, taps or none: one row.
    """CREATE TABLE IF NOT EXISTS {name}.looked (
        number INTEGER NOT NULL PRIMARY KEY CHECK (number = 1), day TEXT NOT NULL
    ) STRICT""",
    # Faults, as the last release of a day told them (terminal/faults.py).
    """CREATE TABLE IF NOT EXISTS {name}.fault (
        name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL
    ) WITHOUT ROWID, STRICT""",
)


def put(connection: sqlite3.Connection, name: str, epoch: Epoch, table: Table) -> bool:
    """Write a table under the next revision, in place of an earlier one of the same period; part of a transaction.

    Returns False, changing nothing, where the same content is there already.
    """
    encoded = encode_table(table)
    where = (epoch, table.question, table.slice, table.period)
    found = connection.execute(
        f"SELECT encoded FROM {name}.released WHERE epoch=? AND question=? AND slice=? AND period=?",  # noqa: S608
        where,
    ).fetchone()
    if found is not None and bytes(found[0]) == encoded:
        return False
    # The highest revision first: it may be the very one that is replaced.
    revision = max(last_revision(connection, epoch, name), used(connection, epoch, name)) + 1
    connection.execute(
        f"DELETE FROM {name}.released WHERE epoch=? AND question=? AND slice=? AND period=?",  # noqa: S608
        where,
    )
    connection.execute(
        f"INSERT INTO {name}.released VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
        (epoch, revision, table.question, table.slice, table.period, encoded),
    )
    return True


def holds(connection: sqlite3.Connection, name: str, epoch: Epoch, question: str, slice_: str, period: str) -> bool:
    """Whether there is a table of this very period."""
    found = connection.execute(
        f"SELECT 1 FROM {name}.released WHERE epoch=? AND question=? AND slice=? AND period=?",  # noqa: S608
        (epoch, question, slice_, period),
    )
    return found.fetchone() is not None


def meets(
    connection: sqlite3.Connection, name: str, epoch: Epoch, question: str, slice_: Slice, days: Period, text: str
) -> bool:
    """Whether there is a table of this very period, or a piece of trend that shares a day with it."""
    if slice_ is not Slice.TREND:
        return holds(connection, name, epoch, question, slice_, text)
    found = connection.execute(
        f"SELECT period FROM {name}.released WHERE epoch=? AND question=? AND slice=?",  # noqa: S608
        (epoch, question, slice_),
    )
    return any(periods.parse(period)[0].overlaps(days) for (period,) in found)


def last_revision(connection: sqlite3.Connection, epoch: Epoch, name: str = "main") -> Revision:
    """The highest revision of an epoch; 0 before the first."""
    found = connection.execute(f"SELECT max(revision) FROM {name}.released WHERE epoch=?", (epoch,))  # noqa: S608
    return Revision(found.fetchone()[0] or 0)


def used(connection: sqlite3.Connection, epoch: Epoch, name: str = "main") -> Revision:
    """Up to which revision another life of the card has used up an epoch's numbers; 0 where none has."""
    found = connection.execute(f"SELECT upto FROM {name}.used WHERE epoch=?", (epoch,)).fetchone()  # noqa: S608
    return Revision(found[0] if found else 0)


def renumber(connection: sqlite3.Connection, name: str, epoch: Epoch, after: Revision, upto: Revision) -> None:
    """Number the tables above `after` anew, in their order, above `upto`, as all that come; part of a transaction."""
    rows = connection.execute(
        f"SELECT revision FROM {name}.released WHERE epoch=? AND revision>? ORDER BY revision",  # noqa: S608
        (epoch, after),
    ).fetchall()
    first = max(upto, last_revision(connection, epoch, name)) + 1
    for number, (revision,) in enumerate(rows, first):
        connection.execute(
            f"UPDATE {name}.released SET revision=? WHERE epoch=? AND revision=?",  # noqa: S608
            (number, epoch, revision),
        )
    connection.execute(
        f"INSERT INTO {name}.used VALUES (?, ?) ON CONFLICT (epoch) DO UPDATE SET upto=excluded.upto",  # noqa: S608
        (epoch, upto),
    )


def assume(connection: sqlite3.Connection, name: str, epoch: Epoch, period: str) -> None:
    """Note that something was placed in a released month by assumption; part of a transaction."""
    connection.execute(f"INSERT OR IGNORE INTO {name}.assumed VALUES (?, ?)", (epoch, period))  # noqa: S608


def look(connection: sqlite3.Connection, name: str, day: date) -> bool:
    """Note the day on which it was looked for what has closed; part of a transaction. Whether it is another one."""
    noted = connection.execute(
        f"INSERT INTO {name}.looked VALUES (1, ?) ON CONFLICT (number) DO UPDATE SET day=excluded.day"  # noqa: S608
        " WHERE day<>excluded.day",
        (day.isoformat(),),
    )
    return noted.rowcount > 0


def tell(connection: sqlite3.Connection, name: str, faults: Mapping[str, str]) -> None:
    """Tell of faults; part of a transaction."""
    connection.executemany(
        f"INSERT INTO {name}.fault VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value=excluded.value"  # noqa: S608
        " WHERE value<>excluded.value",
        sorted(faults.items()),
    )


def told(connection: sqlite3.Connection, name: str) -> dict[str, str]:
    """What was told of faults, by name."""
    return dict(connection.execute(f"SELECT name, value FROM {name}.fault").fetchall())  # noqa: S608


class Outbox:
    """The outbox as the courier sees it: read-only, a fresh and short look each time."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def epochs(self) -> list[tuple[Epoch, Revision]]:
        """Each epoch with its last revision, oldest first. Raises StoreError."""
        with plain_errors(self.path), self._look() as connection:
            rows = connection.execute(
                "SELECT epoch, coalesce((SELECT max(revision) FROM released WHERE released.epoch=epoch.epoch), 0)"
                " FROM epoch ORDER BY number"
            )
            found = [(Epoch(epoch), Revision(last)) for epoch, last in rows]
        if not found:
            raise StoreError(f"{self.path}: holds no epoch. Start the kiosk once: it prepares the store.")
        return found

    def used(self) -> dict[Epoch, Revision]:
        """Up to which revision another life of the card has used up the numbers of epochs. Raises StoreError."""
        with plain_errors(self.path), self._look() as connection:
            return {Epoch(epoch): Revision(upto) for epoch, upto in connection.execute("SELECT * FROM used")}

    def assumed(self) -> list[tuple[Epoch, str]]:
        """Released months in which something was placed by assumption. Raises StoreError."""
        with plain_errors(self.path), self._look() as connection:
            rows = connection.execute("SELECT epoch, period FROM assumed ORDER BY period, epoch")
            return [(Epoch(epoch), period) for epoch, period in rows]

    def looked(self) -> date | None:
        """The last day on which the kiosk looked for what has closed; None before the first. Raises StoreError."""
        with plain_errors(self.path), self._look() as connection:
            found = connection.execute("SELECT day FROM looked").fetchone()
            return date.fromisoformat(found[0]) if found else None

    def faults(self) -> dict[str, str]:
        """What the last release of a day told of faults, by name. Raises StoreError."""
        with plain_errors(self.path), self._look() as connection:
            return dict(connection.execute("SELECT name, value FROM fault").fetchall())

    def count(self, epoch: Epoch, after: Revision) -> int:
        """How many tables of an epoch there are above a revision. Raises StoreError."""
        with plain_errors(self.path), self._look() as connection:
            found = connection.execute("SELECT count(*) FROM released WHERE epoch=? AND revision>?", (epoch, after))
            return int(found.fetchone()[0])

    def pending(self, epoch: Epoch, after: Revision, most_bytes: int | None = None) -> list[tuple[Revision, bytes]]:
        """The encoded tables of an epoch above a revision, in order: all, or the first until they are `most_bytes`.

        Raises StoreError.
        """
        found: list[tuple[Revision, bytes]] = []
        with plain_errors(self.path), self._look() as connection:
            size = 0
            for revision, encoded in connection.execute(
                "SELECT revision, encoded FROM released WHERE epoch=? AND revision>? ORDER BY revision", (epoch, after)
            ):
                found.append((Revision(revision), bytes(encoded)))
                size += len(encoded)
                if most_bytes is not None and size >= most_bytes:
                    break
        return found

    def _look(self) -> contextlib.closing[sqlite3.Connection]:
        uri = f"file:{urllib.parse.quote(str(self.path.absolute()))}?mode=ro"
        return contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=1.0))
