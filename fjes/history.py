"""The demo's history: two years of three simulated terminals at two sites, in the database of its dashboard.

Made of tables, as the terminals would have released them: of what is over only, pooled, the trend held one back.
Everywhere it is shown, the page says that it is simulated. Who comes there is `fjes/simulated.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, update

from dashboard import schema, store
from dashboard.happyornot import Hour
from dashboard.importing import tables
from fjes.simulated import ENTRANCE, PLACES, Counted, Place, counted
from ratings import period as periods
from ratings.config import DEFAULT_QUESTION
from ratings.period import Grain, Period
from ratings.pooling import LEAST, Piece, hold_one_back, pool
from ratings.scale import ZERO, Counts, add
from ratings.table import COUNTED, Cells, Slice, Table

ZONE = ZoneInfo("Europe/Oslo")
KIOSK = ENTRANCE
"""Where the demo's kiosk stands: at a site with years of ratings. The other site is closed, and keeps the promise."""


def fill(engine: Engine, now: datetime, seed: int = 1, *, live: bool = False) -> None:
    """Make the tables of an empty database, and fill them with the whole history up to `now` (aware). Publish nothing.

    Same day and seed, same history. `live`: the kiosk's terminal releases live, and so its running periods are there,
    too, with some ratings of today; else every terminal is closed, as visitors are promised.
    """
    today = periods.local_day(now, ZONE)
    store.upgrade(engine)
    with engine.begin() as connection:
        for number, place in enumerate(PLACES, start=1):
            is_live = live and place is KIOSK
            enrol(connection, place, live=is_live)
            # An epoch of its own: what the demo's kiosk counts is added to it.
            epoch = f"51301a7e-d000-4000-8000-{number:012}"
            connection.execute(insert(schema.epoch).values(terminal_id=place.id, epoch=epoch, upto=1))
            found = counted(place, today, seed, with_today=is_live)
            store.merge(connection, place.id, epoch, _released(found, today, live=is_live), 1)


def enrol(connection: Connection, place: Place, *, live: bool) -> None:
    """Make the terminal of a place, and its site, without any rating."""
    store.add_terminal(connection, place.terminal, place.site, ZONE.key, terminal_id=place.id, simulated=True)
    if live:
        # As its status will say: the page is true from the first moment on.
        connection.execute(update(schema.terminal).where(schema.terminal.c.id == place.id).values(release="live"))


def _released(found: Counted, today: date, *, live: bool) -> list[Table]:
    """The tables that a terminal has released by the beginning of a day, or, where release is `live`, during it."""
    running = periods.period_of(Grain.MONTH, today)
    closed = found.hours if live else {hour: n for hour, n in found.hours.items() if hour.day < running.first}
    made = tables(closed, DEFAULT_QUESTION, Grain.WEEK, today)
    for slice_, by_quarter in ((Slice.LANGUAGE, found.languages), (Slice.REASON, found.reasons)):
        made += [_table(slice_, quarter, cells) for quarter, cells in by_quarter.items()]
    if live:
        return made
    return [table for table in made if table.days.last < today] + _trend_so_far(found.hours, running, today)


def _table(slice_: Slice, quarter: Period, cells: Cells) -> Table:
    return Table(DEFAULT_QUESTION, slice_, periods.write(quarter, Grain.QUARTER), pool(slice_, cells, LEAST))


def _trend_so_far(hours: Mapping[Hour, Counts], running: Period, today: date) -> list[Table]:
    """The weeks of the running month that are over, the last of them held back."""
    weeks = [
        Piece(week, add(ZERO, *(n for hour, n in hours.items() if hour.day in week and not hour.repeat)))
        for week in periods.periods_between(Grain.WEEK, running.first, running.last)
        if week.last < today
    ]
    return [
        Table(DEFAULT_QUESTION, Slice.TREND, periods.write(piece.days, Grain.WEEK), {COUNTED: piece.counts})
        for piece in hold_one_back(weeks, LEAST, complete=False)[0]
    ]
