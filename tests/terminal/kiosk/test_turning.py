"""Turned panels: whatever the window, what is touched is what is seen. First the geometry, then the real window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any, cast, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from ratings.scale import Score
from ratings.sections import Turn
from terminal.kiosk.turning import SYMMETRIES, TURNS, Symmetry, Turning
from terminal.visit import State

ANGLES = get_args(Turn)
angles = st.sampled_from(ANGLES)
lengths = st.integers(1, 4096)
shares = st.floats(0, 1)


def near(point: tuple[float, float]) -> Any:
    return pytest.approx(point, abs=1e-6)


@given(lengths, lengths, angles, shares, shares)
def test_a_finger_on_the_picture_touches_what_it_is_on(
    width: int, height: int, angle: Turn, across: float, down: float
) -> None:
    turning = Turning(width, height, angle)
    point = across * turning.layout[0], down * turning.layout[1]
    assert turning.touched(*turning.shown(*point)) == near(point)
    assert turning.touches(*point) == near(turning.shown(*point))


@pytest.mark.parametrize(("picture", "touch"), list(product(ANGLES, ANGLES)))
@given(width=lengths, height=lengths, across=shares, down=shares)
def test_all_sixteen_ways_to_mount_picture_and_touch_reach_every_point(
    picture: Turn, touch: Turn, width: int, height: int, across: float, down: float
) -> None:
    turning = Turning(width, height, picture, touch)
    point = across * turning.layout[0], down * turning.layout[1]
    at = turning.touches(*point)
    assert 0 <= at[0] <= width
    assert 0 <= at[1] <= height
    assert turning.touched(*at) == near(point)
    # The touch layer is as large as the window; turned by so much it means the same share of the picture.
    upright = Turning(width, height, touch)
    share = across * upright.layout[0], down * upright.layout[1]
    assert at == near(upright.shown(*share))


@pytest.mark.parametrize(
    ("angle", "size", "top_left", "top_right", "bottom_left"),
    [
        (0, (800, 480), (0, 0), (800, 0), (0, 480)),
        (90, (480, 800), (800, 0), (800, 480), (0, 0)),
        (180, (800, 480), (800, 480), (0, 480), (800, 0)),
        (270, (480, 800), (0, 480), (0, 0), (800, 480)),
    ],
)
def test_the_picture_is_turned_clockwise_corner_to_corner(
    angle: Turn, size: Any, top_left: Any, top_right: Any, bottom_left: Any
) -> None:
    turning = Turning(800, 480, angle)
    width, height = turning.layout
    assert turning.layout == size
    assert turning.shown(0, 0) == top_left
    assert turning.shown(width, 0) == top_right
    assert turning.shown(0, height) == bottom_left


@given(lengths, lengths, angles, shares, shares)
def test_opengl_draws_a_point_where_it_is_said_to_be_shown(
    width: int, height: int, angle: Turn, across: float, down: float
) -> None:
    turning = Turning(width, height, angle)
    x, y = across * turning.layout[0], down * turning.layout[1]
    matrix = turning.matrix
    assert all(number == round(number) for number in matrix)
    point = (x, turning.layout[1] - y, 0, 1)
    drawn = [sum(matrix[4 * column + row] * point[column] for column in range(4)) for row in range(4)]
    assert (drawn[0], height - drawn[1]) == near(turning.shown(x, y))
    assert drawn[2:] == [0, 1]


def test_there_are_eight_symmetries_and_they_are_a_group() -> None:
    assert len(set(SYMMETRIES)) == 8
    assert {one.after(other) for one, other in product(SYMMETRIES, SYMMETRIES)} == set(SYMMETRIES)
    for each in SYMMETRIES:
        assert each.after(each.back) == each.back.after(each) == SYMMETRIES[0]


def test_turns_add_up() -> None:
    for one, other in product(ANGLES, ANGLES):
        assert TURNS[one].after(TURNS[other]) == TURNS[cast("Turn", (one + other) % 360)]


def test_what_the_kernel_calls_inverted_comes_before_swapped() -> None:
    assert Symmetry(invert_x=True, swap=True)((0.25, 0)) == (0, 0.75)


Rig = Any


@contextmanager
def hung(rig: Rig, rotation: Turn, touch: Turn | None = None, size: tuple[int, int] = (800, 480)) -> Iterator[None]:
    """The kiosk on a panel that hangs so, in a window of this size."""
    kiosk = msgspec.structs.replace(rig.config.kiosk, rotation=rotation, touch_rotation=touch)
    rig.kiosk.configure(msgspec.structs.replace(rig.config, kiosk=kiosk))
    rig.driver.resize(*size)
    try:
        yield
    finally:
        rig.kiosk.configure(rig.config)
        rig.driver.resize(800, 480)
        rig.wait(700)


def differ(one: Image.Image, other: Image.Image) -> object:
    return ImageChops.difference(one, other).getbbox()


@pytest.mark.parametrize("angle", ANGLES[1:])
def test_every_pixel_of_a_turned_picture_is_that_of_the_upright_one(rig: Rig, angle: Turn) -> None:
    from terminal.kiosk.drawing import View

    # The very same textures: SDL_ttf may set letters anew a pixel further.
    screens = rig.kiosk.screens
    size = (800, 480) if angle == 180 else (480, 800)
    for view in (View(State.ASKING, "th"), View(State.ASKING, "nb", Score.HAPPY), View(State.THANKS, "nb")):
        screens.draw(rig.kiosk.panel.canvas, view)
        upright = rig.driver.window_picture()
        with hung(rig, angle, size=size):
            assert rig.kiosk.panel.turning.layout == (800, 480)
            screens.draw(rig.kiosk.panel.canvas, view)
            turned = rig.driver.window_picture()
            # Pillow turns anticlockwise: that is back.
            assert turned.size == size
            assert differ(turned.rotate(angle, expand=True), upright) is None
            assert differ(rig.driver.picture(), upright) is None
            # So that the test cannot pass with a screen that shows nothing.
            assert len(turned.getcolors(1 << 20)) > 50


@pytest.mark.parametrize("touch", [None, *ANGLES])
@pytest.mark.parametrize("angle", ANGLES)
@pytest.mark.parametrize("size", [(800, 480), (480, 800)])
def test_a_finger_on_a_face_records_that_face_however_the_panel_hangs(
    rig: Rig, angle: Turn, touch: Turn | None, size: tuple[int, int]
) -> None:
    with hung(rig, angle, touch, size):
        for score in Score:
            rig.notebook.calls.clear()
            x, y = rig.driver.layout.faces[score].picture.centre
            width, height = rig.driver.layout.width, rig.driver.layout.height
            # Where a panel whose touch layer is turned so reports it: reckoned by hand, not by what is tested.
            across, down = x / width, y / height
            places = {
                0: (across, down),
                90: (1 - down, across),
                180: (1 - across, 1 - down),
                270: (down, 1 - across),
            }
            at = places[angle if touch is None else touch]
            rig.driver.touch_window(int(at[0] * size[0]), int(at[1] * size[1]))
            assert rig.notebook.taps == [(score, None)]
            rig.wait(4)


@pytest.mark.parametrize("angle", ANGLES)
def test_a_held_face_looks_held_on_a_turned_panel_until_the_finger_leaves_it(rig: Rig, angle: Turn) -> None:
    with hung(rig, angle):
        before = rig.driver.picture()
        box = rig.driver.layout.faces[Score.UNHAPPY].picture
        rig.driver.down(*box.centre)
        changed = ImageChops.difference(before, rig.driver.picture()).getbbox()
        assert changed is not None
        room = box.width // 8
        assert changed[0] >= box.x - room
        assert changed[1] >= box.y - room
        assert changed[2] <= box.right + room
        assert changed[3] <= box.bottom + room
        rig.driver.move(box.centre[0], 2)
        assert differ(before, rig.driver.picture()) is None
        rig.driver.up(box.centre[0], 2)
        assert rig.notebook.taps == []


def test_a_window_that_is_resized_stays_turned(rig: Rig) -> None:
    with hung(rig, 90, size=(480, 800)):
        rig.driver.resize(600, 1024)
        assert (rig.driver.layout.width, rig.driver.layout.height) == (1024, 600)
        rig.tap(Score.UNHAPPY)
        assert rig.notebook.taps == [(Score.UNHAPPY, None)]
        picture = rig.driver.window_picture()
        assert picture.size == (600, 1024)
        assert picture.rotate(90, expand=True).tobytes() == rig.driver.picture().tobytes()


def test_a_finger_on_the_outermost_pixels_is_still_on_the_picture(rig: Rig) -> None:
    seen: list[tuple[float, float]] = []
    target = rig.kiosk.target

    def note(x: float, y: float) -> Any:
        seen.append((x, y))
        return target(x, y)

    for angle in ANGLES:
        with hung(rig, angle):
            rig.kiosk.target = note
            try:
                for x, y in ((0, 0), (799, 0), (0, 479), (799, 479)):
                    rig.driver.touch_window(x, y)
            finally:
                del rig.kiosk.target
            width, height = rig.kiosk.panel.turning.layout
            corners = {(0.5, 0.5), (width - 0.5, 0.5), (0.5, height - 0.5), (width - 0.5, height - 0.5)}
            assert {(round(x, 6), round(y, 6)) for x, y in seen} == corners
            seen.clear()


@pytest.mark.parametrize("button", ["right", "middle", "scrolldown", "scrollup", "mouse4"])
def test_only_a_touch_is_a_touch_not_what_else_a_mouse_can_do(rig: Rig, button: str) -> None:
    x, y = rig.centre(Score.HAPPY)
    for event in ("on_mouse_down", "on_mouse_up"):
        rig.kiosk.window.dispatch(event, x, y, button, [])
        rig.driver.pump()
    assert rig.notebook.calls == []
