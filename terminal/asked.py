"""Which question a month has: one that comes from the dashboard waits for the start of the next month.

A new question closes the running periods of the old one, and their tables leave the terminal. Could the dashboard do
that on any day, whoever holds it could look at the counts before and after a visitor. So what a month began with is
kept in a file of the kiosk's own, where a new start finds it. Who changes the file on the card is at the card: that
counts at once.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from ratings.config import Config, Question
from ratings.period import Grain, Period, parse_month, write
from terminal import files, storage

FILE = "asked.json"


class _Asked(msgspec.Struct, frozen=True):
    month: str
    question: Question
    remote: bool


class Asked:
    """The question of one terminal's month. `folder` is the kiosk's."""

    def __init__(self, folder: Path) -> None:
        self.remote = False
        """Whether the questions come from the dashboard now."""
        self._path = folder / FILE
        self._last: _Asked | None = None
        with contextlib.suppress(OSError, msgspec.DecodeError):
            self._last = msgspec.json.decode(self._path.read_bytes(), type=_Asked)
        self._saved = self._last

    def choose(self, config: Config, month: Period) -> Question:
        """The question to ask in a month."""
        wanted, last = config.question_in(month), self._last
        begun = last is not None and last.month == write(month, Grain.MONTH) and last.question.id != wanted.id
        remote = self.remote
        if last is not None and begun and (remote or last.remote):
            # Under its id, but in the words that it has by now.
            wanted, remote = _begun(config, last.question, month), last.remote
        self._last = _Asked(write(month, Grain.MONTH), wanted, remote)
        return wanted

    def save(self) -> None:
        """Write it down where it has changed. To be called at a time that no visitor has a part in."""
        if self._last is not None and self._last != self._saved:
            with contextlib.suppress(OSError):  # Tried again, and all that hangs on it is the next start.
                files.replace(self._path, msgspec.json.encode(self._last), storage.OWN)
                self._saved = self._last


def _begun(config: Config, question: Question, month: Period) -> Question:
    """The same question as the configuration has it now; as it was, where it is not there any more."""
    for each in reversed(config.questions):
        if each.id == question.id and (each.from_ is None or parse_month(each.from_).first <= month.first):
            return each
    return question
