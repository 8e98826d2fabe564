"""Text as pictures, set by Kivy's SDL_ttf with HarfBuzz: measured, and drawn line by line. The one place that knows how
Kivy must be told about scripts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kivy.core.text import Label
from kivy.graphics.texture import Texture
from PIL import Image

from terminal.kiosk import theme, typeface
from terminal.kiosk.bidi import Run, runs
from terminal.kiosk.lines import THAI_SCALE, is_thai
from terminal.kiosk.theme import Colour

MOST_READY = 32
"""So many opened fonts are known to be ready: fewer than the 64 that Kivy keeps open, those used last, too."""


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
        pieces = runs(text)
        label = self._label(pieces[0], size, colour)
        if any(run.leftward for run in pieces):
            texture = _upload(_joined([self._ink(run, size, colour) for run in pieces]))
        else:
            texture = _drawn(label, text)
        return Line(texture, int(texture.width), int(texture.height), int(label.get_ascent()))

    def _width(self, text: str, size: int) -> float:
        """The width of a text in pixels: the ruler that `lines.fit` wants."""
        return float(sum(self._run_width(run, size) for run in runs(text)))

    def _run_width(self, run: Run, size: int) -> int:
        # Kivy measures Arabic as letters that are not joined, which is too wide.
        return self._ink(run, size).width if run.leftward else int(self._ruler(run, size).get_extents(run.text)[0])

    def _ink(self, run: Run, size: int, colour: Colour = theme.INK) -> Image.Image:
        """A run as a picture as wide as it is; HarfBuzz sets one direction at a time."""
        label = self._label(run, size, colour)
        texture = _drawn(label, run.text.strip() if run.leftward else run.text)
        picture = Image.frombytes("RGBA", texture.size, texture.pixels)
        if not run.leftward:
            return picture.crop((0, 0, int(self._ruler(run, size).get_extents(run.text)[0]), picture.height))
        left, _, right, _ = picture.getchannel("A").getbbox() or (0, 0, 0, 0)
        space = self._ruler(Run(" ", False), size).get_extents(" ")[0]
        before = space * (len(run.text) - len(run.text.lstrip()))
        after = space * (len(run.text) - len(run.text.rstrip()))
        # What comes before the first letter is at its right.
        return picture.crop((left - after, 0, right + before, picture.height))

    def _label(self, run: Run, size: int, colour: Colour) -> Any:
        script = _script_of(run)
        _ready(self._font, script, size)
        return _make_label(self._font, script, size, colour.rgba)

    def _ruler(self, run: Run, size: int) -> Any:
        return _ready(self._font, _script_of(run), size)


def _script_of(run: Run) -> str:
    """By ISO 15924 Arabic is Arab. SDL_ttf knows no "Latin", and so looks at the letters, which Cyrillic wants."""
    # Thai without its script's name is shaped wrong (ญู ฐู น้ำ); Latin is also right for Cyrillic.
    return "Thai" if is_thai(run.text) else "Arab" if run.leftward else "Latin"


@lru_cache(maxsize=MOST_READY)
def _ready(font: str, script: str, size: int) -> Any:
    """Have the font opened for a script at a size in pixels of an em. The label is to measure with, not to be drawn.

    Hinting and script reach a newly opened font when it draws, not when it measures, and it draws when its texture is
    bound. What was measured before, HarfBuzz keeps: letters would be as wide as chance had it.
    """
    label = _make_label(font, script, size)
    label.text = "."
    label.refresh()
    label.texture.bind()
    return label


def _make_label(font: str, script: str, size: int, colour: tuple[float, ...] = (1, 1, 1, 1)) -> Any:
    # Kivy keeps one opened font per size, with the script it was last used for: a Latin text would be measured
    # as one script and drawn as another, and lose its end. A fraction, which is cut off later, parts them.
    parted = {"Thai": round(size * THAI_SCALE) + 0.5, "Arab": size + 0.25}
    return Label(
        font_name=font,
        font_size=parted.get(script, size),
        font_script_name=script,
        font_direction="rtl" if script == "Arab" else "ltr",
        font_hinting="light",
        color=colour,
    )


def _drawn(label: Any, text: str) -> Any:
    label.text = text
    label.refresh()
    return label.texture


def _joined(pictures: list[Image.Image]) -> Image.Image:
    """Pictures of the same height side by side."""
    sheet = Image.new("RGBA", (sum(each.width for each in pictures), max(each.height for each in pictures)))
    left = 0
    for each in pictures:
        sheet.paste(each, (left, 0))
        left += each.width
    return sheet


def _upload(picture: Image.Image) -> Any:
    texture = Texture.create(size=picture.size, colorfmt="rgba")
    texture.blit_buffer(picture.tobytes(), colorfmt="rgba", bufferfmt="ubyte")
    texture.flip_vertical()
    return texture
