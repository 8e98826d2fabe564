"""`fjes terminal retire`: releases what runs, waits until the dashboard has all of it, and says goodbye.

Each step can be cut off and done again: what was released stays released, what has arrived is not sent twice.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fjes.logs import with_log

if TYPE_CHECKING:
    from ratings.config import Config
    from terminal.courier import Courier

STOP_BOTH = "Stop kiosk and courier first, for good: systemctl disable --now fjes-kiosk fjes-courier"


@click.command()
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", required=True, help="Its fjes.toml."
)
@click.option(
    "--wait",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up when nothing has got through for so long.",
)
@with_log
def retire(config_file: Path, wait: float) -> None:
    """Take the terminal out of service: release all it has counted, deliver it, and say goodbye.

    What runs becomes final, small totals too. Can be repeated, also after a cut of power.
    """
    from ratings import config
    from terminal import connection, memory
    from terminal.storage import StoreError

    memory.leave_no_core()
    settings = config.load(config_file)
    if connection.read(settings.terminal.state) is not None:
        raise click.ClickException(f"the courier of this terminal is running. {STOP_BOTH}")
    try:
        released = _release(settings)
        click.echo(f"Released: {released} tables." if released else "Nothing was left to release.")
        if _deliver(settings, wait):
            click.echo("The dashboard has all of it, and the terminal has said goodbye.")
            return
        waiting = _waiting(settings)
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    still = f"{waiting} released tables are still on the card" if waiting else "the goodbye has not got through"
    raise click.ClickException(f"{still}. Nothing is lost: run this again when there is a connection to the dashboard")


def _release(settings: Config) -> int:
    """Release all that runs. Raises StoreError."""
    from terminal.ledger import FILE, Ledger
    from terminal.storage import StoreError
    from terminal.trust import Trust

    store = settings.terminal.store
    if not (store / FILE).exists():
        raise StoreError(f"{store / FILE}: there is no such file. Name the terminal's own fjes.toml; nothing was done.")
    # Whose board this is does not matter now: the card may have been put into another for this.
    ledger = Ledger.open(
        store,
        settings.release,
        settings.terminal.zone,
        settings.kiosk.languages,
        [reason.id for reason in settings.follow_up.reasons],
        trust=Trust(settings.terminal.clock),
        state=settings.terminal.state,
    )
    try:
        return ledger.retire(datetime.now(UTC))
    finally:
        ledger.close()


def _deliver(settings: Config, wait: float) -> bool:
    """Carry it until the dashboard has it all; False when nothing got through for so long, or it was stopped."""
    from terminal.courier import Courier

    courier = Courier(settings, leaving=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: courier.stop())
    over = threading.Event()
    watch = threading.Thread(target=_give_up, args=(settings, courier, wait, over))
    watch.start()
    try:
        courier.run()
    finally:
        over.set()
        watch.join()
    return courier.left


def _give_up(settings: Config, courier: Courier, wait: float, over: threading.Event) -> None:
    """Stop the courier when for so long nothing of what waits has got through."""
    from terminal.storage import StoreError

    waiting, since = -1, time.monotonic()
    while time.monotonic() - since < wait:
        with contextlib.suppress(StoreError):
            if (now := _waiting(settings)) != waiting:
                waiting, since = now, time.monotonic()
        if over.wait(0.2):
            return
    courier.stop()


def _waiting(settings: Config) -> int:
    """How many released tables the dashboard has not acknowledged, as far as is known. Raises StoreError."""
    from terminal.delivery import Delivery
    from terminal.outbox import Outbox

    return Delivery(Outbox(settings.terminal.store), settings.terminal.state, settings.release, "").pending()
