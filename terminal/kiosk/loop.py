"""How the kiosk sleeps until there is something to do: a touch, a button, a signal, or a moment that was named.

One `poll` over everything that can wake it. Kivy and SDL give no way to wait for a touch beside other things, so what
the window's events come through is watched itself:

- X11: the connection to the X server, of which Kivy tells the `Display`.
- KMSDRM, where SDL reads the touch panel itself: `/dev/input` (`terminal.kiosk.plugs`).
- In memory there is nothing to wait for: touches come only from the process itself.
- Any other window system: the window's queue is looked at every few milliseconds instead.

Knows no visits and no faces. Imports Kivy only inside `Sleeper`, which is made when the window is open.
"""

from __future__ import annotations

import ctypes
import os
import select
import time
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from terminal.kiosk import environment
from terminal.kiosk.environment import DisplayError
from terminal.kiosk.plugs import CONNECTORS, INPUTS, Connectors, Inputs

LONGEST = 1.0
"""Seconds after which it wakes in any case: a clock that was set, a screen or a touch panel that was plugged in, and
what failed and is to be tried again are noticed so late."""
_NAP = 0.008
"""Seconds between looks at the queue of a window system that cannot be waited for."""
_ONCE_MORE = 0.01
"""Seconds after an input device was read, when the window's queue is looked at again: SDL has a reading of its own, and
the kernel serves one after the other."""

_SERVER_GONE = (
    b"Error: the X server ended, or closed the connection, so there is no window any more. "
    b"Every rating is on the disk. Start the kiosk again when there is a screen (systemd does)\n"
)


class System(Enum):
    """Where the window is."""

    X11 = "X11"
    KMSDRM = "KMSDRM"
    MEMORY = "memory"
    OTHER = "another window system"


def system_of(window_info: str, variables: Mapping[str, str]) -> System:
    """Where SDL has opened the window: by the class of Kivy's `get_window_info()`, and what SDL was told to try."""
    if window_info == "WindowInfoX11":
        return System.X11
    drivers = variables.get("SDL_VIDEODRIVER", "").lower().split(",")
    if drivers == ["offscreen"]:
        return System.MEMORY
    session = variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY")
    if drivers == ["kmsdrm"] or ("kmsdrm" in drivers and not session):
        return System.KMSDRM
    return System.OTHER


class Sleeper:
    """Sleeps for the thread that owns the window (Kivy's). Must be closed.

    `system` is where the window is, where it is not to be found out; the folders are those of the devices.
    """

    def __init__(
        self, window: Any, system: System | None = None, inputs: Path = INPUTS, connectors: Path = CONNECTORS
    ) -> None:
        from kivy.clock import Clock

        self._clock, self._window = Clock, window
        self._stirred = False
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._wake_read, select.POLLIN)
        self._next_look = 0.0
        self._inputs: Inputs | None = None
        self._connectors: Connectors | None = None
        info = window.get_window_info()
        self._system = system or system_of(type(info).__name__, os.environ)
        if self._system is System.X11:
            self._watch_server(info.display)
        elif self._system is System.KMSDRM:
            self._inputs, self._connectors = Inputs(inputs, self._poll), Connectors(connectors)
        self._without_screen = self._system is System.MEMORY and not environment.has_display()
        # What Kivy's mouse has taken from the window's queue is told in a round of Kivy's.
        window.bind(on_mouse_down=self._stir, on_mouse_move=self._stir, on_mouse_up=self._stir)

    def wake(self) -> None:
        """End the sleep, or the next one. May be called from any thread, and from a signal handler."""
        # A pipe, not a lock: a signal handler may interrupt the very thread that sleeps.
        try:
            os.write(self._wake_write, b"\0")
        except OSError:
            # Full: it wakes anyway. Closed: there is nobody left to wake.
            return

    def sleep(self, seconds: float) -> None:
        """Wait until something came in, `wake` is called, or so many seconds have gone by, at most `LONGEST`.

        May return early for no reason. Raises DisplayError when there is a screen that only a new window is seen on.
        """
        end = time.monotonic() + min(seconds, LONGEST)
        while True:
            # What came while the window was drawn is in Xlib's own queue, where poll does not see it.
            self._window.mainloop()
            left = min(end - time.monotonic(), self._clock.get_min_timeout() - self._clock.time())
            if self._stirred or self._window.canvas.needs_redraw or left <= 0 or self._doze(left):
                break
        self._stirred = False
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LONGEST
            self._look_at_plugs()

    def close(self) -> None:
        """Let go of everything. `wake` does nothing from now on."""
        if self._inputs is not None:
            self._inputs.close()
        # Not to be written to when the number has become another file's.
        writable, self._wake_write = self._wake_write, -1
        os.close(writable)
        os.close(self._wake_read)

    def _doze(self, seconds: float) -> bool:
        """Poll; returns whether there is something to do."""
        if self._system is System.OTHER:
            seconds = min(seconds, _NAP)
        ready = [number for number, _ in self._poll.poll(seconds * 1000)]
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)
        if self._inputs is not None and self._inputs.drain(ready):
            self._clock.schedule_once(lambda _: None, _ONCE_MORE)
        return bool(ready)

    def _stir(self, *_: Any) -> None:
        self._stirred = True

    def _look_at_plugs(self) -> None:
        if self._inputs is not None:
            self._inputs.look()
        came_back = self._connectors is not None and self._connectors.came_back()
        if came_back or (self._without_screen and environment.has_display()):
            raise DisplayError(
                f"a screen was plugged in{' again' if came_back else ''}, and only a new window is seen on it: "
                "start the kiosk again (systemd does)"
            )

    def _watch_server(self, display: int) -> None:
        """Watch the connection to the X server (Xlib's `Display`, an address), and be told when it breaks."""
        try:
            xlib = ctypes.CDLL("libX11.so.6")
        except OSError:
            self._system = System.OTHER
            return
        self._poll.register(xlib.XConnectionNumber(ctypes.c_void_p(display)), select.POLLIN)
        xlib.XSetIOErrorHandler(_END_WITHOUT_SERVER)


def _end_without_server(_display: int | None) -> int:
    """Called by Xlib in the midst of whatever it was doing; should this return, it ends the process itself."""
    os.write(2, _SERVER_GONE)
    # No clean-up: closing the window would want the server. What the ledger has said is on the disk.
    os._exit(1)


# XIOErrorHandler of Xlib.h; kept for as long as Xlib may call it.
_END_WITHOUT_SERVER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(_end_without_server)
