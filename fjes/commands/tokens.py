"""`fjes dashboard token`: what programs read figures and measurements with. Others are made on the pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from fjes.database import arranging
from fjes.options import with_database

if TYPE_CHECKING:
    from ratings.config import Dashboard

BY = "fjes dashboard token"
"""Who did it, as the list of what was arranged has it."""


@click.group()
def token() -> None:
    """Say which programs may read the figures."""


@token.command("add")
@click.argument("name")
@click.option("--site", "sites", multiple=True, metavar="NAME", help="It sees this site only; can be repeated.")
@click.option("--metrics", is_flag=True, help="For measurements (/metrics), not for figures.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Its last day; by default in a year.")
@with_database
def add(dashboard: Dashboard, name: str, sites: tuple[str, ...], metrics: bool, until: datetime | None) -> None:
    """Make a token for the program NAME, and print it this once."""
    from dashboard import places
    from dashboard.accounts import people, tokens
    from dashboard.accounts.token_pages import words_of
    from dashboard.accounts.tokens import Use

    if metrics and sites:
        raise click.UsageError("--metrics is of no site: leave out --site")
    today = datetime.now(UTC).date()
    last: date = until.date() if until else today + tokens.USUAL
    with arranging(dashboard.database) as connection:
        seen = []
        for each in sites:
            try:
                place, _ = places.find(places.sites(connection), each, None)
            except places.AskedError as error:
                raise click.ClickException(str(error)) from None
            assert isinstance(place, places.Site)
            seen.append(place.id)
        use = Use.METRICS if metrics else Use.FIGURES
        made, word = tokens.add(connection, name, use, seen or None, last, today)
        people.note(connection, BY, "token", words_of(made))
    click.echo(f"A token for {made.name}, until {made.expires}. It is shown this once:")
    click.echo(word)


@token.command("list")
@with_database
def list_(dashboard: Dashboard) -> None:
    """List the tokens: what each reads, its last day, and when it was used last."""
    from dashboard import places
    from dashboard.accounts import tokens

    today = datetime.now(UTC).date()
    with arranging(dashboard.database) as connection:
        names = {site.id: site.name for site in places.sites(connection)}
        for each in tokens.everything(connection):
            sites = ", ".join(names.get(site, f"site {site}") for site in each.sites)
            reads = "measurements" if each.use is tokens.Use.METRICS else f"figures of {sites or 'all sites'}"
            ends = "ended on" if each.expires < today else "until"
            used = f"last used on {each.used}" if each.used else "not used yet"
            click.echo(f"{each.name}: {reads}; {ends} {each.expires}; {used}")


@token.command("remove")
@click.argument("name")
@with_database
def remove(dashboard: Dashboard, name: str) -> None:
    """Let the program NAME read nothing any more."""
    from dashboard.accounts import people, tokens

    with arranging(dashboard.database) as connection:
        found = tokens.named(connection, name)
        if found is None:
            there = ", ".join(each.name for each in tokens.everything(connection)) or "none"
            raise click.ClickException(f"there is no token {name!r}; there is: {there}")
        tokens.remove(connection, found.id)
        people.note(connection, BY, "token-removed", found.name)
    click.echo(f"{found.name} reads nothing any more.")
