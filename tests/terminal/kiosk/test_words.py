"""The catalogues: complete, with their placeholders, in letters that the font has."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from ratings.config import LANGUAGES, Question
from ratings.scale import Score
from terminal.kiosk import typeface
from terminal.kiosk import words as module
from terminal.kiosk.lines import MARK, shown
from terminal.kiosk.words import Words, WordsError, available, words


def texts(of: Words) -> list[str]:
    questions = [of.question(Question()), of.question(Question(place="Pro Sentret"))]
    return [of.name, *of.captions.values(), *of.thanks, *of.sorry, *of.closed, *questions]


def test_every_language_of_the_configuration_has_a_catalogue() -> None:
    assert set(LANGUAGES) <= set(available())


@pytest.mark.parametrize("language", available())
def test_every_text_is_there_and_no_two_captions_are_alike(language: str) -> None:
    of = words(language)
    assert all(text.strip() for text in texts(of))
    assert set(of.captions) == set(Score)
    assert len(set(of.captions.values())) == 4


@pytest.mark.parametrize("language", available())
def test_every_letter_is_in_the_font(language: str) -> None:
    missing = {letter for text in texts(words(language)) for letter in shown(text) if ord(letter) not in letters()}
    assert not missing


def letters() -> frozenset[int]:
    return typeface.characters()


@pytest.mark.parametrize("language", available())
def test_texts_are_composed_and_no_catalogue_mixes_in_wrong_letters(language: str) -> None:
    for text in texts(words(language)):
        assert text == unicodedata.normalize("NFC", text)
        assert not set("şţŞŢ") & set(text), "Romanian has commas below, not cedillas"


def test_the_question_names_the_place_where_there_is_one() -> None:
    assert words("nb").question(Question()).replace("\N{NO-BREAK SPACE}", " ") == (
        "Hvor fornøyd er du med besøket ditt i dag?"
    )
    with_place = shown(words("nb").question(Question(place="Pro Sentret")))
    assert with_place == "Hvor fornøyd er du med besøket ditt på Pro Sentret i dag?"


@pytest.mark.parametrize("language", available())
def test_a_place_may_hold_anything(language: str) -> None:
    for place in ("100 % Sentret", "%(place)s", "A" * 60):
        assert place in shown(words(language).question(Question(place=place)))


def test_a_configured_text_is_taken_as_it_stands_and_others_fall_back() -> None:
    question = Question(place="Pro Sentret", texts={"nb": "Var det greit?"})
    assert words("nb").question(question) == "Var det greit?"
    assert "Pro Sentret" in shown(words("en").question(question))


def test_thai_questions_say_where_they_may_be_broken() -> None:
    assert words("th").question(Question()).count(MARK) >= 3


def test_a_language_without_a_catalogue_is_refused_by_name() -> None:
    with pytest.raises(WordsError, match=r"'xx' has no catalogue .*; allowed: bg, en, es, nb, ro, th, or add"):
        words("xx")


def test_a_language_s_code_leads_to_no_other_folder() -> None:
    with pytest.raises(WordsError, match="has no catalogue"):
        words("../words/nb")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    return tmp_path


def test_a_text_that_is_not_translated_is_named(folder: Path) -> None:
    (folder / "xa.po").write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n')
    with pytest.raises(WordsError, match=r"xa\.po: 'English' is not translated"):
        words("xa")


def test_a_damaged_catalogue_is_named(folder: Path) -> None:
    (folder / "xb.po").write_text("this is no catalogue\n")
    with pytest.raises(WordsError, match=r"xb\.po: cannot be read as a catalogue"):
        words("xb")


def test_a_question_that_lost_its_place_is_named(folder: Path) -> None:
    shipped = (Path(module.__file__).parent / "words" / "nb.po").read_text("utf-8")
    (folder / "xc.po").write_text(shipped.replace("på\N{NO-BREAK SPACE}%(place)s", "på %(plass)s"), "utf-8")
    with pytest.raises(WordsError, match=r"xc\.po: .* must hold %\(place\)s once"):
        words("xc")
