"""`fjes hardware`: the box around a terminal: how it is wired, whether it works, and the faces for its buttons."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from hardware.check import Finding
    from ratings.config import Config
    from ratings.scale import Score
    from terminal.kiosk.check_window import CheckWindow

_T = TypeVar("_T")

_NAP = 0.02
"""Seconds between looks at the shell, the window and the buttons."""
_YES, _NO = ("y", "yes", "j", "ja"), ("n", "no", "nei")

with_config = click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", required=True, help="Its fjes.toml."
)


@click.group()
def hardware() -> None:
    """Wire, check and label the box around a terminal."""


@hardware.command()
@click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="Its fjes.toml.")
@click.option(
    "--svg", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Also draw it into a file."
)
def pins(config_file: Path | None, svg: Path | None) -> None:
    """Print which wire goes to which pin, as the configuration has it; by default, as it is without one."""
    from hardware import picture, wiring
    from ratings import config

    settings = config.load(config_file).buttons if config_file is not None else picture.SHOWN
    click.echo(wiring.table(settings))
    if svg is not None:
        _write(svg, picture.svg(settings).encode())


@hardware.command()
@click.option(
    "--pdf", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", required=True, help="Where it goes."
)
@click.option(
    "--diameter", type=click.FloatRange(16, 80), default=27.0, show_default=True, metavar="MM", help="Of a face, in mm."
)
@click.option(
    "--best-face", type=click.Choice(["left", "right"]), default="left", show_default=True, help="Which side it is on."
)
@click.option(
    "--hole", type=click.FloatRange(16, 60), default=30.0, show_default=True, metavar="MM", help="To be drilled, in mm."
)
def faces(pdf: Path, diameter: float, best_face: str, hole: float) -> None:
    """Make the sheet of faces to be printed, cut out and put into the buttons, and where to drill (PDF, A4)."""
    try:
        from fjes import face_sheet

        # It imports WeasyPrint, which a terminal has no other use for; and that libraries of the system.
        made = face_sheet.pdf(diameter, hole, left_is_best=best_face == "left")
    except (ImportError, OSError) as error:
        raise click.ClickException(
            f"the sheet cannot be made here ({error}); make it on a machine that has what a dashboard needs"
        ) from None
    _write(pdf, made)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written ({error.strerror}); name another place") from None


@hardware.command()
@with_config
@click.option("--unattended", is_flag=True, help="Ask nothing: look as far as it gets without anybody.")
@click.option(
    "--without",
    "left_out",
    multiple=True,
    type=click.Choice(["buttons", "leds", "sound", "screen", "clock", "temperature"]),
    help="Leave this out; can be repeated.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 600),
    default=30.0,
    show_default=True,
    help="How long to wait for a press or an answer.",
)
@click.pass_context
def check(
    context: click.Context, config_file: Path, unattended: bool, left_out: tuple[str, ...], seconds: float
) -> None:
    """Check buttons, LEDs, sound, screen, clock and heat, one by one. Ends with 0 when nothing failed, else with 1.

    Stop the kiosk first: the pins can be had once (systemctl stop fjes-kiosk). Nothing that is pressed is a rating.
    """
    from hardware.check import PARTS, Check, passed
    from ratings import config

    settings = config.load(config_file)
    with ExitStack() as stack:
        window = None if unattended else _window(settings, stack)
        guide = None if unattended else _Guide(window)
        parts = [part for part in PARTS if part not in left_out]
        speaker = None
        if "sound" in parts and settings.sound.volume_percent:
            speaker = _Speaker(settings)
            stack.callback(speaker.close)
        findings = Check(settings, guide, speaker, seconds, parts).run()
        if unattended:
            for finding in findings:
                click.echo(finding)
        good = passed(findings)
        if guide is not None:
            guide.show("All is well" if good else "Something failed: see the shell", None)
            guide.wait(lambda: None, 1.0)
    context.exit(0 if good else 1)


def _window(settings: Config, stack: ExitStack) -> CheckWindow | None:
    """The window, where there is a screen; without, it is said in the shell alone."""
    from terminal.kiosk.check_window import CheckWindow
    from terminal.kiosk.environment import DisplayError
    from terminal.kiosk.typeface import TypefaceError

    try:
        window = CheckWindow(settings.kiosk)
    except (DisplayError, TypefaceError) as error:
        click.echo(f"On the screen nothing is shown: {error}.", err=True)
        return None
    stack.callback(window.close)
    return window


class _Guide:
    """Says it in the shell, and in the window where there is one; listens to both."""

    def __init__(self, window: CheckWindow | None) -> None:
        self._window = window
        self._hears = True

    def show(self, said: str, face: Score | None = None, *, asks: bool = False) -> None:
        click.echo(f"      {said}{' (y or n, and Enter)' if asks else ''}")
        if self._window is not None:
            self._window.show(said, face, asks=asks)

    def wait(self, until: Callable[[], _T | None], seconds: float) -> _T | None:
        end = time.monotonic() + seconds
        while (found := until()) is None and time.monotonic() < end:
            if self._window is not None:
                self._window.pump()
            time.sleep(_NAP)
        return found

    def answer(self) -> bool | None:
        if self._hears and select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            # Ended: nobody types there.
            self._hears = bool(line)
            if line.strip().lower() in (*_YES, *_NO):
                return line.strip().lower() in _YES
        return self._window.answer() if self._window is not None else None

    def report(self, finding: Finding) -> None:
        click.echo(finding)


class _Speaker:
    """The kiosk's own player, with the question of the first language that can be heard."""

    def __init__(self, settings: Config) -> None:
        from terminal.kiosk.sound import Player

        self._settings = settings
        self._player = Player(settings.sound.volume_percent, settings.sound.device)

    def problem(self) -> str | None:
        from terminal import recordings

        if not self._player.wait(5.0):
            return "the sound card does not answer; see to [sound] device"
        if not self._player.usable:
            return f"there is no sound: {self._player.problem}"
        found = [recordings.SHIPPED / each for each in self._settings.kiosk.languages]
        if self._settings.sound.folder is not None:
            found += [self._settings.sound.folder / each for each in self._settings.kiosk.languages]
        self._files = [folder / f"{recordings.QUESTION}.ogg" for folder in found]
        if not any(file.is_file() for file in self._files):
            return "there is no recording to be played: `python -m terminal.kiosk.voices` makes those that ship"
        return None

    def play(self) -> None:
        self._player.play(next(file for file in self._files if file.is_file()))

    def close(self) -> None:
        self._player.close()
