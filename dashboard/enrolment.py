"""Enrolment: which terminals may send, their logins at the broker, and the one file that goes onto each card.

A password is in that file and, as a hash, at the broker; nowhere else, and in no log and no error. Knows no MQTT: that
a revoked terminal's traces go from the broker is `dashboard/ingest.py`'s work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from msgspec import structs
from sqlalchemy import Connection, Engine, select, update

from dashboard import broker, broker_files, files, schema, store
from dashboard.broker import Folder
from dashboard.trouble import StoreError
from ratings import config
from ratings.config import LANGUAGES, Broker, ConfigError


class EnrolmentError(Exception):
    """A terminal that cannot be enrolled, revoked or reissued; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A terminal to be enrolled. `line` is where it stands in a list, for errors; `id` None is made from the name."""

    name: str
    site: str
    timezone: str = "Europe/Oslo"
    languages: tuple[str, ...] = LANGUAGES
    id: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A terminal of the dashboard; `revoked` is the day (UTC) since which nothing of it is taken in."""

    id: str
    name: str
    site: str
    timezone: str
    revoked: date | None


def listing(connection: Connection) -> list[Enrolled]:
    """All terminals that were ever enrolled, by site and name."""
    terminal, site = schema.terminal.c, schema.site.c
    rows = connection.execute(
        select(terminal.id, terminal.name, site.name, terminal.timezone, terminal.revoked)
        .join(schema.site, site.id == terminal.site_id)
        .order_by(site.name, terminal.name)
    )
    return [Enrolled(*row) for row in rows]


def enrol(
    engine: Engine, newcomers: Sequence[Newcomer], folder: Folder | None, where: Callable[[str], Path]
) -> list[tuple[Enrolled, Path | None]]:
    """Enrol all of them or none: in the database, at the broker, and each with its file at `where(id)`.

    Without a broker's folder there are no logins and no files. Raises EnrolmentError, BrokerError, StoreError.
    """
    done: list[tuple[Enrolled, Path | None]] = []
    with ExitStack() as undo:
        with engine.begin() as connection:
            made = [_add(connection, each) for each in newcomers]
            if folder is not None:
                done = _with_logins(made, newcomers, folder, where, undo)
            else:
                done = [(each, None) for each in made]
        undo.pop_all()  # The commit stands.
    return done


def _with_logins(
    made: Sequence[Enrolled],
    newcomers: Sequence[Newcomer],
    folder: Folder,
    where: Callable[[str], Path],
    undo: ExitStack,
) -> list[tuple[Enrolled, Path | None]]:
    section, known = folder.section(), folder.users()
    logins: dict[str, str | None] = {}
    done: list[tuple[Enrolled, Path | None]] = []
    for terminal, newcomer in zip(made, newcomers, strict=True):
        if terminal.id in known:
            raise EnrolmentError(
                f"{_at(newcomer)}the broker has a login {terminal.id!r} already, of a terminal that this database does "
                "not know. Is it the same terminal (the database was lost)? Then add it with --keep-login: its card "
                "goes on as it is. Else give the new one another --id"
            )
        password = broker.new_password()
        path = where(terminal.id)
        _write_card(path, terminal, newcomer.languages, section, password)
        undo.callback(path.unlink, missing_ok=True)
        logins[terminal.id] = password
        done.append((terminal, path))
    # After this nothing but the commit can fail.
    undo.callback(folder.set_logins, dict.fromkeys(logins))
    folder.set_logins(logins)
    return done


def _add(connection: Connection, newcomer: Newcomer) -> Enrolled:
    try:
        problem = languages_problem(newcomer.languages)
        if problem is not None:
            raise EnrolmentError(f"{_at(newcomer)}{problem}")
        chosen = store.add_terminal(
            connection, newcomer.name, newcomer.site, newcomer.timezone, terminal_id=newcomer.id
        )
    except StoreError as error:
        raise EnrolmentError(f"{_at(newcomer)}{error}") from None
    return Enrolled(chosen, newcomer.name.strip(), newcomer.site.strip(), newcomer.timezone, None)


def _at(newcomer: Newcomer) -> str:
    return "" if newcomer.line is None else f"line {newcomer.line}: "


def languages_problem(languages: Sequence[str]) -> str | None:
    """What a terminal would say of these languages in its file; None where they are well."""
    try:
        config.read(f"[kiosk]\nlanguages = [{', '.join(map(broker_files.quoted, languages))}]", "the file")
    except ConfigError as error:
        return str(error).removeprefix("the file: ")
    return None


def revoke(engine: Engine, terminal_id: str, folder: Folder | None, today: date) -> Enrolled:
    """Take in nothing more of a terminal, and take its login away; what was counted stays. Can be repeated.

    The database first: from then on nothing of it counts, whatever becomes of the rest. Raises EnrolmentError,
    BrokerError, StoreError.
    """
    with engine.begin() as connection:
        found = find(connection, terminal_id)
        here = schema.terminal.c.id == terminal_id
        if found.revoked is None:
            connection.execute(update(schema.terminal).where(here).values(revoked=today))
    if folder is not None:
        folder.set_logins({terminal_id: None})
    return found


def reissue(engine: Engine, terminal_id: str, languages: Sequence[str], folder: Folder, path: Path) -> Enrolled:
    """Give a terminal a new password and a new file; the old ones end. One that was revoked may send again.

    Raises EnrolmentError, BrokerError, StoreError.
    """
    if problem := languages_problem(languages):
        raise EnrolmentError(problem)
    section = folder.section()
    with store.reading(engine) as connection:
        found = find(connection, terminal_id)
    password = broker.new_password()
    _write_card(path, found, languages, section, password)
    try:
        folder.set_logins({terminal_id: password})
        with engine.begin() as connection:
            connection.execute(update(schema.terminal).where(schema.terminal.c.id == terminal_id).values(revoked=None))
    except BaseException:
        path.unlink()
        raise
    return found


def find(connection: Connection, terminal_id: str) -> Enrolled:
    """The terminal of an id. Raises EnrolmentError, which names those that there are."""
    found = {each.id: each for each in listing(connection)}
    if terminal_id not in found:
        raise EnrolmentError(
            f"there is no terminal with the id {terminal_id!r}; there are: {', '.join(found) or 'none'}"
        )
    return found[terminal_id]


def _write_card(path: Path, terminal: Enrolled, languages: Sequence[str], section: Broker, password: str) -> None:
    text = card(terminal, languages, structs.replace(section, username=terminal.id, password=password))
    try:
        files.write_new(path, text.encode())
    except FileExistsError:
        raise EnrolmentError(
            f"{path}: there is such a file already; nothing was changed. Name another, or move it away: it may hold "
            "the password of a terminal"
        ) from None
    except OSError as error:
        raise EnrolmentError(f"{path}: cannot be written ({error.strerror}); nothing was changed") from None


def card(terminal: Enrolled, languages: Sequence[str], section: Broker) -> str:
    """The whole fjes.toml of a terminal; it holds its password."""
    quoted = broker_files.quoted
    text = f"""\
# The terminal {quoted(terminal.name)} of {quoted(terminal.site)}. Put this file onto its card as fjes.toml.
# It holds the terminal's password: keep no copy where others can read it. Was it lost, or seen by others?
# On the dashboard: fjes dashboard terminal reissue {terminal.id}
# What else can be set here: docs/configuration.md of Fjes.

[terminal]
# Its name at the broker and in the dashboard.
id = {quoted(terminal.id)}
# Decides which day it is.
timezone = {quoted(terminal.timezone)}

[[questions]]
# Without the # it names the place in the question: "Hvor fornøyd er du med besøket ditt på … i dag?"
# place = {quoted(terminal.site[:60])}

[kiosk]
# The first is the one it starts in.
languages = [{", ".join(map(quoted, languages))}]

{broker_files.section(section)}"""
    config.read(text, "the terminal's file")  # What cannot be read must not leave the house.
    return text
