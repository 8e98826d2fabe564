"""What is on the screen: which scene each state shows, put on one canvas. Knows the layout and the words; nothing of
touches, clocks or the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from kivy.graphics import Color, InstructionGroup

from ratings.config import Question, Reason
from terminal.kiosk import band, layout, messages
from terminal.kiosk.asking import Asking
from terminal.kiosk.boxes import unit_of
from terminal.kiosk.drawing import Painter, Scene, Text, View
from terminal.kiosk.followup import FollowUp
from terminal.kiosk.layout import Layout
from terminal.kiosk.lettering import Lettering
from terminal.kiosk.messages import Messages
from terminal.kiosk.pictograms import Picture
from terminal.kiosk.touch import Target
from terminal.kiosk.words import Words
from terminal.visit import State


class Screens:
    """The scenes of one window size. Make a new one when size, question or reasons change.

    `pictures` are those of the reasons, by id, as `pictograms.pictures` gives them; `voices` are the languages that can
    be heard, `said` is what staff wrote for "you said, we did", by language: `place` was arranged for the same.
    """

    def __init__(
        self,
        place: Layout,
        languages: Sequence[Words],
        question: Question,
        lettering: Lettering,
        reasons: Sequence[Reason] = (),
        pictures: Mapping[str, Picture] = MappingProxyType({}),
        *,
        voices: Collection[str] = (),
        said: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self.layout = place
        words = {words.language: words for words in languages}
        self.languages = list(words)
        """In the order of their buttons."""
        painter = Painter(lettering, place.height)
        written = {language: said[language] for language in words if said.get(language)}
        self._asking = Asking(place, words, question, painter, voices, written)
        message = Messages(place.message, words, painter)
        self.follow_up = FollowUp((place.width, place.height), words, reasons, pictures, painter)
        """It has a place also where it is never shown."""
        self.reasons = [reason.id for reason in reasons]
        """In the order of their buttons."""
        self._scenes: dict[State, Scene] = {
            State.ASKING: self._asking,
            State.FOLLOW_UP: self.follow_up,
            **dict.fromkeys(messages.STATES, message),
        }

    def preparations(self) -> list[Callable[[], object]]:
        """What `Scene.preparations` says, of all scenes; the asking one's come first."""
        scenes = reversed(dict.fromkeys(self._scenes.values()))
        return [each for scene in scenes for each in scene.preparations()]

    def texts(self, state: State, language: str) -> list[Text]:
        """The texts of a screen, but for the language buttons', as they are set."""
        return self._scenes[state].texts(state, language)

    def said(self, language: str) -> list[Text]:
        """ "You said, we did" in a language, as it is set; empty where staff wrote nothing."""
        return self._asking.said(language)

    def names(self) -> list[Text]:
        """The names on the language buttons, as they are set."""
        return self._asking.names()

    def target(self, state: State, x: float, y: float) -> Target | None:
        """The button at a point in pixels from the top left corner."""
        return self._scenes[state].target(x, y)

    def draw(self, canvas: Any, view: View) -> None:
        """Put a view on a canvas, in place of what is there."""
        group = InstructionGroup()
        group.add(Color(1, 1, 1, 1))
        self._scenes[view.state].draw(group, view)
        canvas.clear()
        canvas.add(group)


def arrange(
    width: int,
    height: int,
    languages: Sequence[Words],
    lettering: Lettering,
    best_face: Any,
    *,
    voices: Collection[str] = (),
    said: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Layout:
    """The layout of a window for these languages' names, with room for what can be heard and what was said in any."""
    names = [lettering.width(words.name, 100) / 100 for words in languages]
    unit = unit_of(width, height)
    room = width - 2 * layout.MARGIN * unit
    bands = [
        band.needed(band.blocks(words.said, said[words.language], lettering.width, room, unit), unit)
        for words in languages
        if said.get(words.language)
    ]
    listen = any(words.language in voices for words in languages)
    return layout.arrange(width, height, names, best_face, listen=listen, said=max(bands, default=0.0))
