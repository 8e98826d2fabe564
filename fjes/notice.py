"""A configuration that cannot be used, on the kiosk's screen: nobody looks into a log to see why a screen is dark."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ratings.config import ConfigError, Kiosk, hanging
from ratings.watchdog import Watchdog

if TYPE_CHECKING:
    from fjes.provision.work import Problem
    from terminal.kiosk.notice import Notice


def show(config_file: Path, error: ConfigError) -> bool:
    """Show what is wrong, until stopped or until the file has changed. Returns False where there is no screen.

    Where provisioning knows more (the file on the card is another one), that is shown. Raises click.ClickException.
    """
    from terminal.kiosk import environment
    from terminal.kiosk.environment import DisplayError
    from terminal.kiosk.notice_window import NoticeWindow
    from terminal.kiosk.typeface import TypefaceError

    if not environment.has_display():
        return False
    before = _state(config_file)
    notice, settings = _what(config_file, error)
    try:
        window = NoticeWindow(settings, notice)
    except (DisplayError, TypefaceError) as failed:
        raise click.ClickException(f"{error}; and {failed}") from None
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: window.stop())
    click.echo(f"{error}. The screen says so.", err=True)
    watchdog = Watchdog.of(os.environ)

    def is_over() -> bool:
        watchdog.turned()  # Asked in each round of its loop.
        return _state(config_file) != before

    window.run(is_over)
    return True


def mistake(config_file: Path) -> tuple[str, int | None] | None:
    """Which file on the card has a mistake, and in which line, where provisioning goes by it as it last was."""
    known = _told(config_file)
    return (known.file, known.line) if known else None


def _told(config_file: Path) -> Problem | None:
    """What provisioning has found, on the image."""
    path = config_file.parent / "problem.json"
    if not path.exists():
        return None  # And what follows need not be imported.
    import msgspec

    from fjes.provision.work import Problem

    try:
        return msgspec.json.decode(path.read_bytes(), type=Problem)
    except (OSError, msgspec.MsgspecError):
        return None


def _what(config_file: Path, error: ConfigError) -> tuple[Notice, Kiosk]:
    from terminal.kiosk.notice import Notice

    if (known := _told(config_file)) is not None:
        return Notice(known.file, known.problem, known.line, on_card=True), known.hanging
    try:
        settings = hanging(config_file.read_text("utf-8-sig"))
    except (OSError, ValueError):
        settings = Kiosk()
    return Notice(config_file.name, error.problem, error.line), settings


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
