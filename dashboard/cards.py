"""The one file that goes onto a terminal's card: what stands in it, and how it is handed to whoever asked for it.

It holds the terminal's password, and so is never kept here: it is written to a place that was named, or given to
whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dashboard import broker_files, files
from dashboard.enrolled import Enrolled, EnrolmentError
from ratings import config
from ratings.config import Broker, ConfigError

Hand = Callable[[Enrolled, str], Callable[[], object]]
"""Hands the text of a terminal's file over, and returns what takes it back. May raise EnrolmentError."""


def into_files(where: Callable[[str], Path]) -> Hand:
    """Into files that are not there yet, each at `where(id)`."""

    def write(terminal: Enrolled, text: str) -> Callable[[], object]:
        path = where(terminal.id)
        try:
            files.write_new(path, text.encode())
        except FileExistsError:
            raise EnrolmentError(
                f"{path}: there is such a file already; nothing was changed. Name another, or move it away: it may "
                "hold the password of a terminal"
            ) from None
        except OSError as error:
            raise EnrolmentError(f"{path}: cannot be written ({error.strerror}); nothing was changed") from None
        return lambda: path.unlink(missing_ok=True)

    return write


def into(texts: dict[str, str]) -> Hand:
    """Into a dictionary, by id: for whoever answers somebody with it."""

    def keep(terminal: Enrolled, text: str) -> Callable[[], object]:
        texts[terminal.id] = text
        return lambda: texts.pop(terminal.id, None)

    return keep


def text_of(terminal: Enrolled, languages: Sequence[str], section: Broker) -> str:
    """The whole fjes.toml of a terminal; it holds its password."""
    quoted = broker_files.quoted
    text = f"""\
# The terminal {quoted(terminal.name)} of {quoted(terminal.site)}. Put this file onto its card as fjes.toml.
# It holds the terminal's password: keep no copy where others can read it. Was it lost, or seen by others?
# On the dashboard: fjes dashboard terminal reissue {terminal.id}
# What else can be set here: docs/configuration.md of Fjes.

[terminal]
# Its name at the broker and in the dashboard.
id = {quoted(terminal.id)}
# Decides which day it is.
timezone = {quoted(terminal.timezone)}

[[questions]]
# Without the # it names the place in the question: "Hvor fornøyd er du med besøket ditt på … i dag?"
# place = {quoted(terminal.site[:60])}

[kiosk]
# The first is the one it starts in.
languages = [{", ".join(map(quoted, languages))}]

{broker_files.section(section)}"""
    config.read(text, "the terminal's file")  # What cannot be read must not leave the house.
    return text


def check_languages(languages: Sequence[str], line: int | None = None) -> None:
    """Raises EnrolmentError where a terminal would refuse these languages in its file, with its words for it."""
    try:
        config.read(f"[kiosk]\nlanguages = [{', '.join(map(broker_files.quoted, languages))}]", "the file")
    except ConfigError as error:
        raise EnrolmentError(error.problem, line=line) from None
