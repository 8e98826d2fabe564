"""The screen's light, and the touch that only wakes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hardware.screen import Light
from terminal.rest import WAKING_SECONDS, Rest


class Lamp:
    """A light that may be stuck."""

    def __init__(self) -> None:
        self.light = Light.BRIGHT
        self.stuck = False
        self.told: list[Light] = []

    def __call__(self, light: Light) -> bool:
        self.told.append(light)
        if not self.stuck:
            self.light = light
        return not self.stuck


def test_it_dims_so_long_after_the_last_touch_and_is_told_once() -> None:
    lamp = Lamp()
    rest = Rest(lamp, 100, dim_after=30, dark_after=None)
    assert not rest.look(129.9, closed=False)
    assert rest.touch(129.9)
    assert not rest.look(159.8, closed=False)
    assert rest.look(159.9, closed=False)
    assert not rest.look(999, closed=False)
    assert lamp.told == [Light.DIM]


def test_the_touch_that_wakes_does_not_count_nor_does_any_that_comes_with_it() -> None:
    lamp = Lamp()
    rest = Rest(lamp, 0, dim_after=30, dark_after=None)
    rest.look(30, closed=False)
    assert not rest.touch(40)
    assert lamp.light is Light.BRIGHT
    assert not rest.touch(40 + WAKING_SECONDS / 2)
    assert rest.touch(40 + WAKING_SECONDS)
    assert not rest.look(69, closed=False)


def test_a_touch_before_the_light_went_down_counts() -> None:
    rest = Rest(Lamp(), 0, dim_after=30, dark_after=None)
    assert rest.touch(31), "the screen was bright"


def test_outside_the_hours_it_is_dark_after_a_while_and_a_touch_shows_why() -> None:
    lamp = Lamp()
    rest = Rest(lamp, 0, dim_after=None, dark_after=20)
    assert not rest.look(1000, closed=False)
    assert rest.look(1000, closed=True)
    assert not rest.touch(2000)
    assert not rest.look(2019, closed=True)
    assert rest.look(2020, closed=True)
    assert lamp.told == [Light.OFF, Light.BRIGHT, Light.OFF]


def test_when_the_hours_begin_it_is_lit_and_the_next_touch_counts() -> None:
    lamp = Lamp()
    rest = Rest(lamp, 0, dim_after=30, dark_after=20)
    rest.look(50, closed=True)
    assert not rest.look(9000, closed=False)
    assert (lamp.light, rest.light) == (Light.BRIGHT, Light.BRIGHT)
    assert rest.touch(9000)
    assert not rest.look(9029, closed=False)


def test_it_may_dim_before_it_is_dark() -> None:
    lamp = Lamp()
    rest = Rest(lamp, 0, dim_after=30, dark_after=60)
    assert rest.look(30, closed=True)
    assert rest.look(60, closed=True)
    assert lamp.told == [Light.DIM, Light.OFF]


def test_where_nothing_dims_no_touch_is_lost_and_no_light_is_set() -> None:
    lamp = Lamp()
    rest = Rest(lamp, 0, dim_after=None, dark_after=None)
    for second in range(0, 100_000, 1000):
        assert not rest.look(second, closed=second % 3 == 0)
        assert rest.touch(second)
    assert lamp.told == []


def test_a_screen_that_could_not_be_dimmed_is_bright_and_one_that_could_not_be_woken_takes_no_ratings() -> None:
    lamp = Lamp()
    rest = Rest(lamp, 0, dim_after=30, dark_after=None)
    lamp.stuck = True
    assert not rest.look(30, closed=False)
    assert rest.touch(31)
    lamp.stuck = False
    assert rest.look(61, closed=False)
    lamp.stuck = True
    assert not rest.touch(70)
    assert not rest.touch(75), "it is still dimmed"
    lamp.stuck = False
    assert not rest.look(76, closed=False)
    assert lamp.light is Light.BRIGHT
    assert rest.touch(77)


@given(st.lists(st.tuples(st.floats(0, 60), st.sampled_from(["touch", "look", "closed", "stuck"])), max_size=60))
def test_no_touch_counts_unless_the_screen_was_bright_long_enough_before(actions: list[tuple[float, str]]) -> None:
    lamp, now, closed, woken = Lamp(), 0.0, False, -1.0
    rest = Rest(lamp, now, dim_after=30, dark_after=20)
    for pause, action in actions:
        now += pause
        before = lamp.light
        if action == "touch":
            counts = rest.touch(now)
            assert not (counts and before is not Light.BRIGHT)
            assert counts is (before is Light.BRIGHT and now - woken >= WAKING_SECONDS) or woken < 0
            if before is not Light.BRIGHT:
                woken = now
        elif action == "look":
            assert rest.look(now, closed=closed) == (lamp.light is not before and lamp.light is not Light.BRIGHT)
        elif action == "closed":
            closed = not closed
        else:
            lamp.stuck = not lamp.stuck
        assert rest.light is lamp.light
