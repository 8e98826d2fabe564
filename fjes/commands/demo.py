"""`fjes demo`: the whole product on one machine. The work is in `fjes/demo.py`."""

from __future__ import annotations

import sys

import click


@click.command()
@click.option("--visits", type=click.IntRange(0, 100_000), default=0, metavar="N", help="Simulated visits, at once.")
@click.option("--once", is_flag=True, help="End after the visits, and check that every rating arrived.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Of the page; another if taken."
)
@click.option("--follow-up", is_flag=True, help="Ask every visitor what mattered most, in six pictures.")
def demo(visits: int, once: bool, port: int, follow_up: bool) -> None:
    """Try it: kiosk, broker and dashboard on this machine, with two simulated years.

    The exit code of `--visits N --once` is 0 when all that the visitors pressed is in the dashboard, else 1.
    """
    from dashboard.trouble import StoreError as DashboardError
    from fjes.demo import Wishes, run
    from fjes.embedded_broker import BrokerError
    from fjes.processes import DemoError
    from terminal.ledger import StoreError

    if once and not visits:
        raise click.UsageError("--once ends after the visits: say how many with --visits N")
    try:
        arrived = run(Wishes(visits, once, port, follow_up))
    except (DemoError, BrokerError, StoreError, DashboardError) as error:
        raise click.ClickException(str(error)) from None
    sys.exit(0 if arrived else 1)
