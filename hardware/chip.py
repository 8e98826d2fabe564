"""The GPIO chip, and gpiozero's pin factory on it: the one that the configuration names, and no other.

gpiozero itself would try one library after another, and the chip that an earlier board had. Here a chip is found by the
name its driver gives it, or it is the one whose number is configured; else that is an error.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hardware import HardwareError
from ratings import config

# gpiozero has no types: `Any` is its Factory.

DEVICES = Path("/dev")

HEADERS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""What the kernel calls the chip behind the 40-pin header: of the Pi 5, the Pi 4, and those before it."""

_CHIP_INFO = 0x8044B401
"""GPIO_GET_CHIPINFO_IOCTL of linux/gpio.h; answered by a name, a label (32 bytes each) and the number of lines."""

_ANY_BOARD = 0xA02082
"""A board with the header (a Pi 3): what gpiozero is told where it is no Raspberry Pi. Only with `chip` in the file."""


def open_factory(settings: config.Buttons) -> Any:
    """The pin factory that the configuration names; None without buttons. Raises HardwareError."""
    match settings.factory:
        case "none":
            return None
        case "mock":
            from gpiozero.pins.mock import MockFactory

            return MockFactory()
        case "lgpio":
            return _lgpio_factory(settings.chip)


def label_of(device: Path) -> str:
    """What the kernel calls a GPIO chip. Raises OSError."""
    number = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    try:
        answer = fcntl.ioctl(number, _CHIP_INFO, bytes(68))
    finally:
        os.close(number)
    label: bytes = struct.unpack("32s32sI", answer)[1]
    return label.split(b"\0")[0].decode("ascii", "replace")


def find_chip(devices: Path = DEVICES, label: Callable[[Path], str] = label_of) -> int:
    """The number of the chip behind the board's 40-pin header. Raises HardwareError."""
    found: dict[int, str] = {}
    problems: list[str] = []
    for device in sorted(devices.glob("gpiochip*")):
        number = device.name.removeprefix("gpiochip")
        # Raspberry Pi OS has gpiochip4 as a second name of gpiochip0.
        if not number.isdecimal() or device.is_symlink():
            continue
        try:
            found[int(number)] = label(device)
        except OSError as error:
            problems.append(f"{device}: {error.strerror}")
    for header in HEADERS:
        if chips := [number for number, name in found.items() if name == header]:
            return chips[0]
    if problems:
        raise HardwareError(f"{', '.join(problems)}; let this user open it (it is to be in the group gpio)")
    if found:
        names = ", ".join(f"{number} ({name})" for number, name in sorted(found.items()))
        raise HardwareError(
            f"none of the GPIO chips here is that of a Raspberry Pi's header: {names}; "
            "name the one that the buttons are on with chip = its number"
        )
    raise HardwareError(f"there is no GPIO chip: no {devices / 'gpiochip*'}")


def _lgpio_factory(chip: int | None) -> Any:
    instead = 'or set factory = "none" under [buttons] for a terminal without buttons'
    try:
        with place_for_pipes():
            from gpiozero.exc import PinUnknownPi
            from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError as error:
        raise HardwareError(
            f'[buttons] factory = "lgpio": this Python has no lgpio ({words(error)}); '
            "install it (up to Python 3.12: pip install lgpio; else Debian's python3-lgpio, in an environment "
            f"made with --system-site-packages), {instead}"
        ) from error

    class Factory(LGPIOFactory):  # type: ignore[misc]
        """On a chip that is named in the file, which may be no Raspberry Pi's."""

        def _get_revision(self) -> Any:
            try:
                return super()._get_revision()
            except PinUnknownPi:
                if chip is None:
                    raise
                return _ANY_BOARD

    try:
        return Factory(chip=find_chip() if chip is None else chip)
    except Exception as error:  # lgpio.error, PinUnknownPi, OSError: each says in its own way that there is no GPIO.
        named = f"/dev/gpiochip{chip or 0}"
        raise HardwareError(
            f'[buttons] factory = "lgpio": the GPIO of this board cannot be opened ({words(error)}); see that '
            f"{named} is there and that this user is in the group gpio, {instead}"
        ) from error


@contextlib.contextmanager
def place_for_pipes() -> Iterator[None]:
    """A current folder in which lgpio can make the named pipe that it makes where it is imported.

    The kiosk's unit starts in one; whoever calls a command as the kiosk's user stands in a folder of somebody else's.
    """
    if os.access(os.curdir, os.W_OK):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="fjes-") as folder, contextlib.chdir(folder):
        yield


def words(error: BaseException) -> str:
    """What an error of gpiozero's or of its pin library says."""
    return str(error).strip("'\"") or type(error).__name__
