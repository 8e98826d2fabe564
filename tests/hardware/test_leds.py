"""The LEDs in the buttons, as real gpiozero devices on gpiozero's mock pins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from hardware import HardwareError
from hardware.buttons import Buttons
from hardware.leds import Leds
from ratings import config
from ratings.scale import Score

SETTINGS = config.Buttons(factory="mock", very_unhappy_led=5, unhappy_led=6, happy_led=13, very_happy_led=19)
ALL = frozenset(Score)


@pytest.fixture
def factory() -> Iterator[Any]:
    factory = MockFactory()
    yield factory
    factory.close()


def levels(factory: Any, settings: config.Buttons = SETTINGS) -> list[bool]:
    assert settings.leds is not None
    return [bool(factory.pin(pin).state) for pin in settings.leds]


def test_they_are_dark_until_they_are_lit_all_together(factory: Any) -> None:
    leds = Leds(SETTINGS, factory)
    assert leds.exist
    assert (leds.lit(), levels(factory)) == (frozenset(), [False] * 4)
    leds.light(True)
    assert (leds.lit(), levels(factory)) == (ALL, [True] * 4)
    leds.light(False)
    assert (leds.lit(), levels(factory)) == (frozenset(), [False] * 4)
    leds.close()


@pytest.mark.parametrize("score", Score)
def test_for_a_test_of_the_wires_one_is_lit_alone(factory: Any, score: Score) -> None:
    leds = Leds(SETTINGS, factory)
    leds.light(True)
    leds.light_one(score)
    assert (leds.lit(), levels(factory)) == (frozenset([score]), [each is score for each in Score])
    leds.close()


def test_those_that_light_at_a_low_level_do_so_and_are_dark_at_first(factory: Any) -> None:
    settings = config.Buttons(
        factory="mock", very_unhappy_led=5, unhappy_led=6, happy_led=13, very_happy_led=19, led_active="low"
    )
    leds = Leds(settings, factory)
    assert (leds.lit(), levels(factory)) == (frozenset(), [True] * 4)
    leds.light(True)
    assert (leds.lit(), levels(factory)) == (ALL, [False] * 4)
    leds.close()


@pytest.mark.parametrize("settings", [config.Buttons(factory="mock"), config.Buttons()], ids=["no LEDs", "no buttons"])
def test_where_there_are_none_nothing_is_lit_and_nothing_fails(factory: Any, settings: config.Buttons) -> None:
    leds = Leds(settings, factory if settings.factory == "mock" else None)
    leds.light(True)
    leds.light_one(Score.HAPPY)
    assert not leds.exist
    assert leds.lit() == frozenset()
    leds.close()


def test_closing_gives_the_pins_back_for_others_to_use(factory: Any) -> None:
    leds = Leds(SETTINGS, factory)
    leds.light(True)
    leds.close()
    leds.close()
    leds.light(True)
    again = Leds(SETTINGS, factory)
    assert levels(factory) == [False] * 4
    again.close()


def test_pins_that_cannot_be_had_are_named_and_the_buttons_go_on() -> None:
    # A pin twice: the configuration refuses it, and so does gpiozero.
    settings = config.Buttons(factory="mock", very_unhappy_led=5, unhappy_led=6, happy_led=13, very_happy_led=17)
    pressed: list[Score] = []
    with Buttons(settings, pressed.append) as buttons:
        with pytest.raises(HardwareError, match=r"the pins \(5, 6, 13, 17\) of the LEDs cannot be used.*choose other"):
            Leds(settings, buttons.factory)
        buttons.factory.pin(settings.happy).drive_low()
    assert pressed == [Score.HAPPY]


def test_a_light_that_fails_takes_nothing_with_it(factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    leds = Leds(SETTINGS, factory)

    def gone(_pin: Any, _value: Any) -> None:
        raise OSError("the chip is gone")

    monkeypatch.setattr(type(factory.pin(5)), "_set_state", gone)
    leds.light(True)
    leds.light(False)
