"""`fjes terminal touch`: whether touches land where the picture is. Opens no ledger: nothing of it is counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from terminal.kiosk.touch_judge import Verdict


@click.command()
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", required=True, help="Its fjes.toml."
)
@click.pass_context
def touch(context: click.Context, config_file: Path) -> None:
    """Show five rings to be touched, and say what to change in fjes.toml where touches land elsewhere."""
    import signal

    from ratings import config
    from terminal.kiosk.environment import DisplayError
    from terminal.kiosk.touch_window import TouchWindow
    from terminal.kiosk.typeface import TypefaceError

    settings = config.load(config_file).kiosk
    try:
        window = TouchWindow(settings)
    except (DisplayError, TypefaceError) as error:
        raise click.ClickException(str(error)) from None
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: window.stop())
    click.echo("Touch the rings on the screen, one after the other, in the middle of their crosses.", err=True)
    context.exit(0 if window.run(_say).passed else 1)


def _say(verdict: Verdict) -> None:
    click.echo(verdict.text)
