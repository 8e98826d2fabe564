"""Which wire goes where, worked out from the configuration: the 40-pin header, four buttons, their LEDs and the clock.

What `fjes hardware pins` prints, and what `hardware/picture.py` draws. Opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ratings.config import Buttons
from ratings.scale import Score

GROUND, POWER, FIVE_VOLTS = "ground", "3.3 V", "5 V"

# By the number printed on boards and ribbon cables, from 1: a BCM number, or what else is there. The same on every
# Raspberry Pi with 40 pins.
HEADER: tuple[int | str, ...] = (
    *(
        POWER,
        FIVE_VOLTS,
        2,
        FIVE_VOLTS,
        3,
        GROUND,
        4,
        14,
        GROUND,
        15,
        17,
        18,
        27,
        GROUND,
        22,
        23,
        POWER,
        24,
        10,
        GROUND,
    ),
    *(9, 25, 11, 8, GROUND, 7, 0, 1, 5, GROUND, 6, 12, 13, GROUND, 19, 16, 26, 20, GROUND, 21),
)

CLOCK_PINS = {"VCC": 1, "SDA": 3, "SCL": 5, "GND": 9}
"""The DS3231 module, as it is made to be put on these very pins; it also sits on pin 7, and uses nothing of it."""
UNDER_THE_CLOCK = (1, 3, 5, 7, 9)

RESISTOR_OHMS = 330
"""In line with an LED: 4 mA for a red one at 3.3 V, less for others. A pin gives 16 mA at most, all together 50."""

NAMES = {
    Score.VERY_HAPPY: "very happy",
    Score.HAPPY: "happy",
    Score.UNHAPPY: "unhappy",
    Score.VERY_UNHAPPY: "very unhappy",
}


class Kind(StrEnum):
    """What a wire is for."""

    CONTACT = "contact"
    LED = "LED"
    GROUND = "ground"
    POWER = "3.3 V"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Wire:
    """From a terminal of a part to a pin of the header, by its printed number; `gpio` is its BCM number, if any."""

    part: str
    terminal: str
    pin: int
    kind: Kind
    gpio: int | None = None
    score: Score | None = None
    note: str = ""


def physical(gpio: int) -> int:
    """The printed number of a pin, 1 to 40, by its BCM number."""
    return HEADER.index(gpio) + 1


def wires(settings: Buttons) -> list[Wire]:
    """Every wire, in the order of its pin on the header: what is common to several ends is there once for each end."""
    contacts = [physical(gpio) for gpio in settings.pins]
    common = POWER if settings.active == "high" else GROUND
    shared = _nearest(common, contacts)
    # With the board's own pull nothing else is needed.
    outside = "a resistor of your own holds the pin" if settings.pull == "none" else ""
    found: list[Wire] = []
    for score in Score:
        part = f"{NAMES[score]} button"
        found.append(Wire(part, "contact", contacts[score], Kind.CONTACT, settings.pins[score], score, outside))
        found.append(Wire(part, "contact, other side", shared, _of(common), None, score, "together with the others"))
    if settings.leds is not None:
        lamps = [physical(gpio) for gpio in settings.leds]
        ground = settings.led_active == "high"
        shared = _nearest(GROUND if ground else POWER, lamps)
        plus, minus = ("LED +", "LED −") if ground else ("LED −", "LED +")
        resistor = f"through {RESISTOR_OHMS} Ω"
        for score in Score:
            part = f"{NAMES[score]} button"
            found.append(Wire(part, plus, lamps[score], Kind.LED, settings.leds[score], score, resistor))
            kind = Kind.GROUND if ground else Kind.POWER
            found.append(Wire(part, minus, shared, kind, None, score, "together with the others"))
    for terminal, pin in CLOCK_PINS.items():
        gpio = HEADER[pin - 1]
        kind = {"VCC": Kind.POWER, "GND": Kind.GROUND}.get(terminal, Kind.CLOCK)
        found.append(Wire("hardware clock", terminal, pin, kind, gpio if isinstance(gpio, int) else None))
    return sorted(found, key=lambda wire: (wire.pin, wire.part, wire.terminal))


def table(settings: Buttons) -> str:
    """The wires as a table in plain text, a line for each."""
    rows = [("pin", "GPIO", "part", "terminal", "")]
    rows += [
        (
            str(wire.pin),
            "" if wire.gpio is None else str(wire.gpio),
            wire.part,
            wire.terminal,
            wire.note or _plain(wire),
        )
        for wire in wires(settings)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _plain(wire: Wire) -> str:
    name = HEADER[wire.pin - 1]
    return name if isinstance(name, str) else ""


def _of(common: str) -> Kind:
    return Kind.GROUND if common == GROUND else Kind.POWER


def _nearest(name: str, pins: Sequence[int]) -> int:
    """The printed number of the pin of this name that is nearest to others, and not under the clock."""
    middle = sum(pins) / len(pins)
    free = [pin for pin, each in enumerate(HEADER, 1) if each == name and pin not in UNDER_THE_CLOCK]
    return min(free, key=lambda pin: abs(pin - middle))
