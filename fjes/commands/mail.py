"""`fjes dashboard mail`: whether mail can be sent, and what waits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fjes.database import opened
from fjes.options import with_database

if TYPE_CHECKING:
    from ratings.config import Dashboard


@click.group()
def mail() -> None:
    """See whether mail can be sent, and what waits."""


@mail.command("test")
@click.argument("address")
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", required=True, help="A fjes.toml."
)
def test(address: str, config_file: Path) -> None:
    """Send one mail to ADDRESS, now, and say what the server said."""
    from datetime import UTC, datetime

    from dashboard.mail import letter, server
    from ratings import config, mailing

    try:
        settings = config.load(config_file).mail
    except config.ConfigError as error:
        raise click.BadParameter(str(error), param_hint="--config") from None
    if settings.host is None:
        raise click.ClickException(f"{config_file}: no mail server is set up; set host, from and page in [mail]")
    to = mailing.address(address)
    if to is None:
        raise click.BadParameter(f"{address!r} is not an e-mail address", param_hint="ADDRESS")
    words = "This mail was asked for with fjes dashboard mail test. Mail can be sent."
    test_ = letter.Letter("Fjes: mail can be sent", f"{words}\n", f"<!doctype html><p>{words}</p>", "en")
    try:
        with server.Session(settings) as session:
            session.send(to, letter.written(test_, to, settings, datetime.now(UTC)))
    except (server.ServerError, server.LaterError, server.RefusedError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The mail server has taken a mail to {to}. Whether it arrives is up to the servers after it.")


@mail.command("list")
@with_database
def list_(dashboard: Dashboard) -> None:
    """List the mail that waits, and what was refused for good, with the server's answer."""
    from dashboard.mail import queue
    from dashboard.store import reading

    with opened(dashboard.database) as engine, reading(engine) as connection:
        entries = queue.listing(connection)
    for each in entries:
        if each.state == "refused":
            how = "refused for good"
        elif each.tries:
            how = f"tried {'once' if each.tries == 1 else f'{each.tries} times'}, next at {each.due:%Y-%m-%d %H:%M} UTC"
        else:
            how = "waits"
        click.echo(f"{each.key} to {each.to}: {how}{f': {each.answer}' if each.answer else ''}")
    if not entries:
        click.echo("Nothing waits, and nothing was refused.")
