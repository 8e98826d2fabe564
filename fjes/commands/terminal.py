"""`fjes terminal`: the terminal's two processes. The kiosk has no network, the courier no window."""

from __future__ import annotations

import contextlib
import logging
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fjes.commands.pin import pin
from fjes.commands.recordings import recordings
from fjes.commands.retire import retire
from fjes.commands.touch import touch
from fjes.logs import with_log

if TYPE_CHECKING:
    from ratings.config import Config
    from terminal.kiosk.app import Kiosk
    from terminal.trust import Trust

with_config = click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", required=True, help="Its fjes.toml."
)


@click.group()
def terminal() -> None:
    """Ask visitors, and carry what they answered."""


terminal.add_command(pin)
terminal.add_command(recordings)
terminal.add_command(retire)
terminal.add_command(touch)


@terminal.command()
@with_config
@with_log
def kiosk(config_file: Path) -> None:
    """Show the faces, and count what is tapped, until stopped (SIGTERM or Ctrl-C).

    Where there is a mistake in the file, the screen says so until the file has changed.
    """
    import signal

    from fjes import notice
    from ratings import config
    from ratings.watchdog import Watchdog
    from terminal import identity, memory
    from terminal.clock import CheckedClock
    from terminal.kiosk.app import Kiosk
    from terminal.kiosk.changes import Changes
    from terminal.kiosk.environment import DisplayError
    from terminal.kiosk.pictograms import PictureError
    from terminal.kiosk.typeface import TypefaceError
    from terminal.kiosk.words import WordsError
    from terminal.ledger import Ledger, StoreError
    from terminal.trust import Trust

    memory.leave_no_core()
    try:
        own = config.load(config_file)
    except config.ConfigError as error:
        if not notice.show(config_file, error):
            raise
        return
    changes = Changes(own)
    settings = changes.config
    trust = Trust(settings.terminal.clock)
    try:
        ledger = Ledger.open(
            settings.terminal.store,
            settings.release,
            settings.terminal.zone,
            settings.kiosk.languages,
            [reason.id for reason in settings.follow_up.reasons],
            trust=trust,
            owner=identity.read(settings.terminal.store, terminal=settings.terminal.id),
            state=settings.terminal.state,
        )
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    clock = CheckedClock(trust, lambda: ledger.known)
    _tell_of_the_clock(trust, clock.now())
    try:
        watchdog = Watchdog.of(os.environ)
        window = Kiosk(settings, clock, ledger, changes=changes, turned=watchdog.turned)
        window.backroom.mistake = notice.mistake(config_file)
        if window.offscreen:
            click.echo(
                "No screen was found: the faces are drawn into memory, and only hardware buttons can be pressed. "
                "Connect a screen and start again, or start it in a session.",
                err=True,
            )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: window.stop())
        ledger.faults = window.faults
        with contextlib.ExitStack() as stack:
            _open_buttons(settings, window, stack)
            window.run()
    except (DisplayError, PictureError, TypefaceError, WordsError) as error:
        raise click.ClickException(str(error)) from None
    finally:
        ledger.close()


def _tell_of_the_clock(trust: Trust, now: datetime) -> None:
    """Say once where nobody vouches for the clock and it is believed all the same. (What is not believed, says so.)"""
    from terminal.trust import Source

    if trust.setting == "checked" and trust.source(now) is Source.UNSEEN:
        logging.getLogger("fjes.kiosk").info(
            "Nothing on this machine can tell whether its clock is right, so it is taken for right. "
            'Where that is meant, say so: [terminal] clock = "system".'
        )


def _open_buttons(settings: Config, window: Kiosk, stack: contextlib.ExitStack) -> None:
    """The hardware buttons and their LEDs; without them the terminal goes on by touch, and says so.

    They are closed with the stack.
    """
    from hardware import HardwareError
    from hardware.buttons import Buttons
    from hardware.leds import Leds

    try:
        buttons = Buttons(settings.buttons, window.press, speak=window.listen)
    except HardwareError as error:
        window.faults.buttons_missing = True
        click.echo(f"{error}. The terminal goes on by touch alone.", err=True)
        return
    stack.callback(buttons.close)
    window.backroom.buttons_answer = True
    if buttons.factory is None:
        return
    window.faults.stuck, window.faults.forget_stuck = buttons.stuck, buttons.forget_stuck
    if not settings.buttons.speak:
        # Else they count when they come up.
        window.pushes.is_down = buttons.is_down
    try:
        leds = Leds(settings.buttons, buttons.factory)
    except HardwareError as error:
        click.echo(f"{error}. The buttons go on without light.", err=True)
        return
    stack.callback(leds.close)
    window.light_buttons = leds.light


@terminal.command()
@with_config
@with_log
def courier(config_file: Path) -> None:
    """Carry what has been released to the broker, until stopped (SIGTERM or Ctrl-C)."""
    import signal

    from ratings import config
    from ratings.watchdog import Watchdog
    from terminal import memory
    from terminal.courier import Courier

    memory.leave_no_core()
    running = Courier(config.load(config_file), turned=Watchdog.of(os.environ).turned)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    running.run()
