"""The four answers: how many gave each, of some months together and month by month. Colour is never all there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.patches import PathPatch, Rectangle

from dashboard.charts.axis import LEFT, MonthAxis
from dashboard.charts.faces import face
from dashboard.charts.patterns import Box, areas, rectangles
from dashboard.charts.style import FILLS, RAIL, Size, text
from dashboard.language import Words
from ratings.period import Period
from ratings.scale import Counts, Score

BEST_FIRST = tuple(reversed(Score))

ROWS = Size("wide", 580, 216, 14, 5.5)
"""Four rows."""


def answer(score: Score, say: Words) -> str:
    """What a face says."""
    match score:
        case Score.VERY_HAPPY:
            return say("Very happy")
        case Score.HAPPY:
            return say("Happy")
        case Score.UNHAPPY:
            return say("Unhappy")
        case Score.VERY_UNHAPPY:
            return say("Very unhappy")


def percent(counts: Counts, score: Score) -> float:
    """An answer's share of all."""
    return 100 * counts[score] / sum(counts)


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of some whole months together; at least one."""

    days: Period
    counts: Counts
    name: str = "answers"

    def title(self, say: Words) -> str:
        """What, and when."""
        return say("The four answers, %(months)s", months=say.months(self.days))

    def description(self, say: Words) -> str:
        """Every answer's share and number."""
        return " ".join(
            say(
                "%(answer)s: %(percent)s (%(k)s of %(n)s).",
                answer=answer(score, say),
                percent=say.percent(percent(self.counts, score)),
                k=say.number(self.counts[score]),
                n=say.number(sum(self.counts)),
            )
            for score in BEST_FIRST
        )

    def artists(self, size: Size, say: Words) -> Iterable[Artist]:
        """A row for each answer: its face, its name, a bar, its share and number."""
        row = size.height / len(Score)
        left, right = 192, size.width - 122
        for number, score in enumerate(BEST_FIRST):
            middle = size.height - (number + 0.5) * row
            yield from face(score, 22, middle, 19)
            yield text(54, middle - 5, answer(score, say), "name", "left", size.text)
            yield Rectangle((left, middle - 10), right - left, 20, facecolor=RAIL, edgecolor="none", gid="rail")
            share = percent(self.counts, score)
            if share:
                yield from areas(score, [(left, middle - 10, left + (right - left) * share / 100, middle + 10)])
            yield text(size.width - 62, middle - 6, say.percent(share), "amount", "right", size.text + 3, bold=True)
            yield text(size.width, middle - 5, say.number(self.counts[score]), "axis", "right", size.text)


@dataclass(frozen=True, slots=True)
class Stack:
    """The answers of some whole months; at least one."""

    days: Period
    counts: Counts


@dataclass(frozen=True, slots=True)
class AnswersByMonth:
    """`stacks` and `hidden` (months without a figure) in order; at least one stack."""

    stacks: tuple[Stack, ...]
    hidden: tuple[Period, ...]
    name: str = "answers-by-month"

    @property
    def _span(self) -> Period:
        everything = [*(each.days for each in self.stacks), *self.hidden]
        return Period(min(each.first for each in everything), max(each.last for each in everything))

    def title(self, say: Words) -> str:
        """What, and when."""
        return say("The four answers, %(months)s", months=say.months(self._span))

    def description(self, say: Words) -> str:
        """Every answer's share in each month, and what is hidden."""
        parts = [
            say(
                "%(months)s: very happy %(very_happy)s, happy %(happy)s, "
                "unhappy %(unhappy)s, very unhappy %(very_unhappy)s",
                months=say.months(stack.days),
                **{score.name.lower(): say.percent(percent(stack.counts, score)) for score in Score},
            )
            for stack in self.stacks
        ]
        if self.hidden:
            parts.append(say("%(months)s: hidden to protect visitors", months=say.listed(self.hidden)))
        return ". ".join(parts) + "."

    def artists(self, size: Size, say: Words) -> Iterable[Artist]:
        """What the patterns mean, the grid, hidden months, and a stack for each month, the best at the bottom."""
        columns = 4 if size.width > 400 else 2
        line = size.text + 10
        axis = MonthAxis(self._span, size, len(Score) // columns * line + 14)
        yield from _meanings(size, columns, line, say)
        yield from axis.grid(say)
        yield from axis.hidden(self.hidden)
        parts = [part for stack in self.stacks for part in _parts(stack, axis)]
        for score in BEST_FIRST:
            yield from areas(score, [box for of, _, box in parts if of is score])
        for score in BEST_FIRST:
            shares = [(_bare(share, say), box) for of, share, box in parts if of is score]
            yield from _amounts(score, shares, size.text - 1)
        yield from axis.names(say)


def _parts(stack: Stack, axis: MonthAxis) -> Iterable[tuple[Score, float, Box]]:
    """The answers that a stack has, its share in percent and where it lies."""
    left, right = axis.within(stack.days, 0.1)
    below = 0.0
    for score in BEST_FIRST:
        share = percent(stack.counts, score)
        if share:
            yield score, share, (left, axis.up(below), right, axis.up(below + share))
        below += share


def _bare(share: float, say: Words) -> str:
    """A percentage without its sign, which the axis has."""
    return say.percent(share).rstrip("%").strip()


def _amounts(score: Score, shares: Iterable[tuple[str, Box]], pixels: int) -> Iterable[Artist]:
    """Percentages inside their parts, where there is room, on a piece without pattern."""
    pieces: list[Box] = []
    texts: list[Artist] = []
    for words, (left, bottom, right, top) in shares:
        width, height = len(words) * pixels * 0.58 + 2, pixels + 2.0
        if width <= right - left and height + 2 <= top - bottom:
            x, y = (left + right) / 2, (bottom + top) / 2
            pieces.append((x - width / 2, y - height / 2, x + width / 2, y + height / 2))
            texts.append(text(x, y - pixels * 0.36, words, "inside", "center", pixels, bold=True))
    if pieces:
        yield PathPatch(rectangles(pieces), facecolor=FILLS[score], edgecolor="none", gid=f"fill-{score:d}")
    yield from texts


def _meanings(size: Size, columns: int, line: float, say: Words) -> Iterable[Artist]:
    """Which pattern is which answer."""
    width = (size.width - LEFT) / columns
    for number, score in enumerate(BEST_FIRST):
        x = LEFT + number % columns * width
        y = size.height - (number // columns + 1) * line + 4
        yield from areas(score, [(x + 0.5, y, x + 20.5, y + 14)])
        yield text(x + 27, y + 2, answer(score, say), "name", "left", size.text - 1)
