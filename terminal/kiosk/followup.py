"""The scene of the follow-up question: what mattered, in up to six pictures with words, and a button to skip it.

The same after every rating: it is not told which one it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ratings.config import Reason
from terminal.kiosk import faces, pictograms, theme
from terminal.kiosk.boxes import LEAST_TARGET, LEAST_TARGET_SHORT, Box, rounded, unit_of
from terminal.kiosk.drawing import Painter, Placed, Text, View, inset, upload
from terminal.kiosk.pictograms import Picture
from terminal.kiosk.touch import Reason as Touched
from terminal.kiosk.touch import Target
from terminal.kiosk.words import Words
from terminal.visit import State

_MARGIN = 26
_GAP = 12
_WIDEST, _TALLEST = 300, 236
_LARGEST_PICTURE = 128
_COLUMNS_ACROSS = (1, 1, 2, 3, 4, 3, 3)
_COLUMNS_UPRIGHT = (1, 1, 1, 1, 2, 2, 2)
"""How many reasons stand beside each other, by how many there are."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reason's button, which is its target, the square of its picture, and the room for its words."""

    target: Box
    picture: Box
    words: Box


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is. Sizes of letters are the largest allowed, in pixels of an em."""

    unit: float
    heading: Box
    heading_size: int
    heading_lines: int
    answers: tuple[Answer, ...]
    words_size: int
    skip: Box
    skip_pill: Box


def arrange(width: int, height: int, count: int) -> Place:
    """The layout of a window of `width` by `height` pixels for so many reasons (0 to 6)."""
    upright = height > width
    unit = unit_of(width, height)
    top, heading = 14 * unit, (120 if upright else 76) * unit
    foot = (LEAST_TARGET if upright else LEAST_TARGET_SHORT) * unit
    begin = top + heading + (12 if upright else 6) * unit
    answers = _answers(width, begin, height - foot - begin, count, unit)
    across, pill = 236 * unit, 62 * unit
    return Place(
        unit=unit,
        heading=rounded(_MARGIN * unit, top, width - 2 * _MARGIN * unit, heading),
        heading_size=int(42 * unit),
        heading_lines=3 if upright else 2,
        answers=answers,
        words_size=int(23 * unit),
        skip=rounded((width - across) / 2, height - foot, across, foot),
        # Nearer to the screen's edge than to the reasons, which it is none of.
        skip_pill=rounded((width - across) / 2, height - 18 * unit - pill, across, pill),
    )


def _answers(width: int, begin: float, room: float, count: int, unit: float) -> tuple[Answer, ...]:
    columns = (_COLUMNS_UPRIGHT if room > width else _COLUMNS_ACROSS)[count]
    rows = max(1, -(-count // columns))
    gap = _GAP * unit
    wide = min((width - 2 * _MARGIN * unit - (columns - 1) * gap) / columns, _WIDEST * unit)
    tall = min((room - (rows - 1) * gap) / rows, _TALLEST * unit)
    # Two lines of words, the larger the more room there is.
    lines, room_around = (68, 13) if tall >= 200 * unit else (58, 12) if tall >= 150 * unit else (40, 9)
    words, air = lines * unit, room_around * unit
    side = int(min(tall - words - 2 * air, wide - 2 * air, _LARGEST_PICTURE * unit))
    above = begin + (room - rows * tall - (rows - 1) * gap) / 2
    found: list[Answer] = []
    for number in range(count):
        row, column = divmod(number, columns)
        # The last row may be shorter: it stands in the middle.
        filled = min(columns, count - row * columns)
        x = (width - filled * wide - (filled - 1) * gap) / 2 + column * (wide + gap)
        y = above + row * (tall + gap)
        # A little lower than the middle: most words need less room than they have, and leave it below.
        over = y + (tall - side - words + 0.55 * air) / 2
        found.append(
            Answer(
                target=rounded(x, y, wide, tall),
                picture=Box(round(x + (wide - side) / 2), round(over), side, side),
                words=rounded(x + 11 * unit, over + side, wide - 22 * unit, words),
            )
        )
    return tuple(found)


class FollowUp:
    """The follow-up question of one window size. `pictures` are those of the reasons, by id."""

    def __init__(
        self,
        size: tuple[int, int],
        words: dict[str, Words],
        reasons: Sequence[Reason],
        pictures: Mapping[str, Picture],
        painter: Painter,
    ) -> None:
        self.place = arrange(*size, len(reasons))
        self._words = words
        self._reasons = reasons
        self._pictures = pictures
        self._painter = painter
        self._drawn: dict[str, Any] = {}
        self._cards: dict[bool, Any] = {}
        self._pills: dict[bool, Any] = {}
        self._placed: dict[str, Placed] = {}

    def preparations(self) -> list[Callable[[], object]]:
        """As `Scene` says: all of it, but nothing where nothing is asked."""
        if not self._reasons:
            return []
        texts = [partial(self._texts_in, language) for language in reversed(self._words)]
        cards = [partial(make, held=held) for held in (True, False) for make in (self._card, self._pill)]
        return [*texts, *(partial(self._picture, reason.id) for reason in self._reasons), *cards]

    def texts(self, state: State, language: str) -> list[Text]:
        """The question, the reasons, and the word on the skip button."""
        del state
        words, place = self._words[language], self.place
        said = [_said(reason, words) for reason in self._reasons]
        boxes = [answer.words for answer in place.answers]
        # One size for all of them: none is more than the others.
        size = min(
            (
                self._painter.fit(text, box, place.words_size, 2).block.size
                for text, box in zip(said, boxes, strict=True)
            ),
            default=0,
        )
        return [
            self._painter.fit(words.follow_up, place.heading, place.heading_size, place.heading_lines),
            *(self._painter.fit(text, box, size, 2) for text, box in zip(said, boxes, strict=True)),
            self._painter.fit(words.skip, inset(place.skip_pill, 14 * place.unit), place.words_size, 1, theme.SOFT_INK),
        ]

    def target(self, x: float, y: float) -> Target | None:
        """The reason at a point, or the skip button."""
        for reason, answer in zip(self._reasons, self.place.answers, strict=True):
            if answer.target.holds(x, y):
                return Touched(reason.id)
        return Touched(None) if self.place.skip.holds(x, y) else None

    def draw(self, group: Any, view: View) -> None:
        """Reasons, the skip button, texts."""
        for reason, answer in zip(self._reasons, self.place.answers, strict=True):
            box, square = answer.target, answer.picture
            card = self._card(held=view.held == Touched(reason.id))
            self._painter.show(group, card, box.x, box.y, *card.size)
            picture = self._picture(reason.id)
            self._painter.show(group, picture, square.x, square.y, square.width, square.height)
        box = self.place.skip_pill
        self._painter.show(group, self._pill(held=view.held == Touched(None)), box.x, box.y, box.width, box.height)
        self._painter.show_all(group, self._texts_in(view.language))

    def _texts_in(self, language: str) -> Placed:
        placed = self._placed.get(language)
        if placed is None:
            placed = self._placed[language] = self._painter.lay(self.texts(State.FOLLOW_UP, language))
        return placed

    def _picture(self, reason: str) -> Any:
        drawn = self._drawn.get(reason)
        if drawn is None:
            side = self.place.answers[0].picture.width
            drawn = self._drawn[reason] = upload(self._pictures[reason](side))
        return drawn

    def _card(self, *, held: bool) -> Any:
        if held not in self._cards:
            box, unit = self.place.answers[0].target, self.place.unit
            self._cards[held] = upload(pictograms.card(box.width, box.height, round(22 * unit), *self._style(held)))
        return self._cards[held]

    def _pill(self, *, held: bool) -> Any:
        if held not in self._pills:
            box = self.place.skip_pill
            self._pills[held] = upload(faces.pill(box.width, box.height, *self._style(held)))
        return self._pills[held]

    def _style(self, held: bool) -> tuple[theme.Colour, theme.Colour, int]:
        fill, edge = (theme.HELD_PAPER, theme.INK) if held else (theme.PAPER, theme.LINE)
        return fill, edge, max(2, round(1.6 * self.place.unit))


def _said(reason: Reason, words: Words) -> str:
    """The words of a reason: the configured ones, else those that ship; in another language before none at all."""
    own = reason.texts.get(words.language) or words.reasons.get(reason.id)
    return own or next(iter(reason.texts.values()), reason.id)
