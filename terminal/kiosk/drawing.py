"""How a scene gets onto the screen: texts set in their boxes, and textures shown one to one. Knows no scene.

Everything is drawn once, to its exact size in pixels: nothing is scaled, and changing the screen is a matter of
exchanging textures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kivy.graphics import Rectangle
from kivy.graphics.texture import Texture
from PIL import Image

from ratings.scale import Score
from terminal.kiosk import lines, theme
from terminal.kiosk.boxes import Box
from terminal.kiosk.lettering import Lettering, Line
from terminal.kiosk.lines import Block
from terminal.kiosk.theme import Colour
from terminal.kiosk.touch import Target
from terminal.visit import State


@dataclass(frozen=True, slots=True)
class View:
    """All that the screen depends on: what is asked in which language, the button held down, the face that is named
    while it speaks, and whether "you said, we did" is shown.
    """

    state: State
    language: str
    held: Target | None = None
    naming: Score | None = None
    speaking: bool = False
    said: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A set text, and the box that it must stay in."""

    box: Box
    block: Block
    colour: Colour

    def baselines(self) -> list[float]:
        """Where its lines stand, in pixels from the top of the screen."""
        return self.block.baselines(self.box.y, self.box.height)


@dataclass(slots=True)
class Placed:
    """Textures with the pixel of their top left corner, their width and their height."""

    items: list[tuple[Any, int, int, int, int]] = field(default_factory=list)

    def add(self, texture: Any, x: float, y: float, width: int, height: int) -> None:
        """Put one more there."""
        self.items.append((texture, round(x), round(y), width, height))


class Scene(Protocol):
    """One of the screens that a visitor may see, in every language."""

    def texts(self, state: State, language: str) -> list[Text]:
        """Its texts as they are set."""
        ...

    def draw(self, group: Any, view: View) -> None:
        """Put a view into a group of instructions."""
        ...

    def target(self, x: float, y: float) -> Target | None:
        """The button at a point in pixels from the top left corner."""
        ...

    def preparations(self) -> list[Callable[[], object]]:
        """What is not needed for the first picture: to be called, the last one first, before a visitor waits for it.

        Each takes some hundredths of a second.
        """
        ...


class Painter:
    """Sets texts and shows textures on a screen that is `height` pixels high."""

    def __init__(self, lettering: Lettering, height: int) -> None:
        self._lettering = lettering
        self._height = height

    @property
    def ruler(self) -> lines.Ruler:
        """Measures texts as they will be set."""
        return self._lettering.width

    def fit(self, text: str, box: Box, size: int, count: int, colour: Colour = theme.INK) -> Text:
        """Set a text in a box: in at most `count` lines, at most `size` pixels an em, smaller where it must be."""
        block = lines.fit(text, self._lettering.width, box.width, box.height, largest=size, lines=count)
        return Text(box, block, colour)

    def lay(self, texts: Sequence[Text]) -> Placed:
        """Draw texts, each line in the middle of its box."""
        placed = Placed()
        for text in texts:
            for content, baseline in zip(text.block.lines, text.baselines(), strict=True):
                line: Line = self._lettering.line(content, text.block.size, text.colour)
                placed.add(
                    line.texture,
                    text.box.x + (text.box.width - line.width) / 2,
                    round(baseline) - line.ascent,
                    line.width,
                    line.height,
                )
        return placed

    def show(self, group: Any, texture: Any, x: float, y: float, width: int, height: int) -> None:
        """Put a texture into a group; the point is its top left corner."""
        # OpenGL counts from the foot of the screen.
        group.add(Rectangle(texture=texture, pos=(round(x), self._height - round(y) - height), size=(width, height)))

    def show_all(self, group: Any, placed: Placed) -> None:
        """Put all that was placed into a group."""
        for item in placed.items:
            self.show(group, *item)


def upload(picture: Image.Image) -> Any:
    """Make a texture of a picture (RGBA)."""
    texture = Texture.create(size=picture.size, colorfmt="rgba")
    texture.blit_buffer(picture.tobytes(), colorfmt="rgba", bufferfmt="ubyte")
    texture.flip_vertical()
    return texture


def inset(box: Box, by: float) -> Box:
    """A box that is narrower by so many pixels at both sides."""
    return Box(box.x + round(by), box.y, box.width - 2 * round(by), box.height)
