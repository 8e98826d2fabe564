"""Texts for people that are put into their language where they are shown: a text for a catalogue, and its values.

Knows no language; `dashboard/language.py` does.
"""

from __future__ import annotations

from typing import Self


def say(text: str) -> str:
    """The text: it is translated where it is shown. Marks it for the catalogues."""
    return text


class Told(Exception):
    """A trouble in English, as the command line says it; `text` and `values` are for those who read another language.

    `line`: of a list. `file`: the list. `is_taken`: it collides with what is there already. `is_missing`: there is
    nothing of that name.
    """

    def __init__(
        self,
        text: str,
        /,
        *,
        line: int | None = None,
        file: str = "",
        is_taken: bool = False,
        is_missing: bool = False,
        **values: object,
    ) -> None:
        said = text % values if values else text
        super().__init__((f"{file}: " if file else "") + (f"line {line}: " if line is not None else "") + said)
        self.text = text
        self.values = values
        self.line = line
        self.is_taken = is_taken
        self.is_missing = is_missing

    @classmethod
    def like(cls, other: Told, line: int | None = None) -> Self:
        """The same trouble, as one of this kind."""
        made = cls(str(other), line=line, is_taken=other.is_taken, is_missing=other.is_missing)
        made.text, made.values = other.text, other.values
        return made
