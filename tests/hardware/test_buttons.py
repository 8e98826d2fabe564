"""The buttons, pressed as real gpiozero buttons on gpiozero's mock pins."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gpiozero
import pytest

from hardware import HardwareError
from hardware.buttons import HOLD_SECONDS, RELEASED_SECONDS, STUCK_SECONDS, Buttons
from ratings import config
from ratings.scale import Score

SETTINGS = config.Buttons(factory="mock")
SPEAKING = config.Buttons(factory="mock", speak=True)


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
        bench.buttons.factory.pin(pin).drive_high()
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


def test_a_button_that_is_down_for_ten_seconds_is_stuck_and_one_that_is_pressed_is_not(bench: Bench) -> None:
    assert not bench.buttons.stuck()
    bench.down(Score.HAPPY)
    bench.now += STUCK_SECONDS - 0.1
    assert not bench.buttons.stuck()
    bench.now += 0.1
    assert bench.buttons.stuck()
    assert [score for score in Score if bench.buttons.is_stuck(score)] == [Score.HAPPY]


def test_that_one_was_stuck_is_known_until_it_has_been_told(bench: Bench) -> None:
    bench.down(Score.HAPPY)
    bench.up(Score.HAPPY, after=3600)
    assert not bench.buttons.is_stuck(Score.HAPPY)
    assert bench.buttons.stuck()
    bench.buttons.forget_stuck()
    assert not bench.buttons.stuck()


def test_one_that_still_is_stuck_is_not_forgotten(bench: Bench) -> None:
    bench.down(Score.HAPPY)
    bench.now += 3600
    bench.buttons.forget_stuck()
    assert bench.buttons.stuck()


def test_many_short_presses_never_look_stuck(bench: Bench) -> None:
    for _ in range(20):
        bench.down(Score.HAPPY)
        bench.up(Score.HAPPY, after=9)
    assert not bench.buttons.stuck()


def test_a_button_that_was_down_at_the_start_is_stuck_when_ten_seconds_have_passed() -> None:
    bench = Bench()
    bench.buttons.factory.pin(SETTINGS.pins[Score.HAPPY])._state = False  # Without an event: there never was one.
    assert not bench.buttons.stuck()
    bench.now += STUCK_SECONDS
    assert bench.buttons.stuck()
    assert bench.pressed == []
    bench.buttons.close()


@pytest.mark.parametrize("settings", [SETTINGS, SPEAKING], ids=["rates", "speaks"])
def test_a_stuck_button_whose_contact_flickers_counts_no_more_than_once(settings: config.Buttons) -> None:
    bench = SpeakingBench(settings)
    bench.down(Score.HAPPY)
    bench.wait(60)
    for _ in range(500):  # Up for longer than a bounce, and never for a second.
        bench.up(Score.HAPPY, after=0.4)
        bench.down(Score.HAPPY, after=RELEASED_SECONDS - 0.1)
    assert bench.heard == ["speaks" if settings.speak else Score.HAPPY]
    bench.up(Score.HAPPY)
    bench.down(Score.HAPPY, after=RELEASED_SECONDS)
    bench.up(Score.HAPPY, after=0.2)
    bench.buttons.close()
    assert bench.heard[1:] == [Score.HAPPY], "released for a second, it counts again"


def test_the_others_count_while_one_is_stuck(bench: Bench) -> None:
    bench.down(Score.HAPPY)
    bench.now += 3600
    bench.down(Score.UNHAPPY)
    bench.up(Score.UNHAPPY)
    bench.down(Score.VERY_HAPPY)
    assert bench.pressed == [Score.HAPPY, Score.UNHAPPY, Score.VERY_HAPPY]


def test_whether_a_button_is_down_can_be_asked(bench: Bench) -> None:
    bench.down(Score.UNHAPPY)
    assert [bench.buttons.is_down(score) for score in Score] == [False, True, False, False]
    bench.up(Score.UNHAPPY)
    assert not any(map(bench.buttons.is_down, Score))
    bench.buttons.close()
    assert not any(map(bench.buttons.is_down, Score))


@pytest.mark.parametrize(("pull", "active"), [("down", "high"), ("none", "high"), ("none", "low")])
def test_pull_and_level_are_those_of_the_configuration(pull: Any, active: Any) -> None:
    settings = config.Buttons(factory="mock", pull=pull, active=active)
    pressed: list[Score] = []
    now = 1000.0
    with Buttons(settings, pressed.append, lambda: now) as buttons:
        pins = [buttons.factory.pin(pin) for pin in settings.pins]
        assert [pin.pull for pin in pins] == [{"down": "down", "none": "floating"}[pull]] * 4
        pin = pins[Score.HAPPY]
        press, release = (pin.drive_high, pin.drive_low) if active == "high" else (pin.drive_low, pin.drive_high)
        release()  # What a resistor outside does.
        now += 1
        press()
        assert buttons.is_down(Score.HAPPY)
        now += 1
        release()
    assert pressed == [Score.HAPPY]


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


# Where a held button speaks.


class Waiting:
    """What is to be called later, called when the bench's clock gets there."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        entry = (self.now() + seconds, call)
        self.calls.append(entry)
        return lambda: self.calls.remove(entry) if entry in self.calls else None

    now: Callable[[], float]


class SpeakingBench(Bench):
    """The same, with buttons that speak: `heard` is all that came out, in its order."""

    def __init__(self, settings: config.Buttons = SPEAKING) -> None:
        self.settings = settings
        self.now = 1000.0
        self.heard: list[Score | str] = []
        self.later = Waiting()
        self.later.now = lambda: self.now
        self.buttons = Buttons(
            settings,
            self.heard.append,
            lambda: self.now,
            speak=lambda: self.heard.append("speaks"),
            later=self.later,
        )

    def wait(self, seconds: float) -> None:
        """Let time pass, and call what is due at its time."""
        end = self.now + seconds
        while due := [entry for entry in self.later.calls if entry[0] <= end]:
            entry = min(due, key=lambda each: each[0])
            self.later.calls.remove(entry)
            self.now = max(self.now, entry[0])
            entry[1]()
        self.now = end

    def down(self, score: Score, after: float = 1.0) -> None:
        self.wait(after)
        super().down(score, after=0)

    def up(self, score: Score, after: float = 1.0) -> None:
        self.wait(after)
        super().up(score, after=0)


@pytest.fixture
def speaking() -> Iterator[SpeakingBench]:
    bench = SpeakingBench()
    yield bench
    bench.buttons.close()


@pytest.mark.parametrize("score", Score)
def test_released_within_the_second_a_button_rates_and_does_not_speak(speaking: SpeakingBench, score: Score) -> None:
    speaking.down(score)
    speaking.wait(HOLD_SECONDS - 0.01)
    assert speaking.heard == []
    speaking.up(score, after=0)
    assert speaking.heard == [score]
    speaking.wait(60)
    assert speaking.heard == [score]


@pytest.mark.parametrize("score", Score)
def test_held_for_the_second_each_button_speaks_while_it_is_held_and_never_rates(
    speaking: SpeakingBench, score: Score
) -> None:
    speaking.down(score)
    speaking.wait(HOLD_SECONDS)
    assert speaking.heard == ["speaks"]
    speaking.up(score, after=0.5)
    speaking.wait(60)
    assert speaking.heard == ["speaks"]


def test_a_button_that_hangs_speaks_once_and_leaves_the_others_as_they_are(speaking: SpeakingBench) -> None:
    speaking.down(Score.HAPPY)
    speaking.wait(3600)
    assert speaking.heard == ["speaks"]
    speaking.down(Score.UNHAPPY)
    speaking.up(Score.UNHAPPY, after=0.2)
    speaking.down(Score.VERY_HAPPY)
    speaking.wait(3600)
    speaking.up(Score.HAPPY)
    assert speaking.heard == ["speaks", Score.UNHAPPY, "speaks"]
    assert speaking.later.calls == [], "nothing waits on"


def test_a_palm_on_two_buttons_speaks_once_and_rates_nothing(speaking: SpeakingBench) -> None:
    speaking.down(Score.HAPPY)
    speaking.down(Score.UNHAPPY, after=0.4)
    speaking.wait(0.7)
    speaking.up(Score.UNHAPPY, after=0)
    speaking.up(Score.HAPPY, after=0.1)
    speaking.wait(60)
    assert speaking.heard == ["speaks"]


def test_two_buttons_pressed_together_rate_once_each_as_they_are_released(speaking: SpeakingBench) -> None:
    speaking.down(Score.HAPPY)
    speaking.down(Score.UNHAPPY, after=0.01)
    speaking.up(Score.HAPPY, after=0.2)
    speaking.up(Score.UNHAPPY, after=0.01)
    speaking.wait(60)
    assert speaking.heard == [Score.HAPPY, Score.UNHAPPY]


def test_contacts_that_bounce_rate_once_when_released(speaking: SpeakingBench) -> None:
    bounce(speaking, Score.HAPPY)
    speaking.wait(0.3)
    bounce(speaking, Score.HAPPY, up=True)
    speaking.wait(60)
    assert speaking.heard == [Score.HAPPY]


def test_contacts_that_bounce_on_the_way_down_do_not_make_a_long_press_a_rating(speaking: SpeakingBench) -> None:
    bounce(speaking, Score.HAPPY)
    speaking.wait(2)
    bounce(speaking, Score.HAPPY, up=True)
    speaking.wait(60)
    assert speaking.heard == ["speaks"]


def bounce(bench: SpeakingBench, score: Score, up: bool = False) -> None:
    """Go down (or up), with three sparks on the way."""
    there, back = (bench.up, bench.down) if up else (bench.down, bench.up)
    there(score, after=0.002)
    for _ in range(3):
        back(score, after=0.001)
        there(score, after=0.002)


def test_a_press_shorter_than_the_bounce_time_rates_a_little_later(speaking: SpeakingBench) -> None:
    # So that none is lost where the system is slow to tell of a level, and the two seem closer than they were.
    speaking.down(Score.HAPPY)
    speaking.up(Score.HAPPY, after=SPEAKING.bounce_seconds / 2)
    assert speaking.heard == []
    speaking.wait(SPEAKING.bounce_seconds)
    assert speaking.heard == [Score.HAPPY]


def test_a_second_that_is_told_of_too_late_still_speaks_and_does_not_rate(speaking: SpeakingBench) -> None:
    speaking.down(Score.HAPPY)
    speaking.now += 5  # Nobody calls what is due.
    Bench.up(speaking, Score.HAPPY, after=0)
    speaking.wait(60)
    assert speaking.heard == ["speaks"]


def test_a_button_that_was_down_from_the_start_neither_rates_nor_speaks() -> None:
    bench = SpeakingBench()
    bench.buttons._up(Score.HAPPY)  # Of a mock pin that was low before, gpiozero tells nothing else.
    bench.wait(60)
    bench.buttons.close()
    assert bench.heard == []


def test_closed_while_a_button_is_held_it_says_nothing_more(speaking: SpeakingBench) -> None:
    speaking.down(Score.HAPPY)
    speaking.buttons.close()
    assert speaking.later.calls == []
    speaking.wait(60)
    assert speaking.heard == []


def test_unless_it_is_switched_on_a_held_button_rates_when_it_goes_down_and_never_speaks() -> None:
    bench = SpeakingBench(SETTINGS)
    bench.down(Score.HAPPY)
    assert bench.heard == [Score.HAPPY]
    bench.wait(60)
    bench.up(Score.HAPPY)
    bench.buttons.close()
    assert bench.heard == [Score.HAPPY]


def test_by_the_real_clock_it_speaks_after_a_second_while_it_is_held(wait_for: Callable[..., None]) -> None:
    heard: list[Score | str] = []
    began = time.monotonic()
    with Buttons(SPEAKING, heard.append, speak=lambda: heard.append("speaks")) as buttons:
        buttons.factory.pin(SPEAKING.happy).drive_low()
        wait_for(lambda: heard, "the button to speak")
        assert time.monotonic() - began >= HOLD_SECONDS
        buttons.factory.pin(SPEAKING.happy).drive_high()
        buttons.factory.pin(SPEAKING.unhappy).drive_low()
        buttons.factory.pin(SPEAKING.unhappy).drive_high()
        wait_for(lambda: len(heard) > 1, "the rating")
    assert heard == ["speaks", Score.UNHAPPY]
    wait_for(lambda: not [each for each in threading.enumerate() if isinstance(each, threading.Timer)], "its threads")
