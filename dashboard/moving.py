"""Giving a terminal another name, and moving it to another site.

What was counted stays with the site where it was counted: figures that were shown must not change because a terminal is
carried away (docs/decisions/0016-a-terminal-that-moves.md). So a terminal of which anything was counted goes on
elsewhere as another one, with an id and a file of its own. One of which nothing was counted yet just moves.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, insert, select, update

from dashboard import enrolment, lineage, names, schema, store, terminal_faults
from dashboard.accounts import people
from dashboard.broker import Folder
from dashboard.cards import Hand
from dashboard.enrolled import Enrolled, EnrolmentError, find
from dashboard.enrolment import Newcomer
from dashboard.saying import say
from dashboard.trouble import NotAllowed
from ratings import remote


@dataclass(frozen=True, slots=True)
class Moved:
    """A terminal before and after it was moved. `goes_on`: as another one, which has a new file."""

    before: Enrolled
    after: Enrolled

    @property
    def goes_on(self) -> bool:
        """Whether it is another one now."""
        return self.before.id != self.after.id


def rename(engine: Engine, terminal_id: str, name: str, by: str) -> tuple[Enrolled, Enrolled]:
    """Call a terminal something else; id, file and figures stay. Returns it before and after. Raises EnrolmentError."""
    name = name.strip()
    with engine.begin() as connection:
        names.alone(connection)
        before = find(connection, terminal_id)
        if name == before.name:
            raise EnrolmentError(say("it is called %(name)s already"), is_taken=True, name=repr(name))
        imported = schema.imported.c.terminal_id == terminal_id
        if connection.execute(select(schema.imported.c.epoch).where(imported)).first():
            raise EnrolmentError(
                say(
                    "ratings were imported for %(name)s, and the next import finds it by its name: under another one "
                    "they would count twice"
                ),
                is_taken=True,
                name=repr(before.name),
            )
        _check(connection, name)
        connection.execute(update(schema.terminal).where(schema.terminal.c.id == terminal_id).values(name=name))
        # Pages have its name on them.
        store.note_change(connection, terminal_id)
        after = find(connection, terminal_id)
        people.note(connection, by, "renamed", f"{before.title} → {after.name}")
    return before, after


def has_counted(connection: Connection, terminal_id: str) -> bool:
    """Whether anything of it was ever taken in, or came and was refused."""
    epoch, imported = schema.epoch.c, schema.imported.c
    return any(
        connection.execute(query).first() is not None
        for query in (
            select(epoch.epoch).where(epoch.terminal_id == terminal_id),
            select(imported.epoch).where(imported.terminal_id == terminal_id),
            select(schema.block_member.c.block_id).where(schema.block_member.c.terminal_id == terminal_id),
        )
    )


def move(
    engine: Engine,
    terminal_id: str,
    wanted: Newcomer,
    folder: Folder | None,
    hand: Hand,
    today: date,
    by: str,
) -> Moved:
    """Move a terminal to the site of `wanted`. All or nothing, but for the old login, which ends after the commit.

    Where nothing was counted yet it is the same one as before, and `wanted` says nothing but the site. Else it goes on
    as `wanted`, and the old one ends. Without a broker's folder there are no logins and no files. Raises
    EnrolmentError, BrokerError, StoreError.
    """
    with ExitStack() as undo:
        with engine.begin() as connection:
            names.alone(connection)
            before = _to_be_moved(connection, terminal_id, wanted.site.strip())
            heard = _message(connection, terminal_id)
            if has_counted(connection, terminal_id):
                after = enrolment.add(connection, wanted)
                _end(connection, terminal_id, after.id, today)
            else:
                after = _put(connection, terminal_id, wanted.site)
            _keep_up(connection, after.id, heard)
            store.note_change(connection, after.id)
            people.note(connection, by, "moved", f"{before.title} → {after.title}")
            if folder is not None and after.id != terminal_id:
                enrolment.let_in([(after, wanted)], folder, hand, undo)
        undo.pop_all()
    if folder is not None and after.id != terminal_id:
        # From the commit on nothing of it counts; a login that is left over lets nobody tell us anything.
        folder.set_logins({terminal_id: None})
    return Moved(before, after)


def _to_be_moved(connection: Connection, terminal_id: str, site: str) -> Enrolled:
    # Locked: what comes of it meanwhile waits, and is looked at after this.
    connection.execute(select(schema.terminal.c.id).where(schema.terminal.c.id == terminal_id).with_for_update())
    before = find(connection, terminal_id)
    if before.site == site:
        raise EnrolmentError(say("it is at the site %(site)s already"), is_taken=True, site=repr(site))
    if before.revoked is not None:
        raise EnrolmentError(
            say("%(name)s is revoked: reissue it first, or enrol a new one at the other site"),
            is_taken=True,
            name=repr(before.name),
        )
    _check_site(site)
    return before


def _end(connection: Connection, terminal_id: str, after: str, today: date) -> None:
    """From now on it is another one; what the card says it has counted into so far stays this one's."""
    connection.execute(insert(schema.moved).values(terminal_id=after, before=terminal_id))
    connection.execute(update(schema.terminal).where(schema.terminal.c.id == terminal_id).values(revoked=today))
    payload = connection.scalar(select(schema.status.c.payload).where(schema.status.c.terminal_id == terminal_id))
    status = terminal_faults.read(payload) if payload is not None else None
    if status is not None and not lineage.has(connection, terminal_id, status.epoch):
        connection.execute(insert(schema.epoch).values(terminal_id=terminal_id, epoch=status.epoch, upto=0))


def _put(connection: Connection, terminal_id: str, site: str) -> Enrolled:
    number = names.site(connection, site.strip())
    store.note_change(connection, terminal_id)
    connection.execute(update(schema.terminal).where(schema.terminal.c.id == terminal_id).values(site_id=number))
    return find(connection, terminal_id)


def _message(connection: Connection, terminal_id: str) -> tuple[str | None, str | None]:
    """What is set of a terminal's site, and of it alone."""
    terminal, site = schema.terminal.c, schema.site.c
    row = connection.execute(
        select(site.settings, terminal.settings)
        .join(schema.terminal, terminal.site_id == site.id)
        .where(terminal.id == terminal_id)
    ).one()
    return row[0], row[1]


def _keep_up(connection: Connection, terminal_id: str, before: tuple[str | None, str | None]) -> None:
    """Where nothing is set at the new site, say so: till then the card goes by what was set at the old one."""
    if any(before) and not any(_message(connection, terminal_id)):
        here = schema.terminal.c.id == terminal_id
        connection.execute(update(schema.terminal).where(here).values(settings=_NOTHING))


_NOTHING = remote.encode(remote.Remote()).decode()


def _check(connection: Connection, name: str) -> None:
    try:
        names.check_terminal(connection, name)
    except NotAllowed as error:
        raise EnrolmentError.like(error) from None


def _check_site(name: str) -> None:
    try:
        names.check_site(name)
    except NotAllowed as error:
        raise EnrolmentError.like(error) from None
