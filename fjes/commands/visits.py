"""`fjes dashboard visits`: how many visits a month had, for the response rate. The page of a site takes them, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fjes.database import opened
from fjes.options import with_database

if TYPE_CHECKING:
    from ratings.config import Dashboard


@click.command("visits")
@click.argument("site")
@click.argument("month")
@click.argument("number")
@with_database
def visits(dashboard: Dashboard, site: str, month: str, number: str) -> None:
    """Enter that SITE had NUMBER visits in MONTH (as 2022-03); "" takes it out."""
    from dashboard import disclosure, places, sentences, visits
    from dashboard.language import words
    from ratings import period as periods

    try:
        which, wanted = periods.parse_month(month), visits.read(number)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    with opened(dashboard.database) as engine, engine.begin() as connection:
        try:
            place, _ = places.find(places.sites(connection), site, None)
        except places.AskedError as error:
            raise click.ClickException(str(error)) from None
        assert isinstance(place, places.Site)
        if which.first > places.today(place):
            raise click.ClickException(f"{month} has not come yet")
        visits.put(connection, place.id, which, wanted)
        odd = [
            each
            for question in disclosure.questions(connection, [place.id])
            for each in visits.answered(
                connection, place, disclosure.blocks(connection, place, question, which, dashboard.threshold)
            )
            if each.is_odd
        ]
    click.echo(f"{site}, {month}: {'no number of' if wanted is None else wanted} visits.")
    for each in odd:
        click.echo(sentences.too_many(each, words("en")), err=True)
