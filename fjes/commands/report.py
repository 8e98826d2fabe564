"""`fjes report`: the figures of a stretch of months, as text, JSON or CSV. The work is in `dashboard/reports.py`
and `dashboard/sentences.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fjes.options import with_database
from ratings.pooling import LEAST

if TYPE_CHECKING:
    from ratings.config import Dashboard


class Refusal(click.ClickException):
    """One line, and the exit code that click uses for what was asked wrongly."""

    exit_code = 2


@click.command("report")
@click.option("--from", "first", required=True, metavar="MONTH", help="The first month, as 2022-01.")
@click.option("--to", "last", required=True, metavar="MONTH", help="The last month, as 2022-03.")
@click.option("--terminal", metavar="NAME", help="Only this terminal, by its name or id.")
@click.option("--site", metavar="NAME", help="Only this site. Without it, all sites together.")
@click.option("--question", metavar="ID", help="Default: the question that was asked last.")
@click.option("--lang", type=click.Choice(["nb", "en"]), default="nb", show_default=True, help="Of the text.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True, help="Output."
)
@click.option(
    "--threshold",
    type=click.IntRange(LEAST, 1000),
    metavar="N",
    help=f"Show no figure on fewer ratings; at least {LEAST}. Default: from --config, else 10.",
)
@with_database
def report(
    dashboard: Dashboard,
    first: str,
    last: str,
    terminal: str | None,
    site: str | None,
    question: str | None,
    lang: str,
    format_: str,
    threshold: int | None,
) -> None:
    """Percentages of some months, with base and interval, for an annual report.

    Months with few ratings are shown together only; a range that cuts such a block is widened, and says so.
    """
    from dashboard import places, reports, sentences, store
    from dashboard.language import words

    try:
        asked = reports.months_between(first, last)
        engine = reports.open_existing(dashboard.database)
        try:
            found = reports.report(
                engine,
                asked,
                threshold=threshold or dashboard.threshold,
                terminal=terminal,
                site=site,
                question=question,
            )
        finally:
            engine.dispose()
    except (places.AskedError, store.StoreError) as error:
        raise Refusal(str(error)) from None
    match format_:
        case "json":
            click.echo(reports.as_json(found))
        case "csv":
            click.echo(reports.as_csv(found), nl=False)
        case _:
            click.echo(sentences.as_text(found, words(lang)))
