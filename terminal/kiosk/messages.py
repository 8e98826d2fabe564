"""The scenes that say one thing and ask nothing: thank you, out of order, closed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from terminal.kiosk import faces, theme
from terminal.kiosk.drawing import Painter, Placed, Text, View, upload
from terminal.kiosk.layout import Message
from terminal.kiosk.touch import Target
from terminal.kiosk.words import Words
from terminal.visit import State

STATES = (State.THANKS, State.OUT_OF_ORDER, State.CLOSED)


class Messages:
    """The messages of one window size."""

    def __init__(self, place: Message, words: dict[str, Words], painter: Painter) -> None:
        self._place = place
        self._words = words
        self._painter = painter
        sign = place.sign.width
        self._tick, self._bar = upload(faces.tick(sign)), upload(faces.bar(sign))
        self._placed: dict[tuple[State, str], Placed] = {}

    def preparations(self) -> list[Callable[[], object]]:
        """As `Scene` says: all of them, the thank-you in the first language last."""
        wanted = [(state, language) for language in reversed(self._words) for state in reversed(STATES)]
        return [partial(self._texts_of, state, language) for state, language in wanted]

    def texts(self, state: State, language: str) -> list[Text]:
        """The large line and the smaller one."""
        words, place = self._words[language], self._place
        said = {State.THANKS: words.thanks, State.OUT_OF_ORDER: words.sorry, State.CLOSED: words.closed}
        heading, line = said[state]
        return [
            self._painter.fit(heading, place.heading, place.heading_size, 1),
            self._painter.fit(line, place.line, place.line_size, 2, theme.SOFT_INK),
        ]

    def target(self, x: float, y: float) -> Target | None:
        """Nothing: there are no buttons."""
        del x, y
        return None

    def draw(self, group: Any, view: View) -> None:
        """The sign and the lines."""
        box = self._place.sign
        picture = self._tick if view.state is State.THANKS else self._bar
        width, height = picture.size
        self._painter.show(group, picture, box.x + (box.width - width) / 2, box.y, width, height)
        self._painter.show_all(group, self._texts_of(view.state, view.language))

    def _texts_of(self, state: State, language: str) -> Placed:
        placed = self._placed.get((state, language))
        if placed is None:
            placed = self._placed[state, language] = self._painter.lay(self.texts(state, language))
        return placed
