"""The kiosk's command as it is, whose buttons are pressed without end: `python -m tests.fjes.pressed CONFIG`.

Its buttons and LEDs are gpiozero's on mock pins. Says a line on standard output each time that the LEDs light up, at
that very moment; the rests after a thank-you are skipped. It ends when it is killed.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from typing import Any

import hardware.buttons
import hardware.leds
import terminal.clock
import terminal.kiosk.app
from fjes.cli import main
from ratings.scale import Score
from terminal.visit import State


class Clock(terminal.clock.CheckedClock):
    """Time that skips what it is told to."""

    skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + Clock.skipped


class Kiosk(terminal.kiosk.app.Kiosk):
    made: Kiosk

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        Kiosk.made = self


class Buttons(hardware.buttons.Buttons):
    made: Buttons

    def __init__(self, settings: Any, *arguments: Any, **more: Any) -> None:
        super().__init__(settings, *arguments, **more)
        self.pins = settings.pins
        Buttons.made = self


class Leds(hardware.leds.Leds):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        threading.Thread(target=press, daemon=True).start()

    def light(self, lit: bool) -> None:
        super().light(lit)
        if lit and len(self.lit()) == len(Score):
            os.write(1, b"lit\n")


def press() -> None:
    """Press one after the other, as soon as the terminal asks again."""
    buttons = Buttons.made
    while True:
        if Kiosk.made.visit.state is State.ASKING:
            pin = buttons.factory.pin(buttons.pins[random.choice(list(Score))])
            pin.drive_low()
            time.sleep(random.uniform(0, 0.004))
            pin.drive_high()
        else:
            Clock.skipped += 60
            Kiosk.made.refresh()
        time.sleep(random.uniform(0, 0.004))


if __name__ == "__main__":
    terminal.clock.CheckedClock = Clock  # type: ignore[misc]
    terminal.kiosk.app.Kiosk = Kiosk  # type: ignore[misc]
    hardware.buttons.Buttons = Buttons  # type: ignore[misc]
    hardware.leds.Leds = Leds  # type: ignore[misc, assignment]
    main(["terminal", "kiosk", "--quiet", "--config", sys.argv[1]])
