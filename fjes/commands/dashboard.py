"""`fjes dashboard`: the dashboard's database, its processes, and what was refused.

Says what was done in a line or two. Never shows counts: quarantine shows what a terminal sent, which only IT reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fjes.commands.broker import broker
from fjes.commands.terminals import terminal
from fjes.database import opened
from fjes.logs import with_log
from fjes.options import with_database

if TYPE_CHECKING:
    from ratings.config import Dashboard


@click.group()
def dashboard() -> None:
    """Take in ratings, and show what may be shown."""


dashboard.add_command(broker)
dashboard.add_command(terminal)


@dashboard.command()
@with_database
def migrate(dashboard: Dashboard) -> None:
    """Bring the database to the tables of this version; make them where there are none."""
    with opened(dashboard.database):
        click.echo("The database is up to date.")


@dashboard.command()
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", required=True, help="A fjes.toml."
)
@with_log
def ingest(config_file: Path) -> None:
    """Listen to the broker and store what terminals send, until stopped (SIGTERM or Ctrl-C)."""
    import signal

    from dashboard.ingest import Ingest
    from ratings import config

    settings = config.load(config_file)
    with opened(settings.dashboard.database) as engine:
        running = Ingest(settings, engine)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: running.stop())
        running.run()


@dashboard.group()
def refused() -> None:
    """What terminals sent that did not pass the checks."""


@refused.command("list")
@with_database
def list_refused(dashboard: Dashboard) -> None:
    """Show what was refused, as it came, and why."""
    from dashboard import quarantine, store

    with opened(dashboard.database) as engine, store.reading(engine) as connection:
        found = quarantine.listing(connection)
    for each in found:
        click.echo(f"{each.day}  {each.terminal}: {each.reason}\n            {each.payload}")
    if not found:
        click.echo("Nothing was refused.")


@refused.command("retry")
@with_database
def retry_refused(dashboard: Dashboard) -> None:
    """Check what was refused again: after an update, or when a clock was wrong."""
    from dashboard import clock, quarantine

    with opened(dashboard.database) as engine, engine.begin() as connection:
        accepted, kept = quarantine.retry(connection, clock.known_today())
    click.echo(f"Taken in now: {len(accepted)}. Still refused: {len(kept)}.")
    for each in kept:
        click.echo(f"{each.terminal}: {each.reason}")


@dashboard.command()
@with_database
@with_log
def web(dashboard: Dashboard) -> None:
    """Serve the pages, until stopped (SIGTERM or Ctrl-C). Address and port are those of the configuration."""
    import signal
    import sys

    from dashboard import web

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with opened(dashboard.database) as engine:
        click.echo(f"The pages are on http://{dashboard.host}:{dashboard.port}")
        try:
            web.serve(web.create_app(engine, dashboard), dashboard.host, dashboard.port)
        except OSError as error:
            raise click.ClickException(
                f"cannot listen on {dashboard.host}, port {dashboard.port}: {error.strerror}; "
                "end what uses it, or set another [dashboard] port"
            ) from None
