"""What terminals sent that was not taken in, as it may be shown: without its numbers, and by terminal and reason.

The disclosure rules hold for administrators, too; word for word it is in the database. And nothing is shown that a
screen would act on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Connection, Table, func, select

from dashboard import schema

MOST_SHOWN = 1000
"""So much of one payload is shown."""
MOST_REASONS = 20
"""So many different reasons of one terminal are shown."""
TEXT_OR_NUMBER = re.compile(r'("(?:[^"\\]|\\.)*")|-?\d[\d.eE+-]*')
"""Of a payload in JSON: names, periods and keys, which stay, and counts, which do not."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why things were refused or could not be read, from which to which day (UTC), and the first one of them."""

    text: str
    first: date
    last: date
    example: str


@dataclass(slots=True)
class Withheld:
    """What of one terminal was not taken in: `refused` tables, and messages that could not be read, by their reasons.

    `unkept`: there was no room for some tables. `uncounted`: more messages came than are kept. `more`: there are more
    reasons than are given here.
    """

    id: str
    name: str
    site: str
    is_revoked: bool
    refused: list[Reason] = field(default_factory=list)
    unreadable: list[Reason] = field(default_factory=list)
    unkept: bool = False
    more: bool = False


def withheld(connection: Connection) -> list[Withheld]:
    """All terminals of which something was not taken in, by site and name. Says how many of nothing."""
    terminal, epoch = schema.terminal.c, schema.epoch.c
    unkept = set(connection.scalars(select(epoch.terminal_id).where(epoch.unkept > 0)))
    uncounted = set(connection.scalars(select(terminal.id).where(terminal.undecodable > 0)))
    refused, unreadable = _ids(connection, schema.refused), _ids(connection, schema.undecodable)
    wanted = unkept | uncounted | refused | unreadable
    rows = connection.execute(
        select(terminal.id, terminal.name, schema.site.c.name, terminal.revoked)
        .join(schema.site, schema.site.c.id == terminal.site_id)
        .order_by(schema.site.c.name, terminal.name)
    )
    found = [Withheld(id_, name, site, revoked is not None) for id_, name, site, revoked in rows if id_ in wanted]
    for each in found:
        each.unkept = each.id in unkept
        each.refused, more = _reasons(connection, schema.refused, each.id)
        each.unreadable, still_more = _reasons(connection, schema.undecodable, each.id)
        each.more = more or still_more
    return found


def _ids(connection: Connection, table: Table) -> set[str]:
    return set(connection.scalars(select(table.c.terminal_id).distinct()))


def _reasons(connection: Connection, table: Table, terminal_id: str) -> tuple[list[Reason], bool]:
    row, mine = table.c, table.c.terminal_id == terminal_id
    groups = connection.execute(
        select(row.reason, func.min(row.day), func.max(row.day), func.min(row.id))
        .where(mine)
        .group_by(row.reason)
        .order_by(func.min(row.id))
        .limit(MOST_REASONS + 1)
    ).all()
    examples = _payloads(connection, row.id.in_([each[3] for each in groups]), table)
    reasons = [Reason(legible(text), first, last, examples[id_]) for text, first, last, id_ in groups[:MOST_REASONS]]
    return reasons, len(groups) > MOST_REASONS


def _payloads(connection: Connection, which: ColumnElement[bool], table: Table) -> dict[int, str]:
    rows: Iterable[tuple[int, str | bytes]] = (
        (row[0], row[1]) for row in connection.execute(select(table.c.id, table.c.payload).where(which))
    )
    return {
        id_: legible(
            without_numbers(payload if isinstance(payload, str) else payload.decode("utf-8", "backslashreplace"))
        )
        for id_, payload in rows
    }


def without_numbers(text: str) -> str:
    """A payload without its counts."""
    return TEXT_OR_NUMBER.sub(lambda found: found[1] or "…", text)


def legible(text: str) -> str:
    """What a terminal sent, in one line, with nothing in it that a screen would act on."""
    cut = text[:MOST_SHOWN]
    plain = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in cut)
    return plain if len(text) <= MOST_SHOWN else f"{plain}… ({len(text)} characters)"
