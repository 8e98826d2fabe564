"""What a question says, as far as the dashboard knows: terminals may have words of their own in their files.

Knows no counts.
"""

from __future__ import annotations

from sqlalchemy import Connection

from dashboard import remote
from dashboard.language import Words
from dashboard.places import Place, Site, Terminal
from ratings import remote as shape
from ratings.config import DEFAULT_QUESTION


def question(connection: Connection, place: Place, question: str, words: Words) -> str:
    """The question in a sentence: its words where they were set from here, or those that ship, or only its name."""
    if text := _set_from_here(connection, place, question, words.code):
        return words("“%(text)s”, called “%(name)s”.", text=text, name=question)
    if question == DEFAULT_QUESTION:
        return words(
            "“How satisfied are you with your visit today?”, called “%(name)s”, or the terminal's own words for it.",
            name=question,
        )
    return words("It is called “%(name)s”; the terminal has its words.", name=question)


def _set_from_here(connection: Connection, place: Place, question: str, code: str) -> str | None:
    """Its words in a language, where they were set of the place, and are the same at all of its terminals."""
    match place:
        case Site():
            where = remote.Place("site", place.name)
        case Terminal():
            where = remote.Place("terminal", place.id)
        case _:
            return None
    found = {
        next((each.texts.get(code) for each in shape.decode(message).questions or () if each.id == question), None)
        if message
        else None
        for _, message in remote.terminals(connection, where)
    }
    return found.pop() if len(found) == 1 else None
