"""The check of a box that was just wired: each button, each LED, sound, the screen's light, the clock, heat and power.

Guided: it says what to do, and sees whether that comes. Unattended: it looks as far as it gets without anybody. Opens
the pins, so no kiosk may run beside it; opens no ledger: nothing that is pressed here is a rating. Speaks through a
`Guide`, and knows no window and no terminal.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from hardware import HardwareError, clock, sensors
from hardware.buttons import Buttons
from hardware.leds import Leds
from hardware.screen import FOLDER, Light, Screen
from hardware.wiring import NAMES, physical
from ratings.config import Config
from ratings.scale import Score

_T = TypeVar("_T")

PARTS = ("buttons", "leds", "sound", "screen", "clock", "temperature")
"""What is checked, in this order."""

HOT_DEGREES = 80.0
APART_SECONDS = 120.0
"""How far a battery clock may be from the system's."""
DIM_SECONDS = 2.0

LEFT_TO_RIGHT = (Score.VERY_HAPPY, Score.HAPPY, Score.UNHAPPY, Score.VERY_UNHAPPY)


class Outcome(StrEnum):
    """What came of one check."""

    PASSED = "pass"
    FAILED = "FAIL"
    ABSENT = "none"
    """There is nothing to check: it is not configured, or was left out."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked, and what there is to say of it."""

    name: str
    outcome: Outcome
    said: str

    def __str__(self) -> str:
        return f"{self.outcome:<4}  {self.name}: {self.said}"


class Guide(Protocol):
    """Tells whoever stands there what to do, in the shell and on the screen, and hears what they say."""

    def show(self, said: str, face: Score | None = None, *, asks: bool = False) -> None:
        """Say something; with a face beside it; `asks`: it can be answered by yes or no."""
        ...

    def wait(self, until: Callable[[], _T | None], seconds: float) -> _T | None:
        """Wait until this gives something, and return it; None when so many seconds have gone by."""
        ...

    def answer(self) -> bool | None:
        """What was answered since it was last asked, by the shell or the screen; None for nothing yet."""
        ...

    def report(self, finding: Finding) -> None:
        """One more is known."""
        ...


class Speaker(Protocol):
    """What plays a sound."""

    def problem(self) -> str | None:
        """Why nothing can be heard; None where it can."""
        ...

    def play(self) -> None:
        """Play something."""
        ...


@dataclass
class Check:
    """The check of one terminal. `guide` is None where nobody is there; `speaker` None where sound is switched off."""

    config: Config
    guide: Guide | None
    speaker: Speaker | None = None
    seconds: float = 30.0
    """How long it waits for a press or an answer."""
    parts: Sequence[str] = PARTS
    backlights: Path = FOLDER
    clocks: Path = clock.CLOCKS
    places: sensors.Places = field(default_factory=lambda: sensors.PLACES)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: random.Random = field(default_factory=random.Random)
    on_open: Callable[[Buttons], None] = lambda _: None
    """Called with the buttons when they are open: for tests, which press them."""

    def run(self) -> list[Finding]:
        """Check all of it, reporting each as it is known; returns all findings."""
        self._presses: deque[Score] = deque()
        found: list[Finding] = []
        for finding in self._all():
            found.append(finding)
            if self.guide is not None:
                self.guide.report(finding)
        return found

    def _all(self) -> Iterator[Finding]:
        yield from self._wired()
        rest = {
            "sound": self._sound,
            "screen": self._screen,
            "clock": self._clock,
            "temperature": self._temperature,
        }
        for part, look in rest.items():
            if part in self.parts:
                yield from look()

    # Buttons and LEDs, on one GPIO chip.

    def _wired(self) -> Iterator[Finding]:
        settings = self.config.buttons
        if not {"buttons", "leds"} & set(self.parts):
            return
        if settings.factory == "none":
            yield Finding("buttons", Outcome.ABSENT, 'a terminal without: [buttons] factory is "none"')
            return
        try:
            # A held button is to be seen as pressed at once, whatever it does otherwise.
            buttons = Buttons(settings, self._presses.append)
        except HardwareError as error:
            yield Finding("buttons", Outcome.FAILED, str(error))
            return
        with buttons:
            self.on_open(buttons)
            if "buttons" in self.parts:
                yield from self._buttons(buttons)
            if "leds" in self.parts:
                yield from self._leds(buttons)

    def _buttons(self, buttons: Buttons) -> Iterator[Finding]:
        pins = self.config.buttons.pins
        for score in LEFT_TO_RIGHT:
            name = f"{NAMES[score]} button"
            where = f"GPIO {pins[score]}, pin {physical(pins[score])}"
            if buttons.is_down(score):
                yield Finding(
                    name,
                    Outcome.FAILED,
                    f"it is down though nobody presses it ({where}): see whether its wires touch, and that pull and "
                    "active in fjes.toml are as it is wired",
                )
            elif self.guide is None:
                yield Finding(
                    name, Outcome.PASSED, f"up, as it is to be ({where}); whether it can be pressed is not known"
                )
            else:
                yield self._press(self.guide, buttons, score, name, where)

    def _press(self, guide: Guide, buttons: Buttons, score: Score, name: str, where: str) -> Finding:
        self._presses.clear()
        guide.show(f"Press the {NAMES[score]} button", score)
        pressed = guide.wait(self._pressed, self.seconds)
        if pressed is None:
            return Finding(name, Outcome.FAILED, f"nothing came within {self.seconds:g} s: see to its wires ({where})")
        if pressed is not score:
            return Finding(
                name,
                Outcome.FAILED,
                f"the {NAMES[pressed]} button answered instead: swap their wires, or their pins in fjes.toml",
            )
        guide.show("Let go", score)
        if guide.wait(lambda: None if buttons.is_down(score) else True, self.seconds) is None:
            return Finding(name, Outcome.FAILED, f"it stays down ({where}): free it")
        return Finding(name, Outcome.PASSED, where)

    def _leds(self, buttons: Buttons) -> Iterator[Finding]:
        if self.config.buttons.leds is None:
            yield Finding("LEDs", Outcome.ABSENT, "no pins are configured for any")
            return
        try:
            leds = Leds(self.config.buttons, buttons.factory)
        except HardwareError as error:
            yield Finding("LEDs", Outcome.FAILED, str(error))
            return
        pins = self.config.buttons.leds
        order = list(Score)
        # Unforeseen, so that the one that is pressed is the one that was seen.
        self.chance.shuffle(order)
        try:
            for score in order:
                where = f"GPIO {pins[score]}, pin {physical(pins[score])}"
                yield self._led(leds, score, where)
        finally:
            leds.close()

    def _led(self, leds: Leds, score: Score, where: str) -> Finding:
        name = f"LED of the {NAMES[score]} button"
        leds.light_one(score)
        if leds.lit() != {score}:
            return Finding(name, Outcome.FAILED, f"its pin does not do what it is told ({where}): see to its wires")
        guide = self.guide
        if guide is None:
            return Finding(
                name, Outcome.PASSED, f"its pin does what it is told ({where}); whether it shines is not known"
            )
        self._presses.clear()
        guide.show("Press the button that is lit. None? Answer no", asks=True)
        pressed = guide.wait(lambda: self._pressed() if self._presses else guide.answer(), self.seconds)
        leds.light(False)
        if pressed is score or pressed is True:
            return Finding(name, Outcome.PASSED, where)
        if isinstance(pressed, Score):
            return Finding(
                name,
                Outcome.FAILED,
                f"the {NAMES[pressed]} button was pressed for it: their LEDs are swapped, or their pins in fjes.toml",
            )
        return Finding(
            name, Outcome.FAILED, f"it was not seen ({where}): see to its wires, its direction and led_active"
        )

    def _pressed(self) -> Score | None:
        return self._presses.popleft() if self._presses else None

    # All else.

    def _sound(self) -> Iterator[Finding]:
        if self.speaker is None:
            yield Finding("sound", Outcome.ABSENT, "switched off: [sound] volume_percent is 0")
            return
        problem = self.speaker.problem()
        if problem is not None:
            yield Finding("sound", Outcome.FAILED, problem)
            return
        self.speaker.play()
        if self.guide is None:
            yield Finding("sound", Outcome.PASSED, "the sound card takes it; whether it is heard is not known")
        elif self._asked(self.guide, "Do you hear it?"):
            yield Finding("sound", Outcome.PASSED, "heard")
        else:
            yield Finding(
                "sound", Outcome.FAILED, "not heard: see to the loudspeaker, and to [sound] device and volume"
            )

    def _screen(self) -> Iterator[Finding]:
        kiosk = self.config.kiosk
        wanted = bool(kiosk.dim_seconds) or kiosk.brightness_percent < 100 or self.config.hours.screen == "off"
        if not list(self.backlights.glob("*/max_brightness")) and not wanted:
            yield Finding("screen's light", Outcome.ABSENT, "it cannot be set from here, as with HDMI, and need not be")
            return
        try:
            screen = Screen(kiosk.brightness_percent, kiosk.dim_percent, self.backlights)
        except HardwareError as error:
            yield Finding("screen's light", Outcome.FAILED, str(error))
            return
        if self.guide is not None:
            self.guide.show("Look at the screen: it goes dark for a moment")
        done = screen.light(Light.OFF)
        if self.guide is not None:
            self.guide.wait(lambda: None, DIM_SECONDS)
        done = screen.light(Light.BRIGHT) and done
        if not done:
            yield Finding("screen's light", Outcome.FAILED, "it does not do what it is told: see to its wires")
        elif self.guide is None:
            yield Finding("screen's light", Outcome.PASSED, "it takes what it is told; whether it is seen is not known")
        elif self._asked(self.guide, "Did it go dark?"):
            yield Finding("screen's light", Outcome.PASSED, "it went dark and bright")
        else:
            yield Finding("screen's light", Outcome.FAILED, "it did not go dark: see to the panel's driver")

    def _clock(self) -> Iterator[Finding]:
        found = clock.look(self.clocks)
        if not found:
            yield Finding(
                "hardware clock",
                Outcome.FAILED,
                "there is none: until a network sets the time, ratings are kept apart. Fit one (hardware/README.md), "
                "or leave this out with --without clock",
            )
        for each in found:
            name = f"hardware clock {each.name}"
            if each.time is None:
                yield Finding(
                    name, Outcome.FAILED, "it has lost the time: replace its battery, and let a network set it"
                )
            elif abs((each.time - self.now()).total_seconds()) > APART_SECONDS:
                yield Finding(
                    name,
                    Outcome.FAILED,
                    f"it says {each.time:%Y-%m-%d %H:%M} UTC, and the system {self.now():%Y-%m-%d %H:%M}: "
                    "connect a network until both agree",
                )
            else:
                yield Finding(name, Outcome.PASSED, f"{each.time:%Y-%m-%d %H:%M} UTC, as the system has it")

    def _temperature(self) -> Iterator[Finding]:
        degrees = sensors.temperature(self.places)
        if degrees is None:
            yield Finding("temperature", Outcome.ABSENT, "nothing here tells it")
        elif degrees >= HOT_DEGREES:
            yield Finding("temperature", Outcome.FAILED, f"{degrees:.0f} °C: too hot, give the board some air")
        else:
            yield Finding("temperature", Outcome.PASSED, f"{degrees:.0f} °C")
        weak = sensors.under_voltage(self.places)
        if weak is None:
            yield Finding("power supply", Outcome.ABSENT, "nothing here tells how it is")
        elif weak:
            yield Finding("power supply", Outcome.FAILED, "too weak, or it was since the start: take the board's own")
        else:
            yield Finding("power supply", Outcome.PASSED, "strong enough")
        if sensors.slowed(self.places) and not weak:
            yield Finding("speed", Outcome.FAILED, "the board slows itself down for heat: give it some air")

    def _asked(self, guide: Guide, question: str) -> bool:
        """Whether the answer is yes; no answer is no."""
        guide.show(question, asks=True)
        return bool(guide.wait(guide.answer, self.seconds))


def passed(findings: Iterable[Finding]) -> bool:
    """Whether nothing failed."""
    return all(finding.outcome is not Outcome.FAILED for finding in findings)
