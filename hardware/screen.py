"""The light of the screen: bright, dimmed or off, through what Linux calls a backlight. Knows no visits and no hours.

Every panel that has one shows it as a folder with the files `max_brightness`, `brightness` and mostly `bl_power`
(Linux, Documentation/ABI/stable/sysfs-class-backlight). To write there is to talk to the hardware: these files are the
kernel's and lie on no card, and nothing here logs, keeps or tells when the light changed. (The kernel announces the
change to udev, which notes it in `/run`: memory, gone with the power.)
"""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from hardware import HardwareError

FOLDER = Path("/sys/class/backlight")

_POWER_ON, _POWER_OFF = 0, 4
"""FB_BLANK_UNBLANK and FB_BLANK_POWERDOWN."""


class Light(Enum):
    """How the screen is lit."""

    BRIGHT = "bright"
    DIM = "dim"
    OFF = "off"


class Screen:
    """The backlights of a terminal, all as one. It is bright when this is made, and nothing is read afterwards.

    `bright` and `dim` are percents of the full brightness. Raises HardwareError where there is no backlight, or this
    user may not set it; the terminal may go on without then, always lit.
    """

    def __init__(self, bright: int = 100, dim: int = 20, folder: Path = FOLDER) -> None:
        self._percents = {Light.BRIGHT: bright, Light.DIM: dim, Light.OFF: 0}
        try:
            self._lamps = {lamp.parent: int(lamp.read_text("ascii")) for lamp in folder.glob("*/max_brightness")}
            for lamp in self._lamps:
                self._set(lamp, Light.BRIGHT)
        except (OSError, ValueError) as error:
            raise HardwareError(
                f"the backlight under {folder} cannot be set ({error}); let this user write to "
                "brightness and bl_power there (docs/configuration.md says how)"
            ) from error
        if not self._lamps:
            raise HardwareError(f"there is no backlight under {folder}: this screen's light cannot be set from here")

    def light(self, light: Light) -> bool:
        """Light the screen; returns whether it is so now. A panel that was unplugged is dark, and no matter."""
        done = True
        for lamp in self._lamps:
            try:
                self._set(lamp, light)
            except FileNotFoundError:
                continue
            except OSError:
                done = False
        return done

    def _set(self, lamp: Path, light: Light) -> None:
        percent, most = self._percents[light], self._lamps[lamp]
        # As long as it is to be seen at all it gets at least the smallest step.
        level = max(1, round(most * percent / 100)) if percent else 0
        power = lamp / "bl_power"
        _write(lamp / "brightness", level)
        # Not every panel is dark at brightness 0.
        if power.exists():
            _write(power, _POWER_OFF if light is Light.OFF else _POWER_ON)


def _write(path: Path, number: int) -> None:
    # Never made: a folder that lacks it is no backlight (any more).
    file = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(file, str(number).encode("ascii"))
    finally:
        os.close(file)
