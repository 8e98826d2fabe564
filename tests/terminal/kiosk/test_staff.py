"""The staff menu in the real window: how it opens, what it takes, and that visitors are none the wiser."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from babel.messages.pofile import read_po
from PIL import Image, ImageChops

from ratings.config import LANGUAGES, Buttons, Hours, Kiosk, Question, Staff, Terminal
from ratings.scale import Score
from terminal import health, pin
from terminal.health import Line, phrase, verbatim
from terminal.kiosk import corner, gallery, staff, staff_words, words
from terminal.kiosk.backroom import OPENS_IN
from terminal.kiosk.boxes import LEAST_TARGET, unit_of
from terminal.kiosk.corner import HOLD_SECONDS
from terminal.kiosk.staff import BACK, BUTTONS, CLOSE, CLOSE_SECONDS, ERASE, OK, OTHER_LANGUAGE, Page, StaffView
from terminal.kiosk.touch import Key
from terminal.visit import State
from tests.terminal.kiosk.test_gallery import overflow

Rig = Any

PIN = "483920"
HASH = pin.hashed(PIN, cost=1024, parallel=1)
CORNER = (20.0, 20.0)


class Menu:
    """A kiosk with a staff menu, and a member of staff in front of it."""

    def __init__(self, rig: Rig, store: Path, configure: Callable[..., None]) -> None:
        self.rig, self.store, self.configure = rig, store, configure
        self.backroom = rig.kiosk.backroom

    def page(self) -> Page | None:
        return self.backroom.staff.page  # type: ignore[no-any-return]

    def hold(self, seconds: float = HOLD_SECONDS, at: tuple[float, float] = CORNER) -> None:
        """A finger in the corner, that is lifted after so many seconds."""
        self.rig.driver.down(*at)
        self.rig.wait(seconds)
        self.rig.driver.up(*at)

    def touch(self, key: Key) -> None:
        scene, view = self.backroom.scene, self.backroom.staff.view()
        self.rig.driver.touch(*scene.cells(view)[key].pill.centre)

    def type(self, digits: str) -> None:
        """Type a PIN, and wait until it has been looked at."""
        for digit in digits:
            self.touch(Key(digit))
        self.touch(OK)
        self.rig.driver.pump(lambda: self.backroom.staff.checking is False)

    def enter(self) -> None:
        self.hold()
        self.type(PIN)
        assert self.page() is Page.STATUS

    def said(self) -> str | None:
        said = self.backroom.staff.view().said
        return str(said.text % dict(said.values)) if said else None


@pytest.fixture
def menu(rig: Rig, tmp_path: Path) -> Iterator[Menu]:
    """A kiosk whose staff have a PIN."""
    where = Terminal(store=tmp_path, state=tmp_path / "state")

    def configure(**other: Any) -> None:
        settings = {"terminal": where, "staff": Staff(pin=HASH), "kiosk": Kiosk(), **other}
        rig.kiosk.configure(msgspec.structs.replace(rig.config, **settings), tmp_path)
        rig.driver.pump()

    configure()
    yield Menu(rig, tmp_path, configure)
    rig.notebook.broken = False
    rig.kiosk.configure(rig.config, tmp_path)
    rig.driver.pump()


def same(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is None


def test_a_finger_held_in_the_corner_asks_for_the_pin_and_the_right_one_opens(menu: Menu) -> None:
    asking = menu.rig.driver.picture()
    menu.rig.driver.down(*CORNER)
    menu.rig.wait(HOLD_SECONDS - 0.01)
    assert menu.page() is None
    assert same(asking, menu.rig.driver.picture()), "nothing shows that somebody is looking for it"
    menu.rig.wait(0.01)
    menu.rig.driver.up(*CORNER)
    assert menu.page() is Page.PIN
    assert not same(asking, menu.rig.driver.picture())
    menu.type(PIN)
    assert menu.page() is Page.STATUS
    menu.touch(CLOSE)
    assert same(asking, menu.rig.driver.picture())
    assert menu.rig.notebook.taps == []


def test_without_a_pin_there_is_no_menu(menu: Menu) -> None:
    menu.configure(staff=Staff())
    menu.hold(10)
    assert menu.page() is None


@pytest.mark.parametrize("screen", ["asking", "listen", "attract"])
@pytest.mark.parametrize("size", gallery.SIZES)
def test_the_corner_is_beside_all_buttons(rig: Rig, size: tuple[int, int], screen: str) -> None:
    spoken = [words.words(language) for language in LANGUAGES]
    screens = gallery.screens_of(size, spoken, Question(), rig.kiosk.lettering, screen)
    box = corner.box(*size)
    assert min(box.width, box.height) > 90 * unit_of(*size), "a finger finds it"
    points = [(x, y) for x in range(0, box.right, 4) for y in range(0, box.bottom, 4)]
    for state in OPENS_IN:
        assert not any(screens.target(state, x, y) for x, y in points), state
    assert screens.target(State.ASKING, *screens.layout.faces[Score.HAPPY].picture.centre) is Score.HAPPY


def test_what_is_no_hold_opens_nothing(menu: Menu) -> None:
    rig = menu.rig
    menu.hold(HOLD_SECONDS - 0.1)
    menu.hold(at=rig.centre(Score.HAPPY))
    rig.driver.down(*CORNER)  # It slides out and back.
    rig.wait(2)
    rig.driver.move(400, 100)
    rig.driver.move(*CORNER)
    rig.wait(2)
    rig.driver.up(*CORNER)
    rig.driver.down(400, 100)  # It was put down elsewhere.
    rig.driver.move(*CORNER)
    rig.wait(4)
    rig.driver.up(*CORNER)
    for _ in range(8):  # A nervous finger.
        menu.hold(0.5)
    assert menu.page() is None


def test_a_palm_opens_nothing(menu: Menu, monkeypatch: pytest.MonkeyPatch) -> None:
    """SDL feels all of it, though it hands on the first finger only."""
    from terminal.kiosk import contacts

    monkeypatch.setattr(contacts, "count", lambda: 3)
    menu.hold()
    assert menu.page() is None
    monkeypatch.setattr(contacts, "count", lambda: 2)  # Most of the hand is lifted at once.
    menu.rig.driver.down(*CORNER)
    monkeypatch.setattr(contacts, "count", lambda: 1)
    menu.rig.wait(4)
    menu.rig.driver.up(*CORNER)
    assert menu.page() is None
    menu.rig.driver.down(*CORNER)
    menu.rig.wait(1)
    monkeypatch.setattr(contacts, "count", lambda: 2)  # A second finger, that is gone when the hold ends.
    menu.rig.wait(1)
    monkeypatch.setattr(contacts, "count", lambda: 1)
    menu.rig.wait(2)
    menu.rig.driver.up(*CORNER)
    assert menu.page() is None
    menu.hold()
    assert menu.page() is Page.PIN


def test_sdl_tells_how_many_fingers_there_are_and_where_the_window_is(rig: Rig) -> None:
    from terminal.kiosk import contacts

    assert contacts.count() == 0
    assert contacts.window_system() == "offscreen"


def test_it_opens_when_closed_and_when_out_of_order(menu: Menu) -> None:
    menu.configure(hours=Hours(monday=["03:00-03:01"]))
    assert menu.rig.kiosk.visit.state is State.CLOSED
    menu.enter()
    menu.touch(CLOSE)
    menu.configure()
    menu.rig.notebook.broken = True
    menu.rig.tap(Score.HAPPY)
    assert str(menu.rig.kiosk.visit.state) == "out of order"
    menu.enter()


def test_it_does_not_come_between_a_visitor_and_the_thank_you(menu: Menu) -> None:
    menu.rig.driver.down(*CORNER)
    menu.rig.wait(2)
    menu.rig.kiosk.press(Score.HAPPY)
    menu.rig.wait(1)
    assert menu.rig.kiosk.visit.state is State.THANKS
    menu.rig.wait(0.5)
    menu.rig.driver.up(*CORNER)
    assert menu.page() is None
    assert menu.rig.notebook.taps == [(Score.HAPPY, None)]


def test_the_touch_that_wakes_the_screen_holds_nothing(menu: Menu) -> None:
    panel = menu.store / "panel"
    panel.mkdir()
    for name in ("max_brightness", "brightness"):
        (panel / name).write_text("100")
    menu.configure(kiosk=Kiosk(dim_seconds=30))
    menu.rig.wait(30)
    menu.hold()
    assert menu.page() is None
    menu.hold()
    assert menu.page() is Page.PIN


def test_a_wrong_pin_says_always_the_same_and_is_never_shown(menu: Menu) -> None:
    menu.hold()
    pictures = []
    for wrong in ("000000", "999999"):
        menu.type(wrong)
        assert menu.said() == "That is not the PIN."
        pictures.append(menu.rig.driver.picture())
    assert same(*pictures)
    assert menu.page() is Page.PIN
    menu.touch(CLOSE)
    menu.hold()
    pictures = []
    for digits in ("12", "98"):
        for digit in digits:
            menu.touch(Key(digit))
        pictures.append(menu.rig.driver.picture())
        menu.touch(ERASE)
        menu.touch(ERASE)
    assert same(*pictures), "dots only"


def test_after_three_wrong_ones_it_is_locked_also_for_who_leaves_and_comes_back(menu: Menu) -> None:
    menu.hold()
    for _ in range(3):
        menu.type("000000")
    now = menu.rig.clock.moment
    assert menu.said() == f"Too many tries. Locked until {_later(now, 30)}."
    menu.touch(CLOSE)
    menu.hold()
    assert (menu.said() or "").startswith("Too many tries.")
    menu.type(PIN)
    assert menu.page() is Page.PIN, "not even the right one"
    menu.rig.wait(30)
    assert menu.said() is None
    menu.type("000000")
    assert menu.said() == f"Too many tries. Locked until {_later(menu.rig.clock.moment, 60)}."
    menu.configure()  # Another configuration, the same PIN.
    menu.hold()
    assert (menu.said() or "").startswith("Too many tries.")
    assert (menu.store / pin.TRIES_FILE).read_text().strip() == "4"
    menu.rig.wait(55)
    menu.touch(Key("1"))
    menu.rig.wait(5)
    menu.type(PIN)
    assert menu.page() is Page.STATUS
    assert not (menu.store / pin.TRIES_FILE).exists()


def _later(moment: datetime, seconds: float) -> str:
    """So many seconds later, on the wall in Oslo, rounded up."""
    later = moment + timedelta(seconds=seconds, microseconds=-moment.microsecond % 1_000_000)
    return f"{later.astimezone(ZoneInfo('Europe/Oslo')):%H:%M:%S}"


def test_it_closes_by_itself_and_the_kiosk_is_as_for_the_first_visitor(menu: Menu) -> None:
    asking = menu.rig.driver.picture()
    menu.rig.tap("th")
    menu.enter()
    menu.rig.wait(CLOSE_SECONDS - 1)
    menu.touch(OTHER_LANGUAGE)
    menu.rig.wait(CLOSE_SECONDS - 0.1)
    assert menu.page() is Page.STATUS
    menu.rig.wait(0.1)
    assert menu.page() is None
    assert same(asking, menu.rig.driver.picture())
    menu.hold()
    menu.rig.wait(CLOSE_SECONDS)
    assert menu.page() is None


def test_whoever_comes_after_staff_finds_no_language_chosen(menu: Menu) -> None:
    menu.rig.tap("th")
    menu.enter()
    menu.touch(CLOSE)
    menu.rig.tap(Score.HAPPY)
    assert menu.rig.notebook.taps == [(Score.HAPPY, None)]


def test_while_it_is_open_nothing_is_rated(menu: Menu) -> None:
    menu.configure(buttons=Buttons(factory="mock"))
    menu.enter()
    for page in (None, BUTTONS):
        if page:
            menu.touch(page)
        for score in Score:
            menu.rig.kiosk.press(score)
            menu.rig.driver.touch(*menu.rig.centre(score))
            menu.rig.driver.pump()
    menu.touch(CLOSE)
    menu.hold()
    menu.rig.kiosk.press(Score.HAPPY)
    menu.rig.driver.pump()
    menu.touch(CLOSE)
    assert menu.rig.notebook.taps == []
    menu.rig.tap(Score.HAPPY)
    assert menu.rig.notebook.taps == [(Score.HAPPY, None)]


def test_no_hardware_button_opens_it_or_moves_in_it(menu: Menu) -> None:
    for score in Score:
        menu.rig.kiosk.press(score)
        menu.rig.wait(4)
    assert menu.page() is None
    menu.hold()
    for score in Score:
        menu.rig.kiosk.press(score)
        menu.rig.driver.pump()
    assert menu.page() is Page.PIN
    assert menu.said() is None


def test_nothing_in_it_changes_with_ratings(menu: Menu) -> None:
    def leaves() -> list[bytes]:
        menu.enter()
        seen = [menu.rig.driver.picture().tobytes()]
        while staff.MORE in menu.backroom.scene.cells(menu.backroom.staff.view()) and len(seen) < 4:
            menu.touch(staff.MORE)
            seen.append(menu.rig.driver.picture().tobytes())
        menu.touch(CLOSE)
        return seen

    moment = menu.rig.clock.moment
    before = leaves()
    for number in range(10):
        menu.rig.tap(Score(number % 4))
        menu.rig.wait(4)
    menu.rig.clock.moment = moment  # The clock's line is the only one that moves.
    assert len(menu.rig.notebook.taps) == 10
    assert leaves() == before


def test_each_button_that_is_pressed_lights_its_face(menu: Menu) -> None:
    menu.configure(buttons=Buttons(factory="mock"))
    menu.enter()
    menu.touch(BUTTONS)
    pictures = [menu.rig.driver.picture()]
    for score in Score:
        menu.rig.kiosk.press(score)
        menu.rig.driver.pump()
        pictures.append(menu.rig.driver.picture())
    assert len({picture.tobytes() for picture in pictures}) == 5
    menu.rig.kiosk.press(Score.HAPPY)
    menu.rig.driver.pump()
    assert same(pictures[-1], menu.rig.driver.picture())
    menu.touch(BACK)
    assert menu.page() is Page.STATUS
    assert menu.rig.notebook.taps == []


def test_the_touch_test_takes_touches_and_comes_back_by_itself_when_left_alone(menu: Menu) -> None:
    menu.enter()
    menu.touch(staff.TOUCH)
    first = menu.rig.driver.picture()
    menu.rig.wait(1)
    menu.rig.driver.touch(400, 240)
    assert not same(first, menu.rig.driver.picture())
    menu.rig.wait(CLOSE_SECONDS)
    assert menu.page() is None
    assert menu.rig.notebook.taps == []


def test_tests_of_what_is_not_there_are_hidden(menu: Menu) -> None:
    menu.enter()
    cells = menu.backroom.scene.cells(menu.backroom.staff.view())
    assert BUTTONS not in cells
    assert staff.SOUND not in cells


class Speaker:
    """In place of the voice, which needs a sound card and takes its time."""

    languages = ("nb", "es")

    def __init__(self) -> None:
        self.speaking = False
        self.said: list[str] = []

    def speak(self, language: str, question: object, order_of_scores: object) -> None:
        self.said.append(language)
        self.speaking = True

    def hush(self) -> None:
        self.speaking = False


def test_a_language_that_is_touched_is_heard_until_the_page_is_left(menu: Menu) -> None:
    speaker = menu.backroom.voice = Speaker()
    menu.enter()
    menu.touch(staff.SOUND)
    silent = menu.rig.driver.picture()
    menu.touch(Key("es"))
    assert speaker.said == ["es"]
    assert not same(silent, menu.rig.driver.picture())
    speaker.speaking = False
    menu.rig.wait(1)
    assert same(silent, menu.rig.driver.picture())
    menu.touch(Key("nb"))
    menu.touch(BACK)
    assert not speaker.speaking
    assert speaker.said == ["es", "nb"]
    menu.backroom.voice = None


def test_a_check_does_not_hold_up_the_kiosk(menu: Menu) -> None:
    menu.configure(staff=Staff(pin=pin.hashed(PIN)))
    menu.hold()
    for digit in PIN:
        menu.touch(Key(digit))
    menu.touch(OK)
    assert menu.backroom.staff.checking, "it is still at it, and the kiosk has gone on"
    assert menu.said() == "One moment …"
    menu.touch(Key("1"))
    assert menu.backroom.staff.view().digits == len(PIN)
    menu.rig.driver.pump(lambda: menu.page() is Page.STATUS)


def test_whoever_leaves_while_a_pin_is_checked_does_not_get_in(menu: Menu) -> None:
    menu.configure(staff=Staff(pin=pin.hashed(PIN)))
    menu.hold()
    for digit in PIN:
        menu.touch(Key(digit))
    menu.touch(OK)
    menu.touch(CLOSE)
    menu.rig.wait(1)
    assert menu.page() is None


def test_nothing_of_it_is_logged(menu: Menu, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    menu.hold()
    menu.type("000000")
    menu.type(PIN)
    menu.rig.wait(CLOSE_SECONDS)
    assert caplog.records == []


@pytest.mark.parametrize("size", [(480, 800), (1280, 800)])
def test_its_keys_are_where_they_are_seen_at_other_sizes(menu: Menu, size: tuple[int, int]) -> None:
    menu.rig.driver.resize(*size)
    menu.enter()
    menu.touch(CLOSE)
    assert menu.page() is None
    menu.rig.driver.resize(800, 480)


def test_an_open_menu_is_drawn_anew_when_the_window_changes(menu: Menu) -> None:
    menu.enter()
    menu.rig.driver.resize(480, 800)
    assert menu.page() is Page.STATUS
    menu.touch(CLOSE)
    assert menu.page() is None
    menu.rig.driver.resize(800, 480)


# Words and boxes.


def phrases() -> set[str]:
    """Every sentence that the code may say, read from the code."""
    said = set()
    for path in (Path(health.__file__), *Path(staff.__file__).parent.glob("staff*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.Call(func=ast.Name(id="phrase"), args=[ast.Constant(value=str(text))]):
                    said.add(text)
    return said


def test_every_sentence_is_translated_whole_and_no_other() -> None:
    with (staff_words.FOLDER / "nb.po").open("rb") as file:
        catalogue = {str(message.id): str(message.string) for message in read_po(file) if message.id}
    assert len(catalogue) > 40
    assert set(catalogue) == phrases()
    for text, translated in catalogue.items():
        assert translated
        assert sorted(re.findall(r"%\(\w+\)s", text)) == sorted(re.findall(r"%\(\w+\)s", translated)), text


def test_no_visitor_can_be_offered_the_staffs_catalogue() -> None:
    assert not {"staff", "staff.nb"} & set(words.available())
    assert len(words.available()) == len(LANGUAGES)


def everything(language: str) -> list[StaffView]:
    """Every page at its fullest, and each line with something to do."""
    wrong = phrase("No rating can be kept. See that the card is in its place, and [terminal] store in fjes.toml.")
    long = [
        Line(phrase("Last acknowledged"), verbatim("2026-11-24 00:46, America/Argentina/Buenos_Aires"), wrong),
        Line(phrase("Connection"), phrase("The broker answers, the dashboard does not."), wrong),
        Line(phrase("Network"), verbatim("terminal-stua: 2001:db8:1234:5678:9abc:def0:1234:5678")),
    ]
    keys = frozenset({BUTTONS, staff.SOUND, staff.TOUCH})
    spoken = tuple(LANGUAGES)
    pages = [
        StaffView(Page.PIN, language, digits=12, said=said) for said in (staff.WRONG, staff.locked_until("23:59:59"))
    ]
    pages += [StaffView(Page.STATUS, language, lines=tuple(long * 3), leaf=leaf, keys=keys) for leaf in range(4)]
    pages += [StaffView(Page.BUTTONS, language, pressed=frozenset(Score)), StaffView(Page.BUTTONS, language)]
    return [*pages, StaffView(Page.SOUND, language, spoken=spoken)]


@pytest.mark.parametrize("language", staff.LANGUAGES)
@pytest.mark.parametrize("size", gallery.SIZES)
def test_no_text_leaves_its_box_and_no_key_is_too_small(rig: Rig, size: tuple[int, int], language: str) -> None:
    from terminal.kiosk.staff_scene import StaffScene

    names = {each: words.words(each).name for each in LANGUAGES}
    scene, unit = StaffScene(*size, rig.kiosk.lettering, sorted(Score), names), unit_of(*size)
    for view in everything(language):
        for text in scene.texts(view):
            assert text.block.size >= 11 * unit, f"too small to read: {text.block}"
            overflow(text, rig.kiosk.lettering)
        cells = scene.cells(view)
        for key, cell in cells.items():
            assert cell.target.width >= LEAST_TARGET * unit - 1, key
            assert cell.target.height >= LEAST_TARGET * unit - 1, key
            assert cell.target.x >= 0
            assert cell.target.right <= size[0]
            assert cell.target.bottom <= size[1]
            assert not any(cell.target.overlaps(other.target) for other in cells.values() if other is not cell), key


def test_all_lines_are_on_some_leaf_and_stay_in_the_page(rig: Rig) -> None:
    from terminal.kiosk.staff_scene import StaffScene

    for size in gallery.SIZES:
        scene = StaffScene(*size, rig.kiosk.lettering, sorted(Score), {})
        view = everything("nb")[2]
        leaves = scene.leaves(view)
        assert [line for leaf in leaves for line, _ in leaf] == list(view.lines)
        keys = min(cell.target.y for cell in scene.cells(view).values())
        for leaf in leaves:
            boxes = [row.todo if line.todo else row.value for line, row in leaf]
            assert all(box.bottom <= keys + 1 for box in boxes)
            assert all(one.bottom <= other.name.y + 2 for one, (_, other) in zip(boxes, leaf[1:], strict=False))
