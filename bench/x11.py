"""An X server without a screen (Xvfb), and a hand that clicks on it as the server's own mouse does (XTest).

Both are real: what a window hears of it comes through its connection. The tests of the kiosk use them, too.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator

from bench import processes

PROGRAM, PACKAGES = "Xvfb", "xvfb and libxtst6"


def missing() -> str | None:
    """What is not there, in words; None when all is."""
    try:
        ctypes.CDLL("libXtst.so.6")
    except OSError:
        return f"there is no libXtst (Debian's packages {PACKAGES})"
    return None if shutil.which(PROGRAM) else f"there is no Xvfb (Debian's packages {PACKAGES})"


@contextlib.contextmanager
def server(size: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server with a screen of `size` (`1280x800`), on a display that it chooses: its name, and its process."""
    readable, writable = os.pipe()
    # Left alone, it starts anew whenever its last client leaves, and takes nobody until then.
    command = [PROGRAM, "-displayfd", str(writable), "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"]
    with (
        open(readable) as answer,
        open(os.devnull, "w") as nowhere,
        processes.running(command, pass_fds=[writable], stdout=nowhere, stderr=nowhere) as process,
    ):
        os.close(writable)
        number = answer.readline().strip()
        if not number:
            raise SystemExit(f"{PROGRAM} ended at once, with {process.wait()}")
        yield f":{number}", process


class Hand:
    """Moves the mouse of a display, and presses its left button. Close it before its server ends: Xlib ends with it."""

    def __init__(self, display: str) -> None:
        self._xlib, self._xtest = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self._xlib.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._xlib.XOpenDisplay(display.encode()))
        if not self._display:
            raise SystemExit(f"no X server answers at {display}")

    def move(self, place: tuple[float, float]) -> None:
        """Over a pixel of the screen; it is there when this returns."""
        self._xtest.XTestFakeMotionEvent(self._display, 0, int(place[0]), int(place[1]), ctypes.c_ulong(0))
        self._xlib.XSync(self._display, 0)

    def put(self, *, down: bool) -> None:
        """Press the button, or let go of it; the server knows when this returns."""
        self._xtest.XTestFakeButtonEvent(self._display, 1, int(down), ctypes.c_ulong(0))
        self._xlib.XSync(self._display, 0)

    def click(self, place: tuple[float, float]) -> None:
        """Press and let go on a pixel of the screen."""
        self.move(place)
        self.put(down=True)
        self.put(down=False)

    def close(self) -> None:
        self._xlib.XCloseDisplay(self._display)
