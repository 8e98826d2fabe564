"""The window that says what is wrong with `fjes.toml`, where there is no configuration to ask by.

Opens no ledger, counts nothing, and takes no touches. Ends when it is told to, and when the file has changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ratings.sections import Kiosk
from terminal.kiosk import environment
from terminal.kiosk.notice import Notice
from terminal.kiosk.panel import Panel

NAP_SECONDS = 0.25
"""Seconds between looks at the window's queue, and at the file."""


class NoticeWindow:
    """The window. Opens when it is made; a process can have one. Raises DisplayError, TypefaceError.

    `settings` say how the panel hangs.
    """

    def __init__(self, settings: Kiosk, notice: Notice) -> None:
        if not environment.has_display():
            raise environment.DisplayError("no screen was found to show it on")
        self._settings, self._notice = settings, notice
        self._panel = Panel(settings, offscreen=False)
        from terminal.kiosk.lettering import Lettering

        self._lettering = Lettering()
        self._stopping = False
        self._draw()
        self._panel.listen(down=lambda *_: None, moved=lambda *_: None, up=lambda *_: None)
        self._panel.window.bind(on_resize=self._resized, on_request_close=self._asked_to_close)
        self._panel.start()

    def run(self, is_over: Callable[[], bool]) -> None:
        """Show it until `stop` is called, the window is closed, or `is_over`, which is asked several times a second."""
        try:
            while not self._stopping and not is_over():
                self._panel.window.mainloop()
                self._panel.loop.idle()
                time.sleep(NAP_SECONDS)
        finally:
            self._panel.close()

    def stop(self) -> None:
        """Ask `run` to return. May be called from a signal handler."""
        self._stopping = True

    def _draw(self) -> None:
        from terminal.kiosk.staff_notice import NoticeScene

        width, height = self._panel.turn(self._settings).layout
        NoticeScene(width, height, self._lettering, self._notice).draw(self._panel.canvas)

    def _resized(self, *_: Any) -> None:
        if self._panel.was_resized:
            self._draw()

    def _asked_to_close(self, *_: Any, **__: Any) -> bool:
        if self._settings.window is not None:
            self.stop()
        return True
