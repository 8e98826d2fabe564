"""Renderings beside references kept here, and texts longer than any that ship. A reference that is missing fails."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po, write_po
from PIL import Image, ImageChops

from ratings.config import Config, Question
from ratings.scale import Score
from terminal.kiosk import gallery, theme
from terminal.kiosk import words as module
from terminal.kiosk.boxes import Box
from terminal.kiosk.gallery import MOST_PIXELS, SIZES, compared, difference, differs, picture, screens_of, shrunk, views
from terminal.kiosk.words import FOLDER, Words, words
from terminal.visit import State

Rig = Any

REFERENCES = Path(__file__).parent / "references"
ACCEPT = "look at build/screens after `make screens`; if it is right: make screens ARGS=--accept"
SPOKEN = [words(language) for language in Config().kiosk.languages]
SPOKEN_CODES = [each.language for each in SPOKEN]


@pytest.mark.parametrize("name", compared())
def test_a_screen_looks_like_its_reference(rig: Rig, name: str) -> None:
    size, language, screen = compared()[name]
    path = REFERENCES / f"{name}.png"
    assert path.exists(), f"{path} is missing; {ACCEPT}"
    drawn = picture(screens_of(size, SPOKEN, Question(), rig.kiosk.lettering, screen), views(language)[screen])
    apart = differs(drawn, path)
    assert apart <= MOST_PIXELS, f"{path}: {apart:.2%} of the pixels differ; {ACCEPT}"


def test_no_reference_is_left_of_a_screen_that_is_no_more() -> None:
    assert {path.stem for path in REFERENCES.iterdir()} == set(compared()), ACCEPT


def test_the_comparison_covers_every_language_size_and_screen() -> None:
    sizes, languages, screens = zip(*compared().values(), strict=True)
    assert set(sizes) == set(SIZES)
    assert set(languages) == set(Config().kiosk.languages)
    assert set(screens) == {*(state.value.replace(" ", "-") for state in State), "held", "listen", "attract"}


def test_accepting_writes_what_is_missing_or_different_and_removes_what_is_too_many(rig: Rig, tmp_path: Path) -> None:
    shutil.copytree(REFERENCES, tmp_path, dirs_exist_ok=True)
    missing, wrong, more = (tmp_path / f"{name}.png" for name in ("800x480-nb-thanks", "800x480-nb-held", "more"))
    missing.unlink()
    for path in (wrong, more):
        shutil.copy(tmp_path / "800x480-th-asking.png", path)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path not in (wrong, more)}
    gallery.accept(tmp_path, Question(), rig.kiosk.lettering)
    assert {path.stem for path in tmp_path.iterdir()} == set(compared())
    assert all((tmp_path / name).read_bytes() == content for name, content in kept.items())
    for path in (missing, wrong):
        with Image.open(path) as new, Image.open(REFERENCES / path.name) as old:
            assert difference(new.convert("RGB"), old.convert("RGB")) <= MOST_PIXELS


def changed(full: Image.Image, box: Box, by: tuple[int, int] | None) -> Image.Image:
    """A picture with what is in a box moved by so many pixels, or gone."""
    part = full.crop((box.x, box.y, box.right, box.bottom))
    other = full.copy()
    other.paste(theme.BACKGROUND.rgb, (box.x, box.y, box.right, box.bottom))
    if by:
        other.paste(part, (box.x + by[0], box.y + by[1]))
    return other


@pytest.mark.parametrize("size", SIZES)
def test_a_face_that_moved_and_a_text_that_is_gone_are_seen(rig: Rig, size: gallery.Size) -> None:
    screens = screens_of(size, SPOKEN, Question(), rig.kiosk.lettering)
    full, unit = picture(screens, views("nb")["asking"]), screens.layout.unit
    assert difference(shrunk(full), shrunk(full)) == 0
    for face in screens.layout.faces.values():
        for by in ((round(12 * unit), 0), (0, round(-6 * unit))):
            assert difference(shrunk(full), shrunk(changed(full, face.picture, by))) > MOST_PIXELS
        assert difference(shrunk(full), shrunk(changed(full, face.caption, None))) > 2 * MOST_PIXELS
    assert difference(shrunk(full), shrunk(changed(full, screens.layout.question, (0, round(3 * unit))))) > MOST_PIXELS


def test_what_another_driver_rounds_otherwise_is_not_seen(rig: Rig) -> None:
    full = picture(screens_of((800, 480), SPOKEN, Question(), rig.kiosk.lettering), views("th")["asking"])
    levels = full.point(lambda level: max(0, level - 3))
    shifted = full.transform(full.size, Image.Transform.AFFINE, (1, 0, 0.25, 0, 1, 0.25), Image.Resampling.BILINEAR)
    for other in (levels, shifted):
        assert difference(shrunk(full), shrunk(other)) <= MOST_PIXELS


def test_pictures_of_two_sizes_are_never_alike() -> None:
    assert difference(Image.new("RGB", (240, 400)), Image.new("RGB", (400, 240))) == 1


@pytest.mark.parametrize("language", ["nb", "th"])
def test_the_gallery_shows_what_the_window_shows(rig: Rig, language: str) -> None:
    rig.tap(language)
    screens = rig.kiosk.screens
    assert difference(picture(screens, views(language)["asking"]), rig.driver.picture()) == 0
    rig.tap(Score.HAPPY)
    assert difference(picture(screens, views(language)["thanks"]), rig.driver.picture()) == 0
    rig.wait(4)


LONGER = 1.4
ACCENTS = str.maketrans("aceinouyACEINOUYst", "åçéîñöüÿÅÇÉÎÑÖÜŸșț")


def stretched(text: str) -> str:
    """A text with accents, 40 % longer: its vowels are drawn out, its words and placeholders stay."""
    parts = text.split("%(place)s")
    for number, part in enumerate(parts):
        letters = list(part.translate(ACCENTS))
        vowels = [at for at, letter in enumerate(letters) if letter in "åéîöüÿ"]
        wanted = -(-len(part) * 4 // 10)
        for count in range(wanted if vowels else 0):
            letters[vowels[count % len(vowels)]] += letters[vowels[count % len(vowels)]][0]
        parts[number] = "".join(letters)
    return "%(place)s".join(parts)


@pytest.fixture
def pseudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Words]:
    """A catalogue made of the English one."""
    with (FOLDER / "en.po").open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if message.id:
            message.string = stretched(str(message.id))
            assert len(message.string) >= LONGER * len(str(message.id)) - 6
    with (tmp_path / "xp.po").open("wb") as file:
        write_po(file, catalogue)
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    yield words("xp")
    words.cache_clear()


@pytest.mark.parametrize("place", ["", "Rehabiliteringssenteret Nord-Østerdal"])
@pytest.mark.parametrize("size", SIZES)
def test_texts_longer_by_two_fifths_stay_in_their_boxes(
    rig: Rig, pseudo: Words, size: gallery.Size, place: str
) -> None:
    screens = screens_of(size, [pseudo, *SPOKEN], Question(place=place), rig.kiosk.lettering)
    texts = [text for state in State for text in screens.texts(state, "xp")]
    for text in [*texts, *screens.names()]:
        assert text.block.size >= 12 * screens.layout.unit, f"too small to read: {text.block}"
        overflow(text, rig.kiosk.lettering)


SAYING = {
    "xp": [
        stretched("You asked for shorter waits and a place to talk."),
        stretched("Now we open at nine, and there is"),
    ],
    "nb": ["Dere ba om at noen kan tolke mellom norsk, rumensk, bulgarsk, spansk og thai hver uke nå"] * 2,
    "bg": ["Искахте да се чака по-малко и да има къде да говорите спокойно с някого на вашия език."] * 2,
    "th": ["คุณอยากรอให้น้อยลง และอยากมีที่เงียบๆ ไว้คุย", "ตอนนี้เราเปิดเก้าโมงเช้า"],
    "ro": ["Ați cerut să așteptați mai puțin și să existe un loc liniștit în care să puteți vorbi azi."],
    "ar": ["طلبتم أن يكون الانتظار أقصر وأن يكون هناك مكان هادئ للحديث", "نفتح الآن الساعة التاسعة"],
}
"""As much as the configuration takes."""


@pytest.mark.parametrize("size", SIZES)
def test_longer_texts_stay_in_their_boxes_beside_the_listen_button_and_above_what_was_said(
    rig: Rig, pseudo: Words, size: gallery.Size
) -> None:
    assert all(len(line) <= 90 for said in SAYING.values() for line in said)
    assert len(SAYING["xp"][0]) >= LONGER * 45
    screens = arranged([pseudo, *SPOKEN], rig, size)
    check_said(screens, ["xp", *SPOKEN_CODES], rig)
    assert screens.said("es") == [], "staff wrote nothing in it"


@pytest.mark.parametrize("size", SIZES)
def test_arabic_stays_in_its_boxes_beside_the_listen_button_and_above_what_was_said(
    rig: Rig, arabic: Words, size: gallery.Size
) -> None:
    check_said(arranged([arabic, SPOKEN[0]], rig, size), ["ar", "nb"], rig)


def arranged(languages: list[Words], rig: Rig, size: gallery.Size) -> Any:
    from terminal.kiosk.screens import Screens, arrange

    voices = [each.language for each in languages]
    question, lettering = Question(place="Rehabiliteringssenteret Nord-Østerdal"), rig.kiosk.lettering
    place = arrange(*size, languages, lettering, "left", voices=voices, said=SAYING)
    return Screens(place, languages, question, lettering, voices=voices, said=SAYING)


def check_said(screens: Any, languages: list[str], rig: Rig) -> None:
    place = screens.layout
    for language in languages:
        said = screens.said(language)
        for text in [*screens.texts(State.ASKING, language), *said]:
            assert text.block.size >= 12 * place.unit - 1, f"too small to read: {text.block}"
            # At the smallest sizes, letters are drawn up to a pixel higher than large ones would be.
            overflow(text, rig.kiosk.lettering, 3 if text in said else 2)
            assert not place.listen.target.overlaps(text.box) or text.box.right <= place.listen.picture.x
        for text in said:
            assert place.said.y - 1 <= text.box.y
            assert text.box.bottom <= place.said.bottom + 1
        assert len({text.block.size for text in said[1:]}) <= 1, "lines alike"


def overflow(text: Any, lettering: Any, slack: int = 2) -> None:
    """Measured on the drawn letters, not on the numbers that placed them."""
    for line, baseline in zip(text.block.lines, text.baselines(), strict=True):
        drawn = lettering.line(line, text.block.size, theme.INK)
        pixels = Image.frombytes("RGBA", (drawn.width, drawn.height), drawn.texture.pixels)
        left, top, right, bottom = pixels.getchannel("A").getbbox() or (0, 0, 0, 0)
        assert right - left <= text.box.width + 1, line
        assert baseline - drawn.ascent + top >= text.box.y - slack, line
        assert baseline - drawn.ascent + bottom <= text.box.bottom + slack, line


@pytest.fixture
def arabic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Words]:
    """A catalogue that does not ship, as IT would add it."""
    shutil.copy(Path(__file__).parent / "ar.po", tmp_path)
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    yield words("ar")
    words.cache_clear()


@pytest.mark.parametrize("place", ["", "Huset (avd. 12)"])
@pytest.mark.parametrize("size", SIZES)
def test_arabic_stays_in_its_boxes_and_moves_no_face(rig: Rig, arabic: Words, size: gallery.Size, place: str) -> None:
    screens = screens_of(size, [arabic, SPOKEN[0]], Question(place=place), rig.kiosk.lettering)
    for text in [*screens.names(), *(text for state in State for text in screens.texts(state, "ar"))]:
        assert text.block.size >= 15 * screens.layout.unit
        overflow(text, rig.kiosk.lettering)
    faces = screens.layout.faces
    assert sorted(faces, key=lambda score: (faces[score].target.y, faces[score].target.x)) == sorted(Score)[::-1]


def ink(rig: Rig, text: str) -> Image.Image:
    drawn = rig.kiosk.lettering.line(text, 44, theme.INK)
    alpha = Image.frombytes("RGBA", (drawn.width, drawn.height), drawn.texture.pixels).getchannel("A")
    return alpha.crop(alpha.getbbox())


def test_arabic_letters_are_joined(rig: Rig) -> None:
    apart = "\N{ZERO WIDTH NON-JOINER}".join("شكر")
    assert ink(rig, "شكر").width < 0.85 * ink(rig, apart).width


def test_arabic_runs_from_right_to_left_and_a_latin_name_in_it_from_left_to_right(rig: Rig) -> None:
    line, first, name, last = (ink(rig, text) for text in ("إلى Pro اليوم", "إلى", "Pro", "اليوم"))
    assert line.width > first.width + name.width + last.width
    ends = line.crop((0, 0, last.width, line.height)), line.crop((line.width - first.width, 0, *line.size))
    for end, word in zip(ends, (last, first), strict=True):
        box = end.getbbox()
        assert ImageChops.difference(end.crop(box), word.crop(word.getbbox())).getbbox() is None
