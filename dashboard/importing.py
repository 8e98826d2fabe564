"""Puts a file that was read into the database: counts become tables, and each terminal's share an epoch of its own.

An import is a finished record: its periods are closed, whatever day it is, so nothing of it is held back, and its
tables are pooled as a terminal pools them. Knows the database through `dashboard/store.py`; knows neither the file's
format (`dashboard/happyornot.py`) nor the command line. What may be shown of it is `dashboard/disclosure.py`'s.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from dashboard import disclosure, places, schema, store
from dashboard.happyornot import FormatError, Hour, Reading, read
from ratings import period as periods
from ratings.config import DEFAULT_QUESTION
from ratings.period import Grain, Period
from ratings.pooling import LEAST, Piece, hold_one_back, pool
from ratings.scale import ZERO, Counts, add
from ratings.table import COUNTED, REPEAT, Cells, Slice, Table, check

TIMEZONE = "Europe/Oslo"
"""Where a new terminal is, if nobody says otherwise."""

MOST_BYTES = 512 * 1024 * 1024
"""Of a file."""

PREFIX = "HappyOrNot"
"""What terminals made for experience points are called, if nobody says otherwise: `HappyOrNot 123`."""


class ImportRefused(ValueError):
    """An import that must not be; nothing was changed. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for. `terminal`: a name, for button feedbacks the beginning of each name."""

    terminal: str | None = None
    site: str | None = None
    timezone: str | None = None
    trend: Grain | None = Grain.WEEK
    question: str = DEFAULT_QUESTION
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """What of a file went to one terminal: from its first day to its last, `n` counted and `repeats` set aside."""

    id: str
    name: str
    made: bool
    days: Period
    n: int
    repeats: int


@dataclass(slots=True)
class Outcome:
    """What an import did. `known`: the file was imported before, by these names, and nothing was changed."""

    shares: list[Share] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    replaced: int = 0
    sites: set[int] = field(default_factory=set)


def read_file(
    data: bytes, wishes: Wishes, moment: datetime, progress: Callable[[int, int], None]
) -> tuple[Reading, str]:
    """What is in a file, and its SHA-256 in hex. `moment` (aware) is now; `progress` is told how far it has got.

    Raises FormatError, and ImportRefused where it could not be said whose ratings they are.
    """
    latest = periods.local_day(moment, ZoneInfo(wishes.timezone or TIMEZONE)) + periods.DAY
    if len(data) > MOST_BYTES:
        raise FormatError(f"is larger than {MOST_BYTES // 2**20} MB; divide it by month")
    reading = read(data, latest, progress)
    by_terminal(reading, wishes)
    return reading, hashlib.sha256(data).hexdigest()


def tables(hours: Mapping[Hour, Counts], question: str, trend: Grain | None, today: date) -> list[Table]:
    """The tables of one place: `total`, `trend` by day or week (or none) and `hour` by quarter, the last two pooled.

    Months without a rating between the first and the last get an empty `total`, as a terminal's do: "no ratings" is
    not "never heard of". Pieces of trend fill their month; in the running one (of `today`) they end with today's.
    """
    total: dict[Period, Cells] = defaultdict(dict)
    by_day: dict[Period, dict[date, Counts]] = defaultdict(dict)
    by_hour: dict[Period, Cells] = defaultdict(dict)
    for hour, counts in hours.items():
        month = periods.period_of(Grain.MONTH, hour.day)
        _add(total[month], REPEAT if hour.repeat else COUNTED, counts)
        if not hour.repeat:
            by_day[month][hour.day] = add(by_day[month].get(hour.day, ZERO), counts)
            key = f"{hour.day.isoweekday()}-{hour.hour}"
            _add(by_hour[periods.period_of(Grain.QUARTER, hour.day)], key, counts)
    made: list[Table] = []
    for month in periods.periods_between(Grain.MONTH, min(total).first, max(total).last):
        made.append(Table(question, Slice.TOTAL, periods.write(month, Grain.MONTH), total.get(month, {})))
        if trend is not None and month in by_day:
            made += _trend(by_day[month], question, month, trend, today)
    for quarter, cells in sorted(by_hour.items()):
        made.append(Table(question, Slice.HOUR, periods.write(quarter, Grain.QUARTER), pool(Slice.HOUR, cells, LEAST)))
    return made


def _add(cells: Cells, key: str, counts: Counts) -> None:
    cells[key] = add(cells.get(key, ZERO), counts)


def _trend(by_day: Mapping[date, Counts], question: str, month: Period, grain: Grain, today: date) -> Iterable[Table]:
    last = max(*by_day, min(today, month.last))
    pieces = [
        Piece(days, add(ZERO, *(counts for day, counts in by_day.items() if day in days)))
        for days in periods.periods_between(grain, month.first, last)
    ]
    for piece in hold_one_back(pieces, LEAST, complete=True)[0]:
        yield Table(question, Slice.TREND, periods.write(piece.days, grain), {COUNTED: piece.counts})


@contextmanager
def opened(url: str, *, dry: bool) -> Iterator[Engine]:
    """The database to import into, made and brought up to date. Raises StoreError.

    `dry`: it is left as it is; where it is not there yet, or has none of our tables, an empty one stands in for it.
    """
    with ExitStack() as closing:
        engine = None
        if not (dry and _is_to_be_made(url)):
            engine = store.open_engine(url)
            closing.callback(engine.dispose)
        if dry and (engine is None or not inspect(engine).has_table(schema.imported.name)):
            folder = closing.enter_context(TemporaryDirectory(prefix="fjes-dry-run-"))
            engine = store.open_engine(f"sqlite:///{folder}/fjes.db")
            closing.callback(engine.dispose)
            store.upgrade(engine)
        elif not dry and engine is not None:
            store.upgrade(engine)
        assert engine is not None
        yield engine


def _is_to_be_made(url: str) -> bool:
    """Whether opening the database would make a file."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return False  # Opening it says what is wrong with it.
    file = Path(parsed.database or "")
    return parsed.get_backend_name() == "sqlite" and file.parent.is_dir() and not file.exists()


def import_file(
    engine: Engine, reading: Reading, file_hash: str, wishes: Wishes, *, moment: datetime, threshold: int, dry: bool
) -> Outcome:
    """Put a file that was read into the database, whole or not at all, and publish what has become due by it.

    `file_hash` is the SHA-256 of the file, in hex; `moment` (aware) is now; `threshold` is for what is published.
    `dry`: only try it; nothing is changed. Raises ImportRefused and StoreError; then, too, nothing was changed.
    """
    with engine.begin() as connection:
        if not dry:
            outcome = _put(connection, reading, file_hash, wishes, moment)
        else:
            trial = connection.begin_nested()
            outcome = _put(connection, reading, file_hash, wishes, moment)
            trial.rollback()
    if not dry and outcome.shares:
        with store.reading(engine) as connection:
            sites = [site for site in places.sites(connection) if site.id in outcome.sites]
        for site in sites:
            today = places.today(site, moment)
            disclosure.publish_if_due(engine, [site.id], wishes.question, today, threshold)
    return outcome


def _put(connection: Connection, reading: Reading, file_hash: str, wishes: Wishes, moment: datetime) -> Outcome:
    if connection.dialect.name == "postgresql":
        # Two imports at once would not see each other's days; SQLite has one writer anyway.
        connection.exec_driver_sql("LOCK TABLE site, terminal, imported IN SHARE ROW EXCLUSIVE MODE")
    wanted = by_terminal(reading, wishes)
    known = {each.name: each for site in places.sites(connection) for each in site.terminals}
    outcome = Outcome(known=_before(connection, file_hash, [known[name].id for name in wanted if name in known]))
    if outcome.known and not wishes.replace:
        return outcome
    outcome.known = []
    site = _site(connection, [known[name].site_id for name in wanted if name in known], wishes)
    for name, hours in wanted.items():
        terminal_id = _terminal(connection, known.get(name), name, site, wishes)
        zone = ZoneInfo(known[name].timezone if name in known else wishes.timezone or TIMEZONE)
        days = Period(min(hour.day for hour in hours), max(hour.day for hour in hours))
        outcome.replaced += _make_room(connection, terminal_id, name, days, replace=wishes.replace)
        made = tables(hours, wishes.question, wishes.trend, periods.local_day(moment, zone))
        _put_epoch(connection, terminal_id, name, days, file_hash, made)
        outcome.shares.append(Share(terminal_id, name, name not in known, days, *_sizes(hours)))
    ids = [share.id for share in outcome.shares]
    outcome.sites = set(
        connection.scalars(select(schema.terminal.c.site_id).where(schema.terminal.c.id.in_(ids))).all()
    )
    return outcome


def by_terminal(reading: Reading, wishes: Wishes) -> dict[str, dict[Hour, Counts]]:
    """The hours of each terminal, by its name. Raises ImportRefused where it has no name."""
    by_point: dict[str, dict[Hour, Counts]] = defaultdict(dict)
    for hour, counts in reading.hours.items():
        by_point[hour.point][hour] = counts
    name = wishes.terminal.strip() if wishes.terminal else ""
    if "" in by_point:
        if not name:
            raise ImportRefused("raw results do not say where they were given: name the place with --terminal NAME")
        return {name: by_point[""]}
    return {f"{name or PREFIX} {point}": by_point[point] for point in sorted(by_point)}


def _before(connection: Connection, file_hash: str, wanted: Sequence[str]) -> list[str]:
    """The names under which this very file was imported. Raises ImportRefused where one is not `wanted` (ids)."""
    imported, terminal = schema.imported, schema.terminal
    rows = connection.execute(
        select(terminal.c.id, terminal.c.name)
        .join_from(imported, terminal)
        .where(imported.c.file_hash == file_hash)
        .order_by(terminal.c.name)
    ).all()
    if elsewhere := [row.name for row in rows if row.id not in wanted]:
        raise ImportRefused(
            f"this file was imported before, as {', '.join(elsewhere)}; under another name it would count twice"
        )
    return [row.name for row in rows]


def _site(connection: Connection, ids: Sequence[int], wishes: Wishes) -> str:
    """The site for new terminals: the one asked for, else that of the file's other terminals, else a new one."""
    if wishes.site is not None:
        return wishes.site.strip()
    if len(set(ids)) == 1:
        return str(connection.scalar(select(schema.site.c.name).where(schema.site.c.id == ids[0])))
    return wishes.terminal.strip() if wishes.terminal else PREFIX


def _terminal(connection: Connection, known: places.Terminal | None, name: str, site: str, wishes: Wishes) -> str:
    """The terminal's id; made if new. Raises ImportRefused where it is not what was asked for."""
    if known is None:
        return store.add_terminal(connection, name, site, wishes.timezone or TIMEZONE)
    at = connection.scalar(select(schema.site.c.name).where(schema.site.c.id == known.site_id))
    if wishes.site is not None and at != site:
        raise ImportRefused(f"{name} is at the site {at}, not at {site}; leave out --site, or choose another terminal")
    if wishes.timezone is not None and known.timezone != wishes.timezone:
        raise ImportRefused(f"{name} keeps the time of {known.timezone}, not {wishes.timezone}; leave out --timezone")
    if known.simulated:
        raise ImportRefused(f"{name} is simulated; real ratings need a terminal of their own: choose another name")
    return known.id


def _make_room(connection: Connection, terminal_id: str, name: str, days: Period, *, replace: bool) -> int:
    """See that the days are free; with `replace`, take out earlier imports that lie within. Returns how many."""
    imported = schema.imported
    rows = connection.execute(
        select(imported.c.epoch, imported.c.first_day, imported.c.last_day)
        .where(imported.c.terminal_id == terminal_id)
        .where(imported.c.first_day <= days.last, imported.c.last_day >= days.first)
        .order_by(imported.c.first_day)
    ).all()
    earlier = [Period(row.first_day, row.last_day) for row in rows]
    if earlier and not replace:
        raise ImportRefused(
            f"{name}: {_days(days)} of this file overlaps what was imported before: {', '.join(map(_days, earlier))}. "
            "Cut the file at a day, or use --replace to take the place of imports that this file covers whole"
        )
    if beyond := [each for each in earlier if not days.covers(each)]:
        raise ImportRefused(
            f"{name}: this file has {_days(days)}, and would take the place of only a part of what was imported "
            f"before: {', '.join(map(_days, beyond))}. Use a file that has all of these days"
        )
    for row in rows:
        store.delete_epoch(connection, terminal_id, row.epoch)
    return len(rows)


def _put_epoch(
    connection: Connection, terminal_id: str, name: str, days: Period, file_hash: str, made: Sequence[Table]
) -> None:
    for table in made:
        try:
            check(table)
        except ValueError as error:
            raise ImportRefused(f"{name}: these cannot be people: {error}") from None
    epoch = str(uuid.uuid4())
    connection.execute(insert(schema.epoch).values(terminal_id=terminal_id, epoch=epoch, upto=1))
    connection.execute(
        insert(schema.imported).values(
            epoch=epoch, terminal_id=terminal_id, first_day=days.first, last_day=days.last, file_hash=file_hash
        )
    )
    store.merge(connection, terminal_id, epoch, made, revision=1)


def _sizes(hours: Mapping[Hour, Counts]) -> tuple[int, int]:
    """How many ratings are counted, and how many are set aside."""
    repeats = sum(sum(counts) for hour, counts in hours.items() if hour.repeat)
    return sum(map(sum, hours.values())) - repeats, repeats


def _days(days: Period) -> str:
    return f"{days.first}" if days.first == days.last else f"{days.first} to {days.last}"
