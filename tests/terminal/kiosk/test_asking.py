"""The asking screen as it is heard, and as it is while nobody is there: on the real window, with a real player."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image, ImageChops

from ratings.config import Hours, Said, Sound
from ratings.scale import Score
from terminal.attract import TURN_SECONDS
from terminal.kiosk import theme
from terminal.kiosk.boxes import Box
from terminal.recordings import CAPTIONS
from terminal.speaking import PAUSE, QUESTION_PAUSE
from terminal.visit import State
from tests.terminal.kiosk.hearing import Card, Wait, tone
from tests.terminal.kiosk.hearing import alone as alone
from tests.terminal.kiosk.hearing import card as card

Rig = Any
Go = Callable[..., None]

ORDER = [Score.VERY_HAPPY, Score.HAPPY, Score.UNHAPPY, Score.VERY_UNHAPPY]
AFTER = 60.0
TONE = 0.2
"""Seconds of a recording here."""


@pytest.fixture
def go(rig: Rig, card: Card, tmp_path: Path, wait_for: Wait) -> Iterator[Go]:
    """Lets the kiosk go by other settings for a test: heard in Norwegian and Romanian, or not at all."""
    first = tmp_path / "recordings" / "nb"
    first.mkdir(parents=True)
    for pitch, name in enumerate(["visit", *CAPTIONS.values()]):
        tone(first / f"{name}.ogg", 300 + 100 * pitch)
    (first.parent / "ro").symlink_to(first)

    def change(*, heard: bool = False, said: dict[str, list[str]] | None = None, **kiosk: Any) -> None:
        sound = Sound(folder=first.parent, volume_percent=100) if heard else Sound(volume_percent=0)
        seen = msgspec.structs.replace(rig.config.kiosk, **{"attract_seconds": 0.0, **kiosk})
        settings = msgspec.structs.replace(rig.config, kiosk=seen, sound=sound, said=Said(said or {}))
        rig.kiosk.configure(settings, tmp_path)
        if heard:
            rig.driver.pump(lambda: rig.driver.layout.listen is not None)
        rig.wait(0)
        rig.notebook.calls.clear()

    yield change
    rig.kiosk.configure(rig.config, tmp_path)
    rig.wait(30)
    wait_for(lambda: not Card.is_open(), "silence")


def listen(rig: Rig) -> None:
    rig.driver.touch(*rig.driver.layout.listen.picture.centre)


def beside(rig: Rig) -> None:
    rig.driver.touch(*rig.driver.layout.question.centre)


def part(picture: Image.Image, box: Box, wider: int = 0) -> Image.Image:
    return picture.crop((box.x - wider, box.y - wider, box.right + wider, box.bottom + wider))


def same(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is None


def inked(picture: Image.Image) -> int:
    """How many pixels are of ink, and of nothing else."""
    pixels, ink = picture.tobytes(), bytes(theme.INK.rgb)
    return sum(pixels[at : at + 3] == ink for at in range(0, len(pixels), 3))


def lit(rig: Rig) -> list[Score]:
    """The faces that have a ring of ink around them."""
    picture, found = rig.driver.picture(), []
    for score, face in rig.driver.layout.faces.items():
        (x, _), side = face.picture.centre, face.picture.width
        ring = (round(x), round(face.picture.y - 0.04 * side))
        if picture.getpixel(ring) == theme.INK.rgb:
            found.append(score)
    return found


def test_the_question_is_said_and_each_face_is_lit_while_it_is_named(rig: Rig, go: Go) -> None:
    go(heard=True)
    before = rig.driver.picture()
    listen(rig)
    assert rig.kiosk.attendant.voice.speaking
    assert lit(rig) == []
    button = rig.driver.layout.listen.picture
    assert not same(part(before, button), part(rig.driver.picture(), button)), "it shows that it speaks"
    rig.wait(TONE + 0.1)
    rig.wait(QUESTION_PAUSE)
    for score in rig.driver.layout.faces:
        assert lit(rig) == [score]
        rig.wait(TONE + 0.1)
        assert lit(rig) == []
        rig.wait(PAUSE)
    assert not rig.kiosk.attendant.voice.speaking
    assert same(before, rig.driver.picture())
    assert rig.notebook.calls == []


def test_a_face_that_is_named_looks_neither_held_nor_of_another_colour_and_no_other_changes(rig: Rig, go: Go) -> None:
    go(heard=True)
    before, faces = rig.driver.picture(), rig.driver.layout.faces
    rings = []
    listen(rig)
    rig.wait(TONE + 0.1)
    rig.wait(QUESTION_PAUSE)
    for score in faces:
        picture = rig.driver.picture()
        for other, face in faces.items():
            if other is not score:
                assert same(part(before, face.picture), part(picture, face.picture))
        box = faces[score].picture
        inner = Box(box.x + box.width // 6, box.y + box.width // 6, box.width * 2 // 3, box.width * 2 // 3)
        assert same(part(before, inner), part(picture, inner))
        around = part(picture, Box(box.x, box.y, box.width, box.width), wider=10)
        rings.append(inked(around) - inked(part(before, box)))
        rig.wait(TONE + 0.1)
        rig.wait(PAUSE)
    assert max(rings) - min(rings) < 0.05 * min(rings), "the same for all four"


@pytest.mark.parametrize("score", Score)
def test_a_rating_silences_it_and_is_counted_as_any_other(rig: Rig, go: Go, score: Score) -> None:
    go(heard=True)
    listen(rig)
    rig.driver.down(*rig.centre(score))
    assert not rig.kiosk.attendant.voice.speaking, "when the finger comes, not when it goes"
    rig.driver.up(*rig.centre(score))
    assert rig.notebook.taps == [(score, None)]
    assert rig.kiosk.visit.state is State.THANKS
    rig.wait(4)


def test_any_touch_silences_it_the_button_s_own_too_and_the_next_begins_anew(rig: Rig, go: Go) -> None:
    go(heard=True)
    before = rig.driver.picture()
    listen(rig)
    beside(rig)
    assert not rig.kiosk.attendant.voice.speaking
    listen(rig)
    rig.wait(TONE + 0.1)
    listen(rig)
    assert not rig.kiosk.attendant.voice.speaking
    assert same(before, rig.driver.picture())
    listen(rig)
    assert rig.kiosk.attendant.voice.speaking
    assert rig.notebook.calls == []


def test_to_listen_chooses_no_language_and_lets_none_be_forgotten(rig: Rig, go: Go) -> None:
    go(heard=True, idle_seconds=0.5)
    rig.tap("ro")
    rig.wait(0.4)
    listen(rig)
    while rig.kiosk.attendant.voice.speaking:
        rig.wait(0.7)
        assert rig.kiosk.visit.chosen == "ro"
    rig.wait(0.4)
    rig.tap(Score.HAPPY)
    rig.wait(4)
    listen(rig)
    rig.wait(0.1)
    rig.tap(Score.UNHAPPY)
    assert rig.notebook.taps == [(Score.HAPPY, "ro"), (Score.UNHAPPY, None)]
    rig.wait(4)


def test_in_a_language_that_cannot_be_heard_there_is_no_button_and_nothing_moves(rig: Rig, go: Go) -> None:
    go(heard=True)
    place = rig.driver.layout
    rig.tap("th")
    assert rig.driver.layout == place
    corner = part(rig.driver.picture(), place.listen.picture)
    assert corner.getcolors() == [(corner.width * corner.height, theme.BACKGROUND.rgb)]
    listen(rig)
    assert not rig.kiosk.attendant.voice.speaking
    rig.tap("ro")
    listen(rig)
    assert rig.kiosk.attendant.voice.speaking


def test_where_nothing_can_be_heard_no_room_is_taken(rig: Rig, go: Go) -> None:
    go()
    assert rig.driver.layout.listen is None
    assert rig.driver.layout.said is None


def test_a_button_that_is_held_speaks_from_any_thread_and_rates_nothing(rig: Rig, go: Go) -> None:
    go(heard=True)
    for _ in range(2):  # The second time it begins anew.
        thread = threading.Thread(target=rig.kiosk.listen)
        thread.start()
        thread.join()
        rig.driver.pump(lambda: rig.kiosk.attendant.voice.speaking)
        rig.wait(TONE + 0.1)
    rig.kiosk.press(Score.HAPPY)
    rig.driver.pump()
    assert not rig.kiosk.attendant.voice.speaking
    assert rig.notebook.taps == [(Score.HAPPY, None)]
    rig.wait(4)


def test_no_line_in_a_log_tells_that_somebody_listened(rig: Rig, go: Go, caplog: pytest.LogCaptureFixture) -> None:
    go(heard=True)
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    listen(rig)
    rig.wait(TONE + 0.1)
    listen(rig)
    assert caplog.records == []


def test_while_nobody_is_there_each_language_has_its_turn_and_no_face_moves(rig: Rig, go: Go) -> None:
    go(attract_seconds=AFTER)
    first, place = rig.driver.picture(), rig.driver.layout
    rig.wait(AFTER)
    assert same(first, rig.driver.picture())
    turns = []
    for language in [*rig.kiosk.screens.languages[1:], rig.kiosk.screens.languages[0]]:
        rig.wait(TURN_SECONDS)
        turns.append(rig.driver.picture())
        assert rig.kiosk.attendant.language == language
        assert all(same(part(first, face.picture), part(turns[-1], face.picture)) for face in place.faces.values())
    assert rig.driver.layout == place
    assert same(turns[-1], first)
    assert not any(same(part(turn, place.question), part(first, place.question)) for turn in turns[:-1])
    rig.tap("th")
    assert same(turns[3], rig.driver.picture()), "as if it had been chosen"


def attract(rig: Rig, turn: int) -> None:
    rig.wait(AFTER)
    for _ in range(turn):
        rig.wait(TURN_SECONDS)
    assert rig.kiosk.attendant.language == rig.kiosk.screens.languages[turn]


def test_a_face_that_is_touched_then_counts_at_once_and_as_nobody_s_choice_of_language(rig: Rig, go: Go) -> None:
    go(attract_seconds=AFTER)
    attract(rig, 4)
    rig.tap(Score.UNHAPPY)
    assert rig.notebook.taps == [(Score.UNHAPPY, None)]
    assert rig.kiosk.visit.state is State.THANKS
    rig.wait(4)
    attract(rig, 2)
    rig.kiosk.press(Score.HAPPY)
    rig.driver.pump()
    assert rig.notebook.taps[1:] == [(Score.HAPPY, None)]
    rig.wait(4)


def test_a_touch_beside_the_buttons_stops_it_for_as_long_as_it_waited_before(rig: Rig, go: Go) -> None:
    go(attract_seconds=AFTER)
    first = rig.driver.picture()
    attract(rig, 3)
    beside(rig)
    assert same(first, rig.driver.picture())
    for _ in range(5):
        rig.wait(AFTER / 5 - 0.1)
        assert same(first, rig.driver.picture())
    rig.wait(1)
    rig.wait(TURN_SECONDS)
    assert not same(first, rig.driver.picture())


def test_whoever_listens_hears_the_language_that_is_shown(rig: Rig, go: Go) -> None:
    go(heard=True, attract_seconds=AFTER)
    attract(rig, 5)
    shown = rig.driver.picture()
    listen(rig)
    assert rig.kiosk.attendant.language == "ro"
    while rig.kiosk.attendant.voice.speaking:
        rig.wait(0.2)
    assert same(shown, rig.driver.picture())
    rig.tap(Score.HAPPY)
    assert rig.notebook.taps == [(Score.HAPPY, None)]
    rig.wait(4)
    assert rig.kiosk.attendant.language == "nb"


def test_it_draws_once_a_turn_and_with_one_language_never(rig: Rig, go: Go) -> None:
    frames: list[int] = []
    rig.kiosk.window.bind(on_flip=lambda *_: frames.append(1))
    for languages, expected in ((["nb", "th"], 4), (["nb"], 0)):
        go(attract_seconds=AFTER, languages=languages)
        rig.wait(AFTER)
        rig.driver.pump(lambda: not rig.kiosk._unprepared)
        rig.driver.pump()
        frames.clear()
        for _ in range(20):
            rig.wait(TURN_SECONDS / 5)
        assert len(frames) == expected


@pytest.mark.parametrize("languages", [["nb", "en", "th"], ["nb"]])
def test_what_was_said_is_shown_while_nobody_is_there_and_hides_nothing(rig: Rig, go: Go, languages: list[str]) -> None:
    said = {"nb": ["Dere ba om tolk.", "Nå er det tolk hver tirsdag."], "th": ["ตอนนี้เราเปิดเก้าโมงเช้า"], "de": ["Nein."]}
    go(attract_seconds=AFTER, said=said, languages=languages)
    place, before = rig.driver.layout, rig.driver.picture()
    assert part(before, place.said).getcolors() == [(place.said.width * place.said.height, theme.BACKGROUND.rgb)]
    rig.wait(AFTER)
    shown = rig.driver.picture()
    assert not same(part(before, place.said), part(shown, place.said))
    above = Box(0, 0, place.width, place.said.y)
    below = Box(0, place.said.bottom, place.width, place.height - place.said.bottom)
    assert same(part(before, above), part(shown, above))
    assert same(part(before, below), part(shown, below))
    if len(languages) > 1:
        rig.wait(TURN_SECONDS)
        assert same(part(before, place.said), part(rig.driver.picture(), place.said)), "nothing was written in English"
        rig.wait(TURN_SECONDS)
        assert not same(part(before, place.said), part(rig.driver.picture(), place.said))
    rig.driver.touch(*place.said.centre)
    assert same(before, rig.driver.picture())
    assert rig.notebook.calls == []


def test_a_chosen_language_is_not_taken_from_who_reads(rig: Rig, go: Go) -> None:
    go(attract_seconds=10.0, idle_seconds=100)
    rig.tap("es")
    for _ in range(9):
        rig.wait(11)
        assert rig.kiosk.attendant.language == "es"
    rig.wait(1)
    assert rig.kiosk.attendant.language == "nb"


def test_it_stops_while_the_screen_is_dimmed_or_closed(rig: Rig, go: Go, tmp_path: Path) -> None:
    panel = tmp_path / "backlight" / "panel"
    panel.mkdir(parents=True)
    for name, number in {"max_brightness": 200, "brightness": 7, "bl_power": 0}.items():
        (panel / name).write_text(str(number))
    kiosk = msgspec.structs.replace(rig.config.kiosk, attract_seconds=AFTER, dim_seconds=AFTER + 15)
    rig.kiosk.configure(msgspec.structs.replace(rig.config, kiosk=kiosk), tmp_path / "backlight")
    rig.driver.pump()
    first = rig.driver.picture()
    attract(rig, 1)
    rig.wait(6)
    for _ in range(4):
        assert same(first, rig.driver.picture()), "dimmed"
        rig.wait(TURN_SECONDS)
    closed = Hours(monday=[], tuesday=[])
    go(attract_seconds=AFTER)
    rig.kiosk.configure(msgspec.structs.replace(rig.config, kiosk=kiosk, hours=closed), tmp_path / "none")
    rig.driver.pump()
    assert rig.kiosk.visit.state is State.CLOSED
    shut = rig.driver.picture()
    rig.wait(AFTER)
    rig.wait(TURN_SECONDS)
    assert same(shut, rig.driver.picture())
