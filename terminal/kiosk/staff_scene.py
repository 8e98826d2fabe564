"""How the staff menu looks: one drawing for each view of it. Knows no clock, no PIN and no ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from kivy.graphics import Color, InstructionGroup
from PIL import Image, ImageDraw

from ratings.scale import Score
from terminal.health import Line, phrase, verbatim
from terminal.kiosk import faces, staff_layout, theme
from terminal.kiosk.boxes import unit_of
from terminal.kiosk.drawing import Painter, Placed, Text, inset, upload
from terminal.kiosk.lettering import Lettering
from terminal.kiosk.staff import (
    BACK,
    BUTTONS,
    CLOSE,
    DIGITS,
    ERASE,
    MORE,
    OK,
    OTHER_LANGUAGE,
    SOUND,
    TOUCH,
    Page,
    StaffView,
)
from terminal.kiosk.staff_layout import Cell, Row, Sheet
from terminal.kiosk.staff_words import NAMES, StaffWords, staff_words
from terminal.kiosk.touch import Key

NAMED = {
    OK: verbatim("OK"),
    ERASE: phrase("Erase"),
    CLOSE: phrase("Close"),
    BACK: phrase("Back"),
    MORE: phrase("More"),
    BUTTONS: phrase("Buttons"),
    SOUND: phrase("Sound"),
    TOUCH: phrase("Touch"),
}
PIN = phrase("PIN for staff")
WELL, UNWELL = phrase("All is well."), phrase("Something needs your attention.")
PRESS, PRESSED = phrase("Press the four buttons, one after another."), phrase("All four buttons work.")
HEAR = phrase("Touch a language to hear it.")
PALE = 0.28
"""How much is seen of a face whose button has not been pressed."""


class StaffScene:
    """The menu's pages for one window size. `names` are the visitors' languages by their own names."""

    def __init__(
        self, width: int, height: int, lettering: Lettering, order: Sequence[Score], names: Mapping[str, str]
    ) -> None:
        self._size = width, height
        self._unit = unit_of(width, height)
        self._lettering = lettering
        self._painter = Painter(lettering, height)
        self._order = tuple(order)
        self._names = names
        self._textures: dict[tuple[object, ...], Any] = {}

    def target(self, view: StaffView, x: float, y: float) -> Key | None:
        """The key at a point in pixels from the top left corner."""
        return next((key for key, cell in self.cells(view).items() if cell.target.holds(x, y)), None)

    def texts(self, view: StaffView) -> list[Text]:
        """All texts of a view, as they are set; those to the left of their boxes too."""
        return [*self._centred(view), *self._left(view)]

    def draw(self, canvas: Any, view: StaffView) -> None:
        """Put a view on a canvas, in place of what is there."""
        group = InstructionGroup()
        group.add(Color(1, 1, 1, 1))
        for key, cell in self.cells(view).items():
            self._pill(group, cell, self._kind(view, key))
        match view.page:
            case Page.PIN:
                self._dots(group, view.digits)
            case Page.STATUS:
                self._signs(group, view)
            case Page.BUTTONS:
                self._faces(group, view.pressed)
        self._painter.show_all(group, self._painter.lay(self._centred(view)))
        self._painter.show_all(group, self._lay_left(self._left(view)))
        canvas.clear()
        canvas.add(group)

    def leaves(self, view: StaffView) -> list[list[tuple[Line, Row]]]:
        """The lines of a status and where they are, leaf by leaf."""
        return self._leaves(view, self._sheet(view))

    def _leaves(self, view: StaffView, sheet: Sheet) -> list[list[tuple[Line, Row]]]:
        todos = [line.todo is not None for line in view.lines]
        lines = iter(view.lines)
        return [[(next(lines), row) for row in leaf] for leaf in staff_layout.leaves(*self._size, sheet.body, todos)]

    def _leaf(self, view: StaffView) -> list[tuple[Line, Row]]:
        leaves = self.leaves(view)
        return leaves[view.leaf % len(leaves)]

    def _sheet(self, view: StaffView) -> Sheet:
        if view.page is not Page.STATUS:
            return staff_layout.sheet(*self._size, [BACK, CLOSE])
        keys = [*(key for key in (BUTTONS, SOUND, TOUCH) if key in view.keys), OTHER_LANGUAGE, CLOSE]
        sheet = staff_layout.sheet(*self._size, keys)
        if len(self._leaves(view, sheet)) > 1:
            sheet = staff_layout.sheet(*self._size, [MORE, *keys])
        return sheet

    def _choices(self, view: StaffView) -> dict[Key, Cell]:
        spoken = [Key(language) for language in view.spoken]
        return staff_layout.choices(*self._size, self._sheet(view).body, spoken)

    def cells(self, view: StaffView) -> dict[Key, Cell]:
        """The keys of a view, and where they are."""
        if view.page is Page.PIN:
            return staff_layout.pad(*self._size).keys
        cells = dict(self._sheet(view).keys)
        return cells | self._choices(view) if view.page is Page.SOUND else cells

    def _kind(self, view: StaffView, key: Key) -> str:
        if key == view.held:
            return "held"
        return "used" if key == OK or key.name == view.speaking else "idle"

    def _label(self, view: StaffView, words: StaffWords, key: Key) -> str:
        if key in DIGITS:
            return key.name
        if key == OTHER_LANGUAGE:
            return next(name for language, name in NAMES.items() if language != view.language)
        return words.say(NAMED[key]) if key in NAMED else self._names.get(key.name, key.name)

    def _centred(self, view: StaffView) -> list[Text]:
        words, fit, unit = staff_words(view.language), self._painter.fit, self._unit
        found = []
        if view.page is Page.PIN:
            place = staff_layout.pad(*self._size)
            found.append(fit(words.say(PIN), place.title, int(34 * unit), 1))
            if view.said is not None:
                found.append(fit(words.say(view.said), place.said, int(22 * unit), 2))
        elif view.page is not Page.STATUS:
            done = len(view.pressed) == len(self._order)
            said = HEAR if view.page is Page.SOUND else PRESSED if done else PRESS
            found.append(fit(words.say(said), self._sheet(view).title, int(27 * unit), 2))
        cells = self.cells(view)
        sizes = {
            key: fit(self._label(view, words, key), inset(cell.pill, 10 * unit), self._largest(key), 1).block.size
            for key, cell in cells.items()
        }
        small = min((size for key, size in sizes.items() if key not in DIGITS), default=0)
        for key, cell in cells.items():
            ink = theme.PAPER if self._kind(view, key) == "used" else theme.INK
            size = sizes[key] if key in DIGITS else small
            found.append(fit(self._label(view, words, key), inset(cell.pill, 6 * unit), size, 1, ink))
        return found

    def _largest(self, key: Key) -> int:
        return int((40 if key in DIGITS else 21) * self._unit)

    def _left(self, view: StaffView) -> list[Text]:
        if view.page is not Page.STATUS:
            return []
        words, fit, unit = staff_words(view.language), self._painter.fit, self._unit
        said = UNWELL if any(line.todo for line in view.lines) else WELL
        found = [fit(words.say(said), self._sheet(view).heading, int(30 * unit), 1)]
        for line, row in self._leaf(view):
            found.append(fit(words.say(line.name), row.name, int(19 * unit), 1, theme.SOFT_INK))
            found.append(fit(words.say(line.value), row.value, int(21 * unit), 1))
            if line.todo is not None:
                upright = self._size[1] > self._size[0]
                found.append(fit(words.say(line.todo), row.todo, int(17 * unit), 2 if upright else 1, theme.SOFT_INK))
        return found

    def _lay_left(self, texts: Sequence[Text]) -> Placed:
        """Draw texts, each line at the left of its box."""
        placed = Placed()
        for text in texts:
            for content, baseline in zip(text.block.lines, text.baselines(), strict=True):
                line = self._lettering.line(content, text.block.size, text.colour)
                placed.add(line.texture, text.box.x, round(baseline) - line.ascent, line.width, line.height)
        return placed

    def _pill(self, group: Any, cell: Cell, kind: str) -> None:
        fill, edge = {
            "idle": (theme.PAPER, theme.LINE),
            "held": (theme.HELD_PAPER, theme.INK),
            "used": (theme.INK, theme.INK),
        }[kind]
        width, height = cell.pill.width, cell.pill.height
        thickness = max(2, round(1.6 * self._unit))
        picture = self._texture((kind, width, height), partial(faces.pill, width, height, fill, edge, thickness))
        self._painter.show(group, picture, cell.pill.x, cell.pill.y, width, height)

    def _dots(self, group: Any, count: int) -> None:
        box = staff_layout.pad(*self._size).dots
        side, gap = round(18 * self._unit), round(9 * self._unit)
        picture = self._texture(("dot", side), partial(faces.pill, side, side, theme.INK, theme.INK, 1))
        left = box.x + (box.width - count * side - (count - 1) * gap) / 2
        for number in range(count):
            self._painter.show(
                group, picture, left + number * (side + gap), box.y + (box.height - side) / 2, side, side
            )

    def _signs(self, group: Any, view: StaffView) -> None:
        sheet = self._sheet(view)
        signs = [(sheet.sign, all(line.todo is None for line in view.lines))]
        signs += [(row.sign, line.todo is None) for line, row in self._leaf(view)]
        for box, well in signs:
            picture = self._texture((well, box.width), partial(faces.tick if well else alarm, box.width))
            self._painter.show(group, picture, box.x, box.y, box.width, box.width)

    def _faces(self, group: Any, pressed: frozenset[Score]) -> None:
        body = staff_layout.sheet(*self._size, [BACK, CLOSE]).body
        for score, box in staff_layout.faces(*self._size, body, self._order).items():
            room = faces.padding(box.width)
            side = box.width + 2 * room
            picture = self._texture(("face", score, box.width), partial(faces.face, score, box.width))
            group.add(Color(1, 1, 1, 1 if score in pressed else PALE))
            self._painter.show(group, picture, box.x - room, box.y - room, side, side)
        group.add(Color(1, 1, 1, 1))

    def _texture(self, key: tuple[object, ...], draw: Callable[[], Any]) -> Any:
        if key not in self._textures:
            self._textures[key] = upload(draw())
        return self._textures[key]


def alarm(diameter: int) -> Image.Image:
    """The sign of a line that is not well, RGBA: an exclamation mark on a disc; the others have a tick."""
    side = diameter * 6
    disc = Image.new("L", (side, side), 0)
    ImageDraw.Draw(disc).ellipse((0, 0, side - 1, side - 1), fill=255)
    picture = Image.new("RGB", (side, side), theme.SKINS[Score.VERY_UNHAPPY].edge.rgb)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0.44 * side, 0.2 * side, 0.56 * side, 0.58 * side), 0.06 * side, fill=theme.PAPER.rgb)
    draw.ellipse((0.43 * side, 0.67 * side, 0.57 * side, 0.81 * side), fill=theme.PAPER.rgb)
    signed = picture.reduce(6).convert("RGBA")
    signed.putalpha(disc.reduce(6))
    return signed
