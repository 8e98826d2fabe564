"""What the check of the hardware says, on the screen: a sentence, a face where it is about one, yes and no to touch.

`fjes hardware check` opens it beside the shell. Opens no ledger: nothing that is touched here counts.
"""

from __future__ import annotations

from typing import Any

from ratings.scale import Score
from ratings.sections import Kiosk
from terminal.kiosk import environment, faces, theme
from terminal.kiosk.boxes import rounded, unit_of
from terminal.kiosk.panel import Panel


class CheckWindow:
    """The window. Opens when it is made; a process can have one. Raises DisplayError, TypefaceError.

    `offscreen` draws into memory.
    """

    def __init__(self, settings: Kiosk, *, offscreen: bool = False) -> None:
        if not offscreen and not environment.has_display():
            raise environment.DisplayError("no screen was found")
        self._settings = settings
        self._panel = Panel(settings, offscreen=offscreen)
        # Only now: importing this imports Kivy.
        from terminal.kiosk.lettering import Lettering

        self._lettering = Lettering()
        self._shown: tuple[str, Score | None, bool] = ("", None, False)
        self._answer: bool | None = None
        self._closed = False
        self._panel.listen(down=self._down, moved=lambda *_: None, up=lambda *_: None)
        self._panel.window.bind(on_resize=self._resized, on_request_close=lambda *_, **__: True)
        self._panel.start()

    @property
    def panel(self) -> Panel:
        """What is drawn on and touched."""
        return self._panel

    def show(self, said: str, face: Score | None = None, *, asks: bool = False) -> None:
        """Say something from now on; what was answered before is forgotten."""
        self._answer = None
        self._shown = (said, face, asks)
        self._draw()
        self.pump()

    def answer(self) -> bool | None:
        """What was touched since it was last asked: yes or no; None for neither."""
        answer, self._answer = self._answer, None
        return answer

    def pump(self) -> None:
        """Take the touches that came, and draw."""
        self._panel.window.mainloop()
        self._panel.loop.idle()

    def close(self) -> None:
        """Close the window. May be called twice."""
        if not self._closed:
            self._closed = True
            self._panel.close()

    def sides(self) -> dict[bool, tuple[float, float]]:
        """The middle of yes and of no, in pixels from the top left corner of the upright picture."""
        width, height = self._size
        return {True: (width * 0.3, height * 0.78), False: (width * 0.7, height * 0.78)}

    @property
    def _size(self) -> tuple[int, int]:
        return self._panel.turn(self._settings).layout

    def _draw(self) -> None:
        from kivy.graphics import Color, InstructionGroup

        from terminal.kiosk.drawing import Painter, upload

        said, face, asks = self._shown
        (width, height), unit = self._size, unit_of(*self._size)
        painter, group = Painter(self._lettering, height), InstructionGroup()
        group.add(Color(1, 1, 1, 1))
        sign = round(min(width * 0.2, height * 0.26))
        text_height = height * 0.5 if face is not None or asks else height * 0.8
        box = rounded(width * 0.06, height * 0.08, width * 0.88, text_height - height * 0.08)
        painter.show_all(group, painter.lay([painter.fit(said, box, round(54 * unit), 3, theme.INK)]))
        if face is not None:
            picture = upload(faces.face(face, round(height * 0.34)))
            side = picture.size
            painter.show(group, picture, (width - side[0]) / 2, height * 0.72 - side[1] / 2, *side)
        if asks:
            for yes, (x, y) in self.sides().items():
                painter.show(
                    group, upload(faces.tick(sign) if yes else faces.bar(sign)), x - sign / 2, y - sign / 2, sign, sign
                )
        self._panel.canvas.clear()
        self._panel.canvas.add(group)

    def _down(self, _finger: int, x: float, y: float) -> None:
        width, height = self._size
        if self._shown[2] and y > height * 0.55:
            self._answer = x < width / 2

    def _resized(self, *_: Any) -> None:
        if self._panel.was_resized:
            self._draw()
