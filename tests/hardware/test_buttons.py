"""The buttons, pressed as real gpiozero buttons on gpiozero's mock pins."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import gpiozero
import pytest

from hardware import HardwareError
from hardware.buttons import Buttons
from ratings import config
from ratings.scale import Score

SETTINGS = config.Buttons(factory="mock")


class Bench:
    """Four buttons, a hand for each, a clock that stands still until told, and what was pressed."""

    def __init__(self, settings: config.Buttons = SETTINGS) -> None:
        self.settings = settings
        self.now = 1000.0
        self.pressed: list[Score] = []
        self.buttons = Buttons(settings, self.pressed.append, lambda: self.now)

    def down(self, score: Score, after: float = 1.0) -> None:
        self.now += after
        self.buttons.factory.pin(self.settings.pins[score]).drive_low()

    def up(self, score: Score, after: float = 1.0) -> None:
        self.now += after
        self.buttons.factory.pin(self.settings.pins[score]).drive_high()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.buttons.close()


@pytest.mark.parametrize("score", Score)
def test_each_pin_gives_its_score(bench: Bench, score: Score) -> None:
    bench.down(score)
    assert bench.pressed == [score]


def test_the_pins_are_those_of_the_configuration() -> None:
    settings = config.Buttons(factory="mock", very_unhappy=5, unhappy=6, happy=13, very_happy=19)
    bench = Bench(settings)
    for pin in (19, 5, 13, 6):
        bench.now += 1
        bench.buttons.factory.pin(pin).drive_low()
    bench.buttons.close()
    assert bench.pressed == [Score.VERY_HAPPY, Score.VERY_UNHAPPY, Score.HAPPY, Score.UNHAPPY]


def test_a_press_counts_when_the_button_goes_down_and_not_when_it_comes_up(bench: Bench) -> None:
    bench.down(Score.HAPPY)
    assert bench.pressed == [Score.HAPPY]
    bench.up(Score.HAPPY)
    assert bench.pressed == [Score.HAPPY]


def test_a_held_button_counts_once(bench: Bench) -> None:
    bench.down(Score.UNHAPPY)
    bench.now += 3600
    bench.up(Score.UNHAPPY)
    assert bench.pressed == [Score.UNHAPPY]


def test_pressing_again_counts_again(bench: Bench) -> None:
    for _ in range(3):
        bench.down(Score.VERY_HAPPY)
        bench.up(Score.VERY_HAPPY)
    assert bench.pressed == [Score.VERY_HAPPY] * 3


def test_contacts_that_bounce_on_the_way_down_and_up_count_once(bench: Bench) -> None:
    bench.down(Score.HAPPY)
    for _ in range(4):
        bench.up(Score.HAPPY, after=0.001)
        bench.down(Score.HAPPY, after=0.002)
    bench.up(Score.HAPPY)
    for _ in range(4):
        bench.down(Score.HAPPY, after=0.002)
        bench.up(Score.HAPPY, after=0.001)
    assert bench.pressed == [Score.HAPPY]


def test_another_button_is_not_held_up_by_a_bounce(bench: Bench) -> None:
    bench.down(Score.HAPPY)
    bench.down(Score.UNHAPPY, after=0.001)
    assert bench.pressed == [Score.HAPPY, Score.UNHAPPY]


def test_the_first_press_after_the_bounce_time_counts(bench: Bench) -> None:
    bench.down(Score.HAPPY)
    bench.up(Score.HAPPY)
    bench.down(Score.HAPPY, after=SETTINGS.bounce_seconds + 0.001)
    assert bench.pressed == [Score.HAPPY] * 2


def test_the_bounce_time_is_also_asked_of_the_pins(bench: Bench) -> None:
    pins = [bench.buttons.factory.pin(pin) for pin in SETTINGS.pins]
    assert [pin.bounce for pin in pins] == [SETTINGS.bounce_seconds] * 4
    assert [pin.pull for pin in pins] == ["up"] * 4


def test_a_bounce_time_of_nothing_counts_every_contact() -> None:
    bench = Bench(config.Buttons(factory="mock", bounce_seconds=0))
    for _ in range(3):
        bench.down(Score.HAPPY, after=0)
        bench.up(Score.HAPPY, after=0)
    bench.buttons.close()
    assert bench.pressed == [Score.HAPPY] * 3


def test_closing_gives_the_pins_back_and_nothing_is_heard_any_more() -> None:
    bench = Bench()
    pins = [bench.buttons.factory.pin(pin) for pin in SETTINGS.pins]
    bench.buttons.close()
    for pin in pins:
        pin.drive_low()
    bench.buttons.close()
    assert bench.pressed == []
    assert all(pin.when_changed is None for pin in pins)


def test_leaving_a_with_block_closes() -> None:
    with Buttons(SETTINGS, lambda _: None) as buttons:
        assert buttons.factory is not None
    assert buttons.factory is None


def test_the_pin_factory_of_gpiozero_itself_is_left_alone() -> None:
    before = gpiozero.Device.pin_factory
    with Buttons(SETTINGS, lambda _: None):
        assert gpiozero.Device.pin_factory is before
    assert gpiozero.Device.pin_factory is before


def test_without_buttons_there_is_nothing_to_press_and_nothing_to_fail() -> None:
    with Buttons(config.Buttons(), lambda _: None) as buttons:
        assert buttons.factory is None


def test_pins_that_cannot_be_had_are_named_with_what_to_do() -> None:
    # Pin 27 twice: the configuration refuses it, and so does gpiozero.
    settings = config.Buttons(factory="mock", very_unhappy=27, unhappy=27)
    with pytest.raises(HardwareError, match=r"\[buttons\]: the pins \(27, 27, 22, 23\) cannot be used.*choose other"):
        Buttons(settings, lambda _: None)


@pytest.mark.skipif(Path("/dev/gpiochip0").exists(), reason="there is a GPIO here, and it may be in use")
def test_a_machine_without_gpio_says_what_is_missing_and_what_to_do() -> None:
    missing = "this Python has no lgpio" if importlib.util.find_spec("lgpio") is None else "cannot be opened"
    with pytest.raises(HardwareError, match=f'factory = "lgpio".*{missing}.*or set factory = "none"'):
        Buttons(config.Buttons(factory="lgpio"), lambda _: None)
