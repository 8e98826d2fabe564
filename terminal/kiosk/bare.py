"""Fingers on the bare screen (KMSDRM): made into the press of a mouse, as SDL does by itself under X11 and Wayland.

There SDL's evdev part tells of a finger without its window (2.30, `SDL_evdev.c`), and so makes no press of it; Kivy, on
Linux, takes nothing but presses. Imports Kivy: after the window.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from terminal.kiosk import contacts

FINGER_DOWN, FINGER_UP, FINGER_MOTION = 0x700, 0x701, 0x702
MOTION, BUTTON_DOWN, BUTTON_UP = 0x400, 0x401, 0x402
TOUCH_MOUSE = 0xFFFFFFFF
"""SDL's name for the mouse that is made of the first finger."""

_WATCH = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


class Finger(ctypes.Structure):
    """SDL_TouchFingerEvent of SDL 2."""

    _fields_ = [
        ("type", ctypes.c_uint32),
        ("timestamp", ctypes.c_uint32),
        ("touch", ctypes.c_int64),
        ("finger", ctypes.c_int64),
        *((name, ctypes.c_float) for name in ("x", "y", "dx", "dy", "pressure")),
        ("window", ctypes.c_uint32),
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


class Motion(ctypes.Structure):
    """SDL_MouseMotionEvent of SDL 2, as long as any event."""

    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("type", "timestamp", "window", "which", "state")),
        *((name, ctypes.c_int32) for name in ("x", "y", "dx", "dy")),
        ("rest", ctypes.c_uint8 * 20),
    ]


class Presses:
    """Makes presses of the first finger from now on, until `end`. `size` tells the window's, in pixels."""

    def __init__(self, sdl: ctypes.CDLL, size: Callable[[], tuple[int, int]]) -> None:
        self._sdl, self._size = sdl, size
        self._first: tuple[int, int] | None = None
        # Whatever SDL's version does: it tells of no finger twice.
        sdl.SDL_SetHint(b"SDL_TOUCH_MOUSE_EVENTS", b"0")
        self._watch = _WATCH(self._look)
        sdl.SDL_AddEventWatch(self._watch, None)

    def end(self) -> None:
        """Leave fingers to SDL again."""
        self._sdl.SDL_DelEventWatch(self._watch, None)
        self._sdl.SDL_SetHint(b"SDL_TOUCH_MOUSE_EVENTS", b"1")

    def _look(self, _given: Any, address: int) -> int:
        kind = ctypes.c_uint32.from_address(address).value
        if kind not in (FINGER_DOWN, FINGER_UP, FINGER_MOTION):
            return 1
        told = Finger.from_address(address)
        finger = (told.touch, told.finger)
        if kind == FINGER_DOWN and self._first is None:
            self._first = finger
            self._push(Button(type=BUTTON_DOWN, button=1, state=1, clicks=1), told)
        elif finger == self._first:
            if kind == FINGER_MOTION:
                self._push(Motion(type=MOTION, state=1), told)
            else:
                self._first = None
                self._push(Button(type=BUTTON_UP, button=1, clicks=1), told)
        return 1

    def _push(self, event: Button | Motion, told: Finger) -> None:
        width, height = self._size()
        event.which = TOUCH_MOUSE
        event.x = min(int(told.x * width), width - 1)
        event.y = min(int(told.y * height), height - 1)
        self._sdl.SDL_PushEvent(ctypes.byref(event))


def presses(size: Callable[[], tuple[int, int]]) -> Presses | None:
    """Presses where SDL makes none; None where it does."""
    sdl = contacts.library()
    return Presses(sdl, size) if sdl is not None and contacts.window_system() == "KMSDRM" else None
