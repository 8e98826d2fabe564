"""The scene that asks: the question and the button that says it, the faces with their captions, the languages by their
own names, and while nobody is there what visitors said and staff did.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from PIL import Image

from ratings.config import Question
from ratings.scale import Score
from terminal.kiosk import band, faces, theme
from terminal.kiosk.boxes import Box, rounded
from terminal.kiosk.drawing import Painter, Placed, Text, View, inset, upload
from terminal.kiosk.layout import MARGIN, Layout
from terminal.kiosk.touch import Language, Listen, Target
from terminal.kiosk.words import Words
from terminal.visit import State

_STYLES = {
    "idle": (theme.PAPER, theme.LINE, theme.INK),
    "held": (theme.HELD_PAPER, theme.INK, theme.INK),
    "used": (theme.INK, theme.INK, theme.PAPER),
}
"""Buttons: what they are filled with, their edge, what is on them. In use are the language shown, and what speaks."""


class Asking:
    """The asking screen of one window size and question. `voices` are the languages that can be heard, `said` is what
    staff did, by language.
    """

    def __init__(
        self,
        place: Layout,
        words: dict[str, Words],
        question: Question,
        painter: Painter,
        voices: Collection[str] = (),
        said: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self._place = place
        self._words = words
        self._question = question
        self._painter = painter
        self._voices = voices
        self._said = said
        self._thickness = max(2, round(1.6 * place.unit))
        self._faces: dict[tuple[Score, str], Any] = {}
        for score in place.faces:
            self._face(score, "idle")
        self._speakers: dict[str, Any] = {}
        if place.listen:
            self._speaker("idle")
        self._band = upload(Image.new("RGBA", (8, 8), theme.BAND.rgb)) if place.said else None
        self._placed_said: dict[str, Placed] = {}
        self._caption_size = self._smallest_caption()
        self._pills = self._draw_pills()
        self._placed: dict[str, Placed] = {}

    def preparations(self) -> list[Callable[[], object]]:
        """As `Scene` says: the other languages, and the faces as they look when they are held."""
        order = self._place.faces
        later: list[Callable[[], object]] = []
        if self._place.said:
            later += [partial(self._said_in, language) for language in self._said]
        if self._place.listen:
            later += [partial(self._face, score, "named") for score in reversed(order)]
        later += [partial(self._texts_in, language) for language in self._words]
        if self._place.listen:
            later += [partial(self._speaker, "used"), partial(self._speaker, "held")]
        return [*later, *(partial(self._face, score, "held") for score in order)]

    def texts(self, state: State, language: str) -> list[Text]:
        """The question and the captions."""
        del state
        words, place = self._words[language], self._place
        room = place.question
        if language not in self._voices:
            # It has the listen button's room, too.
            room = Box(room.x, room.y, place.width - 2 * room.x, room.height)
        question = self._painter.fit(words.question(self._question), room, place.question_size, place.question_lines)
        question = Text(self._centred(question), question.block, question.colour)
        captions = [
            self._painter.fit(words.captions[score], cell.caption, self._caption_size, 1, theme.SOFT_INK)
            for score, cell in place.faces.items()
        ]
        return [question, *captions]

    def said(self, language: str) -> list[Text]:
        """What visitors said and staff did, under its heading; nothing where staff wrote nothing in this language."""
        lines, place = self._said.get(language), self._place
        if not lines or not place.said:
            return []
        box = inset(place.said, MARGIN * place.unit)
        found = band.blocks(self._words[language].said, lines, self._painter.ruler, box.width, place.unit, box.height)
        texts: list[Text] = []
        rooms = [band.room(block, place.unit) for block in found]
        y = box.y + (box.height - sum(rooms)) / 2
        for block, room in zip(found, rooms, strict=True):
            colour = theme.INK if texts else theme.SOFT_INK
            texts.append(Text(rounded(box.x, y, box.width, room), block, colour))
            y += room
        return texts

    def names(self) -> list[Text]:
        """The names on the language buttons, as they are set."""
        inner = [inset(button.pill, 6 * self._place.unit) for button in self._place.languages]
        size = self._place.name_size
        # A single language has no button.
        pairs = zip(self._words.values(), inner, strict=False)
        return [self._painter.fit(words.name, box, size, 1) for words, box in pairs]

    def target(self, x: float, y: float) -> Target | None:
        """The face, the language or the listen button at a point."""
        for score, face in self._place.faces.items():
            if face.target.holds(x, y):
                return score
        for language, button in zip(self._words, self._place.languages, strict=False):
            if button.target.holds(x, y):
                return Language(language)
        if self._place.listen and self._place.listen.target.holds(x, y):
            return Listen()
        return None

    def draw(self, group: Any, view: View) -> None:
        """Faces, languages, texts, and what there is of the others."""
        for score, cell in self._place.faces.items():
            box = cell.picture
            room = faces.padding(box.width)
            side = box.width + 2 * room
            kind = "held" if view.held is score else "named" if view.naming is score else "idle"
            self._painter.show(group, self._face(score, kind), box.x - room, box.y - room, side, side)
        for (language, cells), button in zip(self._pills.items(), self._place.languages, strict=True):
            kind = "used" if language == view.language else "held" if Language(language) == view.held else "idle"
            box = button.pill
            pill, name = cells[kind]
            self._painter.show(group, pill, box.x, box.y, box.width, box.height)
            self._painter.show_all(group, name)
        self._painter.show_all(group, self._texts_in(view.language))
        if self._place.listen and view.language in self._voices:
            kind = "held" if view.held == Listen() else "used" if view.speaking else "idle"
            box = self._place.listen.picture
            self._painter.show(group, self._speaker(kind), box.x, box.y, box.width, box.height)
        if self._place.said and view.said and view.language in self._said:
            box = self._place.said
            self._painter.show(group, self._band, box.x, box.y, box.width, box.height)
            self._painter.show_all(group, self._said_in(view.language))

    def _centred(self, question: Text) -> Box:
        """Where a question stands: in the middle of the screen, or as near as it can beside the listen button."""
        box = question.box
        wide = max(self._painter.ruler(line, question.block.size) for line in question.block.lines)
        middle = min(self._place.width / 2, box.right - wide / 2)
        half = min(middle - box.x, box.right - middle)
        return Box(round(middle - half), box.y, round(2 * half), box.height)

    def _face(self, score: Score, kind: str) -> Any:
        picture = self._faces.get((score, kind))
        if picture is None:
            diameter = self._place.faces[score].picture.width
            drawn = faces.face(score, diameter, held=kind == "held", named=kind == "named")
            picture = self._faces[score, kind] = upload(drawn)
        return picture

    def _speaker(self, kind: str) -> Any:
        picture = self._speakers.get(kind)
        if picture is None:
            assert self._place.listen is not None
            drawn = faces.loudspeaker(self._place.listen.picture.width, *_STYLES[kind], self._thickness)
            picture = self._speakers[kind] = upload(drawn)
        return picture

    def _said_in(self, language: str) -> Placed:
        placed = self._placed_said.get(language)
        if placed is None:
            placed = self._placed_said[language] = self._painter.lay(self.said(language))
        return placed

    def _texts_in(self, language: str) -> Placed:
        placed = self._placed.get(language)
        if placed is None:
            placed = self._placed[language] = self._painter.lay(self.texts(State.ASKING, language))
        return placed

    def _draw_pills(self) -> dict[str, dict[str, tuple[Any, Placed]]]:
        drawn: dict[str, dict[str, tuple[Any, Placed]]] = {}
        for text, button, language in zip(self.names(), self._place.languages, self._words, strict=False):
            drawn[language] = {}
            for kind, (fill, edge, ink) in _STYLES.items():
                pill = faces.pill(button.pill.width, button.pill.height, fill, edge, self._thickness)
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
