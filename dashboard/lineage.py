"""Which terminal an epoch is of, where a terminal went on elsewhere as another one. Knows no counts.

The card that is carried to another site is the same one: what it had counted before, and has yet to send, it sends as
the new one. It belongs to the terminal that it was then. A card whose id has changed begins a new epoch
(`terminal/epochs.py`), so that no epoch is of two sites.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from dashboard.schema import epoch, moved, terminal


def owner(connection: Connection, terminal_id: str, epoch_: str) -> str:
    """The terminal that an epoch, sent by one, is of: that one, or the one of those it was before that began it."""
    for each in before(connection, terminal_id):
        if has(connection, each, epoch_):
            return each
    return terminal_id


def has(connection: Connection, terminal_id: str, epoch_: str) -> bool:
    """Whether anything came of an epoch as that of a terminal."""
    here = (epoch.c.terminal_id == terminal_id) & (epoch.c.epoch == epoch_)
    return connection.execute(select(epoch.c.epoch).where(here)).first() is not None


def before(connection: Connection, terminal_id: str) -> list[str]:
    """What a terminal was before it was moved, the last first."""
    found: list[str] = []
    here: str | None = terminal_id
    while (here := connection.scalar(select(moved.c.before).where(moved.c.terminal_id == here))) is not None:
        found.append(here)
    return found


def goes_on(connection: Connection) -> dict[str, str]:
    """Terminals that have gone on elsewhere, and as which."""
    return {row.before: row.terminal_id for row in connection.execute(select(moved))}


def silenced(connection: Connection) -> set[str]:
    """The terminals of which nothing is taken in: those that were revoked, and go on nowhere."""
    revoked = set(connection.scalars(select(terminal.c.id).where(terminal.c.revoked.is_not(None))))
    speaks = {each for each in goes_on(connection).values() if each not in revoked}
    return revoked - {each for one in speaks for each in before(connection, one)}
