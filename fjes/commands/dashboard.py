"""`fjes dashboard`: the dashboard's database and its processes. Says what was done in a line or two."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fjes.commands.areas import area
from fjes.commands.audit import audit
from fjes.commands.backups import backup, restore
from fjes.commands.broker import broker
from fjes.commands.mail import mail
from fjes.commands.refused import refused
from fjes.commands.remote import remote
from fjes.commands.terminals import terminal
from fjes.commands.tokens import token
from fjes.commands.users import user
from fjes.commands.visits import visits
from fjes.database import opened
from fjes.logs import with_log
from fjes.options import with_database

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ratings.config import Config, Dashboard

BEGIN_SECONDS = 10.0
"""When the pages begin with what they do beside answering: publish early, look for alerts, send mail."""


@click.group()
def dashboard() -> None:
    """Take in ratings, and show what may be shown."""


dashboard.add_command(area)
dashboard.add_command(audit)
dashboard.add_command(backup)
dashboard.add_command(broker)
dashboard.add_command(mail)
dashboard.add_command(refused)
dashboard.add_command(remote)
dashboard.add_command(restore)
dashboard.add_command(terminal)
dashboard.add_command(token)
dashboard.add_command(user)
dashboard.add_command(visits)


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
    from ratings.watchdog import Watchdog

    settings = config.load(config_file)
    with opened(settings.dashboard.database) as engine:
        running = Ingest(settings, engine, turned=Watchdog.of(os.environ).turned)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: running.stop())
        running.run()


@dashboard.command()
@click.option("--ingest", "also_ingest", is_flag=True, help="Take in what terminals send, too; needs --config.")
@with_database
@with_log
@click.pass_context
def web(context: click.Context, dashboard: Dashboard, also_ingest: bool) -> None:
    """Serve the pages, until stopped (SIGTERM or Ctrl-C). Address and port are those of the configuration."""
    import signal
    import sys
    import time

    from dashboard import awake, store, web
    from dashboard.accounts import people
    from dashboard.accounts.access import Access
    from dashboard.accounts.provider import Provider
    from dashboard.alerts.watch import Watch
    from dashboard.early import Early
    from dashboard.health import EARLY
    from dashboard.mail.post import Post
    from dashboard.mail.reports import Reports, still_wanted
    from dashboard.secure import SecureError
    from fjes import previews
    from ratings import config
    from ratings.watchdog import Watchdog

    file: Path | None = context.params["config_file"]
    settings = config.load(file) if file is not None else config.Config()
    if also_ingest and file is None:
        raise click.UsageError("--ingest needs --config with a [broker]")
    try:
        provider = Provider.of(settings.oidc)
    except config.ConfigError as error:
        raise click.BadParameter(f"{file}: {error}", param_hint="--config") from None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with opened(dashboard.database) as engine, _beside(settings if also_ingest else None, engine):
        access = Access(engine, provider=provider) if dashboard.sign_in else None
        draw = previews.draw if previews.can_draw() else None
        app = web.create_app(engine, dashboard, access=access, draw=draw, mail=settings.mail)
        try:
            server = web.ready(app, dashboard)
        except OSError as error:
            raise click.ClickException(
                f"cannot listen on {dashboard.host}, port {dashboard.port}: {error.strerror}; "
                "end what uses it, or set another [dashboard] port"
            ) from None
        except SecureError as error:
            raise click.ClickException(str(error)) from None
        protocol = "https" if dashboard.certificate else "http"
        click.echo(f"The pages are on {protocol}://{dashboard.host}:{dashboard.port}")
        if dashboard.sign_in:
            with store.reading(engine) as connection:
                if not people.everybody(connection) and not (provider and provider.lets_newcomers_in):
                    click.echo(
                        "Nobody can sign in yet: make the first administrator with fjes dashboard user add", err=True
                    )
        # What goes on beside the pages lets go of the interpreter ten times sooner than it would by itself.
        sys.setswitchinterval(0.0005)
        early = app.extensions[EARLY] = Early(engine, dashboard.threshold)
        # The first readers have the process for themselves.
        early.start(after=BEGIN_SECONDS)
        reports = Reports(engine, app, dashboard, settings.mail)
        watch = Watch(engine, dashboard, settings.mail, rest=time.sleep)
        Post(engine, settings.mail, [reports, watch], still_wanted).start(after=BEGIN_SECONDS)
        awake.watch(dashboard, Watchdog.of(os.environ))
        server.run()


@contextlib.contextmanager
def _beside(settings: Config | None, engine: Engine) -> Iterator[None]:
    """Ingest in a thread of its own, where settings are given. Should it ever end by itself, so does the process."""
    if settings is None:
        yield
        return
    import os
    import signal
    import threading

    from dashboard.ingest import Ingest

    running = Ingest(settings, engine)

    def run() -> None:
        try:
            running.run()
        except BaseException:
            os.kill(os.getpid(), signal.SIGTERM)  # Whoever started this starts it again; pages alone would hide it.
            raise

    thread = threading.Thread(target=run, name="ingest")
    thread.start()
    try:
        yield
    finally:
        running.stop()
        thread.join()
