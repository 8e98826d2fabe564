"""When the screen goes through the languages, and what ends it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from terminal.attract import TURN_SECONDS, Attract

LANGUAGES = ("nb", "en", "th")


def begun(languages: tuple[str, ...] = LANGUAGES) -> Attract:
    attract = Attract(0, 60, languages)
    attract.look(60, allowed=True)
    return attract


def test_it_begins_so_long_after_the_last_touch_with_the_first_language() -> None:
    attract = Attract(100, 60, LANGUAGES)
    attract.look(159.9, allowed=True)
    assert (attract.on, attract.language) == (False, None)
    attract.look(160, allowed=True)
    assert (attract.on, attract.language) == (True, "nb")


def test_each_language_has_its_turn_and_then_the_first_again() -> None:
    attract = begun()
    shown = []
    for step in range(8):
        attract.look(60 + step * TURN_SECONDS / 2, allowed=True)
        shown.append(attract.language)
    assert shown == ["nb", "nb", "en", "en", "th", "th", "nb", "nb"]


def test_a_look_that_comes_late_cuts_no_turn_short() -> None:
    attract = begun()
    attract.look(60 + 2.9 * TURN_SECONDS, allowed=True)
    assert attract.language == "en"
    attract.look(60 + 3.8 * TURN_SECONDS, allowed=True)
    assert attract.language == "en"
    attract.look(60 + 3.9 * TURN_SECONDS, allowed=True)
    assert attract.language == "th"


def test_a_touch_ends_it_at_once_and_for_as_long_as_before() -> None:
    attract = begun()
    attract.look(75, allowed=True)
    attract.touch(76)
    assert not attract.on
    attract.look(135.9, allowed=True)
    assert not attract.on
    attract.look(136, allowed=True)
    assert attract.language == "nb", "not where it was"


def test_it_ends_when_it_is_no_longer_allowed_and_begins_anew_when_it_is_again() -> None:
    attract = begun()
    attract.look(75, allowed=True)
    attract.look(76, allowed=False)
    assert (attract.on, attract.deadline()) == (False, None)
    attract.look(300, allowed=True)
    assert attract.language == "nb"
    assert attract.deadline() == 300 + TURN_SECONDS


def test_where_it_is_switched_off_it_never_begins() -> None:
    attract = Attract(0, None, LANGUAGES)
    attract.look(1e9, allowed=True)
    assert (attract.on, attract.deadline()) == (False, None)


def test_a_single_language_stays_and_wakes_nobody() -> None:
    attract = begun(("nb",))
    assert (attract.on, attract.language, attract.deadline()) == (True, "nb", None)
    attract.look(1000, allowed=True)
    assert attract.language == "nb"


Steps = st.lists(st.tuples(st.floats(0.1, 40), st.sampled_from(["look", "look", "look", "touch", "not allowed"])))


@given(Steps)
def test_between_its_deadlines_nothing_changes_and_at_each_something_does(steps: list[tuple[float, str]]) -> None:
    attract, now = Attract(0, 30, LANGUAGES), 0.0
    attract.look(now, allowed=True)
    for seconds, what in steps:
        now += seconds
        due, before = attract.deadline(), attract.language
        if what == "touch":
            attract.touch(now)
            attract.look(now, allowed=True)
            assert attract.language is None
            assert attract.deadline() == now + 30
            continue
        attract.look(now, allowed=what == "look")
        if what == "look" and due is not None:
            assert (attract.language != before) == (now >= due)
        assert attract.on or what == "look" or attract.deadline() is None
