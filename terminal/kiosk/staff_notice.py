"""How the screen looks that says what is wrong with `fjes.toml`: for staff and IT, in Norwegian and English at once.

A visitor sees the sign of a terminal that is out of order. Knows no file and no window.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from kivy.graphics import Color, InstructionGroup

from ratings.legible import printable
from terminal.health import Phrase, phrase
from terminal.kiosk import faces, theme
from terminal.kiosk.boxes import Box, rounded, unit_of
from terminal.kiosk.drawing import Painter, Placed, Text, upload
from terminal.kiosk.lettering import Lettering
from terminal.kiosk.lines import Ruler
from terminal.kiosk.notice import Notice
from terminal.kiosk.staff import LANGUAGES
from terminal.kiosk.staff_words import staff_words

HEADING = phrase("This terminal is not ready.")
TODO = phrase("Correct the file: the terminal then goes on by itself.")
TODO_ON_CARD = phrase("Correct it on the card, and start again. fjes-report.txt beside it says the same.")
LARGEST, SMALLEST = 26, 14
"""Of the text of a mistake, in units an em."""
MOST_LETTERS = 30
"""Of a file's name."""


class NoticeScene:
    """The one picture of it, for a window of this size in pixels."""

    def __init__(self, width: int, height: int, lettering: Lettering, notice: Notice) -> None:
        self._size, self._unit = (width, height), unit_of(width, height)
        self._lettering, self._notice = lettering, notice
        self._painter = Painter(lettering, height)

    def texts(self) -> list[Text]:
        """All texts, as they are set, each at the left of its box."""
        (width, height), unit, notice = self._size, self._unit, self._notice
        side, sign = 30 * unit, self.sign
        found: list[Text] = []
        # The two languages beside the sign, one under the other.
        left, tall = sign.right + 22 * unit, sign.height / 2
        boxes = [rounded(left, sign.y + row * tall, width - left - side, tall) for row in range(len(LANGUAGES))]
        found += self._both(HEADING, boxes, int(30 * unit), 1)
        # Where it is, then what it is, on a ground of their own; what to do below.
        ground, inner = self.ground, 20 * unit
        where = rounded(ground.x + inner, ground.y + 12 * unit, ground.width - 2 * inner, 36 * unit)
        found.append(self._painter.fit(self._where(), where, int(24 * unit), 1))
        top = where.bottom + 6 * unit
        body = rounded(where.x, top, where.width, ground.bottom - 12 * unit - top)
        found += self._body(printable(notice.problem), body)
        top = ground.bottom + 10 * unit
        tall = (height - side / 2 - top) / 2
        boxes = [rounded(side, top + row * tall, width - 2 * side, tall) for row in range(len(LANGUAGES))]
        todo = TODO_ON_CARD if notice.on_card else TODO
        return [*found, *self._both(todo, boxes, int(19 * unit), 2 if height > width else 1)]

    def _both(self, said: Phrase, boxes: list[Box], size: int, lines: int) -> list[Text]:
        """A phrase in both languages, in one size."""
        texts = [staff_words(language).say(said) for language in LANGUAGES]
        fit = self._painter.fit
        least = min(fit(text, box, size, lines).block.size for text, box in zip(texts, boxes, strict=True))
        inks = (theme.INK, theme.SOFT_INK)
        return [fit(text, box, least, lines, ink) for text, box, ink in zip(texts, boxes, inks, strict=True)]

    @property
    def sign(self) -> Box:
        """Where the sign is."""
        return rounded(30 * self._unit, 24 * self._unit, 92 * self._unit, 92 * self._unit)

    @property
    def ground(self) -> Box:
        """What the mistake stands on."""
        (width, height), unit = self._size, self._unit
        top = self.sign.bottom + 20 * unit
        foot = (170 if height > width else 92) * unit
        return rounded(30 * unit, top, width - 60 * unit, height - top - foot)

    def draw(self, canvas: Any) -> None:
        """Put it on a canvas, in place of what is there."""
        group = InstructionGroup()
        group.add(Color(1, 1, 1, 1))
        sign, ground = self.sign, self.ground
        self._painter.show(group, upload(faces.bar(sign.width)), sign.x, sign.y, sign.width, sign.width)
        edge = max(2, round(1.6 * self._unit))
        paper = faces.panel(ground.width, ground.height, round(14 * self._unit), theme.PAPER, theme.LINE, edge)
        self._painter.show(group, upload(paper), ground.x, ground.y, ground.width, ground.height)
        self._painter.show_all(group, self._lay(self.texts()))
        canvas.clear()
        canvas.add(group)

    def _where(self) -> str:
        """The file and its line, in both languages."""
        notice, name = self._notice, printable(self._notice.file)
        name = name if len(name) <= MOST_LETTERS else f"…{name[1 - MOST_LETTERS :]}"
        if notice.line is None:
            return name
        said = [staff_words(language).say(phrase("line %(number)s", number=notice.line)) for language in LANGUAGES]
        return f"{name}, {' / '.join(said)}"

    def _body(self, text: str, box: Box) -> list[Text]:
        """A long text from line to line, as large as the box allows; what is left over is in the report."""
        unit = self._unit
        # What is allowed begins a line of its own.
        parts = [part.strip() for part in text.replace("; allowed", ";\nallowed", 1).split("\n")]
        for size in range(int(LARGEST * unit), int(SMALLEST * unit) - 1, -1):
            lines = [line for part in parts for line in wrapped(part, self._lettering.width, box.width, size) if line]
            tall = size * 1.36
            if len(lines) * tall <= box.height:
                break
        most = max(1, int(box.height / tall))
        if len(lines) > most:
            lines = [*lines[: most - 1], f"{lines[most - 1][:-2]} …"]
        tops = accumulate([tall] * len(lines), initial=float(box.y))
        return [
            self._painter.fit(line, rounded(box.x, top, box.width, tall), size, 1)
            for line, top in zip(lines, tops, strict=False)
        ]

    def _lay(self, texts: list[Text]) -> Placed:
        """Draw texts, each at the left of its box."""
        placed = Placed()
        for text in texts:
            for content, baseline in zip(text.block.lines, text.baselines(), strict=True):
                line = self._lettering.line(content, text.block.size, text.colour)
                placed.add(line.texture, text.box.x, round(baseline) - line.ascent, line.width, line.height)
        return placed


def wrapped(text: str, ruler: Ruler, width: float, size: int) -> list[str]:
    """A text in lines that are no wider than so many pixels; a word that is wider by itself is broken anywhere."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".lstrip()
        if ruler(joined, size) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and ruler(lines[-1] + letter, size) > width:
                lines.append("")
            lines[-1] += letter
    return lines
