"""Text as pictures, set by Kivy's SDL_ttf with HarfBuzz: measured, and drawn line by line. The one place that knows how
Kivy must be told about scripts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kivy.core.text import Label

from terminal.kiosk import typeface
from terminal.kiosk.lines import THAI_SCALE, is_thai
from terminal.kiosk.theme import Colour


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn line: a texture shown one to one, its size in pixels, and how far its baseline is below its top."""

    texture: Any
    width: int
    height: int
    ascent: int


class Lettering:
    """The kiosk's one font at any size."""

    def __init__(self) -> None:
        self._font = str(typeface.ready())
        self.width = lru_cache(maxsize=4096)(self._width)

    def line(self, text: str, size: int, colour: Colour) -> Line:
        """Draw a line of text at a size in pixels of an em."""
        label = self._label(text, size, colour)
        label.text = text
        label.refresh()
        texture = label.texture
        return Line(texture, int(texture.width), int(texture.height), int(label.get_ascent()))

    def _width(self, text: str, size: int) -> float:
        """The width of a text in pixels: the ruler that `lines.fit` wants."""
        return float(self._label(text, size).get_extents(text)[0])

    def _label(self, text: str, size: int, colour: Colour | None = None) -> Any:
        # Thai without its script's name is shaped wrong (ญู ฐู น้ำ); Latin is also right for Cyrillic.
        thai = is_thai(text)
        label = Label(
            font_name=self._font,
            # Kivy keeps one opened font per size, with the script it was last used for: a Latin text would be measured
            # as one script and drawn as another, and lose its end. A fraction, which is cut off later, parts the two.
            font_size=round(size * THAI_SCALE) + 0.5 if thai else size,
            font_script_name="Thai" if thai else "Latin",
            font_hinting="light",
            color=colour.rgba if colour else (1, 1, 1, 1),
        )
        # Script and hinting reach a newly opened font when it draws, not when it measures.
        label.text = "."
        label.refresh()
        return label
