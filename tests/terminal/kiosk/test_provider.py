"""One touch counts once, though SDL tells of it twice: as a finger, and as the press that it makes of the finger."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ratings.scale import Score
from terminal.kiosk.bare import Presses

Rig = Any

FINGER_DOWN, FINGER_UP, BUTTON_DOWN, BUTTON_UP = 0x700, 0x701, 0x401, 0x402
TOUCH_MOUSE = 0xFFFFFFFF
"""SDL's name for the mouse that it makes of the first finger."""


class Finger(ctypes.Structure):
    """SDL_TouchFingerEvent of SDL 2, as long as any event."""

    _fields_ = [
        ("type", ctypes.c_uint32),
        ("timestamp", ctypes.c_uint32),
        ("touch", ctypes.c_int64),
        ("finger", ctypes.c_int64),
        *((name, ctypes.c_float) for name in ("x", "y", "dx", "dy", "pressure")),
        ("window", ctypes.c_uint32),
        ("rest", ctypes.c_uint8 * 16),
    ]


class Button(ctypes.Structure):
    """SDL_MouseButtonEvent of SDL 2, as long as any event."""

    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("type", "timestamp", "window", "which")),
        *((name, ctypes.c_uint8) for name in ("button", "state", "clicks", "unused")),
        ("x", ctypes.c_int32),
        ("y", ctypes.c_int32),
        ("rest", ctypes.c_uint8 * 32),
    ]


def sdl() -> Any:
    """The SDL that Kivy has loaded."""
    loaded = {line.split()[-1] for line in Path("/proc/self/maps").read_text("utf-8").splitlines() if "/" in line}
    (path,) = [each for each in loaded if "libSDL2-2" in each]
    return ctypes.CDLL(path)


def push(rig: Rig, kind: int, score: Score, *, finger: int = 0, mouse: int | None = None, button: int = 1) -> None:
    """Put into SDL's queue what it tells of a finger (or of a mouse, where one is given) on a face."""
    x, y = rig.centre(score)
    event: Any
    if mouse is None:
        width, height = rig.kiosk.panel.turning.window
        event = Finger(type=kind, touch=1, finger=finger, x=x / width, y=y / height, pressure=1, window=1)
    else:
        event = Button(type=kind, window=1, which=mouse, button=button, x=int(x), y=int(y))
        event.state = kind == BUTTON_DOWN
    assert sdl().SDL_PushEvent(ctypes.byref(event)) == 1
    rig.driver.pump()


def test_sdl_makes_a_press_of_a_finger_and_no_finger_of_a_press(rig: Rig) -> None:
    hint = sdl().SDL_GetHint
    hint.restype = ctypes.c_char_p
    assert (hint(b"SDL_TOUCH_MOUSE_EVENTS"), hint(b"SDL_MOUSE_TOUCH_EVENTS")) == (b"1", b"0")


def test_a_finger_that_is_told_of_as_touch_and_as_press_is_one_rating(rig: Rig) -> None:
    push(rig, FINGER_DOWN, Score.HAPPY)
    push(rig, BUTTON_DOWN, Score.HAPPY, mouse=TOUCH_MOUSE)
    push(rig, FINGER_UP, Score.HAPPY)
    push(rig, BUTTON_UP, Score.HAPPY, mouse=TOUCH_MOUSE)
    assert rig.notebook.taps == [(Score.HAPPY, None)]
    rig.wait(4)
    assert len(rig.notebook.taps) == 1


def test_a_second_finger_which_sdl_makes_no_press_of_does_nothing(rig: Rig) -> None:
    push(rig, FINGER_DOWN, Score.HAPPY)
    push(rig, BUTTON_DOWN, Score.HAPPY, mouse=TOUCH_MOUSE)
    push(rig, FINGER_DOWN, Score.UNHAPPY, finger=1)
    push(rig, FINGER_UP, Score.UNHAPPY, finger=1)
    assert rig.notebook.taps == []
    push(rig, FINGER_UP, Score.HAPPY)
    push(rig, BUTTON_UP, Score.HAPPY, mouse=TOUCH_MOUSE)
    assert rig.notebook.taps == [(Score.HAPPY, None)]


def test_the_same_press_told_by_two_mice_is_one_rating(rig: Rig) -> None:
    for kind in (BUTTON_DOWN, BUTTON_UP):
        for mouse in (TOUCH_MOUSE, 0):
            push(rig, kind, Score.UNHAPPY, mouse=mouse)
    assert rig.notebook.taps == [(Score.UNHAPPY, None)]
    rig.wait(4)
    assert len(rig.notebook.taps) == 1


def test_a_mouses_other_buttons_are_no_fingers(rig: Rig) -> None:
    for button in (2, 3, 4, 5):
        push(rig, BUTTON_DOWN, Score.HAPPY, mouse=0, button=button)
        push(rig, BUTTON_UP, Score.HAPPY, mouse=0, button=button)
    assert rig.notebook.calls == []


@pytest.fixture(name="bare")
def _bare(rig: Rig) -> Iterator[Rig]:
    """As on the bare screen, where SDL makes no press of fingers."""
    width, height = rig.kiosk.panel.turning.window
    presses = Presses(sdl(), lambda: (width, height))
    yield rig
    presses.end()


def test_on_the_bare_screen_the_finger_itself_is_the_press(bare: Rig) -> None:
    push(bare, FINGER_DOWN, Score.HAPPY)
    bare.wait(0.3)
    push(bare, FINGER_UP, Score.HAPPY)
    bare.wait(0.3)
    assert bare.notebook.taps == [(Score.HAPPY, None)]


def test_on_the_bare_screen_a_second_finger_is_no_press(bare: Rig) -> None:
    for finger, score in ((1, Score.HAPPY), (2, Score.UNHAPPY)):
        push(bare, FINGER_DOWN, score, finger=finger)
        bare.wait(0.1)
    for finger, score in ((2, Score.UNHAPPY), (1, Score.HAPPY)):
        push(bare, FINGER_UP, score, finger=finger)
        bare.wait(0.1)
    assert (Score.UNHAPPY, None) not in bare.notebook.taps


def test_on_the_bare_screen_a_finger_after_another_is_a_press_again(bare: Rig) -> None:
    for number in (1, 2):
        push(bare, FINGER_DOWN, Score.UNHAPPY, finger=number)
        bare.wait(0.3)
        push(bare, FINGER_UP, Score.UNHAPPY, finger=number)
        bare.wait(10)
    assert bare.notebook.taps == [(Score.UNHAPPY, None)] * 2
