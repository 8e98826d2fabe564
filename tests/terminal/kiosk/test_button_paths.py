"""Buttons give exactly what faces give: the same things done by finger, by button, or by either in turn, leave the same
files on the card, byte by byte. The buttons are gpiozero's on mock pins, the kiosk and its ledger are the real ones.

What is done are taps at any moment (in a rest, on a dimmed screen, while the disk is broken, outside the hours),
languages and reasons, waits over hours, days and the quarter's end, and several fingers or buttons down at once. A
button counts when it goes down and a finger when it is lifted: what is held is held where nothing else is under way.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.buttons import STUCK_SECONDS, Buttons
from hardware.leds import Leds
from ratings import config
from ratings.config import Config, FollowUp, Hours, Kiosk, Reason, Release, Repeats
from ratings.scale import Score
from ratings.table import Epoch
from terminal.ledger import Ledger
from terminal.visit import State

Rig = Any
OSLO = ZoneInfo("Europe/Oslo")
BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=OSLO)
EPOCH = Epoch("00000000-0000-4000-8000-000000000000")
PINS = config.Buttons(factory="mock", very_unhappy_led=5, unhappy_led=6, happy_led=13, very_happy_led=19)
SPEAKING = msgspec.structs.replace(PINS, speak=True)
APART = 60.0
"""Longer than all rests, idle times and windows of pounding: what is held before and after knows nothing of it."""


class Box:
    """Four buttons with LEDs in front of the kiosk, wired as `fjes terminal kiosk` wires them."""

    def __init__(self, rig: Rig, pins: config.Buttons = PINS) -> None:
        self.rig, self.pins = rig, pins
        kiosk = rig.kiosk
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.buttons = Buttons(pins, kiosk.press, rig.clock.monotonic, speak=kiosk.listen, later=self._later)
        self.leds = Leds(pins, self.buttons.factory)
        self.lights: list[frozenset[Score]] = []
        kiosk.pushes.is_down = (lambda _: False) if pins.speak else self.buttons.is_down
        kiosk.light_buttons = self._light

    def _light(self, lit: bool) -> None:
        self.leds.light(lit)
        self.lights.append(self.leds.lit())

    def _later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        entry = (self.rig.clock.seconds + seconds, call)
        self.later.append(entry)
        return lambda: self.later.remove(entry) if entry in self.later else None

    def due(self) -> None:
        for entry in [each for each in self.later if each[0] <= self.rig.clock.seconds]:
            self.later.remove(entry)
            entry[1]()

    def down(self, score: Score) -> None:
        self.buttons.factory.pin(self.pins.pins[score]).drive_low()
        self.rig.driver.pump()

    def up(self, score: Score) -> None:
        self.buttons.factory.pin(self.pins.pins[score]).drive_high()
        self.rig.driver.pump()

    def close(self) -> None:
        self.leds.close()
        self.buttons.close()
        self.rig.kiosk.pushes.is_down = lambda _: False
        self.rig.kiosk.light_buttons = lambda _: None


@dataclass(frozen=True)
class Tap:
    score: Score
    broken: bool = False


@dataclass(frozen=True)
class Touch:
    """Of a language or a reason, by its number: a finger, whoever taps how."""

    number: int


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Chord:
    """Some down one after the other, with seconds between, then up in another order."""

    scores: tuple[Score, ...]
    between: tuple[float, ...]
    order: int


@dataclass(frozen=True)
class Way:
    """By which a tap is made: `buttons` says for the number of a press whether by button."""

    name: str
    buttons: Callable[[int], bool]


FINGERS = Way("fingers", lambda _: False)
BUTTONS = Way("buttons", lambda _: True)
IN_TURN = Way("in turn", lambda number: number % 2 == 1)
EITHER = Way("either", lambda number: random.Random(number).random() < 0.5)


@dataclass
class Hands:
    """Does what is to be done, one way."""

    rig: Rig
    box: Box
    way: Way
    presses: int = 0
    recorded: int = 0
    seen: set[str] = field(default_factory=set)

    def do(self, each: Tap | Touch | Wait | Chord) -> None:
        match each:
            case Tap(score, broken):
                self.rig.notebook.broken = broken
                self.press(score)
                self.lift(score)
                self.rig.notebook.broken = False
                self.rig.driver.pump()
            case Touch(number):
                self.touch(number)
            case Wait(seconds):
                self.wait(seconds)
            case Chord(scores, between, order):
                self.wait(APART)
                for score, pause in zip(scores, between, strict=True):
                    self.press(score)
                    self.wait(pause)
                begin = self.presses - len(scores)
                lifted = list(enumerate(scores, begin + 1))
                random.Random(order).shuffle(lifted)
                for number, score in lifted:
                    self.lift(score, number)
                self.wait(APART)
        self.seen.add(str(self.rig.kiosk.visit.state))
        self.seen.add(self.rig.kiosk.rest.light.value)

    def press(self, score: Score) -> None:
        self.presses += 1
        if self.way.buttons(self.presses):
            self.box.down(score)
        else:
            self.finger("on_mouse_down", score)

    def lift(self, score: Score, number: int | None = None) -> None:
        if self.way.buttons(self.presses if number is None else number):
            self.box.up(score)
        else:
            self.finger("on_mouse_up", score)

    def finger(self, what: str, score: Score) -> None:
        # A finger each, as a panel tells them apart; Kivy's mouse is one. Where there are no faces but reasons, it is
        # beside those, or it would answer.
        follows = self.rig.kiosk.visit.state is State.FOLLOW_UP
        x, y = (1.0, 1.0) if follows else self.rig.driver.face_centre(score)
        down = what == "on_mouse_down"
        (self.rig.kiosk._finger_down if down else self.rig.kiosk._finger_up)(int(score), x, y)
        self.rig.driver.pump()

    def touch(self, number: int) -> None:
        kiosk, driver = self.rig.kiosk, self.rig.driver
        if kiosk.visit.state is State.FOLLOW_UP:
            reasons = [*kiosk.screens.reasons, None]
            driver.touch(*driver.reason_centre(reasons[number % len(reasons)]))
        else:
            languages = kiosk.screens.languages
            driver.touch(*driver.language_centre(languages[number % len(languages)]))

    def wait(self, seconds: float) -> None:
        # In steps, since a look long after the follow-up question is over finds its thank-you only beginning.
        for most in (4.5, 4.0, seconds):
            step = min(most, seconds)
            seconds -= step
            self.rig.clock.move(step)
            self.box.due()
            self.rig.driver.pump()


SCORES = st.sampled_from(list(Score))
WAITS = st.sampled_from(
    [0.1, 0.4, 0.6, 1.0, 2.9, 3.1, 3.1, 7.1, 8.1, 21.0, 31.0, 1800.0, 5 * 3600.0, 86400.0, 40 * 86400.0]
)
TAPS = st.builds(Tap, SCORES)
CHORDS = st.lists(
    st.tuples(SCORES, st.floats(0.05, 2.2)), min_size=2, max_size=4, unique_by=lambda each: each[0]
).flatmap(
    lambda chord: st.builds(
        Chord, st.just(tuple(each[0] for each in chord)), st.just(tuple(each[1] for each in chord)), st.integers(0, 99)
    )
)
ACTIONS = st.one_of(
    *[TAPS] * 5,
    st.builds(Tap, SCORES, st.just(True)),
    st.builds(Touch, st.integers(0, 9)),
    *[st.builds(Wait, WAITS)] * 4,
    CHORDS,
)
OFFICE = {day: ["08:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


def settings_of(rig: Rig, *, reasons: bool, office: bool) -> Config:
    asked = [Reason(id=each) for each in ("waiting", "staff", "place")]
    told: Config = msgspec.structs.replace(
        rig.config,
        kiosk=Kiosk(languages=["nb", "en", "th"], attract_seconds=0, dim_seconds=30),
        hours=Hours(screen="off", **OFFICE) if office else Hours(),
        repeats=Repeats(ratings=4, seconds=15),
        follow_up=FollowUp(seconds=4, reasons=asked if reasons else []),
    )
    return told


@pytest.fixture
def panel(tmp_path: Path) -> Path:
    folder = tmp_path / "backlight" / "panel"
    folder.mkdir(parents=True)
    for name, number in {"max_brightness": 200, "brightness": 7, "bl_power": 0}.items():
        (folder / name).write_text(str(number))
    return folder.parent


@pytest.fixture
def again(rig: Rig, tmp_path: Path) -> Iterator[Rig]:
    """The rig, and the card and time that it had before put back afterwards."""
    was, moment = rig.notebook.ledger, rig.clock.moment
    yield rig
    rig.notebook.ledger, rig.clock.moment = was, moment
    rig.kiosk.configure(rig.config, tmp_path)
    rig.driver.pump()


def leave(rig: Rig, told: Config, panel: Path, card: Path, actions: list[Any], way: Way) -> tuple[Hands, list[bytes]]:
    """Do all of it on a new card; gives what was seen, and the bytes that it left there."""
    rig.clock.move(10_000)
    rig.clock.moment = BEGIN
    reasons = [reason.id for reason in told.follow_up.reasons]
    rig.notebook.ledger = ledger = Ledger.open(card, Release(), OSLO, told.kiosk.languages, reasons, epoch=EPOCH)
    rig.kiosk.configure(told, panel)
    rig.driver.pump()
    rig.notebook.calls.clear()
    box = Box(rig)
    try:
        rig.driver.pump()
        hands = Hands(rig, box, way)
        for each in actions:
            hands.do(each)
        # Nothing is under way any more, and whatever could not be tidied is.
        hands.wait(100.0)
        hands.recorded = len(rig.notebook.taps)
        assert box.lights == [frozenset(Score), frozenset()] * hands.recorded, "all four, once for each rating"
    finally:
        box.close()
        ledger.close()
    return hands, [(card / name).read_bytes() for name in ("open.db", "released.db")]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ACTIONS, min_size=1, max_size=30),
    st.booleans(),
    st.booleans(),
    st.sampled_from([BUTTONS, IN_TURN, EITHER]),
)
def test_buttons_leave_the_bytes_that_fingers_leave(
    again: Rig,
    panel: Path,
    tmp_path_factory: pytest.TempPathFactory,
    actions: list[Any],
    reasons: bool,
    office: bool,
    way: Way,
) -> None:
    told = settings_of(again, reasons=reasons, office=office)
    folder = tmp_path_factory.mktemp("cards")
    by_finger, expected = leave(again, told, panel, folder / "fingers", actions, FINGERS)
    by_button, found = leave(again, told, panel, folder / "buttons", actions, way)
    assert by_button.recorded == by_finger.recorded
    assert found == expected, way.name


def test_a_long_day_meets_everything_that_there_is(again: Rig, panel: Path, tmp_path: Path) -> None:
    chance = random.Random(20261129)
    actions: list[Any] = []
    for _ in range(900):
        dice = chance.random()
        if dice < 0.45:
            actions.append(Tap(chance.choice(list(Score)), broken=chance.random() < 0.05))
        elif dice < 0.9:
            actions.append(Wait(chance.choice([0.1, 0.6, 1.0, 3.1, *[8.1] * 12, 31.0, 1800.0, 5 * 3600.0])))
        elif dice < 0.97:
            actions.append(Touch(chance.randrange(10)))
        else:
            scores = tuple(chance.sample(list(Score), chance.randint(2, 4)))
            actions.append(Chord(scores, tuple(chance.uniform(0.05, 2.2) for _ in scores), chance.randrange(100)))
    told = settings_of(again, reasons=True, office=True)
    by_finger, expected = leave(again, told, panel, tmp_path / "fingers", actions, FINGERS)
    for way in (BUTTONS, EITHER):
        by_button, found = leave(again, told, panel, tmp_path / way.name, actions, way)
        assert found == expected
        assert by_button.seen == by_finger.seen
    assert by_finger.recorded > 50
    assert by_finger.seen >= {"asking", "follow-up", "thanks", "out of order", "closed", "dim", "off", "bright"}


def test_a_button_that_is_held_lets_neither_button_nor_finger_count_until_it_comes_up(
    again: Rig, panel: Path, tmp_path: Path
) -> None:
    told = settings_of(again, reasons=False, office=False)
    ledger = again.notebook.ledger = Ledger.open(tmp_path / "card", Release(), OSLO, ["nb", "en", "th"])
    again.kiosk.configure(told, panel)
    box = Box(again)
    hands = Hands(again, box, BUTTONS)
    again.notebook.calls.clear()
    box.down(Score.HAPPY)
    hands.wait(5)  # The thank-you is over.
    assert again.kiosk.visit.state is State.ASKING
    box.down(Score.UNHAPPY)
    box.up(Score.UNHAPPY)
    again.tap(Score.UNHAPPY)
    assert [score for score, _ in again.notebook.taps] == [Score.HAPPY]
    box.up(Score.HAPPY)
    again.tap(Score.VERY_HAPPY)
    hands.wait(5)
    # And a finger that is down lets no button count, as no other finger.
    again.driver.down(*again.centre(Score.UNHAPPY))
    box.down(Score.VERY_UNHAPPY)
    box.up(Score.VERY_UNHAPPY)
    again.driver.up(*again.centre(Score.UNHAPPY))
    assert [score for score, _ in again.notebook.taps] == [Score.HAPPY, Score.VERY_HAPPY, Score.UNHAPPY]
    box.close()
    ledger.close()


def test_a_button_that_is_pressed_again_soon_counts_again(again: Rig, panel: Path, tmp_path: Path) -> None:
    actions = [Tap(Score.HAPPY), Wait(3.1), Tap(Score.HAPPY), Wait(1.0), Tap(Score.HAPPY), Wait(2.1), Tap(Score.HAPPY)]
    told = settings_of(again, reasons=False, office=False)
    hands, _ = leave(again, told, panel, tmp_path / "card", actions, BUTTONS)
    assert hands.recorded == 3, "all but the one during the thank-you"


@pytest.mark.parametrize("pins", [PINS, SPEAKING], ids=["rates", "speaks"])
def test_a_stuck_button_is_one_rating_at_most_and_does_not_keep_the_others_from_theirs(
    again: Rig, panel: Path, tmp_path: Path, pins: config.Buttons
) -> None:
    told = settings_of(again, reasons=False, office=False)
    ledger = again.notebook.ledger = Ledger.open(tmp_path / "card", Release(), OSLO, ["nb", "en", "th"])
    again.kiosk.configure(told, panel)
    box = Box(again, pins)
    hands = Hands(again, box, BUTTONS)
    again.notebook.calls.clear()
    box.down(Score.HAPPY)
    hands.wait(STUCK_SECONDS + 0.1)
    before = len(again.notebook.taps)
    assert before == (0 if pins.speak else 1)
    for _ in range(300):  # For hours it flickers, and lies still.
        box.up(Score.HAPPY)
        hands.wait(0.5)
        box.down(Score.HAPPY)
        hands.wait(20)
    assert len(again.notebook.taps) == before
    assert box.buttons.stuck()
    for _ in range(4):  # The first only wakes the screen.
        box.down(Score.UNHAPPY)
        hands.wait(0.2)
        box.up(Score.UNHAPPY)
        hands.wait(20)
    assert [score for score, _ in again.notebook.taps[before:]] == [Score.UNHAPPY] * 3
    box.close()
    ledger.close()


# Where a held button speaks, there are rules of their own.


def test_where_it_speaks_a_button_counts_when_it_comes_up_and_not_at_all_when_it_was_held(
    again: Rig, panel: Path, tmp_path: Path
) -> None:
    told = settings_of(again, reasons=False, office=False)
    ledger = again.notebook.ledger = Ledger.open(tmp_path / "card", Release(), OSLO, ["nb", "en", "th"])
    again.kiosk.configure(told, panel)
    box = Box(again, SPEAKING)
    hands = Hands(again, box, BUTTONS)
    again.notebook.calls.clear()
    for score in Score:
        box.down(score)
        hands.wait(0.3)
        assert again.kiosk.visit.state is State.ASKING
        box.up(score)
        assert box.lights[-1:] == [frozenset(Score)]
        hands.wait(20)
    assert [score for score, _ in again.notebook.taps] == list(Score)
    again.notebook.calls.clear()
    lights = len(box.lights)
    for score in Score:
        box.down(score)
        hands.wait(1.5)
        box.up(score)
        hands.wait(20)
    assert again.notebook.taps == []
    assert len(box.lights) == lights, "nothing lights up where nothing was rated"
    box.close()
    ledger.close()
