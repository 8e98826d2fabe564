"""Touches and looks at a running kiosk from within its process: simulated visitors, tests and pictures use it.

Touches go through the window's own input, as a finger's do; pictures are read back from OpenGL. The driver takes the
place of `Kiosk.run`: nothing moves but when it is told to, and time is what the injected clock says.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from PIL import Image

from ratings.scale import Score
from terminal.kiosk.app import Kiosk
from terminal.kiosk.layout import Layout

Point = tuple[float, float]


class Driver:
    """Drives one kiosk. Points are pixels from the top left corner of its picture, upright however the panel hangs."""

    def __init__(self, kiosk: Kiosk) -> None:
        self.kiosk = kiosk
        self.pump()

    @property
    def layout(self) -> Layout:
        """Where everything is."""
        return self.kiosk.screens.layout

    def face_centre(self, score: Score) -> Point:
        """The middle of a face."""
        return self.layout.faces[score].picture.centre

    def language_centre(self, language: str) -> Point:
        """The middle of a language's button. Raises KeyError for a language that has none."""
        languages = self.kiosk.screens.languages
        buttons = dict(zip(languages, self.layout.languages, strict=False))
        return buttons[language].pill.centre

    def reason_centre(self, reason: str | None) -> Point:
        """The middle of a reason's button, or of the skip button. Raises KeyError for a reason that has none."""
        place = self.kiosk.screens.follow_up.place
        if reason is None:
            return place.skip_pill.centre
        return dict(zip(self.kiosk.screens.reasons, place.answers, strict=True))[reason].target.centre

    def touch(self, x: float, y: float) -> None:
        """Put a finger down, and lift it: the screen has changed when this returns."""
        self.down(x, y)
        self.up(x, y)

    def down(self, x: float, y: float) -> None:
        """Put a finger down."""
        self.kiosk.window.dispatch("on_mouse_down", *self._pixel(x, y), "left", [])
        self.kiosk.step()

    def move(self, x: float, y: float) -> None:
        """Move the finger that is down."""
        self.kiosk.window.dispatch("on_mouse_move", *self._pixel(x, y), [])
        self.kiosk.step()

    def up(self, x: float, y: float) -> None:
        """Lift the finger."""
        self.kiosk.window.dispatch("on_mouse_up", *self._pixel(x, y), "left", [])
        self.kiosk.step()

    def pump(self, until: Callable[[], bool] | None = None, seconds: float = 5.0) -> None:
        """Let the kiosk do what is due: one round, or rounds until something holds.

        Raises TimeoutError when it does not hold after so many seconds (of the wall clock).
        """
        self.kiosk.step()
        end = time.monotonic() + seconds
        while until is not None and not until():
            if time.monotonic() > end:
                raise TimeoutError(f"the kiosk did not get there in {seconds} s")
            self.kiosk.step()
            time.sleep(0.001)

    def touch_window(self, x: int, y: int) -> None:
        """Touch a pixel of the window, as it is numbered for the panel, and lift the finger."""
        for event in ("on_mouse_down", "on_mouse_up"):
            self.kiosk.window.dispatch(event, x, y, "left", [])
            self.kiosk.step()

    def resize(self, width: int, height: int) -> None:
        """Give the window another size; offscreen, one within the size that it was opened with."""
        self.kiosk.window.size = (width, height)
        self.pump(lambda: self.kiosk.panel.turning.window == (width, height))

    def picture(self) -> Image.Image:
        """What is on the screen, RGB, upright."""
        # Pillow turns the other way round, which is back.
        return self.window_picture().rotate(self.kiosk.panel.turning.angle, expand=True)

    def window_picture(self) -> Image.Image:
        """What is on the screen, RGB, as the window has it."""
        from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels

        self.kiosk.step()
        window = self.kiosk.window
        window.canvas.ask_update()
        # Drawn and read before it is handed to the screen: afterwards the buffer holds nothing certain.
        window.dispatch("on_draw")
        width, height = (int(length) for length in window.size)
        pixels = glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE)
        picture = Image.frombytes("RGBA", (width, height), bytes(pixels))
        return picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).convert("RGB")

    def _pixel(self, x: float, y: float) -> Point:
        """The pixel of the window that a finger on a pixel of the picture is on."""
        across, down = self.kiosk.panel.turning.touches(math.floor(x) + 0.5, math.floor(y) + 0.5)
        return round(across - 0.5), round(down - 0.5)
