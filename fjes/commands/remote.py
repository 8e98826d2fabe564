"""`fjes dashboard config`: what the dashboard sets of its terminals, by a file that is written as fjes.toml is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fjes.database import opened
from fjes.options import with_database

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dashboard.remote import Place
    from ratings.config import Dashboard

F = TypeVar("F", bound=Callable[..., Any])


def with_place(command: F) -> F:
    """Add `--site` and `--terminal`, of which one is to be given."""
    command = click.option("--terminal", metavar="ID", help="Of this terminal alone.")(command)
    return click.option("--site", metavar="NAME", help="Of all terminals of this site.")(command)


@contextlib.contextmanager
def _at(dashboard: Dashboard, site: str | None, terminal: str | None) -> Iterator[tuple[Connection, Place]]:
    """One transaction on the database, and the place that was named."""
    from dashboard.remote import Place, PlaceError

    if (site is None) == (terminal is None):
        raise click.UsageError("give either --site or --terminal")
    place = Place("site", site) if site is not None else Place("terminal", str(terminal))
    with opened(dashboard.database) as engine, engine.begin() as connection:
        try:
            yield connection, place
        except PlaceError as error:
            raise click.ClickException(str(error)) from None


@click.group("config")
def remote() -> None:
    """What is set of terminals from here."""


@remote.command("set")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@with_place
@with_database
def set_(dashboard: Dashboard, file: Path, site: str | None, terminal: str | None) -> None:
    """Set what FILE says, in place of all that was set before of the same site or terminal."""
    from dashboard import remote
    from ratings import remote as shape
    from ratings.config import ConfigError

    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read as UTF-8 ({error})") from None
    with _at(dashboard, site, terminal) as (connection, place):
        concerned = remote.put(connection, place, shape.read(text, str(file)), str(file))
    click.echo(f"Set. Sent within seconds while ingest runs, to: {', '.join(concerned) or 'nobody yet'}.")


@remote.command()
@with_place
@with_database
def show(dashboard: Dashboard, site: str | None, terminal: str | None) -> None:
    """Show what is set, as a file that can be set again, and how far the terminals have got with it."""
    from dashboard import remote
    from ratings import remote as shape

    with _at(dashboard, site, terminal) as (connection, place):
        found = remote.find(connection, place)
        standings = remote.standings(connection, place)
    if found is not None:
        click.echo(shape.write(found))
    for each in standings:
        click.echo(f"# {each.terminal}: {each.state}{': ' if each.refused else ''}{each.refused}")


@remote.command()
@with_place
@with_database
def clear(dashboard: Dashboard, site: str | None, terminal: str | None) -> None:
    """Set nothing any more of a site or a terminal: what is left, or the terminals' own files, holds again."""
    from dashboard import remote
    from ratings.remote import Remote

    with _at(dashboard, site, terminal) as (connection, place):
        concerned = remote.put(connection, place, Remote(), "nothing")
    click.echo(f"Nothing is set of it any more. Concerned: {', '.join(concerned) or 'nobody'}.")
