"""What the keys of tables are called in the reader's language: languages, hours and reasons. Knows no counts."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import Connection

from dashboard import remote
from dashboard.language import Words
from ratings.sections import Answer
from ratings.table import OTHER, SKIPPED, UNCHOSEN, UNKNOWN, parse_hour

Name = Callable[[str], str]


def language(say: Words) -> Name:
    """Names of languages."""
    named = {UNCHOSEN: say("no language chosen"), OTHER: say("several languages with few ratings each")}
    return lambda key: named.get(key) or say.language(key)


def hour(say: Words) -> Name:
    """Names of stretches of a weekday."""
    named = {UNKNOWN: say("hour not known"), OTHER: say("several hours with few ratings each")}

    def name(key: str) -> str:
        stretch = parse_hour(key)
        return say.hours(*stretch) if stretch else named.get(key, key)

    return name


def reason(say: Words, own: dict[str, str]) -> Name:
    """Names of reasons: those of `own_reasons`, else those that ship, else their ids.

    What ships is what the kiosk says; a test holds that.
    """
    named = {
        "waiting": say("Waiting time"),
        "staff": say("The staff"),
        "help": say("The help I got"),
        "information": say("The information"),
        "privacy": say("Privacy"),
        "place": say("The place"),
        **own,
        SKIPPED: say("no reason given"),
        OTHER: say("several reasons with few ratings each"),
    }
    return lambda key: named.get(key, key)


def own_reasons(connection: Connection, terminals: Collection[str], say: Words) -> dict[str, str]:
    """The texts of reasons that the dashboard has set of some terminals; where those differ, of the first.

    What a terminal's own file says is not known here.
    """
    messages = [message for terminal, message in remote.terminals(connection) if terminal in terminals and message]
    found: dict[str, str] = {}
    for message in dict.fromkeys(messages):
        for answer in remote.answers(message):
            if text := _text(answer, say):
                found.setdefault(answer.id, text)
    return found


def _text(answer: Answer, say: Words) -> str | None:
    """The answer's words in the reader's language, else in English, else in any."""
    texts = answer.texts
    return texts.get(say.code) or texts.get("en") or next(iter(texts.values()), None)
