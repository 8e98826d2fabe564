"""What somebody has who read every page every day, beside what is true: the ground of the audit.

Counts as terminals released them are the cells; whatever was published of them, now or earlier, are figures over
cells; and that a terminal's tables add up is known to everybody. One of the few places that read counts; what the
audit makes of them are intervals that follow from what was published, never the counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from dashboard.bands import Band, Step
from dashboard.blocks import Published
from dashboard.slices import Divided, Stored
from dashboard.splits import told
from dashboard.summing import added, alone, label_of
from dashboard.trends import Shown
from ratings.period import Grain, Period, period_of
from ratings.pooling import Piece
from ratings.scale import ZERO, Counts, add
from ratings.table import COUNTED, POOLED, Cells, Slice


class Cell(NamedTuple):
    """A count that a terminal released: four numbers that nobody but the dashboard has read."""

    slice: Slice
    terminal: str
    days: Period
    key: str


@dataclass(frozen=True, slots=True)
class Record:
    """Something that was published of a site: of whom, of which days, and with which counts it was told.

    `least`: of a sum of several tables, the ratings of the smallest key of any of them.
    """

    slice: Slice
    terminals: tuple[str, ...]
    days: Period
    cells: tuple[tuple[str, Counts], ...]
    least: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """What was told of some cells: their counts, or a band of their number and a step of their satisfied share.

    `then`: the counts that it told of. They are others than those of today where something has come or gone since.
    """

    what: str
    cells: frozenset[Cell]
    then: Counts
    counts: Counts | None = None
    band: Band | None = None
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """The months and the keys of some terminals, for the days of a table: the same ratings, counted twice."""

    slice: Slice
    days: Period
    months: frozenset[Cell]
    keys: frozenset[Cell]


@dataclass(slots=True)
class Evidence:
    """Of one site and question."""

    cells: dict[Cell, Counts]
    figures: list[Figure] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    parts: dict[Cell, frozenset[Cell]] = field(default_factory=dict)
    """Months that are the sum of their pieces, which then stand for them."""
    exact: list[str] = field(default_factory=list)
    """What was told exactly where bands are due."""
    rows: dict[tuple[Slice, str], list[Cell]] = field(default_factory=dict)
    """The cells of each slice and terminal."""

    def within(self, slice_: Slice, terminals: Iterable[str], days: Period) -> set[Cell]:
        """The cells of some terminals within some days; months as what stands for them."""
        mine = (cell for each in terminals for cell in self.rows.get((slice_, each), ()) if days.covers(cell.days))
        return set().union(*(self.parts.get(cell, {cell}) for cell in mine))

    def truth(self, cells: Iterable[Cell]) -> Counts:
        """The counts of some cells together, as they are now."""
        return add(ZERO, *(self.cells[each] for each in cells))


@dataclass(frozen=True, slots=True)
class Books:
    """What a site's terminals have released."""

    monthly: Mapping[str, Mapping[date, Counts]]
    pieces: Mapping[str, Sequence[Piece]]
    stored: Mapping[Slice, Sequence[Stored]]


def records(
    blocks: Iterable[Published], trend: Iterable[Shown], splits: Mapping[Slice, Iterable[Divided]]
) -> list[Record]:
    """All that was published, with all that it ever showed."""
    made = [
        Record(Slice.TOTAL, group.terminals, block.days, ((COUNTED, counts),))
        for block in blocks
        for group in block.groups
        for counts in (*group.earlier, group.counts)
        if sum(counts)
    ]
    made += [Record(Slice.TREND, each.terminals, each.days, ((COUNTED, each.piece.counts),)) for each in trend]
    made += [
        Record(slice_, unit.terminals, table.days, tuple(sorted(cells.items())))
        for slice_, tables in splits.items()
        for table in tables
        for unit in table.units
        for cells in (*unit.earlier, unit.cells)
        if cells
    ]
    return list(dict.fromkeys(made))


def whole_sites(splits: Mapping[Slice, Iterable[Divided]]) -> list[Record]:
    """The tables of the whole site, as they are shown now: sums that whoever has one terminal's can subtract from."""
    made = []
    for slice_, tables in splits.items():
        for table in tables:
            units = [alone(unit.terminals, unit.cells) for unit in table.units if unit.cells]
            if len(units) > 1:
                whole = added(slice_, units)
                made.append(
                    Record(slice_, whole.terminals, table.days, tuple(sorted(whole.cells.items())), whole.least)
                )
    return made


def evidence(books: Books, published: Sequence[Record]) -> Evidence:
    """Cells, figures and balances of a site."""
    found = Evidence(_cells(books))
    _put_in_what_nobody_chose(found, published)
    for cell in found.cells:
        found.rows.setdefault((cell.slice, cell.terminal), []).append(cell)
    _put_pieces_for_months(found)
    for record in dict.fromkeys(published):
        if record.slice in (Slice.TOTAL, Slice.TREND):
            ((_, counts),) = record.cells
            cells = found.within(record.slice, record.terminals, record.days)
            found.figures.append(Figure(_words(record), frozenset(cells), counts, counts=counts))
        else:
            _tell_split(found, record)
    _balance(found, published)
    return found


def _cells(books: Books) -> dict[Cell, Counts]:
    cells: dict[Cell, Counts] = {}
    for terminal, months in books.monthly.items():
        for first, counts in months.items():
            cells[Cell(Slice.TOTAL, terminal, period_of(Grain.MONTH, first), COUNTED)] = counts
    for terminal, pieces in books.pieces.items():
        for piece in pieces:
            cells[Cell(Slice.TREND, terminal, piece.days, COUNTED)] = piece.counts
    for slice_, tables in books.stored.items():
        for table in tables:
            for key, counts in table.cells.items():
                cell = Cell(slice_, table.terminal, table.days, key)
                cells[cell] = add(cells.get(cell, ZERO), counts)
    return cells


def _put_in_what_nobody_chose(found: Evidence, published: Sequence[Record]) -> None:
    """A cell of nobody for each terminal and key of a table: that nobody there chose the key is not known either.

    It is where a table of the terminal shows neither the key nor an `other` that it may be in.
    """
    tables: dict[tuple[Slice, Period], list[Record]] = {}
    for record in published:
        if record.slice in POOLED:
            tables.setdefault((record.slice, record.days), []).append(record)
    for (slice_, days), some in tables.items():
        labels = [(each, {key for key, _ in each.cells}) for each in some]
        for record, keys in labels:
            for terminal in record.terminals:
                others = [each for other, each in labels if terminal in other.terminals]
                for key in keys:
                    if all(label_of(slice_, key, each) in each for each in others):
                        found.cells.setdefault(Cell(slice_, terminal, days, key), ZERO)


def _put_pieces_for_months(found: Evidence) -> None:
    """Where the pieces of a month are all of it, they stand for it."""
    pieces: dict[tuple[str, Period], list[Cell]] = {}
    for cell in found.cells:
        if cell.slice is Slice.TREND:
            pieces.setdefault((cell.terminal, period_of(Grain.MONTH, cell.days.first)), []).append(cell)
    for cell, counts in found.cells.items():
        if cell.slice is Slice.TOTAL:
            parts = pieces.get((cell.terminal, cell.days), [])
            found.parts[cell] = frozenset(parts) if parts and found.truth(parts) == counts else frozenset([cell])


def _tell_split(found: Evidence, record: Record) -> None:
    """A table by language, hour or reason, as the page tells it."""
    cells: Cells = dict(record.cells)
    under: dict[str | None, set[Cell]] = {}
    for cell in found.within(record.slice, record.terminals, record.days):
        under.setdefault(label_of(record.slice, cell.key, cells), set()).add(cell)
    whole = alone(record.terminals, cells)
    split = told(record.days, whole if record.least is None else replace(whole, least=record.least))
    for part in split.parts:
        what = f"{_words(record)}, {part.key}"
        found.figures.append(
            Figure(what, frozenset(under.get(part.key, ())), cells[part.key], part.counts, part.n, part.satisfied)
        )
    if any(part.counts for part in split.parts) and not all(part.n.high is None for part in split.parts):
        found.exact.append(_words(record))


def _balance(found: Evidence, published: Sequence[Record]) -> None:
    """That a terminal's keys are its months: for the days of each published table.

    Terminals that are in the same blocks and tables have one balance together: how they share it, nobody knows.
    """
    names = sorted({cell.terminal for cell in found.cells})
    naming = [record for record in published if record.slice is not Slice.TREND]
    for slice_, days in dict.fromkeys((each.slice, each.days) for each in published if each.slice in POOLED):
        told = [(number, set(each.terminals)) for number, each in enumerate(naming) if each.days.overlaps(days)]
        alike: dict[frozenset[int], list[str]] = {}
        for name in names:
            alike.setdefault(frozenset(number for number, there in told if name in there), []).append(name)
        for terminals in alike.values():
            months, keys = found.within(Slice.TOTAL, terminals, days), found.within(slice_, terminals, days)
            if months and keys and found.truth(months) == found.truth(keys):
                found.balances.append(Balance(slice_, days, frozenset(months), frozenset(keys)))


def _words(record: Record) -> str:
    of = {Slice.TOTAL: "block", Slice.TREND: "piece of trend"}.get(record.slice, f"table by {record.slice}")
    return f"{of} {record.days.first}/{record.days.last} of {', '.join(record.terminals)}"


def targets(found: Evidence, published: Sequence[Record]) -> dict[str, frozenset[Cell]]:
    """The counts that are hidden, in words: each cell, each terminal in a block, each month of a site."""
    made: dict[str, frozenset[Cell]] = {}
    months: dict[Period, set[Cell]] = {}
    for cell in found.cells:
        days = f"{cell.days.first}/{cell.days.last}"
        if cell.slice is Slice.TOTAL:
            made[f"terminal {cell.terminal} in {days}"] = found.parts[cell]
            months.setdefault(cell.days, set()).update(found.parts[cell])
        elif cell.slice is Slice.TREND:
            made[f"terminal {cell.terminal} in the days {days}"] = frozenset([cell])
        else:
            made[f"terminal {cell.terminal} in {days}, {cell.slice} {cell.key}"] = frozenset([cell])
    made |= {f"the site in {days.first}/{days.last}": frozenset(cells) for days, cells in months.items()}
    for record in published:
        if record.slice is Slice.TOTAL:
            for terminal in record.terminals:
                if cells := found.within(Slice.TOTAL, [terminal], record.days):
                    made[f"terminal {terminal} in {record.days.first}/{record.days.last}"] = frozenset(cells)
    return made
