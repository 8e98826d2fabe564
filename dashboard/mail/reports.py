"""The monthly report: made for each who asked for it, when a month is over and its figure may be shown, once.

Whether it may be shown is `disclosure.py`'s to say, as on the pages; of a month that stays hidden, a mail says so after
the week in which it could still have come. Whoever may not see the place any more gets none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from flask import Flask
from sqlalchemy import Connection, Engine

from dashboard import disclosure, places
from dashboard.accounts import people
from dashboard.accounts.access import seen_by
from dashboard.accounts.people import Person
from dashboard.mail import queue, report, wishes
from dashboard.mail.letter import written
from dashboard.mail.queue import Waiting
from dashboard.mail.wishes import Kind, Wishes
from dashboard.pages.asking import find, last_closed_month
from dashboard.places import Area, Place
from dashboard.store import reading
from ratings.period import Period
from ratings.sections import Dashboard, Mail

HIDDEN = "hidden"
"""What ends the key of a mail that says that a month is hidden."""


@dataclass(frozen=True, slots=True)
class _Due:
    """A report that somebody asked for and has not got."""

    key: str
    person: Person
    wishes: Wishes
    place: Place
    seen: Area
    month: Period


class Reports:
    """Of one database, for `Post`. `app`: whose pages a report is made of. `today`: for tests, which day it is."""

    def __init__(
        self, engine: Engine, app: Flask, settings: Dashboard, mail: Mail, today: Callable[[], date] | None = None
    ) -> None:
        self._engine = engine
        self._app = app
        self._settings = settings
        self._mail = mail
        self._today = today

    def __call__(self, moment: datetime) -> None:
        """Put the reports that are due into the queue. Raises StoreError."""
        if self._mail.host is None:
            return
        with reading(self._engine) as connection:
            due = [*self._due(connection, moment)]
            done = queue.known(connection, [key for each in due for key in (each.key, f"{each.key}/{HIDDEN}")])
        for each in due:
            if each.key not in done:
                self._make(each, moment, told_hidden=f"{each.key}/{HIDDEN}" in done)

    def _due(self, connection: Connection, moment: datetime) -> Iterator[_Due]:
        tree = places.tree(connection)
        for person, wished in wishes.everybody(connection, Kind.REPORT):
            seen = seen_by(person, tree)
            for key in sorted(wished.of(Kind.REPORT)):
                place = find(seen, key)
                if place is not None:
                    month = last_closed_month(self._day(place, seen, moment))
                    yield _Due(f"report/{person.id}/{key}/{month.first:%Y-%m}", person, wished, place, seen, month)

    def _day(self, place: Place, seen: Area, moment: datetime) -> date:
        return self._today() if self._today else places.today(places.sites_of(place, seen.sites), moment)

    def _make(self, due: _Due, moment: datetime, *, told_hidden: bool) -> None:
        day = self._day(due.place, due.seen, moment)
        is_late = day > due.month.last + disclosure.GRACE
        about = report.About(due.place.key, due.seen, due.month, day, due.wishes.language)
        with report.asking(self._app, self._engine, self._settings, about) as asked:
            with reading(self._engine) as connection:
                if not disclosure.questions(connection, places.site_ids(due.place)):
                    return  # Nothing has ever come of it.
                shown = disclosure.blocks(connection, due.place, asked.question, due.month, asked.threshold)
            # Of several sites, some may still come.
            is_shown = shown.total is not None and (is_late or not shown.missing)
            if not is_shown and (told_hidden or not is_late):
                return
            letter = report.letter(asked, due.month, self._mail)
        key = due.key if is_shown else f"{due.key}/{HIDDEN}"
        to = due.wishes.address
        message = written(letter, to, self._mail, moment)
        with self._engine.begin() as connection:
            queue.put(connection, key, to, message, moment, person=due.person.id, place=due.place.key)


def still_wanted(connection: Connection, waiting: Waiting) -> bool:
    """Whether the one who is to get a mail still sees what it is about, wants it, and gets it at that address."""
    if waiting.person is None:
        return True
    person = people.find(connection, waiting.person)
    if person is None or find(seen_by(person, places.tree(connection)), waiting.place) is None:
        return False
    wished = wishes.find(connection, person.id)
    kind = Kind.REPORT if waiting.key.startswith("report/") else Kind.ALERTS
    return wished.address == waiting.to and bool(wished.of(kind))
