"""One visit, from question to thank-you, with a clock moved by hand and a disk that may be full."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.config import Kiosk
from ratings.scale import Score
from terminal.ledger import StoreError
from terminal.visit import RECOVERY_SECONDS, State, Visit

SETTINGS = Kiosk(languages=["nb", "en", "th"], thanks_seconds=3, idle_seconds=20)


class Clock:
    seconds = 50.0

    def now(self) -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


class Bench:
    """A visit, its clock, and the disk: `taps` holds what is on it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.taps: list[tuple[Score, str | None]] = []
        self.full = False
        self.open = True
        self.seen: list[State] = []
        self.visit = Visit(self.record, SETTINGS, self.clock, lambda: self.open)

    def record(self, score: Score, language: str | None) -> None:
        self.seen.append(self.visit.state)
        if self.full:
            raise StoreError("the disk is full")
        self.clock.seconds += 0.25  # A slow card.
        self.taps.append((score, language))

    def wait(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.visit.advance()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_press_is_recorded_before_anything_thanks_for_it(bench: Bench) -> None:
    assert bench.visit.press(Score.HAPPY)
    assert bench.seen == [State.ASKING]
    assert bench.taps == [(Score.HAPPY, None)]
    assert bench.visit.state is State.THANKS


def test_the_language_that_was_touched_is_recorded_and_only_that_one(bench: Bench) -> None:
    bench.visit.choose("th")
    assert bench.visit.language == "th"
    bench.visit.choose("en")
    bench.visit.press(Score.UNHAPPY)
    bench.wait(3)
    bench.visit.press(Score.UNHAPPY)
    assert bench.taps == [(Score.UNHAPPY, "en"), (Score.UNHAPPY, None)]


def test_choosing_the_first_language_counts_as_chosen(bench: Bench) -> None:
    bench.visit.choose("nb")
    bench.visit.press(Score.HAPPY)
    assert bench.taps == [(Score.HAPPY, "nb")]


def test_a_language_that_is_not_shown_is_refused_by_name(bench: Bench) -> None:
    with pytest.raises(ValueError, match="'fr' is not one of the languages shown: nb, en, th"):
        bench.visit.choose("fr")


@pytest.mark.parametrize("score", Score)
def test_the_thank_you_lasts_as_long_for_every_face_and_hears_nothing(bench: Bench, score: Score) -> None:
    bench.visit.choose("en")
    bench.visit.press(score)
    assert bench.visit.deadline() == bench.clock.seconds + 3
    bench.wait(2.9)
    assert not bench.visit.press(Score.VERY_UNHAPPY)
    bench.visit.choose("th")
    assert (bench.visit.state, bench.visit.language) == (State.THANKS, "en")
    bench.wait(0.1)
    assert (bench.visit.state, bench.visit.language, bench.visit.chosen) == (State.ASKING, "nb", None)
    assert bench.visit.deadline() is None
    assert len(bench.taps) == 1


def test_a_press_after_the_thank_you_counts_even_if_nobody_looked_at_the_clock(bench: Bench) -> None:
    bench.visit.press(Score.HAPPY)
    bench.clock.seconds += 3
    assert bench.visit.press(Score.UNHAPPY)
    assert bench.taps == [(Score.HAPPY, None), (Score.UNHAPPY, None)]


def test_a_language_without_a_press_is_forgotten_after_a_while(bench: Bench) -> None:
    bench.visit.choose("th")
    bench.wait(19.9)
    assert bench.visit.language == "th"
    bench.visit.choose("th")
    bench.wait(19.9)
    assert bench.visit.language == "th"
    bench.wait(0.1)
    assert (bench.visit.language, bench.visit.chosen) == ("nb", None)


def test_what_cannot_be_recorded_is_never_thanked_for(bench: Bench) -> None:
    bench.full = True
    bench.visit.choose("th")
    assert not bench.visit.press(Score.HAPPY)
    assert (bench.visit.state, bench.visit.language) == (State.OUT_OF_ORDER, "th")
    assert not bench.visit.press(Score.HAPPY)
    assert len(bench.seen) == 1, "while out of order, nothing is tried"


def test_out_of_order_asks_again_after_a_while_and_the_next_press_tries_again(bench: Bench) -> None:
    bench.full = True
    bench.visit.press(Score.HAPPY)
    bench.wait(RECOVERY_SECONDS)
    assert str(bench.visit.state) == "asking"
    assert not bench.visit.press(Score.HAPPY)
    assert str(bench.visit.state) == "out of order"
    bench.full = False
    bench.wait(RECOVERY_SECONDS)
    assert bench.visit.press(Score.HAPPY)
    assert bench.taps == [(Score.HAPPY, None)]


def test_outside_the_hours_nothing_is_recorded_and_nothing_is_chosen(bench: Bench) -> None:
    bench.open = False
    assert not bench.visit.press(Score.HAPPY), "also when nobody has looked at the clock since"
    assert bench.visit.state is State.CLOSED
    bench.visit.choose("th")
    assert (bench.visit.language, bench.visit.deadline()) == ("nb", None)
    bench.wait(100_000)
    assert bench.visit.state is State.CLOSED
    assert bench.seen == []
    bench.open = True
    assert bench.visit.press(Score.HAPPY)


def test_it_may_be_closed_from_the_start() -> None:
    clock = Clock()
    assert Visit(lambda *_: None, SETTINGS, clock, lambda: False).state is State.CLOSED


def test_a_thank_you_under_way_at_closing_time_is_shown_whole(bench: Bench) -> None:
    bench.visit.choose("th")
    bench.visit.press(Score.HAPPY)
    bench.open = False
    bench.wait(2.9)
    assert (bench.visit.state, bench.visit.language) == (State.THANKS, "th")
    bench.wait(0.1)
    assert (str(bench.visit.state), bench.visit.language) == ("closed", "nb")
    bench.open = True
    bench.wait(0)
    assert str(bench.visit.state) == "asking"


def test_who_chose_a_language_before_closing_time_may_still_press(bench: Bench) -> None:
    bench.visit.choose("th")
    bench.open = False
    bench.wait(19)
    assert bench.visit.press(Score.HAPPY)
    assert bench.taps == [(Score.HAPPY, "th")]
    bench.wait(3)
    assert bench.visit.state is State.CLOSED


def test_who_chose_a_language_before_closing_time_and_left_is_not_waited_for(bench: Bench) -> None:
    bench.visit.choose("th")
    bench.open = False
    bench.wait(20)
    assert (bench.visit.state, bench.visit.language) == (State.CLOSED, "nb")


ACTIONS = st.one_of(
    st.sampled_from(Score),
    st.sampled_from(SETTINGS.languages),
    st.floats(0, 30),
    st.booleans(),
    st.sampled_from(["open", "closed"]),
)


@given(st.lists(ACTIONS, max_size=60))
def test_thanks_and_records_are_always_as_many(actions: list[Score | str | float | bool]) -> None:
    bench = Bench()
    thanked = 0
    for action in actions:
        if isinstance(action, Score):
            thanked += bench.visit.press(action)
        elif isinstance(action, bool):
            bench.full = action
        elif action in ("open", "closed"):
            bench.open = action == "open"
        elif isinstance(action, str):
            bench.visit.choose(action)
        else:
            bench.wait(action)
        assert bench.visit.state in (State.ASKING, State.CLOSED) or bench.visit.deadline() is not None
        assert bench.visit.language == (bench.visit.chosen or "nb")
    assert thanked == len(bench.taps)
