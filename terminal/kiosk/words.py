"""What the kiosk says, in each language: one gettext catalogue (`words/<language>.po`) each, read at the start.

A language is added by a catalogue here and its code in the configuration. Sentences are whole in every language; the
place is put into them by name, never glued on. Knows no window.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from ratings.config import Question
from ratings.scale import Score

FOLDER = Path(__file__).parent / "words"

SHORT_PLACE = 24

_NAME = ("own name", "English")
_QUESTION = "How satisfied are you with your visit today?"
_QUESTION_WITH_PLACE = "How satisfied are you with your visit to %(place)s today?"
_CAPTIONS = {
    Score.VERY_HAPPY: "Very satisfied",
    Score.HAPPY: "Satisfied",
    Score.UNHAPPY: "Dissatisfied",
    Score.VERY_UNHAPPY: "Very dissatisfied",
}
_THANKS = ("Thank you!", "Your answer helps us do better.")
_SORRY = ("Out of order", "Please tell a member of staff.")
_CLOSED = ("Closed now", "You are welcome when we are open again.")
_FOLLOW_UP = "What mattered most today?"
_REASONS = {
    "waiting": "Waiting time",
    "staff": "The staff",
    "help": "The help I got",
    "information": "The information",
    "privacy": "Privacy",
    "place": "The place",
}
_SKIP = "Skip"
_SAID = "You said, we did"


class WordsError(ValueError):
    """A language that cannot be shown; the text says which file is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Words:
    """Everything the kiosk says in one language. A message is a large line and a smaller one below it."""

    language: str
    name: str
    """The language, in the language itself."""
    captions: dict[Score, str]
    thanks: tuple[str, str]
    sorry: tuple[str, str]
    closed: tuple[str, str]
    follow_up: str
    """What is asked after every rating, where that is switched on."""
    reasons: dict[str, str]
    """The answers to it that ship, by id."""
    skip: str
    said: str
    """Above what staff tell visitors while nobody is there."""
    _question: str
    _question_with_place: str

    def question(self, question: Question) -> str:
        """The question to show: the configured text, else the one that ships, with the place if there is one."""
        text = question.texts.get(self.language)
        if text is not None:
            return text
        if not question.place:
            return self._question
        # A short name stays on one line; a long one may have to be broken.
        place = (
            question.place.replace(" ", "\N{NO-BREAK SPACE}") if len(question.place) <= SHORT_PLACE else question.place
        )
        return self._question_with_place % {"place": place}


@cache
def words(language: str) -> Words:
    """The words of a language. Raises WordsError when its catalogue is missing, damaged or not complete."""
    translated = _read(language)

    def say(text: str, context: str | None = None) -> str:
        said = translated.pgettext(context, text) if context else translated.gettext(text)
        # Reading left out what is empty, so a text that comes back as it went in is missing, save in English itself.
        if said == text and language != "en":
            raise WordsError(f"{_path(language)}: {text!r} is not translated; fill in its msgstr")
        return said

    return Words(
        language=language,
        name=say(_NAME[1], _NAME[0]),
        captions={score: say(text) for score, text in _CAPTIONS.items()},
        thanks=(say(_THANKS[0]), say(_THANKS[1])),
        sorry=(say(_SORRY[0]), say(_SORRY[1])),
        closed=(say(_CLOSED[0]), say(_CLOSED[1])),
        follow_up=say(_FOLLOW_UP),
        reasons={reason: say(text) for reason, text in _REASONS.items()},
        skip=say(_SKIP),
        said=say(_SAID),
        _question=say(_QUESTION),
        _question_with_place=_placed(language, say(_QUESTION_WITH_PLACE)),
    )


def available() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.stem for path in FOLDER.glob("*.po"))


def _placed(language: str, text: str) -> str:
    try:
        if "Pro Sentret" in text % {"place": "Pro Sentret"}:
            return text
    except (KeyError, ValueError, TypeError):
        pass
    raise WordsError(f"{_path(language)}: {text!r} must hold %(place)s once, and no other %")


def _read(language: str) -> GNUTranslations:
    path = _path(language)
    # Not by opening: a code from the configuration must not lead out of the folder.
    if language not in available():
        raise WordsError(
            f"[kiosk] languages: {language!r} has no catalogue ({path}); allowed: {', '.join(available())}, "
            "or add a catalogue"
        )
    return catalogue(path, language)


def catalogue(path: Path, language: str) -> GNUTranslations:
    """Read a catalogue. Raises WordsError."""
    try:
        with path.open("rb") as file:
            messages = read_po(file, locale=language, abort_invalid=True)
    except (OSError, ValueError, PoFileError) as error:
        raise WordsError(f"{path}: cannot be read as a catalogue: {error}") from None
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _path(language: str) -> Path:
    return FOLDER / f"{language}.po"
