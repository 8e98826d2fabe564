"""Alerts of a place: those that nobody has acknowledged, and those that somebody has, with what was said about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from werkzeug.exceptions import BadRequest, NotFound

from dashboard.alerts import stored
from dashboard.alerts.saying import Said, said
from dashboard.alerts.stored import Alert
from dashboard.pages.asking import Asked
from dashboard.pages.page import Page
from dashboard.places import Site
from dashboard.store import reading

NAME = "alerts"


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert in words. `here`: whether it can be answered on this page; else at its site's, whose address this is."""

    alert: Alert
    said: Said
    site: str
    address: str
    here: bool


@dataclass(frozen=True, slots=True)
class Alerts:
    """What the page shows. `level`: of a site, in percent, where the reader may set it: `address` takes it."""

    open: tuple[Shown, ...]
    answered: tuple[Shown, ...]
    several: bool
    saved: bool
    level: int | None
    levels: tuple[int, ...]
    address: str


def page(asked: Asked) -> Page:
    """The alerts of all sites of a place."""
    ids = [site.id for site in asked.sites]
    with reading(asked.engine) as connection:
        open_, answered = stored.open_of(connection, ids), stored.answered_of(connection, ids)
        level = stored.level(connection, asked.place.id) if isinstance(asked.place, Site) and asked.may_edit else None
    return Page(
        "alerts.html",
        asked.words("Alerts"),
        Alerts(
            tuple(_shown(asked, each) for each in open_),
            tuple(_shown(asked, each) for each in answered),
            len(asked.sites) > 1,
            bool(asked.query.get("saved")),
            level,
            stored.LEVELS,
            asked.link("alerts", None),
        ),
    )


def number(asked: Asked) -> int:
    """How many alerts of a place nobody has acknowledged."""
    with reading(asked.engine) as connection:
        return stored.number_open(connection, [site.id for site in asked.sites])


def _shown(asked: Asked, alert: Alert) -> Shown:
    site = next(each for each in asked.sites if each.id == alert.site_id)
    here = asked.may_edit
    return Shown(alert, said(alert, asked.words), site.name, asked.link(f"alerts/{alert.id}", site), here)


def alert_at(asked: Asked, number: int) -> tuple[Alert, Site]:
    """The alert of a number, of a place's sites. Raises NotFound."""
    with reading(asked.engine) as connection:
        alert = stored.find(connection, number)
    site = next((each for each in asked.sites if alert and each.id == alert.site_id), None)
    if alert is None or site is None:
        raise NotFound(asked.words("There is no such alert here."))
    return alert, site


def answer(asked: Asked, alert: Alert, text: str, who: str, moment: datetime, *, acknowledge: bool) -> None:
    """Store what somebody says of an alert. Raises BadRequest."""
    written = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
    if len(written) > stored.LONGEST_COMMENT:
        raise BadRequest(
            asked.words("A comment has at most %(n)s characters.", n=asked.words.number(stored.LONGEST_COMMENT))
        )
    if not all(letter.isprintable() or letter in "\n\t" for letter in written):
        raise BadRequest(asked.words("There is a character in the comment that cannot be shown."))
    if not written and not acknowledge:
        raise BadRequest(asked.words("Write a comment first."))
    with asked.engine.begin() as connection:
        stored.answer(connection, alert, who, written, moment, acknowledge=acknowledge)


def set_level(asked: Asked, text: str) -> int:
    """Store from which share on a site's staff are told. Raises BadRequest."""
    if not isinstance(asked.place, Site):
        raise BadRequest(asked.words("From which share on it is told is set site by site."))
    if text not in map(str, stored.LEVELS):
        raise BadRequest(asked.words("Choose one of the shares on the page."))
    with asked.engine.begin() as connection:
        stored.set_level(connection, asked.place.id, int(text))
    return int(text)
