"""How a terminal is, in the reader's words: what the pages about terminals show. Reads no count of ratings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup, escape
from sqlalchemy import Connection

from dashboard import lineage, remote, terminal_health
from dashboard.enrolled import Enrolled
from dashboard.language import Words
from dashboard.remote import Standing as Set
from dashboard.saying import say
from dashboard.terminal_faults import REFUSED, Remark
from dashboard.terminal_health import Health, Standing
from ratings import period
from ratings.wire import ClockState, Condition, Room

CLOCKS = {
    ClockState.NETWORK: say("set by the network"),
    ClockState.BATTERY: say("battery clock"),
    ClockState.SYSTEM: say("not checked"),
    ClockState.WRONG: say("not known to be right"),
}
ROOMS = {
    Room.PLENTY: say("plenty of room"),
    Room.ENOUGH: say("enough room"),
    Room.LITTLE: say("almost full"),
    Room.LOCKED: say("cannot be written"),
    Room.GONE: say("not there"),
}
HEATS = {Condition.WELL: say("all right"), Condition.TROUBLE: say("too hot")}
POWERS = {Condition.WELL: say("all right"), Condition.TROUBLE: say("too weak")}
BUTTONS = {
    Condition.WELL: say("all right"),
    Condition.TROUBLE: say("one is stuck"),
    Condition.MISSING: say("cannot be used"),
}
SETTINGS = {
    "nothing is set": say("nothing is set from here"),
    "in force": say("in force"),
    "not taken in yet": say("not taken in yet"),
    "refused": say("refused"),
}
NOT_TOLD = say("not told")
_DAY, _MONTH = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True, slots=True)
class Said:
    """A remark in the reader's language. `is_about_refused`: the page about these says more."""

    text: Markup
    fault: bool
    is_about_refused: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One terminal, in words. `settings`: how far it has got with what is set of it; `refused`: why it has not.

    `became`: as which terminal it goes on elsewhere, if it does.
    """

    terminal: Enrolled
    standing: Standing
    state: str
    well: bool
    waiting: str
    clock: str
    room: str
    heat: str
    power: str
    buttons: str
    version: str
    settings: str
    refused: str
    remarks: tuple[Said, ...]
    became: Enrolled | None

    @property
    def is_out(self) -> bool:
        """Whether nothing is to be expected of it any more."""
        return self.standing in (Standing.RETIRED, Standing.REVOKED)


@dataclass(frozen=True, slots=True)
class Everything:
    """All terminals; `trouble` says where nobody listens to them."""

    trouble: Markup | None
    terminals: tuple[Seen, ...]

    @property
    def troubled(self) -> list[Seen]:
        """Those that are to be seen to."""
        return [each for each in self.terminals if not each.well]

    @property
    def others(self) -> list[Seen]:
        """Those that are well."""
        return [each for each in self.terminals if each.well and not each.is_out]

    @property
    def out(self) -> list[Seen]:
        """Those that are out of service."""
        return [each for each in self.terminals if each.well and each.is_out]


def look(connection: Connection, now: datetime, words: Words) -> Everything:
    """How all terminals are at an aware moment."""
    found = terminal_health.look(connection, now)
    settings = {each.terminal: each for each in remote.standings(connection)}
    by_id = {each.terminal.id: each.terminal for each in found.terminals}
    became = {old: by_id[new] for old, new in lineage.goes_on(connection).items()}
    return Everything(
        _said(found.remark, words).text if found.remark else None,
        tuple(
            _seen(each, settings.get(each.terminal.id), became.get(each.terminal.id), words) for each in found.terminals
        ),
    )


def _seen(health: Health, settings: Set | None, became: Enrolled | None, words: Words) -> Seen:
    def word(known: dict[str, str], told: str) -> str:
        # A newer terminal's word may be another.
        return words(known.get(told, NOT_TOLD))

    waiting = ""
    if health.pending is not None:
        waiting = words.many("%(n)s table", "%(n)s tables", health.pending) if health.pending else words("nothing")
    return Seen(
        health.terminal,
        health.standing,
        _state(health, became, words),
        health.well,
        waiting or words(NOT_TOLD),
        word(_plain(CLOCKS), health.clock),
        word(_plain(ROOMS), health.room),
        word(_plain(HEATS), health.heat),
        word(_plain(POWERS), health.power),
        word(_plain(BUTTONS), health.buttons),
        health.version or words(NOT_TOLD),
        words(SETTINGS[settings.state]) if settings else "",
        settings.refused if settings else "",
        tuple(_said(each, words) for each in health.remarks),
        became,
    )


def _plain(words: dict[ClockState, str] | dict[Room, str] | dict[Condition, str]) -> dict[str, str]:
    return {str(key): value for key, value in words.items()}


def _state(health: Health, became: Enrolled | None, words: Words) -> str:
    since, revoked = health.since, health.terminal.revoked
    if became is not None:
        return words("goes on as %(name)s at %(site)s", name=became.name, site=became.site)
    match health.standing:
        case Standing.ONLINE:
            return words("online")
        case Standing.SILENT if since is not None:
            return words("silent since %(day)s, %(hour)s:00", day=words.day(since.date()), hour=f"{since:%H}")
        case Standing.RETIRED if since is not None:
            return words("retired since %(day)s", day=words.day(since.date()))
        case Standing.REVOKED if revoked is not None:
            return words("revoked since %(day)s", day=words.day(revoked))
        case _:
            return words("not heard from yet")


def _said(remark: Remark, words: Words) -> Said:
    values = {name: _value(value, words) for name, value in remark.values.items()}
    about_refused = remark.see == REFUSED
    text = in_code(words(remark.text, **values))
    if remark.see and not about_refused:
        text += Markup(" <code>{}</code>").format(remark.see)
    return Said(text, remark.fault, about_refused)


def _value(value: object, words: Words) -> str:
    """A day or month of a remark as people write it; whatever is neither, as it is."""
    try:
        if isinstance(value, date):
            return words.day(value)
        if isinstance(value, int):
            return words.number(value)
        if isinstance(value, str) and _DAY.fullmatch(value):
            return words.day(date.fromisoformat(value))
        if isinstance(value, str) and _MONTH.fullmatch(value):
            return words.months(period.parse_month(value))
    except ValueError:
        pass
    return str(value)


def in_code(text: str) -> Markup:
    """A text in which commands stand between backticks, as HTML."""
    parts: Sequence[str] = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )
