"""`fjes dashboard refused`: what terminals sent that was not taken in.

It is shown as it came, but for its numbers (the disclosure rules hold for administrators, too) and for what a screen
might take for a command. Word for word it is in the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fjes.database import opened
from fjes.options import with_database

if TYPE_CHECKING:
    from ratings.config import Dashboard


@click.group()
def refused() -> None:
    """What terminals sent that was not taken in."""


@refused.command("list")
@with_database
def list_refused(dashboard: Dashboard) -> None:
    """Show what was refused or could not be read, and why: as it came, but for its numbers."""
    from dashboard import quarantine, store, undecodable
    from dashboard.unread import legible, without_numbers

    with opened(dashboard.database) as engine, store.reading(engine) as connection:
        found, unread = quarantine.listing(connection), undecodable.listing(connection)
        unkept, counted = quarantine.unkept(connection), undecodable.counted(connection)
    for each in found:
        click.echo(
            f"{each.day}  {each.terminal}: {legible(each.reason)}\n            {legible(without_numbers(each.payload))}"
        )
    for name, number in unkept.items():
        click.echo(
            f"{name}: no room for {number} more. Nothing is lost, the card has them: update, then "
            "fjes dashboard refused retry"
        )
    for message in unread:
        text = message.payload.decode("utf-8", "backslashreplace")
        click.echo(
            f"{message.day}  {message.terminal}: of kind {message.kind!r}, {message.size} bytes, could not be read: "
            f"{legible(message.reason)}\n            {legible(without_numbers(text))}"
        )
    for name, number in counted.items():
        click.echo(
            f"{name}: {number} messages could not be read, and were not acknowledged: it sends them again. "
            "Update the older of the two, terminal or dashboard"
        )
    if not (found or unread or unkept or counted):
        click.echo("Nothing was refused.")


@refused.command("retry")
@with_database
def retry_refused(dashboard: Dashboard) -> None:
    """Check what was refused again: after an update, or when a clock was wrong."""
    from dashboard import clock, quarantine, undecodable
    from dashboard.unread import legible

    with opened(dashboard.database) as engine, engine.begin() as connection:
        accepted, kept = quarantine.retry(connection, clock.known_today())
        again = quarantine.ask_again(connection)
        readable = undecodable.retry(connection)
    click.echo(f"Taken in now: {len(accepted)}. Still refused: {len(kept)}.")
    for each in kept:
        click.echo(f"{each.terminal}: {legible(each.reason)}")
    if readable:
        click.echo(f"Messages that could not be read, and can be now: {readable}. The terminals send them again.")
    if again:
        click.echo(
            f"There was no room for all that was refused. Asked to send all they have again: {', '.join(again)}."
        )


@refused.command()
@click.argument("terminal_id", metavar="ID")
@with_database
def forget(dashboard: Dashboard, terminal_id: str) -> None:
    """Forget what was refused of a terminal, once it was looked into. Its card still has it."""
    from dashboard import enrolled, quarantine, undecodable

    try:
        with opened(dashboard.database) as engine, engine.begin() as connection:
            found = enrolled.find(connection, terminal_id)
            tables, messages = quarantine.forget(connection, found.id), undecodable.forget(connection, found.id)
    except enrolled.EnrolmentError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Forgotten of {found.name!r}: refused tables: {tables}; messages that could not be read: {messages}.")
