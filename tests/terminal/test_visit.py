"""One visit, from question to thank-you, with a clock moved by hand and a disk that may be full."""

from __future__ import annotations

import logging
import weakref
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.config import FollowUp, Kiosk, Reason
from ratings.scale import Score
from terminal.ledger import StoreError
from terminal.visit import DEAF_SECONDS, RECOVERY_SECONDS, Choose, State, Visit

SETTINGS = Kiosk(languages=["nb", "en", "th"], thanks_seconds=3, idle_seconds=20)
FOLLOW_UP = FollowUp(seconds=8, reasons=[Reason(id="waiting"), Reason(id="staff")])


class Clock:
    seconds = 50.0

    def now(self) -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


class Bench:
    """A visit, its clock, and the disk: `taps` and `reasons` hold what is on it."""

    def __init__(self, follow_up: FollowUp | None = None) -> None:
        self.clock = Clock()
        self.taps: list[tuple[Score, str | None]] = []
        self.full = False
        self.open = True
        self.seen: list[State] = []
        self.reasons: list[tuple[int, str]] = []
        self.repeat = False
        self.visit = Visit(self.record, SETTINGS, self.clock, lambda: self.open, follow_up)

    def record(self, score: Score, language: str | None) -> Choose | None:
        self.seen.append(self.visit.state)
        if self.full:
            raise StoreError("the disk is full")
        self.clock.seconds += 0.25  # A slow card.
        self.taps.append((score, language))
        number = len(self.taps)
        return None if self.repeat else lambda reason: self.choose(number, reason)

    def choose(self, tap: int, reason: str) -> None:
        if self.full:
            raise StoreError("the disk is full")
        self.clock.seconds += 0.25
        self.reasons.append((tap, reason))

    def wait(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.visit.advance()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def asking_why() -> Bench:
    return Bench(FOLLOW_UP)


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


def test_to_listen_is_not_to_choose_but_keeps_the_language_that_is_shown(bench: Bench) -> None:
    bench.visit.stay("th")
    assert (bench.visit.language, bench.visit.chosen) == ("th", None)
    bench.visit.press(Score.HAPPY)
    assert bench.taps == [(Score.HAPPY, None)]
    assert bench.visit.language == "th", "the thanks are read in it, too"
    bench.wait(3)
    assert bench.visit.language == "nb"


def test_who_listens_has_the_idle_time_from_then_on(bench: Bench) -> None:
    bench.visit.choose("en")
    bench.wait(19)
    bench.visit.stay("en")
    bench.wait(19.9)
    assert (bench.visit.language, bench.visit.chosen) == ("en", "en")
    bench.wait(0.1)
    assert (bench.visit.language, bench.visit.chosen) == ("nb", None)


def test_nobody_listens_to_a_thank_you(bench: Bench) -> None:
    bench.visit.press(Score.HAPPY)
    bench.visit.stay("th")
    bench.wait(3)
    assert (bench.visit.state, bench.visit.language) == (State.ASKING, "nb")


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


@pytest.mark.parametrize("repeat", [False, True])
@pytest.mark.parametrize("score", Score)
def test_the_follow_up_is_the_same_and_as_long_after_every_rating(
    asking_why: Bench, score: Score, repeat: bool
) -> None:
    asking_why.repeat = repeat
    asking_why.visit.choose("th")
    assert asking_why.visit.press(score)
    assert (asking_why.visit.state, asking_why.visit.language) == (State.FOLLOW_UP, "th")
    assert asking_why.visit.deadline() == asking_why.clock.seconds + 8
    asking_why.wait(7.9)
    assert asking_why.visit.state is State.FOLLOW_UP
    asking_why.wait(0.2)
    assert (str(asking_why.visit.state), asking_why.visit.language) == ("thanks", "th")
    assert asking_why.visit.deadline() == asking_why.clock.seconds + 3, "the thank-you is not whole"
    asking_why.wait(3)
    assert (str(asking_why.visit.state), asking_why.visit.language) == ("asking", "nb")
    assert asking_why.reasons == []


@pytest.mark.parametrize("score", Score)
def test_a_reason_is_recorded_for_the_rating_it_follows_and_thanked_for(asking_why: Bench, score: Score) -> None:
    for reason in ("staff", "waiting"):
        asking_why.visit.press(score)
        asking_why.wait(2)
        assert asking_why.visit.answer(reason)
        assert asking_why.visit.state is State.THANKS
        assert asking_why.visit.deadline() == asking_why.clock.seconds + 3, "a slow card shortens the thank-you"
        assert not asking_why.visit.answer(reason), "a second answer"
        asking_why.wait(3)
    assert asking_why.reasons == [(1, "staff"), (2, "waiting")]


def test_skipping_thanks_and_records_nothing(asking_why: Bench) -> None:
    asking_why.visit.press(Score.HAPPY)
    asking_why.wait(1)
    assert asking_why.visit.answer(None)
    assert asking_why.visit.state is State.THANKS
    assert asking_why.reasons == []


def test_the_reason_of_a_repeat_is_asked_for_and_recorded_nowhere(asking_why: Bench) -> None:
    asking_why.repeat = True
    asking_why.visit.press(Score.HAPPY)
    asking_why.wait(1)
    assert asking_why.visit.answer("staff")
    assert asking_why.visit.state is State.THANKS
    assert asking_why.reasons == []


def test_the_first_moments_of_the_follow_up_take_nothing(asking_why: Bench) -> None:
    asking_why.visit.press(Score.HAPPY)
    asking_why.wait(DEAF_SECONDS - 0.01)
    assert not asking_why.visit.takes_reasons
    assert not asking_why.visit.answer("staff")
    assert not asking_why.visit.answer(None)
    assert asking_why.visit.state is State.FOLLOW_UP
    asking_why.wait(0.01)
    assert asking_why.visit.answer("staff")


def test_faces_and_languages_do_nothing_during_the_follow_up(asking_why: Bench) -> None:
    asking_why.visit.press(Score.HAPPY)
    asking_why.wait(1)
    asking_why.visit.choose("th")
    assert not asking_why.visit.press(Score.UNHAPPY)
    assert (asking_why.visit.state, asking_why.visit.language) == (State.FOLLOW_UP, "nb")
    assert len(asking_why.taps) == 1


def test_a_reason_before_any_rating_or_after_its_time_is_nobodys(asking_why: Bench) -> None:
    asking_why.wait(100)
    assert not asking_why.visit.answer("staff")
    asking_why.visit.press(Score.HAPPY)
    asking_why.clock.seconds += 8
    assert not asking_why.visit.answer("staff")
    assert asking_why.visit.state is State.THANKS
    assert asking_why.reasons == []


def test_a_reason_that_is_not_shown_is_refused_by_name(asking_why: Bench) -> None:
    asking_why.visit.press(Score.HAPPY)
    with pytest.raises(ValueError, match="'food' is not one of the reasons shown: waiting, staff"):
        asking_why.visit.answer("food")


def test_a_reason_that_cannot_be_recorded_is_thanked_for_all_the_same(
    asking_why: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asking_why.visit.press(Score.HAPPY)
    asking_why.wait(1)
    asking_why.full = True
    assert asking_why.visit.answer("staff")
    assert asking_why.visit.state is State.THANKS
    assert (asking_why.reasons, caplog.records) == ([], [])


@pytest.mark.parametrize("answer", ["staff", None, "nothing at all"])
def test_where_a_choice_would_go_is_forgotten_when_the_follow_up_ends(asking_why: Bench, answer: str | None) -> None:
    kept: list[weakref.ref[Choose]] = []

    def record(score: Score, language: str | None) -> Choose | None:
        choose = asking_why.record(score, language)
        assert choose is not None
        kept.append(weakref.ref(choose))
        return choose

    asking_why.visit = Visit(record, SETTINGS, asking_why.clock, follow_up=FOLLOW_UP)
    asking_why.visit.press(Score.HAPPY)
    assert kept[0]() is not None
    if answer == "nothing at all":
        asking_why.wait(8)
    else:
        asking_why.wait(1)
        asking_why.visit.answer(answer)
    assert kept[0]() is None


def test_what_cannot_be_recorded_is_followed_by_no_question(asking_why: Bench) -> None:
    asking_why.full = True
    asking_why.visit.press(Score.HAPPY)
    assert asking_why.visit.state is State.OUT_OF_ORDER
    asking_why.wait(1)
    assert not asking_why.visit.answer("staff")


def test_a_follow_up_under_way_at_closing_time_is_finished_and_thanked_for(asking_why: Bench) -> None:
    asking_why.visit.press(Score.HAPPY)
    asking_why.open = False
    asking_why.wait(7)
    assert asking_why.visit.state is State.FOLLOW_UP
    assert asking_why.visit.answer("staff")
    asking_why.wait(2.9)
    assert str(asking_why.visit.state) == "thanks"
    asking_why.wait(0.1)
    assert str(asking_why.visit.state) == "closed"


def test_reasons_may_come_and_go_while_it_runs(asking_why: Bench) -> None:
    asking_why.visit.press(Score.HAPPY)
    asking_why.visit.configure(SETTINGS, FollowUp())
    assert asking_why.visit.state is State.THANKS
    asking_why.wait(3)
    asking_why.visit.configure(SETTINGS, FOLLOW_UP)
    asking_why.visit.press(Score.HAPPY)
    assert str(asking_why.visit.state) == "follow-up"


ACTIONS = st.one_of(
    st.sampled_from(Score),
    st.sampled_from(SETTINGS.languages),
    st.floats(0, 30),
    st.booleans(),
    st.sampled_from(["open", "closed", "waiting", "staff", "skip"]),
)


@given(st.lists(ACTIONS, max_size=60), st.booleans())
def test_thanks_and_records_are_always_as_many(actions: list[Score | str | float | bool], asked_why: bool) -> None:
    bench = Bench(FOLLOW_UP if asked_why else None)
    thanked = 0
    for action in actions:
        if isinstance(action, Score):
            thanked += bench.visit.press(action)
        elif isinstance(action, bool):
            bench.full = action
        elif action in ("open", "closed"):
            bench.open = action == "open"
        elif action in ("waiting", "staff", "skip"):
            if asked_why:
                bench.visit.answer(None if action == "skip" else str(action))
        elif isinstance(action, str):
            bench.visit.choose(action)
        else:
            bench.wait(action)
        assert bench.visit.state in (State.ASKING, State.CLOSED) or bench.visit.deadline() is not None
        assert bench.visit.language == (bench.visit.chosen or "nb")
    assert thanked == len(bench.taps)
    assert len({tap for tap, _ in bench.reasons}) == len(bench.reasons) <= len(bench.taps)
