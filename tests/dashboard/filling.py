"""Putting counts into a database as a terminal would, and naming months. Used by the tests of this room."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, update

from dashboard import schema, store
from dashboard.places import Site, sites
from ratings import period as periods
from ratings.config import DEFAULT_QUESTION
from ratings.period import Grain
from ratings.scale import Counts
from ratings.table import COUNTED, Cells, Slice, Table

EPOCH = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Filling:
    """Puts tables into a database through the store, as ingest and import do."""

    engine: Engine

    def terminal(self, name: str, site: str = "Pro Sentret", *, live: bool = False, simulated: bool = False) -> str:
        with self.engine.begin() as connection:
            made = store.add_terminal(connection, name, site, "Europe/Oslo", simulated=simulated)
            if live:
                connection.execute(update(schema.terminal).where(schema.terminal.c.id == made).values(release="live"))
            return made

    def month(
        self, terminal: str, month: str, counts: Counts, *, epoch: str = EPOCH, repeat: Counts | None = None
    ) -> None:
        cells = {COUNTED: counts} | ({"repeat": repeat} if repeat else {})
        self._put(terminal, Table(DEFAULT_QUESTION, Slice.TOTAL, month, cells), epoch)

    def trend(self, terminal: str, days: str, counts: Counts, *, epoch: str = EPOCH) -> None:
        self._put(terminal, Table(DEFAULT_QUESTION, Slice.TREND, days, {COUNTED: counts}), epoch)

    def split(self, terminal: str, slice_: Slice, period: str, cells: Cells, *, epoch: str = EPOCH) -> None:
        self._put(terminal, Table(DEFAULT_QUESTION, slice_, period, cells), epoch)

    def forget(self, terminal: str, epoch: str = EPOCH) -> None:
        with self.engine.begin() as connection:
            store.delete_epoch(connection, terminal, epoch)

    def empty(self) -> None:
        with self.engine.begin() as connection:
            for table in reversed(schema.metadata.sorted_tables):
                connection.execute(table.delete())

    def _put(self, terminal: str, table: Table, epoch: str) -> None:
        with self.engine.begin() as connection:
            store.merge(connection, terminal, epoch, [table], 1)


def site(connection: Connection, name: str = "Pro Sentret") -> Site:
    return next(each for each in sites(connection) if each.name == name)


def month(text: str) -> periods.Period:
    return periods.parse_month(text)


def months(first: str, last: str) -> periods.Period:
    return periods.Period(month(first).first, month(last).last)


def month_names(found: tuple[periods.Period, ...]) -> list[str]:
    return [periods.write(each, Grain.MONTH) for each in found]


def day(text: str) -> date:
    return date.fromisoformat(text)
