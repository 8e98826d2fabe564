"""The pins of the 40-pin header: what `[buttons]` may use, and whether what it wants can be had together.

Pins are BCM numbers, as everywhere in the configuration. Knows no board and opens nothing.
"""

from __future__ import annotations

from ratings.sections import Buttons

TAKEN = {
    0: "the data line of the bus on which the board looks for add-on boards",
    1: "the clock line of the bus on which the board looks for add-on boards",
    2: "the data line of I²C, where the hardware clock is",
    3: "the clock line of I²C, where the hardware clock is",
    14: "the serial port on which the board's console writes",
    15: "the serial port on which the board's console reads",
}
"""Pins that something else uses on every board, and what."""

ALLOWED = "4 to 13 and 16 to 27"

_IDLE = {"up": "high", "down": "low"}


def used(buttons: Buttons) -> list[tuple[str, int]]:
    """Every key of `[buttons]` that names a pin, with its pin, in the order of `Score`."""
    keys = ("very_unhappy", "unhappy", "happy", "very_happy")
    found = list(zip(keys, buttons.pins, strict=True))
    if buttons.leds is not None:
        found += zip((f"{key}_led" for key in keys), buttons.leds, strict=True)
    return found


def problem(buttons: Buttons) -> str | None:
    """What is wrong with the pins: the key, what is the matter, and what is allowed. The first found, or None."""
    if len(set(buttons.pins)) != 4:
        pins = ", ".join(map(str, buttons.pins))
        return f"[buttons]: one pin is used twice ({pins}); allowed: four different pins"
    if any(pin is not None for pin in buttons.given_leds) and buttons.leds is None:
        missing = next(key for key, pin in zip(_LED_KEYS, buttons.given_leds, strict=True) if pin is None)
        return (
            f"[buttons] {missing}: missing, and other buttons have an LED; "
            "allowed: all four or none, since all four light up at each rating"
        )
    owners: dict[int, str] = {}
    for key, pin in used(buttons):
        if pin in TAKEN:
            return f"[buttons] {key}: pin {pin} is {TAKEN[pin]}; allowed: {ALLOWED}"
        if pin in owners:
            return f"[buttons] {key}: pin {pin} is that of {owners[pin]}, too; allowed: a pin of its own"
        owners[pin] = key
    if _IDLE.get(buttons.pull) == buttons.active:
        other = "low" if buttons.active == "high" else "high"
        return (
            f'[buttons] active: "{buttons.active}", and pull = "{buttons.pull}" holds a pin {buttons.active} while '
            f'nobody presses; allowed: active = "{other}", or pull = "none" with a resistor of your own'
        )
    return None


_LED_KEYS = ("very_unhappy_led", "unhappy_led", "happy_led", "very_happy_led")
