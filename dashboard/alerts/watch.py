"""The watch: looks every quarter of an hour for what staff are to be told, raises alerts, and has mails sent.

Both in one transaction: an alert that is there has its mails, and none has two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine

from dashboard import disclosure, language, places, terminal_health
from dashboard.accounts.access import seen_by
from dashboard.accounts.people import Person
from dashboard.alerts import figures, letters, stored, terminals
from dashboard.alerts.stored import Alert, Found, Kind
from dashboard.alerts.terminals import Alone
from dashboard.mail import queue, wishes
from dashboard.mail.letter import written
from dashboard.mail.wishes import Kind as Wish
from dashboard.mail.wishes import Wishes
from dashboard.pages.asking import find
from dashboard.places import Site
from dashboard.store import reading
from dashboard.terminal_health import Overview, Standing
from ratings.sections import DEFAULT_QUESTION, Dashboard, Mail

EVERY = timedelta(minutes=15)
RESTS = 20.0
"""Between two sites it rests so many times as long as it worked, for readers of pages; no alert is that urgent."""


class Watch:
    """Of one database, for `Post`. `today`: for tests, which day it is.

    `rest`: waits so many seconds between two sites, so that readers of pages need not.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Dashboard,
        mail: Mail,
        today: Callable[[], date] | None = None,
        rest: Callable[[float], object] = lambda _seconds: None,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._mail = mail
        self._today = today
        self._rest = rest
        self._last: datetime | None = None
        # What each site was when it was looked at: as long as it is the same, its figures are.
        self._seen: dict[int, object] = {}

    def __call__(self, moment: datetime) -> None:
        """Raise what is to be raised. Raises StoreError."""
        if self._last is not None and self._last <= moment < self._last + EVERY:
            return
        with reading(self._engine) as connection:
            sites = places.sites(connection)
            # No alert is about books that do not balance.
            looked = terminal_health.look(connection, moment, books=False)
        for site in sites:
            began = time.monotonic()
            self._figures(site, looked, self._day(site, moment), moment)
            self._rest(RESTS * (time.monotonic() - began))
        if looked.remark is None:  # Else nobody listens, and nothing is known of terminals.
            self._terminals(sites, looked, moment)
        self._last = moment

    def _day(self, site: Site, moment: datetime) -> date:
        return self._today() if self._today else places.today(site, moment)

    def _figures(self, site: Site, looked: Overview, day: date, moment: datetime) -> None:
        threshold = self._settings.threshold
        online = {each.terminal.id for each in looked.terminals if each.standing is Standing.ONLINE}
        with reading(self._engine) as connection:
            level = stored.level(connection, site.id)
            state = disclosure.changes(connection, [site.id])[site.id], day, level, online & _ids(site)
            if self._seen.get(site.id) == state:
                return
            questions = disclosure.questions(connection, [site.id]) or [DEFAULT_QUESTION]
        for question in questions:
            disclosure.publish_if_due(self._engine, [site.id], question, day, threshold)
        with reading(self._engine) as connection:
            found = [
                each
                for question in questions
                for each in figures.found(connection, site, question, day, threshold, level)
            ]
            if looked.remark is None:
                found += terminals.few(connection, site, questions, online, day)
        self._raise(found, day, moment)
        self._seen[site.id] = state

    def _terminals(self, sites: Iterable[Site], looked: Overview, moment: datetime) -> None:
        """Raise what is the matter with terminals, and note what is over."""
        of = {terminal.id: site for site in sites for terminal in site.terminals}
        now = terminals.silent_or_stuck(looked.terminals, {id_: site.id for id_, site in of.items()}, moment)
        with reading(self._engine) as connection:
            going_on = stored.going_on(connection, (Kind.SILENT, Kind.STUCK))
        over = [each for each in going_on if _matter(each) not in now]
        if over:
            with self._engine.begin() as connection:
                for each in over:
                    stored.end(connection, each, moment.date())
        known = {_matter(each) for each in going_on}
        self._raise([each for matter, each in now.items() if matter not in known], moment.date(), moment)

    def _raise(self, found: Sequence[Found], day: date, moment: datetime) -> None:
        if not found:
            return
        with self._engine.begin() as connection:
            for each in found:
                alert = stored.put(connection, each, day)
                if alert is not None and self._mail.host is not None:
                    self._tell(connection, alert, moment)

    def _tell(self, connection: Connection, alert: Alert, moment: datetime) -> None:
        """Put a mail into the queue for each who asked for alerts of the site, and sees it."""
        tree = places.tree(connection)
        for person, wished in wishes.everybody(connection, Wish.ALERTS):
            site = _asked_for(person, wished, tree, alert.site_id)
            if site is not None:
                letter = letters.letter(alert, site, self._mail, language.words(wished.language))
                message = written(letter, wished.address, self._mail, moment)
                key = f"alert/{alert.id}/{person.id}"
                queue.put(connection, key, wished.address, message, moment, person=person.id, place=site.key)


def _asked_for(person: Person, wished: Wishes, tree: places.Area, site_id: int) -> Site | None:
    """The site, where somebody sees it and asked for alerts of it, or of something that it is in."""
    seen = seen_by(person, tree)
    for key in wished.of(Wish.ALERTS):
        place = find(seen, key)
        for site in places.sites_of(place, seen.sites) if place else ():
            if site.id == site_id:
                return site
    return None


def _ids(site: Site) -> set[str]:
    return {each.id for each in site.terminals}


def _matter(alert: Alert) -> Alone:
    return alert.terminal or "", alert.about["cause"] if alert.kind is Kind.STUCK else str(alert.kind)
