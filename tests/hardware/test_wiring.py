"""Which wire goes where: against what gpiozero knows of the header, and for every configuration that is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from gpiozero.pins.pi import PiBoardInfo
from hypothesis import given
from hypothesis import strategies as st

from hardware import wiring
from hardware.wiring import Kind
from ratings import config, pins
from ratings.scale import Score

LEDS = config.Buttons(factory="lgpio", very_unhappy_led=5, unhappy_led=6, happy_led=13, very_happy_led=19)


@pytest.mark.parametrize("revision", [0xA02082, 0x9020E0, 0x902120, 0xC03111, 0xC03130, 0xC04170])
def test_the_header_is_that_of_every_board_that_it_is_for(revision: int) -> None:
    """3B, 3A+, Zero 2 W, 4B, 400 and 5, as gpiozero has them."""
    header: Any = PiBoardInfo.from_revision(revision).headers["J8"]
    ours = [f"GPIO{each}" if isinstance(each, int) else each for each in wiring.HEADER]
    words = {"GND": wiring.GROUND, "3V3": wiring.POWER, "5V": wiring.FIVE_VOLTS}
    assert ours == [words.get(header.pins[number].name, header.pins[number].name) for number in range(1, 41)]


def test_the_table_says_for_each_wire_where_it_goes() -> None:
    found = wiring.table(LEDS).splitlines()
    assert "15   22    happy button         contact" in found
    assert "33   13    happy button         LED +                through 330 Ω" in found
    assert "3    2     hardware clock       SDA" in found
    assert len(found) == 2 + 4 * 4 + 4


def test_without_leds_there_are_none_in_the_table() -> None:
    assert "LED" not in wiring.table(config.Buttons())


NUMBERS = st.permutations([pin for pin in range(28) if pin not in pins.TAKEN])


@given(NUMBERS, st.sampled_from([("up", "low"), ("down", "high"), ("none", "low"), ("none", "high")]), st.booleans())
def test_whatever_is_configured_every_wire_has_a_place_of_its_own_or_shares_one_of_its_kind(
    numbers: list[int], level: tuple[Any, Any], high: bool
) -> None:
    settings = config.Buttons(
        factory="lgpio",
        very_unhappy=numbers[0],
        unhappy=numbers[1],
        happy=numbers[2],
        very_happy=numbers[3],
        very_unhappy_led=numbers[4],
        unhappy_led=numbers[5],
        happy_led=numbers[6],
        very_happy_led=numbers[7],
        pull=level[0],
        active=level[1],
        led_active="high" if high else "low",
    )
    assert pins.problem(settings) is None
    found = wiring.wires(settings)
    own = [wire.pin for wire in found if wire.kind in (Kind.CONTACT, Kind.LED, Kind.CLOCK)]
    assert len(set(own)) == len(own) == 10
    for wire in found:
        name = wiring.HEADER[wire.pin - 1]
        assert name == wire.gpio if wire.gpio is not None else name == wire.kind.value
        on_the_clock = wire.part == "hardware clock"
        assert on_the_clock or wire.pin not in wiring.UNDER_THE_CLOCK or wire.gpio == 4
    for score in Score:
        ends = {wire.terminal for wire in found if wire.score is score}
        assert ends == {"contact", "contact, other side", "LED +", "LED −"}
