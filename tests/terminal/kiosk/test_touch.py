"""Which finger counts, when several and slow and sliding ones are on the glass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.scale import Score
from terminal.kiosk.touch import HELD_SECONDS, Fingers, Target


@pytest.fixture
def fingers() -> Fingers:
    return Fingers()


def test_a_finger_put_down_and_lifted_on_a_face_counts(fingers: Fingers) -> None:
    fingers.put(1, Score.HAPPY, 0)
    assert fingers.target is Score.HAPPY
    assert fingers.lift(1, Score.HAPPY, 0.2) is Score.HAPPY
    assert fingers.target is None


@pytest.mark.parametrize("end", [None, Score.UNHAPPY, "nb"])
def test_a_finger_that_slid_away_does_not_count(fingers: Fingers, end: Target | None) -> None:
    fingers.put(1, Score.HAPPY, 0)
    assert fingers.lift(1, end, 0.2) is None


def test_a_finger_that_came_from_beside_the_faces_does_not_count(fingers: Fingers) -> None:
    fingers.put(1, None, 0)
    assert fingers.lift(1, Score.HAPPY, 0.2) is None


def test_of_two_fingers_on_two_faces_the_first_counts_whichever_is_lifted_first(fingers: Fingers) -> None:
    fingers.put(1, Score.HAPPY, 0)
    fingers.put(2, Score.UNHAPPY, 0)
    assert fingers.lift(2, Score.UNHAPPY, 0.1) is None
    assert fingers.lift(1, Score.HAPPY, 0.2) is Score.HAPPY


def test_a_finger_resting_beside_the_buttons_keeps_nobody_from_rating(fingers: Fingers) -> None:
    fingers.put(1, None, 0)
    fingers.put(2, Score.HAPPY, 5)
    assert fingers.lift(2, Score.HAPPY, 5.2) is Score.HAPPY


def test_whatever_leans_on_a_face_does_not_count_and_does_not_block_for_ever(fingers: Fingers) -> None:
    fingers.put(1, Score.HAPPY, 0)
    fingers.put(2, Score.UNHAPPY, HELD_SECONDS + 1)
    assert fingers.lift(1, Score.HAPPY, HELD_SECONDS + 1.1) is None
    assert fingers.lift(2, Score.UNHAPPY, HELD_SECONDS + 1.2) is Score.UNHAPPY


def test_a_finger_held_too_long_does_not_count(fingers: Fingers) -> None:
    fingers.put(1, Score.HAPPY, 0)
    assert fingers.lift(1, Score.HAPPY, HELD_SECONDS + 0.1) is None


def test_a_finger_that_was_down_when_the_buttons_went_does_not_count(fingers: Fingers) -> None:
    fingers.put(1, Score.HAPPY, 0)
    fingers.forget()
    assert fingers.lift(1, Score.HAPPY, 0.2) is None


TARGETS = st.sampled_from([*Score, "nb", None])


@given(st.lists(st.tuples(st.sampled_from(["put", "lift"]), st.integers(1, 3), TARGETS), max_size=40))
def test_no_finger_counts_more_often_than_it_was_put_down(moves: list[tuple[str, int, Target | None]]) -> None:
    fingers = Fingers()
    put = counted = 0
    for number, (move, finger, target) in enumerate(moves):
        if move == "put":
            put += target is not None
            fingers.put(finger, target, number / 10)
        else:
            counted += fingers.lift(finger, target, number / 10) is not None
    assert counted <= put
