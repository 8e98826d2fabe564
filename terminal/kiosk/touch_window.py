"""The test of touches in a window of its own: `fjes terminal touch`. Opens no ledger, and counts nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ratings.sections import Kiosk
from terminal.kiosk import environment
from terminal.kiosk.panel import Panel
from terminal.kiosk.touch_judge import Verdict

if TYPE_CHECKING:
    # It imports Kivy, which must not be imported before the panel is there.
    from terminal.kiosk.touch_test import TouchTest

WAIT_SECONDS = 60.0
"""So long without a touch, it judges by what there is."""
SHOW_SECONDS = 30.0
"""So long the verdict stays on the screen, unless it is touched."""
_NAP = 0.01
"""Seconds between looks at the window's queue."""


class TouchWindow:
    """The window. Opens when it is made; a process can have one. Raises DisplayError, TypefaceError."""

    def __init__(self, settings: Kiosk) -> None:
        if not environment.has_display():
            raise environment.DisplayError(
                "no screen was found to touch; connect one, and run this in its session, or without a desktop as a "
                "user of the groups input, render and video while no kiosk runs (systemctl stop fjes-kiosk)"
            )
        self._settings = settings
        self._panel = Panel(settings, offscreen=False)
        from terminal.kiosk.lettering import Lettering

        self._lettering = Lettering()
        self._stopping = False
        self._shown: int | None = None
        self._begin()
        self._panel.listen(down=self._down, moved=lambda *_: None, up=self._up)
        self._panel.window.bind(on_resize=self._resized, on_request_close=self._asked_to_close)
        self._panel.start()

    def run(self, say: Callable[[Verdict], None]) -> Verdict:
        """Test, call `say` as soon as the verdict is on the screen, and return it when it was read or `stop` called."""
        try:
            while not self._stopping and not self._due():
                self._step()
            self._scene.give_up()
            verdict = self._scene.verdict
            assert verdict is not None
            if not self._stopping:
                self._step()
                say(verdict)
            self._touched = time.monotonic()
            while not self._stopping and time.monotonic() - self._touched < SHOW_SECONDS:
                self._step()
            return verdict
        finally:
            self._panel.close()

    def stop(self) -> None:
        """Ask `run` to return. May be called from a signal handler."""
        self._stopping = True

    @property
    def scene(self) -> TouchTest:
        """What is shown."""
        return self._scene

    def _begin(self) -> None:
        from terminal.kiosk.touch_test import TouchTest

        width, height = self._panel.turn(self._settings).layout
        settings = self._settings
        self._scene = TouchTest(width, height, self._lettering, settings.rotation, settings.touch_rotation)
        self._touched = time.monotonic()
        self._draw()

    def _due(self) -> bool:
        self._scene.look(time.monotonic())
        return self._scene.finished or time.monotonic() - self._touched > WAIT_SECONDS

    def _step(self) -> None:
        self._panel.window.mainloop()
        self._panel.loop.idle()
        self._draw()
        time.sleep(_NAP)

    def _draw(self) -> None:
        from kivy.graphics import Color, InstructionGroup

        if self._scene.stage != self._shown:
            group = InstructionGroup()
            group.add(Color(1, 1, 1, 1))
            self._scene.draw(group)
            self._panel.canvas.clear()
            self._panel.canvas.add(group)
            self._shown = self._scene.stage

    def _down(self, _finger: int, x: float, y: float) -> None:
        self._touched = time.monotonic()
        if self._scene.touch(x, y, self._touched):
            self.stop()

    def _up(self, _finger: int, x: float, y: float) -> None:
        self._scene.lift(x, y, time.monotonic())

    def _resized(self, *_: Any) -> None:
        if self._panel.was_resized:
            # Begun anew: what was touched so far was touched elsewhere.
            self._shown = None
            self._begin()

    def _asked_to_close(self, *_: Any, **__: Any) -> bool:
        self.stop()
        return True
