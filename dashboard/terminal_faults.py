"""What IT is told of a terminal, in sentences: by its own status, and by what the dashboard has found wrong with it.

Each is a text for a catalogue and its values. Reads no count of ratings; `dashboard/balance.py` compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from dashboard import balance, schema
from dashboard.balance import Imbalance
from dashboard.saying import say
from ratings import wire
from ratings.legible import printable
from ratings.period import DAY
from ratings.wire import ClockState, Condition, Room, Status, WireError

MOST_HOURS = 2
"""A clock that differs by so many hours is wrong. Hours are cut off, so that one may be nothing."""
MOST_DAYS = 2
"""A kiosk looks every day for what has closed, at its own midnight."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence in English, and what is put into its `%(name)s`. A `fault` is to be seen to; `see`: a command."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)
    fault: bool = True
    see: str = ""

    def __str__(self) -> str:
        said = self.text % self.values
        return f"{said} See `{self.see}`." if self.see else said


REFUSED = "fjes dashboard refused list"
_BUTTON = say("One of its buttons is stuck, or was on the last day told of. See to its buttons.")
_NO_BUTTONS = say(
    "Its buttons cannot be used: it goes on by touch alone. See to its wires and to [buttons] in its fjes.toml."
)
_KIOSK = say("Its kiosk has not looked since %(day)s for what has closed: it may not be running.")
_TWO_CARDS = say(
    "Two cards send under its name, last seen on %(day)s: one was copied from the other. Both count. "
    "Set one of the two up anew, with a file of its own."
)
TWO_CARDS_DAYS = 31
"""So long it is told, after it was last seen."""
STUCK = {_BUTTON: "button", _KIOSK: "kiosk"}
"""The texts of remarks on what is stuck, and what that is: for alerts, which are about nothing else."""

_CLOCK = Remark(
    say(
        "Its clock is not known to be right: ratings are kept apart, and nothing is released. Connect it to a network "
        "that sets clocks, or fit a battery clock."
    )
)
_ROOM = {
    Room.LITTLE: Remark(say("Its card is almost full.")),
    Room.LOCKED: Remark(say("Its card cannot be written: no rating can be kept. Replace the card.")),
    Room.GONE: Remark(say("The folder of its ratings is not there: no rating can be kept. See to its card.")),
}


def told(status: Status, hours_ahead: int | None) -> list[Remark]:
    """What is the matter by the terminal's own words. `hours_ahead` is its clock, by ours."""
    found = []
    if status.clock == ClockState.WRONG:
        found.append(_CLOCK)
    elif hours_ahead is not None and hours_ahead >= MOST_HOURS:
        text = say("Its clock is %(hours)s hours ahead of the dashboard's: one of the two is wrong.")
        found.append(Remark(text, {"hours": hours_ahead}))
    elif hours_ahead is not None and hours_ahead <= -MOST_HOURS:
        text = say("Its clock is %(hours)s hours behind the dashboard's: one of the two is wrong.")
        found.append(Remark(text, {"hours": -hours_ahead}))
    if status.store == Condition.TROUBLE:
        found.append(Remark(say("Its released ratings cannot be read. Look into its log; keep a copy of its card.")))
    found += [remark for room, remark in _ROOM.items() if status.room == room]
    if status.heat == Condition.TROUBLE:
        found.append(Remark(say("It is too hot.")))
    if status.power == Condition.TROUBLE:
        found.append(Remark(say("Its power supply is too weak.")))
    if status.buttons == Condition.TROUBLE:
        found.append(Remark(_BUTTON))
    elif status.buttons == Condition.MISSING:
        found.append(Remark(_NO_BUTTONS))
    if status.pounding and status.pounding == status.day:
        text = say("Somebody pounded on it before %(day)s; what came too fast is counted apart, in no percentage.")
        found.append(Remark(text, {"day": status.pounding}, fault=False))
    if status.config_refused:
        text = say("It refuses what is set of it, and goes on as it was: %(why)s.")
        found.append(Remark(text, {"why": printable(status.config_refused)}, see="fjes dashboard config show"))
    if status.assumed:
        text = say("Some of %(month)s was placed there by assumption, for want of a clock.")
        found.append(Remark(text, {"month": status.assumed}, fault=False))
    return found


def kiosk(status: Status, day: date | None, today: date) -> list[Remark]:
    """Whether the kiosk looks for what has closed; the courier, which speaks, does not depend on it."""
    if day is None or status.clock == ClockState.WRONG or today - day <= MOST_DAYS * DAY:
        return []
    return [Remark(_KIOSK, {"day": day})]


def found(connection: Connection, statuses: Mapping[str, Any], today: date, *, books: bool) -> dict[str, list[Remark]]:
    """What the dashboard itself has found wrong with terminals, by id. `statuses` are rows, by id.

    `books` are compared since the beginning of last year: who looks often has been told of what is older.
    """
    terminal, epoch, refused = schema.terminal.c, schema.epoch.c, schema.refused.c
    remarks: dict[str, list[Remark]] = {}

    def remark(text: str, numbers: Any) -> None:
        for name, number in connection.execute(numbers):
            remarks.setdefault(name, []).append(Remark(text, {"number": int(number)}, see=REFUSED))

    remark(
        say("Messages that could not be read: %(number)s."),
        select(terminal.id, terminal.undecodable).where(terminal.undecodable > 0),
    )
    remark(
        say("Refused tables: %(number)s."),
        select(refused.terminal_id, func.count()).group_by(refused.terminal_id),
    )
    remark(
        say("Refused tables for which there was no room: %(number)s. Its card has them."),
        select(epoch.terminal_id, func.sum(epoch.unkept)).where(epoch.unkept > 0).group_by(epoch.terminal_id),
    )
    for name, row in statuses.items():
        if row.two_cards is not None and today - row.two_cards <= TWO_CARDS_DAYS * DAY:
            remarks.setdefault(name, []).append(Remark(_TWO_CARDS, {"day": row.two_cards}))
    for each in balance.imbalances(connection, since=today.year - 1) if books else ():
        if not _is_coming(connection, each, statuses.get(each.terminal_id)):
            remarks.setdefault(each.terminal_id, []).append(_unbalanced(each))
    return remarks


def _is_coming(connection: Connection, each: Imbalance, row: Any) -> bool:
    """Whether tables are still on their way, and may bring what is missing."""
    status = read(row.payload) if row is not None else None
    if status is None or status.epoch != each.epoch:
        return False
    here = (schema.epoch.c.terminal_id == each.terminal_id) & (schema.epoch.c.epoch == each.epoch)
    return (connection.scalar(select(schema.epoch.c.upto).where(here)) or 0) < status.revision


def _unbalanced(each: Imbalance) -> Remark:
    text = say(
        "From %(first)s to %(last)s, '%(slice)s' of the question '%(question)s' does not add up to the months. "
        "Was the card copied, or were its settings changed? If neither, please report a bug."
    )
    days = {"first": each.days.first, "last": each.days.last}
    return Remark(text, {**days, "slice": each.slice, "question": each.question})


def read(payload: str) -> Status | None:
    """A stored status; None where it cannot be read."""
    try:
        return wire.decode(payload.encode(), Status)
    except WireError:
        return None
