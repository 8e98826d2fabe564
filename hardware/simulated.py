"""A GPIO chip of the kernel's own making (`gpio-sim`), and hands to press what is wired to it.

`python -m hardware.simulated test` presses real buttons on the real lgpio, and says what came of it; `make`, `press`,
`hold`, `release`, `value` and `remove` are for a kiosk that runs. Needs root, configfs and the module gpio-sim (not in
the kernel of Debian 13, but in that of its backports). No mock pins here: `gpiozero.pins.mock` has those.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import click

from hardware import HardwareError
from hardware.buttons import STUCK_SECONDS, Buttons
from hardware.chip import label_of
from hardware.leds import Leds
from ratings.config import Buttons as Settings
from ratings.scale import Score

CONFIGFS = Path("/sys/kernel/config")
DEVICES = Path("/sys/devices/platform")
NAME, LABEL = "fjes", "fjes-simulated"
LINES = 28
"""As many as the header has GPIO numbers: line 17 is GPIO 17."""
HELD_SECONDS = 0.2
_LIMIT = 5.0


class Chip:
    """The simulated chip of a name. It is there from `make` to `remove`, whoever ends in between."""

    def __init__(self, name: str = NAME, configfs: Path = CONFIGFS, devices: Path = DEVICES) -> None:
        self._folder = configfs / "gpio-sim" / name
        self._devices = devices

    def make(self) -> int:
        """Make the chip; returns its number (`chip` under `[buttons]`). Raises HardwareError."""
        # Where there is neither command nor module, the folder is missing, and that is what is told.
        with suppress(OSError):
            subprocess.run(["/usr/sbin/modprobe", "gpio-sim"], check=False, capture_output=True)
        try:
            bank = self._folder / "bank0"
            bank.mkdir(parents=True)
            (bank / "num_lines").write_text(str(LINES))
            (bank / "label").write_text(LABEL)
            (self._folder / "live").write_text("1")
        except OSError as error:
            raise HardwareError(
                f"{self._folder}: no simulated chip can be made ({error.strerror}); this needs root, configfs and a "
                "kernel with gpio-sim"
            ) from error
        for gpio in range(LINES):
            self.release(gpio)
        return self.number

    def remove(self) -> None:
        """Take the chip away. Raises OSError where somebody still uses it."""
        (self._folder / "live").write_text("0")
        (self._folder / "bank0").rmdir()
        self._folder.rmdir()

    @property
    def number(self) -> int:
        """The number of the chip. Raises HardwareError where it is not there."""
        return int(self._chip.removeprefix("gpiochip"))

    def press(self, gpio: int) -> None:
        """Join a line to ground, as a button does that goes down."""
        self._pull(gpio, "pull-down")

    def release(self, gpio: int) -> None:
        """Let it go."""
        self._pull(gpio, "pull-up")

    def value(self, gpio: int) -> int:
        """The level of a line: of one that is an output, what it was told."""
        return int((self._line(gpio) / "value").read_text())

    @property
    def _chip(self) -> str:
        try:
            return (self._folder / "bank0" / "chip_name").read_text().strip()
        except OSError as error:
            raise HardwareError(f"{self._folder}: there is no such chip; make it first") from error

    def _line(self, gpio: int) -> Path:
        chip = self._chip
        device = (self._folder / "dev_name").read_text().strip()
        return self._devices / device / chip / f"sim_gpio{gpio}"

    def _pull(self, gpio: int, how: str) -> None:
        (self._line(gpio) / "pull").write_text(how)


def settings(chip: int) -> Settings:
    """Buttons and LEDs on the chip of this number, on the real lgpio."""
    return Settings(factory="lgpio", chip=chip, very_unhappy_led=5, unhappy_led=6, happy_led=13, very_happy_led=19)


def trials(chip: Chip) -> Iterator[tuple[str, bool]]:
    """What is tried, and whether it holds, one after the other. Takes half a minute: one button is held until stuck."""
    told = settings(chip.number)
    yield "the chip is found by what the kernel calls it", label_of(Path(f"/dev/gpiochip{chip.number}")) == LABEL
    pressed: list[Score] = []
    with Buttons(told, pressed.append) as buttons:
        yield "nobody presses, and nothing counts", not pressed and not any(map(buttons.is_down, Score))
        for score in Score:
            pressed.clear()
            chip.press(told.pins[score])
            heard = _comes(lambda score=score: pressed == [score])  # type: ignore[misc]
            down = buttons.is_down(score)
            chip.release(told.pins[score])
            up = _comes(lambda score=score: not buttons.is_down(score))  # type: ignore[misc]
            yield f"GPIO {told.pins[score]} is {score.name.lower()}, down and up", heard and down and up
            time.sleep(2 * told.bounce_seconds)
        pressed.clear()
        for _ in range(8):
            chip.press(told.happy)
            chip.release(told.happy)
        chip.press(told.happy)
        time.sleep(4 * told.bounce_seconds)
        chip.release(told.happy)
        time.sleep(4 * told.bounce_seconds)
        yield "a contact that bounces counts once", pressed == [Score.HAPPY]
        pressed.clear()
        chip.press(told.unhappy)
        time.sleep(STUCK_SECONDS + 0.5)
        yield "one that is held counts once, and is stuck", pressed == [Score.UNHAPPY] and buttons.stuck()
        chip.release(told.unhappy)
        time.sleep(0.3)
        chip.press(told.unhappy)
        time.sleep(0.3)
        chip.release(told.unhappy)
        yield "and is ignored until it has been up for a second", pressed == [Score.UNHAPPY]
        yield from _lights(chip, told, buttons)
        try:
            Buttons(told, pressed.append).close()
        except HardwareError as error:
            yield "pins that are in use are an error that names them", str(told.pins) in str(error)
        else:
            yield "pins that are in use are an error that names them", False


def _lights(chip: Chip, told: Settings, buttons: Buttons) -> Iterator[tuple[str, bool]]:
    assert told.leds is not None
    leds = Leds(told, buttons.factory)
    try:
        yield "the LEDs are dark at first", [chip.value(pin) for pin in told.leds] == [0] * 4
        leds.light(True)
        yield "all four light up together", [chip.value(pin) for pin in told.leds] == [1] * 4
        leds.light(False)
        yield "and go dark together", [chip.value(pin) for pin in told.leds] == [0] * 4
    finally:
        leds.close()


def _comes(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + _LIMIT
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def _gpio(text: str) -> int:
    if not text.isdecimal() or int(text) >= LINES:
        raise argparse.ArgumentTypeError(f"{text} is no GPIO number; allowed: 0 to {LINES - 1}")
    return int(text)


def main(words: list[str] | None = None) -> int:
    """What the command does; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m hardware.simulated", description=__doc__)
    parser.add_argument("do", choices=["test", "make", "remove", "press", "hold", "release", "value"])
    parser.add_argument("gpio", type=_gpio, nargs="*", metavar="GPIO", help="0 to 27")
    parser.add_argument("--seconds", type=float, default=HELD_SECONDS, help="how long press holds it down")
    asked = parser.parse_args(words)
    chip = Chip()
    try:
        match asked.do:
            case "test":
                return _test(Chip(f"{NAME}-test"))
            case "make":
                click.echo(chip.make())
            case "remove":
                chip.remove()
            case "hold" | "press" | "release":
                for gpio in asked.gpio:
                    if asked.do != "release":
                        chip.press(gpio)
                    if asked.do == "press":
                        time.sleep(asked.seconds)
                    if asked.do != "hold":
                        chip.release(gpio)
            case "value":
                click.echo(" ".join(str(chip.value(gpio)) for gpio in asked.gpio))
    except (HardwareError, OSError) as error:
        click.echo(error, err=True)
        return 2
    return 0


def _test(chip: Chip) -> int:
    chip.make()
    failed = False
    try:
        for what, holds in trials(chip):
            click.echo(f"{'pass' if holds else 'FAIL'}  {what}")
            failed |= not holds
    finally:
        chip.remove()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
