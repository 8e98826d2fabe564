"""The real kiosk in a process of its own, touched as a visitor would: `python -m bench.kiosk FOLDER WHERE`.

WHERE is `memory` or `x11`. On X11 the server's mouse is what touches. In memory nothing can: touches are put into SDL's
queue, where a panel's arrive too, and the loop is woken as a panel's device would wake it, by a file to read from.

Runs the command `fjes terminal kiosk` as it is, with two changes: its clock skips the rests after a thank-you, and it
is watched: when a frame is drawn, and how long a commit takes. Says when the first frame was there; then reads lines:
`touch N` and `without-fsync N`, answered by milliseconds of each touch. It ends with its standard input.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import terminal.clock
import terminal.kiosk.app
import terminal.ledger
from bench import x11
from fjes.cli import main as fjes
from ratings.scale import Score
from terminal.ledger import Pending
from terminal.visit import State

SIZE = "1280x800"
SETTINGS = f"""[terminal]
store = "{{folder}}/card"
state = "{{folder}}/courier"
[kiosk]
size = "{SIZE}"
"""
HELD_SECONDS = 0.03, 0.06
"""How long a finger stays down."""
LIMIT_SECONDS = 10.0


class Clock(terminal.clock.CheckedClock):
    """The machine's time, but for the rests after thank-yous, which are skipped."""

    skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + Clock.skipped


class Ledger(terminal.ledger.Ledger):
    """The ledger, with a watch on it."""

    opened: Ledger
    milliseconds = 0.0

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        Ledger.opened = self

    def record(
        self, question: str, score: Score, language: str | None, moment: datetime, *, repeat: bool = False
    ) -> Pending | None:
        begin = time.monotonic()
        pending = super().record(question, score, language, moment, repeat=repeat)
        self.milliseconds = 1000 * (time.monotonic() - begin)
        return pending


class Kiosk(terminal.kiosk.app.Kiosk):
    """The kiosk, watched at every frame."""

    where = "memory"

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more, offscreen=self.where == "memory")
        from kivy.graphics import opengl

        sign = self.screens.layout.message.sign
        x, y = round(sign.centre[0]), round(self.screens.layout.height - sign.y - 0.85 * sign.height)
        # Answers only when the frame is drawn, however OpenGL has put the work off.
        gl: Any = opengl
        self._pixel: Callable[[], bytes] = lambda: bytes(gl.glReadPixels(x, y, 1, 1, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE))
        self._asking_pixel = b""
        self.first_frame = 0.0
        self.thanked_at = 0.0
        self.thanked, self.asking = threading.Event(), threading.Event()
        self.window.bind(on_flip=self._look)

    def _look(self, *_: Any) -> None:
        """A frame is finished, and about to be handed to the screen."""
        pixel = self._pixel()
        now = time.monotonic()
        if not self.first_frame:
            self.first_frame, self._asking_pixel = now, pixel
            threading.Thread(target=serve, args=(self,), daemon=True).start()
        if self.visit.state is State.ASKING:
            self.asking.set()
        elif pixel != self._asking_pixel and not self.thanked.is_set():
            self.thanked_at = now
            self.thanked.set()


class _Button(ctypes.Structure):
    """SDL_MouseButtonEvent of SDL 2 (SDL_events.h), filled up to the size of an SDL_Event."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("type", "timestamp", "window", "which")),
        *((name, ctypes.c_uint8) for name in ("button", "state", "clicks", "padding")),
        *((name, ctypes.c_int32) for name in ("x", "y")),
        ("rest", ctypes.c_uint8 * 64),
    )


class Mouse:
    """Touches the window by the X server's mouse."""

    def __init__(self) -> None:
        self._hand = x11.Hand(os.environ["DISPLAY"])

    def put(self, place: tuple[float, float], *, down: bool) -> None:
        if down:
            self._hand.move(place)
        self._hand.put(down=down)


class Finger:
    """Touches the window by SDL's queue, where a touch panel's touches arrive too. Wakes nobody."""

    def __init__(self) -> None:
        maps = Path("/proc/self/maps").read_text()
        found = re.search(r"\S*/libSDL2-2\S*", maps)
        if found is None:
            raise SystemExit("the kiosk's window is not SDL's: no libSDL2-2 is loaded")
        self._push = ctypes.CDLL(found[0]).SDL_PushEvent

    def put(self, place: tuple[float, float], *, down: bool) -> None:
        event = _Button(type=0x401 if down else 0x402, button=1, state=down, clicks=1, x=int(place[0]), y=int(place[1]))
        if self._push(ctypes.byref(event)) != 1:
            raise SystemExit("SDL did not take the touch")


def touch(kiosk: Kiosk, finger: Finger | Mouse, count: int) -> dict[str, list[float]]:
    """Milliseconds from lifting the finger to the thank-you drawn, and of the commit in it, for each touch."""
    whole, commits = [], []
    wake = kiosk.refresh if isinstance(finger, Finger) else lambda: None
    for number in range(count):
        place = kiosk.screens.layout.faces[Score(number % 4)].picture.centre
        kiosk.asking.clear()
        kiosk.thanked.clear()
        finger.put(place, down=True)
        wake()
        time.sleep(random.uniform(*HELD_SECONDS))
        begin = time.monotonic()
        finger.put(place, down=False)
        wake()
        wait(kiosk.thanked, "the thank-you")
        whole.append(1000 * (kiosk.thanked_at - begin))
        commits.append(Ledger.opened.milliseconds)
        kiosk.asking.clear()
        Clock.skipped += 60
        kiosk.refresh()
        wait(kiosk.asking, "the question")
        time.sleep(random.uniform(0.02, 0.04))
    return {"touch": whole, "commit": commits}


def wait(event: threading.Event, what: str) -> None:
    if not event.wait(LIMIT_SECONDS):
        raise SystemExit(f"waited {LIMIT_SECONDS:g} s in vain for {what}")


def serve(kiosk: Kiosk) -> None:
    """Answer what is asked on standard input, beside the running kiosk; end with it."""
    try:
        say({"first_frame": kiosk.first_frame})
        finger = Mouse() if kiosk.where == "x11" else Finger()
        for line in sys.stdin:
            what, _, count = line.partition(" ")
            # NORMAL would skip some, OFF skips all: what is left is the work without the waiting for the disk.
            for name in ("main", "outbox"):
                Ledger.opened.connection.execute(f"PRAGMA {name}.synchronous={'FULL' if what == 'touch' else 'OFF'}")
            say(touch(kiosk, finger, int(count)))
    except SystemExit as trouble:
        print(trouble, file=sys.stderr)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def main(words: Sequence[str]) -> None:
    folder, Kiosk.where = Path(words[0]), words[1]
    settings = folder / "fjes.toml"
    settings.write_text(SETTINGS.format(folder=folder))
    # What the command takes from these modules when it is called.
    terminal.clock.CheckedClock = Clock  # type: ignore[misc]
    terminal.ledger.Ledger = Ledger  # type: ignore[misc, assignment]
    terminal.kiosk.app.Kiosk = Kiosk  # type: ignore[misc, assignment]
    fjes(["terminal", "kiosk", "--quiet", "--config", str(settings)])


if __name__ == "__main__":
    main(sys.argv[1:])
