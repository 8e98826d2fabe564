"""Publication of a site's ratings by language, hour and reason: whole stored periods that are whole blocks, for good.

The unit is a set of terminals that blocks never show apart in these days. Its keys reach the threshold, they never
change, and their counts change by a threshold's worth only. All that is shown anywhere is a sum of units' keys.
Knows no database: what was published is in `slices_stored.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from dashboard.blocks import GRACE, Group, Monthly, Published
from dashboard.stretches import spans
from dashboard.summing import label_of, relabelled, together
from dashboard.worth import may_change, tells
from ratings.period import Grain, Period, period_of, periods_between
from ratings.pooling import pool
from ratings.scale import ZERO, add, subtract
from ratings.table import Cells, Slice


@dataclass(frozen=True, slots=True)
class Stored:
    """A table as a terminal released it."""

    terminal: str
    days: Period
    cells: Cells


@dataclass(frozen=True, slots=True)
class Unit:
    """Terminals that are shown together, and their counts by key. No cells: withdrawn, since too few were left.

    `earlier`: what was shown before, the oldest first.
    """

    terminals: tuple[str, ...]
    cells: Cells
    earlier: tuple[Cells, ...] = ()


@dataclass(frozen=True, slots=True)
class Divided:
    """A published table: its days, and its units in the order of their numbers. `id` is None before it is stored."""

    days: Period
    units: tuple[Unit, ...]
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """What one slice of a site is published from."""

    slice: Slice
    stored: Sequence[Stored]
    blocks: Sequence[Published]
    monthly: Monthly
    today: date
    threshold: int

    def tables(self, days: Period, terminals: Iterable[str]) -> list[Stored]:
        """The tables of some terminals within some days."""
        return [each for each in self.stored if each.terminal in set(terminals) and days.covers(each.days)]

    def groups(self, days: Period) -> list[Group]:
        """The groups of the blocks within some days."""
        return [group for block in self.blocks if days.covers(block.days) for group in block.groups]

    def are_open(self, days: Period) -> bool:
        """Whether some of these months, from the site's first on, are in no block (yet)."""
        first = min((each for months in self.monthly.values() for each in months), default=days.last)
        return any(
            month.first >= first and not any(block.days.covers(month) for block in self.blocks)
            for month in periods_between(Grain.MONTH, days.first, days.last)
        )

    def are_awaited(self, days: Period) -> bool:
        """Whether a terminal that has ratings in these days may still send its table of them, or of a longer period."""
        there = {each for group in self.groups(days) for each in group.terminals}
        for terminal in there - {table.terminal for table in self.tables(days, there)}:
            latest = max((table.days for table in self.stored if table.terminal == terminal), default=None)
            grains = (Grain.MONTH, Grain.QUARTER, Grain.YEAR)
            grain = next((each for each in grains if latest and period_of(each, latest.first) == latest), Grain.QUARTER)
            if self.today <= period_of(grain, days.last).last + GRACE:
                return True
        return False


def plan(before: Sequence[Divided], books: Books) -> list[Divided]:
    """All tables of a slice as they are to be, by day; those of `before` keep their days, units and keys."""
    after = [_refreshed(table, books) for table in before]
    for days in _ranges(books):
        # The running month is in no block, so that a period that is not over is open.
        shut = not books.are_open(days) and not books.are_awaited(days)
        if shut and not any(days.overlaps(table.days) for table in before) and (units := _new_units(days, books, ())):
            after.append(Divided(days, units))
    return sorted(after, key=lambda table: table.days)


def _ranges(books: Books) -> list[Period]:
    """The shortest stretches that cut no block and no stored period."""
    uncut = {*(b.days for b in books.blocks), *(table.days for table in books.stored)}
    return [days for days, _ in spans(uncut, lambda days: days)]


def _new_units(days: Period, books: Books, known: Sequence[Unit]) -> tuple[Unit, ...]:
    """The units that can be shown, of terminals that are in no known one."""
    groups = books.groups(days)
    taken = {each for unit in known for each in unit.terminals}
    made: list[Unit] = []
    for terminals in _never_apart(groups):
        if taken.isdisjoint(terminals) and (cells := _cells(days, terminals, books)):
            page = pool(books.slice, cells, books.threshold)
            if _is_safe(days, terminals, page, books):
                made.append(Unit(terminals, {key: page[key] for key in sorted(page)}))
    return tuple(made)


def _never_apart(groups: Sequence[Group]) -> list[tuple[str, ...]]:
    """Terminals, joined wherever some group has them together."""
    joined: list[set[str]] = []
    for group in groups:
        touched = [some for some in joined if not some.isdisjoint(group.terminals)]
        joined = [some for some in joined if some not in touched]
        joined.append(set(group.terminals).union(*touched))
    return sorted(tuple(sorted(some)) for some in joined)


def _cells(days: Period, terminals: Sequence[str], books: Books) -> Cells | None:
    """The sum of the terminals' tables; None where it is not what their blocks show.

    A slice that was switched on in the midst of a period is not shown for it: what it lacks is a figure of its own, and
    another slice may lack something else.
    """
    touching = [group for group in books.groups(days) if not set(terminals).isdisjoint(group.terminals)]
    if not all(group.n and set(terminals) >= set(group.terminals) for group in touching):
        return None
    cells = together(books.slice, [table.cells for table in books.tables(days, terminals)])
    if add(ZERO, *cells.values()) != add(ZERO, *(group.counts for group in touching)):
        return None
    return cells


def _is_safe(days: Period, terminals: Sequence[str], page: Cells, books: Books) -> bool:
    """Whether all keys reach the threshold and, beside what blocks show of a terminal, tell nothing of it."""
    if any(sum(counts) < books.threshold for counts in page.values()):
        return False
    if len(terminals) == 1:
        return True
    groups = [group for group in books.groups(days) if not set(terminals).isdisjoint(group.terminals)]
    whole = add(*(group.counts for group in groups))
    for terminal in terminals:
        alone = add(ZERO, *(group.counts for group in groups if group.terminals == (terminal,)))
        own = add(ZERO, *(group.counts for group in groups if terminal in group.terminals))
        hidden = dict.fromkeys(page, ZERO)
        for table in books.tables(days, [terminal]):
            for key, counts in table.cells.items():
                label = label_of(books.slice, key, page) or key
                hidden[label] = add(hidden.get(label, ZERO), counts)
        others = subtract(whole, alone)
        if any(tells(hidden[key], page[key], books.threshold, others=others, own=own) for key in page):
            return False
    return True


def _refreshed(table: Divided, books: Books) -> Divided:
    """The table with what has come, or gone, since; no key by less than a threshold's worth."""
    units = tuple(_changed(table.days, unit, books) for unit in table.units)
    if not books.are_open(table.days):
        units += _new_units(table.days, books, units)
    return replace(table, units=units)


def _changed(days: Period, unit: Unit, books: Books) -> Unit:
    touching = [group for group in books.groups(days) if not set(unit.terminals).isdisjoint(group.terminals)]
    if not all(group.n for group in touching):
        return _showing(unit, {})
    known = [cells for cells in (unit.cells, *reversed(unit.earlier)) if cells]
    now = None if books.are_open(days) else _cells(days, unit.terminals, books)
    cells = relabelled(books.slice, now, known[0]) if now else None
    if cells is None or not all(
        may_change(old.get(key, ZERO), cells.get(key, ZERO), books.threshold)
        for old in known
        for key in old.keys() | cells.keys()
    ):
        return unit
    cells = {key: cells[key] for key in sorted(cells) if sum(cells[key])}
    if cells == unit.cells:
        return unit
    # Ratings can have gone, so many that what is left is too few: then neither the old table is shown nor the new one.
    return _showing(unit, cells if _is_safe(days, unit.terminals, cells, books) else {})


def _showing(unit: Unit, cells: Cells) -> Unit:
    if cells == unit.cells:
        return unit
    return replace(unit, cells=cells, earlier=(*unit.earlier, unit.cells))
