"""The test of touches: what it says of every way to mount a touch layer, and how it looks and is handled."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any, cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.sections import Turn
from terminal.kiosk.boxes import unit_of
from terminal.kiosk.touch_judge import PLACES, Finding, Trial, Verdict
from terminal.kiosk.turning import SYMMETRIES, Point, Symmetry, Turning
from terminal.visit import State

Rig = Any

ANGLES: tuple[Turn, ...] = get_args(Turn)
STEADY = ((0.0, 0.0),) * 5
SIZES = [(800, 480), (1024, 600), (1280, 800), (1920, 1080), (480, 800), (1080, 1920)]


def outcome(
    window: tuple[int, int],
    mounted: Symmetry,
    rotation: Turn,
    touch: Turn | None,
    slips: tuple[Point, ...] = STEADY,
) -> Verdict:
    """What is said when somebody touches every place as it is seen, on a panel mounted so; slips are pixels."""
    turning = Turning(*window, rotation, touch)
    width, height = turning.layout
    trial = Trial(width, height, 52 * unit_of(width, height), rotation, touch)
    for place, slip in zip(PLACES, slips, strict=True):
        x, y = turning.shown(place[0] * width + slip[0], place[1] * height + slip[1])
        across, down = mounted((x / window[0], y / window[1]))
        x, y = turning.touched(across * window[0], down * window[1])
        trial.touches.append((x / width, y / height))
    return trial.judge()


def named(verdict: Verdict, name: str) -> str:
    """What a line of the verdict says after a name."""
    (line,) = [line for line in verdict.lines if name in line]
    return line.split(name)[1].strip()


slips = st.tuples(*[st.tuples(st.floats(-12, 12), st.floats(-12, 12))] * 5)


@given(
    st.sampled_from(SIZES),
    st.sampled_from(SYMMETRIES),
    st.sampled_from(ANGLES),
    st.sampled_from((None, *ANGLES)),
    slips,
)
def test_whoever_does_what_is_said_has_a_panel_that_works(
    window: tuple[int, int], mounted: Symmetry, rotation: Turn, touch: Turn | None, slips: Any
) -> None:
    verdict = outcome(window, mounted, rotation, touch, slips)
    if verdict.findings == (Finding.TURNED,):
        said = [line for line in verdict.lines if line.startswith("touch_rotation = ")]
        touch = cast("Turn", int(said[0].split("=")[1])) if said else None
        assert said or any(line.startswith("Remove touch_rotation") for line in verdict.lines)
    elif verdict.findings == (Finding.MIRRORED,):
        numbers = [float(each) for each in named(verdict, "LIBINPUT_CALIBRATION_MATRIX=").strip('"').split()]
        put_right = next(
            each
            for each in SYMMETRIES
            if all(
                each(point) == tuple(a * point[0] + b * point[1] + c for a, b, c in (numbers[:3], numbers[3:]))
                for point in ((0, 0), (1, 0), (0, 1))
            )
        )
        flags = (
            (put_right.invert_x, "invx", "touchscreen-inverted-x"),
            (put_right.invert_y, "invy", "touchscreen-inverted-y"),
            (put_right.swap, "swapxy", "touchscreen-swapped-x-y"),
        )
        assert named(verdict, "vc4-kms-dsi-7inch,").split(",") == [short for on, short, _ in flags if on]
        assert named(verdict, "another panel:").split(", ") == [long for on, _, long in flags if on]
        mounted, touch = put_right.after(mounted), None
    else:
        assert verdict.passed
    assert outcome(window, mounted, rotation, touch, slips).passed


def test_what_is_mounted_as_the_picture_passes_only_as_the_picture() -> None:
    for rotation, touch in product(ANGLES, ANGLES):
        verdict = outcome((800, 480), SYMMETRIES[0], rotation, touch)
        assert verdict.passed == (rotation == touch)
        assert verdict.passed or "Remove touch_rotation" in verdict.text


def test_a_panel_that_lies_across_its_picture_is_told_its_touch_rotation() -> None:
    # At the top left of the picture the panel says: top right.
    verdict = outcome((800, 480), Symmetry(invert_y=True, swap=True), 0, None)
    assert verdict.lines[-1] == "touch_rotation = 90"
    assert outcome((800, 480), Symmetry(invert_x=True), 0, None).findings == (Finding.MIRRORED,)


def test_one_touch_that_missed_is_not_the_panels_fault() -> None:
    verdict = outcome((800, 480), SYMMETRIES[0], 0, None, ((0, 0), (0, 0), (300, 0), (0, 0), (0, 0)))
    assert verdict.findings == (Finding.MISSED,)
    assert verdict.lines[0].startswith("Touch 3 ")


def test_what_fits_nothing_is_to_be_calibrated() -> None:
    half = Trial(800, 480, 52, touches=[(x / 2, y) for x, y in PLACES])
    assert half.judge().findings == (Finding.ASTRAY,)
    assert "Calibrate" in half.judge().text
    still = Trial(800, 480, 52, touches=[(0.5, 0.5)] * 5)
    assert still.judge().findings == (Finding.ASTRAY,)


def test_no_touch_and_too_few_are_told_apart() -> None:
    assert Trial(800, 480, 52).judge().findings == (Finding.SILENT,)
    few = Trial(800, 480, 52, touches=[*PLACES[:3]])
    assert few.judge().findings == (Finding.UNFINISHED,)
    assert "3 of 5" in few.judge().text


class Hands:
    """Somebody who does the test on a scene; the clock is theirs."""

    def __init__(self, scene: Any) -> None:
        self.scene, self.now = scene, 100.0

    def touch(self, x: float, y: float, wander: float = 0, times: int = 1) -> None:
        for number in range(times):
            self.scene.touch(x, y, self.now)
            self.scene.lift(x + wander, y, self.now + 0.05)
            self.now += 0.1 if number < times - 1 else 1

    def follow(self, **how: Any) -> Verdict:
        while self.scene.deadline is None and not self.scene.finished:
            x, y = self.scene.place
            self.touch(x, y, **how)
        self.scene.look(self.now)
        assert self.scene.finished
        return cast("Verdict", self.scene.verdict)


def scene_of(rig: Rig, size: tuple[int, int] = (800, 480), rotation: Turn = 0, touch: Turn | None = None) -> Any:
    from terminal.kiosk.touch_test import TouchTest

    return TouchTest(*size, rig.kiosk.lettering, rotation, touch)


def test_five_rings_that_are_touched_pass_and_each_asks_for_the_next(rig: Rig) -> None:
    scene = scene_of(rig)
    places, stages = [], []
    hands = Hands(scene)
    while scene.deadline is None:
        places.append(scene.place)
        stages.append(scene.stage)
        hands.touch(*scene.place)
    assert len(set(places)) == len(set(stages)) == 5
    assert not scene.finished, "what is doubled may still come"
    scene.look(hands.now)
    assert scene.verdict.findings == (Finding.GOOD,)
    assert scene.stage not in stages


def test_a_touch_that_comes_twice_is_one_and_is_told(rig: Rig) -> None:
    assert Hands(scene_of(rig)).follow(times=2).findings == (Finding.DOUBLED,)
    scene = scene_of(rig)
    hands = Hands(scene)
    hands.touch(scene.place[0], scene.place[1], times=3)
    assert hands.follow().passed, "once may happen to anybody"


def test_the_last_touch_may_be_doubled_too(rig: Rig) -> None:
    scene = scene_of(rig)
    hands = Hands(scene)
    hands.touch(scene.place[0], scene.place[1], times=2)
    for _ in range(3):
        hands.touch(*scene.place)
    hands.touch(scene.place[0], scene.place[1], times=2)
    scene.look(hands.now)
    assert scene.verdict.findings == (Finding.DOUBLED,)


def test_a_finger_that_seems_to_wander_is_told(rig: Rig) -> None:
    assert Hands(scene_of(rig)).follow(wander=30).findings == (Finding.UNSTEADY,)
    assert Hands(scene_of(rig)).follow(wander=20).passed


def test_all_that_is_wrong_is_said_together(rig: Rig) -> None:
    scene = scene_of(rig)
    hands = Hands(scene)
    while scene.deadline is None:
        x, y = scene.place
        hands.touch(800 - x, y, times=2)
    scene.look(hands.now)
    assert scene.verdict.findings == (Finding.MIRRORED, Finding.DOUBLED)
    assert not scene.verdict.passed


def test_it_is_left_by_a_touch_once_the_verdict_can_have_been_read(rig: Rig) -> None:
    scene = scene_of(rig)
    hands = Hands(scene)
    hands.follow()
    assert not scene.touch(5, 5, hands.now - 0.5)
    assert scene.touch(5, 5, hands.now + 1)
    scene.start()
    assert not scene.finished
    assert hands.follow().passed


@pytest.mark.parametrize("size", SIZES)
def test_no_line_leaves_its_box_or_the_screen(rig: Rig, size: tuple[int, int]) -> None:
    from tests.terminal.kiosk.test_window import check

    for mapping in SYMMETRIES:
        scene = scene_of(rig, size)
        hands = Hands(scene)
        while scene.deadline is None:
            across, down = mapping((scene.place[0] / size[0], scene.place[1] / size[1]))
            hands.touch(across * size[0], down * size[1], times=2, wander=size[0] / 10)
        scene.look(hands.now)
        texts = scene.texts()
        assert len({text.block.size for text in texts[1:]}) == 1
        for text in texts:
            assert text.box.x >= 0
            assert text.box.right <= size[0]
            assert text.box.y >= 0
            assert text.box.bottom <= size[1]
            check(text, rig.kiosk.lettering, 12 / 15 * unit_of(*size))
        assert not any(one.box.overlaps(other.box) for one, other in pairwise(texts))


def test_the_ring_is_whole_on_every_screen_and_large_enough_for_a_finger(rig: Rig) -> None:
    for width, height in SIZES:
        radius = 52 * unit_of(width, height)
        for x, y in PLACES:
            assert radius <= x * width <= width - radius
            assert radius <= y * height <= height - radius


def test_what_is_drawn_changes_with_every_touch(rig: Rig) -> None:
    from kivy.graphics import Color, InstructionGroup

    scene = scene_of(rig)
    hands = Hands(scene)
    pictures = []
    for step in range(7):
        group = InstructionGroup()
        group.add(Color(1, 1, 1, 1))
        scene.draw(group)
        rig.kiosk.panel.canvas.clear()
        rig.kiosk.panel.canvas.add(group)
        pictures.append(rig.driver.window_picture().tobytes())
        # The second one misses.
        hands.touch(*(scene.place if step != 1 else (400, 240)))
        scene.look(hands.now)
    assert len(set(pictures)) == 6
    rig.kiosk.configure(rig.config)
    assert rig.kiosk.visit.state is State.ASKING
    assert rig.notebook.taps == []
