"""What the staff menu says, in Norwegian and English: catalogues of its own (`words/staff/`), which no visitor sees.

The English is in the code; a sentence is looked up whole, and names and numbers are put into it by name.
"""

from __future__ import annotations

from functools import cache

from terminal.health import VERBATIM, Phrase
from terminal.kiosk import words

FOLDER = words.FOLDER / "staff"
NAMES = {"nb": "Norsk", "en": "English"}
"""The languages of the menu, by their own names."""


class StaffWords:
    """One language of the menu. Raises WordsError."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = words.catalogue(FOLDER / f"{language}.po", language) if language != "en" else None

    def say(self, phrase: Phrase) -> str:
        """A phrase in this language."""
        text = phrase.text
        if text != VERBATIM and self._catalogue is not None:
            text = self._catalogue.gettext(text)
        return text % dict(phrase.values)


@cache
def staff_words(language: str) -> StaffWords:
    """The words of a language; read once."""
    return StaffWords(language)
