"""The check of the hardware: gpiozero's mock pins, folders like the kernel's, and somebody who does as told."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from hardware import sensors
from hardware.buttons import Buttons
from hardware.check import LEFT_TO_RIGHT, PARTS, Check, Finding, Outcome, passed
from hardware.wiring import NAMES
from ratings.config import Buttons as Pins
from ratings.config import Config, Kiosk
from ratings.scale import Score

T = TypeVar("T")

# Whoever does as told here is quicker than any contact bounces.
PINS = Pins(factory="mock", bounce_seconds=0, very_unhappy_led=5, unhappy_led=6, happy_led=13, very_happy_led=19)
NOW = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)
BY_NAME = {name: score for score, name in NAMES.items()}


@dataclass
class Somebody:
    """Does what the guide says, by hands on the mock pins; `wired` is which pins the buttons are really on.

    `lamps`: in which button each LED really is. `presses`: whether anything is pressed at all.
    """

    wired: dict[Score, Score] = field(default_factory=lambda: {score: score for score in Score})
    lamps: dict[Score, Score] = field(default_factory=lambda: {score: score for score in Score})
    presses: bool = True
    lets_go: bool = True
    sees_lamps: bool = True
    says: bool | None = True
    pins: Pins = PINS
    said: list[str] = field(default_factory=list)
    reported: list[Finding] = field(default_factory=list)
    factory: Any = None

    def open(self, buttons: Buttons) -> None:
        self.factory = buttons.factory

    def show(self, said: str, face: Score | None = None, *, asks: bool = False) -> None:
        self.said.append(said)
        self._answer = self.says if asks else None
        if said.startswith("Press the button that is lit"):
            assert self.pins.leds is not None
            (lit,) = [score for score in Score if self.factory.pin(self.pins.leds[score]).state]
            if not self.sees_lamps:
                self._answer = False
            elif self.presses:
                self._answer = None
                self._push(self.lamps[lit])
        elif said.startswith("Press the"):
            score = BY_NAME[said.removeprefix("Press the ").removesuffix(" button")]
            assert face is score
            if self.presses:
                self._hold(score)
        elif said == "Let go" and self.lets_go:
            assert face is not None
            self._let_go(face)

    def wait(self, until: Callable[[], T | None], seconds: float) -> T | None:
        return until()  # Whatever comes has come: nothing here waits.

    def answer(self) -> bool | None:
        answer, self._answer = self._answer, None
        return answer

    def report(self, finding: Finding) -> None:
        self.reported.append(finding)

    def _hold(self, score: Score) -> None:
        self.factory.pin(self.pins.pins[self.wired[score]]).drive_low()

    def _let_go(self, score: Score) -> None:
        self.factory.pin(self.pins.pins[self.wired[score]]).drive_high()

    def _push(self, score: Score) -> None:
        self._hold(score)
        self._let_go(score)


class Loud:
    """A loudspeaker, or a card that is not there."""

    def __init__(self, problem: str | None = None) -> None:
        self._problem = problem
        self.played = 0

    def problem(self) -> str | None:
        return self._problem

    def play(self) -> None:
        self.played += 1


class Machine:
    """Folders as the kernel has them, with everything in its place."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.backlights, self.clocks = root / "backlight", root / "rtc"
        self.places = sensors.Places(root / "thermal", root / "hwmon", root / "get_throttled")
        self.write("backlight/panel/max_brightness", 255)
        self.write("backlight/panel/brightness", 40)
        self.write("backlight/panel/bl_power", 0)
        self.write("rtc/rtc0/name", "rtc-ds1307 1-0068")
        self.write("rtc/rtc0/since_epoch", int(NOW.timestamp()))
        self.write("thermal/thermal_zone0/temp", 47123)
        self.write("get_throttled", 0)

    def write(self, name: str, what: object) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{what}\n")

    def check(
        self, guide: Somebody | None, speaker: Loud | None = None, pins: Pins = PINS, **more: Any
    ) -> list[Finding]:
        parts = more.pop("parts", PARTS)
        return Check(
            more.pop("config", Config(buttons=pins)),
            parts=parts,
            guide=guide,
            speaker=speaker,
            seconds=1,
            backlights=self.backlights,
            clocks=self.clocks,
            places=self.places,
            now=lambda: NOW,
            chance=random.Random(3),
            on_open=guide.open if guide is not None else lambda _: None,
        ).run()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def outcomes(findings: list[Finding]) -> dict[str, str]:
    return {finding.name: str(finding.outcome) for finding in findings}


def failures(findings: list[Finding]) -> dict[str, str]:
    return {finding.name: finding.said for finding in findings if finding.outcome is Outcome.FAILED}


def test_where_all_is_well_everything_passes_and_was_asked_for_once(machine: Machine) -> None:
    somebody, loud = Somebody(), Loud()
    findings = machine.check(somebody, loud)
    assert passed(findings)
    assert set(outcomes(findings).values()) == {"pass"}
    assert len(findings) == 4 + 4 + 1 + 1 + 1 + 2
    assert somebody.reported == findings
    assert loud.played == 1
    assert [said for said in somebody.said if said.endswith("happy button")] == [
        f"Press the {NAMES[score]} button" for score in LEFT_TO_RIGHT
    ]
    assert (machine.backlights / "panel" / "brightness").read_text() == "255"


def test_a_button_that_nobody_hears_fails_and_names_its_pin(machine: Machine) -> None:
    found = failures(machine.check(Somebody(presses=False, sees_lamps=False), parts=("buttons",)))
    assert list(found) == [f"{NAMES[score]} button" for score in LEFT_TO_RIGHT]
    assert found["happy button"] == "nothing came within 1 s: see to its wires (GPIO 22, pin 15)"


def test_wires_that_are_swapped_are_named(machine: Machine) -> None:
    wired = {score: score for score in Score} | {Score.HAPPY: Score.UNHAPPY, Score.UNHAPPY: Score.HAPPY}
    found = failures(machine.check(Somebody(wired=wired), parts=("buttons",)))
    assert found["happy button"].startswith("the unhappy button answered instead: swap their wires")
    assert "very happy button" not in found


def test_a_button_that_stays_down_fails(machine: Machine) -> None:
    found = failures(machine.check(Somebody(lets_go=False), parts=("buttons",)))
    assert found["very happy button"].startswith("it stays down (GPIO 23, pin 16)")


def test_leds_that_are_in_another_button_or_dark_fail(machine: Machine) -> None:
    lamps = {score: score for score in Score} | {Score.HAPPY: Score.UNHAPPY, Score.UNHAPPY: Score.HAPPY}
    found = failures(machine.check(Somebody(lamps=lamps), parts=("leds",)))
    assert set(found) == {"LED of the happy button", "LED of the unhappy button"}
    assert found["LED of the happy button"].startswith("the unhappy button was pressed for it")
    found = failures(machine.check(Somebody(sees_lamps=False), parts=("leds",)))
    assert len(found) == 4
    assert found["LED of the happy button"].startswith("it was not seen (GPIO 13, pin 33)")


def test_unattended_it_says_how_far_it_looked(machine: Machine) -> None:
    findings = machine.check(None, Loud())
    assert passed(findings)
    said = {finding.name: finding.said for finding in findings}
    assert said["happy button"].endswith("whether it can be pressed is not known")
    assert said["LED of the happy button"].endswith("whether it shines is not known")
    assert said["sound"].endswith("whether it is heard is not known")
    assert (machine.backlights / "panel" / "brightness").read_text() == "255", "bright again"


def test_a_button_whose_wires_touch_fails_without_anybody(machine: Machine) -> None:
    def touching(buttons: Buttons) -> None:
        buttons.factory.pin(PINS.happy).drive_low()

    check = Check(Config(buttons=PINS), None, parts=("buttons",), on_open=touching)
    found = failures(check.run())
    assert list(found) == ["happy button"]
    assert found["happy button"].startswith("it is down though nobody presses it (GPIO 22, pin 15)")


@pytest.mark.skipif(Path("/dev/gpiochip0").exists(), reason="there is a GPIO here, and it may be in use")
def test_a_chip_that_is_not_there_fails_and_the_rest_is_checked(machine: Machine) -> None:
    findings = machine.check(Somebody(), Loud(), msgspec.structs.replace(PINS, factory="lgpio"))
    assert list(failures(findings)) == ["buttons"]
    assert outcomes(findings)["sound"] == "pass"
    assert not passed(findings)


def test_what_is_not_configured_is_not_there_and_fails_nothing(machine: Machine) -> None:
    (machine.backlights / "panel" / "max_brightness").unlink()
    findings = machine.check(Somebody(), None, Pins())
    assert passed(findings)
    assert outcomes(findings) == {
        "buttons": "none",
        "sound": "none",
        "screen's light": "none",
        "hardware clock rtc-ds1307 1-0068": "pass",
        "temperature": "pass",
        "power supply": "pass",
    }
    findings = machine.check(Somebody(pins=Pins(factory="mock")), None, Pins(factory="mock"), parts=("leds",))
    assert outcomes(findings) == {"LEDs": "none"}


def test_a_light_that_is_wanted_and_not_there_fails(machine: Machine) -> None:
    (machine.backlights / "panel" / "max_brightness").unlink()
    findings = machine.check(Somebody(), config=Config(kiosk=Kiosk(dim_seconds=60)), parts=("screen",))
    assert "there is no backlight" in failures(findings)["screen's light"]


def test_what_is_not_heard_and_not_seen_fails_and_so_does_no_answer(machine: Machine) -> None:
    for says in (False, None):
        found = failures(machine.check(Somebody(says=says), Loud(), parts=("sound", "screen")))
        assert set(found) == {"sound", "screen's light"}


def test_a_sound_card_that_is_not_there_fails(machine: Machine) -> None:
    loud = Loud("there is no sound: no card")
    assert failures(machine.check(Somebody(), loud, parts=("sound",))) == {"sound": "there is no sound: no card"}
    assert loud.played == 0


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (str(int((NOW + timedelta(seconds=100)).timestamp())), None),
        (
            str(int((NOW + timedelta(seconds=130)).timestamp())),
            "it says 2026-11-29 20:02 UTC, and the system 2026-11-29",
        ),
        ("0", "it says 1970-01-01 00:00 UTC"),
        ("", "it has lost the time: replace its battery"),
        ("nonsense", "it has lost the time"),
    ],
)
def test_a_clock_has_to_agree_with_the_systems(machine: Machine, told: str, said: str | None) -> None:
    machine.write("rtc/rtc0/since_epoch", told)
    found = failures(machine.check(Somebody(), parts=("clock",)))
    if said is None:
        assert found == {}
    else:
        assert said in found["hardware clock rtc-ds1307 1-0068"]


def test_without_a_clock_it_fails_and_says_how_to_leave_it_out(machine: Machine, tmp_path: Path) -> None:
    machine.clocks = tmp_path / "none"
    assert "--without clock" in failures(machine.check(Somebody(), parts=("clock",)))["hardware clock"]


@pytest.mark.parametrize(
    ("name", "what", "failed"),
    [
        ("thermal/thermal_zone0/temp", 85000, {"temperature"}),
        ("get_throttled", "50005", {"power supply"}),
        ("get_throttled", "8", {"speed"}),
    ],
)
def test_heat_and_a_weak_supply_fail(machine: Machine, name: str, what: object, failed: set[str]) -> None:
    machine.write(name, what)
    assert set(failures(machine.check(Somebody(), parts=("temperature",)))) == failed


def test_a_machine_that_tells_nothing_of_heat_fails_nothing(machine: Machine, tmp_path: Path) -> None:
    machine.places = sensors.Places(tmp_path / "no", tmp_path / "no", tmp_path / "no")
    findings = machine.check(Somebody(), parts=("temperature",))
    assert outcomes(findings) == {"temperature": "none", "power supply": "none"}
