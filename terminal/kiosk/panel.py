"""The window as a panel: a canvas that is upright however the panel hangs, fingers where the picture is, no keys.

Everything that is drawn goes through here, and every touch. Knows nothing of faces, visits or what is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ratings.sections import Kiosk
from terminal.kiosk import environment, theme
from terminal.kiosk.turning import Point, Turning

OFFSCREEN_SIZE = (1280, 800)
"""Where there is no screen to fill."""

Hand = Callable[[int, float, float], None]
"""Called with a finger's number and where it is: pixels from the top left corner of the upright picture."""


class Panel:
    """The one window of a process, opened when this is made. `offscreen` draws into memory. Raises DisplayError."""

    def __init__(self, settings: Kiosk, *, offscreen: bool) -> None:
        environment.prepare(offscreen=offscreen)
        size = settings.window or (OFFSCREEN_SIZE if offscreen else None)
        self.window = environment.open_window(size, "Fjes")
        """Kivy's window."""
        # Only now: importing these imports Kivy, which opens files and reads variables when it is imported.
        from kivy.base import EventLoop
        from kivy.graphics import MatrixInstruction, PopMatrix, PushMatrix
        from kivy.uix.widget import Widget

        self.loop = EventLoop
        """Kivy's event loop."""
        self._widget = Widget()
        self.canvas = self._widget.canvas
        """To be drawn on, in pixels of the upright picture."""
        # Before and after the canvas, so that clearing it leaves the turning alone.
        self._matrix = MatrixInstruction()
        for instruction in (PushMatrix(), self._matrix):
            self.canvas.before.add(instruction)
        self.canvas.after.add(PopMatrix())
        self.window.clearcolor = theme.BACKGROUND.rgba
        # No key does anything: a keyboard that somebody plugs in must not reach Kivy's own shortcuts.
        self.window.bind(on_key_down=lambda *_: True, on_keyboard=lambda *_: True)
        # Nor is there a keyboard on the screen: half a second after another size, Kivy would draw to make room for it.
        keyboard = self.window.trigger_keyboard_height
        self.window.unbind(size=keyboard, rotation=keyboard)
        if offscreen:
            # Without a screen nothing ever asks for the frames: OpenGL would keep them all, half a megabyte each.
            from kivy.graphics.opengl import glFinish

            self.window.bind(on_flip=lambda *_: glFinish())
        from terminal.kiosk import bare

        # Kept: SDL calls it.
        self._presses = bare.presses(lambda: (int(self.window.size[0]), int(self.window.size[1])))
        self.turn(settings)

    def start(self) -> None:
        """Take events from now on, and show what was drawn."""
        from kivy.base import runTouchApp

        runTouchApp(self._widget, embedded=True)

    def turn(self, settings: Kiosk) -> Turning:
        """Hang as these settings say, in the size that the window has now."""
        from kivy.graphics.transformation import Matrix

        width, height = (int(length) for length in self.window.size)
        self.turning = Turning(width, height, settings.rotation, settings.touch_rotation)
        matrix = Matrix()
        matrix.set(flat=self.turning.matrix)
        self._matrix.matrix = matrix
        return self.turning

    @property
    def was_resized(self) -> bool:
        """Whether the window has another size than when it was last turned."""
        return tuple(self.window.size) != self.turning.window

    def listen(self, *, down: Hand, moved: Hand, up: Hand) -> None:
        """Tell of fingers that are put down, moved and lifted."""
        self.window.bind(on_touch_down=self._told(down), on_touch_move=self._told(moved), on_touch_up=self._told(up))

    def close(self) -> bool:
        """Close the window. Returns False where it was closed before, or never started."""
        if self.loop.status != "started":
            return False
        self.loop.close()
        self.window.close()
        return True

    def _told(self, hand: Hand) -> Callable[[Any, Any], bool]:
        def tell(_window: Any, touch: Any) -> bool:
            # Kivy makes a touch of everything that a mouse can do: turning its wheel, too.
            if touch.button == "left":
                hand(touch.uid, *self._point(touch))
            return True

        return tell

    def _point(self, touch: Any) -> Point:
        # Kivy numbers the pixels from the foot; what is touched is the middle of a pixel.
        return self.turning.touched(touch.x + 0.5, self.turning.window[1] - touch.y - 0.5)
