"""`fjes dashboard terminal`: which terminals may send, and the file for each one's card.

A password is written into that file and nowhere else: it is neither shown nor logged.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fjes.database import opened
from fjes.options import with_database

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dashboard.broker import Folder
    from dashboard.enrolment import Newcomer
    from dashboard.terminal_health import Health
    from ratings.config import Dashboard

SUFFIX = ".fjes.toml"
BY = "fjes dashboard terminal"
"""Who did it, as the list of what was arranged has it."""

with_languages = click.option(
    "--languages", default="", metavar="CODES", help="Languages shown, such as nb,en. Default: the six that ship."
)


@click.group()
def terminal() -> None:
    """Which terminals may send."""


@contextlib.contextmanager
def _at_hand(dashboard: Dashboard) -> Iterator[tuple[Engine, Folder | None]]:
    """The database, and the broker's folder where one is named; troubles end the command with one line."""
    from dashboard.broker import BrokerError, Folder
    from dashboard.enrolment import EnrolmentError

    try:
        with opened(dashboard.database) as engine:
            yield engine, Folder(dashboard.broker) if dashboard.broker is not None else None
    except (EnrolmentError, BrokerError) as error:
        raise click.ClickException(str(error)) from None


@terminal.command("add")
@click.argument("name", required=False)
@click.option("--site", metavar="NAME", help="Where it stands; made if new. Needed, but with --csv.")
@click.option("--timezone", default="Europe/Oslo", show_default=True, metavar="ZONE")
@with_languages
@click.option("--id", "terminal_id", metavar="ID", help="Its id in its fjes.toml. Default: made from the name.")
@click.option(
    "--csv",
    "table",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Enrol all that a table lists: name, site, timezone, languages.",
)
@click.option(
    "--write",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The file for its card; with --csv, the folder of the files. Default: ID.fjes.toml in the current folder.",
)
@click.option("--keep-login", is_flag=True, help="It has a file and a login already: only the database lost it.")
@with_database
def add(
    dashboard: Dashboard,
    name: str | None,
    site: str | None,
    timezone: str,
    languages: str,
    terminal_id: str | None,
    table: Path | None,
    write: Path | None,
    keep_login: bool,
) -> None:
    """Enrol a terminal, and write the file for its card."""
    from dashboard import cards, enrolment, enrolment_list

    if write is not None and (dashboard.broker is None or keep_login):
        raise click.UsageError("--write needs a broker's folder in [dashboard] broker, and no --keep-login")
    with _at_hand(dashboard) as (engine, folder):
        newcomers: list[Newcomer]
        if table is not None:
            if name or site or terminal_id:
                raise click.UsageError("--csv lists names and sites: leave out NAME, --site and --id")
            newcomers = enrolment_list.read(table)
            base = write or Path()
            if not base.is_dir():
                raise click.UsageError(f"--write: {base} is no folder; with --csv there is a file for each terminal")
        else:
            if not name or not site:
                raise click.UsageError("NAME and --site are needed, or --csv")
            newcomers = [enrolment.Newcomer(name, site, timezone, enrolment_list.languages_of(languages), terminal_id)]
            base = Path()

        def where(chosen: str) -> Path:
            return write if write is not None and table is None else base / f"{chosen}{SUFFIX}"

        used = None if keep_login else folder
        for each in enrolment.enrol(engine, newcomers, used, cards.into_files(where), BY):
            if used is None:
                click.echo(
                    f"Terminal {each.name!r} of {each.site!r} is enrolled. "
                    f"In its fjes.toml, under [terminal], write: id = {each.id!r}"
                )
            else:
                click.echo(
                    f"Terminal {each.name!r} of {each.site!r} is enrolled. For its card, as fjes.toml: {where(each.id)}"
                )
        if folder is not None and not keep_login:
            _reload(folder)


@terminal.command("list")
@click.option("--check", is_flag=True, help="Show only what is to be seen to; then the exit code is 1.")
@with_database
def list_terminals(dashboard: Dashboard, check: bool) -> None:
    """Show the terminals, whether they are heard, and what is the matter with them."""
    from dashboard import store, terminal_health

    with opened(dashboard.database) as engine, store.reading(engine) as connection:
        overview = terminal_health.look(connection, datetime.now(UTC))
    if overview.remark is not None:
        click.echo(str(overview.remark))
    shown = [each for each in overview.terminals if not (check and each.well)]
    rows = [("id", "terminal", "heard", "waiting", "clock", "version"), *map(_row, shown)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows if shown else []):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for remark in shown[number - 1].remarks if number else ():
            click.echo(f"    {'! ' if remark.fault else ''}{remark}")
    if not overview.terminals:
        click.echo("No terminal is enrolled.")
    if check and not overview.well:
        raise click.exceptions.Exit(1)


def _row(health: Health) -> tuple[str, ...]:
    from dashboard.terminal_health import Standing

    since = f"{health.since:%Y-%m-%d %H:00}" if health.since else ""
    heard = {
        Standing.ONLINE: f"online; all before {health.whole} is here" if health.whole else "online",
        Standing.SILENT: f"silent since {since}",
        Standing.NEVER: "never yet",
        Standing.RETIRED: f"retired {since}",
        Standing.REVOKED: f"revoked on {health.terminal.revoked}",
    }[health.standing]
    waiting = {None: "", 0: "nothing", 1: "1 table"}.get(health.pending, f"{health.pending} tables")
    clock = health.clock if health.version else ""
    return (
        health.terminal.id,
        f"{health.terminal.site}: {health.terminal.name} ({health.terminal.timezone})",
        heard,
        waiting,
        clock,
        health.version or "",
    )


@terminal.command()
@click.argument("terminal_id", metavar="ID")
@with_database
def revoke(dashboard: Dashboard, terminal_id: str) -> None:
    """Take in nothing more of a terminal, and take its login away. What was counted stays."""
    from dashboard import enrolment

    with _at_hand(dashboard) as (engine, folder):
        found = enrolment.revoke(engine, terminal_id, folder, datetime.now(UTC).date(), BY)
        click.echo(f"Terminal {found.name!r} of {found.site!r} is revoked: nothing more of it is taken in.")
        if folder is not None:
            _reload(folder)
        else:
            click.echo("Its login is as it was: no broker's folder is named in [dashboard] broker.", err=True)


@terminal.command()
@click.argument("terminal_id", metavar="ID")
@with_languages
@click.option(
    "--write",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The file for its card. Default: ID.fjes.toml in the current folder.",
)
@with_database
def reissue(dashboard: Dashboard, terminal_id: str, languages: str, write: Path | None) -> None:
    """Give a terminal a new password and a new file; the old ones end. One that was revoked may send again."""
    from dashboard import cards, enrolment, enrolment_list

    with _at_hand(dashboard) as (engine, folder):
        if folder is None:
            raise click.ClickException(
                "no broker's folder is named: put it into the configuration as [dashboard] broker, and give --config"
            )
        path = write or Path(f"{terminal_id}{SUFFIX}")
        hand = cards.into_files(lambda _: path)
        found = enrolment.reissue(engine, terminal_id, enrolment_list.languages_of(languages), folder, hand, BY)
        click.echo(f"Terminal {found.name!r} of {found.site!r} has a new password. For its card, as fjes.toml: {path}")
        _reload(folder)


@terminal.command()
@click.argument("terminal_id", metavar="ID")
@click.argument("name")
@with_database
def rename(dashboard: Dashboard, terminal_id: str, name: str) -> None:
    """Call a terminal NAME from now on. Its id, its file and its figures stay."""
    from dashboard import moving

    with _at_hand(dashboard) as (engine, _):
        before, after = moving.rename(engine, terminal_id, name, BY)
    click.echo(f"Terminal {before.name!r} of {before.site!r} is called {after.name!r} now.")


@terminal.command()
@click.argument("terminal_id", metavar="ID")
@click.option("--site", metavar="NAME", required=True, help="Where it goes; made if new.")
@click.option("--name", metavar="NAME", help="What it is called there. Needed where anything was counted with it.")
@with_languages
@click.option(
    "--write",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The new file for its card, where it needs one. Default: ID.fjes.toml in the current folder, of its new id.",
)
@with_database
def move(
    dashboard: Dashboard, terminal_id: str, site: str, name: str | None, languages: str, write: Path | None
) -> None:
    """Move a terminal to another site. What was counted stays: there it goes on as a new one, with its own file."""
    from dashboard import cards, enrolled, enrolment_list, moving, store
    from dashboard.enrolment import Newcomer

    def where(chosen: str) -> Path:
        return write or Path(f"{chosen}{SUFFIX}")

    with _at_hand(dashboard) as (engine, folder):
        with store.reading(engine) as connection:
            before = enrolled.find(connection, terminal_id)
            if name is None and moving.has_counted(connection, terminal_id):
                raise click.UsageError("--name is needed: what was counted stays, and it goes on there as a new one")
        wanted = Newcomer(name or before.name, site, before.timezone, enrolment_list.languages_of(languages))
        hand, today = cards.into_files(where), datetime.now(UTC).date()
        done = moving.move(engine, terminal_id, wanted, folder, hand, today, BY)
        after = done.after
        if not done.goes_on:
            click.echo(f"Terminal {before.name!r} of {before.site!r} is at {after.site!r} now.")
            return
        click.echo(f"What was counted stays with {before.name!r} of {before.site!r}, which has ended.")
        if folder is None:
            click.echo(
                f"It goes on as {after.name!r} of {after.site!r}. In its fjes.toml, under [terminal], write: "
                f"id = {after.id!r}"
            )
            return
        click.echo(f"It goes on as {after.name!r} of {after.site!r}. For its card, as fjes.toml: {where(after.id)}")
        _reload(folder)


def _reload(folder: Folder) -> None:
    if by_hand := folder.reload():
        click.echo(by_hand, err=True)
