"""The follow-up question on the real window: where it is, what it takes, and that it tells nobody which face it was."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFile

from ratings.config import Config, FollowUp, Reason
from ratings.scale import Score
from ratings.sections import REASONS
from ratings.table import Slice
from terminal.kiosk import followup, pictograms, theme
from terminal.kiosk import words as module
from terminal.kiosk.boxes import LEAST_TARGET, LEAST_TARGET_SHORT, Box
from terminal.kiosk.drawing import Painter
from terminal.kiosk.gallery import SHIPPED, SIZES
from terminal.kiosk.pictograms import PictureError
from terminal.kiosk.touch import HELD_SECONDS
from terminal.kiosk.words import Words, words
from terminal.visit import DEAF_SECONDS, State
from tests.terminal.kiosk.test_gallery import overflow, stretched

Rig = Any

SPOKEN = {language: words(language) for language in Config().kiosk.languages}
HELPED = "Hjelp til skjemaer og brev fra kommunen."
"""As long as a configured text may be."""

sizes = st.tuples(st.integers(800, 1920), st.integers(480, 1200)).filter(lambda size: 1.2 < size[0] / size[1] < 2.2)
screens = st.one_of(sizes, sizes.map(lambda size: (size[1], size[0])))


def follow_up(*reasons: Reason, seconds: float = 8.0) -> FollowUp:
    return FollowUp(seconds=seconds, reasons=list(reasons or SHIPPED))


@pytest.fixture
def why(rig: Rig) -> Iterator[Rig]:
    """The kiosk, which asks for six reasons after every rating."""
    rig.kiosk.configure(msgspec.structs.replace(rig.config, follow_up=follow_up()))
    rig.driver.pump()
    rig.notebook.calls.clear()
    yield rig
    rig.kiosk.configure(rig.config)
    rig.wait(30)


def answer(rig: Rig, reason: str | None) -> None:
    rig.driver.touch(*rig.driver.reason_centre(reason))


def counted(rig: Rig) -> dict[str, tuple[int, ...]]:
    ledger = rig.notebook.ledger
    found: dict[str, tuple[int, ...]] = {}
    for question, slice_, _, text in ledger.cells.running(ledger.epoch):
        if slice_ is Slice.REASON:
            for key, counts in ledger.cells.read(ledger.epoch, question, slice_, text).items():
                found[key] = tuple(a + b for a, b in zip(found.get(key, (0, 0, 0, 0)), counts, strict=True))
    return found


def more(rig: Rig, before: dict[str, tuple[int, ...]]) -> dict[str, int]:
    """How many ratings each reason has more than before."""
    now = counted(rig)
    grown = {key: sum(now.get(key, (0,))) - sum(before.get(key, (0,))) for key in now | before}
    return {key: n for key, n in grown.items() if n}


@given(screens, st.integers(0, 6))
def test_everything_is_on_the_screen_and_nothing_overlaps(size: tuple[int, int], count: int) -> None:
    place = followup.arrange(*size, count)
    boxes = [place.heading, place.skip, *(each.target for each in place.answers)]
    for number, box in enumerate(boxes):
        assert box.x >= 0
        assert box.y >= 0
        assert box.right <= size[0] + 1
        assert box.bottom <= size[1] + 1
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])
    for each in place.answers:
        assert within(each.target, each.picture)
        assert within(each.target, each.words)
        assert not each.picture.overlaps(each.words)
        assert each.picture.width >= 60 * place.unit, "too small to be understood"
    assert within(place.skip, place.skip_pill)
    assert len(place.answers) == count
    if count > 1:
        across = {(each.target.width, each.target.height, each.picture.width) for each in place.answers}
        assert max(a[0] for a in across) - min(a[0] for a in across) <= 1
        assert len({a[2] for a in across}) == 1, "one reason is larger than another"


@given(screens, st.integers(1, 6))
def test_every_target_is_20_mm_on_a_7_inch_panel(size: tuple[int, int], count: int) -> None:
    place = followup.arrange(*size, count)
    least = (LEAST_TARGET, LEAST_TARGET_SHORT) if size[0] > size[1] else (LEAST_TARGET_SHORT, LEAST_TARGET)
    for box in (place.skip, *(each.target for each in place.answers)):
        assert (box.width + 1) / place.unit >= least[0]
        assert (box.height + 1) / place.unit >= least[1]


def within(outer: Box, inner: Box) -> bool:
    return (
        outer.x - 1 <= inner.x
        and outer.y - 1 <= inner.y
        and inner.right <= outer.right + 1
        and inner.bottom <= outer.bottom + 1
    )


def check_texts(rig: Rig, size: tuple[int, int], spoken: dict[str, Words], reasons: list[Reason], least: float) -> None:
    for count in range(1, len(reasons) + 1):
        painter = Painter(rig.kiosk.lettering, size[1])
        scene = followup.FollowUp(size, spoken, reasons[:count], {}, painter)
        for language in spoken:
            for text in scene.texts(State.FOLLOW_UP, language):
                assert text.block.size >= least * scene.place.unit, f"too small to read: {text.block}"
                overflow(text, rig.kiosk.lettering)


@pytest.mark.parametrize("size", SIZES)
def test_no_text_leaves_its_box_in_any_language_with_any_number_of_reasons(rig: Rig, size: tuple[int, int]) -> None:
    check_texts(rig, size, SPOKEN, SHIPPED, 15)


@pytest.mark.parametrize("size", SIZES)
def test_nor_do_texts_longer_by_two_fifths_nor_the_longest_that_may_be_configured(
    rig: Rig, size: tuple[int, int]
) -> None:
    english = words("en")
    longer = replace(
        english,
        follow_up=stretched(english.follow_up),
        reasons={key: stretched(text) for key, text in english.reasons.items()},
        skip=stretched(english.skip),
    )
    check_texts(rig, size, {"en": longer}, SHIPPED, 12)
    check_texts(rig, size, {"nb": SPOKEN["nb"]}, [Reason(id=f"own-{n}", texts={"nb": HELPED}) for n in range(6)], 12)


@pytest.mark.parametrize("size", SIZES)
def test_nor_does_arabic(rig: Rig, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(Path(__file__).parent / "ar.po", tmp_path)
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    try:
        check_texts(rig, size, {"ar": words("ar")}, SHIPPED, 15)
    finally:
        words.cache_clear()


def test_a_touched_reason_is_on_the_disk_and_thanked_for(why: Rig) -> None:
    before = counted(why)
    for reason in (*REASONS, None):
        why.tap(Score.HAPPY)
        assert why.kiosk.visit.state is State.FOLLOW_UP
        why.wait(1)
        answer(why, reason)
        assert str(why.kiosk.visit.state) == "thanks"
        why.wait(6)
    assert more(why, before) == dict.fromkeys(REASONS, 1) | {"skipped": 1}
    assert [call[1] for call in why.notebook.calls if call[0] == "choose"] == list(REASONS)


def test_the_journal_is_tidied_after_the_rating_and_after_the_choice(why: Rig) -> None:
    why.tap(Score.HAPPY)
    why.wait(1)
    answer(why, "staff")
    why.driver.pump()
    assert why.notebook.names == ["record", "tidy", "choose", "tidy"]


def test_it_passes_by_itself_and_the_thank_you_is_whole(why: Rig) -> None:
    before = counted(why)
    why.tap("th")
    why.tap(Score.HAPPY)
    why.wait(7.9)
    assert why.kiosk.visit.state is State.FOLLOW_UP
    why.wait(0.2)
    assert str(why.kiosk.visit.state) == "thanks"
    assert why.kiosk.visit.language == "th"
    why.wait(2.9)
    assert str(why.kiosk.visit.state) == "thanks"
    why.wait(0.1)
    assert str(why.kiosk.visit.state) == "asking"
    assert more(why, before) == {"skipped": 1}


def test_nothing_on_it_tells_which_face_it_was(why: Rig) -> None:
    seen: list[list[Image.Image]] = []
    ends = []
    for score in Score:
        why.tap(score)
        pictures = [why.driver.picture()]
        ends.append(why.kiosk.visit.deadline() - why.clock.seconds)
        why.wait(1)
        why.driver.down(*why.driver.reason_centre("help"))
        pictures.append(why.driver.picture())
        why.driver.up(*why.driver.reason_centre("help"))
        pictures.append(why.driver.picture())
        ends.append(why.kiosk.visit.deadline() - why.clock.seconds)
        seen.append(pictures)
        why.wait(20)
    for pictures in seen[1:]:
        for one, other in zip(seen[0], pictures, strict=True):
            assert ImageChops.difference(one, other).getbbox() is None
    assert len(set(ends)) == 2
    colours = {colour for _, colour in seen[0][0].getcolors(100_000) or []}
    assert theme.INK.rgb in colours
    assert not colours & {skin.fill.rgb for skin in theme.SKINS.values()}


def test_a_repeat_is_asked_all_the_same_and_counted_under_no_reason(why: Rig) -> None:
    pictures = set()
    before = counted(why)
    for number in range(12):
        why.tap(Score.HAPPY)
        pictures.add(why.driver.picture().tobytes())
        why.wait(0.6)
        answer(why, "staff")
        why.wait(3)
        assert why.kiosk.visit.state is State.ASKING, number
    assert [call[5] for call in why.notebook.calls if call[0] == "record"] == [False] * 9 + [True] * 3
    assert len(pictures) == 1
    assert more(why, before) == {"staff": 9}


def test_a_double_tap_on_a_face_chooses_no_reason(why: Rig) -> None:
    before = counted(why)
    x, y = why.centre(Score.HAPPY)
    spot = x, y + 40
    assert why.kiosk.screens.target(State.FOLLOW_UP, *spot), "this spot would prove nothing"
    why.driver.touch(*spot)
    why.wait(0.2)
    why.driver.touch(*spot)
    # Put down too early, lifted when a touch would count.
    why.wait(DEAF_SECONDS - 0.21)
    why.driver.down(*spot)
    held = why.driver.picture()
    why.wait(1)
    assert ImageChops.difference(held, why.driver.picture()).getbbox() is None
    why.driver.up(*spot)
    assert why.kiosk.visit.state is State.FOLLOW_UP
    assert more(why, before) == {"skipped": 1}
    why.driver.touch(*spot)
    assert str(why.kiosk.visit.state) == "thanks"


def test_a_finger_that_was_down_before_the_question_came_answers_nothing(why: Rig) -> None:
    spot = why.centre(Score.HAPPY)
    why.driver.down(*spot)
    why.wait(HELD_SECONDS + 0.1)  # Before, it lets no button count.
    why.kiosk.press(Score.UNHAPPY)
    why.wait(0.1)
    assert why.kiosk.visit.state is State.FOLLOW_UP
    why.wait(2)
    why.driver.move(*why.driver.reason_centre("help"))
    why.driver.up(*why.driver.reason_centre("help"))
    assert why.kiosk.visit.state is State.FOLLOW_UP


def test_a_hardware_button_does_nothing_during_the_question(why: Rig) -> None:
    why.kiosk.press(Score.UNHAPPY)
    why.wait(0.1)
    why.wait(2)
    why.kiosk.press(Score.HAPPY)
    why.wait(0.1)
    assert why.kiosk.visit.state is State.FOLLOW_UP
    assert len(why.notebook.taps) == 1


def test_a_held_reason_looks_held_until_the_finger_leaves_it(why: Rig) -> None:
    why.tap(Score.HAPPY)
    why.wait(1)
    before = why.driver.picture()
    for reason in ("privacy", None):
        x, y = why.driver.reason_centre(reason)
        why.driver.down(x, y)
        held = why.driver.picture()
        assert held.getpixel((round(x) - 30, round(y) + 24)) == theme.HELD_PAPER.rgb
        why.driver.move(x, 2)
        assert ImageChops.difference(before, why.driver.picture()).getbbox() is None
        why.driver.up(x, 2)
    assert why.kiosk.visit.state is State.FOLLOW_UP


def test_a_choice_that_cannot_be_recorded_is_thanked_for_and_leaves_no_line_in_a_log(
    why: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = counted(why)
    why.tap(Score.HAPPY)
    why.wait(1)
    why.notebook.broken = True
    answer(why, "staff")
    why.notebook.broken = False
    assert str(why.kiosk.visit.state) == "thanks"
    why.wait(4)
    assert more(why, before) == {"skipped": 1}
    assert caplog.records == []


def test_without_reasons_nothing_is_asked_and_nothing_is_prepared(rig: Rig) -> None:
    rig.tap(Score.HAPPY)
    assert rig.kiosk.visit.state is State.THANKS
    assert rig.kiosk.screens.follow_up.preparations() == []


def own(folder: Path, side: int = 256, colour: str = "#b03060", name: str = "food.png") -> Path:
    Image.new("RGB", (side, side), colour).save(folder / name)
    return folder / name


def test_own_reasons_bring_their_words_and_their_picture_and_are_counted_under_their_id(
    rig: Rig, tmp_path: Path
) -> None:
    path = own(tmp_path)
    texts = dict.fromkeys(rig.config.kiosk.languages, "Maten")
    ours = follow_up(
        Reason(id="staff", picture=path, texts={"nb": "Oss"}), Reason(id="food", picture=path, texts=texts)
    )
    rig.kiosk.configure(msgspec.structs.replace(rig.config, follow_up=ours))
    path.unlink()  # What is shown later does not come from the card.
    try:
        said = [text.block.lines for text in rig.kiosk.screens.texts(State.FOLLOW_UP, "nb")]
        assert said[1:3] == [("Oss",), ("Maten",)]
        assert rig.kiosk.screens.texts(State.FOLLOW_UP, "en")[1].block.lines == ("The staff",)
        rig.tap(Score.HAPPY)
        rig.wait(1)
        square = rig.kiosk.screens.follow_up.place.answers[1].picture
        assert rig.driver.picture().getpixel((round(square.centre[0]), round(square.centre[1]))) == (0xB0, 0x30, 0x60)
        answer(rig, "food")  # The rig's ledger does not count it: thanked for all the same.
        assert str(rig.kiosk.visit.state) == "thanks"
    finally:
        rig.kiosk.configure(rig.config)
        rig.wait(30)


def test_a_reason_without_words_in_a_language_is_shown_in_another_rather_than_not_at_all(rig: Rig) -> None:
    painter = Painter(rig.kiosk.lettering, 480)
    scene = followup.FollowUp((800, 480), SPOKEN, [Reason(id="food", texts={"nb": "Maten"})], {}, painter)
    assert scene.texts(State.FOLLOW_UP, "ro")[1].block.lines == ("Maten",)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda folder: folder / "none.png", "none.png: there is no such file; allowed: a PNG file, square, 256 to"),
        (lambda folder: folder, "cannot be read as a picture"),
        (lambda folder: own(folder, 255), "food.png: is 255x255 pixels; allowed: a PNG file, square, 256 to 4096"),
        (lambda folder: own(folder, name="food.bmp"), "food.bmp: cannot be read as a picture"),
    ],
)
def test_a_picture_that_cannot_be_shown_is_named_with_what_is_allowed(tmp_path: Path, make: Any, what: str) -> None:
    with pytest.raises(PictureError, match=what):
        pictograms.pictures([Reason(id="food", picture=make(tmp_path))])


def test_a_picture_that_is_not_square_or_damaged_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # WeasyPrint, which no kiosk imports, has all of Pillow read damaged pictures: it may be in this process.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    Image.new("RGB", (300, 299)).save(tmp_path / "wide.png")
    with pytest.raises(PictureError, match="is 300x299 pixels"):
        pictograms.pictures([Reason(id="food", picture=tmp_path / "wide.png")])
    whole = own(tmp_path).read_bytes()
    noise = Image.effect_noise((256, 256), 100)
    noise.save(tmp_path / "noise.png")
    whole = (tmp_path / "noise.png").read_bytes()
    for cut in (0, 20, 60, len(whole) // 2, len(whole) - 30):
        (tmp_path / "cut.png").write_bytes(whole[:cut])
        with pytest.raises(PictureError, match=r"cut\.png"):
            pictograms.pictures([Reason(id="food", picture=tmp_path / "cut.png")])


def test_a_configuration_with_a_bad_picture_changes_nothing(rig: Rig, tmp_path: Path) -> None:
    before = rig.driver.picture()
    bad = follow_up(Reason(id="food", picture=tmp_path / "none.png", texts={"nb": "Maten"}))
    with pytest.raises(PictureError):
        rig.kiosk.configure(msgspec.structs.replace(rig.config, follow_up=bad))
    rig.tap(Score.HAPPY)
    assert rig.kiosk.visit.state is State.THANKS
    rig.wait(4)
    assert ImageChops.difference(before, rig.driver.picture()).getbbox() is None


def test_the_pictures_that_ship_are_all_there_and_differ_even_when_small() -> None:
    drawn = [pictograms.pictogram(reason, 48).getchannel("A") for reason in REASONS]
    for number, one in enumerate(drawn):
        share = sum(one.histogram()[128:]) / 48**2
        assert 0.2 < share < 0.75, "too thin or too full to be seen"
        assert one.getbbox() is not None
        for other in drawn[number + 1 :]:
            apart = ImageChops.difference(one, other).histogram()
            assert sum(apart[128:]) / 48**2 > 0.15
