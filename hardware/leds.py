"""An LED in each button: all dark while nobody has pressed, all lit together while the terminal thanks.

Never one alone, but in a test: whoever sees the box from across the room must not see which button was pressed. Knows
no visits; whoever calls this says when. Nothing is logged.
"""

from __future__ import annotations

import contextlib
from typing import Any

from hardware import HardwareError
from hardware.chip import words
from ratings import config
from ratings.scale import Score

# gpiozero has no types: `Any` is its Factory and its DigitalOutputDevice.


class Leds:
    """The LEDs of a terminal, dark at first. Where the configuration names none, nothing here does anything.

    `factory` is that of the buttons. Raises HardwareError where the pins cannot be had; the buttons work without.
    """

    def __init__(self, settings: config.Buttons, factory: Any) -> None:
        self._leds: list[Any] = []
        if settings.leds is None or factory is None:
            return
        from gpiozero import DigitalOutputDevice

        try:
            for pin in settings.leds:
                lamp = DigitalOutputDevice(pin, active_high=settings.led_active == "high", pin_factory=factory)
                self._leds.append(lamp)
        except Exception as error:  # gpiozero passes on whatever its pin library raises.
            self.close()
            raise HardwareError(
                f"[buttons]: the pins {settings.leds} of the LEDs cannot be used: {words(error)}; "
                "see that nothing else uses them, or choose other pins (BCM numbers)"
            ) from error

    @property
    def exist(self) -> bool:
        """Whether there are any."""
        return bool(self._leds)

    def light(self, lit: bool) -> None:
        """Light all four, or none."""
        self._set(frozenset(Score) if lit else frozenset())

    def light_one(self, score: Score) -> None:
        """Light one alone: for the test of the wiring, never at a rating."""
        self._set(frozenset([score]))

    def lit(self) -> frozenset[Score]:
        """Which are lit, as the pins say."""
        return frozenset(score for score, lamp in zip(Score, self._leds, strict=False) if lamp.value)

    def close(self) -> None:
        """All dark, and the pins given back. May be called twice."""
        for lamp in self._leds:
            # Of a chip that is gone: then there is no light, either.
            with contextlib.suppress(Exception):
                lamp.close()
        self._leds.clear()

    def _set(self, lit: frozenset[Score]) -> None:
        for score, lamp in zip(Score, self._leds, strict=False):
            # A light that fails must not take the terminal with it, and a line in a log would tell of a press.
            with contextlib.suppress(Exception):
                lamp.value = score in lit
