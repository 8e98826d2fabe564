"""The screen's light as the configuration wants it: joins `hardware.screen` with the rule of `terminal.rest`."""

from __future__ import annotations

import logging
from pathlib import Path

from hardware import HardwareError
from hardware.dpms import Dpms
from hardware.screen import FOLDER as BACKLIGHTS
from hardware.screen import Light, Screen
from ratings.config import Config
from terminal.rest import Rest

_log = logging.getLogger(__name__)


class Lighting:
    """The light of one terminal. Where nothing of this is asked for, the light is left alone.

    Made when the window is open: a screen without a backlight is switched off through it.
    """

    def __init__(self, config: Config, now: float, backlights: Path = BACKLIGHTS) -> None:
        kiosk, dark = config.kiosk, config.hours.screen == "off"
        fades = {"[kiosk] dim_seconds": kiosk.dim_seconds, "[kiosk] brightness_percent": kiosk.brightness_percent < 100}
        wanted = [name for name, is_set in fades.items() if is_set]
        self._screen: Screen | Dpms | None = None
        if wanted or dark:
            try:
                self._screen = Screen(kiosk.brightness_percent, kiosk.dim_percent, backlights)
            except HardwareError as error:
                self._screen = _switched() if dark else None
                if dark and self._screen is None:
                    wanted.append("[hours] screen")
                if wanted:
                    _log.warning("the screen's light stays as it is, in spite of %s: %s", " and ".join(wanted), error)
        lit = self._screen
        self.rest = Rest(
            lit.light if lit else lambda _: True,
            now,
            dim_after=kiosk.dim_seconds if isinstance(lit, Screen) and kiosk.dim_seconds else None,
            dark_after=kiosk.idle_seconds if lit and dark else None,
        )

    def leave(self) -> None:
        """Light the screen: whatever comes after the kiosk is to be seen."""
        if self._screen is not None:
            self._screen.light(Light.BRIGHT)


def _switched() -> Dpms | None:
    try:
        return Dpms()
    except HardwareError:
        return None
