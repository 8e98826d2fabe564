"""Texts that are to be shown in a line: a screen that cannot draw one would be a screen that asks nothing."""

from __future__ import annotations

import unicodedata

_NOT_SHOWN = ("Cc", "Cn", "Co", "Cs", "Zl", "Zp")
"""Unicode's control characters, those that mean nothing or something private, halves of a character, and line ends."""


def is_legible(text: str) -> bool:
    """Whether there is something to read, and nothing that cannot be drawn. Marks for line breaks may be in it."""
    kinds = [unicodedata.category(character) for character in text]
    return any(kind[0] in "LNPS" for kind in kinds) and not any(kind in _NOT_SHOWN for kind in kinds)


def printable(text: str) -> str:
    """A text that came from elsewhere, as it may stand in a log or on a terminal: in one line, and only that."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
