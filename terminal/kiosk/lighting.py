"""The screen's light as the configuration wants it: joins `hardware.screen` with the rule of `terminal.rest`."""

from __future__ import annotations

import logging
from pathlib import Path

from hardware import HardwareError
from hardware.screen import FOLDER as BACKLIGHTS
from hardware.screen import Light, Screen
from ratings.config import Config
from terminal.rest import Rest

_log = logging.getLogger(__name__)


class Lighting:
    """The light of one terminal. Where nothing of this is asked for, the light is left alone."""

    def __init__(self, config: Config, now: float, backlights: Path = BACKLIGHTS) -> None:
        kiosk, wanted = config.kiosk, []
        if kiosk.dim_seconds:
            wanted.append("[kiosk] dim_seconds")
        if config.hours.screen == "off":
            wanted.append("[hours] screen")
        if kiosk.brightness_percent < 100:
            wanted.append("[kiosk] brightness_percent")
        self._screen: Screen | None = None
        if wanted:
            try:
                self._screen = Screen(kiosk.brightness_percent, kiosk.dim_percent, backlights)
            except HardwareError as error:
                _log.warning("the screen's light stays as it is, in spite of %s: %s", " and ".join(wanted), error)
        lit = self._screen
        self.rest = Rest(
            lit.light if lit else lambda _: True,
            now,
            dim_after=kiosk.dim_seconds if lit and kiosk.dim_seconds else None,
            dark_after=kiosk.idle_seconds if lit and config.hours.screen == "off" else None,
        )

    def leave(self) -> None:
        """Light the screen: whatever comes after the kiosk is to be seen."""
        if self._screen is not None:
            self._screen.light(Light.BRIGHT)
