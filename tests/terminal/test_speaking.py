"""What is said when, by a clock moved by hand: no sound is needed to know it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.scale import Score
from terminal.speaking import PAUSE, QUESTION_PAUSE, Part, Speaking

ORDER = (Score.VERY_HAPPY, Score.HAPPY, Score.UNHAPPY, Score.VERY_UNHAPPY)
PARTS = [Part(None, 3.0), *(Part(score, 1.0 + score / 10) for score in ORDER)]


class Clock:
    seconds = 50.0

    def now(self) -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def speaking(clock: Clock) -> Speaking:
    return Speaking(clock)


def listen(speaking: Speaking, clock: Clock) -> list[tuple[float, int | None, Score | None]]:
    """Sleep from deadline to deadline as the kiosk does: seconds since now, part, face, at every change."""
    began, heard = clock.seconds, [(0.0, speaking.part, speaking.naming)]
    while (deadline := speaking.deadline()) is not None:
        assert deadline > clock.seconds, "it would spin"
        clock.seconds = deadline
        assert speaking.advance()
        heard.append((round(clock.seconds - began, 6), speaking.part, speaking.naming))
    return heard


def test_at_first_nothing_is_said_and_nothing_is_due(speaking: Speaking) -> None:
    assert (speaking.active, speaking.part, speaking.naming, speaking.deadline()) == (False, None, None, None)
    assert not speaking.advance()


def test_the_question_is_said_and_then_each_face_with_a_pause_between(speaking: Speaking, clock: Clock) -> None:
    speaking.start(PARTS)
    times, parts, faces = zip(*listen(speaking, clock), strict=True)
    assert parts == (0, None, 1, None, 2, None, 3, None, 4, None)
    assert faces == (None, None, *(each for score in ORDER for each in (score, None)))
    lengths = [later - earlier for earlier, later in pairwise(times)]
    pauses = [QUESTION_PAUSE, PAUSE, PAUSE, PAUSE]
    expected = [part.seconds for part in PARTS]
    assert lengths[::2] == pytest.approx(expected)
    assert lengths[1::2] == pytest.approx(pauses)


def test_it_ends_by_itself(speaking: Speaking, clock: Clock) -> None:
    speaking.start(PARTS)
    listen(speaking, clock)
    assert not speaking.active
    clock.seconds += 3600
    assert not speaking.advance()


def test_before_its_time_nothing_changes(speaking: Speaking, clock: Clock) -> None:
    speaking.start(PARTS)
    clock.seconds += 2.999
    assert not speaking.advance()
    assert speaking.part == 0


def test_stopped_it_is_silent_at_once_and_stays_so(speaking: Speaking, clock: Clock) -> None:
    speaking.start(PARTS)
    clock.seconds += 3
    speaking.advance()
    clock.seconds += 1
    speaking.advance()
    assert speaking.naming is Score.VERY_HAPPY
    speaking.stop()
    assert not speaking.active
    assert speaking.deadline() is None
    clock.seconds += 60
    assert not speaking.advance()


def test_started_again_it_begins_with_the_question(speaking: Speaking, clock: Clock) -> None:
    speaking.start(PARTS)
    clock.seconds += 3
    speaking.advance()
    speaking.start(PARTS)
    assert (speaking.part, speaking.deadline()) == (0, clock.seconds + 3)


def test_a_loop_that_comes_late_cuts_nothing_off(speaking: Speaking, clock: Clock) -> None:
    speaking.start(PARTS)
    clock.seconds += 3 + QUESTION_PAUSE + 0.5
    speaking.advance()
    clock.seconds += QUESTION_PAUSE + 0.5
    speaking.advance()
    assert speaking.naming is Score.VERY_HAPPY
    assert speaking.deadline() == pytest.approx(clock.seconds + PARTS[1].seconds)


@given(st.permutations(list(Score)), st.lists(st.floats(0.01, 30), min_size=5, max_size=5))
def test_faces_are_named_in_the_order_asked_for_each_once_each_as_long_as_it_lasts(
    order: list[Score], lengths: list[float]
) -> None:
    clock = Clock()
    speaking = Speaking(clock)
    speaking.start([Part(score, seconds) for score, seconds in zip([None, *order], lengths, strict=True)])
    heard = listen(speaking, clock)
    assert [face for _, _, face in heard if face is not None] == order
    assert heard[-1][0] == pytest.approx(sum(lengths) + QUESTION_PAUSE + 3 * PAUSE, abs=1e-4)
