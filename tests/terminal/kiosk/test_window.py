"""The real window, touched through its real input, on the real ledger; looked at through OpenGL."""

from __future__ import annotations

import logging
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from ratings import table
from ratings.scale import Score
from terminal.kiosk import environment, theme
from terminal.kiosk.boxes import Box
from terminal.kiosk.calendar import LIVE_SECONDS, RETRY_SECONDS
from terminal.kiosk.environment import DisplayError
from terminal.kiosk.lines import THAI_SCALE
from terminal.ledger import Ledger
from terminal.visit import RECOVERY_SECONDS, State

Rig = Any


def part(picture: Image.Image, box: Box) -> Image.Image:
    return picture.crop((box.x, box.y, box.right, box.bottom))


def same(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is None


@pytest.mark.parametrize("score", Score)
def test_a_touch_on_a_face_is_on_the_disk_before_the_thank_you_is_on_the_screen(rig: Rig, score: Score) -> None:
    asking = rig.driver.picture()
    seen = []
    rig.notebook.watch = lambda: seen.append(rig.kiosk.visit.state)
    before = rig.notebook.ledger.connection.total_changes
    rig.tap(score)
    assert seen == [State.ASKING]
    assert rig.notebook.taps == [(score, None)]
    assert rig.notebook.ledger.connection.total_changes > before
    assert rig.kiosk.visit.state is State.THANKS
    assert not same(asking, rig.driver.picture())


def test_the_ledger_holds_what_was_touched(rig: Rig) -> None:
    for score, language in ((Score.VERY_HAPPY, "th"), (Score.UNHAPPY, None), (Score.UNHAPPY, "th")):
        if language:
            rig.tap(language)
        rig.tap(score)
        rig.wait(4)
    assert rig.notebook.taps == [(Score.VERY_HAPPY, "th"), (Score.UNHAPPY, None), (Score.UNHAPPY, "th")]
    ledger = rig.notebook.ledger
    cells = ledger.cells.read(ledger.epoch, "visit", table.Slice.LANGUAGE, "2026-Q1")
    assert cells["th"] >= (0, 1, 0, 1)


def test_the_journal_is_tidied_once_after_the_thank_you_is_on_the_screen(rig: Rig) -> None:
    rig.tap(Score.HAPPY)
    rig.driver.pump()
    assert rig.notebook.names == ["record", "tidy"]


def test_nothing_that_follows_a_tap_tells_which_face_it_was(rig: Rig) -> None:
    pictures, ends = [], []
    for score in Score:
        rig.tap(score)
        pictures.append(rig.driver.picture())
        ends.append(rig.kiosk.visit.deadline() - rig.clock.seconds)
        rig.wait(4)
    assert all(same(picture, pictures[0]) for picture in pictures)
    assert len(set(ends)) == 1
    colours = {colour for _, colour in pictures[0].getcolors(100_000)}
    assert not colours & {skin.fill.rgb for skin in theme.SKINS.values()}


def test_after_the_thank_you_the_screen_is_exactly_as_it_was(rig: Rig) -> None:
    before = rig.driver.picture()
    for score in Score:
        rig.tap("th")
        rig.tap(score)
        rig.wait(3)
        assert same(before, rig.driver.picture())


def test_a_held_face_looks_held_until_the_finger_leaves_it(rig: Rig) -> None:
    before = rig.driver.picture()
    box = rig.driver.layout.faces[Score.HAPPY].picture
    rig.driver.down(*box.centre)
    held = rig.driver.picture()
    assert not same(part(before, box), part(held, box))
    rig.driver.move(box.centre[0], 5)
    assert same(before, rig.driver.picture())
    rig.driver.up(box.centre[0], 5)
    assert rig.notebook.calls == []


def test_touches_beside_the_buttons_do_nothing(rig: Rig) -> None:
    before = rig.driver.picture()
    rig.driver.touch(*rig.driver.layout.question.centre)
    assert same(before, rig.driver.picture())
    assert rig.notebook.calls == []


def test_each_language_shows_its_own_words_and_marks_its_button(rig: Rig) -> None:
    pictures = []
    for language, button in zip(rig.kiosk.screens.languages, rig.driver.layout.languages, strict=True):
        rig.tap(language)
        picture = rig.driver.picture()
        corner = (button.pill.x + button.pill.height // 2, button.pill.y + button.pill.height // 8)
        assert picture.getpixel(corner) == theme.INK.rgb
        pictures.append(part(picture, rig.driver.layout.question))
    assert not any(same(one, other) for one in pictures for other in pictures if one is not other)


def test_a_language_is_forgotten_when_nobody_goes_on(rig: Rig) -> None:
    before = rig.driver.picture()
    rig.tap("bg")
    rig.wait(21)
    assert same(before, rig.driver.picture())


def test_a_full_disk_shows_out_of_order_and_never_a_thank_you(rig: Rig) -> None:
    rig.tap(Score.HAPPY)
    thanks = rig.driver.picture()
    rig.wait(4)
    rig.notebook.broken = True
    rig.tap(Score.HAPPY)
    assert rig.kiosk.visit.state is State.OUT_OF_ORDER
    assert not same(thanks, rig.driver.picture())
    rig.notebook.broken = False
    rig.wait(RECOVERY_SECONDS)
    rig.tap(Score.HAPPY)
    assert same(thanks, rig.driver.picture())
    assert len(rig.notebook.taps) == 2


def test_a_tap_that_cannot_be_recorded_leaves_no_line_in_a_log(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    rig.notebook.broken = True
    rig.tap(Score.HAPPY)
    rig.notebook.broken = False
    rig.wait(RECOVERY_SECONDS)
    rig.tap(Score.HAPPY)
    assert caplog.records == []


def test_a_hardware_button_does_what_the_face_does_from_any_thread(rig: Rig) -> None:
    rig.tap("en")
    thread = threading.Thread(target=rig.kiosk.press, args=(Score.UNHAPPY,))
    thread.start()
    thread.join()
    rig.driver.pump(lambda: rig.kiosk.visit.state is State.THANKS)
    assert rig.notebook.taps == [(Score.UNHAPPY, "en")]


def test_two_buttons_at_once_count_once(rig: Rig) -> None:
    rig.kiosk.press(Score.UNHAPPY)
    rig.kiosk.press(Score.HAPPY)
    rig.driver.pump()
    assert rig.notebook.taps == [(Score.UNHAPPY, None)]


def test_a_button_that_is_pressed_while_a_finger_is_down_does_not_count_too(rig: Rig) -> None:
    rig.driver.down(*rig.centre(Score.HAPPY))
    rig.kiosk.press(Score.UNHAPPY)
    rig.driver.pump()
    rig.wait(4)
    rig.driver.up(*rig.centre(Score.HAPPY))
    assert rig.notebook.taps == [(Score.HAPPY, None)]


def test_a_new_day_releases_what_has_closed_and_the_first_of_a_month_may_ask_anew(rig: Rig) -> None:
    was = rig.clock.moment
    try:
        first = rig.driver.picture()
        rig.clock.moment = datetime(2026, 6, 30, 21, 59, tzinfo=UTC)  # A minute to midnight in Oslo.
        rig.driver.pump()
        assert [call[2] for call in rig.notebook.calls] == ["visit"]
        rig.wait(61)
        assert [call[2] for call in rig.notebook.calls] == ["visit", "second"]
        assert not same(first, rig.driver.picture())
        rig.tap(Score.HAPPY)
        assert rig.notebook.calls[-2][:2] == ("record", "second")
    finally:
        rig.clock.moment = was
        rig.wait(4)


def test_a_release_that_failed_is_tried_again_and_complained_of_once(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.notebook.broken = True
    rig.clock.moment = rig.clock.moment.replace(day=rig.clock.moment.day + 1)
    rig.driver.pump()
    rig.wait(RETRY_SECONDS)
    assert [record.getMessage() for record in caplog.records] == [
        "nothing is released: open.db: the disk is full; make room"
    ]
    rig.notebook.broken = False
    rig.wait(RETRY_SECONDS)
    assert rig.notebook.names == ["release"]
    rig.wait(LIVE_SECONDS)
    assert rig.notebook.names == ["release"], "only live release comes every few seconds"


SIZES = [(800, 480), (1024, 600), (1280, 800), (1920, 1080), (480, 800), (800, 1280), (1080, 1280)]


@pytest.mark.parametrize("size", SIZES)
def test_no_text_leaves_its_box_in_any_language(rig: Rig, size: tuple[int, int]) -> None:
    try:
        rig.driver.resize(*size)
        screens, lettering = rig.kiosk.screens, rig.kiosk.lettering
        for language in screens.languages:
            for text in (each for state in State for each in screens.texts(state, language)):
                check(text, lettering, screens.layout.unit)
        for name in screens.names():
            check(name, lettering, screens.layout.unit)
    finally:
        rig.driver.resize(800, 480)


def test_latin_is_whole_where_thai_of_the_same_height_was_set_before(rig: Rig) -> None:
    text = "Cum vi s-a părut vizita de astăzi?"
    for size in range(41, 60, 3):
        rig.kiosk.lettering.line("วันนี้คุณพอใจ", round(size / THAI_SCALE), theme.INK)
        drawn = [rig.kiosk.lettering.line(each, size, theme.INK) for each in (text, text + "   ")]
        ends = [
            (
                Image.frombytes("RGBA", (line.width, line.height), line.texture.pixels).getchannel("A").getbbox()
                or [0] * 4
            )[2]
            for line in drawn
        ]
        assert ends[0] == ends[1]


def check(text: Any, lettering: Any, unit: float) -> None:
    """Measured on the drawn letters, not on the numbers that placed them."""
    assert text.block.size >= 15 * unit, f"too small to read: {text.block}"
    for line, baseline in zip(text.block.lines, text.baselines(), strict=True):
        drawn = lettering.line(line, text.block.size, theme.INK)
        pixels = Image.frombytes("RGBA", (drawn.width, drawn.height), drawn.texture.pixels)
        left, top, right, bottom = pixels.getchannel("A").getbbox() or (0, 0, 0, 0)
        assert right - left <= text.box.width + 1, line
        wider = lettering.line(line + "   ", text.block.size, theme.INK)
        more = Image.frombytes("RGBA", (wider.width, wider.height), wider.texture.pixels).getchannel("A").getbbox()
        assert more is not None
        assert more[2] == right, f"cut off at its right: {line}"
        assert baseline - drawn.ascent + top >= text.box.y - 2, line
        assert baseline - drawn.ascent + bottom <= text.box.bottom + 2, line


def test_a_still_screen_draws_nothing_also_when_its_size_has_just_changed(rig: Rig) -> None:
    from kivy.clock import Clock

    frames = []
    rig.driver.resize(480, 800)
    rig.driver.resize(800, 480)
    # What Kivy's window means to do by Kivy's own clock would draw half a second later, in whatever test there is then.
    assert rig.kiosk.window not in [getattr(event.get_callback(), "__self__", None) for event in Clock.get_events()]
    rig.driver.pump()
    rig.driver.pump()
    rig.kiosk.window.bind(on_flip=lambda *_: frames.append(1))
    for _ in range(20):
        rig.wait(0.5)
    assert frames == []
    rig.tap(Score.HAPPY)
    # Held for a frame, and thanked.
    assert 1 <= len(frames) <= 3


def test_keys_do_nothing(rig: Rig) -> None:
    before = rig.driver.picture()
    for key in (27, 282, 292, 13, 32):  # Escape, F1, F11, return, space.
        rig.kiosk.window.dispatch("on_key_down", key, 0, None, [])
        rig.kiosk.window.dispatch("on_keyboard", key, 0, None, [])
    rig.driver.pump()
    assert same(before, rig.driver.picture())
    assert rig.kiosk.window.children[0].size


def test_the_window_takes_touches_from_exactly_one_provider(rig: Rig) -> None:
    from kivy.base import EventLoop

    kinds = [type(provider).__name__ for provider in EventLoop.input_providers]
    # SDL's own provider passes touches on on phones only; it is always there.
    assert sorted(kinds) == ["MouseMotionEventProvider", "SDL2MotionEventProvider"]


def test_kivy_keeps_no_files(rig: Rig) -> None:
    assert not Path(os.environ["KIVY_HOME"]).exists()


def test_a_second_window_in_a_process_is_refused(rig: Rig) -> None:
    with pytest.raises(DisplayError, match="once in a process"):
        environment.open_window((800, 480), "Fjes")


def test_whether_there_is_a_display_is_seen_from_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    assert environment.has_display()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert environment.has_display()


def test_pounding_is_set_aside_and_looks_like_any_other_rating(rig: Rig) -> None:
    ledger = rig.notebook.ledger
    pictures = set()
    before = repeats(ledger)
    rig.kiosk.faults.were_told()
    for number in range(14):
        rig.tap(Score(number % 4))
        assert rig.kiosk.visit.state is State.THANKS
        assert rig.kiosk.faults.pounded == (number >= 9)
        pictures.add(rig.driver.picture().tobytes())
        rig.wait(3.1)
    assert len(pictures) == 1
    assert [call[5] for call in rig.notebook.calls if call[0] == "record"] == [False] * 9 + [True] * 5
    assert repeats(ledger) - before == 5


def repeats(ledger: Ledger) -> int:
    """How many ratings are set aside in the running month."""
    found = 0
    for question, slice_, _, text in ledger.cells.running(ledger.epoch):
        if slice_ is table.Slice.TOTAL:
            found += sum(ledger.cells.read(ledger.epoch, question, slice_, text).get("repeat", (0,)))
    return found
