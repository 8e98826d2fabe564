"""What is on the screen: the pictures of every state, made beforehand and put on one canvas.

Everything is drawn once, to its exact size in pixels, and shown one to one: nothing is scaled, and changing the
screen is a matter of exchanging textures. Knows the layout and the words; nothing of touches, clocks or the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kivy.graphics import Color, InstructionGroup, Rectangle
from kivy.graphics.texture import Texture
from PIL import Image

from ratings.config import Question
from ratings.scale import Score
from terminal.kiosk import faces, layout, lines, theme
from terminal.kiosk.layout import Box, Layout
from terminal.kiosk.lettering import Lettering, Line
from terminal.kiosk.lines import Block
from terminal.kiosk.theme import Colour
from terminal.kiosk.touch import Target
from terminal.kiosk.words import Words
from terminal.visit import State


@dataclass(frozen=True, slots=True)
class View:
    """All that the screen depends on: what is asked in which language, and the button held down."""

    state: State
    language: str
    held: Target | None = None


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
class _Placed:
    """Textures with the pixel of their top left corner."""

    items: list[tuple[Any, int, int, int, int]] = field(default_factory=list)

    def add(self, texture: Any, x: float, y: float, width: int, height: int) -> None:
        self.items.append((texture, round(x), round(y), width, height))


class Screens:
    """The pictures of one window size. Make a new one when size or question change."""

    def __init__(self, place: Layout, languages: Sequence[Words], question: Question, lettering: Lettering) -> None:
        self.layout = place
        self._words = {words.language: words for words in languages}
        self._question = question
        self._lettering = lettering
        self._faces: dict[tuple[Score, bool], Any] = {}
        for score in place.faces:
            self._face(score, held=False)
        self._caption_size = self._smallest_caption()
        self._pills = self._draw_pills()
        sign = place.message.sign.width
        self._tick, self._bar = _upload(faces.tick(sign)), _upload(faces.bar(sign))
        self._placed: dict[tuple[State, str], _Placed] = {}

    @property
    def languages(self) -> list[str]:
        """The languages, in the order of their buttons."""
        return list(self._words)

    def preparations(self) -> list[Callable[[], object]]:
        """What is not needed for the first picture: to be called, the last one first, before a visitor waits for it.

        Each takes some hundredths of a second.
        """
        held = [partial(self._face, score, held=True) for score in self.layout.faces]
        texts = [partial(self._texts_of, state, language) for language in self._words for state in State]
        return [*texts, *held]

    def texts(self, state: State, language: str) -> list[Text]:
        """The texts of a screen, but for the language buttons', as they are set."""
        words, place = self._words[language], self.layout
        if state is State.ASKING:
            question = self._set(
                words.question(self._question), place.question, place.question_size, place.question_lines
            )
            captions = [
                self._set(words.captions[score], cell.caption, self._caption_size, 1, theme.SOFT_INK)
                for score, cell in place.faces.items()
            ]
            return [question, *captions]
        message = place.message
        heading, line = {State.THANKS: words.thanks, State.OUT_OF_ORDER: words.sorry, State.CLOSED: words.closed}[state]
        return [
            self._set(heading, message.heading, message.heading_size, 1),
            self._set(line, message.line, message.line_size, 2, theme.SOFT_INK),
        ]

    def names(self) -> list[Text]:
        """The names on the language buttons, as they are set."""
        inner = [_inset(button.pill, 6 * self.layout.unit) for button in self.layout.languages]
        size = self.layout.name_size
        return [self._set(words.name, box, size, 1) for words, box in zip(self._words.values(), inner, strict=False)]

    def draw(self, canvas: Any, view: View) -> None:
        """Put a view on a canvas, in place of what is there."""
        group = InstructionGroup()
        group.add(Color(1, 1, 1, 1))
        if view.state is State.ASKING:
            self._draw_faces(group, view)
            self._draw_languages(group, view)
        else:
            box = self.layout.message.sign
            picture = self._tick if view.state is State.THANKS else self._bar
            width, height = picture.size
            self._show(group, picture, box.x + (box.width - width) / 2, box.y, width, height)
        for item in self._texts_of(view.state, view.language).items:
            self._show(group, *item)
        canvas.clear()
        canvas.add(group)

    def _draw_faces(self, group: InstructionGroup, view: View) -> None:
        for score, cell in self.layout.faces.items():
            box = cell.picture
            room = faces.padding(box.width)
            side = box.width + 2 * room
            self._show(group, self._face(score, held=view.held is score), box.x - room, box.y - room, side, side)

    def _draw_languages(self, group: InstructionGroup, view: View) -> None:
        for (language, cells), button in zip(self._pills.items(), self.layout.languages, strict=True):
            kind = "used" if language == view.language else "held" if language == view.held else "idle"
            box = button.pill
            self._show(group, cells[kind][0], box.x, box.y, box.width, box.height)
            for item in cells[kind][1].items:
                self._show(group, *item)

    def _face(self, score: Score, *, held: bool) -> Any:
        picture = self._faces.get((score, held))
        if picture is None:
            diameter = self.layout.faces[score].picture.width
            picture = self._faces[score, held] = _upload(faces.face(score, diameter, held=held))
        return picture

    def _texts_of(self, state: State, language: str) -> _Placed:
        placed = self._placed.get((state, language))
        if placed is None:
            placed = self._placed[state, language] = self._lay(self.texts(state, language))
        return placed

    def _draw_pills(self) -> dict[str, dict[str, tuple[Any, _Placed]]]:
        styles = {
            "idle": (theme.PAPER, theme.LINE, theme.INK),
            "held": (theme.HELD_PAPER, theme.INK, theme.INK),
            "used": (theme.INK, theme.INK, theme.PAPER),
        }
        thickness = max(2, round(1.6 * self.layout.unit))
        drawn: dict[str, dict[str, tuple[Any, _Placed]]] = {}
        for text, button, language in zip(self.names(), self.layout.languages, self._words, strict=True):
            drawn[language] = {}
            for kind, (fill, edge, ink) in styles.items():
                pill = faces.pill(button.pill.width, button.pill.height, fill, edge, thickness)
                name = Text(text.box, text.block, ink)
                drawn[language][kind] = _upload(pill), self._lay([name])
        return drawn

    def _smallest_caption(self) -> int:
        """One size for all captions in all languages: the largest that every one of them fits its box in."""
        return min(
            self._set(words.captions[score], cell.caption, self.layout.caption_size, 1).block.size
            for words in self._words.values()
            for score, cell in self.layout.faces.items()
        )

    def _set(self, text: str, box: Box, size: int, count: int, colour: Colour = theme.INK) -> Text:
        block = lines.fit(text, self._ruler, box.width, box.height, largest=size, lines=count)
        return Text(box, block, colour)

    def _ruler(self, text: str, size: int) -> float:
        return self._lettering.width(text, size)

    def _lay(self, texts: Sequence[Text]) -> _Placed:
        placed = _Placed()
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

    def _show(self, group: InstructionGroup, texture: Any, x: float, y: float, width: int, height: int) -> None:
        # OpenGL counts from the foot of the screen.
        group.add(
            Rectangle(texture=texture, pos=(round(x), self.layout.height - round(y) - height), size=(width, height))
        )


def arrange(width: int, height: int, languages: Sequence[Words], lettering: Lettering, best_face: Any) -> Layout:
    """The layout of a window for these languages' names."""
    names = [lettering.width(words.name, 100) / 100 for words in languages]
    return layout.arrange(width, height, names, best_face)


def _inset(box: Box, by: float) -> Box:
    return Box(box.x + round(by), box.y, box.width - 2 * round(by), box.height)


def _upload(picture: Image.Image) -> Any:
    texture = Texture.create(size=picture.size, colorfmt="rgba")
    texture.blit_buffer(picture.tobytes(), colorfmt="rgba", bufferfmt="ubyte")
    texture.flip_vertical()
    return texture
