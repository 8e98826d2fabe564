"""`fjes dashboard user`: who may sign in to the pages. The first administrator is made here, others there, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fjes.database import arranging
from fjes.options import with_database

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dashboard.accounts.people import Person
    from ratings.config import Dashboard

BY = "fjes dashboard user"
"""Who did it, as the list of what was arranged has it."""


@click.group()
def user() -> None:
    """Say who may sign in to the pages, and see or do what."""


def _known(connection: Connection, name: str) -> Person:
    from dashboard.accounts import people

    found = people.named(connection, name)
    if found is None:
        there = ", ".join(each.name for each in people.everybody(connection)) or "nobody"
        raise click.ClickException(f"there is nobody called {name!r}; there is: {there}")
    return found[0]


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["viewer", "editor", "administrator"]), default="viewer", show_default=True)
@click.option("--site", "sites", multiple=True, metavar="NAME", help="Only at this site; can be repeated.")
@click.option("--without-password", is_flag=True, help="They sign in by the OpenID provider, which calls them NAME.")
@with_database
def add(dashboard: Dashboard, name: str, role: str, sites: tuple[str, ...], without_password: bool) -> None:
    """Let NAME sign in, and print a password for once, to hand over.

    A viewer sees; an editor also enters visits; an administrator also arranges who may what.
    """
    from dashboard import places
    from dashboard.accounts import passwords, people
    from dashboard.accounts.people import Role

    password = None if without_password else passwords.made()
    hashed = passwords.hashed(password) if password else None
    with arranging(dashboard.database) as connection:
        at = {}
        for each in sites:
            try:
                place, _ = places.find(places.sites(connection), each, None)
            except places.AskedError as error:
                raise click.ClickException(str(error)) from None
            assert isinstance(place, places.Site)
            at[place.id] = Role(role)
        person = people.add(connection, name, hashed, None if at else Role(role), at)
        people.note(connection, BY, "added", person.name)
    if password is None:
        click.echo(f"{person.name} may sign in by the OpenID provider.")
        return
    click.echo(f"{person.name} may sign in. Hand over this password; it is for once:")
    click.echo(password)


@user.command("list")
@with_database
def list_(dashboard: Dashboard) -> None:
    """List who may sign in, and what they may."""
    from dashboard import places
    from dashboard.accounts import people

    with arranging(dashboard.database) as connection:
        names = {site.id: site.name for site in places.sites(connection)}
        for each in people.everybody(connection):
            held = [f"{each.role} everywhere"] if each.role else []
            held += [f"{role} of {names.get(site, f'site {site}')}" for site, role in each.at]
            how = "; has not chosen a password yet" if each.new_password else ""
            how = how or ("" if each.has_password else "; signs in by the OpenID provider")
            click.echo(f"{each.name}: {', '.join(held) or 'nothing'}{how}")


@user.command("reset")
@click.argument("name")
@click.option(
    "--without-password", is_flag=True, help="None: whom the OpenID provider calls NAME next has the account."
)
@with_database
def reset(dashboard: Dashboard, name: str, without_password: bool) -> None:
    """Give NAME a new password, and print it: it is for once. Wherever they are signed in, they are signed out."""
    from dashboard.accounts import passwords, people

    if without_password:
        with arranging(dashboard.database) as connection:
            person = _known(connection, name)
            people.drop_password(connection, person.id)
            people.note(connection, BY, "provider", person.name)
        click.echo(f"{person.name} has no password any more, and signs in by the OpenID provider.")
        return
    password = passwords.made()
    hashed = passwords.hashed(password)
    with arranging(dashboard.database) as connection:
        person = _known(connection, name)
        people.set_password(connection, person.id, hashed, handed_over=True)
        people.note(connection, BY, "password", person.name)
    click.echo(f"A password for {person.name}, for once:")
    click.echo(password)


@user.command("remove")
@click.argument("name")
@with_database
def remove(dashboard: Dashboard, name: str) -> None:
    """Let NAME sign in no more."""
    from dashboard.accounts import people

    with arranging(dashboard.database) as connection:
        person = _known(connection, name)
        people.remove(connection, person.id)
        people.note(connection, BY, "removed", person.name)
    click.echo(f"{person.name} may not sign in any more.")
