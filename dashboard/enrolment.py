"""Enrolment: which terminals may send, their logins at the broker, and the one file that goes onto each card.

A password is in that file and, as a hash, at the broker; nowhere else, and in no log and no error. Knows no MQTT: that
a revoked terminal's traces go from the broker is `dashboard/ingest.py`'s work.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

from msgspec import structs
from sqlalchemy import Connection, Engine, update

from dashboard import broker, cards, lineage, names, schema, store
from dashboard.accounts import people
from dashboard.broker import Folder
from dashboard.cards import Hand
from dashboard.enrolled import Enrolled as Enrolled
from dashboard.enrolled import EnrolmentError as EnrolmentError
from dashboard.enrolled import find
from dashboard.saying import say
from dashboard.trouble import NotAllowed
from ratings.config import LANGUAGES

TIMEZONE = "Europe/Oslo"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A terminal to be enrolled. `line` is where it stands in a list, for errors; `id` None is made from the name."""

    name: str
    site: str
    timezone: str = TIMEZONE
    languages: tuple[str, ...] = LANGUAGES
    id: str | None = None
    line: int | None = None


def enrol(engine: Engine, newcomers: Sequence[Newcomer], folder: Folder | None, hand: Hand, by: str) -> list[Enrolled]:
    """Enrol all of them or none: in the database, at the broker, and each with its file, handed over.

    `by` is who does it. Without a broker's folder there are no logins and no files. Raises EnrolmentError, BrokerError,
    StoreError.
    """
    with ExitStack() as undo:
        with engine.begin() as connection:
            names.alone(connection)
            made = [add(connection, each) for each in newcomers]
            for each in made:
                people.note(connection, by, "enrolled", each.title)
            if folder is not None:
                let_in([*zip(made, newcomers, strict=True)], folder, hand, undo)
        undo.pop_all()  # The commit stands.
    return made


def add(connection: Connection, newcomer: Newcomer) -> Enrolled:
    """Enrol one in the database. Raises EnrolmentError; then the caller's transaction is to be rolled back."""
    cards.check_languages(newcomer.languages, newcomer.line)
    try:
        chosen = store.add_terminal(
            connection, newcomer.name, newcomer.site, newcomer.timezone, terminal_id=newcomer.id
        )
    except NotAllowed as error:
        raise EnrolmentError.like(error, newcomer.line) from None
    return Enrolled(chosen, newcomer.name.strip(), newcomer.site.strip(), newcomer.timezone, None)


def let_in(made: Sequence[tuple[Enrolled, Newcomer]], folder: Folder, hand: Hand, undo: ExitStack) -> None:
    """Give new terminals a file and a login each; what was done stands in `undo`. Raises EnrolmentError, BrokerError.

    To be called last: after this nothing but the commit can fail.
    """
    section, known = folder.section(), folder.users()
    logins: dict[str, str | None] = {}
    for terminal, newcomer in made:
        if terminal.id in known:
            raise EnrolmentError(
                say(
                    "the broker has a login %(id)s already, of a terminal that this database does not know. Is it the "
                    "same terminal (the database was lost)? Then add it with --keep-login: its card goes on as it is. "
                    "Else give the new one another --id"
                ),
                line=newcomer.line,
                is_taken=True,
                id=repr(terminal.id),
            )
        password = broker.new_password()
        login = structs.replace(section, username=terminal.id, password=password)
        undo.callback(hand(terminal, cards.text_of(terminal, newcomer.languages, login)))
        logins[terminal.id] = password
    undo.callback(folder.set_logins, dict.fromkeys(logins))
    folder.set_logins(logins)


def revoke(engine: Engine, terminal_id: str, folder: Folder | None, today: date, by: str) -> Enrolled:
    """Take in nothing more of a terminal, and take its login away; what was counted stays. Can be repeated.

    Returns it as it was before. The database first: from then on nothing of it counts, whatever becomes of the rest.
    Raises EnrolmentError, BrokerError, StoreError.
    """
    with engine.begin() as connection:
        found = find(connection, terminal_id)
        here = schema.terminal.c.id == terminal_id
        if found.revoked is None:
            connection.execute(update(schema.terminal).where(here).values(revoked=today))
            people.note(connection, by, "revoked", found.title)
    if folder is not None:
        folder.set_logins({terminal_id: None})
    return found


def reissue(
    engine: Engine, terminal_id: str, languages: Sequence[str], folder: Folder, hand: Hand, by: str
) -> Enrolled:
    """Give a terminal a new password and a new file; the old ones end. One that was revoked may send again.

    All or nothing, as `enrol`. Raises EnrolmentError, BrokerError, StoreError.
    """
    cards.check_languages(languages)
    section = folder.section()
    with ExitStack() as undo:
        with engine.begin() as connection:
            found = find(connection, terminal_id)
            if (became := lineage.goes_on(connection).get(terminal_id)) is not None:
                raise EnrolmentError(
                    say("%(name)s goes on at another site, as %(id)s: that one can have a new file"),
                    is_taken=True,
                    name=repr(found.name),
                    id=repr(became),
                )
            connection.execute(update(schema.terminal).where(schema.terminal.c.id == terminal_id).values(revoked=None))
            people.note(connection, by, "reissued", found.title)
            password = broker.new_password()
            login = structs.replace(section, username=terminal_id, password=password)
            undo.callback(hand(found, cards.text_of(found, languages, login)))
            before = folder.set_logins({terminal_id: password})
            undo.callback(folder.put_back, before)
        undo.pop_all()
    return found
