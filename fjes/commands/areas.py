"""`fjes dashboard area`: the tree that sites stand in, and that pages and figures of several sites follow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fjes.database import opened
from fjes.options import with_database

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ratings.config import Dashboard


@click.group()
def area() -> None:
    """The tree that sites stand in."""


@contextlib.contextmanager
def _writing(dashboard: Dashboard) -> Iterator[Connection]:
    """A transaction of which nothing stays where something in it is wrong; that ends the command with one line."""
    from dashboard.areas import AreaError

    try:
        with opened(dashboard.database) as engine, engine.begin() as connection:
            yield connection
    except AreaError as error:
        raise click.ClickException(str(error)) from None


@area.command("list")
@with_database
def list_areas(dashboard: Dashboard) -> None:
    """Show the areas, and the sites in them."""
    from dashboard import areas, places, store

    with opened(dashboard.database) as engine, store.reading(engine) as connection:
        branches = areas.listing(connection)
        root = places.tree(connection).own_sites
    for branch in branches:
        indent = "  " * (len(branch.path) - 1)
        click.echo(f"{indent}{branch.path[-1]}{'' if branch.sites else ' (no site)'}")
        for name in branch.sites:
            click.echo(f"{indent}  - {name}")
    for site in root:
        click.echo(f"- {site.name}")
    if not branches:
        click.echo("There is no area: all sites stand side by side.")


@area.command()
@click.argument("sites", nargs=-1, required=True, metavar="SITE…")
@click.option("--in", "path", metavar="AREA", help="Such as 'Oslo / Sentrum'; made if new. Without it: in no area.")
@with_database
def put(dashboard: Dashboard, sites: tuple[str, ...], path: str | None) -> None:
    """Put sites into an area."""
    from dashboard import areas

    with _writing(dashboard) as connection:
        names = areas.put(connection, sites, path)
    where = f"in {' / '.join(names)}" if names else "in no area"
    click.echo(f"{', '.join(sites)}: {where} from now on.")


@area.command()
@click.argument("path", metavar="AREA")
@click.argument("new", metavar="NEW")
@with_database
def move(dashboard: Dashboard, path: str, new: str) -> None:
    """Rename an area, or move it into another, with all that is in it."""
    from dashboard import areas

    with _writing(dashboard) as connection:
        areas.move(connection, path, new)
    click.echo(f"{path} is {new} from now on.")


@area.command()
@click.argument("path", metavar="AREA")
@with_database
def remove(dashboard: Dashboard, path: str) -> None:
    """Remove an area in which there is nothing."""
    from dashboard import areas

    with _writing(dashboard) as connection:
        areas.remove(connection, path)
    click.echo(f"{path} is removed.")
