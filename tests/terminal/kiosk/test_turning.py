"""The geometry of turned panels: whatever the window, what is touched is what is seen."""

from __future__ import annotations

from itertools import product
from typing import Any, cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.sections import Turn
from terminal.kiosk.turning import SYMMETRIES, TURNS, Symmetry, Turning

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
