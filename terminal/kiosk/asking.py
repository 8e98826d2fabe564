"""The scene that asks: the question, the faces with their captions, the languages by their own names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ratings.config import Question
from ratings.scale import Score
from terminal.kiosk import faces, theme
from terminal.kiosk.drawing import Painter, Placed, Text, View, inset, upload
from terminal.kiosk.layout import Layout
from terminal.kiosk.touch import Language, Target
from terminal.kiosk.words import Words
from terminal.visit import State


class Asking:
    """The asking screen of one window size and question."""

    def __init__(self, place: Layout, words: dict[str, Words], question: Question, painter: Painter) -> None:
        self._place = place
        self._words = words
        self._question = question
        self._painter = painter
        self._faces: dict[tuple[Score, bool], Any] = {}
        for score in place.faces:
            self._face(score, held=False)
        self._caption_size = self._smallest_caption()
        self._pills = self._draw_pills()
        self._placed: dict[str, Placed] = {}

    def preparations(self) -> list[Callable[[], object]]:
        """As `Scene` says: the other languages, and the faces as they look when they are held."""
        held = [partial(self._face, score, held=True) for score in self._place.faces]
        texts = [partial(self._texts_in, language) for language in self._words]
        return [*texts, *held]

    def texts(self, state: State, language: str) -> list[Text]:
        """The question and the captions."""
        del state
        words, place = self._words[language], self._place
        question = self._painter.fit(
            words.question(self._question), place.question, place.question_size, place.question_lines
        )
        captions = [
            self._painter.fit(words.captions[score], cell.caption, self._caption_size, 1, theme.SOFT_INK)
            for score, cell in place.faces.items()
        ]
        return [question, *captions]

    def names(self) -> list[Text]:
        """The names on the language buttons, as they are set."""
        inner = [inset(button.pill, 6 * self._place.unit) for button in self._place.languages]
        size = self._place.name_size
        # A single language has no button.
        pairs = zip(self._words.values(), inner, strict=False)
        return [self._painter.fit(words.name, box, size, 1) for words, box in pairs]

    def target(self, x: float, y: float) -> Target | None:
        """The face or the language at a point."""
        for score, face in self._place.faces.items():
            if face.target.holds(x, y):
                return score
        for language, button in zip(self._words, self._place.languages, strict=False):
            if button.target.holds(x, y):
                return Language(language)
        return None

    def draw(self, group: Any, view: View) -> None:
        """Faces, languages, texts."""
        for score, cell in self._place.faces.items():
            box = cell.picture
            room = faces.padding(box.width)
            side = box.width + 2 * room
            held = self._face(score, held=view.held is score)
            self._painter.show(group, held, box.x - room, box.y - room, side, side)
        for (language, cells), button in zip(self._pills.items(), self._place.languages, strict=True):
            kind = "used" if language == view.language else "held" if Language(language) == view.held else "idle"
            box = button.pill
            pill, name = cells[kind]
            self._painter.show(group, pill, box.x, box.y, box.width, box.height)
            self._painter.show_all(group, name)
        self._painter.show_all(group, self._texts_in(view.language))

    def _face(self, score: Score, *, held: bool) -> Any:
        picture = self._faces.get((score, held))
        if picture is None:
            diameter = self._place.faces[score].picture.width
            picture = self._faces[score, held] = upload(faces.face(score, diameter, held=held))
        return picture

    def _texts_in(self, language: str) -> Placed:
        placed = self._placed.get(language)
        if placed is None:
            placed = self._placed[language] = self._painter.lay(self.texts(State.ASKING, language))
        return placed

    def _draw_pills(self) -> dict[str, dict[str, tuple[Any, Placed]]]:
        styles = {
            "idle": (theme.PAPER, theme.LINE, theme.INK),
            "held": (theme.HELD_PAPER, theme.INK, theme.INK),
            "used": (theme.INK, theme.INK, theme.PAPER),
        }
        thickness = max(2, round(1.6 * self._place.unit))
        drawn: dict[str, dict[str, tuple[Any, Placed]]] = {}
        for text, button, language in zip(self.names(), self._place.languages, self._words, strict=False):
            drawn[language] = {}
            for kind, (fill, edge, ink) in styles.items():
                pill = faces.pill(button.pill.width, button.pill.height, fill, edge, thickness)
                name = Text(text.box, text.block, ink)
                drawn[language][kind] = upload(pill), self._painter.lay([name])
        return drawn

    def _smallest_caption(self) -> int:
        """One size for all captions in all languages: the largest that every one of them fits its box in."""
        return min(
            self._painter.fit(words.captions[score], cell.caption, self._place.caption_size, 1).block.size
            for words in self._words.values()
            for score, cell in self._place.faces.items()
        )
