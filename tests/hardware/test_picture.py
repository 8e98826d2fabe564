"""The wiring as a picture: the one in the documentation is what the script draws, and every wire is in it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware import picture, steps, wiring
from ratings import pins
from ratings.config import Buttons

SVG = "{http://www.w3.org/2000/svg}"
SETTINGS = [
    picture.SHOWN,
    Buttons(),
    Buttons(pull="down", active="high"),
    Buttons(very_unhappy_led=5, unhappy_led=6, happy_led=13, very_happy_led=19, led_active="low", pull="none"),
]


def test_the_picture_of_the_documentation_is_what_the_script_draws() -> None:
    assert picture.PLACE.read_text("utf-8") == picture.svg(picture.SHOWN), "python -m hardware.picture draws it anew"


def test_the_pictures_of_the_steps_are_what_the_script_draws() -> None:
    kept = {path.name: path.read_text("utf-8") for path in steps.FOLDER.glob("*.svg")}
    assert kept == steps.pictures(), "python -m hardware.steps draws them anew"
    for drawn in kept.values():
        ElementTree.fromstring(drawn)


@pytest.mark.parametrize("settings", SETTINGS, ids=["shown", "no LEDs", "high", "low LEDs"])
def test_every_wire_is_in_the_picture_with_its_pin(settings: Buttons) -> None:
    drawn = picture.svg(settings)
    said = [element.text or "" for element in ElementTree.fromstring(drawn).iter(f"{SVG}text")]
    for wire in wiring.wires(settings):
        where = f"GPIO {wire.gpio}" if wire.gpio is not None else str(wire.kind)
        assert f"{where}, pin {wire.pin}" in said
        assert f"pin {wire.pin} to {wire.part}, {wire.terminal}" in drawn, "and for those who do not see it"
    assert ("330 Ω" in drawn) == (settings.leds is not None)


@given(st.permutations([pin for pin in range(28) if pin not in pins.TAKEN]))
def test_whatever_the_pins_the_wires_stay_in_the_picture_and_no_two_share_a_lane(numbers: list[int]) -> None:
    keys = ("very_unhappy", "unhappy", "happy", "very_happy")
    chosen = dict(zip([*keys, *(f"{key}_led" for key in keys)], numbers, strict=False))
    root = ElementTree.fromstring(picture.svg(Buttons(**chosen)))  # type: ignore[arg-type]
    _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
    lanes: list[str] = []
    for path in root.iter(f"{SVG}path"):
        found = re.findall(r"([MHV])([\d.]+)(?: ([\d.]+))?", path.attrib["d"])
        across = [float(x) for command, x, _ in found if command in "MH"]
        down = [float(y or x) for command, x, y in found if command in "MV"]
        assert 0 < min(across) <= max(across) < width
        assert 0 < min(down) <= max(down) < height
        if path.attrib["stroke-width"] == "2.4":
            # The lane is where it turns: the last but one place across.
            lanes.append(next(x for command, x, _ in found if command == "H"))
    assert len(set(lanes)) == len(lanes)
    for text in root.iter(f"{SVG}text"):
        wide = 0.58 * float(text.attrib["font-size"]) * len(text.text or "")
        begin = float(text.attrib["x"]) - (wide if text.attrib["text-anchor"] == "end" else 0)
        assert begin > 0
        assert begin + wide < width
