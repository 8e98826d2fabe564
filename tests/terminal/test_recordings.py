"""Which recordings are played, and what ships: real OGG files, decoded as they are heard."""

from __future__ import annotations

import math
import shutil
import subprocess
import wave
from array import array
from io import BytesIO
from pathlib import Path

import pytest

from ratings.config import LANGUAGES, Question
from ratings.scale import Score
from terminal.kiosk import voices
from terminal.recordings import CAPTIONS, SHIPPED, Recordings, RecordingsError, find, length

FILES = sorted(["question.ogg", *(f"{name}.ogg" for name in CAPTIONS.values())])
SHIPS = sorted(voices.VOICES)
SHIPPED_FILES = [(language, name) for language in SHIPS for name in FILES]


@pytest.fixture(autouse=True)
def _made() -> None:
    if not (SHIPPED / "nb").is_dir():
        pytest.fail(
            f"{SHIPPED} is empty: {voices.missing() or 'run python -m terminal.kiosk.voices'} (`make test` does both)"
        )


def heard(path: Path) -> tuple[array[int], int]:
    """The samples of a recording, as Xiph's own decoder gives them, and how many a second."""
    program = shutil.which("oggdec")
    assert program, "oggdec is missing: install Debian's package vorbis-tools (`make test` does)"
    decoded = subprocess.run([program, "-Q", "-o", "-", str(path)], capture_output=True, check=True).stdout
    with wave.open(BytesIO(decoded)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return array("h", file.readframes(file.getnframes())), file.getframerate()


# What ships.


def test_every_language_ships_all_five_recordings_or_none() -> None:
    there = {folder.name: sorted(file.name for file in folder.iterdir()) for folder in SHIPPED.iterdir()}
    assert there == dict.fromkeys(SHIPS, FILES)


def test_thai_and_languages_without_a_voice_ship_none() -> None:
    assert sorted(set(LANGUAGES) - set(SHIPS)) == ["th"]
    for language in ("th", "ar"):
        with pytest.raises(RecordingsError, match=rf"no recordings ship for {language}.*record question\.ogg"):
            find(language, Question(), None)
        with pytest.raises(voices.VoicesError, match="no usable voice"):
            voices.render(language, {"question": "?"}, Path("nowhere"))


@pytest.mark.parametrize(("language", "name"), SHIPPED_FILES)
def test_what_ships_can_be_decoded_is_short_and_neither_silent_nor_too_loud(language: str, name: str) -> None:
    path = SHIPPED / language / name
    samples, rate = heard(path)
    assert 1 <= len(samples) / rate <= 12
    assert length(path) == pytest.approx(len(samples) / rate, abs=0.01)
    assert -15 <= decibels(max(map(abs, samples))) <= -1
    tenth = rate // 10
    blocks = [samples[at : at + tenth] for at in range(0, len(samples) - tenth, tenth)]
    loudest = max(math.sqrt(sum(sample * sample for sample in block) / tenth) for block in blocks)
    assert -24 <= decibels(loudest) <= -10, "about as loud as every other"
    spoken = [at for at, sample in enumerate(samples) if decibels(abs(sample)) > -40]
    assert 0.1 <= spoken[0] / rate <= 0.3, "a little silence first, and no more"
    assert len(samples) / rate <= 1.25 or (len(samples) - spoken[-1]) / rate <= 0.3


@pytest.mark.parametrize("language", SHIPS)
def test_no_two_recordings_of_a_language_are_the_same(language: str) -> None:
    assert len({(SHIPPED / language / name).read_bytes() for name in FILES}) == 5


def decibels(sample: float) -> float:
    return 20 * math.log10(max(sample, 1) / 32768)


# What is chosen.


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of IT's own, with nothing in it yet."""
    return tmp_path


def put(folder: Path, language: str, *names: str) -> None:
    """Put recordings there that are no shipped ones: those of another language."""
    (folder / language).mkdir(exist_ok=True)
    for name in names:
        source = name if f"{name}.ogg" in FILES else "question"
        shutil.copy(SHIPPED / "ro" / f"{source}.ogg", folder / language / f"{name}.ogg")


def places(found: Recordings) -> dict[str, Path]:
    """Where each recording comes from."""
    return {"question": found.question.path, **{CAPTIONS[score]: found.captions[score].path for score in Score}}


def test_what_ships_is_played_where_nothing_else_is_there(own: Path) -> None:
    expected = {name.removesuffix(".ogg"): SHIPPED / "nb" / name for name in FILES}
    assert places(find("nb", Question(), None)) == expected
    assert places(find("nb", Question(), own)) == expected
    put(own, "en", "question")
    assert places(find("nb", Question(), own)) == expected


def test_a_whole_set_of_ones_own_takes_the_place_of_what_ships(own: Path) -> None:
    put(own, "nb", "question", *CAPTIONS.values())
    found = find("nb", Question(), own)
    assert {path.parent for path in places(found).values()} == {own / "nb"}
    assert found.question.seconds == length(own / "nb" / "question.ogg")


def test_a_language_that_does_not_ship_is_heard_once_it_is_recorded_whole(own: Path) -> None:
    put(own, "th", "question")
    with pytest.raises(RecordingsError, match="no recordings ship for th"):
        find("th", Question(), own)
    put(own, "th", *CAPTIONS.values())
    assert places(find("th", Question(), own))["happy"] == own / "th" / "happy.ogg"


@pytest.mark.parametrize("question", [Question(place="Pro Sentret"), Question(texts={"nb": "Var det greit i dag?"})])
def test_the_question_that_ships_is_never_played_where_other_words_are_shown(question: Question, own: Path) -> None:
    with pytest.raises(
        RecordingsError, match=r"FOLDER/nb/visit\.ogg is missing.*`fjes terminal recordings`.*\[sound\]"
    ):
        find("nb", question, None)
    with pytest.raises(RecordingsError, match=rf"{own}/nb/visit\.ogg is missing"):
        find("nb", question, own)
    put(own, "nb", "question")
    found = places(find("nb", question, own))
    assert found["question"] == own / "nb" / "question.ogg"
    assert found["happy"] == SHIPPED / "nb" / "happy.ogg"


def test_words_in_one_language_leave_the_recordings_of_the_others_alone() -> None:
    found = find("en", Question(texts={"nb": "Var det greit i dag?"}), None)
    assert found.question.path == SHIPPED / "en" / "question.ogg"


def test_a_recording_by_the_questions_id_comes_first(own: Path) -> None:
    put(own, "nb", "question", "food")
    assert find("nb", Question(id="food"), own).question.path == own / "nb" / "food.ogg"
    assert find("nb", Question(id="visit"), own).question.path == own / "nb" / "question.ogg"


def test_where_several_questions_are_asked_in_turn_only_the_id_tells_which_is_said(own: Path) -> None:
    put(own, "nb", "question", "food")
    food = Question(id="food", texts={"nb": "Var maten god?"})
    music = Question(id="music", texts={"nb": "Var musikken god?"})
    assert find("nb", food, own, only=False).question.path == own / "nb" / "food.ogg"
    with pytest.raises(RecordingsError, match=r"nb/music\.ogg is missing"):
        find("nb", music, own, only=False)


def test_a_question_whose_id_is_a_faces_name_is_not_mistaken_for_it(own: Path) -> None:
    put(own, "nb", *CAPTIONS.values())
    asked = Question(id="happy", texts={"nb": "Er du glad?"})
    with pytest.raises(RecordingsError, match=r"nb/question\.ogg is missing"):
        find("nb", asked, own)


def test_some_of_the_faces_are_not_enough(own: Path) -> None:
    put(own, "nb", "question", "happy", "very_happy", "unhappy")
    with pytest.raises(RecordingsError, match=r"nb: very_unhappy\.ogg missing; add"):
        find("nb", Question(), own)


def test_a_folder_that_is_not_there_is_named(own: Path) -> None:
    with pytest.raises(RecordingsError, match=r"\[sound\] folder: .*gone is not there"):
        find("nb", Question(), own / "gone")


# What is an OGG file.


def test_a_file_that_is_no_ogg_vorbis_is_named_with_what_to_do(own: Path) -> None:
    put(own, "nb", "question")
    path = own / "nb" / "question.ogg"
    for content in (b"", b"OggS", b"RIFF....WAVEfmt ", b"OggS" + bytes(23) + b"\x13OpusHead" + bytes(60)):
        path.write_bytes(content)
        with pytest.raises(RecordingsError, match=r"nb/question\.ogg: is no OGG Vorbis file; save it anew"):
            find("nb", Question(), own)


def test_every_file_that_was_not_copied_to_its_end_is_found(own: Path) -> None:
    whole = (SHIPPED / "nb" / "happy.ogg").read_bytes()
    path = own / "half.ogg"
    for size in [*range(60, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(RecordingsError, match=r"half\.ogg: breaks off; copy it again"):
            length(path)


def test_a_recording_that_goes_on_and_on_is_refused(own: Path) -> None:
    silence, path = own / "long.wav", own / "long.ogg"
    with wave.open(str(silence), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * 31))
    subprocess.run(["oggenc", "-Q", "-o", str(path), str(silence)], check=True)
    with pytest.raises(RecordingsError, match=r"long\.ogg: lasts 31 seconds; at most 30"):
        length(path)
