"""The layout, at any size: inside the screen, nothing over anything else, big enough for a finger."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings.scale import Score
from terminal.kiosk.boxes import Box
from terminal.kiosk.layout import Layout, arrange

NAMES = [2.74, 3.54, 3.82, 5.45, 1.72, 3.98]
SIZES = [(800, 480), (1024, 600), (1024, 768), (1280, 720), (1280, 800), (1366, 768), (1920, 1080)]
SIZES += [(height, width) for width, height in SIZES]

sizes = st.tuples(st.integers(800, 1920), st.integers(480, 1200)).filter(lambda size: 1.2 < size[0] / size[1] < 2.2)
screens = st.one_of(sizes, sizes.map(lambda size: (size[1], size[0])))
names = st.lists(st.floats(0.8, 6), min_size=1, max_size=12)
bands = st.one_of(st.just(0.0), st.floats(20, 400))
"""Pixels that "you said, we did" would have."""


def targets(layout: Layout) -> list[Box]:
    more = [layout.listen.target] if layout.listen else []
    return [*(face.target for face in layout.faces.values()), *(button.target for button in layout.languages), *more]


@settings(deadline=None, max_examples=100)
@given(screens, names, st.sampled_from(["left", "right"]), st.booleans(), bands)
def test_everything_is_on_the_screen_and_nothing_overlaps(
    size: tuple[int, int], lengths: list[float], best: Literal["left", "right"], listen: bool, said: float
) -> None:
    layout = arrange(*size, lengths, best, listen=listen, said=said)
    screen = Box(0, 0, *size)
    assert (layout.listen is not None, layout.said is not None) == (listen, said > 0)
    boxes = [layout.question, *targets(layout), *([layout.said] if layout.said else [])]
    for number, box in enumerate(boxes):
        assert within(screen, box), box
        assert box.width > 0
        assert box.height > 0
        for other in boxes[number + 1 :]:
            assert not box.overlaps(other), (box, other)
    for face in layout.faces.values():
        assert within(face.target, face.picture)
        assert within(face.target, face.caption)
        assert not face.picture.overlaps(face.caption)
    for button in layout.languages:
        assert within(button.target, button.pill)
    if layout.listen:
        assert within(layout.listen.target, layout.listen.picture)
        assert not layout.listen.picture.overlaps(layout.question)


@given(screens, st.booleans(), bands)
def test_every_target_is_20_mm_on_a_7_inch_panel(size: tuple[int, int], listen: bool, said: float) -> None:
    layout = arrange(*size, NAMES, listen=listen, said=said)
    # The panel is 154 x 86 mm; other screens are taken as larger panels of the same density at 800x480.
    across, down = (154 / 800, 86 / 480) if size[0] > size[1] else (86 / 480, 154 / 800)
    for box in targets(layout):
        assert (box.width + 1) / layout.unit * across >= 20, box
        assert (box.height + 1) / layout.unit * down >= 20, box
        assert min(box.width, box.height) >= 104 * layout.unit - 1


@pytest.mark.parametrize("size", SIZES)
def test_faces_are_what_the_screen_is_for(size: tuple[int, int]) -> None:
    layout = arrange(*size, NAMES)
    diameters = {face.picture.width for face in layout.faces.values()}
    assert len(diameters) == 1
    assert diameters.pop() >= 148 * layout.unit


@given(screens, names)
def test_the_listen_button_moves_neither_faces_nor_languages(size: tuple[int, int], lengths: list[float]) -> None:
    without, listen = arrange(*size, lengths), arrange(*size, lengths, listen=True)
    assert (listen.faces, listen.languages) == (without.faces, without.languages)


@pytest.mark.parametrize("listen", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_what_was_said_leaves_the_faces_what_the_screen_is_for(size: tuple[int, int], listen: bool) -> None:
    for said, least in ((48, 146), (1000, 130)):
        layout = arrange(*size, NAMES, listen=listen, said=said * arrange(*size, NAMES).unit)
        assert min(face.picture.width for face in layout.faces.values()) >= least * layout.unit - 1
        assert layout.said is not None
        assert layout.said.bottom == min(button.target.y for button in layout.languages), "right above the languages"


@pytest.mark.parametrize("more", [{}, {"listen": True}, {"listen": True, "said": 60.0}])
@pytest.mark.parametrize("size", SIZES)
def test_the_picture_is_symmetrical(size: tuple[int, int], more: dict[str, Any]) -> None:
    layout = arrange(*size, NAMES, **more)
    for boxes in ([face.picture for face in layout.faces.values()], [button.pill for button in layout.languages]):
        left, right = min(box.x for box in boxes), max(box.right for box in boxes)
        assert abs(left - (size[0] - right)) <= 4


def test_the_best_face_is_where_the_configuration_wants_it() -> None:
    left = [score for score, _ in in_reading_order(arrange(800, 480, NAMES, "left"))]
    assert left == [Score.VERY_HAPPY, Score.HAPPY, Score.UNHAPPY, Score.VERY_UNHAPPY]
    assert [score for score, _ in in_reading_order(arrange(800, 480, NAMES, "right"))] == left[::-1]


def test_upright_the_good_faces_stay_above() -> None:
    left = [score for score, _ in in_reading_order(arrange(480, 800, NAMES, "left"))]
    assert left == [Score.VERY_HAPPY, Score.HAPPY, Score.UNHAPPY, Score.VERY_UNHAPPY]
    right = [score for score, _ in in_reading_order(arrange(480, 800, NAMES, "right"))]
    assert right == [Score.HAPPY, Score.VERY_HAPPY, Score.VERY_UNHAPPY, Score.UNHAPPY]


def test_a_single_language_needs_no_button() -> None:
    assert arrange(800, 480, [3.0]).languages == ()


def in_reading_order(layout: Layout) -> list[tuple[Score, Box]]:
    faces = [(score, face.picture) for score, face in layout.faces.items()]
    return sorted(faces, key=lambda each: (each[1].y, each[1].x))


def within(outer: Box, inner: Box) -> bool:
    # One pixel is forgiven: edges are rounded one by one.
    return (
        outer.x - 1 <= inner.x
        and outer.y - 1 <= inner.y
        and inner.right <= outer.right + 1
        and inner.bottom <= outer.bottom + 1
    )
