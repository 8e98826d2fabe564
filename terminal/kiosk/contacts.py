"""What SDL knows and Kivy does not pass on: how many fingers are on the panel, and by which window system it draws.

Kivy hands on the first finger only (as a mouse), so a palm would look like a finger. Imports Kivy: after the window.
"""

from __future__ import annotations

import ctypes
from functools import cache


@cache
def library() -> ctypes.CDLL | None:
    """SDL itself, found through Kivy's window, which is linked to it; None where it is not."""
    from kivy.core.window import _window_sdl2

    try:
        sdl = ctypes.CDLL(_window_sdl2.__file__)
        sdl.SDL_GetTouchDevice.restype = ctypes.c_int64
        sdl.SDL_GetNumTouchFingers.argtypes = [ctypes.c_int64]
        sdl.SDL_GetCurrentVideoDriver.restype = ctypes.c_char_p
    except (OSError, AttributeError):
        return None
    return sdl


def count() -> int:
    """How many fingers are on all touch panels together; 0 where SDL cannot tell."""
    sdl = library()
    if sdl is None:
        return 0
    panels = (sdl.SDL_GetTouchDevice(number) for number in range(sdl.SDL_GetNumTouchDevices()))
    return sum(int(sdl.SDL_GetNumTouchFingers(panel)) for panel in panels)


def window_system() -> str:
    """What the window is drawn by: `KMSDRM`, `x11`, `wayland`, `offscreen`."""
    sdl = library()
    name = sdl.SDL_GetCurrentVideoDriver() if sdl is not None else None
    return name.decode("ascii", "replace") if name else "?"
